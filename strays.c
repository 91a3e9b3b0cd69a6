// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Strays: pages of the store that have memory behind them all the same. What a
 * domain gives up while it is migrated live has been sent before, and the other
 * host has memory for it. Here that memory goes.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include <xen/mem-reservation.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>

#include "balloon_internal.h"

/* Blocks, or single pages, that are looked through between two reschedules. */
#define SWEEP_EXTENTS	(BATCH_EXTENTS / BLOCK_PAGES)

/*
 * Pages without memory, in a row, after which there are no strays any more: what
 * went last comes first, and whoever waits for @batch_lock waits a second or two.
 */
#define MAX_MISSES	((unsigned long)SZ_1G / PAGE_SIZE * 4)

/*
 * Gives up what of the pages has memory. Xen stops at each that has none. Arm
 * domains, whose pages may be several frames, cannot be migrated.
 */
static unsigned int release_strays(struct xen_balloon *b, struct page *page,
				   unsigned int nr)
{
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++)
		b->frames[i] = page_to_xen_pfn(page + i);

	for (i = 0; i < nr; i++) {
		unsigned int done = xenmem_release(b->frames + i, nr - i, 0);

		found += done;
		i += done;
	}
	return found;
}

/*
 * Extents of one size, out of the store and onto @swept, until no more strays
 * are wanted. So they are looked through once, and in the order of the store.
 */
static long sweep(struct xen_balloon *b, unsigned int order, long wanted,
		  struct list_head *swept)
{
	unsigned long misses = 0;
	unsigned int i, nr;
	long found = 0;

	while (found < wanted && misses < MAX_MISSES) {
		balloon_lock(b);
		nr = balloon_store_take_all(b, b->pages, SWEEP_EXTENTS, order,
					    false);
		balloon_unlock(b);
		if (!nr)
			break;

		for (i = 0; i < nr; i++) {
			unsigned int done = 0;

			if (found < wanted)
				done = release_strays(b, b->pages[i],
						      1U << order);
			found += done;
			misses = done ? 0 : misses + (1U << order);
			list_add(&b->pages[i]->lru, swept);
		}
		cond_resched();
	}
	return found;
}

static void put_back(struct xen_balloon *b, unsigned int order,
		     struct list_head *swept)
{
	struct page *page;
	unsigned int i;

	while (!list_empty(swept)) {
		balloon_lock(b);
		for (i = 0; i < SWEEP_EXTENTS && !list_empty(swept); i++) {
			page = list_first_entry(swept, struct page, lru);
			list_del(&page->lru);
			balloon_store_put(b, page, order);
		}
		balloon_unlock(b);
	}
	wake_up(&b->arrivals);
}

/* Returns how many were found. */
static long sweep_store(struct xen_balloon *b, long wanted)
{
	LIST_HEAD(blocks);
	LIST_HEAD(singles);
	long found;

	found = sweep(b, BLOCK_ORDER, wanted, &blocks);
	/* Blocks that are left, as there are so many, it may split: they join again. */
	found += sweep(b, 0, wanted - found, &singles);
	put_back(b, 0, &singles);
	put_back(b, BLOCK_ORDER, &blocks);
	return found;
}

/* Xen's count of the domain in pages, or a negative errno. */
static long count_pages(void)
{
	long frames = xenmem_current_frames();

	return frames < 0 ? frames : frames / XEN_PFN_PER_PAGE;
}

/* The worker is frozen still, and begins with it. */
static int resumed(struct notifier_block *nb, unsigned long unused, void *data)
{
	WRITE_ONCE(xen_balloon.resumed, true);
	balloon_wake(&xen_balloon);
	return NOTIFY_OK;
}

static struct notifier_block resume_notifier = {
	.notifier_call = resumed,
};

/**
 * balloon_strays_init() - look for strays after each resume from now on
 * @b: balloon
 *
 * Not in a PV domain, where each frame has to be asked for in the p2m; and the
 * initial domain is not migrated.
 *
 * Context: Process, when the boot is over.
 */
void __init balloon_strays_init(struct xen_balloon *b)
{
	long pages;

	if (xen_pv_domain() || xen_initial_domain())
		return;

	mutex_lock(&b->batch_lock);
	pages = count_pages();
	b->apart = pages - (long)b->current_pages;
	mutex_unlock(&b->batch_lock);

	if (pages >= 0)
		xen_resume_notifier_register(&resume_notifier);
}

/**
 * balloon_remove_strays() - after a resume, give up what the domain has too much
 * @b: balloon; @batch_lock is held
 *
 * To be called before pages of the store are populated: Xen would forget what
 * is there, and nobody could have it until the domain ends.
 */
void balloon_remove_strays(struct xen_balloon *b)
{
	long pages, excess, found;

	if (!READ_ONCE(b->resumed))
		return;
	WRITE_ONCE(b->resumed, false);

	pages = count_pages();
	excess = pages - (long)b->current_pages - b->apart;
	if (pages < 0 || excess <= 0)
		return;

	found = sweep_store(b, excess);
	if (found)
		pr_info("resumed with memory for %ld KiB that are in the balloon: given up\n",
			found << (PAGE_SHIFT - 10));
}
