// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guest comes first: when it runs out of memory, it gets back the pages that
 * are on their way to Xen but not there yet, inflation rests, and with
 * deflate_on_oom the driver takes memory from Xen.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/ratelimit.h>
#include <linux/sched/mm.h>

#include <xen/page.h>

#include "balloon.h"
#include "inflate.h"

/* Taken from Xen before a process is killed. */
#define OOM_PAGES	(SZ_8M / PAGE_SIZE)

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "xen."
module_param_named(balloon_deflate_on_oom, xen_balloon.config.deflate_on_oom,
		   bool, 0444);

/*
 * The allocating task may hold any lock except balloon_memory.lock, so only try
 * balloon_batch.lock: a batch allocates with it held, and can be the task that
 * ran out of memory.
 */
static unsigned long balloon_oom_deflate(struct xen_balloon *b)
{
	unsigned long done = 0;
	unsigned int flags;

	if (!mutex_trylock(&b->batch.lock))
		return 0;

	/*
	 * After a resume the worker has to release memory first. With an empty
	 * paging pool a try costs a frame.
	 */
	if (!READ_ONCE(b->resumed) && !b->batch.pool_empty) {
		flags = memalloc_noreclaim_save();
		done = balloon_deflate(b, OOM_PAGES);
		memalloc_noreclaim_restore(flags);
		if (!done && b->batch.reason == BALLOON_REASON_HARD_LIMIT)
			pr_warn_once("deflate_on_oom cannot help: the hard limit is %llu KiB; raise it in the control domain (xl mem-max), as xl mem-set sets it to the target\n",
				     PAGES_TO_KB(b->batch.limit_frames /
						 XEN_PFN_PER_PAGE));
	}
	mutex_unlock(&b->batch.lock);

	/* The domain is above its target now; the worker inflates later. */
	if (done)
		balloon_wake(b);
	return done;
}

/* The report of the OOM killer does not tell that memory is in the balloon. */
static void balloon_oom_report(struct xen_balloon *b)
{
	static DEFINE_RATELIMIT_STATE(ratelimit, 5 * HZ, 1);
	unsigned long pages, full, target;

	balloon_lock(b);
	pages = b->mem.current_pages;
	full = pages + b->mem.nr_low + b->mem.nr_high;
	target = b->mem.target_pages;
	balloon_unlock(b);

	if (pages < full && __ratelimit(&ratelimit))
		pr_warn("the guest has no memory left, and the balloon has %llu of its %llu KiB: raise the target of %llu KiB (xl mem-set)\n",
			PAGES_TO_KB(full - pages), PAGES_TO_KB(full),
			PAGES_TO_KB(target));
}

/* The last moment before the kernel kills a process. */
static int balloon_oom_notify(struct notifier_block *nb, unsigned long unused,
			      void *data)
{
	struct xen_balloon *b = &xen_balloon;
	unsigned long *freed = data;

	*freed += balloon_cancel_inflate(b);
	if (!*freed && READ_ONCE(b->config.deflate_on_oom))
		*freed += balloon_oom_deflate(b);
	if (!*freed)
		balloon_oom_report(b);
	return NOTIFY_OK;
}

static struct notifier_block balloon_oom_notifier = {
	.notifier_call = balloon_oom_notify,
};

static int __init balloon_oom_init(void)
{
	int rc;

	if (!balloon_is_running())
		return -ENODEV;

	rc = register_oom_notifier(&balloon_oom_notifier);
	if (rc)
		pr_err("inflation will not stop when the guest runs out of memory: %d\n",
		       rc);
	return rc;
}
subsys_initcall_sync(balloon_oom_init);
