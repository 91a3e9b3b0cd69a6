// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What the balloon does next: pure functions of what is known. No locks, no
 * hypercalls, no state; the tests go through them by table.
 */

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>

#include "balloon_internal.h"

/* A struct page. On PV there are page tables and p2m entries, too, of 8 each. */
#define SECTION_BYTES_PER_PAGE	64

/**
 * balloon_new_sections() - how much to hotplug
 * @v: what the decision rests on
 * @nr_pages: how much is wanted
 *
 * Sections take memory of the guest long before they bring any, and the kernel
 * does not give it back when there is too little. So they take an eighth of
 * what is available; once Xen has filled them they pay for more.
 *
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

/* More memory is wanted: from the balloon, else from new sections. */
static struct balloon_plan plan_growth(const struct balloon_view *v)
{
	unsigned long wanted = v->target - v->current_pages;
	unsigned long struct_pages_wanted = v->target + v->unpopulated;
	unsigned long nr_pages;

	if (v->ballooned)
		return (struct balloon_plan) {
			.action = BALLOON_GROW,
			.nr_pages = min3(wanted, v->ballooned, v->batch),
			.outcome = BALLOON_DONE,
		};

	if (!v->can_hotplug)
		return (struct balloon_plan) {
			.action = BALLOON_CLAMP,
			.nr_pages = min(v->target,
					v->current_pages + v->unpopulated),
			.outcome = BALLOON_ECANCELED,
		};

	/* Enough sections were added before; they have yet to come online. */
	if (struct_pages_wanted <= v->total)
		return (struct balloon_plan) { .outcome = BALLOON_WAIT };

	nr_pages = balloon_new_sections(v, struct_pages_wanted - v->total);
	if (!nr_pages)
		return (struct balloon_plan) { .outcome = BALLOON_EAGAIN };

	return (struct balloon_plan) {
		.action = BALLOON_HOTPLUG,
		.nr_pages = nr_pages,
		.outcome = BALLOON_WAIT,
	};
}

/*
 * What stays available to the guest, ahead of the watermarks of its allocator:
 * a quarter of the floor, none without a floor.
 */
static unsigned long reserve(const struct balloon_view *v)
{
	if (v->pod_boot)
		return 0;
	return min(v->floor, balloon_default_floor(v->total)) / 4;
}

/* Memory is to go: never below the floor, never more than can be spared. */
static struct balloon_plan plan_shrinking(const struct balloon_view *v)
{
	unsigned long excess, spare, batch = v->batch;
	bool again;

	if (v->current_pages <= v->floor)
		return (struct balloon_plan) { .outcome = BALLOON_ECANCELED };

	excess = v->current_pages - max(v->target, v->floor);
	spare = min(excess, v->available - min(v->available, reserve(v)));
	if (!spare || v->pressure == BALLOON_RESTING)
		return (struct balloon_plan) { .outcome = BALLOON_EAGAIN };

	again = spare < min(excess, v->batch) || v->pressure == BALLOON_CAREFUL;
	/* A block a second. */
	if (v->pressure == BALLOON_CAREFUL)
		batch = BLOCK_PAGES;

	return (struct balloon_plan) {
		.action = BALLOON_SHRINK,
		.nr_pages = min(spare, batch),
		.outcome = again ? BALLOON_EAGAIN : BALLOON_DONE,
	};
}

/**
 * balloon_plan() - decide what one pass of the worker does
 * @v: what the decision rests on
 *
 * Return: the plan; its nr_pages is never zero for %BALLOON_SHRINK,
 * %BALLOON_GROW and %BALLOON_HOTPLUG.
 */
struct balloon_plan balloon_plan(const struct balloon_view *v)
{
	if (v->target > v->current_pages)
		return plan_growth(v);
	if (v->target < v->current_pages)
		return plan_shrinking(v);
	return (struct balloon_plan) { .outcome = BALLOON_DONE };
}

/**
 * balloon_progress() - how far the domain has come
 * @state: what became of the last pass
 * @current_pages: what the domain has
 * @target: what it should have
 *
 * Return: as the toolstack and the administrator see it.
 */
enum balloon_progress balloon_progress(enum balloon_state state,
				       unsigned long current_pages,
				       unsigned long target)
{
	if (current_pages == target)
		return BALLOON_SETTLED;

	switch (state) {
	case BALLOON_DONE:
		break;
	case BALLOON_WAIT:
		return BALLOON_WAITING;
	case BALLOON_EAGAIN:
		return BALLOON_SHORT;
	case BALLOON_ECANCELED:
		return BALLOON_STOPPED;
	}
	return BALLOON_MOVING;
}

