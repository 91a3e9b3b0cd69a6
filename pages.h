/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The state of the balloon: its locks, its counts, and the page list. Units are
 * Linux pages unless a name says otherwise; orders are orders of Linux pages.
 */
#ifndef _XEN_BALLOON_PAGES_H
#define _XEN_BALLOON_PAGES_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <xen/balloon.h>
#include <xen/interface/xen.h>

#include "compat.h"
#include "policy.h"

/* Extents of one hypercall: 32 MiB of single pages of 4 KiB. */
#define BATCH_EXTENTS	8192U

/**
 * enum balloon_direction - which way memory moves
 * @BALLOON_DIR_INFLATE: from the guest to Xen
 * @BALLOON_DIR_DEFLATE: from Xen to the guest
 */
enum balloon_direction {
	BALLOON_DIR_INFLATE,
	BALLOON_DIR_DEFLATE,
};

#define BALLOON_NR_DIRS	2

/**
 * struct balloon_moves - memory moved in one direction
 * @hypercalls: number of hypercalls
 * @asked: extents that Xen was asked to move, each time that it was, by order; on
 *	PV all leave as single pages
 * @done: extents that Xen moved
 * @refusals: hypercalls that moved fewer extents than asked
 * @us: time of all batches, microseconds
 * @longest_us: time of the longest batch, microseconds
 */
struct balloon_moves {
	unsigned long hypercalls;
	unsigned long asked[NR_EXTENT_ORDERS];
	unsigned long done[NR_EXTENT_ORDERS];
	unsigned long refusals[NR_EXTENT_ORDERS];
	unsigned long us;
	unsigned long longest_us;
};

/**
 * struct balloon_extents - extents by order, none of which has a buddy
 * @by_order: lists of their first pages, lowmem first
 * @nr: their number by order
 * @nr_splits: superpages that were split
 * @nr_joins: superpages that became whole
 */
struct balloon_extents {
	struct list_head by_order[NR_EXTENT_ORDERS];
	unsigned long nr[NR_EXTENT_ORDERS];
	unsigned long nr_splits;
	unsigned long nr_joins;
};

/**
 * struct balloon_batch - extents on their way between the guest and Xen
 *
 * @lock protects all of it. The lock is held over hypercalls and allocations:
 * by the worker for one batch, by a caller of xen_alloc_ballooned_pages() until
 * the page list has as many pages as the call needs.
 */
struct balloon_batch {
	/**
	 * @lock: before balloon_memory.lock. Never taken with another lock of
	 * ours or with device_hotplug_lock, and neither held over that one
	 * nor over page_offline_begin(): those can last as long as they like.
	 */
	struct mutex lock;
	/** @pages: first page of each extent */
	struct page **pages;
	/** @joined: single pages on their way to Xen; under balloon_memory.lock */
	struct balloon_extents joined;
	/** @frames: frame of each extent, for Xen */
	xen_pfn_t *frames;
	/** @extents_proven: Xen took all of the last batch of multi-frame extents */
	bool extents_proven;
	/** @max_order: for the current target, Xen refused larger extents */
	unsigned int max_order;
	/** @populate_proven: Xen populated all that it was last asked for */
	bool populate_proven;
	/**
	 * @pool_empty: for the current target, a refusal of Xen cost frames,
	 * and nothing was released since
	 */
	bool pool_empty;
	/** @excess_known: whether @excess is known */
	bool excess_known;
	/** @excess: frames that Xen counts and balloon_memory does not */
	long excess;
	/** @limit_frames: the hard limit after the last refusal, or negative */
	long limit_frames;
	/** @max_pages: upper bound of the next batch */
	unsigned long max_pages;
	/** @wmark_pages: size that the zones' watermarks were computed for */
	unsigned long wmark_pages;
	/** @tight: the last batch of inflation had to rely on reclaim */
	bool tight;
	/** @filling: the reserve took all of the time of the batch */
	bool filling;
	/** @refaults: the kernel's count at @refaults_at */
	unsigned long refaults;
	/** @refaults_at: time of the last look at the count */
	ktime_t refaults_at;
	/** @refault_rate: pages a second until @refaults_at */
	unsigned long refault_rate;
	/** @target_seq: number of the target of the last pass */
	unsigned long target_seq;
	/** @leaving: another kernel is about to take over */
	bool leaving;
	/** @bounded: the batch ends on time, and for a new target */
	bool bounded;
	/** @cut_short: it did so; there may be more to take */
	bool cut_short;
	/** @reason: why the batch moved too little; none: it is not known */
	enum balloon_reason reason;
	/** @start: start of the batch */
	ktime_t start;
	/** @moves: memory that the batch moved so far */
	struct balloon_moves moves[BALLOON_NR_DIRS];
};

