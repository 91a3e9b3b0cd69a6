// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What a guest goes through, by story. Sizes are superpages of 2 MiB where not
 * said otherwise; the numbers of defects are those of the driver's history in
 * Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

#define BLOCKS_KB(n)	((n) * 2048UL)

static char *kb_text(unsigned long kb)
{
	static char text[24];

	snprintf(text, sizeof(text), "%lu", kb);
	return text;
}

static void set_target(unsigned long pages)
{
	balloon_set_new_target(pages);
}

static unsigned long current(void)
{
	return xen_balloon.mem.current_pages;
}

static void expect_current(unsigned long pages)
{
	EXPECT_EQ(current(), pages);
	EXPECT_EQ(host_with_allocator(), pages);
	host_check();
}

/* Down and up */

TEST("given a lower target the guest shrinks to the page, in superpages and single pages")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(20) + 3);
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
		set_target(SUPERPAGES(20));
		settle();
		set_target(SUPERPAGES(30) + 5);
		settle();
		expect_current(SUPERPAGES(30) + 5);
		EXPECT_EQ(host.nr_populated[9], 10);
		EXPECT_EQ(host.nr_free, SUPERPAGES(30) + 5);
		set_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
		EXPECT(list_empty(&xen_balloon.mem.superpages));
		EXPECT(list_empty(&xen_balloon.mem.singles));
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
	set_target(SUPERPAGES(30));
	settle();
	host.nr_memory_ops = 0;
	/* the first superpage tells how long the others will take */
	set_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(host.nr_memory_ops, 2);
	set_target(SUPERPAGES(30));
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
			set_target(SUPERPAGES(20) + 3);
			settle();
			expect_current(SUPERPAGES(20) + 3);
			set_target(SUPERPAGES(32));
			settle();
			expect_current(SUPERPAGES(32));
			EXPECT(host.longest_held <= 10 * NSEC_PER_MSEC);
			/* nor is the work cut up more than it must be */
			EXPECT(host.nr_memory_ops <= 12 + 2 * 12 * 512 * 2 *
			       ns_per_frame[i] / (8 * NSEC_PER_MSEC));
		}
	}
}

static void turn_round_to_where_it_is_slow(unsigned int cmd)
{
	if (cmd == XENMEM_decrease_reservation && !host.ns_per_frame)
		set_target(SUPERPAGES(32));
	if (cmd == XENMEM_populate_physmap)
		host.ns_per_frame = 15000;
}

TEST("given a new target in the middle of a fast move its first batch is a small one")
{
	unsigned int k;

	FOR_EACH_KIND(k) {
		host_boot(kinds[k]);
		set_target(SUPERPAGES(20));
		settle();
		host.longest_held = 0;
		host.on_hypercall = turn_round_to_where_it_is_slow;
		set_target(SUPERPAGES(18));
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
		set_target(SUPERPAGES(28));
		settle();
		/* every second page of two superpages */
		EXPECT_EQ(xen_alloc_ballooned_pages(2 * HOST_SUPERPAGE - 1, joined), 0);
		for (i = 0; i < 2 * HOST_SUPERPAGE - 1; i += 2)
			xen_free_ballooned_pages(1, joined + i);
		EXPECT_EQ(count_list(&xen_balloon.mem.superpages), 2);
		for (i = 1; i < 2 * HOST_SUPERPAGE - 1; i += 2)
			xen_free_ballooned_pages(1, joined + i);
		host_check();
		EXPECT_EQ(count_list(&xen_balloon.mem.superpages), 4);
		EXPECT(list_empty(&xen_balloon.mem.singles));
		host.nr_populated[9] = 0;
		set_target(SUPERPAGES(32));
		settle();
		EXPECT_EQ(host.nr_populated[9], 4);
		expect_current(SUPERPAGES(32));
	}
}

TEST("given targets of every remainder each is met to the page")
{
	unsigned long pages;
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		for (pages = SUPERPAGES(17); pages < SUPERPAGES(32); pages += 229) {
			set_target(pages);
			settle();
			expect_current(pages);
			set_target(SUPERPAGES(49) - pages);
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
	set_target(SUPERPAGES(31));
	EXPECT_EQ(host_next_due_s(), 0);
	settle_for(1000);
	EXPECT(host.nr_passes <= 2);
	set_target(SUPERPAGES(31));
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
		set_target(SUPERPAGES(300) - 20000 * (HOST_SUPERPAGE / 32) / 16);
		host.nr_passes = 0;
		settle();
		expect_current(xen_balloon.mem.target_pages);
		if (PAGE_SHIFT == 12)
			EXPECT(host.nr_passes >= 3);
		set_target(SUPERPAGES(300));
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
	set_target(SUPERPAGES(10));
	host.nr_passes = 0;
	settle();
	expect_current(SUPERPAGES(10));
	most = DIV_ROUND_UP(SUPERPAGES(290), BATCH_PAGES);
	EXPECT(host.nr_passes >= most && host.nr_passes <= most + 2);
	set_target(SUPERPAGES(300));
	host.nr_passes = 0;
	settle();
	expect_current(SUPERPAGES(300));
	EXPECT(host.nr_passes >= most && host.nr_passes <= most + 2);
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
		set_target(SUPERPAGES(17) + 1);
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
	set_target(SUPERPAGES(20) + 1);
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
		set_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(20));
		EXPECT_EQ(host.nr_released[9], 0);
		EXPECT(list_empty(&xen_balloon.mem.superpages));
		set_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

TEST("given single pages that fill a superpage they come back as a superpage")
{
	host_boot(&pvh);
	host.no_superpages = true;
	set_target(SUPERPAGES(24));
	settle();
	expect_current(SUPERPAGES(24));
	EXPECT_EQ(host.nr_released[9], 0);
	EXPECT(!list_empty(&xen_balloon.mem.superpages));
	set_target(SUPERPAGES(32));
	settle();
	EXPECT(host.nr_populated[9] > 0);
	expect_current(SUPERPAGES(32));
}

TEST("given a fragmented host superpages come back in single pages, to the page")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(20));
		settle();
		host.host_no_superpages = true;
		set_target(SUPERPAGES(31) + 7);
		settle();
		expect_current(SUPERPAGES(31) + 7);
		EXPECT_EQ(host.nr_populated[9], 0);
	}
}

TEST("given a host without superpages it is asked for one once, not with each batch")
{
	host_boot(&pvh);
	set_target(SUPERPAGES(16));
	settle();
	host.host_no_superpages = true;
	host.ns_per_frame = 8000;	/* two superpages a batch */
	host.nr_memory_ops = host.nr_passes = 0;
	set_target(SUPERPAGES(30));
	settle();
	expect_current(SUPERPAGES(30));
	EXPECT(host.nr_passes >= 7);
	EXPECT(host.nr_memory_ops <= host.nr_passes + 1);
}

TEST("given a host whose superpages run out midway the rest comes in single pages")
{
	host_boot(&pvh);
	set_target(SUPERPAGES(20));
	settle();
	host_others_take(17 * 512, false);
	EXPECT(host.nr_free_mfns >= 12 * 512 / HOST_FRAMES ||
	       host.nr_free_mfns == 4 * 512);
	set_target(SUPERPAGES(24));
	settle();
	expect_current(SUPERPAGES(24));
	host_others_give();
	set_target(SUPERPAGES(25));
	settle_for(2);
	if (HOST_FRAMES == 1)
		expect_current(SUPERPAGES(25));
	host_others_give_all();
	settle_for(100);
	expect_current(SUPERPAGES(25));
}

