// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The guest is short of memory, and the balloon is not to make it worse. */

#include "test.h"
#include "guests.h"

static void move_to(unsigned long pages)
{
	balloon_set_new_target(pages);
	settle();
	expect_current(pages);
}

/* A guest of 32 superpages, @used of them in use, of which @cache are page cache. */
static void boot_full(unsigned int used, unsigned int cache)
{
	host_boot(&pvh);
	settle();
	host_user_alloc(SUPERPAGES(used));
	host_user_to_cache(SUPERPAGES(cache));
}

static unsigned int allocs_left, allocs_after;
static unsigned long freed, freed_again;

static void oom_after_some(void)
{
	if (!allocs_left)
		allocs_after++;
	else if (!--allocs_left) {
		freed = host_oom();
		freed_again = host_oom();
	}
}

/* The guest runs out in the middle of a batch. */
static void oom_at_alloc(unsigned int nr)
{
	allocs_left = nr;
	allocs_after = 0;
	host.on_alloc = oom_after_some;
}

TEST("given little to spare a quarter of the floor stays available")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		/* a floor of 16 superpages */
		host_user_alloc(SUPERPAGES(26));
		balloon_set_new_target(1);
		settle();
		EXPECT_EQ(si_mem_available(), SUPERPAGES(4));
		EXPECT_EQ(xen_balloon.mem.current_pages,
			  SUPERPAGES(30) + host.reserve);
		settle_for(100);
		EXPECT_EQ(si_mem_available(), SUPERPAGES(4));

		/* an administrator who wants none gets none */
		host_sysfs_write("floor_kb", "0");
		settle_for(100);
		EXPECT_EQ(si_mem_available(), 0);
	}
}

TEST("given a floor that was raised no more than a quarter of the default stays available")
{
	host_boot(&pvh);
	settle();
	host_sysfs_write("floor_kb", "49152");
	host_user_alloc(SUPERPAGES(26));
	balloon_set_new_target(1);
	settle_for(100);
	EXPECT_EQ(si_mem_available(), SUPERPAGES(4));
}

/*
 * The program of the system case `pressed` in a guest of 512 MiB: it leaves a
 * tenth, and 13 MiB of what it has come and go. The allocator keeps 6 MiB that
 * it does not tell of (watermark boost) and 4 MiB (free pages per CPU).
 */
TEST("given a program that takes again what it gave back there is enough for it")
{
	const struct host_config cfg = {
		.ram = 256, .host_free = 8, .reserve = 4,
	};
	unsigned long swing = SUPERPAGES(7), kept = SUPERPAGES(5);
	unsigned int round;

	host_boot(&cfg);
	settle();
	host_user_alloc(si_mem_available() - SUPERPAGES(25));
	balloon_set_new_target(1);
	settle_for(100);
	for (round = 0; round < 3; round++) {
		host_user_free(swing);
		settle_for(100);
		EXPECT_EQ(host_user_alloc(swing), swing);
		EXPECT(si_mem_available() >= (long)kept);
	}
}

TEST("given no memory while a batch takes superpages all of them go back at once")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		balloon_set_new_target(SUPERPAGES(24));
		/* the first batch is a superpage */
		xen_balloon.batch.max_pages = SUPERPAGES(8);
		xen_balloon.batch.target_seq = xen_balloon.mem.target_seq;
		oom_at_alloc(4);
		host_run();
		EXPECT_EQ(freed, SUPERPAGES(3));
		EXPECT_EQ(freed_again, 0);
		EXPECT_EQ(allocs_after, 0);
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(32));
		EXPECT_EQ(host.nr_released[9], 0);
		EXPECT_EQ(host.nr_released[0], 0);
		host_check();
	}
}

TEST("given no memory while a batch takes single pages all of them go back at once")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host.no_superpages = true;
		balloon_set_new_target(SUPERPAGES(24));
		oom_at_alloc(HOST_SUPERPAGE < 64 ? 20 : 100);
		host_run();
		EXPECT_EQ(freed, HOST_SUPERPAGE < 64 ? 0 : 64);
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(32));
		EXPECT_EQ(host.nr_released[0], 0);
		host_check();
		host.no_superpages = false;
	}
}

