// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Inflate and deflate: memory on its way between the page allocator and Xen,
 * one batch of extents at a time.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>
#include <linux/timekeeping.h>
#include <linux/vmstat.h>

#include <asm/tlbflush.h>

#include <xen/mem-reservation.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "guest-memory.h"
#include "inflate.h"
#include "mem-reservation.h"
#include "pv-mapping.h"
#include "refusal.h"
#include "trace.h"

/* Single pages that Xen may refuse in a batch before the batch is given up. */
#define MAX_REFUSED	16

/* Counting: by batch, then added to the sums */

static void balloon_begin_batch(struct xen_balloon *b)
{
	lockdep_assert_held(&b->batch.lock);

	memset(b->batch.moves, 0, sizeof(b->batch.moves));
	b->batch.start = ktime_get();
	b->batch.cut_short = false;
	b->batch.reason = BALLOON_REASON_NONE;
}

static void balloon_count_extents(struct xen_balloon *b,
				  enum balloon_direction direction,
				  unsigned int order, unsigned int asked,
				  unsigned int done)
{
	struct balloon_moves *moves = &b->batch.moves[direction];

	moves->hypercalls++;
	moves->asked[order] += asked;
	moves->done[order] += done;
	if (done == asked)
		return;

	moves->refusals[order]++;
	trace_xen_balloon_refusal(direction, extent_order(order), asked, done);
}

static void balloon_add_moves(struct balloon_moves *sum,
			      const struct balloon_moves *m)
{
	unsigned int order;

	sum->hypercalls += m->hypercalls;
	for (order = 0; order < NR_EXTENT_ORDERS; order++) {
		sum->asked[order] += m->asked[order];
		sum->done[order] += m->done[order];
		sum->refusals[order] += m->refusals[order];
	}
	sum->us += m->us;
	sum->longest_us = max(sum->longest_us, m->us);
}

/* These events exist where another balloon driver counts them, too. */
#ifdef CONFIG_BALLOON
static void balloon_count_vm_events(unsigned long inflated,
				    unsigned long deflated)
{
	count_vm_events(BALLOON_INFLATE, inflated);
	count_vm_events(BALLOON_DEFLATE, deflated);
}
#else
static void balloon_count_vm_events(unsigned long inflated,
				    unsigned long deflated)
{
}
#endif

/* @nr_pages: pages that the batch should have moved in @direction. */
static void balloon_end_batch(struct xen_balloon *b,
			      enum balloon_direction direction,
			      unsigned long nr_pages)
{
	struct balloon_moves *moves = b->batch.moves;
	unsigned int i;

	moves[direction].us = ktime_us_delta(ktime_get(), b->batch.start);

	balloon_lock(b);
	for (i = 0; i < BALLOON_NR_DIRS; i++)
		balloon_add_moves(&b->mem.moves[i], &moves[i]);
	balloon_unlock(b);

	balloon_count_vm_events(balloon_moved_pages(&moves[BALLOON_DIR_INFLATE]),
				balloon_moved_pages(&moves[BALLOON_DIR_DEFLATE]));

	for (i = 0; i < BALLOON_NR_DIRS; i++)
		if (i == direction || moves[i].hypercalls)
			trace_xen_balloon_batch(i, nr_pages,
						balloon_moved_pages(&moves[i]),
						&moves[i],
						b->mem.current_pages);
}

/* Pages whose state at Xen is unknown are never used again. */
static void balloon_quarantine(struct xen_balloon *b, unsigned int nr_extents,
			       unsigned int order)
{
	unsigned long nr_pages = (unsigned long)nr_extents << order;

	if (!nr_pages)
		return;

	pr_warn_once("Xen may hold pages that it did not report; %lu pages are put aside\n",
		     nr_pages);
	/* Xen may go on counting them. */
	b->batch.excess_known = false;
	balloon_lock(b);
	b->mem.nr_quarantined += nr_pages;
	b->mem.current_pages -= nr_pages;
	balloon_unlock(b);
}

/* What the OOM notifier can have back */

static void balloon_free_extents(struct page **pages, unsigned int nr_extents,
				 unsigned int order);

/*
 * Count extents that the batch has allocated but not yet given to Xen. Returns
 * false when the batch must take no more: the guest needs the pages, and these are
 * freed as well; or a batch of the worker has had its time, as reclaim is slow, or
 * its target.
 */
