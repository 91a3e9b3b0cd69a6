// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Decisions of the balloon driver: pure functions of what is known. No locks, no
 * hypercalls, no state; the tests go through them by table.
 */

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>

#include "policy.h"

/* A struct page. On PV there are page tables and p2m entries, too, of 8 each. */
#define SECTION_BYTES_PER_PAGE	64

/**
 * balloon_new_sections() - decide how much memory to hotplug
 * @v: the numbers that the decision rests on
 * @nr_pages: pages wanted
 *
 * Sections take memory of the guest long before they bring any, and the kernel
 * does not give it back when there is too little. So they take an eighth of
 * what is available; once Xen has filled them they pay for more.
 *
 * Context: Any.
 * Return: pages, whole sections; 0 when the guest cannot pay for one.
 */
unsigned long balloon_new_sections(const struct balloon_view *v,
				   unsigned long nr_pages)
{
	unsigned long most = v->available / 8 *
			     (PAGE_SIZE / SECTION_BYTES_PER_PAGE);

	return min(roundup(nr_pages, v->hotplug_unit),
		   most - most % v->hotplug_unit);
}

/* The guest should have more memory: from the balloon, else new sections. */
static struct balloon_plan balloon_plan_deflate(const struct balloon_view *v)
{
	unsigned long wanted = v->target - v->current_pages;
	unsigned long struct_pages_wanted = v->target + v->unpopulated;
	unsigned long nr_pages;

	/* Each try would cost a frame. */
	if (v->pool_empty)
		return (struct balloon_plan) {
			.outcome = BALLOON_STATE_STOPPED,
			.reason = BALLOON_REASON_PAGING_POOL,
		};

	if (v->ballooned)
		return (struct balloon_plan) {
			.action = BALLOON_ACTION_DEFLATE,
			.nr_pages = min3(wanted, v->ballooned, v->batch),
			.outcome = BALLOON_STATE_MOVING,
		};

	if (!v->can_hotplug)
		return (struct balloon_plan) {
			.action = BALLOON_ACTION_CLAMP,
			.nr_pages = min(v->target,
					v->current_pages + v->unpopulated),
			.outcome = BALLOON_STATE_STOPPED,
			.reason = BALLOON_REASON_NO_ADDRESSES,
		};

	/* Enough sections were added before; they have yet to come online. */
	if (struct_pages_wanted <= v->total)
		return (struct balloon_plan) {
			.outcome = BALLOON_STATE_WAITING,
			.reason = BALLOON_REASON_OFFLINE_SECTIONS,
		};

	if (v->adding)
		return (struct balloon_plan) { .outcome = BALLOON_STATE_MOVING };

	if (v->only_look || v->add_failure)
		return (struct balloon_plan) {
			.outcome = BALLOON_STATE_STOPPED,
			.reason = v->add_failure ?: v->reason,
		};

	nr_pages = balloon_new_sections(v, struct_pages_wanted - v->total);
	if (!nr_pages)
		return (struct balloon_plan) {
			.outcome = BALLOON_STATE_SHORT,
			.reason = BALLOON_REASON_SECTION_MEMORY,
		};

	return (struct balloon_plan) {
		.action = BALLOON_ACTION_HOTPLUG,
		.nr_pages = nr_pages,
		.outcome = BALLOON_STATE_MOVING,
	};
}

/*
 * Pages that stay available to the guest, ahead of the watermarks of its
 * allocator: a quarter of the floor, none without a floor.
 */
static unsigned long balloon_kept_available(const struct balloon_view *v)
{
	if (v->pod_boot)
		return 0;
	return min(v->floor, balloon_default_floor(v->total)) / 4;
}

/* Under pressure, each second: 1/256 of the guest, but at least a superpage. */
static unsigned long balloon_slow_batch(const struct balloon_view *v)
{
	return clamp(v->current_pages / 256, SUPERPAGE_PAGES, BATCH_PAGES);
}

