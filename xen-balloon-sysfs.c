// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Front end for the administrator of the guest:
 * /sys/devices/system/xen_memory/xen_memory0. Parses, checks and prints; the
 * balloon itself is in balloon.c.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include <xen/balloon.h>
#include <xen/mem-reservation.h>

#include "balloon_internal.h"

/* @expression is of info. */
#define SHOW(name, format, expression)					\
	static ssize_t name##_show(struct device *dev,			\
				   struct device_attribute *attr,	\
				   char *buf)				\
	{								\
		struct balloon_info info;				\
									\
		balloon_snapshot(&info);				\
		return sysfs_emit(buf, format "\n", expression);	\
	}

#define SHOW_KB(name, pages)	SHOW(name, "%llu", PAGES_TO_KB(pages))

/* Who may write, and whether the text goes to the end. */
static int check_write(const char *buf, size_t count)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (strlen(buf) != count)
		return -EINVAL;
	return 0;
}

/* A number with an optional suffix K, M, G, T or P, strictly. */
static int parse_bytes(const char *buf, u64 *bytes)
{
	static const char units[] = "KMGTP";
	const char *unit;
	char text[32];
	unsigned int shift = 0;
	size_t len;
	int rc;

	if (strscpy(text, buf, sizeof(text)) < 0)
		return -EINVAL;

	len = strcspn(text, "\n");
	if (!len || (text[len] && text[len + 1]))
		return -EINVAL;
	text[len] = '\0';

	unit = strchr(units, toupper(text[len - 1]));
	if (unit) {
		shift = 10 * (unit - units + 1);
		text[len - 1] = '\0';
	}

	rc = kstrtou64(text, 0, bytes);
	if (rc)
		return rc;
	if (*bytes > U64_MAX >> shift)
		return -ERANGE;

	*bytes <<= shift;
	return 0;
}

static ssize_t store_target_bytes(u64 bytes, size_t count)
{
	if (bytes >> PAGE_SHIFT > balloon_max_target())
		return -ERANGE;

	balloon_set_new_target(bytes >> PAGE_SHIFT);
	return count;
}

SHOW(target, "%llu", (u64)info.stats.target_pages << PAGE_SHIFT)

static ssize_t target_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	u64 bytes;
	int rc;

	rc = check_write(buf, count);
	if (rc)
		return rc;

	rc = parse_bytes(buf, &bytes);
	return rc ?: store_target_bytes(bytes, count);
}
static DEVICE_ATTR_RW(target);

SHOW_KB(target_kb, info.stats.target_pages)

static int parse_kb(const char *buf, u64 *bytes)
{
	u64 kb;
	int rc = kstrtou64(buf, 0, &kb);

	if (rc)
		return rc;
	if (kb > U64_MAX >> 10)
		return -ERANGE;

	*bytes = kb << 10;
	return 0;
}

static ssize_t target_kb_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	u64 bytes;
	int rc;

	rc = check_write(buf, count);
	if (rc)
		return rc;

	rc = parse_kb(buf, &bytes);
	return rc ?: store_target_bytes(bytes, count);
}
static DEVICE_ATTR_RW(target_kb);

SHOW_KB(floor_kb, info.floor)

static ssize_t floor_kb_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	u64 bytes;
	int rc;

	rc = check_write(buf, count);
	if (rc)
		return rc;

	rc = parse_kb(buf, &bytes);
	if (rc)
		return rc;
	if (bytes >> PAGE_SHIFT > balloon_max_target())
		return -ERANGE;

	balloon_set_floor(bytes >> PAGE_SHIFT);
	return count;
}
static DEVICE_ATTR_RW(floor_kb);

SHOW_KB(current_kb, info.stats.current_pages)
static DEVICE_ATTR_RO(current_kb);
SHOW_KB(low_kb, info.stats.balloon_low)
static DEVICE_ATTR_RO(low_kb);
SHOW_KB(high_kb, info.stats.balloon_high)
static DEVICE_ATTR_RO(high_kb);
SHOW_KB(quarantined_kb, info.nr_quarantined)
static DEVICE_ATTR_RO(quarantined_kb);
SHOW(state, "%s", balloon_progress_name(info.progress))
static DEVICE_ATTR_RO(state);

SHOW(schedule_delay, "%lu", info.stats.schedule_delay)
static DEVICE_ATTR_RO(schedule_delay);
SHOW(retry_count, "%lu", info.stats.retry_count)
static DEVICE_ATTR_RO(retry_count);
SHOW(max_schedule_delay, "%lu", info.stats.max_schedule_delay)
SHOW(max_retry_count, "%lu", info.stats.max_retry_count)

