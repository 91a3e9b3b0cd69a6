// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Every failure, injected. Each scenario runs again and again: with the first
 * call that can fail failing, then the second, until none is left; and once
 * more each with all calls from there on failing. After each nothing is lost,
 * and once the failure is gone the driver still reaches its target.
 */

#include "test.h"

struct scenario {
	const char *name;
	struct host_config cfg;
	void (*before)(void);	/* without failures */
	void (*act)(void);	/* with */
	void (*after)(void);	/* without: undo what is the test's */
	bool needs_hotplug;
};

static unsigned int nr_unpopulated;
static int rc_init;

static void alloc_unpopulated(unsigned int nr)
{
	if (!host_alloc_unpopulated(0, nr))
		nr_unpopulated = nr;
}

static void free_unpopulated(void)
{
	host_free_unpopulated(0, nr_unpopulated);
	nr_unpopulated = 0;
}

static void nothing(void)
{
}

static void boot(void)
{
	rc_init = host_init_driver();
	host_wait_boot();
	settle();
}

static void init(void)
{
	rc_init = host_init_driver();
}

static void no_registration_is_left(void)
{
	/* a front end is there with all its registrations, or with none */
	EXPECT(!host.dev == !host.bus_registered);
	EXPECT_EQ(!!host.observers[0] + !!host.observers[1],
		  !!host.dev + !!host.xenstore_nb);
	if (host.queues[0]) {
		EXPECT(!rc_init == (host.dev && host.xenstore_nb &&
				    host.oom_nb &&
				    (host.reboot_nb || host.cfg.pv)));
		EXPECT(!host.online_callback == !HOST_HAS_HOTPLUG);
		return;
	}
	EXPECT(rc_init);
	EXPECT(!host.dev && !host.xenstore_nb && !host.oom_nb && !host.stats);
	EXPECT(!host.online_callback && !host.memory_nb && !host.sysctls);
	EXPECT(!host.oom_nb);
	/* the buffers stay for those who need ballooned pages only */
	EXPECT_EQ(host.nr_allocs, xen_balloon.batch.frames ? 3 : 0);
	EXPECT(!xen_balloon.batch.frames == !xen_balloon.batch.pages);
	alloc_unpopulated(3);
	host_check();
	free_unpopulated();
	host_check();
}

static void down(void)
{
	balloon_set_new_target(SUPERPAGES(4) + 9);
	host_advance(3);
}

static void up(void)
{
	balloon_set_new_target(SUPERPAGES(6));
	host_advance(3);
}

static void be_down(void)
{
	boot();
	down();
}

static void be_down_in_single_pages(void)
{
	boot();
	host.no_superpages = true;
	balloon_set_new_target(SUPERPAGES(5));
	host_run();
}

static void be_scattered(void)
{
	boot();
	host.no_superpages = true;
	host.scatter = true;
}

/* 15 pages of each 16 are free. */
static void be_fragmented(void)
{
	boot();
	host_shatter_guest(min(16UL, HOST_SUPERPAGE / 2));
}

static void be_down_in_small_extents(void)
{
	be_fragmented();
	balloon_set_new_target(SUPERPAGES(5));
	host_run();
}

static void down_by_some_pages(void)
{
	balloon_set_new_target(SUPERPAGES(6) - HOST_SUPERPAGE / 4);
	host_advance(3);
}

static void up_from_single_pages(void)
{
	balloon_set_new_target(SUPERPAGES(5) + HOST_SUPERPAGE / 4);
	host_advance(3);
}

static void alloc_some(void)
{
	alloc_unpopulated(70);
}

static void be_unpopulated(void)
{
	boot();
	alloc_unpopulated(70);
}

static void grow(void)
{
	balloon_set_new_target(SUPERPAGES(7) + 5);
	host_advance(3);
}

static int online_or_signal(void)
{
	return host_online() ? 0 : -512;
}

static void want_hotplug(void)
{
	boot();
	xen_balloon.config.hotplug_unpopulated = 1;
	host.on_wait = online_or_signal;
}

static void online_all(void)
{
	while (host_online())
		;
}

static void unlend_and_online(void)
{
	online_all();
	free_unpopulated();
}

static void be_pod(void)
{
	host_xenstore("static-max", PAGE_SHIFT == 12 ? "12288" : "12288");
	host_xenstore("target", "8192");
}

static void boot_pod(void)
{
	rc_init = host_init_driver();
	if (rc_init || !xen_balloon.mem.pod_boot)
		return;
	/* as long as it takes, with failures that end after a while */
	host_advance(5);
}

static void end_pod(void)
{
	host.inject.armed = false;
	if (!rc_init)
		host_wait_boot();
	/* Xen or the toolstack could not be asked: then there is no boot to
	 * wait for, and what is untouched may leave as it is.
	 */
	no_registration_is_left();
}