/* The guest should have less memory, but never less than the floor. */
static struct balloon_plan balloon_plan_inflate(const struct balloon_view *v)
{
	enum balloon_reason reason = BALLOON_REASON_GUEST_MEMORY;
	unsigned long available = v->available + v->swappable;
	unsigned long kept = balloon_kept_available(v);
	unsigned long excess, spare, batch = v->batch;
	bool again;

	if (v->only_look)
		available = min(available, v->free);
	if (v->pressure)
		reason = BALLOON_REASON_GUEST_PRESSURE;
	if (v->current_pages <= v->floor)
		return (struct balloon_plan) {
			.outcome = BALLOON_STATE_STOPPED,
			.reason = BALLOON_REASON_FLOOR,
		};

	excess = v->current_pages - max(v->target, v->floor);
	spare = min(excess, available - min(available, kept));
	if (!spare || v->pressure == BALLOON_PRESSURE_ACUTE)
		return (struct balloon_plan) {
			.outcome = BALLOON_STATE_SHORT,
			.reason = reason,
		};

	again = spare < min(excess, v->batch) ||
		v->pressure == BALLOON_PRESSURE_SOME;
	if (v->pressure == BALLOON_PRESSURE_SOME)
		batch = balloon_slow_batch(v);

	return (struct balloon_plan) {
		.action = BALLOON_ACTION_INFLATE,
		.nr_pages = min(spare, batch),
		.outcome = again ? BALLOON_STATE_SHORT : BALLOON_STATE_MOVING,
		.reason = reason,
		.reserve = kept,
	};
}

/**
 * balloon_plan() - decide what one pass of the worker does
 * @v: the numbers that the decision rests on
 *
 * Context: Any.
 * Return: the plan; its nr_pages is never zero for %BALLOON_ACTION_INFLATE,
 * %BALLOON_ACTION_DEFLATE and %BALLOON_ACTION_HOTPLUG.
 */
struct balloon_plan balloon_plan(const struct balloon_view *v)
{
	if (v->target > v->current_pages)
		return balloon_plan_deflate(v);
	if (v->target < v->current_pages)
		return balloon_plan_inflate(v);
	return (struct balloon_plan) {
		.outcome = BALLOON_STATE_SETTLED,
		.reason = v->pressure ? BALLOON_REASON_GUEST_PRESSURE :
					BALLOON_REASON_NONE,
	};
}

/**
 * balloon_visible_state() - the state as users see it
 * @outcome: outcome of the last pass
 * @current_pages: size of the domain, pages
 * @target: size that it should have, pages
 *
 * The size can change after a pass, so it alone decides
 * %BALLOON_STATE_SETTLED.
 *
 * Context: Any.
 * Return: the state.
 */
enum balloon_state balloon_visible_state(enum balloon_state outcome,
					 unsigned long current_pages,
					 unsigned long target)
{
	if (current_pages == target)
		return BALLOON_STATE_SETTLED;
	if (outcome == BALLOON_STATE_SETTLED)
		return BALLOON_STATE_MOVING;
	return outcome;
}

/* By default the worker gives up after these; a guest that goes on rests, too. */
#define TRIES_IN_VAIN	4

/**
 * balloon_is_over() - whether a move has come to its end
 * @state: the state as users see it, after a pass of the worker
 * @tries: number of the current try, 1 if the pass brought anything
 * @announced: size of the domain at the end of the last move, pages
 * @current_pages: size after the pass, pages
 *
 * A domain that is short of memory goes on by small steps as memory turns up.
 *
 * Context: Any.
 * Return: whether there is a new size, and the worker rests at it.
 */
bool balloon_is_over(enum balloon_state state, unsigned long tries,
		     unsigned long announced, unsigned long current_pages)
{
	if (current_pages == announced || state == BALLOON_STATE_MOVING)
		return false;
	return state != BALLOON_STATE_SHORT || tries > TRIES_IN_VAIN;
}

/**
 * balloon_state_name() - the word for a state in sysfs and xenstore
 * @state: the state
 *
 * Context: Any.
 * Return: one word.
 */
