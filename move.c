// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Inflate and deflate: memory on its way between the page allocator and Xen,
 * one batch of extents at a time.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/page-flags.h>

#include <asm/tlbflush.h>

#include <xen/mem-reservation.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "balloon_internal.h"

/* Single pages that Xen may refuse in a batch before the batch is given up. */
#define MAX_REFUSED	16

/* Single pages that are asked of the allocator at a time. */
#define BULK		64U

/* Pages whose state at Xen is unknown are never used again. */
static void quarantine(struct xen_balloon *b, unsigned int nr_extents,
		       unsigned int order)
{
	unsigned long nr_pages = (unsigned long)nr_extents << order;

	if (!nr_pages)
		return;

	pr_warn_once("Xen may hold pages that it did not report; %lu pages are put aside\n",
		     nr_pages);
	balloon_lock(b);
	b->nr_quarantined += nr_pages;
	b->current_pages -= nr_pages;
	balloon_unlock(b);
}

/* Between the page allocator and the batch */

static void adjust_managed(struct page **pages, unsigned int nr_extents,
			   unsigned int order, int sign)
{
	unsigned int i, run;

	/* Not one by one: each call walks all zones. */
	for (i = 0; i < nr_extents; i += run) {
		run = balloon_zone_run(pages + i, nr_extents - i);
		adjust_managed_page_count(pages[i],
					  sign * ((long)run << order));
	}
}

static unsigned int take_blocks(struct xen_balloon *b, unsigned int nr_blocks,
				gfp_t gfp)
{
	unsigned int i;

	for (i = 0; i < nr_blocks;) {
		b->pages[i] = alloc_pages(gfp, BLOCK_ORDER);
		if (!b->pages[i])
			break;
		split_page(b->pages[i++], BLOCK_ORDER);
		if (!balloon_hold(b, BLOCK_PAGES))
			break;
	}
	return i;
}

/* In bulk: one by one, the way there costs half as much as clearing a page. */
static unsigned int take_singles(struct xen_balloon *b, unsigned int nr_pages,
				 gfp_t gfp)
{
	unsigned int i, nr;

	memset(b->pages, 0, nr_pages * sizeof(*b->pages));
	for (i = 0; i < nr_pages;) {
		nr = alloc_pages_bulk(gfp, min(nr_pages - i, BULK),
				      b->pages + i);
		i += nr;
		if (!nr || !balloon_hold(b, nr))
			break;
	}
	return i;
}

static unsigned int take_from_allocator(struct xen_balloon *b,
					unsigned int nr_extents,
					unsigned int order, gfp_t gfp)
{
	nr_extents = order ? take_blocks(b, nr_extents, gfp) :
			     take_singles(b, nr_extents, gfp);
	adjust_managed(b->pages, nr_extents, order, -1);
	return nr_extents;
}

static void give_to_allocator(struct page **pages, unsigned int nr_extents,
			      unsigned int order)
{
	unsigned int i, j;

	adjust_managed(pages, nr_extents, order, 1);
	if (!order) {
		free_pages_bulk(pages, nr_extents);
		return;
	}
	for (i = 0; i < nr_extents; i++) {
		/*
		 * The allocator takes a block back with one reference, and asks
		 * what each other page of it was allocated for.
		 */
		for (j = 1; j < 1U << order; j++) {
			set_page_count(pages[i] + j, 0);
			clear_page_tag_ref(pages[i] + j);
		}
		__free_pages(pages[i], order);
	}
}

/*
 * Whoever reads any page, as /proc/kcore does, is to be done with these before
 * their memory goes. He may be waiting for memory meanwhile.
 */
static void mark_all_offline(struct page **pages, unsigned int nr_extents,
			     unsigned int order)
{
	unsigned int i;

	page_offline_begin();
	for (i = 0; i < nr_extents; i++)
		balloon_mark_offline(pages[i], order);
	page_offline_end();
}

static void hand_to_allocator(struct page **pages, unsigned int nr_extents,
			      unsigned int order)
{
	unsigned int i;

	for (i = 0; i < nr_extents; i++)
		balloon_mark_online(pages[i], order);
	give_to_allocator(pages, nr_extents, order);
}

/* Inflate: page allocator -> Xen -> store */

/* Leading extents that Xen took. */
static unsigned int release(struct xen_balloon *b, unsigned int first,
			    unsigned int nr_extents, unsigned int order)
{
	unsigned int done = xenmem_release(b->frames + first, nr_extents, order);

	balloon_count_extents(b, BALLOON_TO_XEN, order, nr_extents, done);
	return done;
}