static unsigned long nr_free_before, nr_free_after;

static void oom_and_look(void)
{
	if (!allocs_left || --allocs_left)
		return;
	nr_free_before = host.nr_free;
	freed = host_oom();
	nr_free_after = host.nr_free;
}

TEST("given no memory while the worker sleeps in the allocator what is said to be free is free")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		balloon_set_new_target(SUPERPAGES(24));
		xen_balloon.batch.max_pages = SUPERPAGES(8);
		xen_balloon.batch.target_seq = xen_balloon.mem.target_seq;
		allocs_left = 4;
		host.on_alloc = oom_and_look;
		host_run();
		EXPECT_EQ(freed, SUPERPAGES(3));
		EXPECT_EQ(nr_free_after - nr_free_before, freed);
		host_check();

		host_boot(kinds[i]);
		settle();
		host.no_superpages = true;
		balloon_set_new_target(SUPERPAGES(24));
		allocs_left = 80;	/* 10 of these find no larger extent */
		host.on_alloc = oom_and_look;
		host_run();
		EXPECT_EQ(freed, HOST_SUPERPAGE < 64 ? 0 : 64);
		EXPECT_EQ(nr_free_after - nr_free_before, freed);
		host_check();
	}
}

TEST("given no memory inflation rests for 5 s, then goes a superpage a second, then as ever")
{
	unsigned long second, before;

	host_boot(&pvh);
	settle();
	host_advance(5);
	EXPECT_EQ(host_oom(), 0);
	balloon_set_new_target(SUPERPAGES(18));
	host_advance(4);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(32));
	/* delays between tries are 1, 2 and 4 s */
	host_advance(3);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(31));
	for (second = 0; second < 5; second++) {
		before = xen_balloon.mem.current_pages;
		host_advance(1);
		EXPECT_EQ(before - xen_balloon.mem.current_pages, SUPERPAGES(1));
	}

	/* not before a minute is over is it as before */
	balloon_set_new_target(SUPERPAGES(32));
	settle();
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(32));
	host_advance(48);
	balloon_set_new_target(SUPERPAGES(18));
	host_run();
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(18));
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
}

TEST("given page cache that reclaim cannot take a quarter of the floor stays free")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host_user_alloc(SUPERPAGES(20));
		host_user_to_cache(SUPERPAGES(10));
		host.cache_protected = true;
		balloon_set_new_target(1);
		settle_for(200);
		EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
		EXPECT(host.nr_free >= host.reserve + SUPERPAGES(4));
		EXPECT(host.nr_free < host.reserve + SUPERPAGES(5));
		EXPECT_EQ(host_user_alloc(SUPERPAGES(4)), SUPERPAGES(4));

		/* what it may take again is taken within a minute */
		host_user_free(SUPERPAGES(4));
		host.cache_protected = false;
		settle_for(60);
		expect_current(SUPERPAGES(16));
		EXPECT_EQ(host.nr_cache + host.nr_free - host.reserve,
			  SUPERPAGES(6) - host.reserve);
	}
}

TEST("given up, memory that becomes free is noticed within 5 s, and reclaim is left alone")
{
	boot_full(20, 10);
	host.cache_protected = true;
	balloon_set_new_target(1);
	while (xen_balloon.mem.schedule.state != BALLOON_STATE_STOPPED)
		settle_for(1);
	/* eleven looks, and a full try */
	allocs_left = allocs_after = 0;
	host.on_alloc = oom_after_some;
	settle_for(11 * BALLOON_LOOK_S);
	EXPECT_EQ(allocs_after, 0);
	host.on_alloc = NULL;
	settle_for(BALLOON_LOOK_S);

	host_user_free(SUPERPAGES(2));
	settle_for(BALLOON_LOOK_S);
	EXPECT(host.nr_free < host.reserve + SUPERPAGES(5));
}