const char *balloon_state_name(enum balloon_state state)
{
	static const char *const names[] = {
		[BALLOON_STATE_SETTLED] = "settled",
		[BALLOON_STATE_MOVING] = "moving",
		[BALLOON_STATE_WAITING] = "waiting",
		[BALLOON_STATE_SHORT] = "short",
		[BALLOON_STATE_STOPPED] = "stopped",
	};

	return names[state];
}

/**
 * balloon_visible_reason() - the reason as users see it
 * @state: the state as users see it
 * @reason: reason of the last pass
 *
 * Context: Any.
 * Return: the reason; none while the domain is on its way. A domain that has its
 * target may still miss what it gave.
 */
enum balloon_reason balloon_visible_reason(enum balloon_state state,
					   enum balloon_reason reason)
{
	if (state == BALLOON_STATE_MOVING)
		return BALLOON_REASON_NONE;
	if (state == BALLOON_STATE_SETTLED &&
	    reason != BALLOON_REASON_GUEST_PRESSURE)
		return BALLOON_REASON_NONE;
	return reason;
}

struct balloon_words {
	const char *name;
	const char *advice;
};

static const struct balloon_words balloon_reasons[] = {
	[BALLOON_REASON_NONE] = {
		.name = "none",
		.advice = "",
	},
	[BALLOON_REASON_FLOOR] = {
		.name = "floor",
		.advice = "the floor is reached; floor_kb sets it",
	},
	[BALLOON_REASON_GUEST_MEMORY] = {
		.name = "guest-memory",
		.advice = "the guest has no memory to spare; stop programs, or raise the target",
	},
	[BALLOON_REASON_GUEST_PRESSURE] = {
		.name = "guest-pressure",
		.advice = "the guest needs what it has; stop programs, or raise the target",
	},
	[BALLOON_REASON_XEN_REFUSES] = {
		.name = "xen-refuses",
		.advice = "Xen does not take the guest's pages; see Xen's log",
	},
	[BALLOON_REASON_HARD_LIMIT] = {
		.name = "hard-limit",
		.advice = "the hard limit is reached; raise it with xl mem-max",
	},
	[BALLOON_REASON_HOST_MEMORY] = {
		.name = "host-memory",
		.advice = "Xen has no free memory; free some on the host",
	},
	[BALLOON_REASON_PAGING_POOL] = {
		.name = "paging-pool",
		.advice = "Xen's paging pool is used up; start the guest with a larger maxmem",
	},
	[BALLOON_REASON_OFFLINE_SECTIONS] = {
		.name = "offline-sections",
		.advice = "new memory is offline; put it online in /sys/devices/system/memory",
	},
	[BALLOON_REASON_SECTION_MEMORY] = {
		.name = "section-memory",
		.advice = "no memory for more struct pages; stop programs, or grow in steps",
	},
	[BALLOON_REASON_NO_ADDRESSES] = {
		.name = "no-addresses",
		.advice = "no addresses for more memory; start the guest with a larger maxmem",
	},
};

/**
 * balloon_reason_name() - the word for a reason in sysfs and xenstore
 * @reason: the reason
 *
 * Context: Any.
 * Return: one word.
 */
const char *balloon_reason_name(enum balloon_reason reason)
{
	return balloon_reasons[reason].name;
}

/**
 * balloon_reason_advice() - the reason in the log
 * @reason: the reason
 *
 * Context: Any.
 * Return: the cause, and what to do.
 */
const char *balloon_reason_advice(enum balloon_reason reason)
{
	return balloon_reasons[reason].advice;
}

/**
 * balloon_schedule_restart() - start afresh, as after a new target
 * @s: schedule
 *
 * Context: Any; the caller protects @s.
 */
void balloon_schedule_restart(struct balloon_schedule *s)
{
	s->state = BALLOON_STATE_MOVING;
	s->reason = BALLOON_REASON_NONE;
	s->delay = 1;
	s->count = 1;
	s->looks = 0;
}

