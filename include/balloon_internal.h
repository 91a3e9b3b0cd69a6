/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of the balloon driver share. Units are Linux pages unless a
 * name says otherwise; orders are orders of Linux pages.
 */
#ifndef _XEN_BALLOON_INTERNAL_H
#define _XEN_BALLOON_INTERNAL_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <xen/interface/xen.h>

#include <xen/balloon.h>
#include <xen/page.h>

#include "balloon_compat.h"

/*
 * A block is 2 MiB: the largest extent that Xen grants an ordinary domain, and
 * the size of the second-stage mapping that it keeps in one piece.
 */
#define BLOCK_ORDER	get_order(SZ_2M)
#define BLOCK_PAGES	BIT(BLOCK_ORDER)

/* Xen counts orders in frames of 4 KiB, whatever PAGE_SIZE is. */
static inline unsigned int extent_order(unsigned int order)
{
	return order + PAGE_SHIFT - XEN_PAGE_SHIFT;
}

/* With a flat memory map, as on 32-bit x86, only page tables have a bound. */
#ifndef MAX_PHYSMEM_BITS
#define MAX_PHYSMEM_BITS	MAX_POSSIBLE_PHYSMEM_BITS
#endif

#define PAGES_TO_KB(pages)	((u64)(pages) << (PAGE_SHIFT - 10))
#define KB_TO_PAGES(kb)		((kb) >> (PAGE_SHIFT - 10))

/* policy.c: decisions, without side effects */

/**
 * enum balloon_state - what became of the last pass of the worker
 * @BALLOON_DONE: a batch succeeded, or there is nothing to do
 * @BALLOON_WAIT: hotplugged memory has yet to come online
 * @BALLOON_EAGAIN: a shortage; try again after a delay
 * @BALLOON_ECANCELED: gave up until the target changes, but for a slow retry
 */
enum balloon_state {
	BALLOON_DONE,
	BALLOON_WAIT,
	BALLOON_EAGAIN,
	BALLOON_ECANCELED,
};

/**
 * enum balloon_action - what the worker does in one pass
 * @BALLOON_NONE: nothing
 * @BALLOON_SHRINK: give pages of the guest to Xen
 * @BALLOON_GROW: take memory from Xen for ballooned pages
 * @BALLOON_HOTPLUG: add memory sections, which enter the balloon when online
 * @BALLOON_CLAMP: lower the target to what can be reached
 */
enum balloon_action {
	BALLOON_NONE,
	BALLOON_SHRINK,
	BALLOON_GROW,
	BALLOON_HOTPLUG,
	BALLOON_CLAMP,
};

/**
 * enum balloon_pressure - how lately the guest ran out of memory
 * @BALLOON_CALM: never, or long ago
 * @BALLOON_CAREFUL: not long ago, so it is not to lose much at a time
 * @BALLOON_RESTING: just now, so it is not to lose anything
 */
enum balloon_pressure {
	BALLOON_CALM,
	BALLOON_CAREFUL,
	BALLOON_RESTING,
};

/**
 * struct balloon_view - what a decision rests on, in pages
 * @target: what the domain was asked to have
 * @current_pages: what it has
 * @ballooned: pages in the balloon, ready to be populated
 * @unpopulated: pages taken out of the balloon for foreign mappings
 * @total: pages with a struct page
 * @available: what the guest can spare
 * @floor: the least that inflation may leave
 * @pod_boot: it must shrink to what backs it, or die
 * @pressure: how lately it ran out of memory
 * @batch: the most that one pass may move
 * @hotplug_unit: what is hotplugged is a multiple of it
 * @can_hotplug: whether sections can be added
 */
struct balloon_view {
	unsigned long target;
	unsigned long current_pages;
	unsigned long ballooned;
	unsigned long unpopulated;
	unsigned long total;
	unsigned long available;
	unsigned long floor;
	bool pod_boot;
	enum balloon_pressure pressure;
	unsigned long batch;
	unsigned long hotplug_unit;
	bool can_hotplug;
};

/**
 * struct balloon_plan - the decision for one pass
 * @action: what to do
 * @nr_pages: how much of it; for %BALLOON_CLAMP the new target
 * @outcome: the state if all of @nr_pages is done
 */
struct balloon_plan {
	enum balloon_action action;
	unsigned long nr_pages;
	enum balloon_state outcome;
};

/**
 * struct balloon_schedule - when the worker tries again
 * @state: what became of the last pass
 * @delay: seconds between tries
 * @max_delay: upper bound of @delay
 * @count: number of the current try, from 1
 * @max_count: tries before giving up, %RETRY_UNLIMITED for no bound
 */
struct balloon_schedule {
	enum balloon_state state;
	unsigned long delay;
	unsigned long max_delay;
	unsigned long count;
	unsigned long max_count;
};

