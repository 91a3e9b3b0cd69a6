// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The allocation API: unpopulated pages, on which other drivers map foreign
 * frames and grants.
 */

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/wait.h>

#include <xen/xen.h>

#include "balloon.h"
#include "guest-memory.h"
#include "hotplug.h"
#include "inflate.h"
#include "pv-mapping.h"
#include "trace.h"

/* The caller needs the pages: lowmem, and try harder than for a target. */
#define GFP_UNPOPULATED	(GFP_USER | __GFP_NOWARN | __GFP_RETRY_MAYFAIL | \
			 __GFP_NOMEMALLOC)

static int balloon_inflate_for_caller(struct xen_balloon *b,
				      unsigned long nr_pages)
{
	lockdep_assert_held(&b->batch.lock);

	/* The worker may hold what this call needs. */
	balloon_drop_reserve(b);
	if (balloon_available_pages() < nr_pages)
		return -ENOMEM;

	while (nr_pages) {
		unsigned long nr = min(nr_pages, BATCH_EXTENTS);
		unsigned long done = balloon_inflate(b, nr, 0, GFP_UNPOPULATED);

		if (done < nr)
			return -ENOMEM;
		nr_pages -= done;
	}
	return 0;
}

/*
 * Whether sections may bring pages: new ones, or ones that are not online yet.
 * @nr_failures: what could not be added before this call began is tried again.
 */
static bool balloon_hotplug_for_caller(struct xen_balloon *b,
				       unsigned long nr_failures)
{
	struct balloon_view v;
	unsigned long wanted, nr_pages;

	if (READ_ONCE(b->mem.nr_add_failures) != nr_failures)
		return false;

	balloon_get_view(b, &v);
	/* The guest keeps its memory: it need not reach a lower target. */
	wanted = max(v.target, v.current_pages) + v.unpopulated;
	if (wanted <= v.total)
		return true;

	if (v.adding)
		return true;

	nr_pages = balloon_new_sections(&v, wanted - v.total);
	if (nr_pages)
		balloon_add_sections(b, nr_pages);
	return nr_pages;
}

/*
 * Get more pages into the page list. -EAGAIN: sections will bring them; wait for
 * them without the lock.
 */
static int balloon_refill_list(struct xen_balloon *b, unsigned long nr_pages,
			       unsigned long nr_failures)
{
	lockdep_assert_held(&b->batch.lock);

	if (!nr_pages)
		return 0;
	if (READ_ONCE(b->config.hotplug_unpopulated) &&
	    balloon_hotplug_for_caller(b, nr_failures))
		return -EAGAIN;
	return balloon_inflate_for_caller(b, nr_pages);
}

/* The woken task looks again under balloon_memory.lock. */
static bool balloon_is_arrived(struct xen_balloon *b, unsigned long nr_failures)
{
	return READ_ONCE(b->mem.nr_low) ||
	       READ_ONCE(b->mem.nr_add_failures) != nr_failures;
}

static int balloon_wait_for_arrivals(struct xen_balloon *b,
				     unsigned long nr_failures)
{
	if (wait_event_interruptible(b->arrivals,
				     balloon_is_arrived(b, nr_failures)))
		return -ENOMEM;
	return 0;
}

/* Whether the worker can deflate now; but let a back-off run out. */
static bool balloon_can_deflate(const struct balloon_memory *mem)
{
	return mem->target_pages > mem->current_pages &&
	       mem->nr_low + mem->nr_high &&
	       mem->schedule.state != BALLOON_STATE_SHORT;
}

static unsigned int balloon_take_unpopulated(struct xen_balloon *b,
					     struct page **pages,
					     unsigned int nr_pages)
{
	unsigned int i;
	bool wake;

	balloon_lock(b);
	nr_pages = balloon_list_take_extents(b, pages, nr_pages, 0, true);
	/* Inflation for this call may have gone beyond the target. */
	wake = balloon_can_deflate(&b->mem);
	balloon_unlock(b);

	if (wake)
		balloon_wake(b);

	for (i = 0; i < nr_pages; i++)
		balloon_mark_online(pages[i], 0);
	return nr_pages;
}