/**
 * balloon_schedule_next() - take the outcome of a pass into the schedule
 * @s: schedule
 * @outcome: outcome of the pass
 * @progress: balloon_is_progress()
 *
 * Shortages in a row double the delay, and after max_count of them the worker
 * gives up. Any progress breaks the row.
 *
 * Context: Any; the caller protects @s.
 */
void balloon_schedule_next(struct balloon_schedule *s,
			   enum balloon_state outcome, bool progress)
{
	bool again = s->state == BALLOON_STATE_SHORT;
	bool in_vain = !progress && (outcome == BALLOON_STATE_SHORT ||
				     outcome == BALLOON_STATE_STOPPED);

	/* The look of a worker that gave up begins no new row of tries. */
	if (s->state == BALLOON_STATE_STOPPED && in_vain) {
		s->looks++;
		return;
	}

	if (outcome != BALLOON_STATE_SHORT || progress) {
		balloon_schedule_restart(s);
		s->state = outcome;
		return;
	}

	if (s->max_count != RETRY_UNLIMITED && s->count >= s->max_count) {
		balloon_schedule_restart(s);
		s->state = BALLOON_STATE_STOPPED;
		return;
	}

	s->state = BALLOON_STATE_SHORT;
	s->delay = again ? min(2 * s->delay, s->max_delay) : 1;
	s->count++;
}

/**
 * balloon_schedule_is_stuck() - whether a user should hear of the reason
 * @s: schedule, after balloon_schedule_next()
 *
 * One shortage is no news: a host frees the memory of a domain that has ended
 * for a while, and a guest writes back its files.
 *
 * Context: Any; the caller protects @s.
 * Return: whether the worker cannot go on, for longer than a moment.
 */
bool balloon_schedule_is_stuck(const struct balloon_schedule *s)
{
	switch (s->state) {
	case BALLOON_STATE_SHORT:
		return s->count > 2;
	case BALLOON_STATE_WAITING:
	case BALLOON_STATE_STOPPED:
		return true;
	case BALLOON_STATE_SETTLED:
	case BALLOON_STATE_MOVING:
		break;
	}
	return false;
}

/**
 * balloon_schedule_delay_s() - how long the worker sleeps
 * @s: schedule, after balloon_schedule_next()
 * @progress: balloon_is_progress() of the last pass
 *
 * Context: Any; the caller protects @s.
 * Return: seconds, 0 for at once, %BALLOON_NEVER for until woken.
 */
unsigned long balloon_schedule_delay_s(const struct balloon_schedule *s,
				       bool progress)
{
	switch (s->state) {
	case BALLOON_STATE_MOVING:
		/* A pass that moved nothing must not repeat at once. */
		return progress ? 0 : BALLOON_NEVER;
	case BALLOON_STATE_SHORT:
		return s->delay;
	case BALLOON_STATE_STOPPED:
		/* Another floor or target wakes the worker. */
		return s->reason == BALLOON_REASON_FLOOR ? BALLOON_NEVER :
							   BALLOON_LOOK_S;
	case BALLOON_STATE_SETTLED:
	case BALLOON_STATE_WAITING:
		break;
	}
	return BALLOON_NEVER;
}

/**
 * balloon_refusal_cost() - frames that a refusal cost
 * @r: the refusal
 *
 * Where its tables of the domain have no room for a frame Xen populates
 * nothing, but goes on counting the frame. Its counts before and after tell.
 * Without the one before, the cost is exactly an extent: the count may exceed
 * the known one for other reasons, such as a device that was plugged in.
 *
 * Context: Any.
 * Return: frames that Xen counts and nobody can reach until the domain ends.
 */
unsigned long balloon_refusal_cost(const struct balloon_refusal *r)
{
	long extent = r->extent, excess = r->after - r->known;

	if (r->after < 0)
		return 0;
	if (r->before >= 0)
		return clamp(r->after - r->before - (long)r->done, 0L, extent);
	return r->known >= 0 && excess == extent ? extent : 0;
}

/**
 * balloon_refusal_reason() - why Xen gives the domain no memory
 * @r: the refusal
 *
 * Context: Any.
 * Return: the reason.
 */