/* A day: longer is a slip of the pen, and does not fit jiffies everywhere. */
#define LONGEST_DELAY_S	(24 * 60 * 60)

static ssize_t max_schedule_delay_store(struct device *dev,
					struct device_attribute *attr,
					const char *buf, size_t count)
{
	unsigned int seconds;
	int rc;

	rc = check_write(buf, count);
	if (rc)
		return rc;

	rc = kstrtouint(buf, 0, &seconds);
	if (rc)
		return rc;
	if (!seconds || seconds > LONGEST_DELAY_S)
		return -ERANGE;

	balloon_set_max_schedule_delay(seconds);
	return count;
}
static DEVICE_ATTR_RW(max_schedule_delay);

static ssize_t max_retry_count_store(struct device *dev,
				     struct device_attribute *attr,
				     const char *buf, size_t count)
{
	unsigned int tries;
	int rc;

	rc = check_write(buf, count);
	if (rc)
		return rc;

	rc = kstrtouint(buf, 0, &tries);
	if (rc)
		return rc;

	balloon_set_max_retry_count(tries);
	return count;
}
static DEVICE_ATTR_RW(max_retry_count);

/* It is read once where it counts, so either value is good at any time. */
static ssize_t store_switch(bool *on, const char *buf, size_t count)
{
	bool value;
	int rc;

	rc = check_write(buf, count) ?: kstrtobool(buf, &value);
	if (rc)
		return rc;

	WRITE_ONCE(*on, value);
	return count;
}

static ssize_t scrub_pages_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(xen_scrub_pages));
}

static ssize_t scrub_pages_store(struct device *dev,
				 struct device_attribute *attr,
				 const char *buf, size_t count)
{
	return store_switch(&xen_scrub_pages, buf, count);
}
static DEVICE_ATTR_RW(scrub_pages);

static ssize_t deflate_on_oom_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(xen_balloon.deflate_on_oom));
}

static ssize_t deflate_on_oom_store(struct device *dev,
				    struct device_attribute *attr,
				    const char *buf, size_t count)
{
	return store_switch(&xen_balloon.deflate_on_oom, buf, count);
}
static DEVICE_ATTR_RW(deflate_on_oom);

static struct attribute *size_attributes[] = {
	&dev_attr_target.attr,
	&dev_attr_target_kb.attr,
	&dev_attr_floor_kb.attr,
	&dev_attr_schedule_delay.attr,
	&dev_attr_max_schedule_delay.attr,
	&dev_attr_retry_count.attr,
	&dev_attr_max_retry_count.attr,
	&dev_attr_scrub_pages.attr,
	&dev_attr_deflate_on_oom.attr,
	NULL
};

static struct attribute *info_attributes[] = {
	&dev_attr_current_kb.attr,
	&dev_attr_low_kb.attr,
	&dev_attr_high_kb.attr,
	&dev_attr_quarantined_kb.attr,
	&dev_attr_state.attr,
	NULL
};

static const struct attribute_group size_files = {
	.attrs = size_attributes,
};

static const struct attribute_group info_files = {
	.name = "info",
	.attrs = info_attributes,
};

static const struct attribute_group *all_files[] = {
	&size_files,
	&info_files,
	NULL
};

static const_bus_type xen_memory_bus = {
	.name = "xen_memory",
	.dev_name = "xen_memory",
};

static void balloon_dev_release(struct device *dev)
{
	/* It is static. */
}

static struct device balloon_dev;

/**
 * xen_balloon_init() - bring up the front ends
 *
 * Context: Process, at boot.
 * Return: 0, or a negative errno; then nothing is registered.
 */
int __init xen_balloon_init(void)
{
	struct device *dev = &balloon_dev;
	int rc;

	rc = subsys_system_register(&xen_memory_bus, NULL);
	if (rc)
		return rc;

	dev->bus = &xen_memory_bus;
	dev->groups = all_files;
	dev->release = balloon_dev_release;

	rc = device_register(dev);
	if (rc)
		goto err_device;

	rc = balloon_xenstore_init();
	if (rc)
		goto err_xenstore;
	return 0;

err_xenstore:
	device_unregister(dev);
	bus_unregister(&xen_memory_bus);
	return rc;
err_device:
	put_device(dev);
	bus_unregister(&xen_memory_bus);
	return rc;
}
