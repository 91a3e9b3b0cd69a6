// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Down and up: inflate, deflate, scrubbing, fragmentation. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

/* Down and up */

TEST("given a lower target the guest shrinks to the page, in superpages and single pages")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		expect_current(SUPERPAGES(20) + 3);
		if (!host.cfg.pv)
			EXPECT_EQ(host.nr_released[9], 11);
		EXPECT_EQ(host.tot_frames, (SUPERPAGES(20) + 3) * HOST_FRAMES);
		EXPECT_EQ(host_run(), 0);
		EXPECT_EQ(host_next_due_s(), ULONG_MAX);
	}
}

TEST("given a higher target the guest takes back whole superpages first")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		balloon_set_new_target(SUPERPAGES(30) + 5);
		settle();
		expect_current(SUPERPAGES(30) + 5);
		EXPECT_EQ(host.nr_populated[9], 10);
		EXPECT_EQ(host.nr_free, SUPERPAGES(30) + 5);
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
		EXPECT(list_empty(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER]));
		EXPECT(list_empty(&xen_balloon.mem.extents.by_order[0]));
	}
}

static struct page *joined[1024];

static unsigned int count_list(struct list_head *list)
{
	struct list_head *entry;
	unsigned int nr = 0;

	for (entry = list->next; entry != list; entry = entry->next)
		nr++;
	return nr;
}

TEST("given nothing went wrong, a batch of superpages is one hypercall")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	host.nr_memory_ops = 0;
	/* the first superpage tells how long the others will take */
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(host.nr_memory_ops, 2);
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	EXPECT_EQ(host.nr_memory_ops, 4);
}

TEST("given an Xen however slow the lock is held for a few milliseconds at a time")
{
	static const u64 ns_per_frame[] = { 1, 50, 400, 1200, 4000, 15000 };
	unsigned int i, k;

	FOR_EACH_KIND(k) {
		host_boot(kinds[k]);
		for (i = 0; i < ARRAY_SIZE(ns_per_frame); i++) {
			host.ns_per_frame = ns_per_frame[i];
			host.longest_held = host.nr_memory_ops = 0;
			balloon_set_new_target(SUPERPAGES(20) + 3);
			settle();
			expect_current(SUPERPAGES(20) + 3);
			balloon_set_new_target(SUPERPAGES(32));
			settle();
			expect_current(SUPERPAGES(32));
			EXPECT(host.longest_held <= 10 * NSEC_PER_MSEC);
			/* nor is the work cut up more than it must be */
			EXPECT(host.nr_memory_ops <= 12 + 2 * SUPERPAGE_ORDER + 2 * 12 * 512 * 2 *
			       ns_per_frame[i] / (8 * NSEC_PER_MSEC));
		}
	}
}

static void turn_round_to_where_it_is_slow(unsigned int cmd)
{
	if (cmd == XENMEM_decrease_reservation && !host.ns_per_frame)
		balloon_set_new_target(SUPERPAGES(32));
	if (cmd == XENMEM_populate_physmap)
		host.ns_per_frame = 15000;
}

TEST("given a new target in the middle of a fast move its first batch is a small one")
{
	unsigned int k;

	FOR_EACH_KIND(k) {
		host_boot(kinds[k]);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		host.longest_held = 0;
		host.on_hypercall = turn_round_to_where_it_is_slow;
		balloon_set_new_target(SUPERPAGES(18));
		settle();
		expect_current(SUPERPAGES(32));
		EXPECT(host.longest_held <= 10 * NSEC_PER_MSEC);
	}
}