TEST("given a Xen that refuses superpages all goes in single pages, after one try (fact: extent order)")
{
	host_boot(&pvh);
	host.max_order = 4;
	set_target(SUPERPAGES(20) + 1);
	settle();
	expect_current(SUPERPAGES(20) + 1);
	EXPECT(xen_balloon.batch.superpages_refused);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, 0);
	set_target(SUPERPAGES(32));
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
		set_target(SUPERPAGES(20));
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
	set_target(SUPERPAGES(20));
	settle();
	host.hard_limit = 0;
	host_sysfs_write("max_retry_count", "2");
	set_target(SUPERPAGES(32));
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

/* Shortages */

TEST("given too little free memory the worker backs off, gives up and goes on later (defect 5)")
{
	host_boot(&pvh);
	settle();
	host_sysfs_write("floor_kb", "0");
	host_user_alloc(SUPERPAGES(30));
	set_target(SUPERPAGES(20));
	settle();
	EXPECT(current() >= SUPERPAGES(30) && current() < SUPERPAGES(31));
	EXPECT(host.nr_free >= host.reserve);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
	settle_for(20);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	EXPECT_EQ(host_next_due_s(), BALLOON_SLOW_RETRY_S - (20 - 1 - 2 - 4 - 8));
	host.nr_passes = 0;
	settle_for(600);
	EXPECT_EQ(host.nr_passes, 10);
	host_user_free(SUPERPAGES(15));
	settle_for(BALLOON_SLOW_RETRY_S);
	expect_current(SUPERPAGES(20));
}

TEST("given shortages the delays are 1, 2 and 4 s, then max_schedule_delay counts")
{
	unsigned long t, last = 0, i, gaps[8], nr = 0;

	host_boot(&pvh);
	host_sysfs_write("max_retry_count", "0");
	host_sysfs_write("max_schedule_delay", "6");
	settle();
	host_user_alloc(SUPERPAGES(32));
	set_target(SUPERPAGES(20));
	host_run();
	for (t = 1; t < 60 && nr < 6; t++)
		if (host_advance(1)) {
			gaps[nr++] = t - last;
			last = t;
		}
	for (i = 0; i < 6; i++)
		EXPECT_EQ(gaps[i], i == 0 ? 1 : i == 1 ? 2 : i == 2 ? 4 : 6);
	EXPECT_EQ(host_sysfs_read("schedule_delay"), 6);
	host_sysfs_write("max_schedule_delay", "2");
	EXPECT_EQ(host_sysfs_read("schedule_delay"), 2);
	host_check();
}

TEST("given a back-off a changed target is taken up at once")
{
	host_boot(&pvh);
	settle();
	host_user_alloc(SUPERPAGES(32));
	set_target(SUPERPAGES(20));
	settle_for(100);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	set_target(SUPERPAGES(22));
	settle();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
	EXPECT_EQ(host_next_due_s(), 1);
	host_user_free(SUPERPAGES(32));
	set_target(SUPERPAGES(21));
	settle();
	expect_current(SUPERPAGES(21));
}

TEST("given page cache the guest gives that up too")
{
	host_boot(&pvh);
	settle();
	host_sysfs_write("floor_kb", "0");
	host_user_alloc(SUPERPAGES(31));
	host_user_to_cache(SUPERPAGES(14));
	set_target(SUPERPAGES(18));
	settle_for(10);
	expect_current(SUPERPAGES(18));
}

TEST("given a hard limit the balloon stays until it is raised")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(20));
		settle();
		host.hard_limit = (SUPERPAGES(25) + 1) * HOST_FRAMES;
		set_target(SUPERPAGES(30));
		settle_for(3);
		expect_current(SUPERPAGES(25) + 1);
		host.hard_limit = ULONG_MAX;
		settle_for(70);
		expect_current(SUPERPAGES(30));
	}
}

TEST("given no memory available no TLB is flushed and Xen is not called (defect 10)")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host_user_alloc(SUPERPAGES(32));
		host.nr_memory_ops = host.nr_flushes = 0;
		set_target(SUPERPAGES(20));
		settle_for(300);
		EXPECT_EQ(host.nr_memory_ops, 0);
		EXPECT_EQ(host.nr_flushes, 0);
		expect_current(SUPERPAGES(32));
	}
}

TEST("outside PV no TLB is flushed, on PV once per batch (defect 13)")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(20));
		settle();
		EXPECT(host.cfg.pv ? host.nr_flushes == 1 ||
				     host.nr_flushes == 2 : !host.nr_flushes);
		host.nr_flushes = 0;
		set_target(SUPERPAGES(32));
		settle();
		EXPECT_EQ(host.nr_flushes, 0);
	}
}

/* The floor */

TEST("given a target of almost nothing the guest keeps its floor (defect 3)")
{
	host_boot(&pvh);
	set_target(1);
	settle();
	expect_current(SUPERPAGES(16));
	EXPECT_EQ(xen_balloon.mem.target_pages, 1);
	settle_for(200);
	expect_current(SUPERPAGES(16));
	host_sysfs_write("floor_kb", kb_text(BLOCKS_KB(10)));
	settle();
	expect_current(SUPERPAGES(10));
	set_target(0);
	settle();
	expect_current(SUPERPAGES(10));
	host_sysfs_write("floor_kb", "0");
	settle_for(300);
	/* what the allocator keeps for itself */
	expect_current(host.reserve);
	EXPECT_EQ(host.nr_free, host.reserve);
}

TEST("given a floor above the size nothing is taken to get there")
{
	host_boot(&pvh);
	set_target(SUPERPAGES(20));
	settle();
	host_sysfs_write("floor_kb", kb_text(BLOCKS_KB(28)));
	settle_for(200);
	expect_current(SUPERPAGES(20));
	set_target(SUPERPAGES(18));
	settle_for(200);
	expect_current(SUPERPAGES(20));
}

/* Short counts */

TEST("given single pages that Xen refuses the others go, and nothing is lost (defect 6)")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host_shatter_guest(HOST_SUPERPAGE);
		host.refuse_decrease = true;
		set_target(SUPERPAGES(31) + HOST_SUPERPAGE / 2);
		settle_for(30);
		EXPECT(current() < SUPERPAGES(32));
		EXPECT_EQ(xen_balloon.mem.nr_quarantined, 0);
		host.refuse_decrease = false;
		settle_for(100);
		expect_current(SUPERPAGES(31) + HOST_SUPERPAGE / 2);
	}
}

static void stop_in_fourth_superpage(unsigned int cmd)
{
	if (cmd == XENMEM_decrease_reservation && host.nr_released[9] == 2)
		host.stop_after_frames = 2 * 512 + 100;
}

TEST("given a superpage that Xen took in part it is quarantined, and the target is still met (defect 6)")
{
	host_boot(&pvh);
	set_target(SUPERPAGES(31));
	settle();
	host.on_hypercall = stop_in_fourth_superpage;
	set_target(SUPERPAGES(24));
	settle();
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, HOST_SUPERPAGE);
	EXPECT_EQ(host_sysfs_read("info/quarantined_kb"), 2048);
	expect_current(SUPERPAGES(24));
	/* and not by way of less than that */
	EXPECT_EQ(host.nr_populated[9] + host.nr_populated[4] +
		  host.nr_populated[0], 0);
	set_target(SUPERPAGES(32));
	settle_for(5);
	/* one superpage is lost for good */
	EXPECT(current() >= SUPERPAGES(31));
	EXPECT(xen_balloon.mem.nr_quarantined == HOST_SUPERPAGE);
}

