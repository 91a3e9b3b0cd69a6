// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Suspend, save and live migration. Sizes are superpages of 2 MiB where not said
 * otherwise; the numbers of defects are those of Documentation/testing.rst.
 */

#include <stdlib.h>

#include "test.h"
#include "guests.h"

/* Suspend */

TEST("given a suspend the worker stands still and goes on after it")
{
	host_boot(&pvh);
	settle();
	host.frozen = true;
	balloon_set_new_target(SUPERPAGES(20));
	settle_for(5);
	expect_current(SUPERPAGES(32));
	host.frozen = false;
	settle();
	expect_current(SUPERPAGES(20));
}

TEST("given a suspend the guest wakes up in other machine frames, and moves on in them")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		host.frozen = true;
		host_resume_elsewhere();
		host_check();
		host.frozen = false;
		/* the watch fires when xenstore is back, with any target */
		host_set_xenstore_target(kb_text(SUPERPAGES_KB(18)));
		settle();
		expect_current(SUPERPAGES(18));
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

/* Memory that a live migration finds for what has left meanwhile */

/* Pages that Xen counts for the guest beyond what it knows of. */
static long beyond(void)
{
	return host.tot_frames / HOST_FRAMES - current();
}

TEST("given a live migration while the guest shrank, what has memory again is given up before it is overlooked")
{
	static const struct {
		unsigned int one_in;
		unsigned long most;
	} kinds[] = { { 1, ULONG_MAX }, { 1, 512 }, { 3, ULONG_MAX }, { 100, 5 } };
	unsigned long left;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		host_boot(&pvh);
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		left = host_repopulate(kinds[i].one_in, kinds[i].most);
		EXPECT(left && beyond() == (long)left);
		host_resume_elsewhere();
		/* it grows right away */
		host_set_xenstore_target(kb_text(SUPERPAGES_KB(25)));
		settle();
		expect_current(SUPERPAGES(25));
		EXPECT_EQ(beyond(), 0);
		balloon_set_new_target(SUPERPAGES(32));
		settle();
		expect_current(SUPERPAGES(32));
	}
}

TEST("given a live migration the guest gives up what has memory again without a target, too")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT(host_repopulate(2, SUPERPAGES(2)) > 0);
	host.frozen = true;
	host_resume_elsewhere();
	/* it runs out of memory before the worker goes on */
	host_sysfs_write("deflate_on_oom", "1");
	EXPECT_EQ(host_oom(), 0);
	host.frozen = false;
	host_run();
	EXPECT_EQ(beyond(), 0);
	expect_current(SUPERPAGES(20) + 3);
	EXPECT(host_oom() > 0);
	host_check();
}

TEST("given pages that Xen counts and nobody finds, they are looked for once after each resume")
{
	unsigned long ops;
	unsigned int i;

	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	/* the other side's tools have pages mapped, or a device has got some */
	host.cfg.overhead += 7 * HOST_FRAMES;
	ops = host.nr_memory_ops;
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(host.nr_memory_ops, ops);

	for (i = 0; i < 2; i++) {
		host_resume_elsewhere();
		ops = host.nr_memory_ops;
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		EXPECT_EQ(host.nr_memory_ops, ops + 1 + SUPERPAGES(12) - 3);
		ops = host.nr_memory_ops;
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		EXPECT_EQ(host.nr_memory_ops, ops);
	}
	expect_current(SUPERPAGES(20) + 3);

	/* nor are these the reason to overlook one that is there */
	EXPECT_EQ(host_repopulate(1, 1), 1);
	host_resume_elsewhere();
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(beyond(), 0);
}

TEST("given a resume without repopulated pages, whatever else Xen counts, the page list is not searched")
{
	struct host_config cfg = pvh;
	unsigned long ops;
	unsigned int i;

	cfg.overhead = 5 * HOST_FRAMES;
	/* Xen tells its count always, never, and at boot only */
	for (i = 0; i < 3; i++) {
		host_start(&cfg);
		host.current_reservation_error = i == 1 ? -EPERM : 0;
		EXPECT_EQ(host_init_driver(), 0);
		host_wait_boot();
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		host.current_reservation_error = i ? -EPERM : 0;
		host_resume_elsewhere();
		ops = host.nr_memory_ops;
		balloon_set_new_target(SUPERPAGES(20) + 3);
		settle();
		EXPECT_EQ(host.nr_memory_ops, ops + (i != 1));
	}
}

TEST("given repopulated pages the page list is as it was when they are released, and unpopulated pages stay")
{
	struct page *first, *unpopulated[3];
	unsigned long splits;
	unsigned int i;

	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(xen_alloc_ballooned_pages(3, unpopulated), 0);
	for (i = 0; i < 3; i++)
		host_note_unpopulated(unpopulated[i], true);
	first = list_first_entry(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER], struct page, lru);
	splits = xen_balloon.mem.extents.nr_splits;
	EXPECT(host_repopulate(2, ULONG_MAX) > 0);
	host_resume_elsewhere();
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(beyond(), 0);
	EXPECT(list_first_entry(&xen_balloon.mem.extents.by_order[SUPERPAGE_ORDER], struct page, lru) == first);
	EXPECT_EQ(xen_balloon.mem.extents.nr_splits, splits);
	for (i = 0; i < 3; i++)
		host_note_unpopulated(unpopulated[i], false);
	xen_free_ballooned_pages(3, unpopulated);
	host_check();
}