/**
 * struct balloon_memory - the domain's memory: page list, counts, target
 *
 * @lock protects all of it. The lock is never held over a hypercall or an
 * allocation. Take it with balloon_lock(), drop it with balloon_unlock().
 */
struct balloon_memory {
	/** @lock: innermost, see balloon_batch.lock */
	struct mutex lock;
	/** @extents: the page list */
	struct balloon_extents extents;
	/** @nr_low: lowmem pages in the list; waiters read it without @lock */
	unsigned long nr_low;
	/** @nr_high: highmem pages in the list */
	unsigned long nr_high;
	/** @nr_unpopulated: pages that other drivers have */
	unsigned long nr_unpopulated;
	/** @nr_quarantined: pages lost, as Xen may or may not have them */
	unsigned long nr_quarantined;
	/**
	 * @nr_lost: pages of @current_pages that only Xen has: it could not
	 * map them, and counts them until the domain ends
	 */
	unsigned long nr_lost;
	/** @total_pages: pages with a struct page, populated or not */
	unsigned long total_pages;
	/** @nr_adding: pages of sections that are being added; 0: none are */
	unsigned long nr_adding;
	/** @add_failure: why the last ones were not; until the worker heeds it */
	enum balloon_reason add_failure;
	/**
	 * @nr_add_failures: times that sections were asked for and not added.
	 * Also read without @lock.
	 */
	unsigned long nr_add_failures;
	/**
	 * @current_pages: pages with memory behind them, and lost ones.
	 * Changes with both locks held, so either lock is enough to read it.
	 */
	unsigned long current_pages;
	/** @target_pages: the size that @current_pages should reach */
	unsigned long target_pages;
	/**
	 * @asked_pages: the last target of the toolstack, without
	 * balloon_config.difference, or %BALLOON_NOT_ASKED
	 */
	unsigned long asked_pages;
	/** @target_seq: number of targets so far; tells a new one */
	unsigned long target_seq;
	/** @floor: pages that inflation must leave */
	unsigned long floor;
	/**
	 * @nr_held: leading extents of balloon_batch.pages that the OOM
	 * notifier can free; the batch does not touch them without @lock
	 */
	unsigned int nr_held;
	/** @held_order: their order */
	unsigned int held_order;
	/** @reserve: free pages that inflation keeps for the guest */
	struct list_head reserve;
	/** @nr_reserve: pages of @reserve */
	unsigned long nr_reserve;
	/**
	 * @oom_cancelled: the guest ran out of memory: held pages go back to
	 * it. Also read without @lock.
	 */
	bool oom_cancelled;
	/** @oom_s: when the guest last ran out of memory, seconds; 0: never */
	time64_t oom_s;
	/** @pod_boot: see balloon_begin_pod_boot(); also read without @lock */
	bool pod_boot;
	/** @pod: the guest is populated on demand; also read without @lock */
	bool pod;
	/** @booted: user space may run; @pod_boot is over for good */
	bool booted;
	/** @moves: memory that all batches moved */
	struct balloon_moves moves[BALLOON_NR_DIRS];
	/** @told: the last reason in the log; none once the target is met */
	enum balloon_reason told;
	/** @schedule: when the worker tries again */
	struct balloon_schedule schedule;
};

