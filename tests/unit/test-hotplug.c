// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory sections that come, go and come back. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

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
		balloon_set_new_target(SUPERPAGES(30));
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
	balloon_set_new_target(SUPERPAGES(16));
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
		balloon_set_new_target(SUPERPAGES(37) + 11);
		settle();
		expect_current(SUPERPAGES(37) + 11);
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(38));
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(20));
		balloon_set_new_target(SUPERPAGES(38));
		settle();
		expect_current(SUPERPAGES(38));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(38));
	}
}

/* xl mem-max, and mem-set, of a guest that was created paused */
TEST("given a maximum raised before the boot the guest keeps its size and meets each target")
{
	static const unsigned int targets[] = { 32, 36 };
	struct host_config cfg = growing(&pvh, false);
	unsigned int i;

	cfg.overhead = 17 * HOST_FRAMES;
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		host_start(&cfg);
		host_xenstore("static-max", kb_text(SUPERPAGES_KB(64)));
		host_xenstore("target", kb_text(SUPERPAGES_KB(targets[i])));
		EXPECT_EQ(host_init_driver(), 0);
		EXPECT_EQ(host_difference(), 17);
		settle();
		expect_current(SUPERPAGES(targets[i]) - 17);
		EXPECT(!xen_balloon.mem.pod_boot);
		host_set_xenstore_target(kb_text(SUPERPAGES_KB(24)));
		settle();
		expect_current(SUPERPAGES(24) - 17);
		host_set_xenstore_target(kb_text(SUPERPAGES_KB(33)));
		settle();
		expect_current(SUPERPAGES(33) - 17);
	}
}

TEST("given sections that are not online the worker waits, without a timer, and adds no more")
{
	struct host_config cfg = growing(&pvh, true);

	host_boot(&cfg);
	balloon_set_new_target(SUPERPAGES(36));
	settle();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_WAITING);
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
	balloon_set_new_target(SUPERPAGES(35));
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
			balloon_set_new_target(SUPERPAGES(36) + 7);
			settle();
			expect_current(SUPERPAGES(36) + 7);
			balloon_set_new_target(SUPERPAGES(38));
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
		balloon_set_new_target(SUPERPAGES(36));
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
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		expect_current(SUPERPAGES(20));
	}
}

TEST("given too little address space the guest takes what there is, and the worker looks rarely")
{
	struct host_config cfg = growing(&pvh, false);

	host_boot(&cfg);
	balloon_set_new_target(SUPERPAGES(60));
	settle();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	expect_current(SUPERPAGES(48));
	host.nr_passes = 0;
	settle_for(600);
	/* a full try is two passes: one asks, one hears */
	EXPECT_EQ(host.nr_passes, 600 / BALLOON_LOOK_S + 600 / 60);
	expect_current(SUPERPAGES(48));
	EXPECT_EQ(host.nr_allocs, 4);
}

TEST("given a target beyond the p2m a PV guest goes as far as that has room")
{
	struct host_config cfg = pv;

	if (!HOST_HAS_PV || !HOST_HAS_HOTPLUG)
		return;
	cfg.space = 128;
	cfg.host_free = 100;
	cfg.p2m_limit = 80;
	host_boot(&cfg);
	host.hard_limit = ULONG_MAX;
	balloon_set_new_target(SUPERPAGES(110));
	host_advance(3);
	host_check();
	EXPECT_EQ(current(), SUPERPAGES(80) / PAGES_PER_SECTION *
		  PAGES_PER_SECTION);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	EXPECT(strstr(host.last_log, "no addresses for more memory"));
	/* and back */
	balloon_set_new_target(SUPERPAGES(32));
	host_advance(3);
	expect_current(SUPERPAGES(32));
}

static int online_while_waiting(void)
{
	return host_online() ? 0 : -512;
}

TEST("given sections that a caller could not have, a new target has them")
{
	struct host_config cfg = growing(&pvh, false);
	unsigned long space;

	host_boot(&cfg);
	settle();
	space = host.cfg.space;
	host.cfg.space = 32;
	xen_balloon.config.hotplug_unpopulated = 1;
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	EXPECT_EQ(xen_balloon.mem.nr_add_failures, 1);
	host.cfg.space = space;
	balloon_set_new_target(SUPERPAGES(36));
	settle();
	expect_current(SUPERPAGES(36));
	host_free_unpopulated(0, 10);
	settle();
}

static int interrupted(void)
{
	return -512;
}

static void call_again(void)
{
	host.on_add_memory = NULL;
	host.on_wait = interrupted;
	EXPECT(host_alloc_unpopulated(HOST_SUPERPAGE, SUPERPAGES(3)) < 0);
	EXPECT(!xen_balloon.hotplug.pending);
	host.on_wait = online_while_waiting;
}