/* @pages has the @nr_taken pages of a call that asked for @nr_asked. */
static void balloon_put_unpopulated(struct xen_balloon *b, struct page **pages,
				    unsigned int nr_taken,
				    unsigned int nr_asked)
{
	unsigned int i;
	bool wake;

	balloon_lock(b);
	for (i = 0; i < nr_taken; i++) {
		if (!pages[i])
			continue;
		balloon_mark_offline(pages[i], 0);
		balloon_list_put(b, pages[i], 0);
	}
	b->mem.nr_unpopulated -= nr_asked;
	/* As balloon_can_deflate(); quarantined pages may need new sections. */
	wake = b->mem.target_pages > b->mem.current_pages &&
	       b->mem.schedule.state != BALLOON_STATE_SHORT;
	balloon_unlock(b);

	if (wake)
		balloon_wake(b);
	wake_up(&b->arrivals);
}

/**
 * xen_alloc_ballooned_pages() - get lowmem pages without memory behind them
 * @nr_pages: number of pages
 * @pages: result
 *
 * For mapping foreign frames and grants. On PV their p2m entries exist.
 *
 * Context: Process; sleeps, takes balloon_batch.lock and balloon_memory.lock.
 * With xen.balloon.hotplug_unpopulated it waits for memory to come online, until
 * there is a signal.
 * Return: 0, or a negative errno, usually -ENOMEM; then nothing is taken.
 */
int xen_alloc_ballooned_pages(unsigned int nr_pages, struct page **pages)
{
	struct xen_balloon *b = &xen_balloon;
	unsigned long nr_failures;
	unsigned int nr_taken;
	int rc = 0;

	if (!balloon_is_ready(b))
		return -ENOMEM;

	balloon_lock(b);
	b->mem.nr_unpopulated += nr_pages;
	nr_failures = b->mem.nr_add_failures;
	balloon_unlock(b);

	nr_taken = balloon_take_unpopulated(b, pages, nr_pages);
	while (nr_taken < nr_pages) {
		mutex_lock(&b->batch.lock);
		/* The task that had the lock may have brought them. */
		nr_taken += balloon_take_unpopulated(b, pages + nr_taken,
						     nr_pages - nr_taken);
		rc = balloon_refill_list(b, nr_pages - nr_taken, nr_failures);
		/* Before the worker can populate them for the guest. */
		nr_taken += balloon_take_unpopulated(b, pages + nr_taken,
						     nr_pages - nr_taken);
		mutex_unlock(&b->batch.lock);

		if (nr_taken == nr_pages)
			break;
		if (rc == -EAGAIN)
			rc = balloon_wait_for_arrivals(b, nr_failures);
		if (rc)
			goto out;
	}

	rc = xen_pv_domain() ? xenmem_pv_prepare(pages, nr_pages) : 0;
out:
	if (rc)
		balloon_put_unpopulated(b, pages, nr_taken, nr_pages);
	trace_xen_balloon_alloc(nr_pages, rc);
	return rc;
}
EXPORT_SYMBOL(xen_alloc_ballooned_pages);

/**
 * xen_free_ballooned_pages() - free pages of xen_alloc_ballooned_pages()
 * @nr_pages: number of pages
 * @pages: the pages; entries that are NULL are skipped, but count
 *
 * Context: Process; sleeps, takes balloon_memory.lock.
 */
void xen_free_ballooned_pages(unsigned int nr_pages, struct page **pages)
{
	balloon_put_unpopulated(&xen_balloon, pages, nr_pages, nr_pages);
	trace_xen_balloon_free(nr_pages);
}
EXPORT_SYMBOL(xen_free_ballooned_pages);

/**
 * alloc_xenballooned_pages() - older name of xen_alloc_ballooned_pages()
 * @nr_pages: number of pages
 * @pages: result
 *
 * Context: as xen_alloc_ballooned_pages().
 * Return: as xen_alloc_ballooned_pages(), or -EINVAL for a negative number.
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
 * @nr_pages: number of pages
 * @pages: the pages
 *
 * Context: as xen_free_ballooned_pages().
 */
void free_xenballooned_pages(int nr_pages, struct page **pages)
{
	xen_free_ballooned_pages(nr_pages, pages);
}
EXPORT_SYMBOL(free_xenballooned_pages);
