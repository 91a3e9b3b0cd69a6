// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What the toolstack is told in xenstore. */

#include "test.h"
#include "guests.h"

static void expect_text(const char *key, const char *text)
{
	const char *there = host_xenstore_text(key);

	if (!there || strcmp(there, text))
		host_violation("%s is '%s', not '%s'", key, there ?: "(none)",
			       text);
}

static void boot_with_target(const struct host_config *cfg, const char *kb,
			     const char *static_max)
{
	host_start(cfg);
	host_xenstore("target", kb);
	host_xenstore("static-max", static_max);
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
}

TEST("given a target the toolstack is told how far the guest has come")
{
	boot_with_target(&pvh, "65536", "65536");
	EXPECT(!host_xenstore_text("data/balloon/state"));
	host_advance(2);
	expect_text("data/balloon/target-kb", "65536");
	expect_text("data/balloon/current-kb", "65536");
	expect_text("data/balloon/state", "settled");
	expect_text("data/balloon/reason", "none");
	expect_text("control/feature-balloon", "1");

	host_set_xenstore_target("40960");
	host_advance(2);
	expect_text("data/balloon/target-kb", "40960");
	expect_text("data/balloon/current-kb", "40960");
	expect_text("data/balloon/state", "settled");

	host_set_xenstore_target("1024");
	host_advance(2);
	expect_text("data/balloon/target-kb", "1024");
	expect_text("data/balloon/current-kb", "32768");
	expect_text("data/balloon/state", "stopped");
	expect_text("data/balloon/reason", "floor");

	host.hard_limit = host.tot_frames;
	host_set_xenstore_target("65536");
	host_advance(2);
	expect_text("data/balloon/state", "short");
	expect_text("data/balloon/reason", "hard-limit");

	host.hard_limit = ULONG_MAX;
	host_advance(60);
	expect_text("data/balloon/state", "settled");
	expect_text("data/balloon/reason", "none");
}

TEST("the toolstack is told its own numbers, with what the guest does not see")
{
	/* built with a superpage that the guest does not see */
	struct host_config cfg = pvh;

	cfg.overhead = 512;
	boot_with_target(&cfg, "67584", "67584");
	EXPECT_EQ(host_difference(), SUPERPAGES(1));
	host_set_xenstore_target("43008");
	host_advance(2);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
	expect_text("data/balloon/target-kb", "43008");
	expect_text("data/balloon/current-kb", "43008");
}

TEST("given a thousand targets before anything runs only the last is read, once")
{
	unsigned long reads;
	char text[16];

	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	reads = host.nr_xenstore_reads;
	host.busy = true;
	for (unsigned int kb = 64536; kb < 65536; kb++) {
		snprintf(text, sizeof(text), "%u", kb);
		host_set_xenstore_target(text);
	}
	host_set_xenstore_target("40960");
	EXPECT_EQ(host.nr_xenstore_reads, reads);
	host.busy = false;
	host_advance(2);
	EXPECT_EQ(host.nr_xenstore_reads, reads + 1);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
}

TEST("given many passes xenstore is written once a second, and not when nothing is new")
{
	unsigned long writes;

	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	writes = host.nr_xenstore_writes;
	host_advance(600);
	EXPECT_EQ(host.nr_xenstore_writes, writes);

	/* a guest that tries in vain once a minute */
	host.hard_limit = 0;
	host_set_xenstore_target("40960");
	host_advance(5);
	host_set_xenstore_target("65536");
	host_advance(100);
	expect_text("data/balloon/state", "stopped");
	writes = host.nr_xenstore_writes;
	host_advance(600);
	EXPECT_EQ(host.nr_xenstore_writes, writes);

	/* 100 targets in a second */
	host.hard_limit = ULONG_MAX;
	for (unsigned int i = 0; i < 100; i++) {
		host_set_xenstore_target(i & 1 ? "65536" : "40960");
		host_run();
	}
	host_advance(2);
	/* two reports: at once, and a second later */
	EXPECT_EQ(host.nr_xenstore_writes - writes, 2 * 7);
	expect_text("data/balloon/current-kb", "65536");
}