static bool balloon_hold(struct xen_balloon *b, struct page **pages,
			 unsigned int nr_extents, unsigned int order)
{
	struct balloon_batch *batch = &b->batch;
	bool cancelled, cut_short = false;

	if (batch->bounded)
		cut_short = ktime_us_delta(ktime_get(), batch->start) > BATCH_US;

	balloon_lock(b);
	cancelled = b->mem.oom_cancelled;
	if (!cancelled) {
		b->mem.nr_held += nr_extents;
		b->mem.held_order = order;
	}
	if (batch->bounded && b->mem.target_seq != batch->target_seq)
		cut_short = true;
	balloon_unlock(b);

	if (cancelled)
		balloon_free_extents(pages, nr_extents, order);
	batch->cut_short |= cut_short;
	return !cancelled && !batch->cut_short;
}

/*
 * The last moment to cancel: from here on the extents are no longer held. Returns
 * their number, 0 if the OOM notifier has freed them.
 */
static unsigned int balloon_commit_held(struct xen_balloon *b)
{
	unsigned int nr_extents;

	balloon_lock(b);
	nr_extents = b->mem.nr_held;
	b->mem.nr_held = 0;
	balloon_unlock(b);
	return nr_extents;
}

/**
 * balloon_cancel_inflate() - the guest has run out of memory: stop inflating
 * @b: balloon
 *
 * Pages that a batch holds and has not yet given to Xen are freed here, as the
 * task that moves them may sleep in reclaim, and so is the reserve. Inflation
 * rests for a while: see balloon_pressure().
 *
 * Context: Process; takes balloon_memory.lock. A batch may be under way.
 * Return: pages freed.
 */
unsigned long balloon_cancel_inflate(struct xen_balloon *b)
{
	unsigned long nr_pages;

	balloon_lock(b);
	nr_pages = (unsigned long)b->mem.nr_held << b->mem.held_order;
	balloon_free_extents(b->batch.pages, b->mem.nr_held,
			     b->mem.held_order);
	b->mem.nr_held = 0;
	WRITE_ONCE(b->mem.oom_cancelled, true);
	b->mem.oom_s = ktime_get_seconds();
	balloon_unlock(b);
	return nr_pages + balloon_drop_reserve(b);
}

/* Between the page allocator and the batch */

/* By runs, not one by one: each call walks all zones. */
static void balloon_adjust_managed(struct page **pages, unsigned int nr_extents,
				   unsigned int order, int sign)
{
	unsigned int i, run;

	for (i = 0; i < nr_extents; i += run) {
		run = balloon_zone_run(pages + i, nr_extents - i);
		adjust_managed_page_count(pages[i],
					  sign * ((long)run << order));
	}
}

static void balloon_alloc_larger(struct xen_balloon *b, unsigned int nr,
				 unsigned int order, gfp_t gfp)
{
	struct page **pages = b->batch.pages;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pages[i] = alloc_pages(gfp, order);
		if (!pages[i])
			break;
		split_page(pages[i], order);
		if (!balloon_hold(b, pages + i, 1, order))
			break;
	}
}

/* In bulk: one by one, a call costs half as much as clearing a page. */
static void balloon_alloc_singles(struct xen_balloon *b, unsigned int nr_pages,
				  gfp_t gfp)
{
	struct page **pages = b->batch.pages;
	unsigned int i, nr;

	memset(pages, 0, nr_pages * sizeof(*pages));
	for (i = 0; i < nr_pages; i += nr) {
		nr = alloc_pages_bulk(gfp, min(nr_pages - i, BULK), pages + i);
		if (!nr || !balloon_hold(b, pages + i, nr, 0))
			break;
	}
}

/* Returns the extents allocated, which the OOM notifier cannot have back. */
static unsigned int balloon_alloc_extents(struct xen_balloon *b,
					  unsigned int nr_extents,
					  unsigned int order, gfp_t gfp)
{
	if (order)
		balloon_alloc_larger(b, nr_extents, order,
				     gfp & ~__GFP_RECLAIM);
	else
		balloon_alloc_singles(b, nr_extents, gfp);

	nr_extents = balloon_commit_held(b);
	balloon_adjust_managed(b->batch.pages, nr_extents, order, -1);
	return nr_extents;
}

/*
 * A look-up of any page (a speculative reference) may hold one of these for a
 * moment. When none does, the extent is freed whole, which is cheaper.
 * Allocation profiling counts pages one by one since they were split.
 */
