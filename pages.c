// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The state of the balloon and its page list: pages without memory behind them,
 * in extents of a page to 2 MiB that join as those of the page allocator do. All
 * pages of the list are PageOffline and have a reference count of one.
 */

#include <linux/export.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "pages.h"

/* A reader lets go after each 4 MiB. */
#define READERS_TIMEOUT	HZ

static void balloon_readers_work(struct work_struct *work);

struct xen_balloon xen_balloon = {
	.batch = {
		.lock = __MUTEX_INITIALIZER(xen_balloon.batch.lock),
		.populate_proven = true,
		.max_order = SUPERPAGE_ORDER,
	},
	.mem = {
		.lock = __MUTEX_INITIALIZER(xen_balloon.mem.lock),
		.reserve = LIST_HEAD_INIT(xen_balloon.mem.reserve),
		.asked_pages = BALLOON_NOT_ASKED,
		.schedule = {
			.delay = 1,
			.max_delay = 32,
			.count = 1,
			.max_count = 4,
		},
	},
	.config = {
		.boot_timeout = 180,
	},
	.new_sections = XARRAY_INIT(xen_balloon.new_sections, 0),
	.arrivals = __WAIT_QUEUE_HEAD_INITIALIZER(xen_balloon.arrivals),
	.readers = __WORK_INITIALIZER(xen_balloon.readers, balloon_readers_work),
	.readers_gone = __WAIT_QUEUE_HEAD_INITIALIZER(xen_balloon.readers_gone),
};

struct balloon_stats balloon_stats;
EXPORT_SYMBOL_GPL(balloon_stats);

/**
 * balloon_lock() - take the lock of the domain's memory
 * @b: balloon
 *
 * Context: Process; takes balloon_memory.lock.
 */
void balloon_lock(struct xen_balloon *b)
{
	mutex_lock(&b->mem.lock);
}

/* Readers of balloon_stats take no lock. */
static void balloon_publish_stats(const struct balloon_memory *mem,
				  struct balloon_stats *s)
{
	WRITE_ONCE(s->current_pages, mem->current_pages);
	WRITE_ONCE(s->target_pages, mem->target_pages);
	WRITE_ONCE(s->target_unpopulated, mem->nr_unpopulated);
	WRITE_ONCE(s->balloon_low, mem->nr_low);
	WRITE_ONCE(s->balloon_high, mem->nr_high);
	WRITE_ONCE(s->total_pages, mem->total_pages);
	WRITE_ONCE(s->schedule_delay, mem->schedule.delay);
	WRITE_ONCE(s->max_schedule_delay, mem->schedule.max_delay);
	WRITE_ONCE(s->retry_count, mem->schedule.count);
	WRITE_ONCE(s->max_retry_count, mem->schedule.max_count);
}

/**
 * balloon_unlock() - publish the state in balloon_stats and drop the lock
 * @b: balloon
 *
 * Context: Process; drops balloon_memory.lock.
 */
void balloon_unlock(struct xen_balloon *b)
{
	balloon_publish_stats(&b->mem, &balloon_stats);
	mutex_unlock(&b->mem.lock);
}

/**
 * balloon_wake() - have the worker run at once
 * @b: balloon
 *
 * Context: Any.
 */
void balloon_wake(struct xen_balloon *b)
{
	/* No worker before balloon_init(); its first pass catches up. */
	if (b->wq)
		mod_delayed_work(b->wq, &b->work, 0);
}

/**
 * balloon_restore_pages() - the target that an image of the domain needs
 * @b: balloon
 *
 * Pages that only Xen has are not in an image, and quarantined ones may be.
 *
 * Context: Process; balloon_memory.lock is held.
 * Return: pages, as the toolstack counts; 0 if its last target is enough.
 */
unsigned long balloon_restore_pages(const struct xen_balloon *b)
{
	const struct balloon_memory *mem = &b->mem;
	unsigned long image_pages = mem->current_pages - mem->nr_lost +
				    mem->nr_quarantined;

	lockdep_assert_held(&mem->lock);

	/* Xen has memory for a part of such a guest. */
	if (mem->pod_boot ||
	    !balloon_image_excess(image_pages, mem->asked_pages))
		return 0;
	return image_pages + b->config.difference;
}

/**
 * balloon_mark_offline() - keep dumps and /proc/kcore from reading an extent
 * @page: first page
 * @order: size of the extent, in pages
 *
 * Context: Process; the caller owns the pages.
 */
void balloon_mark_offline(struct page *page, unsigned int order)
{
	struct page *end = page + (1U << order);

	for (; page < end; page++)
		__SetPageOffline(page);
}

/**
 * balloon_mark_online() - undo balloon_mark_offline()
 * @page: first page
 * @order: size of the extent, in pages
 *
 * Context: Process; the caller owns the pages.
 */