TEST("given sections that are being added for a caller, another waits for the same")
{
	struct host_config cfg = growing(&pvh, true);

	host_boot(&cfg);
	settle();
	xen_balloon.config.hotplug_unpopulated = 1;
	host.on_add_memory = call_again;
	host.on_wait = online_while_waiting;
	EXPECT_EQ(host_alloc_unpopulated(0, HOST_SUPERPAGE), 0);
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(34));
	host_free_unpopulated(0, HOST_SUPERPAGE);
	settle();
}

static void live_while_sections_are_added(void)
{
	unsigned long nr;

	host.on_add_memory = NULL;
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_MOVING);
	/* also when the guest cannot pay for others */
	nr = host_user_alloc(SUPERPAGES(31));
	balloon_wake(&xen_balloon);
	host_run();
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_MOVING);
	host_user_free(nr);

	balloon_set_new_target(SUPERPAGES(20));
	host_run();
	EXPECT_EQ(current(), SUPERPAGES(20));
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	/* no more sections are asked for than one at a time */
	balloon_set_new_target(SUPERPAGES(38));
	host_run();
	EXPECT_EQ(current(), SUPERPAGES(32) - 10);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_MOVING);
	EXPECT(!xen_balloon.hotplug.pending);
}

TEST("given a hotplug that takes its time, targets are followed and callers are served meanwhile")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		struct host_config cfg = growing(kinds[i], false);

		host_boot(&cfg);
		host.on_add_memory = live_while_sections_are_added;
		balloon_set_new_target(SUPERPAGES(36));
		settle();
		EXPECT(!host.on_add_memory);
		expect_current(SUPERPAGES(38));
		host_free_unpopulated(0, 10);
		settle();
		expect_current(SUPERPAGES(38));
	}
}

TEST("given sections that are asked for by a caller and not added, the worker's state stays")
{
	struct host_config cfg = pvh;

	host_boot(&cfg);
	settle();
	xen_balloon.config.hotplug_unpopulated = 1;
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	EXPECT_EQ(xen_balloon.mem.nr_add_failures, 1);
	EXPECT(xen_balloon.mem.schedule.state != BALLOON_STATE_STOPPED);
	host_free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given unpopulated pages their struct pages are made up for by hotplug")
{
	struct host_config cfg = growing(&pvh, false);

	host_boot(&cfg);
	settle();
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	balloon_set_new_target(SUPERPAGES(32));
	settle();
	expect_current(SUPERPAGES(32));
	host_free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
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
		EXPECT_EQ(host_alloc_unpopulated(0, HOST_SUPERPAGE), 0);
		host_check();
		expect_current(SUPERPAGES(32));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(34));
		host_free_unpopulated(0, HOST_SUPERPAGE);
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
		balloon_set_new_target(1);
		settle();
		expect_current(SUPERPAGES(16));
		xen_balloon.config.hotplug_unpopulated = 1;
		host.on_wait = online_while_waiting;
		EXPECT_EQ(host_alloc_unpopulated(0, SUPERPAGES(16) + 1), 0);
		host_check();
		expect_current(SUPERPAGES(16));
		EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(34));
		host_free_unpopulated(0, SUPERPAGES(16) + 1);
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
	EXPECT(host_alloc_unpopulated(0, 10) < 0);
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
	EXPECT_EQ(host_alloc_unpopulated(0, 10), 0);
	expect_current(SUPERPAGES(32) - 10);
	host_free_unpopulated(0, 10);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given somebody else's memory that comes online, it is not ours")
{
	struct host_config cfg = growing(&pvh, false);
	unsigned long i, first = SUPERPAGES(40), low;

	host_boot(&cfg);
	balloon_set_new_target(SUPERPAGES(36));
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
		balloon_set_new_target(SUPERPAGES(34));
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
	balloon_set_new_target(SUPERPAGES(28));
	settle();
	EXPECT_EQ(host_alloc_unpopulated(0, 7), 0);
	logs = host.nr_logs;
	balloon_set_new_target(SUPERPAGES(40));
	settle();
	expect_current(SUPERPAGES(32) - 7);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
	EXPECT_EQ(host.nr_logs, logs + 2);
	host.nr_passes = 0;
	settle_for(60);
	EXPECT(host.nr_passes <= 60 / BALLOON_LOOK_S);
	host_free_unpopulated(0, 7);
	settle();
	expect_current(SUPERPAGES(32));
	balloon_set_new_target(SUPERPAGES(50));
	settle();
	EXPECT_EQ(host.nr_logs, logs + 2);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
}
#endif