static void balloon_free_larger(struct page *page, unsigned int order)
{
	unsigned long i, nr_frozen = 1;

	if (!mem_alloc_profiling_enabled())
		while (nr_frozen < BIT(order) &&
		       page_ref_freeze(page + nr_frozen, 1))
			nr_frozen++;
	if (nr_frozen == BIT(order)) {
		__free_pages(page, order);
		return;
	}

	for (i = 1; i < nr_frozen; i++)
		page_ref_unfreeze(page + i, 1);
	for (i = 0; i < BIT(order); i++)
		__free_page(page + i);
}

static void balloon_free_extents(struct page **pages, unsigned int nr_extents,
				 unsigned int order)
{
	unsigned int i;

	if (!order) {
		free_pages_bulk(pages, nr_extents);
		return;
	}
	for (i = 0; i < nr_extents; i++)
		balloon_free_larger(pages[i], order);
}

static void balloon_return_extents(struct page **pages,
				   unsigned int nr_extents, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < nr_extents; i++)
		balloon_mark_online(pages[i], order);
	balloon_adjust_managed(pages, nr_extents, order, 1);
	balloon_free_extents(pages, nr_extents, order);
}

/*
 * A reader of all pages, such as /proc/kcore, must have finished with these
 * before their memory goes. Returns false when one does not finish; then they are
 * the guest's again.
 */
static bool balloon_mark_extents_offline(struct xen_balloon *b,
					 unsigned int nr_extents,
					 unsigned int order)
{
	struct page **pages = b->batch.pages;
	unsigned int i;

	for (i = 0; i < nr_extents; i++)
		balloon_mark_offline(pages[i], order);
	if (balloon_wait_for_readers(b))
		return true;

	pr_warn_ratelimited("a reader of all memory, such as /proc/kcore, does not go on; no memory can leave\n");
	balloon_return_extents(pages, nr_extents, order);
	b->batch.cut_short = true;
	return false;
}

/* Inflate: page allocator -> Xen -> page list */

/* Returns the leading extents that Xen took. */
static unsigned int balloon_release(struct xen_balloon *b, unsigned int first,
				    unsigned int nr_extents, unsigned int order)
{
	unsigned int done = xenmem_release(b->batch.frames + first, nr_extents,
					   order);

	balloon_count_extents(b, BALLOON_DIR_INFLATE, order, nr_extents, done);
	/* Xen may need less to map the domain now. */
	if (done)
		b->batch.pool_empty = false;
	return done;
}

/*
 * Returns the leading pages that Xen took, each a single frame. A page that Xen
 * refuses is untouched, and goes to the end while the others are tried.
 */
static unsigned int balloon_release_frames(struct xen_balloon *b,
					   unsigned int nr)
{
	unsigned int done = 0, nr_refused = 0;

	while (done < nr && nr_refused < MAX_REFUSED) {
		done += balloon_release(b, done, nr - done, 0);
		if (done == nr)
			break;
		nr_refused++;
		nr--;
		swap(b->batch.frames[done], b->batch.frames[nr]);
		swap(b->batch.pages[done], b->batch.pages[nr]);
	}
	return done;
}

/*
 * Returns the leading extents that Xen took, each several frames. Xen removes
 * them frame by frame, so where it stops the next extent may be half gone: @gone
 * is the number of its leading frames that are, or negative. Xen's own count of
 * the domain tells. It costs a hypercall, so it is only read when the last batch
 * went wrong, or when Xen has lost frames of the domain.
 */
static unsigned int balloon_release_extents(struct xen_balloon *b,
					    unsigned int nr, unsigned int order,
					    long *gone)
{
	bool trusted = b->batch.extents_proven && !b->mem.nr_lost;
	long after, before = trusted ? -1 : balloon_count_frames(b);
	unsigned int done = balloon_release(b, 0, nr, order);

	b->batch.extents_proven = done == nr;
	if (done == nr)
		return done;

	after = before < 0 ? -1 : balloon_count_frames(b);
	*gone = before - after - ((long)done << extent_order(order));
	if (after < 0 || *gone < 0 || *gone >> extent_order(order))
		*gone = -1;
	if (order)
		b->batch.max_order = balloon_next_order(order);
	return done;
}

/*
 * Returns the trailing pages of an extent that Xen took one by one. It stops at
 * the first that is not there, so the pages before that were gone already; or at
 * one that it refuses.
 */