TEST("given superpages that were split, they come back whole once all their pages are back")
{
	unsigned int i, k;

	FOR_EACH_KIND(k) {
		host_boot(kinds[k]);
		balloon_set_new_target(SUPERPAGES(28));
		settle();
		/* every second page of two superpages */
		EXPECT_EQ(xen_alloc_ballooned_pages(2 * HOST_SUPERPAGE - 1, joined), 0);
		for (i = 0; i < 2 * HOST_SUPERPAGE - 1; i += 2)
			xen_free_ballooned_pages(1, joined + i);
		EXPECT_EQ(count_list(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER]), 2);
		for (i = 1; i < 2 * HOST_SUPERPAGE - 1; i += 2)
			xen_free_ballooned_pages(1, joined + i);
		host_check();
		EXPECT_EQ(count_list(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER]), 4);
		EXPECT(list_empty(&xen_balloon.mem.extents.by_order[0]));
		host.nr_populated[9] = 0;
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		EXPECT_EQ(host.nr_populated[9], 4);
		expect_current(SUPERPAGES(32));
	}
}

/* As filemap_get_entry() or an "echo offline" of a memory block does for a moment. */
TEST("given pages that somebody holds for a moment while they come back, each goes when he lets go")
{
	struct page *single, *superpage, *next;
	unsigned int i;

	host_boot(&pvh);
	host.profiling = true;
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	host.profiling = false;
	balloon_set_new_target(SUPERPAGES(29) - 1);
	settle();
	superpage = list_first_entry(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER], struct page, lru);
	next = list_entry(superpage->lru.next, struct page, lru);
	single = list_first_entry(&xen_balloon.mem.extents.by_order[0], struct page, lru);
	for (i = 0; i < 3; i++)
		host_get_page(superpage + i * (HOST_SUPERPAGE / 2 - 1));
	host_get_page(single);
	/* the first page alone: that superpage is freed whole */
	host_get_page(next);

	balloon_set_new_target(SUPERPAGES(32));
	settle();
	expect_current(SUPERPAGES(32));
	for (i = 0; i < 3; i++)
		host_put_page(superpage + i * (HOST_SUPERPAGE / 2 - 1));
	host_put_page(single);
	host_put_page(next);
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(host.nr_free, host_with_allocator());
}

TEST("given targets of every remainder each is met to the page")
{
	unsigned long pages;
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		for (pages = SUPERPAGES(17); pages < SUPERPAGES(32); pages += 229) {
			balloon_set_new_target(pages);
			settle();
			expect_current(pages);
			balloon_set_new_target(SUPERPAGES(49) - pages);
			settle();
			expect_current(SUPERPAGES(49) - pages);
		}
	}
}

TEST("given a target the worker runs at once and then sleeps without a timer (defect 4)")
{
	host_boot(&pvh);
	settle();
	host.nr_passes = 0;
	balloon_set_new_target(SUPERPAGES(31));
	EXPECT_EQ(host_next_due_s(), 0);
	settle_for(1000);
	EXPECT(host.nr_passes <= 2);
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
}

TEST("given a large guest a batch is bounded, and a new target is taken up between batches")
{
	static const struct host_config large = {
		.ram = 300, .host_free = 8, .reserve = 4,
	};
	struct host_config cfg = large;
	unsigned int i;

	FOR_EACH_KIND(i) {
		cfg.pv = kinds[i]->pv;
		host_boot(&cfg);
		host_set_floor(0);
		settle();
		host_shatter_guest(HOST_SUPERPAGE / 2);
		balloon_set_new_target(SUPERPAGES(300) - 20000 * (HOST_SUPERPAGE / 32) / 16);
		host.nr_passes = 0;
		settle();
		expect_current(xen_balloon.mem.target_pages);
		if (PAGE_SHIFT == 12)
			EXPECT(host.nr_passes >= 3);
		balloon_set_new_target(SUPERPAGES(300));
		settle();
		expect_current(SUPERPAGES(300));
	}
}

