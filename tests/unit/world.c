// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guest's life, and the invariants that are checked after each step of it.
 */

#include <stdlib.h>

#include "host.h"

static struct xen_balloon pristine;
static bool have_pristine;
static bool pristine_scrub;

u64 host_random(void)
{
	host.rng ^= host.rng << 13;
	host.rng ^= host.rng >> 7;
	host.rng ^= host.rng << 17;
	return host.rng >> 11;
}

/* The driver as it is in the kernel's image. */
static void reset_driver(void)
{
	if (!have_pristine) {
		pristine = xen_balloon;
		pristine_scrub = xen_scrub_pages;
		have_pristine = true;
	}
	xen_balloon = pristine;
	xen_scrub_pages = pristine_scrub;
	memset(&balloon_stats, 0, sizeof(balloon_stats));
	host_reset_frontends();
}

void host_shutdown(void)
{
	bool was_threads = host_threads;

	host_threads = false;
	if (xen_balloon.batch.frames) {
		kfree(xen_balloon.batch.pages);
		kfree(xen_balloon.batch.frames);
	}
	kfree(host.queues[0]);
	kfree(host.queues[1]);
	host_xen_stop();
	free(host.info);
	free(host.free_in_superpage);
	free(host.first_free);
	free(host.used);
	free(host.cache);
	free(host_mem_map);
	host_mem_map = NULL;
	memset(&host, 0, sizeof(host));
	reset_driver();
	host_threads = was_threads;
}

void host_start(const struct host_config *cfg)
{
	host_shutdown();
	host.cfg = *cfg;
	if (!host.cfg.space)
		host.cfg.space = cfg->ram + cfg->extra;
	if (!host.cfg.p2m_limit)
		host.cfg.p2m_limit = host.cfg.space + 1;
	xen_max_p2m_pfn = host.cfg.p2m_limit * HOST_SUPERPAGE;
	host.rng = cfg->seed * 0x9e3779b97f4a7c15ULL + 0x1234567;
	host_kernel_start();
	host_xen_start();
	host_memory_start();
}

static struct {
	enum host_initcall_level level;
	int (*fn)(void);
} initcalls[16];
static unsigned int nr_initcalls;

void host_register_initcall(enum host_initcall_level level, int (*fn)(void))
{
	if (nr_initcalls == ARRAY_SIZE(initcalls))
		abort();
	initcalls[nr_initcalls].level = level;
	initcalls[nr_initcalls++].fn = fn;
}

static int run_initcalls(enum host_initcall_level level)
{
	unsigned int i;
	int rc = 0, first = 0;

	for (i = 0; i < nr_initcalls; i++) {
		if (initcalls[i].level != level)
			continue;
		rc = initcalls[i].fn();
		first = first ?: rc;
	}
	return first;
}

int host_pure_initcall(void)
{
	return run_initcalls(HOST_PURE);
}

int host_subsys_initcall(void)
{
	int rc = run_initcalls(HOST_SUBSYS);

	return run_initcalls(HOST_SUBSYS_SYNC) ?: rc;
}

int host_late_initcall_sync(void)
{
	return run_initcalls(HOST_LATE_SYNC);
}

int host_init_driver(void)
{
	int rc = host_pure_initcall();

	return host_subsys_initcall() ?: rc;
}

int host_wait_boot(void)
{
	int rc = host_late_initcall_sync();

	system_state = SYSTEM_RUNNING;
	return rc;
}

void host_boot(const struct host_config *cfg)
{
	int rc;

	host_start(cfg);
	rc = host_init_driver();
	if (rc)
		host_violation("the driver does not start: %d", rc);
	host_wait_boot();
	host_check();
}

void host_note_unpopulated(struct page *page, bool unpopulated)
{
	if (unpopulated && host.cfg.pv &&
	    !host.pmd[page_to_pfn(page) / HOST_SUPERPAGE])
		host_violation("PV: page %#lx is given out without a page table",
			       page_to_pfn(page));
	host_hold();
	host.info[page_to_pfn(page)].seen = unpopulated ? 0xff : 0;
	host.nr_unpopulated += unpopulated ? 1 : -1;
	host_release();
}

