// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Counters of moved memory: /sys/kernel/debug/xen-balloon/stats. */

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>

#include "balloon.h"
#include "pv-mapping.h"

static void balloon_show_extents(struct seq_file *s, const char *direction,
				 const char *size,
				 const struct balloon_extents *e)
{
	seq_printf(s, "%s_%s_asked %lu\n", direction, size, e->asked);
	seq_printf(s, "%s_%s_done %lu\n", direction, size, e->done);
	seq_printf(s, "%s_%s_refusals %lu\n", direction, size, e->refusals);
}

static void balloon_show_moves(struct seq_file *s, const char *direction,
			       const struct balloon_moves *m)
{
	seq_printf(s, "%s_hypercalls %lu\n", direction, m->hypercalls);
	balloon_show_extents(s, direction, "superpages", &m->superpages);
	balloon_show_extents(s, direction, "singles", &m->singles);
	seq_printf(s, "%s_us %lu\n", direction, m->us);
	seq_printf(s, "%s_longest_us %lu\n", direction, m->longest_us);
}

static int balloon_stats_show(struct seq_file *s, void *unused)
{
	struct xen_balloon *b = s->private;

	balloon_lock(b);
	balloon_show_moves(s, "inflate", &b->mem.moves[BALLOON_DIR_INFLATE]);
	balloon_show_moves(s, "deflate", &b->mem.moves[BALLOON_DIR_DEFLATE]);
	seq_printf(s, "pv_hypercalls %ld\n", xenmem_pv_hypercalls());
	seq_printf(s, "splits %lu\n", b->mem.nr_splits);
	seq_printf(s, "joins %lu\n", b->mem.nr_joins);
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
