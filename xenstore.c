// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Front end for the toolstack: takes targets from memory/target of xenstore,
 * and reports the domain's size in data/ and control/.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/err.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include <xen/balloon.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "balloon.h"
#include "mem-reservation.h"
#include "pv-mapping.h"

#ifdef CONFIG_MEMORY_HOTPLUG
/* A mem= limit, put aside at boot until the toolstack speaks. */
u64 xen_saved_max_mem_size;
#endif

static void balloon_target_written(struct xenbus_watch *watch,
				   const char *path, const char *token);
static int balloon_xenstore_ready(struct notifier_block *nb,
				  unsigned long event, void *data);
static int balloon_changed(struct notifier_block *nb, unsigned long event,
			   void *data);
static void balloon_own_nodes_changed(struct xenbus_watch *watch,
				      const char *path, const char *token);
static void balloon_target_work(struct work_struct *work);
static void balloon_report(struct work_struct *work);

/**
 * struct balloon_toolstack - what is known of the toolstack
 * @watch: on memory/target
 * @notifier: tells when xenstore can be read
 * @observer: tells when the size or the state of the domain changes
 * @learned: whether balloon_config.difference is known
 * @full: the target, in pages, that stands for all memory that the guest was
 *        started with, or 0 if it can be started with less
 * @read: follows memory/target: once, however often it was written meanwhile
 * @report: writes the state to xenstore, and reads the target again after
 *          @unread
 * @report_pause_s: at least so long from one report to the next
 * @own_nodes: on the guest's own folder in xenstore, once a report was refused
 * @own_path: of that folder
 * @reported: the last state that @report wrote
 * @reported_at: when, in jiffies
 * @outdated: @reported may be of another xenstore, or was not written
 * @unread: memory/target could not be read for lack of memory
 * @unread_seq: number of the target that was in force then
 *
 * @learned, @full, @unread and @unread_seq are written under @lock. @report reads
 * @learned, and then the difference, which does not change any more.
 */
struct balloon_toolstack {
	struct xenbus_watch watch;
	struct notifier_block notifier;
	struct notifier_block observer;
	/** @lock: one target at a time */
	struct mutex lock;
	bool learned;
	unsigned long full;
	struct work_struct read;
	struct delayed_work report;
	unsigned int report_pause_s;
	struct xenbus_watch own_nodes;
	char own_path[sizeof("/local/domain/65535")];
	struct balloon_info reported;
	unsigned long reported_at;
	bool outdated;
	bool unread;
	unsigned long unread_seq;
};

static struct balloon_toolstack toolstack = {
	.watch = {
		.node = "memory/target",
		.callback = balloon_target_written,
	},
	.notifier = {
		.notifier_call = balloon_xenstore_ready,
	},
	.observer = {
		.notifier_call = balloon_changed,
	},
	.lock = __MUTEX_INITIALIZER(toolstack.lock),
	.read = __WORK_INITIALIZER(toolstack.read, balloon_target_work),
	.report = __DELAYED_WORK_INITIALIZER(toolstack.report, balloon_report, 0),
	.report_pause_s = 1,
	.own_nodes = {
		.callback = balloon_own_nodes_changed,
	},
};

/*
 * Whatever happens, xenstore is written once a second at most, or once in
 * RETRY_REPORT_S while it refuses reports, and not at all when there is nothing new.
 * The first news after such a pause is written at once.
 */
static void balloon_queue_report(void)
{
	unsigned long since = jiffies - READ_ONCE(toolstack.reported_at);
	unsigned long pause = READ_ONCE(toolstack.report_pause_s) * HZ;

	/* Not queue_: it may be waiting for RETRY_REFUSED_S. */
	mod_delayed_work(xen_balloon.aux_wq, &toolstack.report,
			 pause - min(since, pause));
}

/* A report that failed, and one that failed with a line from xenbus. */
#define RETRY_REPORT_S	4U
#define RETRY_REFUSED_S	60U

/* Targets */

