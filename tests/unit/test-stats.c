// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What the driver tells about its work: debugfs, /proc/vmstat, tracepoints. */

#include "test.h"
#include "guests.h"

#define BLOCK_EXTENT	9	/* orders at Xen */
#define SINGLE_EXTENT	(PAGE_SHIFT - 12)

/* The order of a superpage, in the names of counters. */
#if PAGE_SHIFT == 12
#define SUPERPAGE	"9"
#else
#define SUPERPAGE	"5"
#endif

/* Such a counter of all orders, in pages. */
static unsigned long stat_pages(const char *counter)
{
	unsigned long order, nr_pages = 0;
	char name[32];

	for (order = 0; order < NR_EXTENT_ORDERS; order++) {
		snprintf(name, sizeof(name), "%s_%lu", counter, order);
		nr_pages += host_stat(name) << order;
	}
	return nr_pages;
}

static void move_to(unsigned long pages)
{
	balloon_set_new_target(pages);
	settle();
}

/* The last such event has this text, and then possibly more. */
static void expect_event(const char *event, const char *fmt, ...)
{
	const char *line = host_last_event(event);
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (strncmp(line, text, strlen(text)))
		host_violation("%s: '%s', not '%s'", event, line, text);
}

/* What batches in one direction moved, by their events since nr_trace_lines = 0. */
static unsigned long event_pages(const char *direction)
{
	unsigned long i, done, nr_pages = 0;
	char way[16];

	EXPECT(host.nr_trace_lines <= ARRAY_SIZE(host.trace));
	for (i = 0; i < host.nr_trace_lines; i++)
		if (sscanf(host.trace[i],
			   "xen_balloon_batch: direction=%15s nr_pages=%*u pages_done=%lu",
			   way, &done) == 2 && !strcmp(way, direction))
			nr_pages += done;
	return nr_pages;
}

/* Counters */

TEST("given moves down and up the counters tell what Xen was asked for and did")
{
	unsigned long pv_before;	/* by guests of earlier cases */

	host_boot(&pvh);
	pv_before = host_stat("pv_hypercalls");
	host.nr_memory_ops = 0;
	move_to(SUPERPAGES(20) + 3);
	/* except for the call that asks for Xen's count of the domain */
	EXPECT_EQ(host_stat("inflate_hypercalls"), host.nr_memory_ops - 1);
	EXPECT_EQ(host_stat("inflate_asked_" SUPERPAGE), 11);
	EXPECT_EQ(host_stat("inflate_done_" SUPERPAGE), 11);
	EXPECT_EQ(host_stat("inflate_refusals_" SUPERPAGE), 0);
	/* the rest is an extent each of the orders of its binary number */
	EXPECT_EQ(stat_pages("inflate_asked"), SUPERPAGES(12) - 3);
	EXPECT_EQ(stat_pages("inflate_done"), SUPERPAGES(12) - 3);
	EXPECT_EQ(host_stat("inflate_asked_3"), 1);
	EXPECT_EQ(host_stat("inflate_done_0"), 1);
	EXPECT_EQ(host_stat("list_3"), 1);
	EXPECT_EQ(host_stat("inflate_refusals_0"), 0);
	EXPECT_EQ(host_stat("deflate_hypercalls"), 0);
	EXPECT_EQ(host_stat("deflate_us"), 0);

	host.nr_memory_ops = 0;
	move_to(SUPERPAGES(30) + 5);
	EXPECT_EQ(host_stat("deflate_hypercalls"), host.nr_memory_ops);
	EXPECT_EQ(host_stat("deflate_asked_" SUPERPAGE), 10);
	EXPECT_EQ(host_stat("deflate_done_" SUPERPAGE), 10);
	EXPECT_EQ(host_stat("deflate_asked_1"), 1);
	EXPECT_EQ(host_stat("deflate_done_1"), 1);
	EXPECT_EQ(stat_pages("deflate_done"), SUPERPAGES(10) + 2);
	EXPECT_EQ(host_stat("inflate_done_" SUPERPAGE), 11);
	EXPECT_EQ(host_stat("pv_hypercalls") - pv_before, 0);
}