TEST("given a first superpage that Xen took in part it is quarantined too")
{
	host_boot(&pvh);
	host.stop_after_frames = 100;
	set_target(SUPERPAGES(28));
	settle_for(2);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, HOST_SUPERPAGE);
	expect_current(SUPERPAGES(28));
	/* a new target tries superpages again */
	EXPECT_EQ(host.nr_released[9], 0);
	set_target(SUPERPAGES(26));
	settle();
	EXPECT_EQ(host.nr_released[9], 2);
	expect_current(SUPERPAGES(26));
}

/* Populate on demand */

static void boot_pod(unsigned long ram, unsigned long cache)
{
	const struct host_config cfg = {
		.ram = ram, .host_free = 8, .pod_cache = cache, .reserve = 4,
	};

	host_start(&cfg);
	host_xenstore("static-max", kb_text(BLOCKS_KB(ram)));
	host_xenstore("target", kb_text(BLOCKS_KB(cache)));
}

TEST("given populate on demand the guest shrinks before user space, without a touch (defect 12)")
{
	boot_pod(32, 12);
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT(xen_balloon.mem.pod_boot);
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	expect_current(SUPERPAGES(12));
	EXPECT_EQ(host.nr_page_clears, 0);
	EXPECT_EQ(host.tot_frames, host.pod_entries ?: host.tot_frames);
	EXPECT_EQ(host.pod_cache, SUPERPAGES(12) * HOST_FRAMES);
	/* user space may touch all that is left */
	EXPECT_EQ(host_user_alloc(SUPERPAGES(12)), SUPERPAGES(12));
	EXPECT_EQ(host.pod_entries, 0);
	/* and from now on what leaves is clear */
	host_user_free(SUPERPAGES(12));
	host_set_floor(0);
	set_target(SUPERPAGES(8));
	settle();
	expect_current(SUPERPAGES(8));
	EXPECT(host.nr_page_clears > 0);
}

TEST("given populate on demand in a fragmented guest it shrinks too")
{
	boot_pod(32, 12);
	host.no_superpages = true;
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	expect_current(SUPERPAGES(12));
	EXPECT_EQ(host_user_alloc(SUPERPAGES(12)), SUPERPAGES(12));
}

TEST("given populate on demand some of which is touched it ends up exact")
{
	boot_pod(32, 12);
	host_user_alloc(SUPERPAGES(3) + 5);
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	expect_current(SUPERPAGES(12));
	EXPECT_EQ(host.nr_used, SUPERPAGES(3) + 5);
	EXPECT_EQ(host.tot_frames, SUPERPAGES(12) * HOST_FRAMES);
	host_user_alloc(SUPERPAGES(12));
	EXPECT_EQ(host.pod_entries, 0);
}