/**
 * balloon_progress_name() - the word for it in sysfs and xenstore
 * @progress: progress
 *
 * Return: one word.
 */
const char *balloon_progress_name(enum balloon_progress progress)
{
	static const char *const names[] = {
		[BALLOON_SETTLED] = "settled",
		[BALLOON_MOVING] = "moving",
		[BALLOON_WAITING] = "waiting",
		[BALLOON_SHORT] = "short",
		[BALLOON_STOPPED] = "stopped",
	};

	return names[progress];
}

/**
 * balloon_schedule_restart() - start afresh, as after a new target
 * @s: schedule
 */
void balloon_schedule_restart(struct balloon_schedule *s)
{
	s->state = BALLOON_DONE;
	s->delay = 1;
	s->count = 1;
}

/**
 * balloon_schedule_next() - take the result of a pass into the schedule
 * @s: schedule
 * @outcome: what became of the pass
 * @progress: whether it moved memory
 *
 * Shortages in a row double the delay, and after max_count of them the worker
 * gives up. Any progress breaks the row.
 */
void balloon_schedule_next(struct balloon_schedule *s,
			   enum balloon_state outcome, bool progress)
{
	bool again = s->state == BALLOON_EAGAIN;

	if (outcome != BALLOON_EAGAIN || progress) {
		balloon_schedule_restart(s);
		s->state = outcome;
		return;
	}

	/* The slow retry after giving up is no new row of tries. */
	if (s->state == BALLOON_ECANCELED)
		return;

	if (s->max_count != RETRY_UNLIMITED && s->count >= s->max_count) {
		balloon_schedule_restart(s);
		s->state = BALLOON_ECANCELED;
		return;
	}

	s->state = BALLOON_EAGAIN;
	s->delay = again ? min(2 * s->delay, s->max_delay) : 1;
	s->count++;
}

/**
 * balloon_schedule_delay_s() - how long the worker sleeps
 * @s: schedule, after balloon_schedule_next()
 * @progress: whether the last pass moved memory
 *
 * Return: seconds, 0 for at once, %BALLOON_NEVER for until woken.
 */
unsigned long balloon_schedule_delay_s(const struct balloon_schedule *s,
				       bool progress)
{
	switch (s->state) {
	case BALLOON_DONE:
		return progress ? 0 : BALLOON_NEVER;
	case BALLOON_EAGAIN:
		return s->delay;
	case BALLOON_ECANCELED:
		return BALLOON_SLOW_RETRY_S;
	case BALLOON_WAIT:
		break;
	}
	return BALLOON_NEVER;
}

/**
 * balloon_next_batch() - size a batch by how long the last one took
 * @moved: pages that the last batch moved
 * @us: microseconds that it took
 *
 * How long a page takes varies a hundredfold with the kind of domain, the
 * direction and the state of its memory, but little from batch to batch.
 *
 * Return: pages, whole blocks; one block when nothing was moved.
 */
unsigned long balloon_next_batch(unsigned long moved, s64 us)
{
	u64 fit = div64_u64((u64)moved * BATCH_US, max(us, 1));

	return round_down(clamp(fit, BLOCK_PAGES, BATCH_PAGES), BLOCK_PAGES);
}

/**
 * balloon_default_floor() - the least memory that a guest can live on
 * @total: pages with a struct page
 *
 * A kernel with its user space in an initramfs runs in less than 64 MiB; what
 * the kernel needs beyond that grows with the guest: struct pages are 1/64 of
 * it, page tables, hash tables and per-CPU caches about as much again, and
 * twice that is kept for user space. A guest so small that this is more than
 * half of it keeps half.
 *
 * Return: pages.
 */
unsigned long balloon_default_floor(unsigned long total)
{
	return min(total / 2, SZ_64M / PAGE_SIZE + total / 16);
}

/*
 * Since the guest ran out of memory. The rest is over before the worker gives
 * up: its tries are 1, 2 and 4 s apart.
 */
#define REST_S		5
#define CAREFUL_S	60

/**
 * balloon_pressure() - how much the guest needs to be left alone
 * @since_oom_s: seconds since it ran out of memory
 *
 * Return: the pressure.
 */
enum balloon_pressure balloon_pressure(s64 since_oom_s)
{
	if (since_oom_s < REST_S)
		return BALLOON_RESTING;
	return since_oom_s < CAREFUL_S ? BALLOON_CAREFUL : BALLOON_CALM;
}

/*
 * What Xen counts beyond the toolstack's target are a few special pages (start
 * info, console and xenstore rings, identity page tables); what it lacks are a
 * few that have no place (the VGA hole). A larger gap has another cause, and
 * says nothing about them.
 */