static unsigned int balloon_release_backwards(struct xen_balloon *b,
					      struct page *page,
					      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		b->batch.frames[i] = page_to_xen_pfn(page + nr - 1 - i);
	return balloon_release(b, 0, nr, 0);
}

/*
 * Xen stopped within this extent, of which @gone leading frames are gone. These
 * enter the page list, the others go back to the guest. Where it is not known,
 * what Xen does not take now, page by page, is quarantined.
 */
static unsigned long balloon_split_extent(struct xen_balloon *b,
					  struct page *page, unsigned int order,
					  long gone)
{
	struct balloon_moves *moves = &b->batch.moves[BALLOON_DIR_INFLATE];
	unsigned int i, from = 0, to = 0, nr = 1U << order;
	bool known = gone >= 0 && gone % XEN_PFN_PER_PAGE == 0;

	if (known) {
		to = gone / XEN_PFN_PER_PAGE;
		moves->asked[0] += to;
		moves->done[0] += to;
	} else {
		to = nr;
		from = nr;
		if (order && !extent_order(0))
			from -= balloon_release_backwards(b, page, nr);
		balloon_quarantine(b, from, 0);
	}

	balloon_lock(b);
	for (i = from; i < to; i++)
		balloon_list_put(b, page + i, 0);
	b->mem.current_pages -= to - from;
	balloon_unlock(b);

	for (i = to; i < nr; i++) {
		struct page *single = page + i;

		balloon_return_extents(&single, 1, 0);
	}
	return to - from;
}

/* On PV an extent is machine frames that need not be neighbours. */
static void balloon_save_frames(struct xen_balloon *b, unsigned int i,
				unsigned int order)
{
	unsigned int j, nr = xen_pv_domain() ? 1U << order : 1;

	for (j = 0; j < nr; j++)
		b->batch.frames[i * nr + j] =
			xen_page_to_gfn(b->batch.pages[i] + j);
}

/* Backwards, as the extents and their pages share the array. */
static unsigned int balloon_split_extents(struct page **pages, unsigned int nr,
					  unsigned int order)
{
	unsigned int i, j, nr_pages = 1U << order;

	for (i = nr; i-- > 0;)
		for (j = nr_pages; j-- > 0;)
			pages[i * nr_pages + j] = pages[i] + j;
	return nr * nr_pages;
}

/* Return extents that Xen has not taken to the page allocator. */
static void balloon_undo_inflate(struct xen_balloon *b, unsigned int first,
				 unsigned int nr_extents, unsigned int order)
{
	struct page **pages = b->batch.pages + first;
	unsigned int i, nr_mapped = nr_extents;

	if (xen_pv_domain())
		nr_mapped = xenmem_pv_map(pages, b->batch.frames + first,
					  nr_extents, order);
	/*
	 * Backwards: the pages that Xen refused are last, and the allocator
	 * hands out first what was freed last.
	 */
	for (i = nr_mapped; i-- > 0;)
		balloon_return_extents(pages + i, 1, order);
	balloon_quarantine(b, nr_extents - nr_mapped, order);
}

/* Extents of @whole left as ones of @order; when all are gone they enter whole. */
static void balloon_put_released(struct xen_balloon *b, unsigned int done,
				 unsigned int order, unsigned int whole,
				 bool all)
{
	struct page **pages = b->batch.pages;
	unsigned int i, shift = all ? whole - order : 0;

	for (i = 0; shift && i < done >> shift; i++)
		pages[i] = pages[i << shift];

	balloon_lock(b);
	balloon_list_put_extents(b, pages, done >> shift, order + shift);
	b->mem.current_pages -= (unsigned long)done << order;
	balloon_unlock(b);
	wake_up(&b->arrivals);
}

/* Returns the pages that Xen took of the batch's extents. */
static unsigned long balloon_release_batch(struct xen_balloon *b,
					   unsigned int nr, unsigned int whole)
{
	struct page **pages = b->batch.pages;
	unsigned int i, done, order = whole;
	unsigned long more = 0;
	long gone = 0;

	for (i = 0; i < nr; i++)
		balloon_save_frames(b, i, order);

	if (xen_pv_domain()) {
		xenmem_pv_unmap(pages, nr, order);
		flush_tlb_all();
		if (order)
			nr = balloon_split_extents(pages, nr, order);
		order = 0;
	}

	if (extent_order(order))
		done = balloon_release_extents(b, nr, order, &gone);
	else
		done = balloon_release_frames(b, nr);

	b->batch.reason = done < nr ? BALLOON_REASON_XEN_REFUSES :
				      BALLOON_REASON_NONE;
	i = done;
	if (extent_order(order) && done < nr)
		more = balloon_split_extent(b, pages[i++], order, gone);
	balloon_undo_inflate(b, i, nr - i, order);
	balloon_put_released(b, done, order, whole, done == nr);

	return more + ((unsigned long)done << order);
}