TEST("given a large balloon, after a resume it is looked through for 4 GiB of each order")
{
	static const struct host_config large = {
		.ram = 2 * 2048 + 64, .host_free = 8, .reserve = 4,
	};
	unsigned long ops;

	host_boot(&large);
	host_sysfs_write("floor_kb", "0");
	balloon_set_new_target(SUPERPAGES(48) + 3);
	settle();
	expect_current(SUPERPAGES(48) + 3);
	host.cfg.overhead += HOST_FRAMES;
	host_resume_elsewhere();
	ops = host.nr_memory_ops;
	balloon_set_new_target(SUPERPAGES(48) + 3);
	settle();
	EXPECT_EQ(host.nr_memory_ops, ops + 1 + SUPERPAGES(2048) +
		  HOST_SUPERPAGE - 3);
}

/* Before a suspend */

static void boot_as_asked(const struct host_config *cfg, unsigned long superpages)
{
	host_start(cfg);
	host.cfg.overhead = SUPERPAGES(superpages - 32) * HOST_FRAMES;
	host_xenstore("target", kb_text(SUPERPAGES_KB(superpages)));
	host_xenstore("static-max", kb_text(SUPERPAGES_KB(superpages)));
	EXPECT_EQ(host_init_driver(), 0);
	EXPECT_EQ(host_wait_boot(), 0);
	host_advance(2);
	host.nr_logs = 0;
}

static void expect_key(const char *key, unsigned long kb)
{
	const char *there = host_xenstore_text(key);

	if (!there || strcmp(there, kb_text(kb)))
		host_violation("%s is '%s', not '%s'", key, there ?: "(none)",
			       kb_text(kb));
}

static bool logged(const char *text)
{
	return strstr(host.last_log, text);
}

TEST("given a shrink under way it is finished before a suspend, and the toolstack knows")
{
	unsigned int i, queued;

	FOR_EACH_KIND(i) {
		/* the target has been read; its event has just come */
		for (queued = 0; queued < 2; queued++) {
			boot_as_asked(kinds[i], 32);
			host.frozen = true;
			host.busy = queued;
			host_set_xenstore_target(kb_text(SUPERPAGES_KB(20) + 64));
			host.busy = false;
			host_suspend();
			expect_current(SUPERPAGES(20) + 64 / (PAGE_SIZE / 1024));
			expect_key("data/balloon/current-kb", SUPERPAGES_KB(20) + 64);
			expect_key("data/balloon/restore-kb", 0);
			EXPECT_EQ(host.nr_logs, 0);
			host_resume_elsewhere();
			host.frozen = false;
			settle();
			expect_current(SUPERPAGES(20) + 64 / (PAGE_SIZE / 1024));
		}
	}
}

TEST("given growth under way it stops for a suspend, and goes on after it")
{
	boot_as_asked(&pvh, 32);
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
	settle();
	host.frozen = true;
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(30)));
	host_suspend();
	expect_current(SUPERPAGES(20));
	EXPECT_EQ(host.nr_logs, 0);
	host.frozen = false;
	settle();
	expect_current(SUPERPAGES(30));
}

TEST("given a guest at its floor it is suspended at once, and says the memory that its image needs")
{
	unsigned long jiffies_before;
	unsigned int i;

	FOR_EACH_KIND(i) {
		boot_as_asked(kinds[i], i ? 32 : 40);
		/* PVH: 8 superpages of that are hidden, its floor is 16 of the others */
		host_set_xenstore_target(i ? "1024" : "17408");
		host_advance(20);
		expect_current(SUPERPAGES(16));
		EXPECT_EQ(host_sysfs_read("info/restore_kb"), SUPERPAGES_KB(i ? 16 : 24));
		expect_key("data/balloon/restore-kb", SUPERPAGES_KB(i ? 16 : 24));
		host.nr_logs = 0;
		jiffies_before = host_jiffies;
		host_suspend();
		EXPECT_EQ(host_jiffies, jiffies_before);
		expect_current(SUPERPAGES(16));
		EXPECT_EQ(host.nr_logs, 1);
		EXPECT(logged(i ? "saved at 32768 KiB" : "saved at 49152 KiB"));
		EXPECT(logged(i ? "asked for 1024 KiB" : "asked for 17408 KiB"));
		EXPECT(logged(i ? "memory=32 " : "memory=48 "));
		/* with its target raised, or restored with that memory */
		host.frozen = false;
		host_set_xenstore_target(kb_text(SUPERPAGES_KB(i ? 16 : 24)));
		host_advance(2);
		EXPECT_EQ(host_sysfs_read("info/restore_kb"), 0);
		expect_key("data/balloon/restore-kb", 0);
		host_suspend();
		EXPECT_EQ(host.nr_logs, 1);
	}
}