void balloon_mark_online(struct page *page, unsigned int order)
{
	struct page *end = page + (1U << order);

	for (; page < end; page++)
		__ClearPageOffline(page);
}

static void balloon_readers_work(struct work_struct *work)
{
	struct xen_balloon *b = container_of(work, struct xen_balloon, readers);
	unsigned long nr;

	page_offline_begin();
	/* Marks that were made before this number was drawn are seen now. */
	nr = smp_load_acquire(&b->readers_asked);
	page_offline_end();

	WRITE_ONCE(b->readers_done, nr);
	wake_up(&b->readers_gone);
}

/**
 * balloon_wait_for_readers() - wait for readers of all memory that may not have
 *	seen balloon_mark_offline()
 * @b: balloon
 *
 * /proc/kcore checks a page, then reads it, then copies it to user memory with
 * the semaphore of page_offline_begin() held. That may fault, and so wait for
 * mmap_lock, whose owner may wait for balloon_batch.lock (privcmd in a PVH or Arm
 * dom0 without the allocator of unpopulated pages); or for a user who never comes
 * (userfaultfd). So an item of its own waits for the semaphore, and the batch for
 * that item, with a deadline.
 *
 * Context: Process; balloon_batch.lock is held, which numbers the waits.
 * Return: false when the deadline has passed. A reader may still read the pages.
 */
bool balloon_wait_for_readers(struct xen_balloon *b)
{
	unsigned long nr = b->readers_asked + 1;

	lockdep_assert_held(&b->batch.lock);

	/* After the marks: see balloon_readers_work(). */
	smp_store_release(&b->readers_asked, nr);
	queue_work(b->aux_wq, &b->readers);
	return wait_event_timeout(b->readers_gone,
				  READ_ONCE(b->readers_done) == nr,
				  READERS_TIMEOUT);
}

/**
 * balloon_zone_run() - length of the leading run of extents in one zone
 * @pages: first page of each extent
 * @nr: entries of @pages, at least 1
 *
 * Context: Any.
 * Return: extents, at least 1.
 */
unsigned int balloon_zone_run(struct page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 1; i < nr; i++)
		if (page_zone(pages[i]) != page_zone(pages[0]))
			break;
	return i;
}

/**
 * balloon_adopt() - prepare pages that the page allocator never had for the
 *	page list
 * @page: first page
 * @order: size of the extent, in pages
 *
 * Context: Process; nobody else knows the pages.
 */
void balloon_adopt(struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		ClearPageReserved(page + i);
		clear_page_tag_ref(page + i);
	}
	balloon_mark_offline(page, order);
}

/**
 * balloon_moved_pages() - sum over the extents of all orders
 * @m: memory that was moved
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long balloon_moved_pages(const struct balloon_moves *m)
{
	unsigned long nr_pages = 0;
	unsigned int order;

	for (order = 0; order < NR_EXTENT_ORDERS; order++)
		nr_pages += m->done[order] << order;
	return nr_pages;
}

/* Extents by order */

/*
 * The first page of an extent in @e, and no other page, has this in
 * page_private().
 */
static unsigned long balloon_extents_mark(struct balloon_extents *e,
					  unsigned int order)
{
	return (unsigned long)&e->by_order[order];
}

/* Lowmem is wanted first: by the guest, and by other drivers. */
static void balloon_extents_add(struct balloon_extents *e, struct page *page,
				unsigned int order)
{
	set_page_private(page, balloon_extents_mark(e, order));
	if (PageHighMem(page))
		list_add_tail(&page->lru, &e->by_order[order]);
	else
		list_add(&page->lru, &e->by_order[order]);
	e->nr[order]++;
}

static void balloon_extents_remove(struct balloon_extents *e,
				   struct page *page, unsigned int order)
{
	set_page_private(page, 0);
	list_del(&page->lru);
	e->nr[order]--;
}

/* Two buddies are in one section, so both have a struct page. */
static struct page *balloon_extents_buddy(struct balloon_extents *e,
					  struct page *page,
					  unsigned int order)
{
	struct page *buddy = pfn_to_page(page_to_pfn(page) ^ BIT(order));

	if (page_private(buddy) != balloon_extents_mark(e, order) ||
	    page_zone(buddy) != page_zone(page))
		return NULL;
	return buddy;
}

/* Returns an extent of @order, with @lowmem one of lowmem, or NULL. */
static struct page *balloon_extents_first(struct balloon_extents *e,
					  unsigned int order, bool lowmem)
{
	struct page *page = list_first_entry_or_null(&e->by_order[order],
						     struct page, lru);

	return page && lowmem && PageHighMem(page) ? NULL : page;
}

/**
 * balloon_extents_init() - begin without extents
 * @e: extents
 *
 * Context: Any.
 */
