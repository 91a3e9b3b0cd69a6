// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Front end of the Xen memory balloon: the xenstore key memory/target, written
 * by the toolstack, and /sys/devices/system/xen_memory/xen_memory0. Parses,
 * checks and prints; the balloon itself is in balloon.c.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/memory_hotplug.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <xen/balloon.h>
#include <xen/mem-reservation.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "balloon_internal.h"

#define PAGES_TO_KB(pages)	((u64)(pages) << (PAGE_SHIFT - 10))
#define KB_TO_PAGES(kb)		((kb) >> (PAGE_SHIFT - 10))

#ifdef CONFIG_MEMORY_HOTPLUG
/* A mem= limit, put aside at boot until the toolstack speaks. */
u64 xen_saved_max_mem_size;
#endif

static void target_written(struct xenbus_watch *watch, const char *path,
			   const char *token);
static int xenstore_ready(struct notifier_block *nb, unsigned long event,
			  void *data);

/**
 * struct balloon_frontend - what the front end remembers
 * @dev: xen_memory0
 * @watch: on memory/target
 * @notifier: tells when xenstore can be read
 * @learned: whether @difference is known
 * @difference: pages in the toolstack's targets that are not the guest's
 * @full_kb: the target that stands for all that the guest was started with, or
 *           0 if it can be started with less
 *
 * @learned, @difference and @full_kb belong to whoever handles memory/target: first the
 * notifier, then the watch, never both.
 */
struct balloon_frontend {
	struct device dev;
	struct xenbus_watch watch;
	struct notifier_block notifier;
	bool learned;
	long difference;
	u64 full_kb;
};

static struct balloon_frontend frontend = {
	.watch = {
		.node = "memory/target",
		.callback = target_written,
	},
	.notifier = {
		.notifier_call = xenstore_ready,
	},
};

/* xenstore */

/* A number of KiB in memory/@key: -ENOENT and the like, -EINVAL, -ERANGE. */
static int read_memory_key(const char *key, u64 *kb)
{
	unsigned int len;
	char *text = xenbus_read(XBT_NIL, "memory", key, &len);
	int rc;

	if (IS_ERR(text))
		return PTR_ERR(text);

	rc = strlen(text) == len ? kstrtou64(text, 10, kb) : -EINVAL;
	kfree(text);
	return rc;
}

/*
 * Targets for HVM and PVH guests count memory that the guest does not see. How
 * much that is shows in the numbers before any ballooning, so it is learned
 * from the first target.
 */
static void learn_difference(u64 first_target_kb)
{
	struct balloon_boot_counts counts;
	u64 static_max_kb, videoram_kb;

	frontend.learned = true;
	if (xen_pv_domain() || xen_initial_domain())
		return;

	counts.guest = xen_balloon.boot_pages;
	counts.xen = xen_balloon.boot_xen_pages;
	if (read_memory_key("static-max", &static_max_kb) &&
	    read_memory_key("memory_static_max", &static_max_kb))
		static_max_kb = PAGES_TO_KB(counts.guest);
	if (read_memory_key("videoram", &videoram_kb))
		videoram_kb = 0;

	counts.static_max = KB_TO_PAGES(static_max_kb);
	counts.first_target = KB_TO_PAGES(first_target_kb);
	counts.videoram = KB_TO_PAGES(videoram_kb);
	frontend.difference = balloon_learn_difference(&counts);
	frontend.full_kb = static_max_kb - min(videoram_kb, static_max_kb);
	pr_debug("static_max %lu first_target %lu videoram %lu xen %lu guest %lu: difference %ld pages\n",
		 counts.static_max, counts.first_target, counts.videoram,
		 counts.xen, counts.guest, frontend.difference);

	if (counts.first_target + counts.videoram < counts.static_max)
		balloon_begin_pod_boot();
}

static void lift_mem_limit(void)
{
#ifdef CONFIG_MEMORY_HOTPLUG
	/* It kept boot small; the toolstack's word counts more. */
	if (xen_saved_max_mem_size)
		max_mem_size = xen_saved_max_mem_size;
#endif
}

static void take_up_target(void)
{
	unsigned long pages;
	u64 target_kb;
	int rc;

	rc = read_memory_key("target", &target_kb);
	/* No target is no news: the initial domain often has none. */
	if (rc == -ENOENT)
		return;
	if (rc)
		goto reject;

	lift_mem_limit();
	if (!frontend.learned)
		learn_difference(target_kb);

	rc = balloon_target_from_kb(target_kb, frontend.difference, &pages);
	if (rc)
		goto reject;
	/* Built a few pages short, the guest has no place for them. */
	if (target_kb <= frontend.full_kb)
		pages = min(pages, xen_balloon.boot_pages);

	balloon_set_new_target(pages);
	return;

reject:
	pr_warn_ratelimited("ignoring memory/target of xenstore, the target stays: %d\n",
			    rc);
}

