// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What is written to sysfs and to xenstore, by table. */

#include "../bad-inputs.h"
#include "test.h"

#define KIB	1024ULL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)
#define MAX_BYTES	(1ULL << MAX_PHYSMEM_BITS)

static const struct host_config guest = {
	.ram = 32, .host_free = 8,
};

struct number {
	const char *text;
	u64 value;
};

/* All that can be written, as it is now. */
struct settings {
	u64 target, floor_kb, max_delay, max_retries, scrub, deflate;
	unsigned long pages;
};

static struct settings settings(void)
{
	return (struct settings) {
		host_sysfs_read("target"), host_sysfs_read("floor_kb"),
		host_sysfs_read("max_schedule_delay"),
		host_sysfs_read("max_retry_count"),
		host_sysfs_read("scrub_pages"),
		host_sysfs_read("deflate_on_oom"), xen_balloon.mem.current_pages,
	};
}

static void expect_settings(const struct settings *before,
			    const struct bad_input *bad)
{
	struct settings after = settings();

	if (memcmp(before, &after, sizeof(after)))
		host_violation("'%s' in %s changes something", bad->bytes,
			       bad->where);
}

/* True for what user space writes to sysfs; the other keys have a slash. */
static bool in_sysfs(const struct bad_input *bad)
{
	return !strchr(bad->where, '/') && !strchr(bad->where, '.') &&
	       strcmp(bad->where, "xen_scrub_pages");
}

TEST("what is no value is refused in sysfs, and all stays as it was (defects 1, 4)")
{
	const struct bad_input *bad;
	struct settings before;

	host_boot(&guest);
	settle();
	before = settings();
	for (bad = bad_inputs; bad < bad_inputs + ARRAY_SIZE(bad_inputs); bad++) {
		if (!in_sysfs(bad))
			continue;
		if (host_sysfs_write_n(bad->where, bad->bytes, bad->len) !=
		    -bad->error)
			host_violation("'%s' in %s is not refused with %d",
				       bad->bytes, bad->where, bad->error);
		expect_settings(&before, bad);
	}
	EXPECT_EQ(host_run(), 0);
	host_check();
	/* numbers, but no memory of this machine */
	EXPECT_EQ(host_sysfs_write("target", "65T"), -ERANGE);
	EXPECT_EQ(host_sysfs_write("target_kb", "68719476800"), -ERANGE);
	EXPECT_EQ(host_sysfs_write("floor_kb", "68719476800"), -ERANGE);
}

TEST("what is no size is ignored in memory/target, with a word, and all stays as it was (defect 2)")
{
	const struct bad_input *bad;
	struct settings before;
	char word[16];

	host_boot(&guest);
	host_set_xenstore_target("49152");
	EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
	settle();
	before = settings();
	for (bad = bad_inputs; bad < bad_inputs + ARRAY_SIZE(bad_inputs); bad++) {
		if (strcmp(bad->where, "memory/target"))
			continue;
		host.last_log[0] = '\0';
		host_xenstore_raw("target", bad->bytes, bad->len);
		host_watch_fires();
		expect_settings(&before, bad);
		snprintf(word, sizeof(word), ": %d\n", -bad->error);
		if (!strstr(host.last_log, word))
			host_violation("'%s' gives the word '%s'", bad->bytes,
				       host.last_log);
	}
	EXPECT_EQ(host_run(), 0);
	/* numbers, but no memory of this machine */
	host_set_xenstore_target("68719476800");
	EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
	/* taken away: no news */
	host_set_xenstore_target(NULL);
	EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
	EXPECT_EQ(host_run(), 0);
	host_set_xenstore_target("40960");
	settle();
	EXPECT_EQ(host_sysfs_read("info/current_kb"), 40960);
}