TEST("given populate on demand and init_on_alloc, only as much is touched as can be given back")
{
	const struct host_config cfg = {
		.ram = 32, .host_free = 8, .pod_cache = 12, .reserve = 4,
		.init_on_alloc = true,
	};

	host_start(&cfg);
	host_xenstore("static-max", kb_text(BLOCKS_KB(32)));
	host_xenstore("target", kb_text(BLOCKS_KB(12)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	expect_current(SUPERPAGES(12));
	EXPECT_EQ(host.tot_frames, SUPERPAGES(12) * HOST_FRAMES);
	EXPECT_EQ(host_user_alloc(SUPERPAGES(12)), SUPERPAGES(12));
}

static unsigned long no_progress_s;

TEST("given initial ballooning that is stuck the boot stops after the timeout, and says so")
{
	unsigned long start;
	int how;

	boot_pod(32, 12);
	EXPECT_EQ(host_init_driver(), 0);
	xen_balloon.config.boot_timeout = 30;
	host.expect_warnings = true;
	start = host_jiffies;
	host.inject = (struct host_inject) {
		.armed = true, .at = 1, .forever = true,
	};
	{
		jmp_buf outer;

		memcpy(&outer, &host_env, sizeof(outer));
		how = setjmp(host_env);
		if (!how)
			host_wait_boot();
		memcpy(&host_env, &outer, sizeof(outer));
	}
	EXPECT_EQ(how, 2);
	no_progress_s = (host_jiffies - start) / HZ;
	EXPECT(no_progress_s >= 30 && no_progress_s <= 31);
	EXPECT(host.nr_logs >= 4);
}

static void ask_for_less_while_nothing_moves(void)
{
	host.frozen = xen_balloon.mem.target_pages == SUPERPAGES(20);
	if (host.frozen && host_jiffies > 1000 + HZ)
		balloon_set_new_target(SUPERPAGES(18));
}

TEST("given a lower target during initial ballooning the boot waits for that one")
{
	boot_pod(32, 20);
	EXPECT_EQ(host_init_driver(), 0);
	host.on_timeout = ask_for_less_while_nothing_moves;
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT(host_jiffies > 1000 + HZ);
	expect_current(SUPERPAGES(18));
}

TEST("given a first target of almost nothing a guest that has all its memory keeps its floor")
{
	host_start(&pvh);
	host_xenstore("static-max", kb_text(BLOCKS_KB(32)));
	host_xenstore("target", "1024");
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	EXPECT_EQ(host_wait_boot(), 0);
	settle_for(5);
	expect_current(xen_balloon.mem.floor);
	EXPECT_EQ(xen_balloon.mem.floor, balloon_default_floor(SUPERPAGES(32)));
	/* and what it learned is right */
	host_set_xenstore_target(kb_text(BLOCKS_KB(24)));
	settle();
	expect_current(SUPERPAGES(24));
}

TEST("given a first target below what backs it a populate-on-demand guest keeps its floor")
{
	boot_pod(32, 24);
	host_xenstore("target", "1024");
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT(xen_balloon.mem.pod_boot);
	EXPECT_EQ(host_wait_boot(), 0);
	expect_current(balloon_default_floor(SUPERPAGES(32)));
	EXPECT_EQ(host_user_alloc(SUPERPAGES(12)), SUPERPAGES(12));

	/* what backs it is less than the floor */
	boot_pod(32, 12);
	host_xenstore("target", "1024");
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT(current() <= SUPERPAGES(12) && current() >= SUPERPAGES(10));
	EXPECT(host_user_alloc(SUPERPAGES(10)));
}

TEST("given no populate on demand the boot does not wait")
{
	unsigned long start;

	host_boot(&pvh);
	start = host_jiffies;
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT_EQ(host_jiffies, start);
	/* and a target that arrives after boot is no reason to keep contents */
	host_xenstore("static-max", kb_text(BLOCKS_KB(32)));
	host_set_xenstore_target(kb_text(BLOCKS_KB(20)));
	EXPECT(!xen_balloon.mem.pod_boot);
	settle();
	expect_current(SUPERPAGES(20));
}

/* xenstore */

TEST("given hidden memory the difference is learned once and subtracted (defect 17)")
{
	host_start(&pvh);
	host.cfg.overhead = 7 * HOST_FRAMES;
	host.cfg.overhead += SUPERPAGES(1) * HOST_FRAMES;
	host_xenstore("static-max", kb_text(BLOCKS_KB(33)));
	host_xenstore("target", kb_text(BLOCKS_KB(33)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT_EQ(host_difference(), SUPERPAGES(1) + 7);
	settle();
	host_set_xenstore_target(kb_text(BLOCKS_KB(24)));
	settle();
	expect_current(SUPERPAGES(23) - 7);
	/* learned once */
	host_xenstore("static-max", kb_text(BLOCKS_KB(64)));
	host_set_xenstore_target(kb_text(BLOCKS_KB(25)));
	settle();
	expect_current(SUPERPAGES(24) - 7);
}

TEST("given a guest that was built short of its target (HVM without a display), lesser targets are met and none beyond it is sought")
{
	const u64 full_kb = BLOCKS_KB(32) + 99 * (PAGE_SIZE / 1024);

	host_start(&pvh);
	host.cfg.overhead = 94 * HOST_FRAMES;
	host_xenstore("static-max", kb_text(full_kb));
	host_xenstore("target", kb_text(full_kb));
	EXPECT_EQ(host_init_driver(), 0);
	settle();
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
	host_set_xenstore_target(kb_text(BLOCKS_KB(20)));
	settle();
	EXPECT_EQ(host.tot_frames + 94 * HOST_FRAMES, SUPERPAGES(20) * HOST_FRAMES);
	host_set_xenstore_target(kb_text(full_kb));
	settle();
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(32));
}

TEST("given only memory_static_max or no maximum at all the difference follows")
{
	host_start(&pvh);
	host_xenstore("memory_static_max", kb_text(BLOCKS_KB(34)));
	host_xenstore("target", kb_text(BLOCKS_KB(34)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), SUPERPAGES(2));

	host_start(&pvh);
	host_xenstore("target", kb_text(BLOCKS_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);

	host_start(&pvh);
	host_xenstore("static-max", "garbage");
	host_xenstore("target", kb_text(BLOCKS_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
}

TEST("given video memory it is no part of the difference")
{
	host_start(&pvh);
	host_xenstore("static-max", kb_text(BLOCKS_KB(36)));
	host_xenstore("videoram", kb_text(BLOCKS_KB(4)));
	host_xenstore("target", kb_text(BLOCKS_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
}

TEST("given more video memory than memory the guest is not made smaller")
{
	host_start(&pvh);
	host_xenstore("static-max", kb_text(BLOCKS_KB(32)));
	host_xenstore("videoram", kb_text(BLOCKS_KB(64)));
	host_xenstore("target", kb_text(BLOCKS_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given a target below the difference it is refused, with a word (defect 2)")
{
	unsigned long logs;

	host_start(&pvh);
	host_xenstore("static-max", kb_text(BLOCKS_KB(40)));
	host_xenstore("target", kb_text(BLOCKS_KB(40)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), SUPERPAGES(8));
	settle();
	logs = host.nr_logs;
	host_set_xenstore_target(kb_text(BLOCKS_KB(8) - 64));
	EXPECT_EQ(host.nr_logs, logs + 1);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
	EXPECT_EQ(host_run(), 0);
}

TEST("given a PV guest or the initial domain nothing is learned")
{
	struct host_config cfg = pvh;

	cfg.initial = true;
	host_start(&cfg);
	host_xenstore("static-max", kb_text(BLOCKS_KB(64)));
	host_xenstore("target", kb_text(BLOCKS_KB(28)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	settle();
	expect_current(SUPERPAGES(28));
	if (!HOST_HAS_PV)
		return;
	host_start(&pv);
	host_xenstore("static-max", kb_text(BLOCKS_KB(64)));
	host_xenstore("target", kb_text(BLOCKS_KB(28)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	settle();
	expect_current(SUPERPAGES(28));
}

TEST("given a xenstore that comes late the target is taken up then")
{
	struct host_config cfg = pvh;

	cfg.late_xenstore = true;
	host_start(&cfg);
	host_xenstore("target", kb_text(BLOCKS_KB(24)));
	host_xenstore("static-max", kb_text(BLOCKS_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	settle();
	expect_current(SUPERPAGES(32));
	host_xenstore_come_up();
	settle();
	expect_current(SUPERPAGES(24));
}

TEST("given a mem= limit it is lifted by the first target")
{
#ifdef CONFIG_MEMORY_HOTPLUG
	extern u64 xen_saved_max_mem_size;

	host_boot(&pvh);
	EXPECT_EQ(max_mem_size, U64_MAX);
	max_mem_size = 4096;
	xen_saved_max_mem_size = 8192;
	host_set_xenstore_target(kb_text(BLOCKS_KB(32)));
	EXPECT_EQ(max_mem_size, 8192);
#else
	host_boot(&pvh);
	EXPECT(!HOST_HAS_HOTPLUG);
#endif
}

/* Boot counts */

TEST("outside Xen the driver does not start, and calls nothing")
{
	struct host_config cfg = pvh;

	cfg.bare = true;
	host_start(&cfg);
	EXPECT_EQ(host_pure_initcall(), -ENODEV);
	EXPECT_EQ(host_subsys_initcall(), -ENODEV);
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT_EQ(host.nr_memory_ops + host.nr_allocs + host.nr_logs, 0);
}

TEST("given the initial domain its size is what Xen says, in pages (defect 11)")
{
	struct host_config cfg = pvh;

	cfg.initial = true;
	cfg.extra = 4;
	host_boot(&cfg);
	EXPECT_EQ(current(), SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(36));
	set_target(SUPERPAGES(34));
	settle();
	expect_current(SUPERPAGES(34));
	/* no answer: what the memory map says */
	cfg.extra = 0;
	host_start(&cfg);
	host.current_reservation_error = -ENOSYS;
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(current(), SUPERPAGES(32));
}

TEST("given extra regions they are in the balloon at boot, and counted once (defect 16)")
{
	struct host_config cfg;
	unsigned int i;

	FOR_EACH_KIND(i) {
		cfg = *kinds[i];
		cfg.extra = 5;
		cfg.low = 34;
		host_boot(&cfg);
		EXPECT_EQ(current(), SUPERPAGES(32));
		EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(37));
		EXPECT_EQ(xen_balloon.mem.nr_low, SUPERPAGES(2));
		EXPECT_EQ(xen_balloon.mem.nr_high, SUPERPAGES(3));
		settle();
		expect_current(SUPERPAGES(32));
		set_target(SUPERPAGES(36) + 9);
		settle();
		expect_current(SUPERPAGES(36) + 9);
		EXPECT_EQ(host.nr_populated[9], 4);
	}
}

TEST("given extra regions that are no whole superpages they are taken to the page")
{
	struct host_config cfg = pvh;

	cfg.extra = 3;
	host_start(&cfg);
	xen_extra_mem[0].start_pfn += 3;
	xen_extra_mem[0].n_pfns -= 3;
	host.info[SUPERPAGES(32)].owner = HOST_FOREIGN;
	host.info[SUPERPAGES(32) + 1].owner = HOST_FOREIGN;
	host.info[SUPERPAGES(32) + 2].owner = HOST_FOREIGN;
	max_pfn = SUPERPAGES(35) - 2;
	host.nr_pages = host_nr_struct_pages = max_pfn;
	host.gfn_pod[SUPERPAGES(32) * HOST_FRAMES] = false;
	xen_unpopulated_pages = 3;
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(xen_balloon.mem.nr_low, SUPERPAGES(3) - 5);
	host_check();
	set_target(SUPERPAGES(35) - 5);
	settle();
	expect_current(SUPERPAGES(35) - 5);
	EXPECT_EQ(host.nr_populated[9], 1);
}

TEST("given regions of the unpopulated-pages allocator they are not ours")
{
	struct host_config cfg = pvh;

	cfg.unpopulated_pages = SUPERPAGES(2);
	host_boot(&cfg);
	EXPECT_EQ(current(), SUPERPAGES(30));
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(30));
	set_target(SUPERPAGES(20));
	settle();
	expect_current(SUPERPAGES(20));
}

TEST("given a memory map without memory the driver does not start")
{
	host_start(&pvh);
	xen_unpopulated_pages = SUPERPAGES(32);
	EXPECT_EQ(host_pure_initcall(), -ERANGE);
	EXPECT(host_subsys_initcall() < 0);
	EXPECT_EQ(host.nr_allocs, 0);
	EXPECT_EQ(host_wait_boot(), 0);

	if (HOST_HAS_PV) {
		host_start(&pv);
		xen_released_pages = SUPERPAGES(32);
		EXPECT_EQ(host_pure_initcall(), -ERANGE);
		EXPECT(host_subsys_initcall() < 0);
		EXPECT_EQ(host.nr_allocs, 0);
	}
}

TEST("given a memory map with no more memory than extra regions the driver does not start")
{
	struct host_config cfg = pvh;

	cfg.extra = 16;
	host_start(&cfg);
	xen_unpopulated_pages = SUPERPAGES(32);
	EXPECT_EQ(host_pure_initcall(), -ERANGE);
	EXPECT(host_subsys_initcall() < 0);
	EXPECT_EQ(host.nr_allocs, 0);
}

TEST("given mostly extra regions the floor is not above what the guest has")
{
	struct host_config cfg = pvh;

	cfg.extra = 64;
	host_boot(&cfg);
	EXPECT(balloon_default_floor(SUPERPAGES(96)) > SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.floor, SUPERPAGES(32));
}

TEST("given a PV guest released pages do not count, and max_pfn bounds")
{
	struct host_config cfg = pv;

	if (!HOST_HAS_PV)
		return;
	cfg.released_pages = 100;
	host_boot(&cfg);
	EXPECT_EQ(current(), SUPERPAGES(32));
	host_start(&cfg);
	xen_released_pages = 0;
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(current(), SUPERPAGES(32));
	cfg.extra = 2;
	host_boot(&cfg);
	EXPECT_EQ(current(), SUPERPAGES(32));
}

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
	set_target(SUPERPAGES(31));
	settle();
	EXPECT_EQ(count_idle_tables(), 0);
	EXPECT(!PageOffline(host_mem_map + HOST_SUPERPAGE));
	EXPECT(PageOffline(host_mem_map));

	host.nr_mmu_updates = 0;
	set_target(SUPERPAGES(24));
	settle();
	EXPECT_EQ(count_idle_tables(), 7);
	EXPECT_EQ(host.nr_mmu_updates, 3 * 7);
	EXPECT_EQ(host.nr_kmap_flushes, host.nr_flushes);

	set_target(SUPERPAGES(32));
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
	set_target(SUPERPAGES(24) + 1);
	settle();
	EXPECT_EQ(count_idle_tables(), 0);
	EXPECT(host.nr_mmu_updates <= (SUPERPAGES(8) + 63) / 64 + 2);
	host.nr_mmu_updates = 0;
	host.host_no_superpages = true;
	set_target(SUPERPAGES(32));
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
			__free_pages(pages[i], 0);
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
		set_target(SUPERPAGES(32) - 64);
		settle();
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
	set_target(SUPERPAGES(24));
	settle();
	for (i = 0; i < 3; i++) {
		host.nr_mmu_updates = 0;
		set_target(SUPERPAGES(30));
		settle();
		EXPECT(host.nr_mmu_updates <= 6 * 3);
		host.nr_mmu_updates = 0;
		set_target(SUPERPAGES(24));
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
		set_target(SUPERPAGES(4));
		settle();
		host.inject = (struct host_inject) { .armed = true, .at = at };
		set_target(SUPERPAGES(8));
		host_run();
		host.inject.armed = false;
		host_check();
		EXPECT_EQ(host.inject.hits, 1);
		if (strcmp(host.inject.what, "mmuext_op pin"))
			continue;
		nr_pins++;
		settle_for(3);
		expect_current(SUPERPAGES(8));
		/* what was not mapped came again, in single pages */
		if (nr_pins > 1)
			EXPECT_EQ(host.nr_populated[0],
				  SUPERPAGES(5 - nr_pins));
	}
}

/* The page table of the first page in the page list; the one before. */
static u64 swap_table(u64 table)
{
	struct page *page = list_first_entry_or_null(&xen_balloon.mem.singles,
						     struct page, lru);
	u64 *pmd = host.pmd + page_to_pfn(page) / HOST_SUPERPAGE, was = *pmd;

	*pmd = table;
	return was;
}

TEST("given a page table that is missing nothing is mapped there, and nothing lost")
{
	u64 table;

	host_boot(&pv);
	set_target(SUPERPAGES(32) - 5);
	settle();
	/* the one of the pages that have gone */
	table = swap_table(0);
	host.expect_warnings = true;
	set_target(SUPERPAGES(32));
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
	EXPECT(list_empty(&b->mem.superpages));
	EXPECT_EQ(b->mem.nr_low, 10);
	EXPECT_EQ(b->mem.nr_high, HOST_SUPERPAGE - 10);
}

/* Pages for other drivers */

static struct page *unpopulated[9000];

static int alloc_unpopulated(unsigned int first, unsigned int nr)
{
	int rc = xen_alloc_ballooned_pages(nr, unpopulated + first);
	unsigned int i;

	for (i = 0; !rc && i < nr; i++) {
		EXPECT(!PageHighMem(unpopulated[first + i]));
		host_note_unpopulated(unpopulated[first + i], true);
	}
	return rc;
}

static void free_unpopulated(unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		host_note_unpopulated(unpopulated[first + i], false);
	xen_free_ballooned_pages(nr, unpopulated + first);
}

TEST("given a balloon unpopulated pages come from it, and the size stays")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(28));
		settle();
		EXPECT_EQ(alloc_unpopulated(0, HOST_SUPERPAGE + 10), 0);
		host_check();
		EXPECT_EQ(xen_balloon.mem.nr_unpopulated, HOST_SUPERPAGE + 10);
		expect_current(SUPERPAGES(28));
		free_unpopulated(0, HOST_SUPERPAGE + 10);
		host_check();
		EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
		set_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

TEST("given no balloon the guest inflates for unpopulated pages, and deflates when they are back")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		EXPECT_EQ(alloc_unpopulated(0, 40), 0);
		host_check();
		expect_current(SUPERPAGES(32) - 40);
		free_unpopulated(0, 40);
		settle();
		expect_current(SUPERPAGES(32));
	}
}

static void come_back_in_the_middle(void)
{
	host.on_alloc = NULL;
	free_unpopulated(0, 20);
}

TEST("given pages that come back while others are inflated for a caller, the guest has what is too many")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(32) - 20);
		settle();
		EXPECT_EQ(alloc_unpopulated(0, 20), 0);
		settle();
		host.on_alloc = come_back_in_the_middle;
		EXPECT_EQ(alloc_unpopulated(20, 30), 0);
		EXPECT_EQ(xen_balloon.mem.nr_low, 20);
		/* only the caller knows that there is something to do */
		settle();
		expect_current(SUPERPAGES(32) - 30);
		free_unpopulated(20, 30);
		settle();
		expect_current(SUPERPAGES(32) - 20);
	}
}

TEST("given more unpopulated pages than a batch it takes several")
{
	static const struct host_config large = {
		.ram = 300, .host_free = 8, .reserve = 4,
	};

	host_boot(&large);
	host.no_superpages = true;
	settle();
	EXPECT(ARRAY_SIZE(unpopulated) > BATCH_EXTENTS);
	EXPECT_EQ(alloc_unpopulated(0, ARRAY_SIZE(unpopulated)), 0);
	expect_current(SUPERPAGES(300) - ARRAY_SIZE(unpopulated));
	free_unpopulated(0, ARRAY_SIZE(unpopulated));
	settle();
	expect_current(SUPERPAGES(300));
}

TEST("given the older names they do the same")
{
	host_boot(&pvh);
	settle();
	EXPECT_EQ(alloc_xenballooned_pages(3, unpopulated), 0);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 3);
	EXPECT_EQ(balloon_stats.target_unpopulated, 3);
	free_xenballooned_pages(3, unpopulated);
	EXPECT_EQ(balloon_stats.target_unpopulated, 0);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given a caller that dropped some pages the others come back, and the count is right")
{
	host_boot(&pvh);
	set_target(SUPERPAGES(28));
	settle();
	EXPECT_EQ(alloc_unpopulated(0, 4), 0);
	host_note_unpopulated(unpopulated[1], false);
	host_note_unpopulated(unpopulated[0], false);
	host_note_unpopulated(unpopulated[2], false);
	host_note_unpopulated(unpopulated[3], false);
	host.info[page_to_pfn(unpopulated[1])].owner = HOST_FOREIGN;
	unpopulated[1] = NULL;
	xen_free_ballooned_pages(4, unpopulated);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
	EXPECT_EQ(xen_balloon.mem.nr_low, SUPERPAGES(4) - 1);
}

TEST("given lowmem only in part, a driver only gets that")
{
	struct host_config cfg = pvh;

	cfg.low = 8;
	host_boot(&cfg);
	set_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(xen_balloon.mem.nr_low, 0);
	EXPECT_EQ(alloc_unpopulated(0, 16), 0);
	expect_current(SUPERPAGES(20) - 16);
	free_unpopulated(0, 16);
	settle();
	expect_current(SUPERPAGES(20));
}

TEST("given too little memory no driver gets pages and the accounting is as before (defect 7)")
{
	struct balloon_info before, after;
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(32) - 5);
		settle();
		host_user_alloc(host.nr_free - host.reserve - 20);
		balloon_snapshot(&before);
		EXPECT_EQ(alloc_unpopulated(0, 60), -ENOMEM);
		balloon_snapshot(&after);
		host_check();
		EXPECT_EQ(after.stats.target_unpopulated, 0);
		EXPECT_EQ(after.stats.current_pages,
			  before.stats.current_pages);
		EXPECT_EQ(alloc_unpopulated(0, 6), 0);
		host_check();
		free_unpopulated(0, 6);
		settle();
		expect_current(SUPERPAGES(32) - 5);
	}
}

TEST("given a balloon that did not start no driver gets pages")
{
	struct host_config cfg = pvh;

	cfg.bare = true;
	host_start(&cfg);
	host_init_driver();
	EXPECT_EQ(xen_alloc_ballooned_pages(1, unpopulated), -ENOMEM);
	host_wait_boot();
	EXPECT_EQ(xen_alloc_ballooned_pages(1, unpopulated), -ENOMEM);
}

TEST("given a user of ballooned pages before the worker is up, it is served")
{
	host_start(&pvh);
	EXPECT_EQ(host_pure_initcall(), 0);
	EXPECT_EQ(alloc_unpopulated(0, 10), 0);
	host_check();
	free_unpopulated(0, 10);
	balloon_set_new_target(SUPERPAGES(30));
	host_check();
	EXPECT_EQ(host_subsys_initcall(), 0);
	settle();
	expect_current(SUPERPAGES(30));
}

TEST("given a user of ballooned pages before any initcall, it brings up the state")
{
	host_start(&pvh);
	EXPECT_EQ(alloc_unpopulated(0, 10), 0);
	host_check();
	EXPECT_EQ(host_init_driver(), 0);
	host_wait_boot();
	settle();
	expect_current(SUPERPAGES(32) - 10);
	free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given the older name and a negative number nothing happens")
{
	host_boot(&pvh);
	EXPECT_EQ(alloc_xenballooned_pages(-1, unpopulated), -EINVAL);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
	EXPECT_EQ(xen_alloc_ballooned_pages(0, unpopulated), 0);
	host_check();
}

/* Suspend */

TEST("given a suspend the worker stands still and goes on after it")
{
	host_boot(&pvh);
	settle();
	host.frozen = true;
	set_target(SUPERPAGES(20));
	settle_for(5);
	expect_current(SUPERPAGES(32));
	host.frozen = false;
	settle();
	expect_current(SUPERPAGES(20));
}

TEST("given a suspend the guest wakes up in other machine frames, and moves on in them")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		set_target(SUPERPAGES(20) + 3);
		settle();
		host.frozen = true;
		host_resume_elsewhere();
		host_check();
		host.frozen = false;
		/* the watch fires when xenstore is back, with any target */
		host_set_xenstore_target(kb_text(BLOCKS_KB(18)));
		settle();
		expect_current(SUPERPAGES(18));
		set_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

/* Memory that a live migration finds for what has left meanwhile */

/* Pages that Xen counts for the guest beyond what it knows of. */
static long beyond(void)
{
	return host.tot_frames / HOST_FRAMES - current();
}

TEST("given a live migration while the guest shrank, what has memory again is given up before it is overlooked")
{
	static const struct {
		unsigned int one_in;
		unsigned long most;
	} kinds[] = { { 1, ULONG_MAX }, { 1, 512 }, { 3, ULONG_MAX }, { 100, 5 } };
	unsigned long left;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		host_boot(&pvh);
		set_target(SUPERPAGES(20) + 3);
		settle();
		left = host_repopulate(kinds[i].one_in, kinds[i].most);
		EXPECT(left && beyond() == (long)left);
		host_resume_elsewhere();
		/* it grows right away */
		host_set_xenstore_target(kb_text(BLOCKS_KB(25)));
		settle();
		expect_current(SUPERPAGES(25));
		EXPECT_EQ(beyond(), 0);
		set_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

TEST("given a live migration the guest gives up what has memory again without a target, too")
{
	host_boot(&pvh);
	set_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT(host_repopulate(2, SUPERPAGES(2)) > 0);
	host.frozen = true;
	host_resume_elsewhere();
	/* it runs out of memory before the worker goes on */
	host_sysfs_write("deflate_on_oom", "1");
	EXPECT_EQ(host_oom(), 0);
	host.frozen = false;
	host_run();
	EXPECT_EQ(beyond(), 0);
	expect_current(SUPERPAGES(20) + 3);
	EXPECT(host_oom() > 0);
	host_check();
}

TEST("given pages that Xen counts and nobody finds, they are looked for once after each resume")
{
	unsigned long ops;
	unsigned int i;

	host_boot(&pvh);
	set_target(SUPERPAGES(20) + 3);
	settle();
	/* the other side's tools have pages mapped, or a device has got some */
	host.cfg.overhead += 7 * HOST_FRAMES;
	ops = host.nr_memory_ops;
	set_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(host.nr_memory_ops, ops);

	for (i = 0; i < 2; i++) {
		host_resume_elsewhere();
		ops = host.nr_memory_ops;
		set_target(SUPERPAGES(20) + 3);
		settle();
		EXPECT_EQ(host.nr_memory_ops, ops + 1 + SUPERPAGES(12) - 3);
		ops = host.nr_memory_ops;
		set_target(SUPERPAGES(20) + 3);
		settle();
		EXPECT_EQ(host.nr_memory_ops, ops);
	}
	expect_current(SUPERPAGES(20) + 3);

	/* nor are these the reason to overlook one that is there */
	EXPECT_EQ(host_repopulate(1, 1), 1);
	host_resume_elsewhere();
	set_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(beyond(), 0);
}

TEST("given a resume without repopulated pages, whatever else Xen counts, the page list is not searched")
{
	struct host_config cfg = pvh;
	unsigned long ops;
	unsigned int i;

	cfg.overhead = 5 * HOST_FRAMES;
	for (i = 0; i < 2; i++) {
		host_start(&cfg);
		host.current_reservation_error = i ? -EPERM : 0;
		EXPECT_EQ(host_init_driver(), 0);
		host_wait_boot();
		set_target(SUPERPAGES(20) + 3);
		settle();
		host_resume_elsewhere();
		ops = host.nr_memory_ops;
		set_target(SUPERPAGES(20) + 3);
		settle();
		EXPECT_EQ(host.nr_memory_ops, ops + 1 - i);
	}
}

TEST("given repopulated pages the page list is as it was when they are released, and unpopulated pages stay")
{
	struct page *first, *unpopulated[3];
	unsigned long splits;
	unsigned int i;

	host_boot(&pvh);
	set_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(xen_alloc_ballooned_pages(3, unpopulated), 0);
	for (i = 0; i < 3; i++)
		host_note_unpopulated(unpopulated[i], true);
	first = list_first_entry(&xen_balloon.mem.superpages, struct page, lru);
	splits = xen_balloon.mem.nr_splits;
	EXPECT(host_repopulate(2, ULONG_MAX) > 0);
	host_resume_elsewhere();
	set_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(beyond(), 0);
	EXPECT(list_first_entry(&xen_balloon.mem.superpages, struct page, lru) == first);
	EXPECT_EQ(xen_balloon.mem.nr_splits, splits);
	for (i = 0; i < 3; i++)
		host_note_unpopulated(unpopulated[i], false);
	xen_free_ballooned_pages(3, unpopulated);
	host_check();
}

TEST("given a large balloon, after a resume it is looked through for 4 GiB of superpages and of single pages")
{
	static const struct host_config large = {
		.ram = 2 * 2048 + 64, .host_free = 8, .reserve = 4,
	};
	unsigned long ops;

	host_boot(&large);
	host_sysfs_write("floor_kb", "0");
	set_target(SUPERPAGES(48) + 3);
	settle();
	expect_current(SUPERPAGES(48) + 3);
	host.cfg.overhead += HOST_FRAMES;
	host_resume_elsewhere();
	ops = host.nr_memory_ops;
	set_target(SUPERPAGES(48) + 3);
	settle();
	EXPECT_EQ(host.nr_memory_ops, ops + 1 + 2 * SUPERPAGES(2048));
}

/* What others do while somebody waits for batch_lock, or for pages */

static struct page *others[SUPERPAGES(1)];

static void others_free(void)
{
	host.on_batch_lock = NULL;
	xen_free_ballooned_pages(ARRAY_SIZE(others), others);
}

TEST("given pages that come back while a caller waits for the lock the guest gives up none for him")
{
	struct page *pages[4];

	host_boot(&pvh);
	set_target(SUPERPAGES(31));
	settle();
	EXPECT_EQ(xen_alloc_ballooned_pages(ARRAY_SIZE(others), others), 0);
	host.on_batch_lock = others_free;
	EXPECT_EQ(xen_alloc_ballooned_pages(4, pages), 0);
	EXPECT(!host.on_batch_lock);
	EXPECT_EQ(current(), SUPERPAGES(31));
	xen_free_ballooned_pages(4, pages);
	settle();
}

TEST("given pages that Xen does not populate, or that were looked through, whoever waits for pages is woken")
{
	unsigned long wakeups;

	host_boot(&pvh);
	set_target(SUPERPAGES(20) + 3);
	settle();
	host.hard_limit = host.tot_frames;
	wakeups = host.nr_wakeups;
	set_target(SUPERPAGES(32));
	host_run();
	expect_current(SUPERPAGES(20) + 3);
	EXPECT(host.nr_wakeups > wakeups);

	set_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(host_repopulate(1, 1), 1);
	wakeups = host.nr_wakeups;
	host_resume_elsewhere();
	settle();
	EXPECT(host.nr_wakeups > wakeups);
}

/* Sections that go and come back */

TEST("given a section that goes offline and comes back, its memory is the guest's all the time")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		EXPECT(host_offline());
		settle();
		EXPECT_EQ(current(), SUPERPAGES(32));
		EXPECT_EQ(host_with_allocator(), SUPERPAGES(32) - PAGES_PER_SECTION);
		set_target(SUPERPAGES(30));
		settle();
		EXPECT_EQ(current(), SUPERPAGES(30));
		EXPECT(host_online());
		settle();
		expect_current(SUPERPAGES(30));
		EXPECT(!host_online());
	}
}

TEST("given pages of the balloon their section cannot go offline")
{
	host_boot(&pvh);
	settle();
	host_shatter_guest(HOST_SUPERPAGE);
	EXPECT(!host_offline());
	host_boot(&pvh);
	host.scatter = host.no_superpages = true;
	host_set_floor(0);
	set_target(SUPERPAGES(16));
	settle();
	while (host_offline())
		;
	host_check();
	while (host_online())
		;
	settle();
	expect_current(SUPERPAGES(16));
}

/* Hotplug */

#ifdef CONFIG_XEN_BALLOON_MEMORY_HOTPLUG
static struct host_config growing(const struct host_config *kind, bool offline)
{
	struct host_config cfg = *kind;

	cfg.space = 48;
	cfg.host_free = 20;
	cfg.offline_sections = offline;
	return cfg;
}

TEST("given a target above all memory sections are added and populated, to the page")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		struct host_config cfg = growing(kinds[i], false);

		host_boot(&cfg);
		set_target(SUPERPAGES(37) + 11);
		settle();
		expect_current(SUPERPAGES(37) + 11);
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(38));
		set_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(20));
		set_target(SUPERPAGES(38));
		settle();
		expect_current(SUPERPAGES(38));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(38));
	}
}

TEST("given sections that are not online the worker waits, without a timer, and adds no more")
{
	struct host_config cfg = growing(&pvh, true);

	host_boot(&cfg);
	set_target(SUPERPAGES(36));
	settle();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_WAITING);
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
	set_target(SUPERPAGES(35));
	settle_for(10);
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(36));
	EXPECT(host_online());
	settle();
	expect_current(SUPERPAGES(34));
	EXPECT(host_online());
	settle();
	expect_current(SUPERPAGES(35));
	EXPECT(!host_online());
}