TEST("given a host without superpages the counters tell of refusals, and what was asked for again")
{
	host_boot(&pvh);
	move_to(SUPERPAGES(20));
	host.host_no_superpages = true;
	move_to(SUPERPAGES(22));
	EXPECT(host_stat("deflate_asked_" SUPERPAGE) > 0);
	EXPECT_EQ(host_stat("deflate_done_" SUPERPAGE), 0);
	EXPECT_EQ(host_stat("deflate_refusals_" SUPERPAGE), 1);
	EXPECT_EQ(host_stat("deflate_done_0"), SUPERPAGES(2));
	EXPECT_EQ(host_stat("deflate_refusals_0"), 0);
	EXPECT_EQ(host_stat("inflate_refusals_" SUPERPAGE), 0);
	expect_event("xen_balloon_refusal", "direction=deflate extent_order=%u asked=",
		     SINGLE_EXTENT ? BLOCK_EXTENT : 1);
}

TEST("given single pages that Xen does not take the counters tell how often")
{
	if (SINGLE_EXTENT)
		return;
	host_boot(&pvh);
	host_shatter_guest(2);
	host.refuse_decrease = true;
	balloon_set_new_target(SUPERPAGES(30));
	host_run();
	EXPECT(host_stat("inflate_refusals_0") > 1);
	EXPECT_EQ(host_stat("inflate_refusals_" SUPERPAGE), 0);
	EXPECT_EQ(host_stat("deflate_refusals_0"), 0);
	expect_event("xen_balloon_refusal", "direction=inflate extent_order=0 asked=");
	host_check();
}

TEST("given superpages that are split and come back whole both are counted")
{
	static struct page *pages[2 * HOST_SUPERPAGE];

	host_boot(&pvh);
	move_to(SUPERPAGES(28));
	EXPECT_EQ(host_stat("splits"), 0);
	EXPECT_EQ(xen_alloc_ballooned_pages(2 * HOST_SUPERPAGE - 1, pages), 0);
	EXPECT_EQ(host_stat("splits"), 2);
	EXPECT_EQ(host_stat("joins"), 0);
	xen_free_ballooned_pages(2 * HOST_SUPERPAGE - 1, pages);
	EXPECT_EQ(host_stat("splits"), 2);
	EXPECT_EQ(host_stat("joins"), 2);
	settle();
}

TEST("given unpopulated pages the counters tell how many there are now")
{
	static struct page *pages[20];

	host_boot(&pvh);
	EXPECT_EQ(host_stat("unpopulated_pages"), 0);
	EXPECT_EQ(xen_alloc_ballooned_pages(20, pages), 0);
	EXPECT_EQ(host_stat("unpopulated_pages"), 20);
	xen_free_ballooned_pages(5, pages);
	EXPECT_EQ(host_stat("unpopulated_pages"), 15);
	xen_free_ballooned_pages(15, pages + 5);
	EXPECT_EQ(host_stat("unpopulated_pages"), 0);
	settle();
}

TEST("given a superpage that Xen took in part the counters tell of the quarantine")
{
	unsigned long half_gone = HOST_FRAMES == 1 ? 100 : HOST_SUPERPAGE;

	host_boot(&pvh);
	move_to(SUPERPAGES(31));
	host.stop_after_frames = 100;
	move_to(SUPERPAGES(28));
	settle_for(2);
	EXPECT_EQ(host_stat("quarantined_pages"), half_gone);
	EXPECT_EQ(host_stat("inflate_refusals_" SUPERPAGE), 1);
	EXPECT_EQ(host_stat("inflate_done_" SUPERPAGE), 1);
	EXPECT_EQ(stat_pages("inflate_done"), SUPERPAGES(4) - half_gone);
}