/**
 * enum balloon_progress - how far the domain has come
 * @BALLOON_SETTLED: it has what it should have
 * @BALLOON_MOVING: not yet, but it is getting there
 * @BALLOON_WAITING: for hotplugged memory to come online
 * @BALLOON_SHORT: the guest or Xen has no memory to spare; soon tried again
 * @BALLOON_STOPPED: by the floor, or after many tries; tried again slowly
 */
enum balloon_progress {
	BALLOON_SETTLED,
	BALLOON_MOVING,
	BALLOON_WAITING,
	BALLOON_SHORT,
	BALLOON_STOPPED,
};

/* Sleep until somebody wakes the worker. */
#define BALLOON_NEVER	ULONG_MAX

/* After giving up, see once a minute whether memory came back. */
#define BALLOON_SLOW_RETRY_S	60

/*
 * A batch is sized to take so long at most, as others may be waiting for its
 * lock, and a new target for its end. Nor is it more than 128 MiB.
 */
#define BATCH_US	8000
#define BATCH_PAGES	(SZ_128M / PAGE_SIZE)

unsigned long balloon_new_sections(const struct balloon_view *view,
				   unsigned long nr_pages);
struct balloon_plan balloon_plan(const struct balloon_view *view);
enum balloon_progress balloon_progress(enum balloon_state state,
				       unsigned long current_pages,
				       unsigned long target);
const char *balloon_progress_name(enum balloon_progress progress);
void balloon_schedule_restart(struct balloon_schedule *s);
void balloon_schedule_next(struct balloon_schedule *s,
			   enum balloon_state outcome, bool progress);
unsigned long balloon_schedule_delay_s(const struct balloon_schedule *s,
				       bool progress);
unsigned long balloon_next_batch(unsigned long moved, s64 us);
unsigned long balloon_default_floor(unsigned long total);
enum balloon_pressure balloon_pressure(s64 since_oom_s);

/**
 * struct balloon_boot_counts - the domain's size as the parties saw it before
 * any ballooning, in pages
 * @static_max: the most that the toolstack will ever ask for
 * @first_target: what it asked for first
 * @videoram: what it reserved for the video device on top of its targets
 * @xen: what Xen counted
 * @guest: what the guest counted
 */
struct balloon_boot_counts {
	unsigned long static_max;
	unsigned long first_target;
	unsigned long videoram;
	unsigned long xen;
	unsigned long guest;
};

void balloon_believe(struct balloon_boot_counts *c);
long balloon_learn_difference(const struct balloon_boot_counts *c);
unsigned long balloon_backed_pages(const struct balloon_boot_counts *c);
int balloon_target_from_kb(u64 target_kb, long difference,
			   unsigned long *pages);
unsigned long balloon_max_target(void);

/* mem-reservation.c: the hypercalls that change the reservation */

unsigned int xenmem_populate(xen_pfn_t *frames, unsigned int nr_extents,
			     unsigned int order);
unsigned int xenmem_release(xen_pfn_t *frames, unsigned int nr_extents,
			    unsigned int order);
long xenmem_current_frames(void);

/* pv-mapping.c: p2m and page tables of a PV domain */

#ifdef CONFIG_XEN_HAVE_PVMMU
unsigned int xenmem_pv_map(struct page **pages, const xen_pfn_t *frames,
			   unsigned int nr_extents, unsigned int order);
void xenmem_pv_unmap(struct page **pages, unsigned int nr_extents,
		     unsigned int order);
int xenmem_pv_prepare(struct page **pages, unsigned int nr_pages);
#else
static inline unsigned int xenmem_pv_map(struct page **pages,
					 const xen_pfn_t *frames,
					 unsigned int nr_extents,
					 unsigned int order)
{
	return nr_extents;
}

static inline void xenmem_pv_unmap(struct page **pages,
				   unsigned int nr_extents,
				   unsigned int order)
{
}

static inline int xenmem_pv_prepare(struct page **pages, unsigned int nr_pages)
{
	return 0;
}
#endif

/* stats.c: what was moved */

/**
 * enum balloon_direction - which way memory goes
 * @BALLOON_TO_XEN: inflate
 * @BALLOON_TO_GUEST: deflate
 */
enum balloon_direction {
	BALLOON_TO_XEN,
	BALLOON_TO_GUEST,
};

#define BALLOON_DIRECTIONS	2

/**
 * struct balloon_extents - extents of one order in one direction
 * @asked: how many Xen was asked for, each time that it was
 * @done: how many it moved
 * @refusals: hypercalls that moved fewer than asked
 */
struct balloon_extents {
	unsigned long asked;
	unsigned long done;
	unsigned long refusals;
};

