// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Unpopulated pages for other drivers. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

/* Pages for other drivers */

TEST("given a balloon unpopulated pages come from it, and the size stays")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(28));
		settle();
		EXPECT_EQ(host_alloc_unpopulated(0, HOST_SUPERPAGE + 10), 0);
		host_check();
		EXPECT_EQ(xen_balloon.mem.nr_unpopulated, HOST_SUPERPAGE + 10);
		expect_current(SUPERPAGES(28));
		host_free_unpopulated(0, HOST_SUPERPAGE + 10);
		host_check();
		EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
		balloon_set_new_target(SUPERPAGES(32));
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
		EXPECT_EQ(host_alloc_unpopulated(0, 40), 0);
		host_check();
		expect_current(SUPERPAGES(32) - 40);
		host_free_unpopulated(0, 40);
		settle();
		expect_current(SUPERPAGES(32));
	}
}

static void come_back_in_the_middle(void)
{
	host.on_alloc = NULL;
	host_free_unpopulated(0, 20);
}

TEST("given pages that come back while others are inflated for a caller, the guest has what is too many")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(32) - 20);
		settle();
		EXPECT_EQ(host_alloc_unpopulated(0, 20), 0);
		settle();
		host.on_alloc = come_back_in_the_middle;
		EXPECT_EQ(host_alloc_unpopulated(20, 30), 0);
		EXPECT_EQ(xen_balloon.mem.nr_low, 20);
		/* only the caller knows that there is something to do */
		settle();
		expect_current(SUPERPAGES(32) - 30);
		host_free_unpopulated(20, 30);
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
	EXPECT(ARRAY_SIZE(host_unpopulated) > BATCH_EXTENTS);
	EXPECT_EQ(host_alloc_unpopulated(0, ARRAY_SIZE(host_unpopulated)), 0);
	expect_current(SUPERPAGES(300) - ARRAY_SIZE(host_unpopulated));
	host_free_unpopulated(0, ARRAY_SIZE(host_unpopulated));
	settle();
	expect_current(SUPERPAGES(300));
}

TEST("given the older names they do the same")
{
	host_boot(&pvh);
	settle();
	EXPECT_EQ(alloc_xenballooned_pages(3, host_unpopulated), 0);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 3);
	EXPECT_EQ(balloon_stats.target_unpopulated, 3);
	free_xenballooned_pages(3, host_unpopulated);
	EXPECT_EQ(balloon_stats.target_unpopulated, 0);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given a caller that dropped some pages the others come back, and the count is right")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(28));
	settle();
	EXPECT_EQ(host_alloc_unpopulated(0, 4), 0);
	host_note_unpopulated(host_unpopulated[1], false);
	host_note_unpopulated(host_unpopulated[0], false);
	host_note_unpopulated(host_unpopulated[2], false);
	host_note_unpopulated(host_unpopulated[3], false);
	host.info[page_to_pfn(host_unpopulated[1])].owner = HOST_FOREIGN;
	host_unpopulated[1] = NULL;
	xen_free_ballooned_pages(4, host_unpopulated);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
	EXPECT_EQ(xen_balloon.mem.nr_low, SUPERPAGES(4) - 1);
}

TEST("given lowmem only in part, a driver only gets that")
{
	struct host_config cfg = pvh;

	cfg.low = 8;
	host_boot(&cfg);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(xen_balloon.mem.nr_low, 0);
	EXPECT_EQ(host_alloc_unpopulated(0, 16), 0);
	expect_current(SUPERPAGES(20) - 16);
	host_free_unpopulated(0, 16);
	settle();
	expect_current(SUPERPAGES(20));
}

TEST("given too little memory no driver gets pages and the accounting is as before (defect 7)")
{
	struct balloon_info before, after;
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(32) - 5);
		settle();
		host_user_alloc(host.nr_free - host.reserve - 20);
		balloon_snapshot(&before);
		EXPECT_EQ(host_alloc_unpopulated(0, 60), -ENOMEM);
		balloon_snapshot(&after);
		host_check();
		EXPECT_EQ(balloon_stats.target_unpopulated, 0);
		EXPECT_EQ(after.current_pages,
			  before.current_pages);
		EXPECT_EQ(host_alloc_unpopulated(0, 6), 0);
		host_check();
		host_free_unpopulated(0, 6);
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
	EXPECT_EQ(xen_alloc_ballooned_pages(1, host_unpopulated), -ENOMEM);
	host_wait_boot();
	EXPECT_EQ(xen_alloc_ballooned_pages(1, host_unpopulated), -ENOMEM);
}

TEST("given a user of ballooned pages before the worker is up, it is served")
{
	host_start(&pvh);
	EXPECT_EQ(host_pure_initcall(), 0);
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	host_check();
	host_free_unpopulated(0, 10);
	balloon_set_new_target(SUPERPAGES(30));
	host_check();
	EXPECT_EQ(host_subsys_initcall(), 0);
	settle();
	expect_current(SUPERPAGES(30));
}

TEST("given a user of ballooned pages before any initcall, it brings up the state")
{
	host_start(&pvh);
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	host_check();
	EXPECT_EQ(host_init_driver(), 0);
	host_wait_boot();
	settle();
	expect_current(SUPERPAGES(32) - 10);
	host_free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given the older name and a negative number nothing happens")
{
	host_boot(&pvh);
	EXPECT_EQ(alloc_xenballooned_pages(-1, host_unpopulated), -EINVAL);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
	EXPECT_EQ(xen_alloc_ballooned_pages(0, host_unpopulated), 0);
	host_check();
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
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	EXPECT_EQ(xen_alloc_ballooned_pages(ARRAY_SIZE(others), others), 0);
	host.on_batch_lock = others_free;
	EXPECT_EQ(xen_alloc_ballooned_pages(4, pages), 0);
	EXPECT(!host.on_batch_lock);
	EXPECT_EQ(current(), SUPERPAGES(31));
	xen_free_ballooned_pages(4, pages);
	settle();
}

TEST("given pages that Xen does not populate, or that were looked through, the tasks that wait for pages are woken")
{
	unsigned long wakeups;

	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	host.hard_limit = host.tot_frames;
	wakeups = host.nr_wakeups;
	balloon_set_new_target(SUPERPAGES(32));
	host_run();
	expect_current(SUPERPAGES(20) + 3);
	EXPECT(host.nr_wakeups > wakeups);

	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(host_repopulate(1, 1), 1);
	wakeups = host.nr_wakeups;
	host_resume_elsewhere();
	settle();
	EXPECT(host.nr_wakeups > wakeups);
}
