/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Decisions of the balloon driver: the types they take and return. Units are
 * Linux pages unless a name says otherwise; orders are orders of Linux pages.
 */
#ifndef _XEN_BALLOON_POLICY_H
#define _XEN_BALLOON_POLICY_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <xen/balloon.h>

/*
 * A superpage is 2 MiB: the largest extent that Xen grants an ordinary domain,
 * and the size of a large second-stage mapping.
 */
#define SUPERPAGE_ORDER	(21 - PAGE_SHIFT)
#define SUPERPAGE_PAGES	BIT(SUPERPAGE_ORDER)
#define NR_EXTENT_ORDERS	(SUPERPAGE_ORDER + 1)

#define PAGES_TO_KB(pages)	((u64)(pages) << (PAGE_SHIFT - 10))
#define KB_TO_PAGES(kb)		((kb) >> (PAGE_SHIFT - 10))

/* With a flat memory map, as on 32-bit x86, only page tables have a bound. */
#ifndef MAX_PHYSMEM_BITS
#define MAX_PHYSMEM_BITS	MAX_POSSIBLE_PHYSMEM_BITS
#endif

/**
 * enum balloon_state - how far the domain is from its target
 * @BALLOON_STATE_SETTLED: the domain has the pages that it should have
 * @BALLOON_STATE_MOVING: the last pass moved memory, or a target is new
 * @BALLOON_STATE_WAITING: hotplugged memory has yet to come online
 * @BALLOON_STATE_SHORT: the guest or Xen has no memory to spare; the worker
 *	tries again after a delay
 * @BALLOON_STATE_STOPPED: the floor is reached, or all tries failed; the worker
 *	looks for free memory each five seconds and tries again once a minute
 *
 * These are the words of info/state in sysfs and of data/balloon/state in
 * xenstore.
 */
enum balloon_state {
	BALLOON_STATE_SETTLED,
	BALLOON_STATE_MOVING,
	BALLOON_STATE_WAITING,
	BALLOON_STATE_SHORT,
	BALLOON_STATE_STOPPED,
};

/**
 * enum balloon_reason - why the domain is not at its target
 * @BALLOON_REASON_NONE: it is, or it moves
 * @BALLOON_REASON_FLOOR: the floor is reached
 * @BALLOON_REASON_GUEST_MEMORY: the guest has no memory to spare
 * @BALLOON_REASON_GUEST_PRESSURE: the guest runs out of memory, or reads again
 *	what was reclaimed; also when the target is met
 * @BALLOON_REASON_XEN_REFUSES: Xen does not take pages of the guest
 * @BALLOON_REASON_HARD_LIMIT: Xen grants the domain no more
 * @BALLOON_REASON_HOST_MEMORY: Xen has no free memory
 * @BALLOON_REASON_PAGING_POOL: Xen's paging pool of the domain is used up, so
 *	that it can map no more memory for it
 * @BALLOON_REASON_OFFLINE_SECTIONS: hotplugged memory has yet to come online
 * @BALLOON_REASON_SECTION_MEMORY: the guest has no memory for the struct pages
 *	of new sections
 * @BALLOON_REASON_NO_ADDRESSES: the guest has no addresses for more memory
 *
 * These are the words of info/reason in sysfs and of data/balloon/reason in
 * xenstore.
 */
enum balloon_reason {
	BALLOON_REASON_NONE,
	BALLOON_REASON_FLOOR,
	BALLOON_REASON_GUEST_MEMORY,
	BALLOON_REASON_GUEST_PRESSURE,
	BALLOON_REASON_XEN_REFUSES,
	BALLOON_REASON_HARD_LIMIT,
	BALLOON_REASON_HOST_MEMORY,
	BALLOON_REASON_PAGING_POOL,
	BALLOON_REASON_OFFLINE_SECTIONS,
	BALLOON_REASON_SECTION_MEMORY,
	BALLOON_REASON_NO_ADDRESSES,
};