/* A number of KiB in memory/@key: -ENOENT and the like, -EINVAL, -ERANGE. */
static int balloon_read_key(const char *key, u64 *kb)
{
	unsigned int len;
	char *text = xenbus_read(XBT_NIL, "memory", key, &len);
	int rc;

	if (IS_ERR(text))
		return PTR_ERR(text);

	rc = strlen(text) == len ? kstrtou64(text, 10, kb) : -EINVAL;
	kfree(text);
	if (!rc && KB_TO_PAGES(*kb) > balloon_max_target())
		rc = -ERANGE;
	return rc;
}

/* 0 KiB if the toolstack wrote none, or no number; -ENOMEM. */
static int balloon_read_optional_key(const char *key, u64 *kb)
{
	int rc = balloon_read_key(key, kb);

	if (rc)
		*kb = 0;
	return rc == -ENOMEM ? rc : 0;
}

/*
 * Only now ask for the hard limit: the toolstack changes it before the target, so
 * an older answer may be below the first target without a shim.
 */
static void balloon_read_shim_pages(struct balloon_boot_counts *counts)
{
	long frames = xenmem_max_frames();

	counts->hard_limit = frames > 0 ? frames / XEN_PFN_PER_PAGE : 0;
	xen_balloon.config.difference = balloon_learn_shim_pages(counts);
	/* The toolstack need not count the shim. */
	xen_balloon.config.in_shim = xen_balloon.config.difference ||
				     xenmem_pv_in_shim();
	pr_debug("first_target %lu xen %lu hard limit %lu guest %lu: difference %ld pages, in shim %d\n",
		 counts->first_target, counts->xen, counts->hard_limit,
		 counts->guest, xen_balloon.config.difference,
		 xen_balloon.config.in_shim);
}

/*
 * Targets for HVM and PVH guests count memory that the guest does not see, those
 * for a PV guest the shim that it may run in. The numbers before any ballooning
 * tell how much, so it is learned from the first target. -ENOMEM: not yet.
 */
static int balloon_read_difference(u64 first_target_kb)
{
	struct balloon_boot_counts counts = {
		.first_target = KB_TO_PAGES(first_target_kb),
		.xen = xen_balloon.config.boot_xen_pages,
		.guest = xen_balloon.config.boot_pages,
	};
	u64 static_max_kb, videoram_kb;
	unsigned long backed;
	int rc;

	if (xen_initial_domain())
		return 0;
	if (xen_pv_domain()) {
		balloon_read_shim_pages(&counts);
		return 0;
	}

	rc = balloon_read_optional_key("static-max", &static_max_kb);
	if (!rc && !static_max_kb)
		rc = balloon_read_optional_key("memory_static_max",
					       &static_max_kb);
	if (!rc)
		rc = balloon_read_optional_key("videoram", &videoram_kb);
	if (rc)
		return rc;

	counts.static_max = KB_TO_PAGES(static_max_kb);
	counts.videoram = KB_TO_PAGES(videoram_kb);
	balloon_fix_boot_counts(&counts);
	xen_balloon.config.difference = balloon_learn_difference(&counts);
	toolstack.full = counts.static_max - counts.videoram;
	pr_debug("static_max %lu first_target %lu videoram %lu xen %lu guest %lu: difference %ld pages\n",
		 counts.static_max, counts.first_target, counts.videoram,
		 counts.xen, counts.guest, xen_balloon.config.difference);

	backed = balloon_backed_pages(&counts);
	if (backed < counts.guest)
		balloon_begin_pod_boot(backed);
	return 0;
}

static void balloon_lift_mem_limit(void)
{
#ifdef CONFIG_MEMORY_HOTPLUG
	/* It kept boot small; the toolstack's word counts more. */
	if (xen_saved_max_mem_size)
		max_mem_size = xen_saved_max_mem_size;
#endif
}

/* For an image of the guest; there is none of the initial domain. */
static void balloon_note_asked(unsigned long pages)
{
	if (xen_initial_domain())
		return;
	balloon_lock(&xen_balloon);
	xen_balloon.mem.asked_pages = pages;
	balloon_unlock(&xen_balloon);
}

