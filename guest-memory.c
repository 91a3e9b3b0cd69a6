// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guest's own memory: how much it can spare, whether it misses what it
 * gave, the reserve that inflation keeps for it, and its watermarks.
 */

#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/swap.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/vmstat.h>

#include "guest-memory.h"

/* Free memory of @zone that %GFP_BALLOON can have, above the watermarks. */
static unsigned long balloon_zone_free(struct zone *zone)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES);
	unsigned long kept = high_wmark_pages(zone) +
			     zone->lowmem_reserve[gfp_zone(GFP_BALLOON)] +
			     zone_page_state(zone, NR_FREE_CMA_PAGES);

	return free - min(free, kept);
}

/* The part of MemAvailable that is in @zone. */
static long balloon_zone_available(struct zone *zone)
{
	long pages = zone_page_state(zone, NR_FREE_PAGES) +
		     zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
		     zone_page_state(zone, NR_ZONE_ACTIVE_FILE) -
		     high_wmark_pages(zone);

	return max(pages, 0L);
}

/**
 * balloon_available_pages() - pages that the guest can spare without swap
 *
 * MemAvailable of /proc/meminfo without ZONE_MOVABLE. Inflation takes pages
 * from the zones below it only, and free movable memory does not help these.
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long balloon_available_pages(void)
{
	long available = si_mem_available();
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_idx(zone) == ZONE_MOVABLE)
			available -= balloon_zone_available(zone);
	return max(available, 0L);
}

/**
 * balloon_swappable_pages() - pages that the guest can spare by swapping
 *
 * Half of all swap may fill up for the balloon; the other half stays for the
 * guest's own peaks.
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long balloon_swappable_pages(void)
{
	long room = get_nr_swap_pages() - total_swap_pages / 2;
	unsigned long anon = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_idx(zone) != ZONE_MOVABLE)
			anon += zone_page_state(zone, NR_ZONE_INACTIVE_ANON) +
				zone_page_state(zone, NR_ZONE_ACTIVE_ANON);
	return min_t(long, anon, max(room, 0L));
}

/**
 * balloon_free_pages() - pages that the guest can spare without reclaim
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long balloon_free_pages(void)
{
	unsigned long nr_pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_idx(zone) != ZONE_MOVABLE)
			nr_pages += balloon_zone_free(zone);
	return nr_pages;
}

/* Over less time a rate is noise, and over more it is out of date. */
#define SHORTEST_SAMPLE_US	(USEC_PER_SEC / 4)
#define LONGEST_SAMPLE_US	(10 * USEC_PER_SEC)

/**
 * balloon_refault_rate() - how fast the guest reads reclaimed pages again
 * @b: balloon
 *
 * Context: Process; balloon_batch.lock is held.
 * Return: pages a second, 0 when the last look was too long ago.
 */
unsigned long balloon_refault_rate(struct xen_balloon *b)
{
	unsigned long count = global_node_page_state(WORKINGSET_REFAULT_ANON) +
			      global_node_page_state(WORKINGSET_REFAULT_FILE);
	ktime_t now = ktime_get();
	s64 us = ktime_us_delta(now, b->batch.refaults_at);

	lockdep_assert_held(&b->batch.lock);

	if (us >= SHORTEST_SAMPLE_US) {
		u64 pages = count - b->batch.refaults;

		if (us > LONGEST_SAMPLE_US)
			pages = 0;
		b->batch.refault_rate = div64_u64(pages * USEC_PER_SEC, us);
		b->batch.refaults = count;
		b->batch.refaults_at = now;
	}
	return b->batch.refault_rate;
}

/* Returns false when the guest has run out of memory: the pages go back. */
static bool balloon_put_reserve(struct xen_balloon *b, unsigned int nr)
{
	struct page **pages = b->batch.pages;
	bool cancelled;
	unsigned int i;

	balloon_lock(b);
	cancelled = b->mem.oom_cancelled;
	for (i = 0; !cancelled && i < nr; i++)
		list_add(&pages[i]->lru, &b->mem.reserve);
	WRITE_ONCE(b->mem.nr_reserve, b->mem.nr_reserve + i);
	balloon_unlock(b);

	if (cancelled)
		free_pages_bulk(pages, nr);
	return !cancelled;
}

/**
 * balloon_fill_reserve() - hold pages back that inflation leaves to the guest
 * @b: balloon
 * @reserve: pages
 * @nr_pages: pages that the batch takes next
 *
 * The kernel's count of available memory includes memory that reclaim cannot
 * bring: guarded by memory.min, locked, dirty while its disk stands still. So
 * when free memory does not cover a batch, allocate the reserve first, and keep
 * it until inflation pauses. Then it is free memory.
 *
 * Context: Process; balloon_batch.lock is held, takes balloon_memory.lock.
 * Return: whether the batch may begin. If not, balloon_batch.filling tells a
 * lack of time from a lack of memory.
 */
bool balloon_fill_reserve(struct xen_balloon *b, unsigned long reserve,
			  unsigned long nr_pages)
{
	struct balloon_batch *batch = &b->batch;
	unsigned long had = READ_ONCE(b->mem.nr_reserve);
	unsigned int nr;

	lockdep_assert_held(&batch->lock);

	batch->tight = balloon_free_pages() + had < reserve + nr_pages;
	if (!batch->tight)
		return true;

	while (had < reserve) {
		nr = min(reserve - had, BULK);
		memset(batch->pages, 0, nr * sizeof(*batch->pages));
		nr = alloc_pages_bulk(GFP_BALLOON, nr, batch->pages);
		if (!nr || !balloon_put_reserve(b, nr))
			return false;

		/* Each batch adds some, so that the reserve fills in the end. */
		had += nr;
		batch->filling = had < reserve &&
				 ktime_us_delta(ktime_get(), batch->start) > BATCH_US;
		if (batch->filling)
			return false;
	}
	return true;
}

/**
 * balloon_drop_reserve() - give the reserve to the guest
 * @b: balloon
 *
 * Context: Process; takes balloon_memory.lock.
 * Return: pages that are free now.
 */
unsigned long balloon_drop_reserve(struct xen_balloon *b)
{
	unsigned long nr_pages = 0;
	struct page *page;
	unsigned int nr;

	do {
		balloon_lock(b);
		nr = min(b->mem.nr_reserve, BULK);
		WRITE_ONCE(b->mem.nr_reserve, b->mem.nr_reserve - nr);
		nr_pages += nr;
		while (nr--) {
			page = list_first_entry(&b->mem.reserve, struct page,
						lru);
			list_del(&page->lru);
			__free_page(page);
		}
		balloon_unlock(b);
		cond_resched();
	} while (READ_ONCE(b->mem.nr_reserve));
	return nr_pages;
}

/**
 * balloon_update_watermarks() - let the zones' watermarks follow their size
 * @b: balloon
 * @moving: more batches follow at once
 *
 * The page allocator computes watermarks and the limits of per-CPU lists from
 * the managed pages of a zone, when memory comes online. A zone that comes
 * online without memory has none at all. So compute them at the end of a move,
 * and on the way each time that the size has changed by a sixteenth.
 *
 * Context: Process; balloon_batch.lock is held.
 */
void balloon_update_watermarks(struct xen_balloon *b, bool moving)
{
	unsigned long was = b->batch.wmark_pages, now = b->mem.current_pages;
	unsigned long change = max(was, now) - min(was, now);

	lockdep_assert_held(&b->batch.lock);

	if (!change || (moving && change < was / 16))
		return;
	b->batch.wmark_pages = now;
	setup_per_zone_wmarks();
}