TEST("given new sections that come online in small pieces each page arrives")
{
	unsigned int i, order;

	FOR_EACH_KIND(i) {
		struct host_config cfg = growing(kinds[i], false);

		for (order = 0; order <= SUPERPAGE_ORDER; order += SUPERPAGE_ORDER / 2) {
			host_boot(&cfg);
			host.online_order = order;
			set_target(SUPERPAGES(36) + 7);
			settle();
			expect_current(SUPERPAGES(36) + 7);
			set_target(SUPERPAGES(38));
			settle();
			expect_current(SUPERPAGES(38));
		}
	}
}

TEST("given new sections that went offline and came back they are RAM like any other")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		struct host_config cfg = growing(kinds[i], true);
		unsigned long n = 0;

		host_boot(&cfg);
		set_target(SUPERPAGES(36));
		settle();
		EXPECT(host_online() && host_online());
		settle();
		expect_current(SUPERPAGES(36));
		/* all of the guest, a section at a time, twice round */
		for (; n < 2 * 36 / 2; n++) {
			EXPECT(host_offline());
			settle();
			EXPECT_EQ(current(), SUPERPAGES(36));
			EXPECT(host_online());
			settle();
		}
		expect_current(SUPERPAGES(36));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(36));
		set_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(20));
	}
}