TEST("given a page that becomes free each second the tries are as few as without")
{
	unsigned int trickle, second, tries;

	for (trickle = 0; trickle < 2; trickle++) {
		boot_full(20, 10);
		host.cache_protected = true;
		balloon_set_new_target(1);
		while (xen_balloon.mem.schedule.state != BALLOON_STATE_STOPPED)
			settle_for(1);
		allocs_left = tries = 0;
		host.on_alloc = oom_after_some;
		for (second = 0; second < 300; second++) {
			allocs_after = 0;
			host_user_free(trickle);
			settle_for(1);
			tries += allocs_after > HOST_SUPERPAGE;
		}
		host.on_alloc = NULL;
		EXPECT(tries <= 300 / (BALLOON_LOOK_S * BALLOON_LOOKS_PER_TRY));
	}
}

TEST("memory that the allocator has for others only is not free")
{
	unsigned long before;

	host_boot(&pvh);
	settle();
	before = balloon_free_pages();
	EXPECT_EQ(before, host.nr_free - host.reserve);
	host.zones[ZONE_NORMAL].lowmem_reserve[ZONE_HIGHMEM] = 10;
	EXPECT_EQ(balloon_free_pages(), before - 10);
	host.cma_free = 20;
	EXPECT_EQ(balloon_free_pages(), before - 30);
}

TEST("given swap a target below what is in use is met as far as half of it goes")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		settle();
		host_user_alloc(SUPERPAGES(28));
		total_swap_pages = SUPERPAGES(16);
		balloon_set_new_target(SUPERPAGES(28));
		settle();
		expect_current(SUPERPAGES(28));
		EXPECT(host.swap_used >= SUPERPAGES(4));
		balloon_set_new_target(SUPERPAGES(17));
		settle_for(100);
		EXPECT(host.swap_used <= SUPERPAGES(8));
		EXPECT(host.swap_used > SUPERPAGES(7));
		EXPECT(host.nr_free >= host.reserve + SUPERPAGES(4));
		EXPECT(current() > SUPERPAGES(17));
	}
}

static unsigned long seen_reserve;

static void watch_reserve(void)
{
	seen_reserve = max(seen_reserve, xen_balloon.mem.nr_reserve);
}

static void oom_with_reserve(void)
{
	if (!freed && xen_balloon.mem.nr_reserve == SUPERPAGES(4)) {
		freed = host_oom();
		EXPECT_EQ(xen_balloon.mem.nr_reserve, 0);
		EXPECT(host.nr_free >= SUPERPAGES(4));
	}
}

TEST("given no memory the reserve of inflation is free at once")
{
	boot_full(20, 16);
	balloon_set_new_target(SUPERPAGES(18));
	freed = 0;
	host.on_alloc = oom_with_reserve;
	host_run();
	EXPECT(freed >= SUPERPAGES(4));
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
	host_check();
	settle_for(100);
	expect_current(SUPERPAGES(18));
}

TEST("given free memory inflation needs no reserve")
{
	host_boot(&pvh);
	settle();
	seen_reserve = 0;
	host.on_alloc = watch_reserve;
	move_to(SUPERPAGES(20));
	EXPECT_EQ(seen_reserve, 0);
	EXPECT(!xen_balloon.batch.tight);
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);

	/* and without a floor there is none */
	host_user_alloc(SUPERPAGES(16));
	host_user_to_cache(SUPERPAGES(14));
	host_sysfs_write("floor_kb", "0");
	move_to(SUPERPAGES(12));
	EXPECT_EQ(seen_reserve, 0);
}

static void slow_alloc(void)
{
	host.clock_ns += 20000;
	watch_reserve();
}

TEST("given slow reclaim the reserve fills over several batches, none of which is long")
{
	boot_full(26, 20);
	balloon_set_new_target(SUPERPAGES(18));
	seen_reserve = 0;
	host.longest_held = 0;
	host.on_alloc = slow_alloc;
	settle();
	expect_current(SUPERPAGES(18));
	EXPECT_EQ(seen_reserve, SUPERPAGES(4));
	EXPECT(host.longest_held < 25 * NSEC_PER_MSEC);
}

