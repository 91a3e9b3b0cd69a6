// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Counters of moved memory: /sys/kernel/debug/xen-balloon/stats. */

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>

#include "balloon.h"
#include "pv-mapping.h"

static void balloon_show_moves(struct seq_file *s, const char *direction,
			       const struct balloon_moves *m)
{
	unsigned int order;

	seq_printf(s, "%s_hypercalls %lu\n", direction, m->hypercalls);
	for (order = 0; order < NR_EXTENT_ORDERS; order++) {
		seq_printf(s, "%s_asked_%u %lu\n", direction, order,
			   m->asked[order]);
		seq_printf(s, "%s_done_%u %lu\n", direction, order,
			   m->done[order]);
		seq_printf(s, "%s_refusals_%u %lu\n", direction, order,
			   m->refusals[order]);
	}
	seq_printf(s, "%s_us %lu\n", direction, m->us);
	seq_printf(s, "%s_longest_us %lu\n", direction, m->longest_us);
}

static int balloon_stats_show(struct seq_file *s, void *unused)
{
	struct xen_balloon *b = s->private;
	unsigned int order;

	balloon_lock(b);
	balloon_show_moves(s, "inflate", &b->mem.moves[BALLOON_DIR_INFLATE]);
	balloon_show_moves(s, "deflate", &b->mem.moves[BALLOON_DIR_DEFLATE]);
	seq_printf(s, "pv_hypercalls %ld\n", xenmem_pv_hypercalls());
	for (order = 0; order < NR_EXTENT_ORDERS; order++)
		seq_printf(s, "list_%u %lu\n", order, b->mem.extents.nr[order]);
	seq_printf(s, "splits %lu\n", b->mem.extents.nr_splits);
	seq_printf(s, "joins %lu\n", b->mem.extents.nr_joins);
	seq_printf(s, "quarantined_pages %lu\n", b->mem.nr_quarantined);
	seq_printf(s, "unpopulated_pages %lu\n", b->mem.nr_unpopulated);
	balloon_unlock(b);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(balloon_stats);

/* Nothing depends on the file, so a failure is not reported. */
static int __init balloon_debugfs_init(void)
{
	if (!balloon_is_running())
		return -ENODEV;

	debugfs_create_file("stats", 0444,
			    debugfs_create_dir("xen-balloon", NULL),
			    &xen_balloon, &balloon_stats_fops);
	return 0;
}
subsys_initcall_sync(balloon_debugfs_init);
