// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Too little memory: back-off, the floor, short counts of Xen. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

TEST("given a reader of all memory that does not go on, the lock is held for a second at most and the pages stay")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host.kcore_stuck = true;
		balloon_set_new_target(SUPERPAGES(24));
		host.longest_held = 0;
		host_run();
		EXPECT(host.longest_held <= 1001 * NSEC_PER_MSEC);
		EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
		EXPECT(!strncmp(host.last_log, "xen:balloon: a reader", 21));
		expect_current(SUPERPAGES(32));
		EXPECT(host_alloc_unpopulated(0, 5) < 0);
		EXPECT(host.longest_held <= 1001 * NSEC_PER_MSEC);
		expect_current(SUPERPAGES(32));

		/* one of before does not count for the marks of now */
		host.kcore_stuck = false;
		settle_for(3);
		expect_current(SUPERPAGES(24));
	}
}

/* Reasons */

static void expect_reason(const char *reason)
{
	char text[32];

	host_sysfs_read_text("info/reason", text, sizeof(text));
	if (strcmp(text, reason))
		host_violation("the reason is %s, not %s", text, reason);
}

/* The log has had one line since then, and it says this. */
static void expect_one_line(unsigned long logs, const char *text)
{
	EXPECT_EQ(host.nr_logs, logs + 1);
	EXPECT(strstr(host.last_log, text));
}

TEST("given a floor, a limit or no host memory the guest says so, once each")
{
	unsigned long logs;

	host_boot(&pvh);
	settle();
	expect_reason("none");
	logs = host.nr_logs;
	balloon_set_new_target(1);
	settle();
	expect_reason("floor");
	expect_one_line(logs, "stopped at 32768 KiB, asked for");
	EXPECT(strstr(host.last_log, "floor_kb"));
	/* the reason is the same for another target */
	balloon_set_new_target(0);
	settle_for(100);
	expect_one_line(logs, "floor_kb");

	host.hard_limit = host.tot_frames;
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	expect_reason("hard-limit");
	EXPECT_EQ(host.nr_logs, logs + 1);
	settle_for(200);
	expect_one_line(++logs, "xl mem-max");

	host.hard_limit = ULONG_MAX;
	host_others_take(host.nr_free_mfns, true);
	settle_for(61);
	expect_reason("host-memory");
	expect_one_line(++logs, "Xen has no free memory");

	host_others_give_all();
	settle_for(61);
	expect_reason("none");
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SETTLED);
	/* once it was there, the next time is news */
	balloon_set_new_target(1);
	settle();
	expect_reason("floor");
	expect_one_line(++logs, "floor_kb");
}

TEST("given no memory to spare, or pressure, or an Xen that takes none, the guest says so")
{
	host_boot(&pvh);
	host_sysfs_write("floor_kb", "0");
	host_user_alloc(SUPERPAGES(30));
	balloon_set_new_target(SUPERPAGES(20));
	settle_for(20);
	expect_reason("guest-memory");
	EXPECT(strstr(host.last_log, "the guest has no memory to spare"));
	host_oom();
	settle_for(30);
	expect_reason("guest-pressure");
	host_user_free(SUPERPAGES(30));
	settle_for(100);
	expect_reason("none");

	if (HOST_FRAMES > 1)
		return;
	host_shatter_guest(2);
	host.refuse_decrease = true;
	balloon_set_new_target(SUPERPAGES(18));
	host_run();
	expect_reason("xen-refuses");
}

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
	settle_for(1 + 2 + 4);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	EXPECT_EQ(host_next_due_s(), BALLOON_LOOK_S);
	host.nr_passes = 0;
	settle_for(600);
	EXPECT_EQ(host.nr_passes, 600 / BALLOON_LOOK_S);
	host_user_free(SUPERPAGES(15));
	settle_for(BALLOON_LOOK_S);
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
		EXPECT_EQ(balloon_available_pages(),
			  si_mem_available() - host.movable_free);
		/* a zone below its own watermark takes nothing from the others */
		host.movable_wmark = SUPERPAGES(200);
		EXPECT_EQ(balloon_available_pages(), si_mem_available());
		host.movable_wmark = 0;
		/* nor do other drivers get it */
		EXPECT_EQ(host_alloc_unpopulated(0, SUPERPAGES(8)), -ENOMEM);
		host.movable_free = 0;
		host_user_free(ULONG_MAX);
		settle_for(70);
		expect_current(SUPERPAGES(20));
	}
}

static unsigned int nr_fast_allocs;

static void reclaim_slowly(void)
{
	if (nr_fast_allocs)
		nr_fast_allocs--;
	else
		host.clock_ns += 1000 * 1000;
}

