// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Programs in the guest hear of its size: poll(), uevents, the largest size. */

#include "test.h"
#include "guests.h"

/* Forget what was heard at boot. */
static void hush(void)
{
	settle();
	host.nr_uevents = 0;
	host.nr_size_polls = 0;
	host.nr_state_polls = 0;
	host.uevent[0] = '\0';
}

static void expect_uevents(unsigned long nr, unsigned long kb,
			   unsigned long target_kb, const char *state)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "XEN_MEMORY_CURRENT_KB=%lu XEN_MEMORY_TARGET_KB=%lu XEN_MEMORY_STATE=%s",
		 kb, target_kb, state);
	EXPECT_EQ(host.nr_uevents, nr);
	if (strcmp(host.uevent, text))
		host_violation("the uevent is '%s', not '%s'", host.uevent,
			       text);
}

TEST("given a move of many batches poll() returns for each, and the last makes a uevent")
{
	unsigned int i;

	FOR_EACH_KIND(i) {
		host_boot(kinds[i]);
		hush();
		host.ns_per_frame = 8000;
		balloon_set_new_target(SUPERPAGES(20));
		EXPECT(host_run() > 3);
		EXPECT(host.nr_size_polls > 3);
		/* moving, settled */
		EXPECT_EQ(host.nr_state_polls, 2);
		expect_uevents(1, SUPERPAGES_KB(20), SUPERPAGES_KB(20),
			       "settled");

		balloon_set_new_target(SUPERPAGES(30));
		host_run();
		EXPECT_EQ(host.nr_state_polls, 4);
		expect_uevents(2, SUPERPAGES_KB(30), SUPERPAGES_KB(30),
			       "settled");
	}
}

TEST("given a target that one pass meets poll() of the state returns as well")
{
	host_boot(&pvh);
	hush();
	balloon_set_new_target(SUPERPAGES(31));
	host_run();
	EXPECT_EQ(host.nr_state_polls, 1);
	EXPECT_EQ(host.nr_size_polls, 1);
	EXPECT_EQ(host.nr_uevents, 1);
}

TEST("given passes that move nothing no program is woken up")
{
	host_boot(&pvh);
	settle();
	EXPECT_EQ(host.nr_uevents + host.nr_size_polls, 0);
	hush();
	balloon_wake(&xen_balloon);
	EXPECT_EQ(host_run(), 1);
	EXPECT_EQ(host.nr_size_polls, 0);
	EXPECT_EQ(host.nr_state_polls, 0);
	EXPECT_EQ(host.nr_uevents, 0);

	/* not even a target that is met moves anything */
	balloon_set_new_target(SUPERPAGES(32));
	EXPECT_EQ(host_run(), 1);
	EXPECT_EQ(host.nr_size_polls, 0);
	EXPECT_EQ(host.nr_uevents, 0);
}

static void target_changes(unsigned int cmd)
{
	host.on_hypercall = NULL;
	balloon_set_new_target(SUPERPAGES(28));
}

TEST("given a new target in the middle of a move there is one uevent")
{
	host_boot(&pvh);
	hush();
	host.on_hypercall = target_changes;
	balloon_set_new_target(SUPERPAGES(31));
	host_run();
	expect_uevents(1, SUPERPAGES_KB(28), SUPERPAGES_KB(28), "settled");
}

TEST("given too little to spare there is a uevent after four tries in vain, and then none")
{
	unsigned int i, forever;

	for (forever = 0; forever < 2; forever++) {
		host_boot(&pvh);
		hush();
		host_sysfs_write("floor_kb", "0");
		if (forever)
			host_sysfs_write("max_retry_count", "0");
		host_user_alloc(SUPERPAGES(20));
		balloon_set_new_target(SUPERPAGES(16));
		settle_for(2);
		EXPECT_EQ(host.nr_uevents, 0);
		settle_for(600);
		EXPECT_EQ(host.nr_uevents, 1);
		EXPECT(strstr(host.uevent, forever ? "STATE=short" : "STATE=stopped"));

		/* a superpage each 2 s, to the target and beyond */
		for (i = 0; i < 8; i++) {
			host_user_free(SUPERPAGES(1));
			balloon_wake(&xen_balloon);
			host_advance(2);
		}
		expect_uevents(2, SUPERPAGES_KB(16), SUPERPAGES_KB(16),
			       "settled");
	}
}

