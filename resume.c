// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory behind ballooned pages after a live migration. A page that leaves the
 * domain while it is migrated may have been sent before, and then the other host
 * populates it. Here that memory is released.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>

#include "mem-reservation.h"
#include "refusal.h"
#include "resume.h"

/* Extents between two reschedules. */
#define SWEEP_EXTENTS	(BATCH_EXTENTS / SUPERPAGE_PAGES)

/*
 * Pages in a row without memory after which the search ends. The pages that left
 * last come first in the list of each order; balloon_batch.lock is held for a
 * second or two.
 */
#define MAX_MISSES	((unsigned long)SZ_1G / PAGE_SIZE * 4)

/*
 * Release the pages that have memory, and return their number. Xen stops at each
 * page that has none. Arm domains, whose pages may be several frames, cannot be
 * migrated.
 */
static unsigned int balloon_sweep_extent(struct xen_balloon *b,
					 struct page *page, unsigned int nr)
{
	xen_pfn_t *frames = b->batch.frames;
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++)
		frames[i] = page_to_xen_pfn(page + i);

	for (i = 0; i < nr; i++) {
		unsigned int done = xenmem_release(frames + i, nr - i, 0);

		found += done;
		i += done;
	}
	return found;
}

/*
 * Move extents of one order from the page list to @swept until @wanted pages
 * with memory are found. So each extent is looked at once, in the list's order.
 */
static long balloon_sweep(struct xen_balloon *b, unsigned int order,
			  long wanted, struct list_head *swept)
{
	struct page **pages = b->batch.pages;
	unsigned long misses = 0;
	unsigned int i, nr;
	long found = 0;

	while (found < wanted && misses < MAX_MISSES) {
		balloon_lock(b);
		/* No larger ones, which would be split. */
		nr = min(b->mem.extents.nr[order], SWEEP_EXTENTS);
		nr = balloon_list_take_extents(b, pages, nr, order, false);
		balloon_unlock(b);
		if (!nr)
			break;

		for (i = 0; i < nr; i++) {
			unsigned int done = 0;

			if (found < wanted)
				done = balloon_sweep_extent(b, pages[i],
							    1U << order);
			found += done;
			misses = done ? 0 : misses + (1U << order);
			list_add(&pages[i]->lru, swept);
		}
		cond_resched();
	}
	return found;
}

static void balloon_put_swept(struct xen_balloon *b, unsigned int order,
			      struct list_head *swept)
{
	struct page *page;
	unsigned int i;

	while (!list_empty(swept)) {
		balloon_lock(b);
		for (i = 0; i < SWEEP_EXTENTS && !list_empty(swept); i++) {
			page = list_first_entry(swept, struct page, lru);
			list_del(&page->lru);
			balloon_list_put(b, page, order);
		}
		balloon_unlock(b);
	}
	wake_up(&b->arrivals);
}

/* Returns the number of pages that had memory. */
static long balloon_sweep_list(struct xen_balloon *b, long wanted)
{
	struct list_head swept[NR_EXTENT_ORDERS];
	unsigned int order;
	long found = 0;

	for (order = NR_EXTENT_ORDERS; order-- > 0;) {
		INIT_LIST_HEAD(&swept[order]);
		found += balloon_sweep(b, order, wanted - found, &swept[order]);
	}
	for (order = 0; order < NR_EXTENT_ORDERS; order++)
		balloon_put_swept(b, order, &swept[order]);
	return found;
}

/* Xen's count of the domain in pages, or a negative errno. */
static long balloon_count_xen_pages(void)
{
	long frames = xenmem_current_frames();

	return frames < 0 ? frames : frames / XEN_PFN_PER_PAGE;
}

/* The worker is still frozen; the check is the first thing that it does. */
static int balloon_resumed(struct notifier_block *nb, unsigned long unused,
			   void *data)
{
	WRITE_ONCE(xen_balloon.resumed, true);
	balloon_wake(&xen_balloon);
	return NOTIFY_OK;
}

static struct notifier_block balloon_resume_notifier = {
	.notifier_call = balloon_resumed,
};

/**
 * balloon_resume_init() - check for populated pages after each resume
 * @b: balloon
 *
 * Not in a PV domain, where each frame has to be looked up in the p2m; and the
 * initial domain is not migrated.
 *
 * Context: Process, when the boot is over; takes balloon_batch.lock.
 */
void __init balloon_resume_init(struct xen_balloon *b)
{
	long pages;

	if (xen_pv_domain())
		return;

	mutex_lock(&b->batch.lock);
	balloon_note_excess(b, balloon_count_frames(b));
	pages = balloon_count_xen_pages();
	b->config.xen_excess = pages - (long)b->mem.current_pages;
	mutex_unlock(&b->batch.lock);

	if (pages >= 0 && !xen_initial_domain())
		xen_resume_notifier_register(&balloon_resume_notifier);
}

/**
 * balloon_release_repopulated() - after a resume, release the memory of
 *	ballooned pages
 * @b: balloon
 *
 * Call it before ballooned pages are populated: Xen would lose track of the
 * frames that are there, and nobody could have them until the domain ends.
 *
 * Context: Process; balloon_batch.lock is held, takes balloon_memory.lock.
 */
void balloon_release_repopulated(struct xen_balloon *b)
{
	long pages, excess, found;

	lockdep_assert_held(&b->batch.lock);

	if (!READ_ONCE(b->resumed))
		return;
	WRITE_ONCE(b->resumed, false);
	/* Quarantined pages may have memory now, too. */
	b->batch.excess_known = false;

	pages = balloon_count_xen_pages();
	if (pages < 0)
		return;
	excess = pages - (long)b->mem.current_pages - b->config.xen_excess;
	if (excess < 0)
		balloon_forget_lost(b, -excess);
	if (excess <= 0)
		return;

	found = balloon_sweep_list(b, excess);
	if (found)
		pr_info("resumed with memory for %ld KiB that are in the balloon: released\n",
			found << (PAGE_SHIFT - 10));
}