enum balloon_reason balloon_refusal_reason(const struct balloon_refusal *r)
{
	if (balloon_refusal_cost(r))
		return BALLOON_REASON_PAGING_POOL;
	if (r->after >= 0 && r->limit >= 0 &&
	    r->limit - r->after < (long)r->extent)
		return BALLOON_REASON_HARD_LIMIT;
	return BALLOON_REASON_HOST_MEMORY;
}

/**
 * balloon_schedule_only_look() - whether the next pass only looks for memory
 * @s: schedule
 *
 * A full try costs the guest reclaim, so a worker that gave up makes few of
 * them.
 *
 * Context: Any; the caller protects @s.
 * Return: whether the pass takes what is free, and tries nothing else.
 */
bool balloon_schedule_only_look(const struct balloon_schedule *s)
{
	return s->state == BALLOON_STATE_STOPPED &&
	       (s->looks + 1) % BALLOON_LOOKS_PER_TRY;
}

/**
 * balloon_is_progress() - whether a pass breaks a row of tries
 * @outcome: outcome of the pass
 * @moved: pages that it moved
 *
 * A guest that is short frees a few pages all the time. Each try to take these
 * costs it reclaim, so they are no reason to try again at once.
 *
 * Context: Any.
 * Return: whether the next try follows as after a success.
 */
bool balloon_is_progress(enum balloon_state outcome, unsigned long moved)
{
	return moved >= (outcome == BALLOON_STATE_SHORT ? SUPERPAGE_PAGES : 1);
}

/**
 * balloon_next_batch() - size a batch by the time that the last one took
 * @moved: pages that the last batch moved
 * @us: its time, microseconds
 *
 * The time of a page varies a hundredfold with the kind of domain, the
 * direction and the state of its memory, but little from batch to batch.
 *
 * Context: Any.
 * Return: pages, whole superpages; one superpage when nothing was moved.
 */
unsigned long balloon_next_batch(unsigned long moved, s64 us)
{
	u64 fit = div64_u64((u64)moved * BATCH_US, max(us, 1));

	return round_down(clamp(fit, SUPERPAGE_PAGES, BATCH_PAGES),
			  SUPERPAGE_PAGES);
}

/* Larger extents cost Xen hardly less a page. */
#define MID_ORDER	((unsigned int)get_order(SZ_64K))

/**
 * balloon_next_order() - the extents to try after Xen refused larger ones
 * @order: order that it refused, not 0
 *
 * A domain whose paging pool is used up loses each extent that Xen allocates and
 * cannot map, so after a superpage the next try is a small one.
 *
 * Context: Any.
 * Return: order, less than @order.
 */
unsigned int balloon_next_order(unsigned int order)
{
	return min(order - 1, MID_ORDER);
}

/**
 * balloon_default_floor() - the least memory that a guest can live on
 * @total: pages with a struct page
 *
 * A kernel with its user space in an initramfs runs in less than 64 MiB. What
 * the kernel needs beyond that grows with the guest: struct pages are 1/64 of
 * it, page tables, hash tables and per-CPU caches about as much again, and
 * twice that is kept for user space. A guest so small that this is more than
 * half of it keeps half.
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long balloon_default_floor(unsigned long total)
{
	return min(total / 2, SZ_64M / PAGE_SIZE + total / 16);
}

/*
 * Since the guest ran out of memory. Acute pressure ends before the worker
 * gives up, as the delays between its tries are 1, 2 and 4 s.
 */
#define PRESSURE_ACUTE_S	5
#define PRESSURE_SOME_S		60

/* Slow for any disk: a hundredth of the guest a second, at most 16 MiB. */
static bool balloon_thrashes(unsigned long refault_rate,
			     unsigned long current_pages)
{
	return refault_rate > min(current_pages / 100, 16 * SZ_1M / PAGE_SIZE);
}

/**
 * balloon_pressure() - how much inflation must hold back
 * @since_oom_s: seconds since the guest ran out of memory
 * @refault_rate: pages that it reads again after they were reclaimed, a second
 * @current_pages: pages that it has
 *
 * Context: Any.
 * Return: the pressure.
 */