static void told_something_new(void)
{
	host.on_xenstore_write = NULL;
	balloon_set_new_target(SUPERPAGES(24));
	host_run();
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(24));
	/* by now that is to be told, too */
	host_advance(2);
	balloon_set_new_target(SUPERPAGES(20));
	host_run();
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
}

TEST("given a xenstored that stands still the worker moves on")
{
	boot_with_target(&pvh, "65536", "65536");
	host.on_xenstore_write = told_something_new;
	host_advance(2);
	EXPECT(!host.on_xenstore_write);
	host_advance(2);
	expect_text("data/balloon/current-kb", "40960");
}

TEST("given keys that the guest may not write it goes on quietly")
{
	unsigned long logs, writes;

	host_start(&pvh);
	host.control_readonly = host.data_readonly = true;
	host_xenstore("target", "65536");
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	logs = host.nr_logs;
	host_advance(2);
	host_set_xenstore_target("40960");
	host_advance(2);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
	EXPECT(!host_xenstore_text("data/balloon/target-kb"));
	EXPECT(!host_xenstore_text("control/feature-balloon"));
	EXPECT_EQ(host.nr_logs, logs);
	writes = host.nr_xenstore_writes;
	host_advance(60);
	EXPECT_EQ(host.nr_xenstore_writes, writes);

	/* each on its own */
	host.control_readonly = false;
	host_set_xenstore_target("45056");
	host_advance(2);
	expect_text("control/feature-balloon", "1");
	EXPECT(!host_xenstore_text("data/balloon/target-kb"));
}

/* xenbus prints a line for -EINVAL, which is all that oxenstored's EQUOTA leaves. */
static void fill_quota(int error)
{
	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	host.write_error = error;
	host_set_xenstore_target("40960");
	host_advance(8);
	expect_text("data/balloon/current-kb", "65536");
}

static void expect_told(void)
{
	unsigned long writes;

	expect_text("data/balloon/target-kb", "40960");
	expect_text("data/balloon/current-kb", "40960");
	expect_text("data/balloon/state", "settled");
	writes = host.nr_xenstore_writes;
	host_own_nodes_change();
	host_advance(120);
	EXPECT_EQ(host.nr_xenstore_writes, writes);
}

TEST("given a quota that was full the toolstack is told soon after there is room, whatever the error was")
{
	static const int errors[] = { -EINVAL, -ENOSPC, -E2BIG };
	unsigned long writes;
	unsigned int i, wait_s;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		/* room comes at any moment between two tries */
		for (wait_s = 60; wait_s < 65; wait_s++) {
			fill_quota(errors[i]);
			writes = host.nr_xenstore_writes;
			host_advance(wait_s);
			EXPECT(host.nr_xenstore_writes - writes <=
			       3 * (errors[i] == -EINVAL ? 2 : 17));
			host.write_error = 0;
			host_own_nodes_change();
			host_advance(4);
			expect_told();
		}
	}
}

TEST("given a full quota a storm of changes in the guest's folder is no storm of writes")
{
	unsigned long writes;
	unsigned int i;

	fill_quota(-EINVAL);
	writes = host.nr_xenstore_writes;
	for (i = 0; i < 60; i++) {
		host_own_nodes_change();
		host_own_nodes_change();
		host_advance(1);
	}
	EXPECT(host.nr_xenstore_writes - writes <= 3 * 16);
	EXPECT(host.nr_xenstore_writes - writes >= 3 * 14);
	host.write_error = 0;
	host_own_nodes_change();
	host_advance(4);
	expect_told();
}

TEST("given a quota that was raised, which changes no node, the toolstack is told within a minute")
{
	fill_quota(-EINVAL);
	host.write_error = 0;
	host_advance(60);
	expect_told();
}

TEST("given a full quota of watches, too, the toolstack is told within a minute")
{
	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	host.watch_error = -EINVAL;
	host.write_error = -EINVAL;
	host_set_xenstore_target("40960");
	host_advance(8);
	EXPECT(!host.own_watch);
	host.write_error = 0;
	host_advance(60);
	expect_told();
}