struct page *host_unpopulated[9000];

int host_alloc_unpopulated(unsigned int first, unsigned int nr)
{
	struct page **pages = host_unpopulated + first;
	int rc = xen_alloc_ballooned_pages(nr, pages);
	unsigned int i;

	for (i = 0; !rc && i < nr; i++) {
		if (PageHighMem(pages[i]))
			host_violation("a driver gets a highmem page");
		host_note_unpopulated(pages[i], true);
	}
	return rc;
}

void host_free_unpopulated(unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		host_note_unpopulated(host_unpopulated[first + i], false);
	xen_free_ballooned_pages(nr, host_unpopulated + first);
}

unsigned long host_with_allocator(void)
{
	unsigned long pfn, nr = 0;

	for (pfn = 0; pfn < host.nr_pages; pfn++)
		nr += host.info[pfn].owner == HOST_FREE ||
		      host.info[pfn].owner == HOST_USER ||
		      host.info[pfn].owner == HOST_CACHE;
	return nr;
}

#define EXPECT_SAME(a, b) do {						\
	unsigned long a_ = (a), b_ = (b);				\
	if (a_ != b_)							\
		host_violation("%s is %lu, but %s is %lu", #a, a_, #b, b_); \
} while (0)

enum { SEEN_NO, SEEN_LIST, SEEN_RESERVE, SEEN_UNPOPULATED = 0xff };

static void see_list(unsigned int order, unsigned long *low,
		     unsigned long *high)
{
	struct list_head *head = &xen_balloon.mem.extents.by_order[order];
	unsigned long nr_extents = 0, nr = 1UL << order;
	struct list_head *e;
	bool in_highmem = false;
	unsigned long i;

	for (e = head->next; e != head; e = e->next) {
		struct page *page = container_of(e, struct page, lru);
		unsigned long pfn = page_to_pfn(page);

		nr_extents++;
		if (pfn % nr)
			host_violation("extent %#lx of %lu is not aligned", pfn,
				       nr);
		host.info[pfn].extent = order + 1;
		if (PageHighMem(page))
			in_highmem = true;
		else if (in_highmem)
			host_violation("lowmem page %#lx is behind highmem",
				       pfn);
		for (i = pfn; i < pfn + nr; i++) {
			if (host.info[i].owner != HOST_DRIVER)
				host_violation("page %#lx is in the page list, but not the driver's",
					       i);
			if (host.info[i].seen != SEEN_NO)
				host_violation("page %#lx is in the page list twice, or a driver has it",
					       i);
			host.info[i].seen = SEEN_LIST;
		}
		*(PageHighMem(page) ? high : low) += nr;
	}
	EXPECT_SAME(xen_balloon.mem.extents.nr[order], nr_extents);
}

/* @exact: or else (quarantine) it may have memory or not. */
void host_check_xen_page(unsigned long pfn, bool with_memory, bool exact)
{
	unsigned long i, gfn = pfn * HOST_FRAMES;

	if (host.cfg.pv) {
		unsigned long mfn = host.p2m[pfn];

		if (!exact)
			return;
		if (!with_memory) {
			if (mfn != INVALID_P2M_ENTRY || host.pte[pfn])
				host_violation("PV: page %#lx has no memory, but a p2m entry %#lx or a mapping %#llx",
					       pfn, mfn, host.pte[pfn]);
		} else if (mfn >= host.nr_mfns || host.m2p[mfn] != pfn ||
			   host.mfn_used[mfn] != MFN_GUEST ||
			   host.pte[pfn] != ((u64)mfn << PAGE_SHIFT | 0x63)) {
			host_violation("PV: page %#lx has memory, but p2m %#lx and mapping %#llx do not fit",
				       pfn, mfn, host.pte[pfn]);
		}
		return;
	}

	for (i = gfn; exact && i < gfn + HOST_FRAMES; i++) {
		bool has = host.gfn_mfn[i] != NO_MFN || host.gfn_pod[i];

		if (has != with_memory)
			host_violation("frame %#lx of page %#lx %s memory at Xen",
				       i, pfn, has ? "has" : "has no");
	}
}