static int balloon_follow_target(void)
{
	struct balloon_info info;
	unsigned long pages;
	u64 target_kb;
	int rc;

	rc = balloon_read_key("target", &target_kb);
	if (rc)
		return rc;

	balloon_lift_mem_limit();
	if (!toolstack.learned) {
		rc = balloon_read_difference(target_kb);
		if (rc)
			return rc;
		/* For balloon_report(), which may run at any time. */
		smp_store_release(&toolstack.learned, true);
	}

	rc = balloon_target_from_kb(target_kb, xen_balloon.config.difference, &pages);
	if (rc)
		return rc;
	/* Built a few pages short, the guest has no place for them. */
	if (KB_TO_PAGES(target_kb) <= toolstack.full)
		pages = min(pages, xen_balloon.config.boot_pages);

	/* After a migration xenstore has nothing of ours. */
	WRITE_ONCE(toolstack.outdated, true);
	balloon_note_asked(pages);
	/* oxenstored fires the watch for each write of a transaction. */
	balloon_snapshot(&info);
	if (info.target_pages != pages || info.state != BALLOON_STATE_MOVING)
		balloon_set_new_target(pages);
	return 0;
}

static void balloon_take_target(void)
{
	struct balloon_info info;
	int rc;

	mutex_lock(&toolstack.lock);
	balloon_snapshot(&info);
	toolstack.unread_seq = info.target_seq;
	rc = balloon_follow_target();
	toolstack.unread = rc == -ENOMEM;
	mutex_unlock(&toolstack.lock);

	/* The toolstack will not write it again. */
	if (rc == -ENOMEM)
		queue_delayed_work(xen_balloon.aux_wq, &toolstack.report, HZ);
	/* No target is no news: the initial domain often has none. */
	else if (rc && rc != -ENOENT)
		pr_warn_ratelimited("ignoring memory/target of xenstore, the target stays: %d\n",
				    rc);
}

static void balloon_target_work(struct work_struct *work)
{
	balloon_take_target();
}

/* All watches of the guest wait for this one, so another thread reads. */
static void balloon_target_written(struct xenbus_watch *watch,
				   const char *path, const char *token)
{
	queue_work(xen_balloon.aux_wq, &toolstack.read);
}

/*
 * Takes the target before the watch is set, and so before late initcalls: a
 * populate-on-demand guest must know it by then.
 */
static int balloon_xenstore_ready(struct notifier_block *nb,
				  unsigned long event, void *data)
{
	int rc;

	balloon_take_target();

	rc = register_xenbus_watch(&toolstack.watch);
	if (rc)
		pr_err("cannot watch memory/target, the toolstack will not be followed: %d\n",
		       rc);
	return NOTIFY_DONE;
}

/* Reports */

/* Not every toolstack lets a guest write data/balloon. */
static int balloon_write_kb(const char *key, unsigned long pages)
{
	s64 kb = ((s64)pages + xen_balloon.config.difference) << (PAGE_SHIFT - 10);

	return xenbus_printf(XBT_NIL, "data/balloon", key, "%lld", kb);
}

static bool balloon_is_reported(const struct balloon_info *info)
{
	const struct balloon_info *last = &toolstack.reported;

	return info->current_pages == last->current_pages &&
	       info->target_pages == last->target_pages &&
	       info->state == last->state && info->reason == last->reason &&
	       info->booted == last->booted;
}

/*
 * A lack of permission is for good. All else may pass: a full quota arrives as
 * -ENOSPC, -E2BIG or, since Linux does not know oxenstored's EQUOTA, as -EINVAL.
 * For an error that it does not know xenbus prints a line, so try that seldom.
 */
static unsigned int balloon_retry_write_s(int rc)
{
	switch (rc) {
	case 0:
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return 0;
	case -ENOMEM:
		return 1;
	case -EINVAL:
		return RETRY_REFUSED_S;
	default:
		return RETRY_REPORT_S;
	}
}

/*
 * XAPI takes the difference between the domain's size and its target for memory
 * that is not the balloon's, for good, when it first sees feature-balloon. Hence
 * only at the target. It puts off a migration while balloon-active is 1.
 */
static int balloon_write_control(const struct balloon_info *info)
{
	bool active = info->state == BALLOON_STATE_MOVING ||
		      info->state == BALLOON_STATE_SHORT;
	int rc;

	if (!info->booted)
		return 0;
	rc = xenbus_printf(XBT_NIL, "control", "balloon-active", "%d", active);
	if (!rc && info->state == BALLOON_STATE_SETTLED)
		rc = xenbus_printf(XBT_NIL, "control", "feature-balloon", "1");
	return rc;
}

