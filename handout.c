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
#include "balloon_trace.h"

/* For the pages that other drivers ask for: lowmem, and try harder. */
#define GFP_HANDOUT	(GFP_USER | __GFP_NOWARN | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOMEMALLOC)

static int inflate_for_handout(struct xen_balloon *b, unsigned long nr_pages)
{
	lockdep_assert_held(&b->batch_lock);

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

/* New sections, or earlier ones that are not online yet, will do. */
static bool hotplug_for_handout(struct xen_balloon *b)
{
	struct balloon_view v;
	unsigned long wanted, nr_pages;

	balloon_look(b, &v);
	/* What the guest has may stay: it need not reach a lower target. */
	wanted = max(v.target, v.current_pages) + v.unpopulated;
	if (wanted <= v.total)
		return true;

	nr_pages = balloon_new_sections(&v, wanted - v.total);
	return nr_pages && balloon_hotplug(b, nr_pages) == BALLOON_WAIT;
}

/*
 * With @batch_lock held: get more pages into the store. -EAGAIN: they are to
 * come online, wait for them without the lock.
 */
static int refill_store(struct xen_balloon *b, unsigned long nr_pages)
{
	lockdep_assert_held(&b->batch_lock);

	if (!nr_pages)
		return 0;
	if (READ_ONCE(b->hotplug_unpopulated) && hotplug_for_handout(b))
		return -EAGAIN;
	return inflate_for_handout(b, nr_pages);
}

static int wait_for_arrivals(struct xen_balloon *b)
{
	/* Whoever is woken looks again under @lock. */
	if (wait_event_interruptible(b->arrivals, READ_ONCE(b->nr_low)))
		return -ENOMEM;
	return 0;
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
	/* As can_grow(); and what was quarantined may need new sections. */
	wake = b->target_pages > b->current_pages &&
	       b->schedule.state != BALLOON_EAGAIN;
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
	unsigned int nr_taken;
	int rc = 0;

	if (!balloon_is_up(b))
		return -ENOMEM;

	balloon_lock(b);
	b->nr_unpopulated += nr_pages;
	balloon_unlock(b);

	nr_taken = hand_out(b, pages, nr_pages);
	while (nr_taken < nr_pages) {
		mutex_lock(&b->batch_lock);
		/* Whoever had the lock may have had them. */
		nr_taken += hand_out(b, pages + nr_taken, nr_pages - nr_taken);
		rc = refill_store(b, nr_pages - nr_taken);
		/* Before the worker can take them for the guest. */
		nr_taken += hand_out(b, pages + nr_taken, nr_pages - nr_taken);
		mutex_unlock(&b->batch_lock);

		if (nr_taken == nr_pages)
			break;
		if (rc == -EAGAIN)
			rc = wait_for_arrivals(b);
		if (rc)
			goto out;
	}

	rc = xen_pv_domain() ? xenmem_pv_prepare(pages, nr_pages) : 0;
out:
	if (rc)
		take_back(b, pages, nr_taken, nr_pages);
	trace_xen_balloon_alloc(nr_pages, rc);
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
	trace_xen_balloon_free(nr_pages);
}
EXPORT_SYMBOL(xen_free_ballooned_pages);

/**
 * alloc_xenballooned_pages() - older name of xen_alloc_ballooned_pages()
 * @nr_pages: how many
 * @pages: result
 *
 * Context: Process; sleeps.
 * Return: 0, -ENOMEM, or -EINVAL for a negative number.
 */
int alloc_xenballooned_pages(int nr_pages, struct page **pages)
{
	if (nr_pages < 0)
		return -EINVAL;
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
