// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PV guests: the p2m and the page tables. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

/* PV */

static unsigned int count_idle_tables(void)
{
	unsigned long i, nr = 0;

	for (i = 0; i < host.nr_pages / HOST_SUPERPAGE; i++)
		nr += !host.pmd[i];
	return nr;
}

TEST("given a PV guest superpages leave and come with their page tables, in few hypercalls")
{
	if (!HOST_HAS_PV)
		return;
	host_boot(&pv);
	/* the table of the first superpage is not the kernel's alone */
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	EXPECT_EQ(count_idle_tables(), 0);
	EXPECT(!PageOffline(host_mem_map + HOST_SUPERPAGE));
	EXPECT(PageOffline(host_mem_map));

	host.nr_mmu_updates = 0;
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	EXPECT_EQ(count_idle_tables(), 7);
	EXPECT_EQ(host.nr_mmu_updates, 3 * 7);
	EXPECT_EQ(host.nr_kmap_flushes, host.nr_flushes);

	balloon_set_new_target(SUPERPAGES(32));
	settle();
	EXPECT_EQ(count_idle_tables(), 0);
	EXPECT(host.nr_mmu_updates <= 3 * 7 + 3 * 7 + 3 + HOST_SUPERPAGE / 64);
	expect_current(SUPERPAGES(32));
}

TEST("given a PV guest single pages are mapped a table per hypercall, or less of it")
{
	if (!HOST_HAS_PV)
		return;
	host_boot(&pv);
	host.no_superpages = true;
	balloon_set_new_target(SUPERPAGES(24) + 1);
	settle();
	EXPECT_EQ(count_idle_tables(), 0);
	EXPECT(host.nr_mmu_updates <= (SUPERPAGES(8) + 63) / 64 + 2);
	host.nr_mmu_updates = 0;
	host.host_no_superpages = true;
	balloon_set_new_target(SUPERPAGES(32));
	settle();
	EXPECT(host.nr_mmu_updates <= (SUPERPAGES(8) + 63) / 64 + 16);
	expect_current(SUPERPAGES(32));
}

TEST("given drivers that bring their own pages they change the reservation one by one")
{
	struct page *pages[3];
	xen_pfn_t frames[3];
	unsigned int i, k;

	FOR_EACH_KIND(k) {
		host_boot(kinds[k]);
		for (i = 0; i < 3; i++) {
			pages[i] = alloc_pages(GFP_BALLOON, 0);
			page_offline_begin();
			balloon_mark_offline(pages[i], 0);
			page_offline_end();
			xenmem_reservation_scrub_page(pages[i]);
			frames[i] = xen_page_to_gfn(pages[i]);
		}
		xenmem_reservation_va_mapping_reset(3, pages);
		if (host.cfg.pv)
			flush_tlb_all();
		EXPECT_EQ(xenmem_reservation_decrease(3, frames), 3);
		EXPECT_EQ(host.tot_frames, (SUPERPAGES(32) - 3) * HOST_FRAMES);
		for (i = 0; i < 3; i++)
			EXPECT(!host_page_populated(page_to_pfn(pages[i])));
		for (i = 0; i < 3; i++)
			frames[i] = page_to_xen_pfn(pages[i]);
		EXPECT_EQ(xenmem_reservation_increase(3, frames), 3);
		xenmem_reservation_va_mapping_update(3, pages, frames);
		for (i = 0; i < 3; i++) {
			host_check_xen_page(page_to_pfn(pages[i]), true, true);
			balloon_mark_online(pages[i], 0);
			__free_page(pages[i]);
		}
		host_check();
	}
}

#ifdef CONFIG_XEN_HAVE_PVMMU
TEST("given a PV mapping that fails in the middle what is mapped stays, and the rest goes back")
{
	unsigned long at;

	for (at = 1; at < 200; at++) {
		host_boot(&pv);
		balloon_set_new_target(SUPERPAGES(32) - 64);
		settle();
		host.host_no_superpages = true;
		balloon_set_new_target(SUPERPAGES(32));
		host.inject = (struct host_inject) { .armed = true, .at = at };
		host.frozen = false;
		host_run();
		host.inject.armed = false;
		host_check();
		if (host.inject.what &&
		    !strcmp(host.inject.what, "mmu_update does half"))
			break;
	}
	EXPECT(at < 200);
	/* 64, of which 32 went back and came again */
	EXPECT_EQ(host.nr_populated[0], 64 + 32);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, 0);
	settle_for(3);
	expect_current(SUPERPAGES(32));
}
#endif

