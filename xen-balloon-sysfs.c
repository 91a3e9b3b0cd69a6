// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Front end for the administrator of the guest:
 * /sys/devices/system/xen_memory/xen_memory0. Two tables have all files: the value
 * that a file shows, its unit, its bounds, and its setter.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include <xen/balloon.h>
#include <xen/mem-reservation.h>

#include "balloon.h"
#include "hotplug.h"
#include "suspend.h"

/**
 * enum balloon_unit - how a file shows its value
 * @BALLOON_UNIT_BYTES: a number of pages, in bytes; a suffix may be written
 * @BALLOON_UNIT_KB: a number of pages, in KiB
 * @BALLOON_UNIT_COUNT: a number
 * @BALLOON_UNIT_SWITCH: 0 or 1
 * @BALLOON_UNIT_STATE: the word for a state
 * @BALLOON_UNIT_REASON: the word for a reason
 */
enum balloon_unit {
	BALLOON_UNIT_BYTES,
	BALLOON_UNIT_KB,
	BALLOON_UNIT_COUNT,
	BALLOON_UNIT_SWITCH,
	BALLOON_UNIT_STATE,
	BALLOON_UNIT_REASON,
};

/**
 * struct balloon_file - a file in sysfs
 * @attr: its name and mode
 * @unit: how it shows its value
 * @value: the value, protected by balloon_memory.lock; pages or a number
 * @compute: in place of @value, if no field has it; called with that lock held
 * @on: the value of a switch, which is read and written without a lock
 * @min: the least number that may be written
 * @max: the largest number that may be written; for pages, balloon_max_target()
 * @set: takes what was written, in pages or a number
 */
struct balloon_file {
	struct device_attribute attr;
	enum balloon_unit unit;
	union {
		const unsigned long *value;
		bool *on;
	};
	unsigned long (*compute)(const struct xen_balloon *b);
	unsigned long min, max;
	void (*set)(unsigned long value);
};

static ssize_t balloon_file_show(struct device *dev,
				 struct device_attribute *attr, char *buf);
static ssize_t balloon_file_store(struct device *dev,
				  struct device_attribute *attr,
				  const char *buf, size_t count);

/* Setters of the files below. */

static void balloon_set_floor(unsigned long pages)
{
	balloon_lock(&xen_balloon);
	xen_balloon.mem.floor = pages;
	balloon_schedule_restart(&xen_balloon.mem.schedule);
	balloon_unlock(&xen_balloon);
	balloon_wake(&xen_balloon);
}

static void balloon_set_max_schedule_delay(unsigned long seconds)
{
	struct balloon_schedule *schedule = &xen_balloon.mem.schedule;

	balloon_lock(&xen_balloon);
	schedule->max_delay = seconds;
	schedule->delay = min(schedule->delay, seconds);
	balloon_unlock(&xen_balloon);
}

static void balloon_set_max_retry_count(unsigned long count)
{
	balloon_lock(&xen_balloon);
	xen_balloon.mem.schedule.max_count = count;
	balloon_unlock(&xen_balloon);
}

/*
 * The page structs that are there, or the addresses for more. Not Xen's hard
 * limit: toolstacks set that together with each target.
 */
static unsigned long balloon_largest(const struct xen_balloon *b)
{
	return max(b->mem.total_pages - b->mem.nr_quarantined,
		   balloon_hotplug_end());
}

/* A day: longer is a slip of the pen, and does not fit jiffies everywhere. */
#define LONGEST_DELAY_S	(24 * 60 * 60)

#define READ_ONLY(_name)	__ATTR(_name, 0444, balloon_file_show, NULL)
#define READ_WRITE(_name)						\
	__ATTR(_name, 0644, balloon_file_show, balloon_file_store)

/* A new file is an entry here, and one in Documentation/ABI. */
static struct balloon_file balloon_files[] = {
	{
		.attr = READ_WRITE(target),
		.unit = BALLOON_UNIT_BYTES,
		.value = &xen_balloon.mem.target_pages,
		.set = balloon_set_new_target,
	},
	{
		.attr = READ_WRITE(target_kb),
		.unit = BALLOON_UNIT_KB,
		.value = &xen_balloon.mem.target_pages,
		.set = balloon_set_new_target,
	},
	{
		.attr = READ_WRITE(floor_kb),
		.unit = BALLOON_UNIT_KB,
		.value = &xen_balloon.mem.floor,
		.set = balloon_set_floor,
	},
	{
		.attr = READ_ONLY(schedule_delay),
		.unit = BALLOON_UNIT_COUNT,
		.value = &xen_balloon.mem.schedule.delay,
	},
	{
		.attr = READ_WRITE(max_schedule_delay),
		.unit = BALLOON_UNIT_COUNT,
		.value = &xen_balloon.mem.schedule.max_delay,
		.min = 1,
		.max = LONGEST_DELAY_S,
		.set = balloon_set_max_schedule_delay,
	},
	{
		.attr = READ_ONLY(retry_count),
		.unit = BALLOON_UNIT_COUNT,
		.value = &xen_balloon.mem.schedule.count,
	},
	{
		.attr = READ_WRITE(max_retry_count),
		.unit = BALLOON_UNIT_COUNT,
		.value = &xen_balloon.mem.schedule.max_count,
		.max = UINT_MAX,
		.set = balloon_set_max_retry_count,
	},
	{
		.attr = READ_WRITE(scrub_pages),
		.unit = BALLOON_UNIT_SWITCH,
		.on = &xen_scrub_pages,
	},
	{
		.attr = READ_WRITE(deflate_on_oom),
		.unit = BALLOON_UNIT_SWITCH,
		.on = &xen_balloon.config.deflate_on_oom,
	},
};