static void check_page(unsigned long pfn, unsigned long *counts)
{
	struct host_page *info = host.info + pfn;
	struct page *page = host_mem_map + pfn;
	bool offline = PageOffline(page);
	enum host_owner owner = info->owner;

	if (info->seen == SEEN_RESERVE) {
		if (owner != HOST_DRIVER)
			host_violation("page %#lx is in the reserve, but not the driver's", pfn);
		info->seen = SEEN_NO;
		owner = HOST_USER;
	}
	counts[owner]++;
	switch (owner) {
	case HOST_FREE:
	case HOST_USER:
	case HOST_CACHE:
		if (offline || page->reserved ||
		    page->refcount != (owner != HOST_FREE))
			host_violation("page %#lx is with the allocator with offline %d reserved %d references %d",
				       pfn, offline, page->reserved,
				       page->refcount);
		host_check_xen_page(pfn, true, true);
		return;
	case HOST_OFFLINE:
		host_check_xen_page(pfn, true, true);
		return;
	case HOST_DRIVER:
		/* Extra regions are reserved until the driver is up. */
		if (xen_balloon.batch.frames)
			break;
		return;
	default:
		return;
	}

	if (page->refcount != 1 || page->reserved)
		host_violation("page %#lx of the driver has %d references, reserved %d",
			       pfn, page->refcount, page->reserved);
	if (offline != (info->seen != SEEN_UNPOPULATED))
		host_violation("page %#lx of the driver is %soffline", pfn,
			       offline ? "" : "not ");
	host_check_xen_page(pfn, false, info->seen != SEEN_NO);
	if (info->seen == SEEN_NO)
		counts[HOST_FOREIGN + 1]++;	/* quarantined */
	else if (info->seen == SEEN_LIST)
		info->seen = SEEN_NO;
}

static unsigned long see_reserve(struct list_head *head)
{
	unsigned long nr = 0;
	struct list_head *e;

	for (e = head->next; e != head; e = e->next, nr++)
		host.info[page_to_pfn(container_of(e, struct page, lru))].seen =
			SEEN_RESERVE;
	return nr;
}

/* After all of them were seen: no two extents could have joined. */
static void check_extent(unsigned long pfn)
{
	unsigned long buddy = pfn ^ BIT(host.info[pfn].extent - 1);

	if (host.info[pfn].extent <= SUPERPAGE_ORDER &&
	    host.info[buddy].extent == host.info[pfn].extent &&
	    page_zone(host_mem_map + pfn) == page_zone(host_mem_map + buddy))
		host_violation("extents of order %u at %#lx and %#lx did not join",
			       host.info[pfn].extent - 1, pfn, buddy);
}