/* A reserve of a superpage and a half is more than a batch has time for. */
static void slower_alloc(void)
{
	host.clock_ns += 10 * NSEC_PER_MSEC / HOST_SUPERPAGE;
	watch_reserve();
}

static void slow_then_acute(void)
{
	slow_alloc();
	if (xen_balloon.mem.nr_reserve)
		xen_balloon.mem.oom_s = ktime_get_seconds();
}

TEST("given a pass without work after one that filled the reserve it is no progress")
{
	if (HOST_SUPERPAGE < 512)
		return;	/* filled at once */
	host_boot(&pvh);
	settle_for(1);
	host_user_alloc(SUPERPAGES(26));
	host_user_to_cache(SUPERPAGES(20));
	host.on_alloc = slow_then_acute;
	balloon_set_new_target(SUPERPAGES(18));
	settle();
	EXPECT_EQ(current(), SUPERPAGES(31));
	EXPECT_EQ(xen_balloon.mem.schedule.count, 2);
	EXPECT_EQ(xen_balloon.mem.nr_reserve, 0);
}

TEST("given a reserve that fills slowly and never up the worker gives up")
{
	const unsigned long try_s = BALLOON_LOOK_S * BALLOON_LOOKS_PER_TRY;

	boot_full(20, 10);
	host_user_alloc(SUPERPAGES(10));
	host.cache_protected = true;
	host.on_alloc = slower_alloc;
	balloon_set_new_target(1);
	seen_reserve = 0;
	settle_for(1 + 2 + 4 + 1);
	EXPECT(seen_reserve > SUPERPAGES(1));
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);

	/* and a full try begins no new row of them */
	seen_reserve = 0;
	settle_for(try_s);
	EXPECT(seen_reserve > SUPERPAGES(1));
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_STOPPED);
	seen_reserve = 0;
	settle_for(try_s - BALLOON_LOOK_S);
	EXPECT_EQ(seen_reserve, 0);
}

TEST("given a new target to grow the reserve goes to the guest")
{
	host_boot(&pvh);
	settle();
	move_to(SUPERPAGES(28));
	host_user_alloc(SUPERPAGES(24));
	host_user_to_cache(SUPERPAGES(20));
	balloon_set_new_target(SUPERPAGES(18));
	/* one pass */
	xen_balloon.batch.max_pages = SUPERPAGES(1);
	host_advance(0);
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	expect_current(SUPERPAGES(30));
	EXPECT_EQ(xen_balloon.mem.nr_reserve, 0);
}

TEST("given a guest that reads again what was reclaimed inflation is slow, and looks whether that ends")
{
	unsigned long second, before;

	boot_full(30, 28);
	/* the first look at the count has nothing to compare it with */
	move_to(SUPERPAGES(31));
	host.refaults_per_s = SUPERPAGES(1);
	host_advance(1);
	balloon_set_new_target(SUPERPAGES(18));
	for (second = 0; second < 5; second++) {
		before = current();
		host_advance(1);
		EXPECT_EQ(before - current(), SUPERPAGES(second ? 1 : 2));
		EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SHORT);
	}
	host.refaults_per_s = 0;
	host_advance(3);
	expect_current(SUPERPAGES(18));
	/* at the target it looks on */
	EXPECT(host_next_due_s() <= BALLOON_LOOK_S);
	move_to(SUPERPAGES(32));
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
}

static void shrink_at_once(void)
{
	balloon_set_new_target(SUPERPAGES(18));
	settle();
	expect_current(SUPERPAGES(18));
}

TEST("given pages that were read again long ago inflation is as fast as ever")
{
	boot_full(30, 28);
	/* not looked at meanwhile */
	host.refaults_per_s = SUPERPAGES(10);
	settle_for(15);
	host.refaults_per_s = 0;
	shrink_at_once();
}

static void few_refaults(void)
{
	if (host.refaults < 10) {
		host.clock_ns += NSEC_PER_MSEC;
		host.refaults++;
	}
}