/* In the folder info/. */
static struct balloon_file balloon_info_files[] = {
	{
		.attr = READ_ONLY(current_kb),
		.unit = BALLOON_UNIT_KB,
		.value = &xen_balloon.mem.current_pages,
	},
	{
		.attr = READ_ONLY(largest_kb),
		.unit = BALLOON_UNIT_KB,
		.compute = balloon_largest,
	},
	{
		.attr = READ_ONLY(low_kb),
		.unit = BALLOON_UNIT_KB,
		.value = &xen_balloon.mem.nr_low,
	},
	{
		.attr = READ_ONLY(high_kb),
		.unit = BALLOON_UNIT_KB,
		.value = &xen_balloon.mem.nr_high,
	},
	{
		.attr = READ_ONLY(quarantined_kb),
		.unit = BALLOON_UNIT_KB,
		.value = &xen_balloon.mem.nr_quarantined,
	},
	{
		.attr = READ_ONLY(restore_kb),
		.unit = BALLOON_UNIT_KB,
		.compute = balloon_restore_pages,
	},
	{
		.attr = READ_ONLY(state),
		.unit = BALLOON_UNIT_STATE,
	},
	{
		.attr = READ_ONLY(reason),
		.unit = BALLOON_UNIT_REASON,
	},
};

static u64 balloon_read_value(const struct balloon_file *file)
{
	unsigned long value;

	balloon_lock(&xen_balloon);
	value = file->compute ? file->compute(&xen_balloon) : *file->value;
	balloon_unlock(&xen_balloon);

	switch (file->unit) {
	case BALLOON_UNIT_BYTES:
		return (u64)value << PAGE_SHIFT;
	case BALLOON_UNIT_KB:
		return PAGES_TO_KB(value);
	default:
		return value;
	}
}

static ssize_t balloon_file_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	const struct balloon_file *file = container_of(attr, typeof(*file),
						       attr);
	struct balloon_info info;

	switch (file->unit) {
	case BALLOON_UNIT_STATE:
		balloon_snapshot(&info);
		return sysfs_emit(buf, "%s\n", balloon_state_name(info.state));
	case BALLOON_UNIT_REASON:
		balloon_snapshot(&info);
		return sysfs_emit(buf, "%s\n",
				  balloon_reason_name(info.reason));
	case BALLOON_UNIT_SWITCH:
		return sysfs_emit(buf, "%d\n", READ_ONCE(*file->on));
	default:
		return sysfs_emit(buf, "%llu\n", balloon_read_value(file));
	}
}

/* A number with an optional suffix K, M, G, T or P, strictly. */
static int balloon_parse_bytes(const char *buf, u64 *bytes)
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

/* Returns 0, -EINVAL for text that is no number, or -ERANGE. */
static int balloon_parse_value(const struct balloon_file *file,
			       const char *buf, u64 *value)
{
	u64 max = file->max;
	int rc;

	if (file->unit == BALLOON_UNIT_BYTES)
		rc = balloon_parse_bytes(buf, value);
	else
		rc = kstrtou64(buf, 0, value);
	if (rc)
		return rc;

	switch (file->unit) {
	case BALLOON_UNIT_BYTES:
		*value >>= PAGE_SHIFT;
		max = balloon_max_target();
		break;
	case BALLOON_UNIT_KB:
		*value = KB_TO_PAGES(*value);
		max = balloon_max_target();
		break;
	default:
		break;
	}
	return *value < file->min || *value > max ? -ERANGE : 0;
}

static int balloon_write_switch(const struct balloon_file *file,
				const char *buf)
{
	bool on;
	int rc = kstrtobool(buf, &on);

	/* Read once where it counts, so either value is good at any time. */
	if (!rc)
		WRITE_ONCE(*file->on, on);
	return rc;
}

