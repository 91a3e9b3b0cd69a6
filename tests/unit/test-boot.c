// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Boot: populate on demand, the first target, the size at boot. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

/* Populate on demand */

static void boot_pod(unsigned long ram, unsigned long cache)
{
	const struct host_config cfg = {
		.ram = ram, .host_free = 8, .pod_cache = cache, .reserve = 4,
	};

	host_start(&cfg);
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(ram)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(cache)));
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
	balloon_set_new_target(SUPERPAGES(8));
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
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(32)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(12)));
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
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(32)));
	host_xenstore("target", "1024");
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	EXPECT_EQ(host_wait_boot(), 0);
	settle_for(5);
	expect_current(xen_balloon.mem.floor);
	EXPECT_EQ(xen_balloon.mem.floor, balloon_default_floor(SUPERPAGES(32)));
	/* and what it learned is right */
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(24)));
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
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(32)));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
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
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(33)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(33)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	EXPECT_EQ(host_difference(), SUPERPAGES(1) + 7);
	settle();
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(24)));
	settle();
	expect_current(SUPERPAGES(23) - 7);
	/* learned once */
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(64)));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(25)));
	settle();
	expect_current(SUPERPAGES(24) - 7);
}

TEST("given a guest that was built short of its target (HVM without a display), lesser targets are met and none beyond it is sought")
{
	const u64 full_kb = SUPERPAGES_KB(32) + 99 * (PAGE_SIZE / 1024);

	host_start(&pvh);
	host.cfg.overhead = 94 * HOST_FRAMES;
	host_xenstore("static-max", kb_text(full_kb));
	host_xenstore("target", kb_text(full_kb));
	EXPECT_EQ(host_init_driver(), 0);
	settle();
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.total_pages, SUPERPAGES(32));
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
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
	host.cfg.overhead = SUPERPAGES(2) * HOST_FRAMES;
	host_xenstore("memory_static_max", kb_text(SUPERPAGES_KB(34)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(34)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), SUPERPAGES(2));

	host_start(&pvh);
	host_xenstore("target", kb_text(SUPERPAGES_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);

	host_start(&pvh);
	host_xenstore("static-max", "garbage");
	host_xenstore("target", kb_text(SUPERPAGES_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
}

TEST("given video memory it is no part of the difference")
{
	host_start(&pvh);
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(36)));
	host_xenstore("videoram", kb_text(SUPERPAGES_KB(4)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
}

TEST("given more video memory than memory the guest is not made smaller")
{
	host_start(&pvh);
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(32)));
	host_xenstore("videoram", kb_text(SUPERPAGES_KB(64)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given a target of almost nothing every guest goes to its floor, and says so once")
{
	static const char * const tiny[] = { "0", "1", "16383", "16384" };
	unsigned int i, t;

	FOR_EACH_KIND(i) {
		host_start(kinds[i]);
		host.cfg.overhead = i ? 0 : SUPERPAGES(8) * HOST_FRAMES;
		host_xenstore("static-max", kb_text(SUPERPAGES_KB(40)));
		host_xenstore("target", kb_text(SUPERPAGES_KB(i ? 32 : 40)));
		EXPECT_EQ(host_init_driver(), 0);
		EXPECT_EQ(host_difference(), i ? 0 : SUPERPAGES(8));
		settle();
		host.nr_logs = 0;
		for (t = 0; t < ARRAY_SIZE(tiny); t++) {
			host_set_xenstore_target(tiny[t]);
			settle_for(5);
			expect_current(xen_balloon.mem.floor);
			EXPECT_EQ(xen_balloon.mem.schedule.state,
				  BALLOON_STATE_STOPPED);
		}
		EXPECT_EQ(host.nr_logs, 1);
	}
}

/* A PV guest in the PVH shim, as libxl creates it: Xen counts 17 frames more. */
static void boot_in_shim(struct host_config *cfg, unsigned long target_kb)
{
	*cfg = pv;
	cfg->shim = 3 * 512 + 37;
	host_start(cfg);
	host_xenstore("static-max", kb_text(target_kb));
	host_xenstore("target", kb_text(target_kb));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	settle();
}

static void expect_shim_count(const struct host_config *cfg, unsigned long kb)
{
	EXPECT_EQ(host.tot_frames + host.cfg.shim, kb / 4);
	EXPECT_EQ(host.cfg.shim, cfg->shim);
	EXPECT_EQ(xen_balloon.mem.schedule.state, BALLOON_STATE_SETTLED);
}

TEST("given a PV guest in the shim Xen counts what the toolstack asked for")
{
	const unsigned long full_kb = SUPERPAGES_KB(35) + 37 * 4;
	struct host_config cfg;

	if (!HOST_HAS_PV)
		return;
	boot_in_shim(&cfg, full_kb);
	EXPECT_EQ(host_difference(), SUPERPAGES(3) + 37);
	expect_shim_count(&cfg, full_kb);
	EXPECT_EQ(xen_balloon.mem.target_pages, SUPERPAGES(32));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(24)));
	settle();
	expect_shim_count(&cfg, SUPERPAGES_KB(24));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(25) + 4));
	settle();
	expect_shim_count(&cfg, SUPERPAGES_KB(25) + 4);
	host_set_xenstore_target(kb_text(full_kb));
	settle();
	expect_shim_count(&cfg, full_kb);
	expect_current(SUPERPAGES(32));
}

