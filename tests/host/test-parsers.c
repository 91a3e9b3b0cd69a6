// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What is written to sysfs and to xenstore, by table. */

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

struct bad {
	const char *text;
	int rc;
};

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

static const struct bad not_bytes[] = {
	{ "", -EINVAL }, { "\n", -EINVAL }, { " ", -EINVAL },
	{ "garbage", -EINVAL }, { "-1", -EINVAL }, { "-1M", -EINVAL },
	{ "- 1", -EINVAL }, { "--1", -EINVAL }, { "++1", -EINVAL },
	{ "+", -EINVAL }, { "-", -EINVAL }, { "+-1", -EINVAL },
	{ "K", -EINVAL }, { "M\n", -EINVAL }, { "E", -EINVAL },
	{ "1KK", -EINVAL }, { "1KB", -EINVAL }, { "1MiB", -EINVAL },
	{ "1 M", -EINVAL }, { "1M ", -EINVAL }, { " 1M", -EINVAL },
	{ "1\nM", -EINVAL }, { "1M\n\n", -EINVAL }, { "1\n\n", -EINVAL },
	{ "1X", -EINVAL }, { "1Z", -EINVAL }, { "1Y", -EINVAL },
	{ "1.5G", -EINVAL }, { "1,5G", -EINVAL }, { "1e9", -EINVAL },
	{ "0x", -EINVAL }, { "0xG", -EINVAL }, { "0x M", -EINVAL },
	{ "09", -EINVAL }, { "08M", -EINVAL }, { "1_000", -EINVAL },
	{ "\t1", -EINVAL }, { "1\t", -EINVAL }, { "1;2", -EINVAL },
	{ "1%", -EINVAL }, { "M1", -EINVAL }, { "ten", -EINVAL },
	{ "0b1", -EINVAL }, { "1'000", -EINVAL }, { "\xc2\xb2", -EINVAL },
	{ "18446744073709551616", -ERANGE }, { "99999999999999999999", -ERANGE },
	{ "18014398509481984K", -ERANGE }, { "17592186044416M", -ERANGE },
	{ "17179869184G", -ERANGE }, { "16777216T", -ERANGE },
	{ "16384P", -ERANGE }, { "16E", -EINVAL }, { "0E", -EINVAL }, { "0x10E ", -EINVAL },
	{ "18446744073709551615P", -ERANGE },
	{ "0000000000000000000000000000000000001", -EINVAL },
	{ "1111111111111111111111111111111M", -EINVAL },
};

/* numbers, but no memory of this machine */
static const struct bad not_memory[] = {
	{ "18446744073709551615", -ERANGE }, { "0xffffffffffffffff", -ERANGE },
	{ "9223372036854775808", -ERANGE }, { "8192P", -ERANGE },
	{ "1P", -ERANGE }, { "65T", -ERANGE },
};

static void refuse(const char *name, const struct bad *bad, unsigned int nr)
{
	u64 before = host_sysfs_read("target");
	unsigned int i;

	for (i = 0; i < nr; i++) {
		EXPECT_EQ(host_sysfs_write(name, bad[i].text), bad[i].rc);
		EXPECT_EQ(host_sysfs_read("target"), before);
	}
	EXPECT_EQ(host_run(), 0);
	host_check();
}

TEST("garbage in target is refused and the target stays (defect 1)")
{
	unsigned int i;

	host_boot(&guest);
	settle();
	for (i = 0; i < ARRAY_SIZE(not_bytes); i++) {
		u64 bytes;

		EXPECT_EQ(host_parse_bytes(not_bytes[i].text, &bytes),
			  not_bytes[i].rc);
	}
	refuse("target", not_bytes, ARRAY_SIZE(not_bytes));
	refuse("target", not_memory, ARRAY_SIZE(not_memory));
}

TEST("a target with a NUL in it is refused")
{
	host_boot(&guest);
	settle();
	EXPECT_EQ(host_sysfs_write_n("target", "33554432\0M", 10), -EINVAL);
	EXPECT_EQ(host_sysfs_write_n("target", "\0", 1), -EINVAL);
	EXPECT_EQ(host_sysfs_write_n("target_kb", "4096\0", 5), -EINVAL);
	EXPECT_EQ(host_sysfs_write_n("floor_kb", "4096\0", 5), -EINVAL);
	EXPECT_EQ(host_sysfs_write_n("max_retry_count", "4\0", 2), -EINVAL);
	EXPECT_EQ(host_sysfs_write_n("max_schedule_delay", "4\0", 2), -EINVAL);
	EXPECT_EQ(host_sysfs_write_n("scrub_pages", "1\0", 2), -EINVAL);
	EXPECT_EQ(host_run(), 0);
}

static const struct bad not_kb[] = {
	{ "", -EINVAL }, { "\n", -EINVAL }, { "garbage", -EINVAL },
	{ "-4", -EINVAL }, { "4K", -EINVAL }, { "4 ", -EINVAL },
	{ " 4", -EINVAL }, { "0x", -EINVAL }, { "4.0", -EINVAL },
	{ "09", -EINVAL }, { "4\n\n", -EINVAL }, { "4,4", -EINVAL },
	{ "18446744073709551616", -ERANGE },
	/* defect 1: this wrapped */
	{ "18446744073709551615", -ERANGE }, { "18014398509481984", -ERANGE },
	{ "18014398509481983", -ERANGE }, { "68719476800", -ERANGE },
};