#define MAX_OVERHEAD	((long)(SZ_2M / PAGE_SIZE))

/* What libxl leaves out of the first target of an HVM guest with PoD. */
#define LIBXL_POD_SLACK	(SZ_1M / PAGE_SIZE)

/**
 * balloon_believe() - put aside what the toolstack's keys cannot mean
 * @c: the counts of all parties before any ballooning
 *
 * A maximum below what the guest is to have, or has, is as good as none: then
 * all that the guest does not see is what the first target has more. Nor can
 * video memory be a part of what the guest has.
 */
void balloon_believe(struct balloon_boot_counts *c)
{
	long more = (long)c->first_target - (long)c->guest;

	if (c->static_max < c->first_target ||
	    c->static_max + MAX_OVERHEAD < c->guest)
		c->static_max =
			c->guest + (more <= MAX_OVERHEAD ? max(more, 0L) : 0);
	if (c->static_max + MAX_OVERHEAD < c->guest + c->videoram)
		c->videoram = 0;
}

static bool is_overhead(long pages)
{
	return pages >= -MAX_OVERHEAD && pages <= MAX_OVERHEAD;
}

/*
 * What Xen counts beyond what the guest was built with: its first target, or
 * all of it, when that target was changed before the guest could read it.
 */
static long learn_overhead(const struct balloon_boot_counts *c)
{
	unsigned long built = c->first_target + c->videoram;
	long beyond_target = (long)c->xen - (long)built;
	long beyond_max = (long)c->xen - (long)c->static_max;

	if (!is_overhead(beyond_target))
		return is_overhead(beyond_max) ? beyond_max : 0;
	if (beyond_target >= (long)LIBXL_POD_SLACK && c->static_max > built)
		return beyond_target - (long)LIBXL_POD_SLACK;
	return beyond_target;
}

/**
 * balloon_learn_difference() - what the toolstack counts and the guest does not
 * @c: the counts of all parties before any ballooning
 *
 * Targets for HVM and PVH guests speak of memory that the guest never sees:
 * firmware, holes in its memory map. static_max - guest is that memory. Xen
 * in turn counts special pages that the toolstack left out, or lacks some that
 * it counted, and the target is only hit to the page when they are made up for
 * too. Video memory is in static_max, but not in the targets.
 *
 * Return: pages to subtract from each target of the toolstack; may be
 * negative.
 */
long balloon_learn_difference(const struct balloon_boot_counts *c)
{
	long hidden = (long)(c->static_max - c->videoram) - (long)c->guest;

	return hidden + learn_overhead(c);
}

/**
 * balloon_backed_pages() - how much of a guest has memory at boot
 * @c: the counts of all parties before any ballooning, as balloon_believe()
 *     left them
 *
 * A guest that is populated on demand sees more memory than Xen has for it,
 * whatever its target says, which may have changed since it was built.
 *
 * Return: pages that are backed for sure; all that the guest sees, unless it is
 * populated on demand.
 */
unsigned long balloon_backed_pages(const struct balloon_boot_counts *c)
{
	/* What the guest does not see, and what Xen has for itself. */
	unsigned long apart = c->static_max - c->videoram - c->guest +
			      MAX_OVERHEAD;
	unsigned long xen = c->xen ?: c->first_target;

	if (c->first_target + c->videoram >= c->static_max || xen >= c->guest)
		return c->guest;
	return xen > apart ? xen - apart : 0;
}

/**
 * balloon_max_target() - the largest target that makes sense
 *
 * Return: pages of the whole physical address space.
 */
unsigned long balloon_max_target(void)
{
	return 1UL << min(MAX_PHYSMEM_BITS - PAGE_SHIFT, BITS_PER_LONG - 1);
}

/**
 * balloon_target_from_kb() - turn a target of the toolstack into pages
 * @target_kb: memory/target, KiB
 * @difference: from balloon_learn_difference(), pages
 * @pages: result
 *
 * Return: 0, or -ERANGE when the target is below what the guest does not even
 * see, or beyond the address space. @pages is then unchanged.
 */
int balloon_target_from_kb(u64 target_kb, long difference,
			   unsigned long *pages)
{
	u64 target = target_kb >> (PAGE_SHIFT - 10);
	s64 guest_target;

	if (target > balloon_max_target())
		return -ERANGE;

	guest_target = (s64)target - difference;
	if (guest_target < 0 || guest_target > balloon_max_target())
		return -ERANGE;

	*pages = guest_target;
	return 0;
}