/* Returns the seconds until the next try, 0 for none. */
static unsigned int balloon_write_report(const struct balloon_info *info)
{
	int rc_data, rc_control;

	rc_data = balloon_write_kb("target-kb", info->target_pages);
	if (!rc_data)
		rc_data = balloon_write_kb("current-kb",
					   info->current_pages);
	if (!rc_data)
		rc_data = xenbus_printf(XBT_NIL, "data/balloon", "state", "%s",
					balloon_state_name(info->state));
	if (!rc_data)
		rc_data = xenbus_printf(XBT_NIL, "data/balloon", "reason", "%s",
					balloon_reason_name(info->reason));
	if (!rc_data)
		rc_data = xenbus_printf(XBT_NIL, "data/balloon", "restore-kb",
					"%llu", PAGES_TO_KB(info->restore_pages));

	rc_control = balloon_write_control(info);
	return min_not_zero(balloon_retry_write_s(rc_data),
			    balloon_retry_write_s(rc_control));
}

static void balloon_own_nodes_changed(struct xenbus_watch *watch,
				      const char *path, const char *token)
{
	balloon_queue_report();
}

/*
 * The nodes that fill the guest's quota are in its own folder: when one of them goes,
 * there is room. The watch stays: to unregister it waits for xenwatch, which may be
 * suspending the guest, and so be waiting for the report.
 */
static void balloon_watch_own_nodes(void)
{
	if (toolstack.own_nodes.node)
		return;
	snprintf(toolstack.own_path, sizeof(toolstack.own_path), "/local/domain/%u",
		 xenbus_read_unsigned("domid", "", 0));
	toolstack.own_nodes.node = toolstack.own_path;
	/* Without it the report comes later. */
	if (register_xenbus_watch(&toolstack.own_nodes))
		pr_debug("cannot watch %s\n", toolstack.own_path);
}

/* A target that was set since is newer. */
static bool balloon_has_unread_target(void)
{
	struct balloon_info info;
	bool unread;

	mutex_lock(&toolstack.lock);
	balloon_snapshot(&info);
	unread = toolstack.unread && toolstack.unread_seq == info.target_seq;
	mutex_unlock(&toolstack.lock);
	return unread;
}

static void balloon_report(struct work_struct *work)
{
	struct balloon_info info;
	unsigned int retry_s;

	if (balloon_has_unread_target())
		balloon_take_target();
	/* Until then pages cannot be converted to the toolstack's numbers. */
	if (!smp_load_acquire(&toolstack.learned))
		return;

	balloon_snapshot(&info);
	if (!xchg(&toolstack.outdated, false) && balloon_is_reported(&info))
		return;
	toolstack.reported = info;
	WRITE_ONCE(toolstack.reported_at, jiffies);

	retry_s = balloon_write_report(&info);
	WRITE_ONCE(toolstack.report_pause_s,
		   clamp(retry_s, 1U, RETRY_REPORT_S));
	if (!retry_s)
		return;
	WRITE_ONCE(toolstack.outdated, true);
	queue_delayed_work(xen_balloon.aux_wq, &toolstack.report, retry_s * HZ);
	if (retry_s == RETRY_REFUSED_S)
		balloon_watch_own_nodes();
}

static int balloon_changed(struct notifier_block *nb, unsigned long event,
			   void *data)
{
	switch (event) {
	case BALLOON_EVENT_CHANGED:
		balloon_queue_report();
		break;
	case BALLOON_EVENT_SUSPEND:
		/* A target that was written before the request. */
		flush_work(&toolstack.read);
		break;
	case BALLOON_EVENT_FINAL:
		flush_delayed_work(&toolstack.report);
		break;
	}
	return NOTIFY_OK;
}

static int __init balloon_xenstore_init(void)
{
	int rc;

	if (!balloon_is_running())
		return -ENODEV;

	/* First: the notifier may be called at once, and set a target. */
	balloon_register_observer(&toolstack.observer);
	rc = register_xenstore_notifier(&toolstack.notifier);
	if (rc) {
		balloon_unregister_observer(&toolstack.observer);
		pr_err("the toolstack will not be followed: %d\n", rc);
	}
	return rc;
}
subsys_initcall_sync(balloon_xenstore_init);
