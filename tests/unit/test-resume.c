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
	first = list_first_entry(&xen_balloon.mem.extents[SUPERPAGE_ORDER], struct page, lru);
	splits = xen_balloon.mem.nr_splits;
	EXPECT(host_repopulate(2, ULONG_MAX) > 0);
	host_resume_elsewhere();
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	EXPECT_EQ(beyond(), 0);
	EXPECT(list_first_entry(&xen_balloon.mem.extents[SUPERPAGE_ORDER], struct page, lru) == first);
	EXPECT_EQ(xen_balloon.mem.nr_splits, splits);
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