TEST("given an Xen that takes its time the counters tell how long, and the longest batch")
{
	host_boot(&pvh);
	host.ns_per_frame = 4000;
	move_to(SUPERPAGES(20));
	EXPECT_EQ(host_stat("inflate_us"), 12 * 512 * 4);
	EXPECT_EQ(host_stat("inflate_longest_us"),
		  host.longest_held / 1000);
	EXPECT_EQ(host_stat("deflate_us"), 0);
	EXPECT_EQ(host_stat("deflate_longest_us"), 0);
	host.longest_held = 0;
	move_to(SUPERPAGES(32));
	EXPECT_EQ(host_stat("deflate_us"), 12 * 512 * 4);
	EXPECT_EQ(host_stat("deflate_longest_us"),
		  host.longest_held / 1000);
}

TEST("given a PV guest the hypercalls for its page tables are counted")
{
	unsigned long before;	/* by guests of earlier cases */

	if (!HOST_HAS_PV)
		return;
	host_boot(&pv);
	before = host_stat("pv_hypercalls") - host.nr_mmu_updates;
	move_to(SUPERPAGES(24) + 7);
	move_to(SUPERPAGES(32));
	EXPECT(host.nr_mmu_updates > 0);
	EXPECT_EQ(host_stat("pv_hypercalls") - before, host.nr_mmu_updates);
	/* frame by frame at Xen, however they left the guest */
	EXPECT_EQ(host_stat("inflate_asked_" SUPERPAGE), 0);
	EXPECT_EQ(host_stat("inflate_done_0"), SUPERPAGES(8) - 7);
}

TEST("given PV pages that cannot be mapped their way back to Xen is counted, and is an event")
{
	unsigned long given = 0, at;

	if (!HOST_HAS_PV)
		return;
	for (at = 1; !given && at < 100; at++) {
		host_boot(&pv);
		move_to(SUPERPAGES(24));
		given = host_stat("inflate_done_0");	/* on PV all are single */
		host.nr_trace_lines = 0;
		host.host_no_superpages = true;
		host.inject.armed = true;
		host.inject.at = at;
		move_to(SUPERPAGES(25));
		given = host_stat("inflate_done_0") - given;
	}
	EXPECT(given > 0);
	EXPECT_EQ(event_pages("inflate"), given);
	EXPECT_EQ(SUPERPAGES(24) + event_pages("deflate") - given,
		  xen_balloon.mem.current_pages);
}

TEST("with a kernel that counts balloons in vmstat both directions are counted in pages")
{
	host_boot(&pvh);
	move_to(SUPERPAGES(20) + 3);
	move_to(SUPERPAGES(30));
	EXPECT_EQ(host.vm_events[BALLOON_INFLATE],
		  IS_ENABLED(CONFIG_BALLOON) ? SUPERPAGES(12) - 3 : 0);
	EXPECT_EQ(host.vm_events[BALLOON_DEFLATE],
		  IS_ENABLED(CONFIG_BALLOON) ? SUPERPAGES(10) - 3 : 0);
}

TEST("without debugfs the driver starts")
{
	unsigned long at;

	for (at = 1; at < 40; at++) {
		host_start(&pvh);
		host.inject.armed = true;
		host.inject.at = at;
		host_init_driver();
		if (host.inject.hits && !strncmp(host.inject.what, "debugfs", 7)) {
			host.inject.armed = false;
			EXPECT(!host.stats);
			host_wait_boot();
			move_to(SUPERPAGES(20));
			EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
			return;
		}
	}
	host_violation("debugfs does not fail");
}

/* Tracepoints */

TEST("given a target an event tells the old one, the new one and who sets it")
{
	host_boot(&pvh);
	move_to(SUPERPAGES(20));
	expect_event("xen_balloon_target", "old_pages=%lu new_pages=%lu from=0x",
		     SUPERPAGES(32), SUPERPAGES(20));
	host_sysfs_write("target_kb", "40960");
	expect_event("xen_balloon_target", "old_pages=%lu new_pages=%lu from=0x",
		     SUPERPAGES(20), SUPERPAGES(20));
	settle();
}