enum balloon_pressure balloon_pressure(s64 since_oom_s,
				       unsigned long refault_rate,
				       unsigned long current_pages)
{
	if (since_oom_s < PRESSURE_ACUTE_S)
		return BALLOON_PRESSURE_ACUTE;
	if (since_oom_s < PRESSURE_SOME_S ||
	    balloon_thrashes(refault_rate, current_pages))
		return BALLOON_PRESSURE_SOME;
	return BALLOON_PRESSURE_NONE;
}

/*
 * Xen counts a few special pages beyond the toolstack's target (start info,
 * console and xenstore rings, identity page tables), and lacks a few that have
 * no place (the VGA hole). A larger gap has another cause, and tells nothing
 * about these pages.
 */
#define MAX_OVERHEAD	((long)(SZ_2M / PAGE_SIZE))

/* Pages that libxl leaves out of the first target of an HVM guest with PoD. */
#define LIBXL_POD_SLACK	(SZ_1M / PAGE_SIZE)

static bool balloon_is_overhead(long pages)
{
	return pages >= -MAX_OVERHEAD && pages <= MAX_OVERHEAD;
}

/*
 * A guest that is populated on demand sees all of static-max. This one sees less,
 * and has memory for all that it sees, so static-max was raised since.
 */
static bool balloon_is_max_raised(const struct balloon_boot_counts *c)
{
	unsigned long seen = c->guest + c->videoram;

	return c->static_max > seen + MAX_OVERHEAD &&
	       balloon_is_overhead((long)c->xen - (long)seen);
}

/**
 * balloon_fix_boot_counts() - replace impossible values of the toolstack's keys
 * @c: the counts of all parties before any ballooning
 *
 * Ignore a static-max below the first target or the guest's own count: then the
 * first target tells the pages that the guest does not see. Ignore a videoram
 * that would be part of the guest's own memory. In place of a static-max that was
 * raised before the guest read it, take the memory that Xen counts, and in place
 * of the first target as well, which may have been changed with it.
 *
 * Context: Any.
 */
void balloon_fix_boot_counts(struct balloon_boot_counts *c)
{
	long more = (long)c->first_target - (long)c->guest;

	if (c->static_max < c->first_target ||
	    c->static_max + MAX_OVERHEAD < c->guest)
		c->static_max =
			c->guest + (more <= MAX_OVERHEAD ? max(more, 0L) : 0);
	if (c->static_max + MAX_OVERHEAD < c->guest + c->videoram)
		c->videoram = 0;
	if (balloon_is_max_raised(c)) {
		c->static_max = c->xen;
		c->first_target = c->xen - c->videoram;
	}
}

/*
 * Pages that Xen counts beyond the size that the guest was built with: its first
 * target, or all of it, when that target changed before the guest read it.
 */
static long balloon_learn_overhead(const struct balloon_boot_counts *c)
{
	unsigned long built = c->first_target + c->videoram;
	long beyond_target = (long)c->xen - (long)built;
	long beyond_max = (long)c->xen - (long)c->static_max;

	if (!balloon_is_overhead(beyond_target))
		return balloon_is_overhead(beyond_max) ? beyond_max : 0;
	if (beyond_target >= (long)LIBXL_POD_SLACK && c->static_max > built)
		return beyond_target - (long)LIBXL_POD_SLACK;
	return beyond_target;
}

/**
 * balloon_learn_difference() - pages that the toolstack counts and the guest
 *	does not
 * @c: the counts of all parties before any ballooning
 *
 * Targets for HVM and PVH guests include memory that the guest never sees:
 * firmware, holes in its memory map. static_max - guest is that memory. Xen
 * in turn counts special pages that the toolstack left out, or lacks some that
 * it counted, and the target is only hit to the page when they are made up for
 * too. Video memory is in static_max, but not in the targets.
 *
 * Context: Any.
 * Return: pages to subtract from each target of the toolstack; may be
 * negative.
 */
