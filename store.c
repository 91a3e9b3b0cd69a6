// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The store: pages without memory behind them, as blocks of 2 MiB and as single
 * pages. All of them are PageOffline and have a reference count of one.
 */

#include <linux/list.h>
#include <linux/mm.h>

#include "balloon_internal.h"

void balloon_mark_offline(struct page *page, unsigned int order)
{
	struct page *end = page + (1U << order);

	for (; page < end; page++)
		__SetPageOffline(page);
}

void balloon_mark_online(struct page *page, unsigned int order)
{
	struct page *end = page + (1U << order);

	for (; page < end; page++)
		__ClearPageOffline(page);
}

/* How many of them, from the first on, are in its zone. */
unsigned int balloon_zone_run(struct page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 1; i < nr; i++)
		if (page_zone(pages[i]) != page_zone(pages[0]))
			break;
	return i;
}

/* Pages that the allocator never had: they may be reserved, and are nobody's. */
void balloon_adopt(struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		ClearPageReserved(page + i);
		clear_page_tag_ref(page + i);
	}
	balloon_mark_offline(page, order);
}

static void store_count(struct xen_balloon *b, struct page *page, long change)
{
	unsigned long *nr = PageHighMem(page) ? &b->nr_high : &b->nr_low;

	WRITE_ONCE(*nr, *nr + change);
	mod_node_page_state(page_pgdat(page), NR_BALLOON_PAGES, change);
}

/* Not one by one: each call is an atomic operation. */
static void store_count_all(struct xen_balloon *b, struct page **pages,
			    unsigned int nr_extents, unsigned int order,
			    int sign)
{
	unsigned int i, run;

	for (i = 0; i < nr_extents; i += run) {
		run = balloon_zone_run(pages + i, nr_extents - i);
		store_count(b, pages[i], sign * ((long)run << order));
	}
}

/* Lowmem is wanted first: by the guest, and by who borrows pages. */
static void store_add(struct page *page, struct list_head *list)
{
	if (PageHighMem(page))
		list_add_tail(&page->lru, list);
	else
		list_add(&page->lru, list);
}

/* Single pages of the store, and no others, hold this in page_private(). */
#define IN_STORE	((unsigned long)&xen_balloon.singles)

static void store_add_single(struct xen_balloon *b, struct page *page)
{
	set_page_private(page, IN_STORE);
	store_add(page, &b->singles);
}

static void store_remove_single(struct page *page)
{
	set_page_private(page, 0);
	list_del(&page->lru);
}

static bool in_store(struct page *page)
{
	return page_private(page) == IN_STORE;
}

/*
 * When the last page of a block has come in, the block is whole again. While
 * one is missing, this most often ends at the first look.
 */
static void store_join(struct xen_balloon *b, struct page *page)
{
	struct page *block = pfn_to_page(round_down(page_to_pfn(page),
						    BLOCK_PAGES));
	unsigned long i;

	if (!in_store(block + BLOCK_PAGES - 1) ||
	    page_zone(block) != page_zone(block + BLOCK_PAGES - 1))
		return;
	for (i = 0; i < BLOCK_PAGES; i++)
		if (!in_store(block + i))
			return;

	for (i = 0; i < BLOCK_PAGES; i++)
		store_remove_single(block + i);
	store_add(block, &b->blocks);
	b->nr_joins++;
}

static void store_add_extent(struct xen_balloon *b, struct page *page,
			     unsigned int order)
{
	if (order) {
		store_add(page, &b->blocks);
	} else {
		store_add_single(b, page);
		store_join(b, page);
	}
}

/* All pages of an extent are PageOffline with a reference count of one. */
void balloon_store_put(struct xen_balloon *b, struct page *page,
		       unsigned int order)
{
	balloon_store_put_all(b, &page, 1, order);
}

static bool fills_block(struct page **pages)
{
	unsigned long i, pfn = page_to_pfn(pages[0]);

	if (!IS_ALIGNED(pfn, BLOCK_PAGES) ||
	    page_zone(pages[0]) != page_zone(pages[BLOCK_PAGES - 1]))
		return false;

	for (i = 1; i < BLOCK_PAGES; i++)
		if (page_to_pfn(pages[i]) != pfn + i)
			return false;
	return true;
}

/*
 * As balloon_store_put() of each; single pages that fill a block go in as a
 * block. Backwards: they are taken in the order that they have here.
 */
void balloon_store_put_all(struct xen_balloon *b, struct page **pages,
			   unsigned int nr_extents, unsigned int order)
{
	unsigned int i = nr_extents;

	lockdep_assert_held(&b->lock);

	store_count_all(b, pages, nr_extents, order, 1);
	while (i) {
		if (!order && i >= BLOCK_PAGES &&
		    fills_block(pages + i - BLOCK_PAGES)) {
			i -= BLOCK_PAGES;
			store_add_extent(b, pages[i], BLOCK_ORDER);
		} else {
			store_add_extent(b, pages[--i], order);
		}
	}
}

/* Backwards: what is taken next is then in ascending order, and may join. */
static void store_split_block(struct xen_balloon *b, struct page *block)
{
	unsigned int i;

	list_del(&block->lru);
	for (i = BLOCK_PAGES; i-- > 0;)
		store_add_single(b, block + i);
	b->nr_splits++;
}

static struct page *store_first(struct list_head *list, bool lowmem)
{
	struct page *page = list_first_entry_or_null(list, struct page, lru);

	return page && lowmem && PageHighMem(page) ? NULL : page;
}

/* NULL if there is no such extent; a single page may come from a block. */
static struct page *store_take(struct xen_balloon *b, unsigned int order,
			       bool lowmem)
{
	struct list_head *list = order ? &b->blocks : &b->singles;
	struct page *page = store_first(list, lowmem);

	if (!page && !order) {
		struct page *block = store_first(&b->blocks, lowmem);

		if (block) {
			store_split_block(b, block);
			page = store_first(list, lowmem);
		}
	}
	if (!page)
		return NULL;

	if (order)
		list_del(&page->lru);
	else
		store_remove_single(page);
	return page;
}

unsigned int balloon_store_take_all(struct xen_balloon *b, struct page **pages,
				    unsigned int nr_extents, unsigned int order,
				    bool lowmem)
{
	unsigned int i;

	lockdep_assert_held(&b->lock);

	for (i = 0; i < nr_extents; i++) {
		pages[i] = store_take(b, order, lowmem);
		if (!pages[i])
			break;
	}
	store_count_all(b, pages, i, order, -1);
	return i;
}