TEST("given few pages that are read again inflation is as fast as ever")
{
	boot_full(30, 28);
	balloon_set_new_target(SUPERPAGES(31));
	settle();
	host.on_alloc = few_refaults;
	shrink_at_once();
}

TEST("given pressure and nothing to spare the reserve is free memory")
{
	boot_full(20, 10);
	host.cache_protected = true;
	host.refaults_per_s = SUPERPAGES(1);
	balloon_set_new_target(1);
	while (xen_balloon.mem.schedule.state != BALLOON_STATE_STOPPED) {
		settle_for(1);
		if (xen_balloon.mem.schedule.count > 1)
			EXPECT_EQ(xen_balloon.mem.nr_reserve, 0);
	}
}

TEST("given a driver that needs pages it gets the memory of the reserve")
{
	unsigned int nr;

	boot_full(30, 8);
	move_to(SUPERPAGES(31));
	host.refaults_per_s = SUPERPAGES(1);
	host_advance(1);
	balloon_set_new_target(SUPERPAGES(18));
	while (si_mem_available() > (long)SUPERPAGES(2))
		host_advance(1);
	nr = xen_balloon.mem.nr_low + SUPERPAGES(3);
	EXPECT_EQ(host_alloc_unpopulated(0, nr), 0);
	host_free_unpopulated(0, nr);
	host_check();
}

TEST("given a guest at its target without a floor it is left alone")
{
	boot_full(26, 20);
	move_to(SUPERPAGES(18));
	EXPECT(host_next_due_s() <= BALLOON_LOOK_S);
	host_user_free(SUPERPAGES(5));
	host_sysfs_write("floor_kb", "0");
	move_to(SUPERPAGES(17));
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
}

TEST("given no memory while the reserve fills it takes no more")
{
	boot_full(20, 16);
	balloon_set_new_target(SUPERPAGES(18));
	xen_balloon.batch.max_pages = SUPERPAGES(8);
	xen_balloon.batch.target_seq = xen_balloon.mem.target_seq;
	oom_at_alloc(HOST_SUPERPAGE < 64 ? 20 : 100);
	host_run();
	EXPECT_EQ(freed_again, 0);
	EXPECT(allocs_after < 64);
	EXPECT_EQ(current(), SUPERPAGES(32));
	host_check();
}

TEST("given a lower floor inflation goes on at once, with reclaim")
{
	boot_full(30, 28);
	host_sysfs_write("floor_kb", "61440");
	balloon_set_new_target(SUPERPAGES(18));
	settle_for(30);
	expect_current(SUPERPAGES(30));
	host_user_alloc(host.nr_free - host.reserve);
	host_sysfs_write("floor_kb", "0");
	settle();
	expect_current(SUPERPAGES(18));
}

TEST("given no memory while a populate-on-demand guest boots it goes on shrinking")
{
	struct host_config cfg = pvh;
	unsigned long start;

	cfg.pod_cache = 24;
	host_start(&cfg);
	host_xenstore("target", "49152");
	host_xenstore("static-max", "65536");
	EXPECT_EQ(host_init_driver(), 0);
	/* Nothing has moved yet, and there is a time at which it happened. */
	EXPECT(ktime_get_seconds() > 0);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(32));
	EXPECT_EQ(host_oom(), 0);
	start = host_jiffies;
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(24));
	EXPECT(host_jiffies - start < HZ);
	host_check();
}

TEST("given little to spare while a populate-on-demand guest boots it gives that, too")
{
	struct host_config cfg = pvh;

	cfg.pod_cache = 24;
	host_start(&cfg);
	host_xenstore("target", "49152");
	host_xenstore("static-max", "65536");
	/* What is left over is less than a quarter of the floor of 16 superpages. */
	EXPECT_EQ(host_user_alloc(SUPERPAGES(23)), SUPERPAGES(23));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(24));
	EXPECT(si_mem_available() < SUPERPAGES(2));
	host_check();
}

