// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What was moved and how long it took: counted by batch, summed up for debugfs
 * (xen-balloon/stats), /proc/vmstat and tracepoints.
 */

#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "balloon_internal.h"

#define CREATE_TRACE_POINTS
#include "balloon_trace.h"

/**
 * balloon_begin_batch() - start counting and timing
 * @b: balloon; @batch_lock is held
 */
void balloon_begin_batch(struct xen_balloon *b)
{
	lockdep_assert_held(&b->batch_lock);

	memset(b->batch_moves, 0, sizeof(b->batch_moves));
	b->batch_start = ktime_get();
}

/**
 * balloon_count_extents() - count what a hypercall did
 * @b: balloon; @batch_lock is held
 * @direction: which way
 * @order: of an extent, in Linux pages
 * @asked: extents that Xen was asked to move
 * @done: extents that it moved
 */
void balloon_count_extents(struct xen_balloon *b,
			   enum balloon_direction direction,
			   unsigned int order, unsigned int asked,
			   unsigned int done)
{
	struct balloon_moves *moves = &b->batch_moves[direction];
	struct balloon_extents *e = order ? &moves->blocks : &moves->singles;

	lockdep_assert_held(&b->batch_lock);

	moves->hypercalls++;
	e->asked += asked;
	e->done += done;
	if (done == asked)
		return;

	e->refusals++;
	trace_xen_balloon_refusal(direction, extent_order(order), asked, done);
}

static void add_extents(struct balloon_extents *sum,
			const struct balloon_extents *e)
{
	sum->asked += e->asked;
	sum->done += e->done;
	sum->refusals += e->refusals;
}

static void add_moves(struct balloon_moves *sum, const struct balloon_moves *m)
{
	sum->hypercalls += m->hypercalls;
	add_extents(&sum->blocks, &m->blocks);
	add_extents(&sum->singles, &m->singles);
	sum->us += m->us;
	sum->longest_us = max(sum->longest_us, m->us);
}

static unsigned long moved_pages(const struct balloon_moves *m)
{
	return m->blocks.done * BLOCK_PAGES + m->singles.done;
}

/* There are such events where another balloon driver has them, too. */
#ifdef CONFIG_BALLOON
static void count_in_vmstat(unsigned long inflated, unsigned long deflated)
{
	count_vm_events(BALLOON_INFLATE, inflated);
	count_vm_events(BALLOON_DEFLATE, deflated);
}
#else
static void count_in_vmstat(unsigned long inflated, unsigned long deflated)
{
}
#endif

/**
 * balloon_end_batch() - add the batch to the sums
 * @b: balloon; @batch_lock is held
 * @direction: which way the batch went
 * @nr_pages: how much it was to move
 */
void balloon_end_batch(struct xen_balloon *b, enum balloon_direction direction,
		       unsigned long nr_pages)
{
	struct balloon_moves *moves = b->batch_moves;
	unsigned int i;

	lockdep_assert_held(&b->batch_lock);

	moves[direction].us = ktime_us_delta(ktime_get(), b->batch_start);

	balloon_lock(b);
	for (i = 0; i < BALLOON_DIRECTIONS; i++)
		add_moves(&b->moves[i], &moves[i]);
	balloon_unlock(b);

	count_in_vmstat(moved_pages(&moves[BALLOON_TO_XEN]),
			moved_pages(&moves[BALLOON_TO_GUEST]));

	for (i = 0; i < BALLOON_DIRECTIONS; i++)
		if (i == direction || moves[i].hypercalls)
			trace_xen_balloon_batch(i, nr_pages, &moves[i],
						b->current_pages);
}

static void show_extents(struct seq_file *s, const char *direction,
			 const char *what, const struct balloon_extents *e)
{
	seq_printf(s, "%s_%s_asked %lu\n", direction, what, e->asked);
	seq_printf(s, "%s_%s_done %lu\n", direction, what, e->done);
	seq_printf(s, "%s_%s_refusals %lu\n", direction, what, e->refusals);
}

static void show_moves(struct seq_file *s, const char *direction,
		       const struct balloon_moves *m)
{
	seq_printf(s, "%s_hypercalls %lu\n", direction, m->hypercalls);
	show_extents(s, direction, "blocks", &m->blocks);
	show_extents(s, direction, "singles", &m->singles);
	seq_printf(s, "%s_us %lu\n", direction, m->us);
	seq_printf(s, "%s_longest_us %lu\n", direction, m->longest_us);
}

static int stats_show(struct seq_file *s, void *unused)
{
	struct xen_balloon *b = s->private;

	balloon_lock(b);
	show_moves(s, "inflate", &b->moves[BALLOON_TO_XEN]);
	show_moves(s, "deflate", &b->moves[BALLOON_TO_GUEST]);
	seq_printf(s, "pv_hypercalls %ld\n",
		   atomic_long_read(&b->nr_pv_hypercalls));
	seq_printf(s, "splits %lu\n", b->nr_splits);
	seq_printf(s, "joins %lu\n", b->nr_joins);
	seq_printf(s, "quarantined_pages %lu\n", b->nr_quarantined);
	seq_printf(s, "lent_pages %lu\n", b->nr_unpopulated);
	balloon_unlock(b);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* Nothing depends on the file, so nobody has to know if there is none. */
void __init balloon_stats_init(struct xen_balloon *b)
{
	debugfs_create_file("stats", 0444,
			    debugfs_create_dir("xen-balloon", NULL), b,
			    &stats_fops);
}