/*
 * Leading pages that Xen took, each one of its frames. One that it refuses is
 * untouched, and goes to the end while the others are tried.
 */
static unsigned int release_frames(struct xen_balloon *b, unsigned int nr)
{
	unsigned int done = 0, nr_refused = 0;

	while (done < nr && nr_refused < MAX_REFUSED) {
		done += release(b, done, nr - done, 0);
		if (done == nr)
			break;
		nr_refused++;
		nr--;
		swap(b->frames[done], b->frames[nr]);
		swap(b->pages[done], b->pages[nr]);
	}
	return done;
}

/*
 * Leading extents that Xen took, each several of its frames. It removes them
 * frame by frame, so when it stops the next extent may be half gone, and
 * @nr_unknown is 1; unless its own count of the domain shows that it is whole.
 * That costs a hypercall, and is only watched when the last batch went wrong;
 * nor does the count follow while populate-on-demand entries have no memory.
 */
static unsigned int release_extents(struct xen_balloon *b, unsigned int nr,
				    unsigned int order,
				    unsigned int *nr_unknown)
{
	bool trusted = b->extents_proven || READ_ONCE(b->pod_boot);
	long before = trusted ? -1 : xenmem_current_frames();
	unsigned int done = release(b, 0, nr, order);
	long gone = (long)done << extent_order(order);

	b->extents_proven = done == nr;
	if (done == nr)
		return done;

	*nr_unknown = before < 0 || before - xenmem_current_frames() != gone;
	if (order == BLOCK_ORDER)
		b->blocks_refused = true;
	return done;
}

/* On PV a block is 512 machine frames that need not be neighbours. */
static void save_frames(struct xen_balloon *b, unsigned int i,
			unsigned int order)
{
	unsigned int j, nr = xen_pv_domain() ? 1U << order : 1;

	for (j = 0; j < nr; j++)
		b->frames[i * nr + j] = xen_page_to_gfn(b->pages[i] + j);
}

static unsigned int split_blocks(struct page **pages, unsigned int nr_blocks)
{
	unsigned int i, j;

	for (i = nr_blocks; i-- > 0;)
		for (j = BLOCK_PAGES; j-- > 0;)
			pages[i * BLOCK_PAGES + j] = pages[i] + j;
	return nr_blocks * BLOCK_PAGES;
}

/* Xen has not taken these: back where they came from. */
static void undo_inflate(struct xen_balloon *b, unsigned int first,
			 unsigned int nr_extents, unsigned int order)
{
	unsigned int i, nr_mapped = nr_extents;

	if (xen_pv_domain())
		nr_mapped = xenmem_pv_map(b->pages + first, b->frames + first,
					  nr_extents, order);
	/* Those at the end, which Xen refused, are not to be the next to go. */
	for (i = nr_mapped; i-- > 0;)
		hand_to_allocator(b->pages + first + i, 1, order);
	quarantine(b, nr_extents - nr_mapped, order);
}

/* Returns the pages that Xen took. */
static unsigned long inflate_extents(struct xen_balloon *b, unsigned int order,
				     unsigned int nr, gfp_t gfp)
{
	unsigned int i, done, nr_unknown = 0;

	nr = take_from_allocator(b, nr, order, gfp);
	if (!nr)
		return 0;

	/* No cached kmap may outlive the memory behind it. */
	kmap_flush_unused();

	if (!balloon_let_go(b)) {
		give_to_allocator(b->pages, nr, order);
		return 0;
	}

	mark_all_offline(b->pages, nr, order);
	for (i = 0; i < nr; i++)
		save_frames(b, i, order);

	if (xen_pv_domain()) {
		xenmem_pv_unmap(b->pages, nr, order);
		flush_tlb_all();
		if (order)
			nr = split_blocks(b->pages, nr);
		order = 0;
	}

	if (extent_order(order))
		done = release_extents(b, nr, order, &nr_unknown);
	else
		done = release_frames(b, nr);

	quarantine(b, nr_unknown, order);
	undo_inflate(b, done + nr_unknown, nr - done - nr_unknown, order);

	balloon_lock(b);
	balloon_store_put_all(b, b->pages, done, order);
	b->current_pages -= (unsigned long)done << order;
	balloon_unlock(b);
	wake_up(&b->arrivals);

	return (unsigned long)done << order;
}