TEST("given no address space left the worker gives up and looks rarely")
{
	struct host_config cfg = growing(&pvh, false);

	host_boot(&cfg);
	set_target(SUPERPAGES(60));
	settle();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	host.nr_passes = 0;
	settle_for(600);
	EXPECT_EQ(host.nr_passes, 10);
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(host.nr_allocs, 3);
	set_target(SUPERPAGES(48));
	settle();
	expect_current(SUPERPAGES(48));
}

TEST("given unpopulated pages their struct pages are made up for by hotplug")
{
	struct host_config cfg = growing(&pvh, false);

	host_boot(&cfg);
	settle();
	EXPECT_EQ(alloc_unpopulated(0, 10), 0);
	set_target(SUPERPAGES(32));
	settle();
	expect_current(SUPERPAGES(32));
	free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
}

static int online_while_waiting(void)
{
	return host_online() ? 0 : -512;
}

TEST("given hotplug_unpopulated a driver gets pages of new sections")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		struct host_config cfg = growing(kinds[i], true);

		host_boot(&cfg);
		settle();
		xen_balloon.config.hotplug_unpopulated = 1;
		host.on_wait = online_while_waiting;
		EXPECT_EQ(alloc_unpopulated(0, HOST_SUPERPAGE), 0);
		host_check();
		expect_current(SUPERPAGES(32));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(34));
		free_unpopulated(0, HOST_SUPERPAGE);
		settle();
		expect_current(SUPERPAGES(32));
	}
}