TEST("given keys that somebody removed they come back with the next report")
{
	static const char * const keys[] = {
		"data/balloon/target-kb", "data/balloon/current-kb",
		"data/balloon/state", "data/balloon/reason",
		"control/balloon-active", "control/feature-balloon",
	};
	unsigned int i;

	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		host_xenstore(keys[i], NULL);
	host_set_xenstore_target("40960");
	host_advance(2);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		EXPECT(host_xenstore_text(keys[i]));
}

TEST("given a thousand events of one target, as oxenstored sends them, it is one move")
{
	unsigned long seq, i;

	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	seq = xen_balloon.mem.target_seq;
	host_xenstore("target", "40960");
	for (i = 0; i < 1000; i++)
		host_target_event();
	EXPECT_EQ(xen_balloon.mem.target_seq, seq + 1);
	settle();
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
	/* it did not reach a target: the same once more is a new try */
	host.hard_limit = host.tot_frames;
	host_set_xenstore_target("65536");
	host_advance(2);
	expect_text("data/balloon/state", "short");
	seq = xen_balloon.mem.target_seq;
	host_set_xenstore_target("65536");
	EXPECT_EQ(xen_balloon.mem.target_seq, seq + 1);
}

TEST("given no memory to tell it the toolstack is told a second later")
{
	for (unsigned int at = 1; at <= 4; at++) {
		boot_with_target(&pvh, "65536", "65536");
		host_advance(5);
		host_set_xenstore_target("40960");
		host_run();
		host.inject = (struct host_inject) { .armed = true, .at = at };
		host_advance(1);
		EXPECT(host.inject.hits);
		host.inject.armed = false;
		host_advance(2);
		expect_text("data/balloon/target-kb", "40960");
		expect_text("data/balloon/current-kb", "40960");
		expect_text("data/balloon/state", "settled");
	}
}

/* The first point of failure is in reading memory/target. */
static void miss_target(void)
{
	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	host.inject = (struct host_inject) { .armed = true, .at = 1 };
	host_set_xenstore_target("40960");
	EXPECT(host.inject.hits);
	host.inject.armed = false;
}

TEST("given no memory to read a target it is read a second later")
{
	miss_target();
	EXPECT_EQ(balloon_stats.target_pages, SUPERPAGES(32));
	host_advance(2);
	EXPECT_EQ(balloon_stats.target_pages, SUPERPAGES(20));
}

TEST("given no memory to read a target one that is set meanwhile is newer, and stays")
{
	miss_target();
	balloon_set_new_target(SUPERPAGES(25));
	host_advance(5);
	EXPECT_EQ(balloon_stats.target_pages, SUPERPAGES(25));
}

/* A guest built with two superpages that it does not see, and told to shrink at once. */
TEST("given no memory to read what the guest was built with, nothing wrong is learned")
{
	struct host_config cfg = pvh;

	cfg.overhead = 1024;
	/* the maximum, and video memory */
	for (unsigned int at = 2; at <= 3; at++) {
		host_boot(&cfg);
		host_xenstore("static-max", "69632");
		host.inject = (struct host_inject) { .armed = true, .at = at };
		host_set_xenstore_target("47104");
		EXPECT(host.inject.hits);
		host.inject.armed = false;
		host_advance(2);
		EXPECT_EQ(host_difference(), SUPERPAGES(2));
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(21));
	}
}

TEST("given no target nothing is said, as it has no meaning")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	host_advance(5);
	EXPECT_EQ(host.nr_xenstore_writes, 0);
}

TEST("given a populate-on-demand boot feature-balloon comes when it has settled")
{
	struct host_config cfg = pvh;

	cfg.pod_cache = 24;
	host_start(&cfg);
	host_xenstore("target", "49152");
	host_xenstore("static-max", "65536");
	EXPECT_EQ(host_init_driver(), 0);
	host_advance(3);
	EXPECT(host_xenstore_text("data/balloon/state"));
	EXPECT(!host_xenstore_text("control/feature-balloon"));
	EXPECT_EQ(host_wait_boot(), 0);
	host_advance(2);
	expect_text("control/feature-balloon", "1");
	expect_text("data/balloon/current-kb", "49152");
}