/* The design's invariants, over all pages. */
void host_check(void)
{
	struct xen_balloon *b = &xen_balloon;
	unsigned long counts[HOST_FOREIGN + 2] = { 0 };
	unsigned long low = 0, high = 0, pfn, with_allocator, in_low = 0;
	struct balloon_info info;
	struct balloon_stats s;
	unsigned int order;

	if (host_mutex_held(&b->mem.lock) || host_mutex_held(&b->batch.lock) ||
	    host_mutex_held(&host_device_hotplug_lock))
		host_violation("a lock is still held");

	for (order = 0; b->batch.frames && order < NR_EXTENT_ORDERS; order++)
		see_list(order, &low, &high);
	EXPECT_SAME(b->mem.nr_reserve, see_reserve(&b->mem.reserve));
	for (pfn = 0; pfn < host.nr_pages; pfn++) {
		if (pfn == host_low_pages)
			in_low = counts[HOST_FREE] + counts[HOST_USER] +
				 counts[HOST_CACHE];
		if (host.info[pfn].extent)
			check_extent(pfn);
		check_page(pfn, counts);
	}
	for (pfn = 0; pfn < host.nr_pages; pfn++)
		host.info[pfn].extent = 0;

	with_allocator = counts[HOST_FREE] + counts[HOST_USER] +
			 counts[HOST_CACHE];
	EXPECT_SAME(host.nr_free, counts[HOST_FREE]);
	if (host.nr_pages <= host_low_pages)
		in_low = with_allocator;
	EXPECT_SAME(host.managed[0], in_low);
	EXPECT_SAME(host.managed[1], with_allocator - in_low);
	if (!b->batch.frames)
		return;

	EXPECT_SAME(b->mem.nr_held, 0);
	EXPECT_SAME(b->mem.nr_low, low);
	EXPECT_SAME(b->mem.nr_high, high);
	EXPECT_SAME(host.nr_balloon_pages, low + high);
	EXPECT_SAME(b->mem.nr_unpopulated, host.nr_unpopulated);
	EXPECT_SAME(b->mem.nr_quarantined, counts[HOST_FOREIGN + 1]);
	EXPECT_SAME(b->mem.current_pages, with_allocator +
		    counts[HOST_OFFLINE] + b->mem.nr_lost);
	EXPECT_SAME(b->mem.total_pages, host.nr_pages - counts[HOST_FOREIGN] -
		    counts[HOST_ABSENT]);

	/* Every page that came or went was counted. */
	EXPECT_SAME(b->mem.current_pages,
		    b->config.boot_pages - b->mem.nr_quarantined -
		    balloon_moved_pages(&b->mem.moves[BALLOON_DIR_INFLATE]) +
		    balloon_moved_pages(&b->mem.moves[BALLOON_DIR_DEFLATE]) +
		    b->mem.nr_lost);

	/*
	 * Xen counts the same, except for quarantined pages, and for lost ones
	 * of which it did not tell.
	 */
	if (!host.cfg.pod_cache &&
	    (host.tot_frames < b->mem.current_pages * HOST_FRAMES ||
	     host.tot_frames > (b->mem.current_pages - b->mem.nr_lost +
				b->mem.nr_quarantined) * HOST_FRAMES +
			       host.nr_lost_frames))
		host_violation("Xen counts %lu frames, the guest has %lu pages",
			       host.tot_frames, b->mem.current_pages);

	balloon_snapshot(&info);
	EXPECT_SAME(info.current_pages, b->mem.current_pages);
	EXPECT_SAME(info.target_pages, b->mem.target_pages);
	s = balloon_stats;
	EXPECT_SAME(s.current_pages, b->mem.current_pages);
	EXPECT_SAME(s.target_pages, b->mem.target_pages);
	EXPECT_SAME(s.target_unpopulated, b->mem.nr_unpopulated);
	EXPECT_SAME(s.balloon_low, low);
	EXPECT_SAME(s.balloon_high, high);
	EXPECT_SAME(s.total_pages, b->mem.total_pages);
	EXPECT_SAME(s.schedule_delay, b->mem.schedule.delay);
	EXPECT_SAME(s.max_schedule_delay, b->mem.schedule.max_delay);
	EXPECT_SAME(s.retry_count, b->mem.schedule.count);
	EXPECT_SAME(s.max_retry_count, b->mem.schedule.max_count);
	if (b->mem.schedule.delay < 1 || b->mem.schedule.delay > b->mem.schedule.max_delay)
		host_violation("schedule_delay is %lu of %lu",
			       b->mem.schedule.delay, b->mem.schedule.max_delay);
}

/* For a moment in which the driver waits: it must wait without locks. */
void host_check_lockless(void)
{
	if (host_mutex_held(&xen_balloon.mem.lock) ||
	    host_mutex_held(&xen_balloon.batch.lock) ||
	    host_mutex_held(&host_device_hotplug_lock))
		host_violation("the driver waits with a lock held");
}