long balloon_learn_difference(const struct balloon_boot_counts *c)
{
	long hidden = (long)(c->static_max - c->videoram) - (long)c->guest;

	return hidden + balloon_learn_overhead(c);
}

/**
 * balloon_learn_shim_pages() - pages of a PV guest's shim
 * @c: the counts of all parties before any ballooning
 *
 * The toolstack counts a PV guest together with the PVH shim that it may run in,
 * a Xen of its own that answers the guest's hypercalls. The shim grants the
 * guest its size at boot, for good, which is less than the toolstack asks for.
 * Without a shim the toolstack raises the hard limit before it raises the
 * target, so that the limit is never below the target. XAPI leaves the shim out
 * of its targets, and the limit is then not below them either.
 *
 * Context: Any.
 * Return: pages to subtract from each target of the toolstack; 0 without a shim.
 */
long balloon_learn_shim_pages(const struct balloon_boot_counts *c)
{
	if (!c->hard_limit || c->hard_limit != c->xen ||
	    c->hard_limit >= c->first_target || c->guest >= c->first_target)
		return 0;
	return c->first_target - c->guest;
}

/**
 * balloon_backed_pages() - the memory that a guest has at boot
 * @c: the counts of all parties before any ballooning, as
 *     balloon_fix_boot_counts() left them
 *
 * A guest that is populated on demand sees more memory than Xen has for it.
 * Its target does not tell: the toolstack may have changed it since it built
 * the guest.
 *
 * Context: Any.
 * Return: pages that are backed for sure; all that the guest sees, unless it is
 * populated on demand.
 */
unsigned long balloon_backed_pages(const struct balloon_boot_counts *c)
{
	/* Pages that the guest does not see, and pages that Xen adds. */
	unsigned long beyond = c->static_max - c->videoram - c->guest +
			       MAX_OVERHEAD;
	unsigned long xen = c->xen ?: c->first_target;

	if (c->first_target + c->videoram >= c->static_max || xen >= c->guest)
		return c->guest;
	return xen > beyond ? xen - beyond : 0;
}

/* What libxl grants a domain beyond its target, when it restores it, too. */
#define LIBXL_SLACK	(SZ_1M / PAGE_SIZE)

/**
 * balloon_image_excess() - pages of an image that stop its restoration
 * @image_pages: size of the domain
 * @asked_pages: the toolstack's last target, or %BALLOON_NOT_ASKED
 *
 * An image is restored with the target that the toolstack knows, and Xen grants
 * it no more.
 *
 * Context: Any.
 * Return: pages beyond the target; 0 if they can be restored, too.
 */
unsigned long balloon_image_excess(unsigned long image_pages,
				   unsigned long asked_pages)
{
	unsigned long excess = image_pages - min(image_pages, asked_pages);

	return excess > LIBXL_SLACK ? excess : 0;
}

/**
 * balloon_max_target() - the largest target that makes sense
 *
 * Context: Any.
 * Return: pages of the whole physical address space.
 */
unsigned long balloon_max_target(void)
{
	return 1UL << min(MAX_PHYSMEM_BITS - PAGE_SHIFT, BITS_PER_LONG - 1);
}

/**
 * balloon_target_from_kb() - convert a target of the toolstack to pages
 * @target_kb: memory/target, KiB
 * @difference: from balloon_learn_difference(), pages
 * @pages: result
 *
 * A target of no more than @difference is 0 pages: the guest goes to its floor.
 *
 * Context: Any.
 * Return: 0, or -ERANGE when the target is beyond the address space. @pages is
 * then unchanged.
 */
int balloon_target_from_kb(u64 target_kb, long difference,
			   unsigned long *pages)
{
	u64 target = target_kb >> (PAGE_SHIFT - 10);
	s64 guest_target;

	if (target > balloon_max_target())
		return -ERANGE;

	guest_target = max((s64)target - difference, 0);
	if (guest_target > balloon_max_target())
		return -ERANGE;

	*pages = guest_target;
	return 0;
}