TEST("given a huge guest a pass moves at most 128 MiB in superpages")
{
	static const struct host_config large = {
		.ram = 300, .host_free = 8, .reserve = 4,
	};
	unsigned long most;

	host_boot(&large);
	host_set_floor(0);
	settle();
	balloon_set_new_target(SUPERPAGES(10));
	host.nr_passes = 0;
	settle();
	expect_current(SUPERPAGES(10));
	most = DIV_ROUND_UP(SUPERPAGES(290), BATCH_PAGES);
	EXPECT(host.nr_passes >= most && host.nr_passes <= most + 2);
	balloon_set_new_target(SUPERPAGES(300));
	host.nr_passes = 0;
	settle();
	expect_current(SUPERPAGES(300));
	EXPECT(host.nr_passes >= most && host.nr_passes <= most + 2);
}

/* Watermarks */

TEST("given moves the watermarks follow the size, on the way by sixteenths and exactly at the end")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		host.ns_per_frame = 4000;	/* 8 MiB in a batch */
		balloon_set_new_target(SUPERPAGES(16) + 3);
		settle();
		EXPECT_EQ(host.wmark_pages, SUPERPAGES(16) + 3);
		EXPECT(host.nr_wmark_updates >= 4 && host.nr_wmark_updates <= 14);
		host.nr_wmark_updates = 0;
		balloon_set_new_target(SUPERPAGES(16) + 4);
		settle();
		EXPECT_EQ(host.wmark_pages, SUPERPAGES(16) + 4);
		/* nothing moves, and nothing is computed */
		host.nr_wmark_updates = 0;
		balloon_set_new_target(SUPERPAGES(16) + 4);
		settle_for(200);
		EXPECT_EQ(host.nr_wmark_updates, 0);
		/* where the move ends for lack of memory */
		host.hard_limit = host.tot_frames + 7 * HOST_FRAMES;
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		EXPECT_EQ(host.wmark_pages, SUPERPAGES(16) + 11);
	}
}

/* Scrubbing */

TEST("given scrub_pages nothing leaves with what it held, and nothing is cleared twice (defect 12)")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		host_user_alloc(SUPERPAGES(30));
		host_user_free(SUPERPAGES(29));
		host.nr_page_clears = 0;
		balloon_set_new_target(SUPERPAGES(17) + 1);
		settle();
		expect_current(SUPERPAGES(17) + 1);
		EXPECT_EQ(host.nr_page_clears, SUPERPAGES(15) - 1);
	}
}

TEST("without scrub_pages no page is touched on its way out")
{
	host_boot(&pvh);
	host_sysfs_write("scrub_pages", "0");
	host.allow_unscrubbed = true;
	host.nr_page_clears = 0;
	balloon_set_new_target(SUPERPAGES(20) + 1);
	settle();
	expect_current(SUPERPAGES(20) + 1);
	EXPECT_EQ(host.nr_page_clears, 0);
}

/* Fragmentation */

TEST("given a fragmented guest single pages go, and come back as single pages")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		host_shatter_guest(HOST_SUPERPAGE);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(20));
		EXPECT_EQ(host.nr_released[9], 0);
		EXPECT(list_empty(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER]));
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

TEST("given memory that comes page by page neighbours leave as superpages, and come back so")
{
	host_boot(&pvh);
	host.no_superpages = true;
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	expect_current(SUPERPAGES(24));
	EXPECT(host.nr_released[9] > 5);
	EXPECT(!list_empty(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER]));
	balloon_set_new_target(SUPERPAGES(32));
	settle();
	EXPECT(host.nr_populated[9] > 0);
	expect_current(SUPERPAGES(32));
}

TEST("given a fragmented host superpages come back in single pages, to the page")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		host.host_no_superpages = true;
		balloon_set_new_target(SUPERPAGES(31) + 7);
		settle();
		expect_current(SUPERPAGES(31) + 7);
		EXPECT_EQ(host.nr_populated[9], 0);
	}
}

TEST("given a host without superpages it is asked for one once, not with each batch")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(16));
	settle();
	host.host_no_superpages = true;
	host.ns_per_frame = 8000;	/* two superpages a batch */
	host.nr_memory_ops = host.nr_passes = 0;
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	expect_current(SUPERPAGES(30));
	EXPECT(host.nr_passes >= 7);
	/* refusals, Xen's count and limit after each, its count before the next */
	EXPECT(host.nr_memory_ops <= host.nr_passes + 4 * 6);
}