/**
 * enum balloon_action - the work of one pass
 * @BALLOON_ACTION_NONE: nothing
 * @BALLOON_ACTION_INFLATE: release pages of the guest to Xen
 * @BALLOON_ACTION_DEFLATE: populate ballooned pages
 * @BALLOON_ACTION_HOTPLUG: add memory sections, whose pages enter the balloon
 *	when they come online
 * @BALLOON_ACTION_CLAMP: lower the target to the pages that can be reached
 */
enum balloon_action {
	BALLOON_ACTION_NONE,
	BALLOON_ACTION_INFLATE,
	BALLOON_ACTION_DEFLATE,
	BALLOON_ACTION_HOTPLUG,
	BALLOON_ACTION_CLAMP,
};

/**
 * enum balloon_pressure - how much the guest misses the memory that it gave
 * @BALLOON_PRESSURE_NONE: not at all
 * @BALLOON_PRESSURE_SOME: it ran out of memory within a minute, or reads what
 *	was reclaimed again; inflation is slow
 * @BALLOON_PRESSURE_ACUTE: it ran out of memory within seconds; inflation rests
 */
enum balloon_pressure {
	BALLOON_PRESSURE_NONE,
	BALLOON_PRESSURE_SOME,
	BALLOON_PRESSURE_ACUTE,
};

/**
 * struct balloon_view - the numbers that a decision rests on, in pages
 * @target: size that the domain was asked to have
 * @current_pages: size that the domain has
 * @ballooned: pages in the balloon, ready to be populated
 * @unpopulated: pages taken out of the balloon by other drivers
 * @total: pages with a struct page
 * @adding: sections are being added; the worker is woken when that ends
 * @add_failure: why it has failed since the last pass, if it has
 * @available: pages that the guest can spare without swap
 * @swappable: pages that it can spare by swapping
 * @free: pages that it can spare without reclaim
 * @reason: why the last pass did not reach the target
 * @only_look: the worker gave up: take free memory, try nothing else
 * @floor: pages that inflation must leave
 * @pod_boot: the guest must shrink to the memory that backs it, or die
 * @pressure: how much the guest misses the memory that it gave
 * @pool_empty: Xen's paging pool of the domain is used up
 * @batch: upper bound of the pages that one pass moves
 * @hotplug_unit: granularity of hotplugged memory
 * @can_hotplug: whether sections can be added
 */
struct balloon_view {
	unsigned long target;
	unsigned long current_pages;
	unsigned long ballooned;
	unsigned long unpopulated;
	unsigned long total;
	bool adding;
	enum balloon_reason add_failure;
	unsigned long available;
	unsigned long swappable;
	unsigned long free;
	enum balloon_reason reason;
	bool only_look;
	unsigned long floor;
	bool pod_boot;
	enum balloon_pressure pressure;
	bool pool_empty;
	unsigned long batch;
	unsigned long hotplug_unit;
	bool can_hotplug;
};

/**
 * struct balloon_plan - the decision for one pass
 * @action: kind of work
 * @nr_pages: amount of work; for %BALLOON_ACTION_CLAMP the new target
 * @outcome: state of the worker if all of @nr_pages is done
 * @reason: why that is not the target
 * @reserve: for %BALLOON_ACTION_INFLATE, pages that must stay with the guest
 */
struct balloon_plan {
	enum balloon_action action;
	unsigned long nr_pages;
	enum balloon_state outcome;
	enum balloon_reason reason;
	unsigned long reserve;
};

/**
 * struct balloon_schedule - when the worker tries again
 * @state: outcome of the last pass
 * @reason: why that is not the target
 * @delay: seconds between tries
 * @max_delay: upper bound of @delay
 * @count: number of the current try, from 1
 * @max_count: tries before the worker gives up, %RETRY_UNLIMITED for no bound
 * @looks: passes since the worker gave up
 */
struct balloon_schedule {
	enum balloon_state state;
	enum balloon_reason reason;
	unsigned long delay;
	unsigned long max_delay;
	unsigned long count;
	unsigned long max_count;
	unsigned int looks;
};