/**
 * struct balloon_moves - what was moved in one direction
 * @hypercalls: how often Xen was asked
 * @blocks: extents of 2 MiB
 * @singles: extents of a page; on PV a block goes to Xen as such
 * @us: microseconds that batches took
 * @longest_us: the longest of them
 */
struct balloon_moves {
	unsigned long hypercalls;
	struct balloon_extents blocks;
	struct balloon_extents singles;
	unsigned long us;
	unsigned long longest_us;
};

/* balloon.c: the state */

/* Extents of one hypercall: 32 MiB of single pages of 4 KiB. */
#define BATCH_EXTENTS	8192U

/*
 * The guest comes first: no emergency reserves, one light round of reclaim at
 * most, and a failure is nothing to report.
 */
#define GFP_BALLOON	(GFP_HIGHUSER | __GFP_NOMEMALLOC | __GFP_NORETRY | \
			 __GFP_NOWARN)

/**
 * struct xen_balloon - the balloon
 *
 * Lock order: @batch_lock, device_hotplug_lock, @lock.
 */
struct xen_balloon {
	/**
	 * @batch_lock: held by whoever moves memory, over hypercalls and
	 * allocations; by the worker for one batch.
	 */
	struct mutex batch_lock;
	/** @pages: extents of the batch. Protected by @batch_lock. */
	struct page **pages;
	/** @frames: their frames for Xen. Protected by @batch_lock. */
	xen_pfn_t *frames;
	/**
	 * @extents_proven: Xen took all of the last batch of extents of several
	 * frames. Protected by @batch_lock.
	 */
	bool extents_proven;
	/**
	 * @blocks_refused: Xen took or gave single pages where it did not take
	 * or give a block, for the current target. Protected by @batch_lock.
	 */
	bool blocks_refused;
	/** @batch: pages of the next batch. Protected by @batch_lock. */
	unsigned long batch;
	/** @pass_seq: target of the last pass. Protected by @batch_lock. */
	unsigned long pass_seq;
	/** @batch_start: when the batch began. Protected by @batch_lock. */
	ktime_t batch_start;
	/** @batch_moves: what it moved so far. Protected by @batch_lock. */
	struct balloon_moves batch_moves[BALLOON_DIRECTIONS];

	/** @lock: short; protects what follows, up to @schedule. */
	struct mutex lock;
	/** @blocks: ballooned blocks, lowmem first. */
	struct list_head blocks;
	/** @singles: ballooned single pages, lowmem first. */
	struct list_head singles;
	/** @nr_low: lowmem pages in @blocks and @singles; waited for without @lock. */
	unsigned long nr_low;
	/** @nr_high: highmem pages in @blocks and @singles. */
	unsigned long nr_high;
	/** @nr_unpopulated: pages handed out to other drivers. */
	unsigned long nr_unpopulated;
	/** @nr_quarantined: pages lost, as Xen may or may not have them. */
	unsigned long nr_quarantined;
	/** @total_pages: pages with a struct page, populated or not. */
	unsigned long total_pages;
	/**
	 * @current_pages: pages with memory behind them. Changed with both
	 * locks held, so either is enough to read it.
	 */
	unsigned long current_pages;
	/** @target_pages: what @current_pages should be. */
	unsigned long target_pages;
	/** @target_seq: counts the targets, to notice a new one. */
	unsigned long target_seq;
	/** @floor: inflation leaves at least so many pages. */
	unsigned long floor;
	/** @nr_held: pages on their way to Xen that can still come back. */
	unsigned long nr_held;
	/** @gave_way: they go back, as the guest ran out of memory. */
	bool gave_way;
	/** @oom_s: when the guest last ran out of memory, seconds; 0: never. */
	time64_t oom_s;
	/** @pod_boot: see balloon_begin_pod_boot(). Read without a lock. */
	bool pod_boot;
	/** @booted: user space may run; @pod_boot is over for good. */
	bool booted;
	/** @moves: what all batches moved. */
	struct balloon_moves moves[BALLOON_DIRECTIONS];
	/** @nr_splits: blocks of the store that were taken apart. */
	unsigned long nr_splits;
	/** @nr_joins: blocks of the store that became whole again. */
	unsigned long nr_joins;
	/** @schedule: when to try again. */
	struct balloon_schedule schedule;

	/** @fresh: sections that we added and that have not been online yet. */
	struct xarray fresh;
	/**
	 * @nr_pv_hypercalls: changes of page tables; for other drivers, too,
	 * and so under no lock.
	 */
	atomic_long_t nr_pv_hypercalls;
	/** @arrivals: woken when pages enter the store. */
	wait_queue_head_t arrivals;
	/** @wq: freezable, of our own: a batch, or xenstore, can take a while. */
	struct workqueue_struct *wq;
	/** @work: one pass of the worker. */
	struct delayed_work work;