/*
 * Give up to @nr_pages to Xen: in blocks as far as the allocator has them at
 * hand, then in single pages, at most BATCH_EXTENTS of them. Returns how many
 * Xen took; those that had to be quarantined have left the guest, too.
 */
unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      gfp_t gfp)
{
	unsigned long max_blocks =
		xen_pv_domain() ? BATCH_EXTENTS / BLOCK_PAGES : BATCH_EXTENTS;
	unsigned long nr_blocks = min(nr_pages / BLOCK_PAGES, max_blocks);
	unsigned long left, done = 0, start = b->current_pages;

	lockdep_assert_held(&b->batch_lock);
	balloon_begin_batch(b);

	balloon_lock(b);
	b->gave_way = false;
	balloon_unlock(b);

	/*
	 * The allocator clears what is not clear already, so a page is never
	 * cleared twice. Before a populate-on-demand guest has shrunk to what
	 * backs it, a page must not even be touched: Xen would have to find
	 * memory for it first.
	 */
	if (READ_ONCE(xen_scrub_pages) && !READ_ONCE(b->pod_boot))
		gfp |= __GFP_ZERO;

	if (nr_blocks && !b->blocks_refused)
		done = inflate_extents(b, BLOCK_ORDER, nr_blocks,
				       gfp & ~__GFP_RECLAIM);

	left = nr_pages - (start - b->current_pages);
	if (left && !READ_ONCE(b->gave_way))
		done += inflate_extents(b, 0, min(left, BATCH_EXTENTS), gfp);

	balloon_end_batch(b, BALLOON_TO_XEN, nr_pages);
	return done;
}

/* Deflate: store -> Xen -> page allocator */

/* Xen gave memory for these, but it could not be mapped. */
static void undo_deflate(struct xen_balloon *b, unsigned int first,
			 unsigned int nr_extents, unsigned int order)
{
	unsigned int done;

	if (!nr_extents)
		return;

	/* Some were mapped for a moment. */
	flush_tlb_all();
	done = release(b, first, nr_extents, order);
	balloon_lock(b);
	balloon_store_put_all(b, b->pages + first, done, order);
	b->current_pages += (unsigned long)(nr_extents - done) << order;
	balloon_unlock(b);
	quarantine(b, nr_extents - done, order);
}

static void deflate_extents(struct xen_balloon *b, unsigned int order,
			    unsigned int nr)
{
	unsigned int i, populated, mapped;

	balloon_lock(b);
	nr = balloon_store_take_all(b, b->pages, nr, order, false);
	balloon_unlock(b);
	if (!nr)
		return;

	for (i = 0; i < nr; i++)
		b->frames[i] = page_to_xen_pfn(b->pages[i]);

	populated = xenmem_populate(b->frames, nr, order);
	balloon_count_extents(b, BALLOON_TO_GUEST, order, nr, populated);
	mapped = populated;
	if (xen_pv_domain())
		mapped = xenmem_pv_map(b->pages, b->frames, populated, order);
	undo_deflate(b, mapped, populated - mapped, order);

	hand_to_allocator(b->pages, mapped, order);

	balloon_lock(b);
	balloon_store_put_all(b, b->pages + populated, nr - populated, order);
	b->current_pages += (unsigned long)mapped << order;
	balloon_unlock(b);
	wake_up(&b->arrivals);

	if (order)
		b->blocks_refused = populated < nr;
}

/*
 * Take up to @nr_pages from Xen: blocks as long as Xen has them, then single
 * pages, at most BATCH_EXTENTS of them. Returns the pages that the guest has
 * now and had not.
 */
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages)
{
	unsigned long nr_blocks = min(nr_pages / BLOCK_PAGES, BATCH_EXTENTS);
	unsigned long left, start = b->current_pages;

	lockdep_assert_held(&b->batch_lock);
	balloon_begin_batch(b);

	if (nr_blocks && !b->blocks_refused)
		deflate_extents(b, BLOCK_ORDER, nr_blocks);

	left = nr_pages - (b->current_pages - start);
	if (left)
		deflate_extents(b, 0, min(left, BATCH_EXTENTS));

	/* Xen has nothing at all, and later it may have blocks, too. */
	if (b->current_pages == start)
		b->blocks_refused = false;

	balloon_end_batch(b, BALLOON_TO_GUEST, nr_pages);
	return b->current_pages - start;
}