/**
 * struct balloon_refusal - Xen populated fewer extents than asked; in frames
 * @before: Xen's count of the domain before that, or negative
 * @after: and after it, or negative
 * @known: the count that there should be, or negative
 * @done: populated
 * @extent: the extent that was refused
 * @limit: the hard limit, or negative
 */
struct balloon_refusal {
	long before;
	long after;
	long known;
	unsigned long done;
	unsigned long extent;
	long limit;
};

/* Delay: the worker sleeps until somebody wakes it. */
#define BALLOON_NEVER	ULONG_MAX

/*
 * Once the worker has given up, it looks for free memory this often. Each
 * twelfth look is a full try, with reclaim.
 */
#define BALLOON_LOOK_S		5
#define BALLOON_LOOKS_PER_TRY	12

/*
 * Bounds of a batch: the time that other tasks wait for its lock and that a new
 * target waits for its end, and 128 MiB.
 */
#define BATCH_US	8000
#define BATCH_PAGES	(SZ_128M / PAGE_SIZE)

unsigned long balloon_new_sections(const struct balloon_view *view,
				   unsigned long nr_pages);
struct balloon_plan balloon_plan(const struct balloon_view *view);
enum balloon_state balloon_visible_state(enum balloon_state outcome,
					 unsigned long current_pages,
					 unsigned long target);
bool balloon_is_over(enum balloon_state state, unsigned long tries,
		     unsigned long announced, unsigned long current_pages);
const char *balloon_state_name(enum balloon_state state);
enum balloon_reason balloon_visible_reason(enum balloon_state state,
					   enum balloon_reason reason);
const char *balloon_reason_name(enum balloon_reason reason);
const char *balloon_reason_advice(enum balloon_reason reason);
void balloon_schedule_restart(struct balloon_schedule *s);
void balloon_schedule_next(struct balloon_schedule *s,
			   enum balloon_state outcome, bool progress);
bool balloon_schedule_is_stuck(const struct balloon_schedule *s);
unsigned long balloon_schedule_delay_s(const struct balloon_schedule *s,
				       bool progress);
unsigned long balloon_refusal_cost(const struct balloon_refusal *r);
enum balloon_reason balloon_refusal_reason(const struct balloon_refusal *r);

bool balloon_schedule_only_look(const struct balloon_schedule *s);
bool balloon_is_progress(enum balloon_state outcome, unsigned long moved);
unsigned long balloon_next_batch(unsigned long moved, s64 us);
unsigned int balloon_next_order(unsigned int order);
unsigned long balloon_default_floor(unsigned long total);

/* Seconds since the guest ran out of memory, if it never did. */
#define BALLOON_NO_OOM	LLONG_MAX

enum balloon_pressure balloon_pressure(s64 since_oom_s,
				       unsigned long refault_rate,
				       unsigned long current_pages);

/**
 * struct balloon_boot_counts - the domain's size before any ballooning, as the
 *	parties counted it, in pages
 * @static_max: upper bound of the toolstack's targets
 * @first_target: the toolstack's first target
 * @videoram: pages of the video device, which the targets leave out
 * @xen: Xen's count
 * @hard_limit: the most that Xen grants; 0: unknown
 * @guest: the guest's own count
 */
struct balloon_boot_counts {
	unsigned long static_max;
	unsigned long first_target;
	unsigned long videoram;
	unsigned long xen;
	unsigned long hard_limit;
	unsigned long guest;
};

/* The toolstack has not set a target. */
#define BALLOON_NOT_ASKED	ULONG_MAX

void balloon_fix_boot_counts(struct balloon_boot_counts *c);
long balloon_learn_difference(const struct balloon_boot_counts *c);
long balloon_learn_shim_pages(const struct balloon_boot_counts *c);
unsigned long balloon_backed_pages(const struct balloon_boot_counts *c);
unsigned long balloon_image_excess(unsigned long image_pages,
				   unsigned long asked_pages);
int balloon_target_from_kb(u64 target_kb, long difference,
			   unsigned long *pages);
unsigned long balloon_max_target(void);

#endif	/* _XEN_BALLOON_POLICY_H */
