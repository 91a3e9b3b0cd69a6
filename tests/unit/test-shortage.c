// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Too little memory: back-off, the floor, short counts of Xen. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

/* Shortages */

TEST("given too little free memory the worker backs off, gives up and goes on later (defect 5)")
{
	host_boot(&pvh);
	settle();
	host_sysfs_write("floor_kb", "0");
	host_user_alloc(SUPERPAGES(30));
	balloon_set_new_target(SUPERPAGES(20));
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
	balloon_set_new_target(SUPERPAGES(20));
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
	balloon_set_new_target(SUPERPAGES(20));
	settle_for(100);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	balloon_set_new_target(SUPERPAGES(22));
	settle();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
	EXPECT_EQ(host_next_due_s(), 1);
	host_user_free(SUPERPAGES(32));
	balloon_set_new_target(SUPERPAGES(21));
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
	balloon_set_new_target(SUPERPAGES(18));
	settle_for(10);
	expect_current(SUPERPAGES(18));
}

TEST("given a hard limit the balloon stays until it is raised")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		host.hard_limit = (SUPERPAGES(25) + 1) * HOST_FRAMES;
		balloon_set_new_target(SUPERPAGES(30));
		settle_for(3);
		expect_current(SUPERPAGES(25) + 1);
		host.hard_limit = ULONG_MAX;
		settle_for(70);
		expect_current(SUPERPAGES(30));
	}
}

TEST("given memory that is free in ZONE_MOVABLE, which inflation cannot take, the rest keeps its reserve")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		host.movable_free = SUPERPAGES(100);
		host_user_alloc(host.nr_free - SUPERPAGES(6));
		balloon_set_new_target(SUPERPAGES(20));
		settle_for(10);
		EXPECT(host.nr_free >= host.reserve + xen_balloon.mem.floor / 4);
		EXPECT(current() < SUPERPAGES(32));
		EXPECT(xen_balloon.mem.schedule.state == BALLOON_STATE_SHORT ||
		       xen_balloon.mem.schedule.state == BALLOON_STATE_STOPPED);
		/* nor do other drivers get it */
		EXPECT_EQ(host_alloc_unpopulated(0, SUPERPAGES(8)), -ENOMEM);
		host.movable_free = 0;
		host_user_free(ULONG_MAX);
		settle_for(70);
		expect_current(SUPERPAGES(20));
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
		balloon_set_new_target(SUPERPAGES(20));
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
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		EXPECT(host.cfg.pv ? host.nr_flushes == 1 ||
				     host.nr_flushes == 2 : !host.nr_flushes);
		host.nr_flushes = 0;
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		EXPECT_EQ(host.nr_flushes, 0);
	}
}

/* The floor */

TEST("given a target of almost nothing the guest keeps its floor (defect 3)")
{
	host_boot(&pvh);
	balloon_set_new_target(1);
	settle();
	expect_current(SUPERPAGES(16));
	EXPECT_EQ(xen_balloon.mem.target_pages, 1);
	settle_for(200);
	expect_current(SUPERPAGES(16));
	host_sysfs_write("floor_kb", kb_text(SUPERPAGES_KB(10)));
	settle();
	expect_current(SUPERPAGES(10));
	balloon_set_new_target(0);
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
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host_sysfs_write("floor_kb", kb_text(SUPERPAGES_KB(28)));
	settle_for(200);
	expect_current(SUPERPAGES(20));
	balloon_set_new_target(SUPERPAGES(18));
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
		balloon_set_new_target(SUPERPAGES(31) + HOST_SUPERPAGE / 2);
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
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	host.on_hypercall = stop_in_fourth_superpage;
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, HOST_SUPERPAGE);
	EXPECT_EQ(host_sysfs_read("info/quarantined_kb"), 2048);
	expect_current(SUPERPAGES(24));
	/* and not by way of less than that */
	EXPECT_EQ(host.nr_populated[9] + host.nr_populated[4] +
		  host.nr_populated[0], 0);
	balloon_set_new_target(SUPERPAGES(32));
	settle_for(5);
	/* one superpage is lost for good */
	EXPECT(current() >= SUPERPAGES(31));
	EXPECT(xen_balloon.mem.nr_quarantined == HOST_SUPERPAGE);
}

TEST("given a first superpage that Xen took in part it is quarantined too")
{
	host_boot(&pvh);
	host.stop_after_frames = 100;
	balloon_set_new_target(SUPERPAGES(28));
	settle_for(2);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, HOST_SUPERPAGE);
	expect_current(SUPERPAGES(28));
	/* a new target tries superpages again */
	EXPECT_EQ(host.nr_released[9], 0);
	balloon_set_new_target(SUPERPAGES(26));
	settle();
	EXPECT_EQ(host.nr_released[9], 2);
	expect_current(SUPERPAGES(26));
}
