// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Another kernel takes over. Its memory map is the one of the boot, so it would use
 * ballooned pages, too: their memory is taken back first.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include <xen/xen.h>

#include "balloon.h"
#include "inflate.h"
#include "resume.h"

/* Single pages come at 1 GiB a second or so. */
#define KEXEC_US	(60 * USEC_PER_SEC)

/* Returns the pages that have still no memory. */
static unsigned long balloon_take_all_back(struct xen_balloon *b)
{
	ktime_t start = ktime_get();
	unsigned long left;

	mutex_lock(&b->batch.lock);
	/* The worker may run again, but releases nothing. */
	b->batch.leaving = true;
	b->batch.max_order = SUPERPAGE_ORDER;
	balloon_release_repopulated(b);
	while (balloon_deflate(b, BATCH_EXTENTS) &&
	       ktime_us_delta(ktime_get(), start) < KEXEC_US)
		cond_resched();
	balloon_lock(b);
	left = b->mem.total_pages - b->mem.current_pages + b->mem.nr_lost;
	balloon_unlock(b);
	mutex_unlock(&b->batch.lock);
	return left;
}

static int balloon_reboot(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	unsigned long left;

	if (!kexec_in_progress)
		return NOTIFY_DONE;

	left = balloon_take_all_back(&xen_balloon);
	if (left)
		pr_err("the next kernel may crash, since %llu KiB have no memory: before kexec, give the guest its full size (xl mem-set)\n",
		       PAGES_TO_KB(left));
	else
		pr_info("all memory is back for the next kernel\n");
	return NOTIFY_OK;
}

static struct notifier_block balloon_reboot_notifier = {
	.notifier_call = balloon_reboot,
};

static int __init balloon_kexec_init(void)
{
	int rc;

	if (!balloon_is_running())
		return -ENODEV;
	/* A PV kernel starts no other: its machine_shutdown() ends the domain. */
	if (xen_pv_domain())
		return 0;

	rc = register_reboot_notifier(&balloon_reboot_notifier);
	if (rc)
		pr_err("kexec will start a kernel without the ballooned memory: %d\n",
		       rc);
	return rc;
}
subsys_initcall_sync(balloon_kexec_init);