#ifdef CONFIG_XEN_HAVE_PVMMU
TEST("given PV superpages that come back, go and come back again, each takes a few calls")
{
	unsigned int i;

	host_boot(&pv);
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	for (i = 0; i < 3; i++) {
		host.nr_mmu_updates = 0;
		balloon_set_new_target(SUPERPAGES(30));
		settle();
		EXPECT(host.nr_mmu_updates <= 6 * 3);
		host.nr_mmu_updates = 0;
		balloon_set_new_target(SUPERPAGES(24));
		settle();
		EXPECT(host.nr_mmu_updates <= 6 * 3);
	}
	expect_current(SUPERPAGES(24));
}

TEST("given a PV superpage whose table cannot be put back, those before it stay and only the rest goes back")
{
	static const struct host_config small = {
		.pv = true, .ram = 8, .host_free = 2, .reserve = 4,
	};
	unsigned long at, nr_pins = 0;

	/*
	 * One superpage to begin with, and three in the next batch; the last of them
	 * is the first of memory, whose table never goes.
	 */
	for (at = 1; nr_pins < 3; at++) {
		host_boot(&small);
		balloon_set_new_target(SUPERPAGES(4));
		settle();
		host.inject = (struct host_inject) { .armed = true, .at = at };
		balloon_set_new_target(SUPERPAGES(8));
		host_run();
		host.inject.armed = false;
		host_check();
		EXPECT_EQ(host.inject.hits, 1);
		if (strcmp(host.inject.what, "mmuext_op pin"))
			continue;
		nr_pins++;
		settle_for(3);
		expect_current(SUPERPAGES(8));
		/* what was not mapped came again, in halves */
		if (nr_pins > 1)
			EXPECT_EQ(host.nr_populated[8], 2 * (5 - nr_pins));
	}
}

/* The page table of the first page in the page list; the one before. */
static u64 swap_table(u64 table)
{
	struct page *page = list_first_entry_or_null(&xen_balloon.mem.extents.by_order[0],
						     struct page, lru);
	u64 *pmd = host.pmd + page_to_pfn(page) / HOST_SUPERPAGE, was = *pmd;

	*pmd = table;
	return was;
}

TEST("given a page table that is missing nothing is mapped there, and nothing lost")
{
	u64 table;

	host_boot(&pv);
	balloon_set_new_target(SUPERPAGES(32) - 5);
	settle();
	/* the one of the pages that have gone */
	table = swap_table(0);
	host.expect_warnings = true;
	balloon_set_new_target(SUPERPAGES(32));
	host_run();
	EXPECT(host.nr_warnings > 0);
	expect_current(SUPERPAGES(32) - 5);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, 0);
	swap_table(table);
	settle_for(5);
	expect_current(SUPERPAGES(32));
}

TEST("given drivers' own pages that cannot be mapped, nobody gets them when they are freed")
{
	struct page *page;
	xen_pfn_t frame;

	host_boot(&pv);
	page = alloc_pages(GFP_BALLOON, 0);
	page_offline_begin();
	balloon_mark_offline(page, 0);
	page_offline_end();
	xenmem_reservation_scrub_page(page);
	frame = xen_page_to_gfn(page);
	xenmem_reservation_va_mapping_reset(1, &page);
	flush_tlb_all();
	EXPECT_EQ(xenmem_reservation_decrease(1, &frame), 1);
	frame = page_to_xen_pfn(page);
	EXPECT_EQ(xenmem_reservation_increase(1, &frame), 1);
	host.expect_warnings = true;
	host.inject = (struct host_inject) { .armed = true, .at = 1 };
	xenmem_reservation_va_mapping_update(1, &page, &frame);
	host.inject.armed = false;
	EXPECT_EQ(host.nr_warnings, 1);
	EXPECT_EQ(page->refcount, 2);
	EXPECT(!host_page_populated(page_to_pfn(page)));
}
#endif

TEST("given single pages that fill a superpage of two zones they stay single")
{
	struct xen_balloon *b = &xen_balloon;
	unsigned long pfn;

	host_boot(&pvh);
	host_low_pages = SUPERPAGES(4) + 10;
	balloon_lock(b);
	for (pfn = SUPERPAGES(4); pfn < SUPERPAGES(5); pfn++)
		balloon_list_put(b, host_mem_map + pfn, 0);
	balloon_unlock(b);
	EXPECT(list_empty(&b->mem.extents.by_order[SUPERPAGE_ORDER]));
	EXPECT_EQ(b->mem.nr_low, 10);
	EXPECT_EQ(b->mem.nr_high, HOST_SUPERPAGE - 10);
}