static void target_written(struct xenbus_watch *watch, const char *path,
			   const char *token)
{
	take_up_target();
}

/*
 * Takes up the target before the watch is set, and so before late initcalls: a
 * populate-on-demand guest must know it by then.
 */
static int xenstore_ready(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	int rc;

	take_up_target();

	rc = register_xenbus_watch(&frontend.watch);
	if (rc)
		pr_err("cannot watch memory/target, the toolstack will not be followed: %d\n",
		       rc);
	return NOTIFY_DONE;
}

/* sysfs */

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

static ssize_t target_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct balloon_stats stats;

	balloon_snapshot(&stats);
	return sysfs_emit(buf, "%llu\n", (u64)stats.target_pages << PAGE_SHIFT);
}

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

static ssize_t target_kb_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct balloon_stats stats;

	balloon_snapshot(&stats);
	return sysfs_emit(buf, "%llu\n", PAGES_TO_KB(stats.target_pages));
}

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

static ssize_t floor_kb_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%llu\n", PAGES_TO_KB(balloon_floor()));
}

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

#define SHOW_NUMBER(name, expression)					\
	static ssize_t name##_show(struct device *dev,			\
				   struct device_attribute *attr,	\
				   char *buf)				\
	{								\
		struct balloon_stats stats;				\
									\
		balloon_snapshot(&stats);				\
		return sysfs_emit(buf, "%llu\n", (u64)(expression));	\
	}

SHOW_NUMBER(current_kb, PAGES_TO_KB(stats.current_pages))
static DEVICE_ATTR_RO(current_kb);
SHOW_NUMBER(low_kb, PAGES_TO_KB(stats.balloon_low))
static DEVICE_ATTR_RO(low_kb);
SHOW_NUMBER(high_kb, PAGES_TO_KB(stats.balloon_high))
static DEVICE_ATTR_RO(high_kb);

static ssize_t quarantined_kb_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	struct balloon_stats stats;

	return sysfs_emit(buf, "%llu\n", PAGES_TO_KB(balloon_snapshot(&stats)));
}
static DEVICE_ATTR_RO(quarantined_kb);

SHOW_NUMBER(schedule_delay, stats.schedule_delay)
static DEVICE_ATTR_RO(schedule_delay);
SHOW_NUMBER(retry_count, stats.retry_count)
static DEVICE_ATTR_RO(retry_count);
SHOW_NUMBER(max_schedule_delay, stats.max_schedule_delay)
SHOW_NUMBER(max_retry_count, stats.max_retry_count)

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

static ssize_t scrub_pages_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(xen_scrub_pages));
}

static ssize_t scrub_pages_store(struct device *dev,
				 struct device_attribute *attr,
				 const char *buf, size_t count)
{
	bool scrub;
	int rc;

	rc = check_write(buf, count);
	if (rc)
		return rc;

	rc = kstrtobool(buf, &scrub);
	if (rc)
		return rc;

	/* Read once per batch, and either value is good. */
	WRITE_ONCE(xen_scrub_pages, scrub);
	return count;
}
static DEVICE_ATTR_RW(scrub_pages);

static struct attribute *size_attributes[] = {
	&dev_attr_target.attr,
	&dev_attr_target_kb.attr,
	&dev_attr_floor_kb.attr,
	&dev_attr_schedule_delay.attr,
	&dev_attr_max_schedule_delay.attr,
	&dev_attr_retry_count.attr,
	&dev_attr_max_retry_count.attr,
	&dev_attr_scrub_pages.attr,
	NULL
};

static struct attribute *info_attributes[] = {
	&dev_attr_current_kb.attr,
	&dev_attr_low_kb.attr,
	&dev_attr_high_kb.attr,
	&dev_attr_quarantined_kb.attr,
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

static const struct bus_type xen_memory_bus = {
	.name = "xen_memory",
	.dev_name = "xen_memory",
};

static void balloon_dev_release(struct device *dev)
{
	/* Part of a static structure. */
}

/**
 * xen_balloon_init() - bring up the front end
 *
 * Context: Process, at boot.
 * Return: 0, or a negative errno; then nothing is registered.
 */
int __init xen_balloon_init(void)
{
	struct device *dev = &frontend.dev;
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

	rc = register_xenstore_notifier(&frontend.notifier);
	if (rc)
		goto err_notifier;
	return 0;

err_notifier:
	device_unregister(dev);
	bus_unregister(&xen_memory_bus);
	return rc;
err_device:
	put_device(dev);
	bus_unregister(&xen_memory_bus);
	return rc;
}