TEST("given a host whose superpages run out midway the rest comes in single pages")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host_others_take(17 * 512, false);
	EXPECT(host.nr_free_mfns >= 12 * 512 / HOST_FRAMES ||
	       host.nr_free_mfns == 4 * 512);
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	expect_current(SUPERPAGES(24));
	host_others_give();
	balloon_set_new_target(SUPERPAGES(25));
	settle_for(2);
	if (HOST_FRAMES == 1)
		expect_current(SUPERPAGES(25));
	host_others_give_all();
	settle_for(100);
	expect_current(SUPERPAGES(25));
}

TEST("given a host whose superpages run out midway the smaller extents take no longer, and then more time is known")
{
	if (HOST_FRAMES > 1)
		return;	/* a page is no small extent */
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(16));
	settle();
	/* six superpages are left, and many single frames */
	host_others_take(18 * 512, false);
	host_others_give();
	host.ns_per_extent = 10000;
	host.longest_held = 0;
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	expect_current(SUPERPAGES(30));
	EXPECT(host.nr_populated[0] >= SUPERPAGES(4));
	EXPECT(host.longest_held > 0);
	EXPECT(host.longest_held <= 10 * NSEC_PER_MSEC);
}

TEST("given PV no batch has more pages than its buffers")
{
	struct host_config cfg = pv;
	unsigned long moved;

	if (!HOST_HAS_PV)
		return;
	cfg.ram = 64;
	host_boot(&cfg);
	settle();
	mutex_lock(&xen_balloon.batch.lock);
	moved = balloon_inflate(&xen_balloon, SUPERPAGES(40), 0, GFP_BALLOON);
	mutex_unlock(&xen_balloon.batch.lock);
	EXPECT_EQ(moved, BATCH_EXTENTS);
	/* nor are superpages of the list joined page by page */
	EXPECT_EQ(xen_balloon.mem.extents.nr_joins, 0);
	balloon_set_new_target(SUPERPAGES(64));
	settle();
	expect_current(SUPERPAGES(64));
}

TEST("given a Xen that refuses superpages all goes in smaller extents, after one try (fact: extent order)")
{
	host_boot(&pvh);
	host.max_order = 4;
	balloon_set_new_target(SUPERPAGES(20) + 1);
	settle();
	expect_current(SUPERPAGES(20) + 1);
	EXPECT(xen_balloon.batch.max_order < SUPERPAGE_ORDER);
	EXPECT_EQ(xen_balloon.mem.moves[BALLOON_DIR_INFLATE].asked[SUPERPAGE_ORDER - 1],
		  0);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, 0);
	balloon_set_new_target(SUPERPAGES(32));
	settle();
	expect_current(SUPERPAGES(32));
}

static void change_the_target(unsigned int cmd)
{
	host.on_hypercall = NULL;
	balloon_set_new_target(SUPERPAGES(30));
}

TEST("given a new target in the middle of a batch it is the one that counts")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host.on_hypercall = change_the_target;
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(30));
		EXPECT_EQ(host_next_due_s(), ULONG_MAX);
	}
}

static void change_the_target_in_vain(unsigned int cmd)
{
	host.on_hypercall = NULL;
	host.hard_limit = 0;
	balloon_set_new_target(SUPERPAGES(31));
}

TEST("given a new target in the middle of a batch that fails the tries start afresh")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host.hard_limit = 0;
	host_sysfs_write("max_retry_count", "2");
	balloon_set_new_target(SUPERPAGES(32));
	settle();
	EXPECT_EQ(host_sysfs_read("retry_count"), 2);
	host.on_hypercall = change_the_target_in_vain;
	host_advance(10);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(31));
	EXPECT(host_sysfs_read("retry_count") <= 2);
	host.hard_limit = ULONG_MAX;
	settle_for(70);
	expect_current(SUPERPAGES(31));
}