TEST("given memory that has to be reclaimed slowly the lock is held for milliseconds, and the target is met")
{
	struct host_config cfg = pvh;

	cfg.ram = 128;
	host_boot(&cfg);
	host.no_superpages = true;
	balloon_set_new_target(SUPERPAGES(100));
	/* a fast batch, so that the next one is large */
	host.longest_held = 0;
	host.on_alloc = reclaim_slowly;
	nr_fast_allocs = HOST_SUPERPAGE;
	settle_for(3);
	host.on_alloc = NULL;
	expect_current(SUPERPAGES(100));
	/* 8 ms, and what the allocator hands over at once */
	EXPECT(host.longest_held > 0);
	EXPECT(host.longest_held <= (8 + 64 + 1) * 1000UL * 1000);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SETTLED);

	/* superpages, and a rest */
	host_boot(&cfg);
	balloon_set_new_target(SUPERPAGES(120));
	settle();
	balloon_set_new_target(SUPERPAGES(100) + 3);
	host_run();
	host.longest_held = 0;
	host.on_alloc = reclaim_slowly;
	nr_fast_allocs = 1;	/* so that the second batch is large */
	balloon_set_new_target(SUPERPAGES(40) + 3);
	settle_for(3);
	host.on_alloc = NULL;
	expect_current(SUPERPAGES(40) + 3);
	EXPECT(host.longest_held <= (8 + 64 + 1) * 1000UL * 1000);
}

static unsigned int allocs_until_failure;

/* Two times there is no memory: so one call for many pages has none at all. */
static void fail_later(void)
{
	host.reserve = allocs_until_failure && --allocs_until_failure < 2 ?
		       host.nr_free : 4;
}

TEST("given a batch that gets fewer pages than it wants, the worker takes a breath though there are more")
{
	host_boot(&pvh);
	host.no_superpages = true;
	balloon_set_new_target(SUPERPAGES(20));
	host.on_alloc = fail_later;
	/* in each of two batches some find no larger extent */
	allocs_until_failure = HOST_SUPERPAGE + 2 * SUPERPAGE_ORDER + 10;
	host_run();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
	EXPECT_EQ(host_next_due_s(), 1);
	EXPECT(current() > SUPERPAGES(30));
	host.on_alloc = NULL;
	host.reserve = 4;
	settle_for(2);
	expect_current(SUPERPAGES(20));
}

static unsigned int allocs_until_target;

static void set_target_later(void)
{
	if (allocs_until_target && !--allocs_until_target)
		balloon_set_new_target(SUPERPAGES(32));
}

TEST("given a new target while a batch allocates the batch ends, and no driver's request does")
{
	const unsigned int first = HOST_SUPERPAGE;	/* pages of the first batch */

	host_boot(&pvh);
	host.no_superpages = true;
	balloon_set_new_target(SUPERPAGES(10));
	host.on_alloc = set_target_later;
	allocs_until_target = first + 10;
	settle();
	expect_current(SUPERPAGES(32));
	EXPECT(host.nr_released[extent_order(0)] < first + 10 + 2 * 64);

	allocs_until_target = 10;
	EXPECT_EQ(host_alloc_unpopulated(0, 2 * HOST_SUPERPAGE), 0);
	host_free_unpopulated(0, 2 * HOST_SUPERPAGE);
	host.on_alloc = NULL;
	settle();
}

TEST("given a crash kernel nothing moves, whatever is asked for")
{
	struct page *page;

	host_start(&pvh);
	host.crash_kernel = true;
	EXPECT_EQ(host_init_driver(), -ENODEV);
	host_wait_boot();
	host_set_xenstore_target("100000");
	balloon_set_new_target(SUPERPAGES(1));
	settle_for(100);
	EXPECT_EQ(xen_alloc_ballooned_pages(1, &page), -ENOMEM);
	EXPECT_EQ(host.nr_memory_ops, 0);
	host_check();
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

/* A page of several frames may be half gone, so its superpage is not split. */
#define HALF_GONE	(HOST_FRAMES == 1 ? 100 : HOST_SUPERPAGE)

TEST("given a superpage that Xen took in part the part is quarantined, and the target is still met (defect 6)")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	host.on_hypercall = stop_in_fourth_superpage;
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, HALF_GONE);
	EXPECT_EQ(host_sysfs_read("info/quarantined_kb"),
		  PAGES_TO_KB(HALF_GONE));
	expect_current(SUPERPAGES(24));
	/* and not by way of less than that */
	EXPECT_EQ(host.nr_populated[9] + host.nr_populated[4] +
		  host.nr_populated[0], 0);
	balloon_set_new_target(SUPERPAGES(32));
	settle_for(5);
	/* that part is lost for good */
	EXPECT_EQ(current(), SUPERPAGES(32) - HALF_GONE);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, HALF_GONE);
}

TEST("given a first superpage that Xen took in part Xen's count tells which, and nothing is lost")
{
	host_boot(&pvh);
	host.stop_after_frames = 100;
	balloon_set_new_target(SUPERPAGES(28));
	settle_for(2);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined,
		  HOST_FRAMES == 1 ? 0 : HOST_SUPERPAGE);
	expect_current(SUPERPAGES(28));
	/* a new target tries superpages again */
	EXPECT_EQ(host.nr_released[9], 0);
	balloon_set_new_target(SUPERPAGES(26));
	settle();
	EXPECT_EQ(host.nr_released[9], 2);
	expect_current(SUPERPAGES(26));
}

/* The paging pool */