TEST("given hotplug_unpopulated and a target that the guest cannot shrink to, new sections are added, not waited for")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		struct host_config cfg = growing(kinds[i], true);

		host_boot(&cfg);
		set_target(1);
		settle();
		expect_current(SUPERPAGES(16));
		xen_balloon.config.hotplug_unpopulated = 1;
		host.on_wait = online_while_waiting;
		EXPECT_EQ(alloc_unpopulated(0, SUPERPAGES(16) + 1), 0);
		host_check();
		expect_current(SUPERPAGES(16));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(34));
		free_unpopulated(0, SUPERPAGES(16) + 1);
		settle();
		expect_current(SUPERPAGES(16));
	}
}

static int nobody_onlines(void)
{
	host.signals++;
	return -512;
}

TEST("given hotplug_unpopulated and a signal while waiting, no pages are taken (B: interruptible)")
{
	struct host_config cfg = growing(&pvh, true);

	host_boot(&cfg);
	settle();
	xen_balloon.config.hotplug_unpopulated = 1;
	host.on_wait = nobody_onlines;
	EXPECT(alloc_unpopulated(0, 10) < 0);
	EXPECT_EQ(host.signals, 1);
	host_check();
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
	expect_current(SUPERPAGES(32));
}

TEST("given hotplug_unpopulated and no address space, the guest's own memory is released")
{
	struct host_config cfg = pvh;

	host_boot(&cfg);
	settle();
	xen_balloon.config.hotplug_unpopulated = 1;
	EXPECT_EQ(alloc_unpopulated(0, 10), 0);
	expect_current(SUPERPAGES(32) - 10);
	free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given somebody else's memory that comes online, it is not ours")
{
	struct host_config cfg = growing(&pvh, false);
	unsigned long i, first = SUPERPAGES(40), low;

	host_boot(&cfg);
	set_target(SUPERPAGES(36));
	settle();
	expect_current(SUPERPAGES(36));
	low = xen_balloon.mem.nr_low;
	/* a section of a memory device */
	host.nr_pages = host_nr_struct_pages = first + PAGES_PER_SECTION;
	for (i = first; i < host.nr_pages; i++) {
		host.info[i].owner = HOST_ADDED;
		host_mem_map[i].refcount = 1;
		host_mem_map[i].page_type = HOST_PGTY_OFFLINE;
	}
	host.online_callback(host_mem_map + first, SUPERPAGE_ORDER);
	EXPECT_EQ(host.info[first].owner, HOST_FOREIGN);
	EXPECT(!PageOffline(host_mem_map + first));
	EXPECT_EQ(xen_balloon.mem.nr_low, low);
	/* and a section of ours for the second time: it has memory now */
	host.online_callback(host_mem_map + SUPERPAGES(34), SUPERPAGE_ORDER);
	EXPECT_EQ(host.info[SUPERPAGES(34)].owner, HOST_FOREIGN);
	EXPECT_EQ(xen_balloon.mem.nr_low, low);
}

TEST("given a hotplug that failed, what comes online there later is not ours")
{
	struct host_config cfg = growing(&pvh, false);
	unsigned long i, at, first;

	for (at = 1; at < 20; at++) {
		host_boot(&cfg);
		settle();
		host.inject = (struct host_inject) { .armed = true, .at = at };
		set_target(SUPERPAGES(34));
		host_run();
		host.inject.armed = false;
		if (host.inject.what &&
		    !strcmp(host.inject.what, "add_memory_resource"))
			break;
	}
	EXPECT(at < 20);
	first = host.sections_end;
	host.nr_pages = host_nr_struct_pages = first + PAGES_PER_SECTION;
	for (i = first; i < host.nr_pages; i++)
		host.info[i].owner = HOST_ADDED;
	host.online_callback(host_mem_map + first, SUPERPAGE_ORDER);
	EXPECT_EQ(host.info[first].owner, HOST_FOREIGN);
	EXPECT_EQ(xen_balloon.mem.nr_low, 0);
}

TEST("the sysctl takes 0 and 1 and is where it always was")
{
	host_boot(&pvh);
	EXPECT(!strcmp(host.sysctls->procname, "hotplug_unpopulated"));
	EXPECT(host.sysctls->data == &xen_balloon.config.hotplug_unpopulated);
	EXPECT_EQ(host.sysctls->mode, 0644);
	EXPECT_EQ(host.sysctls->maxlen, sizeof(int));
	EXPECT_EQ(*(int *)host.sysctls->extra1, 0);
	EXPECT_EQ(*(int *)host.sysctls->extra2, 1);
}
#else
TEST("without hotplug a target out of reach is clamped, and said once")
{
	unsigned long logs;

	host_boot(&pvh);
	set_target(SUPERPAGES(28));
	settle();
	EXPECT_EQ(alloc_unpopulated(0, 7), 0);
	logs = host.nr_logs;
	set_target(SUPERPAGES(40));
	settle();
	expect_current(SUPERPAGES(32) - 7);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
	EXPECT_EQ(host.nr_logs, logs + 1);
	host.nr_passes = 0;
	settle_for(60);
	EXPECT(host.nr_passes <= 1);
	free_unpopulated(0, 7);
	settle();
	expect_current(SUPERPAGES(32));
	set_target(SUPERPAGES(50));
	settle();
	EXPECT_EQ(host.nr_logs, logs + 1);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
}
#endif
