// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The domain is about to be suspended, perhaps to be saved or migrated. The
 * toolstack restores an image of it with the memory that it last asked for, so
 * the guest goes there first if it can, and tells if it cannot.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/pm.h>
#include <linux/sched.h>
#include <linux/suspend.h>
#include <linux/time64.h>

#include <xen/xen.h>

#include "suspend.h"

/*
 * libxl waits 60 s for the guest. Before this the kernel has stopped user space and
 * its own threads, for each of which it takes 20 s at most, and devices follow.
 */
#define SHRINK_US	(15 * USEC_PER_SEC)

static bool balloon_is_shrinking(struct xen_balloon *b)
{
	bool shrinking;

	balloon_lock(b);
	shrinking = b->mem.current_pages > b->mem.target_pages;
	balloon_unlock(b);
	return shrinking;
}

/*
 * The worker is frozen, and so is user space. A guest that is short of memory can
 * hope for writeback alone: one second of it.
 */
static void balloon_finish_shrinking(struct xen_balloon *b)
{
	ktime_t start = ktime_get();
	unsigned long delay_s;
	bool waited = false;

	while (balloon_is_shrinking(b) &&
	       ktime_us_delta(ktime_get(), start) < SHRINK_US) {
		delay_s = balloon_pass(b);
		if (!delay_s) {
			cond_resched();
			continue;
		}
		if (waited || delay_s > 1)
			break;
		waited = true;
		schedule_timeout_idle(HZ);
	}
}

static void balloon_tell_image(void)
{
	struct balloon_info info;

	balloon_snapshot(&info);
	if (info.restore_pages)
		pr_warn_ratelimited("saved at %llu KiB, asked for %llu KiB: raise the target first (xl mem-set), or restore it with memory=%llu (xl restore CONFIG FILE)\n",
				    PAGES_TO_KB(info.restore_pages),
				    PAGES_TO_KB(info.asked_pages),
				    DIV_ROUND_UP(PAGES_TO_KB(info.restore_pages),
						 1024));
}

/*
 * The toolstack's request has been acknowledged, and no device has been stopped yet:
 * memory can be reclaimed, and xenstore answers. A guest that sleeps by itself,
 * through the PM core, stays in its memory.
 */
static int balloon_prepare(struct device *dev)
{
	struct xen_balloon *b = &xen_balloon;

	if (xen_initial_domain() || pm_suspend_target_state != PM_SUSPEND_ON)
		return 0;

	balloon_call_observers(BALLOON_EVENT_SUSPEND);
	balloon_finish_shrinking(b);
	balloon_tell_image();
	balloon_call_observers(BALLOON_EVENT_FINAL);
	return 0;
}

const struct dev_pm_ops balloon_pm_ops = {
	.prepare = pm_sleep_ptr(balloon_prepare),
};
