// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guest comes first: when it runs out of memory, it gets back what is on
 * its way to Xen but not there yet, inflation rests, and if the administrator
 * wants so, memory is taken back from Xen.
 */

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/timekeeping.h>

#include "balloon_internal.h"

/* Taken from Xen before a process is killed. */
#define OOM_PAGES	(SZ_8M / PAGE_SIZE)

/**
 * balloon_hold() - the batch has taken pages from the guest
 * @b: balloon; @batch_lock is held
 * @nr_pages: how many more
 *
 * Return: false when they are to go back, and no more to be taken.
 */
bool balloon_hold(struct xen_balloon *b, unsigned long nr_pages)
{
	bool go_on;

	lockdep_assert_held(&b->batch_lock);

	balloon_lock(b);
	b->nr_held += nr_pages;
	go_on = !b->gave_way;
	balloon_unlock(b);
	return go_on;
}

/**
 * balloon_let_go() - the batch does not hold pages of the guest any more
 * @b: balloon; @batch_lock is held
 *
 * Return: false when they are to go back, true when Xen may have them.
 */
bool balloon_let_go(struct xen_balloon *b)
{
	bool gave_way;

	lockdep_assert_held(&b->batch_lock);

	balloon_lock(b);
	b->nr_held = 0;
	gave_way = b->gave_way;
	balloon_unlock(b);
	return !gave_way;
}

/* Whoever waits for memory may hold any lock but ours. */
static unsigned long deflate_a_little(struct xen_balloon *b)
{
	unsigned long done = 0;
	unsigned int flags;

	/* Hotplug allocates with it held, and can be who ran out of memory. */
	if (!mutex_trylock(&b->batch_lock))
		return 0;

	/* The worker is to look for strays first. */
	if (!READ_ONCE(b->resumed)) {
		flags = memalloc_noreclaim_save();
		done = balloon_deflate(b, OOM_PAGES);
		memalloc_noreclaim_restore(flags);
	}
	mutex_unlock(&b->batch_lock);

	/* It has more now than it should; the worker sees to that later. */
	if (done)
		balloon_wake(b);
	return done;
}

/* The last moment before the kernel kills a process. */
static int out_of_memory_soon(struct notifier_block *nb, unsigned long unused,
			      void *data)
{
	struct xen_balloon *b = &xen_balloon;
	unsigned long *freed = data;

	balloon_lock(b);
	*freed += b->nr_held;
	b->nr_held = 0;
	b->gave_way = true;
	b->oom_s = ktime_get_seconds();
	balloon_unlock(b);

	if (!*freed && READ_ONCE(b->deflate_on_oom))
		*freed += deflate_a_little(b);
	return NOTIFY_OK;
}

static struct notifier_block oom_notifier = {
	.notifier_call = out_of_memory_soon,
};

/**
 * balloon_pressure_init() - heed the guest's need from now on
 *
 * Return: 0, or a negative errno.
 */
int __init balloon_pressure_init(void)
{
	return register_oom_notifier(&oom_notifier);
}

/**
 * balloon_pressure_exit() - undo balloon_pressure_init()
 */
void __init balloon_pressure_exit(void)
{
	unregister_oom_notifier(&oom_notifier);
}