/**
 * struct balloon_config - constants after boot, and tunables that are read
 *	without a lock
 * @boot_pages: balloon_memory.current_pages at boot
 * @boot_xen_pages: the same, as Xen counted; 0: unknown
 * @xen_excess: pages that Xen counts and the domain does not, when the boot is
 *	over
 * @difference: pages in the toolstack's targets that are not the guest's; known
 *	with the first of them
 * @in_shim: a PV guest in a shim, by @difference or by CPUID
 * @boot_timeout: xen.balloon_boot_timeout, seconds
 * @deflate_on_oom: tunable
 * @hotplug_unpopulated: the sysctl
 */
struct balloon_config {
	unsigned long boot_pages;
	unsigned long boot_xen_pages;
	long xen_excess;
	long difference;
	bool in_shim;
	unsigned int boot_timeout;
	bool deflate_on_oom;
	int hotplug_unpopulated;
};

/**
 * struct xen_balloon - the balloon
 */
struct xen_balloon {
	/** @batch: guarded by its lock */
	struct balloon_batch batch;
	/** @mem: guarded by its lock */
	struct balloon_memory mem;
	/** @config: read without a lock */
	struct balloon_config config;
	/** @new_sections: sections that we added and that were never online */
	struct xarray new_sections;
	/** @arrivals: woken when pages enter the page list */
	wait_queue_head_t arrivals;
	/** @wq: freezable: its items move and add memory */
	struct workqueue_struct *wq;
	/**
	 * @aux_wq: not freezable: its items wait for tasks that may be frozen
	 * first, such as xenstored of the initial domain
	 */
	struct workqueue_struct *aux_wq;
	/** @work: one pass of the worker */
	struct delayed_work work;
	/** @hotplug: adds sections, as many as balloon_memory.nr_adding says */
	struct work_struct hotplug;
	/** @readers: waits for readers of all memory, on @aux_wq */
	struct work_struct readers;
	/**
	 * @readers_asked: number of the last wait; changes with
	 * balloon_batch.lock held
	 */
	unsigned long readers_asked;
	/** @readers_done: number of the last wait that is over */
	unsigned long readers_done;
	/** @readers_gone: woken when @readers_done changes */
	wait_queue_head_t readers_gone;
	/**
	 * @resumed: ballooned pages may have memory. Set by the resume notifier,
	 * cleared by the worker; accessed without a lock.
	 */
	bool resumed;
};

extern struct xen_balloon xen_balloon;

void balloon_lock(struct xen_balloon *b);
void balloon_unlock(struct xen_balloon *b);
void balloon_wake(struct xen_balloon *b);
unsigned long balloon_restore_pages(const struct xen_balloon *b);

void balloon_mark_offline(struct page *page, unsigned int order);
void balloon_mark_online(struct page *page, unsigned int order);
bool balloon_wait_for_readers(struct xen_balloon *b);
unsigned int balloon_zone_run(struct page **pages, unsigned int nr);
void balloon_adopt(struct page *page, unsigned int order);

unsigned long balloon_moved_pages(const struct balloon_moves *m);

void balloon_extents_init(struct balloon_extents *e);
void balloon_extents_put(struct balloon_extents *e, struct page *page,
			 unsigned int order);
struct page *balloon_extents_take(struct balloon_extents *e,
				  unsigned int order, bool lowmem);

void balloon_list_put(struct xen_balloon *b, struct page *page,
		      unsigned int order);
void balloon_list_put_extents(struct xen_balloon *b, struct page **pages,
			      unsigned int nr_extents, unsigned int order);
unsigned int balloon_list_take_extents(struct xen_balloon *b,
				       struct page **pages,
				       unsigned int nr_extents,
				       unsigned int order, bool lowmem);

#endif	/* _XEN_BALLOON_PAGES_H */