TEST("given a target that the toolstack does not know an image is judged by the toolstack's")
{
	boot_as_asked(&pvh, 32);
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
	settle();
	host_sysfs_write("target_kb", kb_text(SUPERPAGES_KB(28)));
	settle();
	EXPECT_EQ(host_sysfs_read("info/restore_kb"), SUPERPAGES_KB(28));
	host_suspend();
	EXPECT_EQ(host.nr_logs, 1);
	expect_current(SUPERPAGES(28));
	host.frozen = false;
	host_sysfs_write("target_kb", kb_text(SUPERPAGES_KB(18)));
	settle();
	EXPECT_EQ(host_sysfs_read("info/restore_kb"), 0);
}

TEST("given no target of the toolstack, or the initial domain, nothing is said of images")
{
	struct host_config dom0 = pvh;

	host_boot(&pvh);
	host_sysfs_write("target_kb", "1024");
	settle_for(20);
	EXPECT_EQ(host_sysfs_read("info/restore_kb"), 0);
	dom0.initial = true;
	boot_as_asked(&dom0, 32);
	host_set_xenstore_target("1024");
	host_advance(20);
	EXPECT_EQ(host_sysfs_read("info/restore_kb"), 0);
	host.frozen = true;
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(28)));
	host_sysfs_write("floor_kb", "0");
	host_sysfs_write("target_kb", kb_text(SUPERPAGES_KB(8)));
	host.nr_logs = 0;
	host_suspend();
	EXPECT_EQ(current(), SUPERPAGES(16));
	EXPECT_EQ(host.nr_logs, 0);
}

TEST("given a guest that sleeps by itself it keeps its memory")
{
	boot_as_asked(&pvh, 32);
	host.frozen = true;
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
	pm_suspend_target_state = PM_SUSPEND_TO_IDLE;
	host_suspend();
	pm_suspend_target_state = PM_SUSPEND_ON;
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(host.nr_logs, 0);
}

static void write_back(void)
{
	host_user_free(SUPERPAGES(4));
	host.on_timeout = NULL;
}

TEST("given a guest that is short before a suspend it waits for a second, once")
{
	unsigned long jiffies_before;
	unsigned int frees;

	for (frees = 0; frees < 2; frees++) {
		boot_as_asked(&pvh, 32);
		host_user_alloc(SUPERPAGES(22));
		host.frozen = true;
		host_set_xenstore_target(kb_text(SUPERPAGES_KB(24)));
		host.on_timeout = frees ? write_back : NULL;
		jiffies_before = host_jiffies;
		host_suspend();
		EXPECT_EQ(host_jiffies - jiffies_before, HZ);
		EXPECT_EQ(host.nr_logs, frees ? 0 : 1);
		EXPECT(frees ? current() == SUPERPAGES(24) : current() > SUPERPAGES(24));
	}
}

TEST("given a guest under pressure before a suspend it does not shrink slowly for long")
{
	unsigned long jiffies_before;

	boot_as_asked(&pvh, 32);
	host_oom();
	host_advance(10);
	host.frozen = true;
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
	jiffies_before = host_jiffies;
	host_suspend();
	EXPECT_EQ(host_jiffies - jiffies_before, HZ);
	expect_current(SUPERPAGES(30));
	EXPECT(logged("memory=60 "));
}

TEST("given a slow host a shrink before a suspend ends after 15 s")
{
	u64 began;

	boot_as_asked(&pvh, 32);
	host.frozen = true;
	host_set_xenstore_target(kb_text(SUPERPAGES_KB(20)));
	host.ns_per_frame = 2ULL * NSEC_PER_SEC / 512;
	began = host.clock_ns;
	host_suspend();
	EXPECT((host.clock_ns - began) / NSEC_PER_SEC >= 15);
	EXPECT((host.clock_ns - began) / NSEC_PER_SEC <= 17);
	expect_current(SUPERPAGES(24));
	EXPECT_EQ(host.nr_logs, 1);
}

TEST("given frames that Xen could not map or may still have, an image lacks these and may have those")
{
	boot_as_asked(&pvh, 32);
	balloon_lock(&xen_balloon);
	xen_balloon.mem.current_pages += 16 * 32;
	xen_balloon.mem.nr_lost += 16 * 32;
	EXPECT_EQ(balloon_restore_pages(&xen_balloon), 0);
	xen_balloon.mem.nr_quarantined += 16 * 32;
	EXPECT_EQ(balloon_restore_pages(&xen_balloon),
		  16 * 32 > SZ_1M / PAGE_SIZE ? SUPERPAGES(32) + 16 * 32 : 0);
	xen_balloon.mem.pod_boot = true;
	EXPECT_EQ(balloon_restore_pages(&xen_balloon), 0);
	xen_balloon.mem.pod_boot = false;
	xen_balloon.mem.nr_quarantined -= 16 * 32;
	xen_balloon.mem.nr_lost -= 16 * 32;
	xen_balloon.mem.current_pages -= 16 * 32;
	balloon_unlock(&xen_balloon);
}