static const struct host_config pool_guest = {
	.ram = 16, .space = 64, .host_free = 60, .reserve = 4,
};

/* No 2 MiB in the host, and a pool for so many tables. */
static void use_up_pool(unsigned long tables)
{
	host_boot(&pool_guest);
	settle();
	host.pool_pages = tables;
	host.host_no_superpages = true;
}

TEST("given an empty paging pool growth stops, says why, and costs no second frame")
{
	unsigned long ops;

	if (!HOST_HAS_HOTPLUG)
		return;
	use_up_pool(8);
	balloon_set_new_target(SUPERPAGES(40));
	settle_for(20);
	expect_reason("paging-pool");
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	EXPECT_EQ(xen_balloon.mem.nr_lost, 1);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(24) + 1);
	EXPECT_EQ(host.tot_frames, (SUPERPAGES(24) + 1) * HOST_FRAMES);
	ops = host.nr_memory_ops;
	settle_for(600);
	EXPECT_EQ(host.nr_memory_ops, ops);
	EXPECT_EQ(host.tot_frames, (SUPERPAGES(24) + 1) * HOST_FRAMES);
	EXPECT_EQ(host_sysfs_read("info/quarantined_kb"), 0);
}

TEST("given frames that only Xen counts the guest is settled when Xen counts its target")
{
	if (!HOST_HAS_HOTPLUG)
		return;
	use_up_pool(8);
	balloon_set_new_target(SUPERPAGES(40));
	settle_for(20);
	EXPECT(xen_balloon.mem.nr_lost > 0);
	/* to release part of a superpage takes a table, too */
	balloon_set_new_target(SUPERPAGES(16));
	settle_for(60);
	EXPECT(host.tot_frames > SUPERPAGES(16) * HOST_FRAMES);
	EXPECT_EQ(xen_balloon.mem.current_pages * HOST_FRAMES, host.tot_frames);
	expect_reason("xen-refuses");
	host.pool_pages = 20;
	settle_for(60);
	EXPECT_EQ(host.tot_frames, SUPERPAGES(16) * HOST_FRAMES);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(16));
	EXPECT_EQ(host_with_allocator(), SUPERPAGES(16) - xen_balloon.mem.nr_lost);
	EXPECT_EQ(xen_balloon.mem.nr_quarantined, 0);
	expect_reason("none");
	/* what was released serves again */
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(host.tot_frames, SUPERPAGES(20) * HOST_FRAMES);
}

TEST("given an empty paging pool a new target is one try")
{
	if (!HOST_HAS_HOTPLUG)
		return;
	use_up_pool(8);
	balloon_set_new_target(SUPERPAGES(40));
	settle_for(20);
	balloon_set_new_target(SUPERPAGES(41));
	settle_for(20);
	EXPECT_EQ(xen_balloon.mem.nr_lost, 2);
	/* a pool that has grown is used */
	host.pool_pages = 30;
	balloon_set_new_target(SUPERPAGES(42));
	settle_for(20);
	EXPECT_EQ(host.tot_frames, SUPERPAGES(42) * HOST_FRAMES);
	EXPECT_EQ(xen_balloon.mem.nr_lost, 2);
}

TEST("given an empty paging pool deflate_on_oom does not cost frames")
{
	if (!HOST_HAS_HOTPLUG)
		return;
	use_up_pool(8);
	host_sysfs_write("deflate_on_oom", "1");
	balloon_set_new_target(SUPERPAGES(40));
	settle_for(20);
	EXPECT_EQ(host_oom(), 0);
	EXPECT_EQ(xen_balloon.mem.nr_lost, 1);
}

TEST("given deflate_on_oom and a hard limit that is reached the guest says so, with the limit, once")
{
	unsigned int i;
	unsigned long logs;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		host_sysfs_write("deflate_on_oom", "1");
		host.hard_limit = SUPERPAGES(20) * HOST_FRAMES;
		logs = host.nr_logs;
		EXPECT_EQ(host_oom(), 0);
		EXPECT(host.nr_logs > logs);
		host_check();
	}
	/* the report of the balloon comes after it, each time */
	logs = host.nr_logs;
	host_oom();
	EXPECT(host.nr_logs <= logs + 1);
}

TEST("given a restore elsewhere the frames that only Xen counted are gone")
{
	unsigned long lost;

	if (!HOST_HAS_HOTPLUG)
		return;
	use_up_pool(8);
	balloon_set_new_target(SUPERPAGES(40));
	settle_for(20);
	lost = xen_balloon.mem.nr_lost * HOST_FRAMES;
	balloon_set_new_target(SUPERPAGES(20));
	settle_for(20);
	host.tot_frames -= lost;
	host.nr_lost_frames = 0;
	host.pool_pages = 60;
	host.resume_nb->notifier_call(host.resume_nb, 0, NULL);
	settle_for(20);
	EXPECT_EQ(xen_balloon.mem.nr_lost, 0);
	expect_current(SUPERPAGES(20));
	EXPECT_EQ(host.tot_frames, SUPERPAGES(20) * HOST_FRAMES);
}