TEST("what is no size, or none that can be, in static-max and videoram is as if it was not there")
{
	static const char * const keys[] = {
		"static-max", "memory_static_max", "videoram",
	};
	const struct bad_input *bad;
	unsigned int i;

	for (bad = bad_inputs; bad < bad_inputs + ARRAY_SIZE(bad_inputs); bad++)
		for (i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *name = strchr(bad->where, '/');

			if (!name || strcmp(name + 1, i == 1 ? keys[0] : keys[i]) ||
			    strncmp(bad->where, "memory/", 7))
				continue;
			host_start(&guest);
			/* one superpage that it does not see */
			host.cfg.overhead = HOST_SUPERPAGE * HOST_FRAMES;
			if (i == 2)
				host_xenstore("static-max", "67584");
			host_xenstore_raw(keys[i], bad->bytes, bad->len);
			host_xenstore("target", "67584");
			EXPECT_EQ(host_init_driver(), 0);
			host_wait_boot();
			settle();
			if (xen_balloon.mem.current_pages != 32 * HOST_SUPERPAGE ||
			    xen_balloon.mem.total_pages != 32 * HOST_SUPERPAGE ||
			    xen_balloon.mem.pod_boot)
				host_violation("'%s' in %s changes the guest's size",
					       bad->bytes, keys[i]);
			host_set_xenstore_target("51200");
			settle();
			if (xen_balloon.mem.current_pages != 24 * HOST_SUPERPAGE)
				host_violation("with '%s' in %s a target is missed by %ld pages",
					       bad->bytes, keys[i],
					       (long)xen_balloon.mem.current_pages -
					       24 * (long)HOST_SUPERPAGE);
		}
}

TEST("target takes bytes, with a suffix or without, in any base")
{
	static const struct number good[] = {
		{ "33554432", 32 * MIB }, { "33554432\n", 32 * MIB },
		{ "+33554432", 32 * MIB }, { "0x2000000", 32 * MIB },
		{ "0X2000000\n", 32 * MIB }, { "0200000000", 32 * MIB },
		{ "32768K", 32 * MIB }, { "32768k\n", 32 * MIB },
		{ "32M", 32 * MIB }, { "32m", 32 * MIB }, { "0x20M", 32 * MIB },
		{ "1G", GIB }, { "1g\n", GIB }, { "1T", 1024 * GIB },
		{ "64T", MAX_BYTES }, { "0x2000000E", 0x2000000E },
		{ "0xE", 0xE }, { "0", 0 }, { "0P", 0 }, { "40K", 40 * KIB },
	};
	unsigned int i;

	host_boot(&guest);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		u64 bytes = 1;

		EXPECT_EQ(host_parse_bytes(good[i].text, &bytes), 0);
		EXPECT_EQ(bytes, good[i].value);
		EXPECT_EQ(host_sysfs_write("target", good[i].text),
			  strlen(good[i].text));
		EXPECT_EQ(host_sysfs_read("target"),
			  good[i].value & PAGE_MASK);
		EXPECT_EQ(host_sysfs_read("target_kb"),
			  (good[i].value & PAGE_MASK) / KIB);
	}
	host_check();
}

TEST("target_kb takes KiB")
{
	host_boot(&guest);
	EXPECT_EQ(host_sysfs_write("target_kb", "32768"), 5);
	EXPECT_EQ(host_sysfs_read("target"), 32 * MIB);
	EXPECT_EQ(host_sysfs_write("target_kb", "0x9000\n"), 7);
	EXPECT_EQ(host_sysfs_read("target_kb"), 0x9000);
	EXPECT_EQ(host_sysfs_write("target_kb", "68719476736"), 11);
	EXPECT_EQ(host_sysfs_read("target"), MAX_BYTES);
}