void balloon_extents_init(struct balloon_extents *e)
{
	unsigned int order;

	for (order = 0; order < NR_EXTENT_ORDERS; order++)
		INIT_LIST_HEAD(&e->by_order[order]);
}

/**
 * balloon_extents_put() - add an extent, which joins its buddies
 * @e: extents
 * @page: first page; page_private() of all pages is 0
 * @order: size of the extent, 0 to %SUPERPAGE_ORDER
 *
 * Context: Any; the caller protects @e.
 */
void balloon_extents_put(struct balloon_extents *e, struct page *page,
			 unsigned int order)
{
	struct page *buddy;

	while (order < SUPERPAGE_ORDER) {
		buddy = balloon_extents_buddy(e, page, order);
		if (!buddy)
			break;
		balloon_extents_remove(e, buddy, order);
		page = min(page, buddy);
		if (++order == SUPERPAGE_ORDER)
			e->nr_joins++;
	}
	balloon_extents_add(e, page, order);
}

/**
 * balloon_extents_take() - take an extent, a part of a larger one if need be
 * @e: extents
 * @order: size of the extent, 0 to %SUPERPAGE_ORDER
 * @lowmem: only take lowmem
 *
 * Context: Any; the caller protects @e.
 * Return: first page, or NULL if there is no such extent and no larger one.
 */
struct page *balloon_extents_take(struct balloon_extents *e,
				  unsigned int order, bool lowmem)
{
	unsigned int from = order;
	struct page *page;

	while (!(page = balloon_extents_first(e, from, lowmem)))
		if (++from == NR_EXTENT_ORDERS)
			return NULL;

	balloon_extents_remove(e, page, from);
	if (from == SUPERPAGE_ORDER && order < from)
		e->nr_splits++;
	/* The rest is in the list in ascending order, and may join again. */
	while (from-- > order)
		balloon_extents_add(e, page + BIT(from), from);
	return page;
}

/* The page list */

static void balloon_list_count(struct xen_balloon *b, struct page *page,
			       long change)
{
	unsigned long *nr = PageHighMem(page) ? &b->mem.nr_high :
						&b->mem.nr_low;

	WRITE_ONCE(*nr, *nr + change);
	mod_node_page_state(page_pgdat(page), NR_BALLOON_PAGES, change);
}

/* By runs, not one by one: each call is an atomic operation. */
static void balloon_list_count_extents(struct xen_balloon *b,
				       struct page **pages,
				       unsigned int nr_extents,
				       unsigned int order, int sign)
{
	unsigned int i, run;

	for (i = 0; i < nr_extents; i += run) {
		run = balloon_zone_run(pages + i, nr_extents - i);
		balloon_list_count(b, pages[i], sign * ((long)run << order));
	}
}

/**
 * balloon_list_put() - put an extent into the page list
 * @b: balloon
 * @page: first page; all pages are PageOffline with one reference
 * @order: size of the extent, 0 to %SUPERPAGE_ORDER
 *
 * Context: Process; balloon_memory.lock is held.
 */
void balloon_list_put(struct xen_balloon *b, struct page *page,
		      unsigned int order)
{
	balloon_list_put_extents(b, &page, 1, order);
}

/**
 * balloon_list_put_extents() - balloon_list_put() of many extents
 * @b: balloon
 * @pages: first page of each extent
 * @nr_extents: entries of @pages
 * @order: size of each, 0 to %SUPERPAGE_ORDER
 *
 * Buddies join.
 *
 * Context: Process; balloon_memory.lock is held.
 */
void balloon_list_put_extents(struct xen_balloon *b, struct page **pages,
			      unsigned int nr_extents, unsigned int order)
{
	unsigned int i;

	lockdep_assert_held(&b->mem.lock);

	balloon_list_count_extents(b, pages, nr_extents, order, 1);
	/* Backwards: the next take has them in the order of @pages. */
	for (i = nr_extents; i-- > 0;)
		balloon_extents_put(&b->mem.extents, pages[i], order);
}

/**
 * balloon_list_take_extents() - take extents out of the page list
 * @b: balloon
 * @pages: result: first page of each extent
 * @nr_extents: extents wanted
 * @order: size of each, 0 to %SUPERPAGE_ORDER
 * @lowmem: only take lowmem pages
 *
 * Larger extents are split if need be.
 *
 * Context: Process; balloon_memory.lock is held.
 * Return: extents taken.
 */
unsigned int balloon_list_take_extents(struct xen_balloon *b,
				       struct page **pages,
				       unsigned int nr_extents,
				       unsigned int order, bool lowmem)
{
	unsigned int i;

	lockdep_assert_held(&b->mem.lock);

	for (i = 0; i < nr_extents; i++) {
		pages[i] = balloon_extents_take(&b->mem.extents, order, lowmem);
		if (!pages[i])
			break;
	}
	balloon_list_count_extents(b, pages, i, order, -1);
	return i;
}