static void follow_xenstore(void)
{
	host_set_xenstore_target("10240");
	host_advance(3);
}

/* Nobody writes it again: the toolstack has done its part. */
static void expect_followed(void)
{
	host_advance(2);
	EXPECT_EQ(xen_balloon.mem.target_pages + host_difference(),
		  (10240UL << 10) >> PAGE_SHIFT);
}

#define SIZE	.ram = 6, .space = 12, .host_free = 14, .reserve = 4

static const struct scenario scenarios[] = {
	{ "start", { SIZE }, nothing, init, no_registration_is_left },
	{ "start with extra regions", { SIZE, .extra = 2 }, nothing, init,
	  no_registration_is_left },
	{ "start of the initial domain", { SIZE, .initial = true }, nothing,
	  init, no_registration_is_left },
	{ "shrink", { SIZE }, boot, down, nothing },
	{ "shrink in single pages", { SIZE }, be_scattered,
	  down_by_some_pages, nothing },
	{ "shrink in small extents", { SIZE }, be_fragmented,
	  down_by_some_pages, nothing },
	{ "grow", { SIZE }, be_down, up, nothing },
	{ "grow in small extents", { SIZE }, be_down_in_small_extents,
	  up_from_single_pages, nothing },
	{ "grow in single pages", { SIZE }, be_down_in_single_pages,
	  up_from_single_pages, nothing },
	{ "unpopulated pages from the guest's memory", { SIZE }, boot, alloc_some, free_unpopulated },
	{ "unpopulated pages from the balloon", { SIZE }, be_down, alloc_some, free_unpopulated },
	{ "free unpopulated pages", { SIZE }, be_unpopulated, free_unpopulated, nothing },
	{ "grow by hotplug", { SIZE }, boot, grow, nothing,
	  true },
	{ "grow by hotplug that comes online later",
	  { SIZE, .offline_sections = true }, boot, grow, online_all,
	  true },
	{ "unpopulated pages from hotplugged memory", { SIZE, .offline_sections = true },
	  want_hotplug, alloc_some, unlend_and_online, true },
	{ "follow xenstore", { SIZE }, boot, follow_xenstore, expect_followed },
	{ "shrink at boot, populated on demand", { SIZE, .pod_cache = 4 },
	  be_pod, boot_pod, end_pod },
};

static unsigned long reachable(void)
{
	unsigned long most = xen_balloon.mem.total_pages -
			     xen_balloon.mem.nr_quarantined -
			     xen_balloon.mem.nr_unpopulated;

	if (HOST_HAS_HOTPLUG)
		return xen_balloon.mem.target_pages;
	return min(most, xen_balloon.mem.target_pages);
}

static bool run_once(const struct scenario *s, bool pv, unsigned long at,
		     bool forever)
{
	struct host_config cfg = s->cfg;
	unsigned long reached;
	bool hit;

	cfg.pv = pv;
	nr_unpopulated = 0;
	rc_init = 0;
	host_start(&cfg);
	s->before();
	host.inject = (struct host_inject) {
		.armed = true, .at = at, .forever = forever,
	};
	s->act();
	host.inject.armed = false;
	hit = host.inject.hits;
	host_check();
	s->after();
	host_check();
	if (rc_init)
		return hit;

	/* at most a slow retry away, and then one for what was refused */
	settle_for(130);
	online_all();
	settle();
	reached = reachable();
	/* two buffers and two queues */
	EXPECT_EQ(host.nr_allocs, 4);
	if (xen_balloon.mem.current_pages != reached)
		host_violation("the target is not reached: %lu pages of %lu",
			       xen_balloon.mem.current_pages, reached);
	return hit;
}

static unsigned long all_points(bool pv, bool forever)
{
	unsigned long i, at, total = 0;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *s = scenarios + i;

		if (pv && s->cfg.pod_cache)
			continue;
		if (!HOST_HAS_HOTPLUG && s->needs_hotplug)
			continue;
		for (at = 1; run_once(s, pv, at, forever); at++)
			;
		total += at - 1;
		printf("# %4lu failure points: %s%s%s\n", at - 1,
		       pv ? "PV: " : "", s->name,
		       forever ? ", from there on" : "");
	}
	printf("# = %lu failure points\n", total);
	return total;
}

TEST("given any one failure nothing is lost, and the target is reached without it")
{
	EXPECT(all_points(false, false) > 200);
}

TEST("given failures from any point on nothing is lost, and the target is reached without them")
{
	EXPECT(all_points(false, true) > 100);
}

#ifdef CONFIG_XEN_HAVE_PVMMU
TEST("given any one failure in a PV guest nothing is lost, and the target is reached without it")
{
	EXPECT(all_points(true, false) > 300);
}

TEST("given failures from any point on in a PV guest nothing is lost, and the target is reached")
{
	EXPECT(all_points(true, true) > 100);
}
#endif