TEST("given no memory the balloon keeps what Xen has")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(host_oom(), 0);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
	EXPECT_EQ(host_next_due_s(), ULONG_MAX);
}

TEST("given deflate_on_oom memory comes back, as far as the hard limit permits, and goes again later")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20));
		settle();
		EXPECT_EQ(host_sysfs_read("deflate_on_oom"), 0);
		EXPECT_EQ(host_sysfs_write("deflate_on_oom", "1"), 1);
		EXPECT_EQ(host_sysfs_read("deflate_on_oom"), 1);
		EXPECT_EQ(host_oom(), SUPERPAGES(4));
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(24));
		host_check();
		EXPECT_EQ(host_oom(), SUPERPAGES(4));
		host.hard_limit = (SUPERPAGES(28) + 3) * HOST_FRAMES;
		EXPECT_EQ(host_oom(), 3);
		EXPECT_EQ(host_oom(), 0);
		host_check();

		host_advance(4);
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(28) + 3);
		host_advance(70);
		EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(20));
		host_check();
	}
}

TEST("given deflate_on_oom and a batch on its way only the batch comes back")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(30));
	settle();
	host_sysfs_write("deflate_on_oom", "y");
	balloon_set_new_target(SUPERPAGES(24));
	/* The batch has nothing yet, and has the lock. */
	oom_at_alloc(1);
	host_run();
	EXPECT_EQ(freed, 0);
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(30));
	host_check();
}

TEST("deflate_on_oom takes yes or no")
{
	host_boot(&pvh);
	EXPECT_EQ(host_sysfs_write("deflate_on_oom", "y\n"), 2);
	EXPECT_EQ(host_sysfs_read("deflate_on_oom"), 1);
	EXPECT_EQ(host_sysfs_write("deflate_on_oom", "0"), 1);
	EXPECT_EQ(host_sysfs_read("deflate_on_oom"), 0);
	host.capable = false;
	EXPECT_EQ(host_sysfs_write("deflate_on_oom", "1"), -EPERM);
	EXPECT_EQ(host_sysfs_read("deflate_on_oom"), 0);
}

TEST("given no memory for unpopulated pages the caller is told, and nothing is lost")
{
	static struct page *pages[100];

	host_boot(&pvh);
	settle();
	oom_at_alloc(2);
	EXPECT_EQ(xen_alloc_ballooned_pages(100, pages), -ENOMEM);
	EXPECT_EQ(allocs_left, 0);
	EXPECT_EQ(xen_balloon.mem.nr_unpopulated, 0);
	host_check();
	host.on_alloc = NULL;
	EXPECT_EQ(xen_alloc_ballooned_pages(100, pages), 0);
	xen_free_ballooned_pages(100, pages);
	settle();
	EXPECT_EQ(xen_balloon.mem.current_pages, SUPERPAGES(32));
	host_check();
}

static bool names_the_balloon(void)
{
	return !strncmp(host.last_log, "xen:balloon: the guest has no memory left",
			41);
}

TEST("given no memory in a guest that was shrunk one line names the balloon")
{
	unsigned long logs;

	host_boot(&pvh);
	settle();
	logs = host.nr_logs;
	host_oom();
	EXPECT_EQ(host.nr_logs, logs);

	balloon_set_new_target(SUPERPAGES(20));
	host_advance(100);
	logs = host.nr_logs;
	host_oom();
	EXPECT_EQ(host.nr_logs, logs + 1);
	EXPECT(names_the_balloon());
	EXPECT(strstr(host.last_log, "has 24576 of its 65536 KiB: raise the target of 40960 KiB"));

	/* one line for many calls, and again later */
	host_oom();
	EXPECT_EQ(host.nr_logs, logs + 1);
	host_advance(5);
	host_oom();
	EXPECT_EQ(host.nr_logs, logs + 2);

	/* it is over: nobody is killed */
	host_advance(5);
	host_sysfs_write("deflate_on_oom", "1");
	EXPECT(host_oom());
	EXPECT_EQ(host.nr_logs, logs + 2);
}