static void boot_uncounted(struct host_config *cfg, u32 base, u32 hvm)
{
	*cfg = pv;
	cfg->shim = 3 * 512 + 37;
	cfg->cpuid_base = base;
	cfg->cpuid_hvm = hvm;
	host_start(cfg);
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(32)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	settle();
	EXPECT_EQ(host_difference(), 0);
	expect_current(SUPERPAGES(32));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(24)));
	settle();
	expect_current(SUPERPAGES(24));
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(32)));
	settle();
	expect_current(SUPERPAGES(32));
}

TEST("given a PV guest in a shim that the toolstack does not count nothing is learned, and nothing taken of the shim's own")
{
	static const u32 bases[] = { 0x40000000, 0x40000100, 0x4000ff00 };
	struct host_config cfg;
	unsigned int i;

	if (!HOST_HAS_PV)
		return;
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		boot_uncounted(&cfg, bases[i], 0x5c);
		EXPECT_EQ(host.cfg.shim, cfg.shim);
	}
}

TEST("given Xen's leaves for a PV guest, none or those of another hypervisor, superpages are asked for")
{
	static const u32 bases[] = { 0, 0x40000000, 0x40010000 };
	struct host_config cfg;
	unsigned int i;

	if (!HOST_HAS_PV)
		return;
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		boot_uncounted(&cfg, bases[i], bases[i] > 0x40000000 ? 0x5c : 0);
		EXPECT(host.cfg.shim < cfg.shim);
	}
}

TEST("given a PV guest or the initial domain nothing is learned")
{
	struct host_config cfg = pvh;

	cfg.initial = true;
	host_start(&cfg);
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(64)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(28)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	EXPECT(!xen_balloon.mem.pod_boot);
	settle();
	expect_current(SUPERPAGES(28));
	if (!HOST_HAS_PV)
		return;
	/* set to less while it was paused */
	host_start(&pv);
	host.hard_limit = SUPERPAGES(28) + 256;
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(64)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(28)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	settle();
	expect_current(SUPERPAGES(28));
	/* set to more while it was paused, or as large as it is without slack */
	host_start(&pv);
	host.hard_limit = SUPERPAGES(32);
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(64)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(32)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	host_start(&pv);
	host.hard_limit = SUPERPAGES(34) + 256;
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(64)));
	host_xenstore("target", kb_text(SUPERPAGES_KB(34)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
	/* Xen does not tell its count */
	host_start(&pv);
	host_xenstore("target", kb_text(SUPERPAGES_KB(34)));
	host.current_reservation_error = -EPERM;
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_difference(), 0);
}

TEST("given a xenstore that comes late the target is taken up then")
{
	struct host_config cfg = pvh;

	cfg.late_xenstore = true;
	host_start(&cfg);
	host_xenstore("target", kb_text(SUPERPAGES_KB(24)));
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(32)));
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
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(32)));
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
	balloon_set_new_target(SUPERPAGES(34));
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
		balloon_set_new_target(SUPERPAGES(36) + 9);
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
	host.nr_pages = max_pfn;	/* there are struct pages up to the end of the section */
	host.gfn_pod[SUPERPAGES(32) * HOST_FRAMES] = false;
	xen_unpopulated_pages = 3;
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(xen_balloon.mem.nr_low, SUPERPAGES(3) - 5);
	host_check();
	balloon_set_new_target(SUPERPAGES(35) - 5);
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
	balloon_set_new_target(SUPERPAGES(20));
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