TEST("given a target below the floor there is one uevent")
{
	host_boot(&pvh);
	hush();
	balloon_set_new_target(1);
	settle_for(600);
	expect_uevents(1, SUPERPAGES_KB(16), PAGE_SIZE >> 10, "stopped");
}

TEST("given sections that come online at once there is one uevent for all of them")
{
	struct host_config cfg = pvh;

	if (!HOST_HAS_HOTPLUG)
		return;
	cfg.space = 1024;
	cfg.host_free = 1000;
	host_boot(&cfg);
	host.hard_limit = ULONG_MAX;
	hush();
	balloon_set_new_target(SUPERPAGES(800));
	host_run();
	expect_uevents(1, SUPERPAGES_KB(800), SUPERPAGES_KB(800), "settled");
}

TEST("given sections that stay offline there is a uevent for the memory that came")
{
	struct host_config cfg = pvh;

	if (!HOST_HAS_HOTPLUG)
		return;
	cfg.space = 128;
	cfg.host_free = 100;
	cfg.offline_sections = true;
	host_boot(&cfg);
	host.hard_limit = ULONG_MAX;
	balloon_set_new_target(SUPERPAGES(30));
	hush();
	balloon_set_new_target(SUPERPAGES(64));
	settle_for(5);
	expect_uevents(1, SUPERPAGES_KB(32), SUPERPAGES_KB(64), "waiting");
	while (host_online())
		;
	settle_for(5);
	expect_uevents(2, SUPERPAGES_KB(64), SUPERPAGES_KB(64), "settled");
}

TEST("given no hotplug the largest size is that of the boot, less what is lost")
{
	if (HOST_HAS_HOTPLUG)
		return;
	host_boot(&pvh);
	settle();
	EXPECT_EQ(host_sysfs_read("info/largest_kb"), SUPERPAGES_KB(32));
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(host_sysfs_read("info/largest_kb"), SUPERPAGES_KB(32));
	host.stop_after_frames = 100;
	balloon_set_new_target(SUPERPAGES(18));
	host_advance(100);
	host.stop_after_frames = -1;
	EXPECT(xen_balloon.mem.nr_quarantined);
	EXPECT_EQ(host_sysfs_read("info/largest_kb"), SUPERPAGES_KB(32) -
		  (xen_balloon.mem.nr_quarantined << (PAGE_SHIFT - 10)));

	/* it is what a larger target comes to */
	balloon_set_new_target(SUPERPAGES(100));
	host_advance(100);
	EXPECT_EQ(current() << (PAGE_SHIFT - 10),
		  host_sysfs_read("info/largest_kb"));
}

TEST("given hotplug the largest size is that of the address space, on PV of the p2m")
{
	struct host_config cfg;
	unsigned int i;

	if (!HOST_HAS_HOTPLUG)
		return;
	FOR_EACH_KIND(i) {
		cfg = *kinds[i];
		cfg.space = 128;
		cfg.p2m_limit = 64;
		cfg.host_free = 100;
		host_boot(&cfg);
		host.hard_limit = ULONG_MAX;
		settle();
		EXPECT_EQ(host_sysfs_read("info/largest_kb"),
			  SUPERPAGES_KB(i ? 64 : 128));
		balloon_set_new_target(SUPERPAGES(140));
		host_advance(10);
		EXPECT_EQ(current(), SUPERPAGES(i ? 64 : 128));
	}
}