static int balloon_write_value(const struct balloon_file *file,
			       const char *buf)
{
	u64 value;
	int rc = balloon_parse_value(file, buf, &value);

	if (!rc)
		file->set(value);
	return rc;
}

static ssize_t balloon_file_store(struct device *dev,
				  struct device_attribute *attr,
				  const char *buf, size_t count)
{
	const struct balloon_file *file = container_of(attr, typeof(*file),
						       attr);
	int rc;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (strlen(buf) != count)
		return -EINVAL;

	if (file->unit == BALLOON_UNIT_SWITCH)
		rc = balloon_write_switch(file, buf);
	else
		rc = balloon_write_value(file, buf);
	return rc ?: count;
}

static struct attribute *balloon_attrs[ARRAY_SIZE(balloon_files) + 1];
static struct attribute *balloon_info_attrs[ARRAY_SIZE(balloon_info_files) + 1];

static const struct attribute_group balloon_group = {
	.attrs = balloon_attrs,
};

static const struct attribute_group balloon_info_group = {
	.name = "info",
	.attrs = balloon_info_attrs,
};

static const struct attribute_group *balloon_groups[] = {
	&balloon_group,
	&balloon_info_group,
	NULL
};

static const_bus_type balloon_bus = {
	.name = "xen_memory",
	.dev_name = "xen_memory",
	.pm = &balloon_pm_ops,
};

static void balloon_dev_release(struct device *dev)
{
	/* It is static. */
}

static struct device balloon_dev = {
	.bus = &balloon_bus,
	.groups = balloon_groups,
	.release = balloon_dev_release,
};

/* Tell programs in the guest */

/**
 * struct balloon_news - the numbers that user space has heard of
 * @observer: called after each pass of the worker, the only user of the rest
 * @last: numbers after the last pass
 * @announced: size at the end of the last move
 */
static struct balloon_news {
	struct notifier_block observer;
	struct balloon_info last;
	unsigned long announced;
} balloon_news;

/* For udev and the like: one event for a move, however many batches it had. */
static void balloon_announce(const struct balloon_info *info)
{
	char current_kb[48], target_kb[48], state[48];
	char *env[4] = { current_kb, target_kb, state, NULL };

	snprintf(current_kb, sizeof(current_kb), "XEN_MEMORY_CURRENT_KB=%llu",
		 PAGES_TO_KB(info->current_pages));
	snprintf(target_kb, sizeof(target_kb), "XEN_MEMORY_TARGET_KB=%llu",
		 PAGES_TO_KB(info->target_pages));
	snprintf(state, sizeof(state), "XEN_MEMORY_STATE=%s",
		 balloon_state_name(info->state));
	kobject_uevent_env(&balloon_dev.kobj, KOBJ_CHANGE, env);
}

static int balloon_passed(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	struct balloon_news *news = &balloon_news;
	struct balloon_info info;

	if (event != BALLOON_EVENT_CHANGED)
		return NOTIFY_DONE;

	balloon_snapshot(&info);
	if (info.current_pages != news->last.current_pages)
		sysfs_notify(&balloon_dev.kobj, "info", "current_kb");
	/* A new target may have been met in one pass: its state was moving. */
	if (info.state != news->last.state ||
	    info.target_seq != news->last.target_seq)
		sysfs_notify(&balloon_dev.kobj, "info", "state");

	/* A worker that was woken meanwhile has a new target, or sections. */
	if (!delayed_work_pending(&xen_balloon.work) &&
	    balloon_is_over(info.state, info.tries, news->announced,
			    info.current_pages)) {
		balloon_announce(&info);
		news->announced = info.current_pages;
	}
	news->last = info;
	return NOTIFY_OK;
}

static void __init balloon_news_init(void)
{
	balloon_snapshot(&balloon_news.last);
	balloon_news.announced = balloon_news.last.current_pages;
	balloon_news.observer.notifier_call = balloon_passed;
	balloon_register_observer(&balloon_news.observer);
}

static int __init balloon_sysfs_init(void)
{
	unsigned int i;
	int rc;

	if (!balloon_is_running())
		return -ENODEV;

	for (i = 0; i < ARRAY_SIZE(balloon_files); i++)
		balloon_attrs[i] = &balloon_files[i].attr.attr;
	for (i = 0; i < ARRAY_SIZE(balloon_info_files); i++)
		balloon_info_attrs[i] = &balloon_info_files[i].attr.attr;

	rc = subsys_system_register(&balloon_bus, NULL);
	if (rc)
		goto err;

	rc = device_register(&balloon_dev);
	if (rc)
		goto err_device;

	balloon_news_init();
	return 0;

err_device:
	put_device(&balloon_dev);
	bus_unregister(&balloon_bus);
err:
	pr_err("no files in sysfs: %d\n", rc);
	return rc;
}
subsys_initcall_sync(balloon_sysfs_init);