/*
 * Memory that was reclaimed comes page by page, but much of it is neighbours: page
 * cache of files that were read from end to end. Returns the pages that Xen took.
 */
static unsigned long balloon_release_joined(struct xen_balloon *b,
					    unsigned int nr)
{
	struct page **pages = b->batch.pages;
	unsigned long done = 0;
	int order;

	/* The page list changes the marks of their buddies, hence the lock. */
	balloon_lock(b);
	/* Backwards, so that those that stay single keep their order. */
	while (nr-- > 0)
		balloon_extents_put(&b->batch.joined, pages[nr], 0);
	balloon_unlock(b);

	for (order = b->batch.max_order; order >= 0;
	     order = min(order - 1, (int)b->batch.max_order)) {
		balloon_lock(b);
		for (nr = 0; nr < BATCH_EXTENTS; nr++) {
			pages[nr] = balloon_extents_take(&b->batch.joined,
							 order, false);
			if (!pages[nr])
				break;
		}
		balloon_unlock(b);
		if (nr)
			done += balloon_release_batch(b, nr, order);
	}
	return done;
}

/* Returns the pages that Xen took. */
static unsigned long balloon_inflate_extents(struct xen_balloon *b,
					     unsigned int order,
					     unsigned int nr, gfp_t gfp)
{
	nr = balloon_alloc_extents(b, nr, order, gfp);
	if (READ_ONCE(b->mem.oom_cancelled))
		b->batch.reason = BALLOON_REASON_GUEST_PRESSURE;
	if (!nr)
		return 0;

	/* No cached kmap may outlive the memory behind it. */
	kmap_flush_unused();

	if (!balloon_mark_extents_offline(b, nr, order))
		return 0;

	/* On PV each page leaves as an extent of its own. */
	if (order || xen_pv_domain())
		return balloon_release_batch(b, nr, order);
	return balloon_release_joined(b, nr);
}

/**
 * balloon_inflate() - release memory of the guest to Xen
 * @b: balloon
 * @nr_pages: upper bound, pages
 * @reserve: pages that stay with the guest: see balloon_fill_reserve()
 * @gfp: how hard to try for single pages
 *
 * The largest extents go first, as far as the allocator has them at hand, then
 * single pages; at most %BATCH_EXTENTS of each order. With %__GFP_NORETRY the batch
 * ends early when it has taken %BATCH_US, or when there is a new target:
 * balloon_batch.cut_short.
 *
 * Nothing is released any more once another kernel is about to take over.
 *
 * Context: Process; balloon_batch.lock is held, takes balloon_memory.lock.
 * Return: pages that Xen took; quarantined pages have left the guest, too.
 */
unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      unsigned long reserve, gfp_t gfp)
{
	unsigned long nr, left, done = 0, start = b->mem.current_pages;
	int order;

	/* The next kernel needs it all. */
	if (b->batch.leaving)
		return 0;

	/* There each page is an extent of its own. */
	if (xen_pv_domain())
		nr_pages = min(nr_pages, BATCH_EXTENTS);

	balloon_begin_batch(b);
	/* A caller of xen_alloc_ballooned_pages() waits for all of its pages. */
	b->batch.bounded = gfp & __GFP_NORETRY;

	balloon_lock(b);
	WRITE_ONCE(b->mem.oom_cancelled, false);
	balloon_unlock(b);

	/*
	 * The allocator clears only pages that are not clear already, so a page
	 * is never cleared twice. Before a populate-on-demand guest has shrunk
	 * to the memory that backs it, a page must not even be touched: Xen
	 * would have to find memory for it first.
	 */
	if (READ_ONCE(xen_scrub_pages) && !READ_ONCE(b->mem.pod_boot))
		gfp |= __GFP_ZERO;

	if (!balloon_fill_reserve(b, reserve, nr_pages))
		goto out;

	left = nr_pages;
	for (order = b->batch.max_order; left && order >= 0;
	     order = min(order - 1, (int)b->batch.max_order)) {
		nr = min(left >> order, BATCH_EXTENTS);
		if (nr)
			done += balloon_inflate_extents(b, order, nr, gfp);
		if (b->batch.cut_short || READ_ONCE(b->mem.oom_cancelled))
			break;
		left = nr_pages - (start - b->mem.current_pages);
	}

out:
	balloon_end_batch(b, BALLOON_DIR_INFLATE, nr_pages);
	return done;
}