TEST("given a move each batch is an event, and they add up to what moved")
{
	host_boot(&pvh);
	move_to(SUPERPAGES(31) + 3);
	expect_event("xen_balloon_batch",
		     "direction=inflate nr_pages=%lu pages_done=%lu us=0 current_pages=%lu extents={0x1,0x0,0x1,",
		     HOST_SUPERPAGE - 3, HOST_SUPERPAGE - 3, SUPERPAGES(31) + 3);
	move_to(SUPERPAGES(31));
	host.ns_per_frame = 1000;
	move_to(SUPERPAGES(30));
	expect_event("xen_balloon_batch",
		     "direction=inflate nr_pages=%lu pages_done=%lu us=512 current_pages=%lu extents={0x0,0x0,",
		     HOST_SUPERPAGE, HOST_SUPERPAGE, SUPERPAGES(30));

	host.nr_trace_lines = 0;
	move_to(SUPERPAGES(20) + 5);
	EXPECT_EQ(event_pages("inflate"), SUPERPAGES(10) - 5);
	EXPECT_EQ(event_pages("deflate"), 0);
	move_to(SUPERPAGES(32));
	EXPECT_EQ(event_pages("inflate"), SUPERPAGES(10) - 5);
	EXPECT_EQ(event_pages("deflate"), SUPERPAGES(12) - 5);
}

TEST("given a shortage events tell each state of the worker, and none when it stays")
{
	unsigned long nr;

	host_boot(&pvh);
	host_others_take(host.nr_free_mfns, false);
	move_to(SUPERPAGES(20));
	host.hard_limit = host.tot_frames;
	nr = host.nr_trace_lines;
	balloon_set_new_target(SUPERPAGES(24));
	host_run();
	expect_event("xen_balloon_state",
		     "old_state=moving new_state=short reason=hard-limit retry_count=2 schedule_delay=1");
	EXPECT(host.nr_trace_lines > nr);
	host_advance(8);
	expect_event("xen_balloon_state",
		     "old_state=short new_state=stopped reason=hard-limit retry_count=1 schedule_delay=1");
	nr = host.nr_trace_lines;
	host_advance(BALLOON_LOOK_S);
	/* a look: a refusal of each order that is tried, and a batch */
	EXPECT_EQ(host.nr_trace_lines - nr, 1 + 1 + (SINGLE_EXTENT ? 1 : 5));
	balloon_set_new_target(SUPERPAGES(20));
	expect_event("xen_balloon_state",
		     "old_state=stopped new_state=moving reason=none retry_count=1 schedule_delay=1");
	settle();
}

TEST("given unpopulated pages events tell how many, and when there are none")
{
	static struct page *pages[HOST_SUPERPAGE];

	host_boot(&pvh);
	EXPECT_EQ(xen_alloc_ballooned_pages(8, pages), 0);
	expect_event("xen_balloon_alloc", "nr_pages=8 ret=0");
	xen_free_ballooned_pages(8, pages);
	expect_event("xen_balloon_free", "nr_pages=8");
	host_user_alloc(host.nr_free);
	EXPECT_EQ(xen_alloc_ballooned_pages(HOST_SUPERPAGE, pages), -ENOMEM);
	expect_event("xen_balloon_alloc", "nr_pages=%lu ret=-12", HOST_SUPERPAGE);
	settle();
}

TEST("given sections that are added an event tells which, or why they are not")
{
	struct host_config cfg = pvh;

	if (!HOST_HAS_HOTPLUG)
		return;
	cfg.space = 40;
	host_boot(&cfg);
	move_to(SUPERPAGES(34));
	expect_event("xen_balloon_hotplug", "start_pfn=%#lx nr_pages=%lu ret=0",
		     SUPERPAGES(32), SUPERPAGES(2));
	move_to(SUPERPAGES(300));
	expect_event("xen_balloon_hotplug", "start_pfn=0x0 nr_pages=%lu ret=-",
		     PAGES_PER_SECTION);
}

TEST("given a target out of reach without hotplug an event tells what the worker makes of it")
{
	if (HOST_HAS_HOTPLUG)
		return;
	host_boot(&pvh);
	move_to(SUPERPAGES(40));
	expect_event("xen_balloon_target", "old_pages=%lu new_pages=%lu from=0x",
		     SUPERPAGES(40), SUPERPAGES(32));
}
