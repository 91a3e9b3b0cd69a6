// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Refusals: Xen populates fewer extents than asked. Its own count of the domain
 * tells whether that cost frames, and with its limit the cause. Each costs a
 * hypercall, so they are only read after a refusal, and the count before a call
 * only when the last one was refused.
 */

#include <linux/mm.h>

#include <xen/page.h>
#include <xen/xen.h>

#include "mem-reservation.h"
#include "refusal.h"

/**
 * balloon_count_frames() - the domain's memory as Xen counts it
 * @b: balloon
 *
 * Context: Process.
 * Return: Xen frames; negative when the count says nothing about pages: in a
 * guest that is populated on demand, as its entries may have no memory; and in the
 * initial domain on Arm, whose memory stays its own.
 */
long balloon_count_frames(struct xen_balloon *b)
{
	if (READ_ONCE(b->mem.pod) ||
	    (!IS_ENABLED(CONFIG_X86) && xen_initial_domain()))
		return -ENODATA;
	return xenmem_current_frames();
}

/**
 * balloon_note_excess() - remember the frames that only Xen knows
 * @b: balloon
 * @frames: Xen's count, or negative
 *
 * Context: Process; balloon_batch.lock is held.
 */
void balloon_note_excess(struct xen_balloon *b, long frames)
{
	lockdep_assert_held(&b->batch.lock);

	b->batch.excess_known = frames >= 0;
	b->batch.excess = frames -
			  (long)(b->mem.current_pages * XEN_PFN_PER_PAGE);
}

/*
 * The domain is as much larger, for Xen and so for its target, though nobody
 * can have that memory until it ends.
 */
static void balloon_account_lost(struct xen_balloon *b, unsigned long frames)
{
	unsigned long nr_pages = DIV_ROUND_UP(frames, XEN_PFN_PER_PAGE);

	balloon_lock(b);
	b->mem.nr_lost += nr_pages;
	b->mem.current_pages += nr_pages;
	balloon_unlock(b);
}

/**
 * balloon_judge_refusal() - find the cause of a refusal, and account for its cost
 * @b: balloon
 * @before: balloon_count_frames() before the call, or negative
 * @done: extents that were populated, not yet in balloon_memory.current_pages
 * @order: size of an extent, in Linux pages
 *
 * PV domains have no paging pool.
 *
 * Context: Process; balloon_batch.lock is held, takes balloon_memory.lock.
 */
void balloon_judge_refusal(struct xen_balloon *b, long before,
			   unsigned int done, unsigned int order)
{
	struct balloon_refusal r = {
		.before = xen_pv_domain() ? -ENODATA : before,
		.after = balloon_count_frames(b),
		.known = -ENODATA,
		.done = (unsigned long)done << extent_order(order),
		.extent = 1UL << extent_order(order),
		.limit = xenmem_max_frames(),
	};
	unsigned long cost;

	lockdep_assert_held(&b->batch.lock);

	if (b->batch.excess_known)
		r.known = b->mem.current_pages * XEN_PFN_PER_PAGE + r.done +
			  b->batch.excess;
	cost = balloon_refusal_cost(&r);
	b->batch.limit_frames = r.limit;
	b->batch.reason = balloon_refusal_reason(&r);
	if (cost) {
		b->batch.pool_empty = true;
		balloon_account_lost(b, cost);
	}
	if (!xen_pv_domain())
		balloon_note_excess(b, r.after - (long)r.done);
}

/**
 * balloon_forget_lost() - Xen counts fewer lost frames than it did
 * @b: balloon
 * @nr_pages: upper bound, pages
 *
 * A domain that was restored or migrated has no frames that nobody can reach.
 *
 * Context: Process; balloon_batch.lock is held, takes balloon_memory.lock.
 */
void balloon_forget_lost(struct xen_balloon *b, unsigned long nr_pages)
{
	lockdep_assert_held(&b->batch.lock);

	balloon_lock(b);
	nr_pages = min(nr_pages, b->mem.nr_lost);
	b->mem.nr_lost -= nr_pages;
	b->mem.current_pages -= nr_pages;
	balloon_unlock(b);
}