/* Deflate: page list -> Xen -> page allocator */

/* Xen populated these, but they could not be mapped. */
static void balloon_undo_deflate(struct xen_balloon *b, unsigned int first,
				 unsigned int nr_extents, unsigned int order)
{
	unsigned int done;

	if (!nr_extents)
		return;

	/* Some were mapped for a moment. */
	flush_tlb_all();
	done = balloon_release(b, first, nr_extents, order);
	balloon_lock(b);
	balloon_list_put_extents(b, b->batch.pages + first, done, order);
	b->mem.current_pages += (unsigned long)(nr_extents - done) << order;
	balloon_unlock(b);
	balloon_quarantine(b, nr_extents - done, order);
}

/*
 * Returns the leading extents that Xen populated. After a refusal it is asked for
 * its count before the next call, too.
 */
static unsigned int balloon_populate(struct xen_balloon *b, unsigned int nr,
				     unsigned int order)
{
	long before = b->batch.populate_proven ? -1 : balloon_count_frames(b);
	unsigned int done = xenmem_populate(b->batch.frames, nr, order);

	balloon_count_extents(b, BALLOON_DIR_DEFLATE, order, nr, done);
	b->batch.populate_proven = done == nr;
	if (done < nr)
		balloon_judge_refusal(b, before, done, order);
	return done;
}

/* Returns the pages that the guest gained. */
static unsigned long balloon_deflate_extents(struct xen_balloon *b,
					     unsigned int order,
					     unsigned int nr)
{
	struct page **pages = b->batch.pages;
	xen_pfn_t *frames = b->batch.frames;
	unsigned int i, populated, mapped;

	balloon_lock(b);
	nr = balloon_list_take_extents(b, pages, nr, order, false);
	balloon_unlock(b);
	if (!nr)
		return 0;

	for (i = 0; i < nr; i++)
		frames[i] = page_to_xen_pfn(pages[i]);

	populated = balloon_populate(b, nr, order);
	mapped = populated;
	if (xen_pv_domain())
		mapped = xenmem_pv_map(pages, frames, populated, order);
	balloon_undo_deflate(b, mapped, populated - mapped, order);

	balloon_return_extents(pages, mapped, order);

	balloon_lock(b);
	balloon_list_put_extents(b, pages + populated, nr - populated, order);
	b->mem.current_pages += (unsigned long)mapped << order;
	balloon_unlock(b);
	wake_up(&b->arrivals);

	if (order && populated < nr)
		b->batch.max_order = balloon_next_order(order);
	return (unsigned long)mapped << order;
}

/**
 * balloon_deflate() - populate ballooned pages and give them to the guest
 * @b: balloon
 * @nr_pages: upper bound, pages
 *
 * The largest extents first, at most %BATCH_EXTENTS of each order. Where Xen does
 * not have them, smaller ones: these take longer a page, so the rest of the batch
 * is a superpage of them.
 * A shim takes extents of an order that was not released from its own memory, and
 * a PV guest releases single pages.
 *
 * Context: Process; balloon_batch.lock is held, takes balloon_memory.lock.
 * Return: pages that the guest gained.
 */
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages)
{
	unsigned long left = nr_pages, done = 0;
	unsigned int nr;
	int order;

	balloon_begin_batch(b);
	b->batch.tight = false;

	for (order = b->config.in_shim ? 0 : b->batch.max_order; left && order >= 0;
	     order = min(order - 1, (int)b->batch.max_order)) {
		nr = min(left >> order, BATCH_EXTENTS);
		if (nr)
			done += balloon_deflate_extents(b, order, nr);
		left = nr_pages - done;
		if (b->batch.pool_empty)
			break;
		if (order > (int)b->batch.max_order)
			left = min(left, SUPERPAGE_PAGES);
	}

	/* Xen has nothing at all now; later it may have superpages, too. */
	if (!done)
		b->batch.max_order = SUPERPAGE_ORDER;

	balloon_end_batch(b, BALLOON_DIR_DEFLATE, nr_pages);
	return done;
}