TEST("target_kb takes KiB and refuses what is none, or wraps (defect 1)")
{
	host_boot(&guest);
	EXPECT_EQ(host_sysfs_write("target_kb", "32768"), 5);
	EXPECT_EQ(host_sysfs_read("target"), 32 * MIB);
	EXPECT_EQ(host_sysfs_write("target_kb", "0x9000\n"), 7);
	EXPECT_EQ(host_sysfs_read("target_kb"), 0x9000);
	EXPECT_EQ(host_sysfs_write("target_kb", "68719476736"), 11);
	EXPECT_EQ(host_sysfs_read("target"), MAX_BYTES);
	EXPECT_EQ(host_sysfs_write("target_kb", "65536"), 5);
	settle();
	refuse("target_kb", not_kb, ARRAY_SIZE(not_kb));
}

TEST("floor_kb takes KiB and refuses what is none (defect 3)")
{
	unsigned int i;

	host_boot(&guest);
	settle();
	EXPECT_EQ(host_sysfs_read("floor_kb"), 32 * 1024);
	for (i = 0; i < ARRAY_SIZE(not_kb); i++) {
		EXPECT_EQ(host_sysfs_write("floor_kb", not_kb[i].text),
			  not_kb[i].rc);
		EXPECT_EQ(host_sysfs_read("floor_kb"), 32 * 1024);
	}
	EXPECT_EQ(host_sysfs_write("floor_kb", "16384\n"), 6);
	EXPECT_EQ(host_sysfs_read("floor_kb"), 16384);
	EXPECT_EQ(host_sysfs_write("floor_kb", "0"), 1);
	EXPECT_EQ(host_sysfs_read("floor_kb"), 0);
	EXPECT_EQ(host_sysfs_write("floor_kb", "68719476736"), 11);
	EXPECT_EQ(host_sysfs_read("floor_kb"), 68719476736);
}

TEST("max_schedule_delay takes a second to a day and nothing else (defect 4)")
{
	static const struct bad bad[] = {
		{ "0", -ERANGE }, { "0\n", -ERANGE }, { "86401", -ERANGE },
		{ "4294967295", -ERANGE }, { "4294967296", -ERANGE },
		{ "4294967297", -ERANGE }, { "-1", -EINVAL }, { "", -EINVAL },
		{ "\n", -EINVAL }, { "x", -EINVAL }, { "1s", -EINVAL },
		{ "1 2", -EINVAL }, { "18446744073709551617", -ERANGE },
	};
	unsigned int i;

	host_boot(&guest);
	EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 32);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(host_sysfs_write("max_schedule_delay", bad[i].text),
			  bad[i].rc);
		EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 32);
	}
	EXPECT_EQ(host_sysfs_write("max_schedule_delay", "1"), 1);
	EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 1);
	EXPECT_EQ(host_sysfs_write("max_schedule_delay", "86400\n"), 6);
	EXPECT_EQ(host_sysfs_read("max_schedule_delay"), 86400);
	host_check();
}

TEST("max_retry_count takes any number, 0 for no bound")
{
	static const struct bad bad[] = {
		{ "-1", -EINVAL }, { "", -EINVAL }, { "many", -EINVAL },
		{ "4294967296", -ERANGE }, { "1 ", -EINVAL },
	};
	unsigned int i;

	host_boot(&guest);
	EXPECT_EQ(host_sysfs_read("max_retry_count"), 4);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(host_sysfs_write("max_retry_count", bad[i].text),
			  bad[i].rc);
		EXPECT_EQ(host_sysfs_read("max_retry_count"), 4);
	}
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
	EXPECT_EQ(host_sysfs_write("scrub_pages", "2"), -EINVAL);
	EXPECT_EQ(host_sysfs_write("scrub_pages", ""), -EINVAL);
	EXPECT_EQ(host_sysfs_write("scrub_pages", "maybe"), -EINVAL);
	EXPECT_EQ(host_sysfs_write("scrub_pages", "-1"), -EINVAL);
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

TEST("memory/target is taken in KiB, decimal, and garbage leaves the target (defect 2)")
{
	static const char * const bad[] = {
		"", " ", "garbage", "-1", "0x8000", "32768K", "32768 ", " 32768",
		"3276.8", "18446744073709551616", "18446744073709551615",
		"68719476800", "\n", "+", "32768\n\n", "1e5", "--", "099 ",
	};
	unsigned int i;

	host_boot(&guest);
	host_set_xenstore_target("49152");
	EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
	settle();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		unsigned long logs = host.nr_logs;

		host_set_xenstore_target(bad[i]);
		EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
		EXPECT(host.nr_logs > logs);
	}
	host_xenstore_raw("target", "409600\0001", 8);
	host.watch->callback(host.watch, "memory/target", "");
	EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
	EXPECT_EQ(host_run(), 0);
	/* taken away: no news */
	host_set_xenstore_target(NULL);
	EXPECT_EQ(host_sysfs_read("target_kb"), 49152);
	EXPECT_EQ(host_run(), 0);
	host_set_xenstore_target("40960");
	settle();
	EXPECT_EQ(host_sysfs_read("info/current_kb"), 40960);
}
