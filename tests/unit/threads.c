// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Everybody at once, under ThreadSanitizer: the worker, the toolstack, the
 * administrator, callers for ballooned pages, users of memory, hotplug. The
 * fakes are compiled without it and have a lock that it does not see, so they
 * order nothing for the driver.
 */

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

static bool stop;
static unsigned long nr_events, nr_taken;

static u32 draw(unsigned int *seed, u32 below)
{
	return rand_r(seed) % below;
}

static bool goes_on(void)
{
	__atomic_add_fetch(&nr_events, 1, __ATOMIC_RELAXED);
	return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void *worker(void *unused)
{
	while (goes_on()) {
		if (!host_run()) {
			__atomic_add_fetch(&host_jiffies, HZ, __ATOMIC_RELAXED);
			usleep(50);
		}
	}
	return NULL;
}

static void *toolstack(void *arg)
{
	unsigned int seed = (unsigned long)arg;

	while (goes_on()) {
		balloon_set_new_target(draw(&seed, SUPERPAGES(9)));
		usleep(draw(&seed, 300));
	}
	return NULL;
}

static void *administrator(void *arg)
{
	static const char * const names[] = {
		"target", "target_kb", "floor_kb", "schedule_delay",
		"retry_count", "max_retry_count", "scrub_pages",
		"info/current_kb", "info/low_kb", "info/high_kb",
	};
	unsigned int seed = (unsigned long)arg;

	while (goes_on()) {
		host_sysfs_read(names[draw(&seed, ARRAY_SIZE(names))]);
		host_sysfs_write("floor_kb", draw(&seed, 2) ? "1024" : "4096");
		host_sysfs_write("max_retry_count", draw(&seed, 2) ? "0" : "3");
		host_sysfs_write("max_schedule_delay", "2");
		host_sysfs_write("scrub_pages", draw(&seed, 2) ? "0" : "1");
		host_stat("splits");
		if (READ_ONCE(balloon_stats.total_pages) < SUPERPAGES(6))
			abort();
		usleep(100);
	}
	return NULL;
}

static void *caller(void *arg)
{
	unsigned int seed = (unsigned long)arg, nr, i;
	struct page *pages[300];

	while (goes_on()) {
		nr = draw(&seed, ARRAY_SIZE(pages)) + 1;
		if (xen_alloc_ballooned_pages(nr, pages))
			continue;
		__atomic_add_fetch(&nr_taken, 1, __ATOMIC_RELAXED);
		/* Ours alone: another owner of one of them shows here. */
		for (i = 0; i < nr; i++) {
			if (pages[i]->lru.next != LIST_POISON1)
				abort();
			pages[i]->lru.prev = (void *)arg;
		}
		usleep(draw(&seed, 200));
		for (i = 0; i < nr; i++)
			if (pages[i]->lru.prev != (void *)arg)
				abort();
		xen_free_ballooned_pages(nr, pages);
	}
	return NULL;
}

static void *users(void *arg)
{
	unsigned int seed = (unsigned long)arg;

	while (goes_on()) {
		host_user_alloc(draw(&seed, SUPERPAGES(1)));
		usleep(50);
		host_user_free(draw(&seed, SUPERPAGES(1)));
	}
	return NULL;
}

static void *onliner(void *unused)
{
	while (goes_on()) {
		host_online();
		usleep(500);
	}
	return NULL;
}

/* The last moment before a process is killed. */
static void *victim(void *arg)
{
	while (goes_on()) {
		host_oom();
		usleep(2000);
	}
	return NULL;
}

static int wait_a_little(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED) ? -512 : 0;
}

static void live(const struct host_config *cfg, bool hotplug_unpopulated)
{
	void *(*const bodies[])(void *) = {
		worker, worker, worker, toolstack, toolstack, administrator,
		caller, caller, caller, users, onliner, victim,
	};
	pthread_t threads[ARRAY_SIZE(bodies)];
	unsigned long i, target;

	stop = false;
	nr_events = nr_taken = 0;
	host_boot(cfg);
	host.allow_unscrubbed = true;
	host.on_wait = wait_a_little;
	xen_balloon.config.hotplug_unpopulated = hotplug_unpopulated;
	host_threads = true;
	for (i = 0; i < ARRAY_SIZE(bodies); i++)
		pthread_create(&threads[i], NULL, bodies[i], (void *)(i + 1));
	usleep(1500 * 1000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(bodies); i++)
		pthread_join(threads[i], NULL);
	host_threads = false;

	host_check();
	host_user_free(ULONG_MAX);
	host_sysfs_write("floor_kb", "0");
	target = SUPERPAGES(5) + 3;
	/* after a minute without an OOM */
	host_jiffies += 61 * HZ;
	balloon_set_new_target(target);
	host_advance(3);
	host_check();
	EXPECT_EQ(xen_balloon.mem.current_pages, target);
	printf("# = %lu events of %zu threads, %lu times pages were taken\n",
	       nr_events, ARRAY_SIZE(bodies), nr_taken);
	EXPECT(nr_events > 1000 && nr_taken > 10);
}

static const struct host_config guest = {
	.ram = 6, .space = 20, .host_free = 24, .reserve = 4,
	.offline_sections = true,
};

TEST("given everybody at once there is no data race, and nothing is lost")
{
	live(&guest, false);
}

TEST("given everybody at once in a PV guest there is no data race, and nothing is lost")
{
	struct host_config cfg = guest;

	cfg.pv = true;
	live(&cfg, false);
}

TEST("given everybody at once with hotplug_unpopulated there is no data race, and nothing is lost")
{
	live(&guest, true);
}