TEST("floor_kb takes KiB (defect 3)")
{
	host_boot(&guest);
	settle();
	EXPECT_EQ(host_sysfs_read("floor_kb"), 32 * 1024);
	EXPECT_EQ(host_sysfs_write("floor_kb", "16384\n"), 6);
	EXPECT_EQ(host_sysfs_read("floor_kb"), 16384);
	EXPECT_EQ(host_sysfs_write("floor_kb", "0"), 1);
	EXPECT_EQ(host_sysfs_read("floor_kb"), 0);
	EXPECT_EQ(host_sysfs_write("floor_kb", "68719476736"), 11);
	EXPECT_EQ(host_sysfs_read("floor_kb"), 68719476736);
}

TEST("max_schedule_delay takes a second to a day (defect 4)")
{
	host_boot(&guest);
	EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 32);
	EXPECT_EQ(host_sysfs_write("max_schedule_delay", "1"), 1);
	EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 1);
	EXPECT_EQ(host_sysfs_write("max_schedule_delay", "86400\n"), 6);
	EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 86400);
	host_check();
}

TEST("max_retry_count takes any number, 0 for no bound")
{
	host_boot(&guest);
	EXPECT_EQ(host_sysfs_read("max_retry_count"), 4);
	EXPECT_EQ(host_sysfs_write("max_retry_count", "0"), 1);
	EXPECT_EQ(host_sysfs_read("max_retry_count"), 0);
	EXPECT_EQ(host_sysfs_write("max_retry_count", "4294967295\n"), 11);
	EXPECT_EQ(host_sysfs_read("max_retry_count"), 4294967295);
	host_check();
}

TEST("scrub_pages takes a truth value")
{
	host_boot(&guest);
	EXPECT_EQ(host_sysfs_read("scrub_pages"), 1);
	EXPECT_EQ(host_sysfs_write("scrub_pages", "0\n"), 2);
	EXPECT_EQ(host_sysfs_read("scrub_pages"), 0);
	EXPECT_EQ(host_sysfs_write("scrub_pages", "on"), 2);
	EXPECT_EQ(host_sysfs_read("scrub_pages"), 1);
}

TEST("nobody writes without CAP_SYS_ADMIN, and nobody writes what is read-only")
{
	static const char * const rw[] = {
		"target", "target_kb", "floor_kb", "max_schedule_delay",
		"max_retry_count", "scrub_pages",
	};
	static const char * const ro[] = {
		"schedule_delay", "retry_count", "info/current_kb",
		"info/low_kb", "info/high_kb",
	};
	unsigned int i;

	host_boot(&guest);
	settle();
	for (i = 0; i < ARRAY_SIZE(ro); i++) {
		host_sysfs_read(ro[i]);
		EXPECT_EQ(host_sysfs_write(ro[i], "1"), -EACCES);
	}
	host.capable = false;
	for (i = 0; i < ARRAY_SIZE(rw); i++) {
		u64 before = host_sysfs_read(rw[i]);

		EXPECT_EQ(host_sysfs_write(rw[i], "8192"), -EPERM);
		EXPECT_EQ(host_sysfs_read(rw[i]), before);
	}
	EXPECT_EQ(host_run(), 0);
}

TEST("the sizes in sysfs are those of the guest")
{
	struct host_config cfg = guest;

	cfg.low = 16;
	host_boot(&cfg);
	host_sysfs_write("target", "40M");
	settle();
	EXPECT_EQ(host_sysfs_read("info/current_kb"), 40 * 1024);
	EXPECT_EQ(host_sysfs_read("info/low_kb") +
		  host_sysfs_read("info/high_kb"), 24 * 1024);
	EXPECT_EQ(host_sysfs_read("info/high_kb"), 24 * 1024);
	EXPECT_EQ(host_sysfs_read("schedule_delay"), 1);
	EXPECT_EQ(host_sysfs_read("retry_count"), 1);
	host_sysfs_write("target", "24M");
	host_sysfs_write("floor_kb", "0");
	settle();
	EXPECT_EQ(host_sysfs_read("info/high_kb"), 32 * 1024);
	EXPECT_EQ(host_sysfs_read("info/low_kb"), 8 * 1024);
}
