// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Another kernel takes over, with the memory map of the boot. */

#include "test.h"
#include "guests.h"

static bool logged(const char *text)
{
	return strstr(host.last_log, text);
}

/* The worker runs again, and the toolstack has other plans. */
static void expect_no_release(unsigned long pages)
{
	settle_for(100);
	EXPECT_EQ(current(), pages);
	balloon_set_new_target(SUPERPAGES(18));
	settle_for(100);
	EXPECT_EQ(current(), pages);
}

TEST("given kexec the balloon's memory is taken back first, and nothing is released any more")
{
	static struct page *pages[3];

	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20) + 3);
	settle();
	host_reboot(true);
	expect_current(SUPERPAGES(32));
	EXPECT(logged("all memory is back"));
	EXPECT_EQ(host.nr_populated[9], 11);
	expect_no_release(SUPERPAGES(32));
	EXPECT_EQ(xen_alloc_ballooned_pages(3, pages), -ENOMEM);
}

TEST("given an ordinary reboot nothing moves")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host_reboot(false);
	expect_current(SUPERPAGES(20));
}

TEST("given kexec and a hard limit what there is comes back, and one line names the rest")
{
	unsigned long logs;

	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host.hard_limit = (SUPERPAGES(25) + 3) * HOST_FRAMES;
	logs = host.nr_logs;
	host_reboot(true);
	expect_current(SUPERPAGES(25) + 3);
	EXPECT_EQ(host.nr_logs, logs + 1);
	EXPECT(logged("the next kernel may crash"));
	expect_no_release(SUPERPAGES(25) + 3);
}

TEST("given kexec and pages that a driver has the line counts them")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT_EQ(host_alloc_unpopulated(0, 16), 0);
	host_reboot(true);
	EXPECT_EQ(current(), SUPERPAGES(32) - 16);
	EXPECT(logged(HOST_FRAMES == 1 ? "since 64 KiB" : "since 1024 KiB"));
	host_free_unpopulated(0, 16);
}

TEST("given kexec and a host without superpages all memory comes back as single pages")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host.host_no_superpages = true;
	host_reboot(true);
	expect_current(SUPERPAGES(32));
	EXPECT(logged("all memory is back"));
}

TEST("given kexec and superpages that the host has again these are populated whole")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	host.host_no_superpages = true;
	balloon_set_new_target(SUPERPAGES(24));
	settle();
	host.host_no_superpages = false;
	host_reboot(true);
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(host.nr_populated[9], 8);
}

TEST("given kexec and a slow host the reboot goes on after a minute")
{
	if (HOST_FRAMES > 1)
		return;	/* all of it is one batch */
	host_boot(&pvh);
	host_sysfs_write("floor_kb", "0");
	balloon_set_new_target(SUPERPAGES(8));
	settle();
	host.host_no_superpages = true;
	/* 32 MiB of single pages are a batch, which takes more than a minute */
	host.ns_per_frame = 80 * 1000 * NSEC_PER_MSEC / 8192;
	host_reboot(true);
	EXPECT(current() < SUPERPAGES(32));
	EXPECT(host.clock_ns < 100000 * NSEC_PER_MSEC);
}

TEST("given kexec after a live migration pages that have memory are released before they are populated")
{
	host_boot(&pvh);
	balloon_set_new_target(SUPERPAGES(20));
	settle();
	EXPECT(host_repopulate(3, ULONG_MAX));
	host.frozen = true;
	host_resume_elsewhere();
	host_reboot(true);
	expect_current(SUPERPAGES(32));
	EXPECT_EQ(host.tot_frames, SUPERPAGES(32) * HOST_FRAMES);
}

TEST("given PV there is nothing to do, since a PV kernel starts no other")
{
	if (!HOST_HAS_PV)
		return;
	host_boot(&pv);
	EXPECT(!host.reboot_nb);
}
