// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The allocation API: pages without memory behind them, lent to other drivers
 * for foreign mappings and grants.
 */

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/wait.h>

#include <xen/page.h>
#include <xen/xen.h>

#include "balloon_internal.h"

/* For the pages that other drivers ask for: lowmem, and try harder. */
#define GFP_HANDOUT	(GFP_USER | __GFP_NOWARN | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOMEMALLOC)

/* With @batch_lock held: get more pages into the store. */
static int inflate_for_handout(struct xen_balloon *b, unsigned long nr_pages)
{
	if (si_mem_available() < (long)nr_pages)
		return -ENOMEM;

	while (nr_pages) {
		unsigned long nr = min(nr_pages, BATCH_EXTENTS);
		unsigned long done = balloon_inflate(b, nr, GFP_HANDOUT);

		if (done < nr)
			return -ENOMEM;
		nr_pages -= done;
	}
	return 0;
}

static bool has_lowmem(struct xen_balloon *b)
{
	return READ_ONCE(b->nr_low); /* rechecked under @lock by the caller */
}

static int refill_store(struct xen_balloon *b, unsigned long nr_pages)
{
	int rc;

	mutex_lock(&b->batch_lock);
	if (READ_ONCE(b->hotplug_unpopulated)) {
		struct balloon_view view;
		enum balloon_state state = BALLOON_WAIT;

		balloon_look(b, &view);
		if (view.target + view.unpopulated > view.total)
			state = balloon_hotplug(b, round_up(view.target +
						    view.unpopulated -
						    view.total,
						    PAGES_PER_SECTION));
		if (state == BALLOON_WAIT) {
			mutex_unlock(&b->batch_lock);
			rc = wait_event_interruptible(b->arrivals,
						      has_lowmem(b));
			return rc ? -ENOMEM : 0;
		}
	}
	rc = inflate_for_handout(b, nr_pages);
	mutex_unlock(&b->batch_lock);
	return rc;
}

/* Whether the worker can grow the domain now; but let a back-off run out. */
static bool can_grow(const struct xen_balloon *b)
{
	return b->target_pages > b->current_pages && b->nr_low + b->nr_high &&
	       b->schedule.state != BALLOON_EAGAIN;
}

static unsigned int hand_out(struct xen_balloon *b, struct page **pages,
			     unsigned int nr_pages)
{
	unsigned int i;
	bool wake;

	balloon_lock(b);
	nr_pages = balloon_store_take_all(b, pages, nr_pages, 0, true);
	/* Inflated for this, beyond the target. */
	wake = can_grow(b);
	balloon_unlock(b);

	if (wake)
		balloon_wake(b);

	for (i = 0; i < nr_pages; i++)
		balloon_mark_online(pages[i], 0);
	return nr_pages;
}

static int alloc_p2m_entries(struct page **pages, unsigned int nr_pages)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < nr_pages; i++)
		rc = xen_alloc_p2m_entry(page_to_pfn(pages[i]));
	return rc;
}

/* @nr_taken of the @nr_asked pages come back. */
static void take_back(struct xen_balloon *b, struct page **pages,
		      unsigned int nr_taken, unsigned int nr_asked)
{
	unsigned int i;
	bool wake;

	balloon_lock(b);
	for (i = 0; i < nr_taken; i++) {
		if (!pages[i])
			continue;
		balloon_mark_offline(pages[i], 0);
		balloon_store_put(b, pages[i], 0);
	}
	b->nr_unpopulated -= nr_asked;
	wake = can_grow(b);
	balloon_unlock(b);

	if (wake)
		balloon_wake(b);
	wake_up(&b->arrivals);
}

/**
 * xen_alloc_ballooned_pages() - get lowmem pages without memory behind them
 * @nr_pages: how many
 * @pages: result
 *
 * For mapping foreign frames and grants. On PV their p2m entries exist.
 *
 * Context: Process; sleeps, and with xen.balloon.hotplug_unpopulated waits for
 * memory to come online.
 * Return: 0, or -ENOMEM; then nothing is taken.
 */
int xen_alloc_ballooned_pages(unsigned int nr_pages, struct page **pages)
{
	struct xen_balloon *b = &xen_balloon;
	unsigned int nr_taken = 0;
	int rc = 0;

	if (!b->frames)
		return -ENOMEM;

	balloon_lock(b);
	b->nr_unpopulated += nr_pages;
	balloon_unlock(b);

	for (;;) {
		nr_taken += hand_out(b, pages + nr_taken, nr_pages - nr_taken);
		if (nr_taken == nr_pages)
			break;
		rc = refill_store(b, nr_pages - nr_taken);
		if (rc)
			goto err;
	}

	if (xen_pv_domain())
		rc = alloc_p2m_entries(pages, nr_pages);
	if (!rc)
		return 0;

err:
	take_back(b, pages, nr_taken, nr_pages);
	return rc;
}
EXPORT_SYMBOL(xen_alloc_ballooned_pages);

/**
 * xen_free_ballooned_pages() - give pages of xen_alloc_ballooned_pages() back
 * @nr_pages: how many
 * @pages: the pages; entries that are NULL are skipped, but count
 *
 * Context: Process; sleeps.
 */
void xen_free_ballooned_pages(unsigned int nr_pages, struct page **pages)
{
	take_back(&xen_balloon, pages, nr_pages, nr_pages);
}
EXPORT_SYMBOL(xen_free_ballooned_pages);

/**
 * alloc_xenballooned_pages() - older name of xen_alloc_ballooned_pages()
 * @nr_pages: how many
 * @pages: result
 *
 * Context: Process; sleeps.
 * Return: 0, or -ENOMEM.
 */
int alloc_xenballooned_pages(int nr_pages, struct page **pages)
{
	return xen_alloc_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL(alloc_xenballooned_pages);

/**
 * free_xenballooned_pages() - older name of xen_free_ballooned_pages()
 * @nr_pages: how many
 * @pages: the pages
 *
 * Context: Process; sleeps.
 */
void free_xenballooned_pages(int nr_pages, struct page **pages)
{
	xen_free_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL(free_xenballooned_pages);