TEST("given a guest on its way it says so, and is not counted on yet")
{
	boot_with_target(&pvh, "40960", "65536");
	/* The first report comes between two passes of the worker. */
	host_run();
	expect_text("data/balloon/state", "moving");
	expect_text("control/balloon-active", "1");
	EXPECT(!host_xenstore_text("control/feature-balloon"));
	host_advance(2);
	expect_text("data/balloon/state", "settled");
	expect_text("control/balloon-active", "0");
	expect_text("control/feature-balloon", "1");
}

TEST("given a guest that does not reach its target it is not counted on before it has")
{
	host_start(&pvh);
	host_xenstore("target", "1024");
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	host_advance(60);
	expect_text("data/balloon/state", "stopped");
	EXPECT(!host_xenstore_text("control/feature-balloon"));
	expect_text("control/balloon-active", "0");
	host_set_xenstore_target("40960");
	host_advance(2);
	expect_text("control/feature-balloon", "1");
	/* for good: XAPI has seen it */
	host_set_xenstore_target("1024");
	host_advance(2);
	expect_text("control/feature-balloon", "1");
}

TEST("given a move balloon-active says so from its first pass to its end")
{
	boot_with_target(&pvh, "65536", "65536");
	host_advance(5);
	expect_text("control/balloon-active", "0");
	host.hard_limit = 0;
	host_set_xenstore_target("40960");
	host_advance(5);
	expect_text("control/balloon-active", "0");
	host_set_xenstore_target("65536");
	/* at once, not a second later */
	host_run();
	expect_text("control/balloon-active", "1");
	/* it tries again and again, and then gives up */
	host_advance(3);
	expect_text("data/balloon/state", "short");
	expect_text("control/balloon-active", "1");
	host_advance(100);
	expect_text("data/balloon/state", "stopped");
	expect_text("control/balloon-active", "0");
}

TEST("given a suspend that freezes xenstored first nothing that suspend waits for waits for xenstore")
{
	boot_with_target(&pvh, "65536", "65536");
	host_advance(2);
	/* The target is read, and the report written, by a queue that goes on. */
	host.frozen = true;
	host_set_xenstore_target("40960");
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(20));
	host_advance(2);
	/* The worker rests. */
	EXPECT_EQ(current(), SUPERPAGES(32));
	host.frozen = false;
	host_advance(2);
	expect_text("data/balloon/current-kb", "40960");
}

TEST("given a migration the keys are written anew, though nothing has changed")
{
	boot_with_target(&pvh, "65536", "65536");
	host_advance(2);
	host_resume_elsewhere();
	host_xenstore("data/balloon/state", NULL);
	host_xenstore("data/balloon/current-kb", NULL);
	host_xenstore("control/feature-balloon", NULL);
	/* The watch is set again, and fires. */
	host_set_xenstore_target("65536");
	host_advance(2);
	expect_text("data/balloon/state", "settled");
	expect_text("data/balloon/current-kb", "65536");
	expect_text("control/feature-balloon", "1");
}

TEST("given a static-max or videoram that cannot be true it is as if there were none")
{
	static const struct {
		const char *static_max, *videoram;
	} bad[] = {
		{ "1", NULL }, { "65532", NULL },	/* below the target */
		{ "18446744073709551615", NULL },	/* beyond any machine */
		{ "65536", "65540" },			/* more than all */
		{ "65536", "18446744073709551615" },
		{ "-65536", "-1" }, { "", "" }, { "64M", "16M" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		host_start(&pvh);
		host_xenstore("target", "65536");
		host_xenstore("static-max", bad[i].static_max);
		host_xenstore("videoram", bad[i].videoram);
		EXPECT_EQ(host_init_driver(), 0);
		EXPECT_EQ(host_wait_boot(), 0);
		EXPECT_EQ(host_difference(), 0);
		host_set_xenstore_target("40960");
		settle();
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
	}
}

TEST("info/state says in one word how far the guest has come")
{
	char text[32];

	host_boot(&pvh);
	host_sysfs_read_text("info/state", text, sizeof(text));
	EXPECT(!strcmp(text, "settled"));
	balloon_set_new_target(SUPERPAGES(20));
	host_sysfs_read_text("info/state", text, sizeof(text));
	EXPECT(!strcmp(text, "moving"));
	settle();
	host_sysfs_read_text("info/state", text, sizeof(text));
	EXPECT(!strcmp(text, "settled"));
}