	/** @boot_pages: @current_pages at boot. Constant after boot. */
	unsigned long boot_pages;
	/** @boot_xen_pages: the same, as Xen counted. Constant after boot. */
	unsigned long boot_xen_pages;
	/**
	 * @apart: pages that Xen counts and the domain does not, where strays
	 * are looked for. Constant after boot.
	 */
	long apart;
	/** @resumed: there may be strays. Accessed without a lock. */
	bool resumed;
	/** @deflate_on_oom: a tunable; read without a lock. */
	bool deflate_on_oom;
	/** @boot_timeout: xen.balloon_boot_timeout, seconds. */
	unsigned int boot_timeout;
	/** @hotplug_unpopulated: the sysctl; read without a lock. */
	int hotplug_unpopulated;
	/** @sysctl: its registration. Constant after boot. */
	struct ctl_table_header *sysctl;
};

extern struct xen_balloon xen_balloon;

void balloon_lock(struct xen_balloon *b);
void balloon_unlock(struct xen_balloon *b);
void balloon_wake(struct xen_balloon *b);
bool balloon_is_up(struct xen_balloon *b);
unsigned long balloon_look(struct xen_balloon *b, struct balloon_view *v);

/* stats.c: with xen_balloon.batch_lock held, but for the last */

void balloon_begin_batch(struct xen_balloon *b);
void balloon_count_extents(struct xen_balloon *b,
			   enum balloon_direction direction,
			   unsigned int order, unsigned int asked,
			   unsigned int done);
void balloon_end_batch(struct xen_balloon *b, enum balloon_direction direction,
		       unsigned long nr_pages);
void balloon_stats_init(struct xen_balloon *b);

/* store.c: with xen_balloon.lock held */

void balloon_mark_offline(struct page *page, unsigned int order);
void balloon_mark_online(struct page *page, unsigned int order);
unsigned int balloon_zone_run(struct page **pages, unsigned int nr);
void balloon_adopt(struct page *page, unsigned int order);
void balloon_store_put(struct xen_balloon *b, struct page *page,
		       unsigned int order);
void balloon_store_put_all(struct xen_balloon *b, struct page **pages,
			   unsigned int nr_extents, unsigned int order);
unsigned int balloon_store_take_all(struct xen_balloon *b, struct page **pages,
				    unsigned int nr_extents, unsigned int order,
				    bool lowmem);

/* move.c and hotplug.c: with xen_balloon.batch_lock held */

unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      gfp_t gfp);
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages);

#ifdef CONFIG_XEN_BALLOON_MEMORY_HOTPLUG
enum balloon_state balloon_hotplug(struct xen_balloon *b,
				   unsigned long nr_pages);
int balloon_hotplug_init(struct xen_balloon *b);
void balloon_hotplug_exit(struct xen_balloon *b);
unsigned long balloon_hotplug_unit(void);
#else
static inline enum balloon_state balloon_hotplug(struct xen_balloon *b,
						 unsigned long nr_pages)
{
	return BALLOON_ECANCELED;
}

static inline int balloon_hotplug_init(struct xen_balloon *b)
{
	return 0;
}

static inline void balloon_hotplug_exit(struct xen_balloon *b)
{
}

static inline unsigned long balloon_hotplug_unit(void)
{
	return 1;
}
#endif

/* balloon.c: for the front end */

/**
 * struct balloon_info - the state of one moment
 * @stats: sizes and schedule
 * @nr_quarantined: pages lost
 * @floor: pages that inflation leaves at least
 * @progress: how far the domain has come
 * @booted: boot ballooning is over
 * @target_seq: number of the target
 */
struct balloon_info {
	struct balloon_stats stats;
	unsigned long nr_quarantined;
	unsigned long floor;
	enum balloon_progress progress;
	bool booted;
	unsigned long target_seq;
};

void balloon_snapshot(struct balloon_info *info);
void balloon_begin_pod_boot(unsigned long backed);
void balloon_set_max_schedule_delay(unsigned long seconds);
void balloon_set_max_retry_count(unsigned long count);
void balloon_set_floor(unsigned long pages);

/* strays.c: memory that a migration leaves behind ballooned pages */

void balloon_strays_init(struct xen_balloon *b);
void balloon_remove_strays(struct xen_balloon *b);

/* pressure.c: when the guest runs out of memory */

int balloon_pressure_init(void);
void balloon_pressure_exit(void);
bool balloon_hold(struct xen_balloon *b, unsigned long nr_pages);
bool balloon_let_go(struct xen_balloon *b);

/* xenstore.c: front end for the toolstack */

#ifdef CONFIG_XEN_BALLOON
int balloon_xenstore_init(void);
void balloon_report(void);
#else
static inline void balloon_report(void)
{
}
#endif

#endif	/* _XEN_BALLOON_INTERNAL_H */
