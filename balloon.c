// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Xen memory balloon: releases memory of this domain to Xen and populates it
 * again while the domain runs.
 *
 * A target comes in; one worker compares it with the size of the domain and
 * moves memory in batches of extents:
 *
 *   balloon_set_new_target() -> balloon_work() -> balloon_plan()
 *     inflate: page allocator -> xenmem_release()  -> page list
 *     deflate: page list      -> xenmem_populate() -> page allocator
 *     hotplug: new sections   -> (come online)     -> page list
 *
 * Files call only downward. Front ends: xen-balloon-sysfs.c, xenstore.c,
 * debugfs.c, oom.c, unpopulated.c. Then suspend.c, the worker and the boot: this file.
 * Below are the actions (inflate.c, hotplug.c, resume.c), the state with the page
 * list (pages.c, trace.c), Xen (mem-reservation.c, pv-mapping.c) and the
 * decisions (policy.c). Documentation/design.rst tells why.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/crash_dump.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include <asm/xen/hypervisor.h>

#include <xen/balloon.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "balloon.h"
#include "guest-memory.h"
#include "hotplug.h"
#include "inflate.h"
#include "mem-reservation.h"
#include "resume.h"
#include "trace.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "xen."
module_param_named(balloon_boot_timeout, xen_balloon.config.boot_timeout, uint,
		   0444);

static BLOCKING_NOTIFIER_HEAD(balloon_observers);

/* The worker */

static void balloon_clamp_target(struct xen_balloon *b, unsigned long pages)
{
	unsigned long target = b->mem.target_pages;

	if (pages == target)
		return;

	pr_info_once("target of %lu KiB is out of reach without memory hotplug; taking %lu KiB\n",
		     target << (PAGE_SHIFT - 10), pages << (PAGE_SHIFT - 10));
	trace_xen_balloon_target(target, pages, _THIS_IP_);
	b->mem.target_pages = pages;
}

/*
 * An allocator that clears pages touches them. The boot of a populate-on-demand
 * guest cannot afford that, so few pages may be allocated at a time.
 */
static unsigned long balloon_batch_pages(const struct xen_balloon *b)
{
	unsigned long nr_pages = b->batch.max_pages;

	if (READ_ONCE(b->mem.pod_boot) && want_init_on_alloc(GFP_KERNEL))
		return SUPERPAGE_PAGES;
	/* On PV each page of a superpage is released as an extent of its own. */
	return xen_pv_domain() ? min(nr_pages, BATCH_EXTENTS) : nr_pages;
}

/**
 * balloon_get_view() - the sizes that a decision rests on, as they are now
 * @b: balloon
 * @v: result; its batch is not set
 *
 * The target may change, and other drivers may take pages from the list, while
 * the decision is carried out.
 *
 * Context: Process; balloon_batch.lock is held, so that no other task moves
 * memory. Takes balloon_memory.lock.
 * Return: number of the target.
 */
unsigned long balloon_get_view(struct xen_balloon *b, struct balloon_view *v)
{
	const struct balloon_memory *mem = &b->mem;
	unsigned long seq, reserve;
	time64_t oom_s;

	balloon_lock(b);
	*v = (struct balloon_view) {
		.target = mem->target_pages,
		.current_pages = mem->current_pages,
		.ballooned = mem->nr_low + mem->nr_high,
		.unpopulated = mem->nr_unpopulated,
		.total = mem->total_pages - mem->nr_quarantined + mem->nr_lost,
		.adding = mem->nr_adding,
		.add_failure = mem->add_failure,
		.floor = mem->floor,
		.pod_boot = mem->pod_boot,
		.pool_empty = b->batch.pool_empty,
		.hotplug_unit = balloon_hotplug_unit(),
		.can_hotplug = IS_ENABLED(CONFIG_XEN_BALLOON_MEMORY_HOTPLUG),
		.reason = mem->schedule.reason,
		.only_look = balloon_schedule_only_look(&mem->schedule),
	};
	reserve = mem->nr_reserve;
	oom_s = mem->oom_s;
	seq = mem->target_seq;
	balloon_unlock(b);

	v->free = balloon_free_pages() + reserve;
	v->available = balloon_available_pages() + reserve;
	v->swappable = balloon_swappable_pages();
	if (!v->pod_boot)
		v->pressure = balloon_pressure(oom_s ? ktime_get_seconds() - oom_s :
						       BALLOON_NO_OOM,
					       balloon_refault_rate(b),
					       v->current_pages);
	return seq;
}

static unsigned long balloon_act_inflate(struct xen_balloon *b,
					 struct balloon_plan *plan)
{
	unsigned long moved = balloon_inflate(b, plan->nr_pages, plan->reserve,
					      GFP_BALLOON);

	if (b->batch.filling) {
		plan->outcome = BALLOON_STATE_MOVING;
	} else if (!moved || (moved < min(plan->nr_pages, BATCH_EXTENTS) &&
			      !b->batch.cut_short)) {
		plan->outcome = BALLOON_STATE_SHORT;
		balloon_drop_reserve(b);
	}
	return moved;
}

/**
 * balloon_add_sections() - begin to add memory sections
 * @b: balloon
 * @nr_pages: upper bound, a multiple of balloon_hotplug_unit()
 *
 * A work item of its own adds them. A task that takes memory offline may hold
 * device_hotplug_lock for as long as that takes, and neither the worker nor a
 * caller of xen_alloc_ballooned_pages() waits for this lock. The item ends with a
 * wake-up of xen_balloon.arrivals and of the worker.
 *
 * Context: Process; balloon_batch.lock is held, and balloon_view.adding is false.
 * Takes balloon_memory.lock.
 */
void balloon_add_sections(struct xen_balloon *b, unsigned long nr_pages)
{
	lockdep_assert_held(&b->batch.lock);

	balloon_lock(b);
	b->mem.nr_adding = nr_pages;
	b->mem.add_failure = BALLOON_REASON_NONE;
	balloon_unlock(b);

	queue_work(b->wq, &b->hotplug);
}

/* Carry out @plan. Returns the pages moved; a shortage changes its outcome. */
static unsigned long balloon_act(struct xen_balloon *b,
				 struct balloon_plan *plan)
{
	unsigned long moved = 0;

	switch (plan->action) {
	case BALLOON_ACTION_INFLATE:
		moved = balloon_act_inflate(b, plan);
		if (b->batch.reason)
			plan->reason = b->batch.reason;
		break;
	case BALLOON_ACTION_DEFLATE:
		moved = balloon_deflate(b, plan->nr_pages);
		if (!moved)
			plan->outcome = BALLOON_STATE_SHORT;
		plan->reason = b->batch.reason;
		break;
	case BALLOON_ACTION_HOTPLUG:
		balloon_add_sections(b, plan->nr_pages);
		break;
	case BALLOON_ACTION_CLAMP:
	case BALLOON_ACTION_NONE:
		break;
	}
	return moved;
}

/* One message for each change of the reason, also over many targets. */
static void balloon_tell_reason(struct xen_balloon *b)
{
	struct balloon_memory *mem = &b->mem;
	enum balloon_state state =
		balloon_visible_state(mem->schedule.state, mem->current_pages,
				      mem->target_pages);
	enum balloon_reason reason =
		balloon_visible_reason(state, mem->schedule.reason);

	lockdep_assert_held(&mem->lock);

	if (state == BALLOON_STATE_SETTLED)
		mem->told = BALLOON_REASON_NONE;
	if (reason == mem->told || !reason ||
	    !balloon_schedule_is_stuck(&mem->schedule))
		return;
	mem->told = reason;
	pr_notice_ratelimited("%s at %llu KiB, asked for %llu KiB: %s\n",
			      balloon_state_name(state),
			      PAGES_TO_KB(mem->current_pages),
			      PAGES_TO_KB(mem->target_pages),
			      balloon_reason_advice(reason));
}

static void balloon_hotplug_work(struct work_struct *work)
{
	struct xen_balloon *b = container_of(work, struct xen_balloon, hotplug);
	enum balloon_reason reason;
	unsigned long nr_pages;

	balloon_lock(b);
	nr_pages = b->mem.nr_adding;
	balloon_unlock(b);

	reason = balloon_hotplug(b, &nr_pages);

	balloon_lock(b);
	b->mem.nr_adding = 0;
	b->mem.total_pages += nr_pages;
	b->mem.add_failure = reason;
	if (reason)
		WRITE_ONCE(b->mem.nr_add_failures, b->mem.nr_add_failures + 1);
	balloon_unlock(b);

	wake_up(&b->arrivals);
	balloon_wake(b);
}

/* Returns the seconds until the next pass, or %BALLOON_NEVER. */
static unsigned long balloon_finish_pass(struct xen_balloon *b,
					 unsigned long seq,
					 const struct balloon_plan *plan,
					 bool progress)
{
	struct balloon_schedule *schedule = &b->mem.schedule;
	unsigned long delay_s = BALLOON_NEVER;
	struct balloon_schedule was;

	balloon_lock(b);
	/* A new target has started afresh, and the worker will run again. */
	if (seq == b->mem.target_seq) {
		was = *schedule;
		if (plan->action == BALLOON_ACTION_CLAMP)
			balloon_clamp_target(b, plan->nr_pages);
		balloon_schedule_next(schedule, plan->outcome, progress);
		schedule->reason = balloon_visible_reason(schedule->state,
							  plan->reason);
		/* The next full try asks for sections again. */
		if (plan->outcome == BALLOON_STATE_STOPPED)
			b->mem.add_failure = BALLOON_REASON_NONE;
		trace_xen_balloon_state(&was, schedule);
		balloon_tell_reason(b);
		delay_s = balloon_schedule_delay_s(schedule, progress);
	}
	balloon_unlock(b);

	/* At its target, too, the guest may begin or cease to miss memory. */
	if (delay_s == BALLOON_NEVER &&
	    plan->outcome == BALLOON_STATE_SETTLED &&
	    (b->batch.tight || plan->reason))
		delay_s = BALLOON_LOOK_S;
	return delay_s;
}

/**
 * balloon_pass() - decide, and move a batch
 * @b: balloon
 *
 * Context: Process; takes balloon_batch.lock and balloon_memory.lock. Without
 * them it calls the observers.
 * Return: seconds until the next pass, or %BALLOON_NEVER.
 */
unsigned long balloon_pass(struct xen_balloon *b)
{
	unsigned long seq, moved, delay_s;
	unsigned int max_order;
	struct balloon_view view;
	struct balloon_plan plan;
	ktime_t start;

	mutex_lock(&b->batch.lock);

	balloon_release_repopulated(b);
	start = ktime_get();
	seq = balloon_get_view(b, &view);
	if (seq != b->batch.target_seq) {
		/* Drop what was learned on the way to the previous target. */
		b->batch.max_order = SUPERPAGE_ORDER;
		b->batch.pool_empty = false;
		b->batch.max_pages = SUPERPAGE_PAGES;
		b->batch.target_seq = seq;
	}
	view.batch = balloon_batch_pages(b);
	b->batch.filling = false;
	plan = balloon_plan(&view);
	max_order = b->batch.max_order;
	moved = balloon_act(b, &plan);
	b->batch.max_pages = balloon_next_batch(moved,
						ktime_us_delta(ktime_get(),
							       start));
	/* How long smaller extents take is not known yet. */
	if (b->batch.max_order < max_order)
		b->batch.max_pages = SUPERPAGE_PAGES;
	/* Inflation that goes on slowly, under pressure, keeps the reserve. */
	if (plan.action != BALLOON_ACTION_INFLATE ||
	    (plan.outcome != BALLOON_STATE_MOVING && !view.pressure))
		balloon_drop_reserve(b);
	balloon_update_watermarks(b, plan.outcome == BALLOON_STATE_MOVING);
	/* A try is not over, nor any progress, before its reserve is full. */
	if (b->batch.filling)
		delay_s = 0;
	else
		delay_s = balloon_finish_pass(b, seq, &plan,
					      balloon_is_progress(plan.outcome,
								  moved));

	mutex_unlock(&b->batch.lock);

	balloon_call_observers(BALLOON_EVENT_CHANGED);
	return delay_s;
}

static void balloon_work(struct work_struct *work)
{
	struct xen_balloon *b = container_of(to_delayed_work(work),
					     struct xen_balloon, work);
	unsigned long delay_s = balloon_pass(b);

	/* No effect if the work is queued: a wake-up is not delayed. */
	if (delay_s != BALLOON_NEVER)
		queue_delayed_work(b->wq, &b->work, delay_s * HZ);
}

/**
 * balloon_set_new_target() - ask for a new size of the domain
 * @pages: pages that the domain should have
 *
 * The worker follows it within one batch. A target below the floor takes the
 * domain to the floor.
 *
 * Context: Process; takes balloon_memory.lock.
 */
void balloon_set_new_target(unsigned long pages)
{
	struct xen_balloon *b = &xen_balloon;
	struct balloon_schedule was;

	balloon_lock(b);
	trace_xen_balloon_target(b->mem.target_pages, pages, _RET_IP_);
	was = b->mem.schedule;
	b->mem.target_pages = pages;
	b->mem.target_seq++;
	b->mem.add_failure = BALLOON_REASON_NONE;
	balloon_schedule_restart(&b->mem.schedule);
	trace_xen_balloon_state(&was, &b->mem.schedule);
	balloon_unlock(b);

	balloon_wake(b);
}
EXPORT_SYMBOL_GPL(balloon_set_new_target);

/* For the front ends */

/**
 * balloon_snapshot() - a consistent copy of the balloon's numbers
 * @info: result
 *
 * Context: Process; takes balloon_memory.lock.
 */
void balloon_snapshot(struct balloon_info *info)
{
	struct xen_balloon *b = &xen_balloon;

	balloon_lock(b);
	info->current_pages = b->mem.current_pages;
	info->target_pages = b->mem.target_pages;
	info->floor = b->mem.floor;
	info->state = balloon_visible_state(b->mem.schedule.state,
					    b->mem.current_pages,
					    b->mem.target_pages);
	info->reason = balloon_visible_reason(info->state,
					      b->mem.schedule.reason);
	info->tries = b->mem.schedule.count;
	info->booted = b->mem.booted;
	info->target_seq = b->mem.target_seq;
	info->restore_pages = balloon_restore_pages(b);
	info->asked_pages = b->mem.asked_pages + b->config.difference;
	balloon_unlock(b);
}

/**
 * balloon_register_observer() - hear of changes
 * @nb: called with an enum balloon_event and without data; balloon_snapshot() has
 *	the numbers. One pass follows the end of the boot. None of the driver's
 *	locks is held.
 *
 * Context: Process; sleeps.
 */
void balloon_register_observer(struct notifier_block *nb)
{
	blocking_notifier_chain_register(&balloon_observers, nb);
}

/**
 * balloon_unregister_observer() - undo balloon_register_observer()
 * @nb: as registered
 *
 * Context: Process; sleeps.
 */
void balloon_unregister_observer(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&balloon_observers, nb);
}

/**
 * balloon_call_observers() - tell all observers
 * @event: the news
 *
 * Context: Process; sleeps.
 */
void balloon_call_observers(enum balloon_event event)
{
	blocking_notifier_call_chain(&balloon_observers, event, NULL);
}

/**
 * balloon_begin_pod_boot() - this guest is populated on demand
 * @backed: pages that have memory for sure
 *
 * The guest was started with less memory than it sees, and must shrink to that
 * before it touches more, but not below the floor. Until balloon_wait_boot() is
 * done no page is cleared before it leaves. No effect once the boot is over.
 *
 * Context: Process; takes balloon_memory.lock.
 */
void balloon_begin_pod_boot(unsigned long backed)
{
	struct balloon_memory *mem = &xen_balloon.mem;

	balloon_lock(&xen_balloon);
	if (!mem->booted) {
		WRITE_ONCE(mem->pod, true);
		WRITE_ONCE(mem->pod_boot, true);
		mem->floor = min(mem->floor, backed);
	}
	balloon_unlock(&xen_balloon);
}

/* Boot */

/* PV: the pages that the toolstack built, less those that the kernel released. */
static long __init balloon_count_pv_pages(void)
{
	long pages = (long)xen_start_info->nr_pages - (long)xen_released_pages;

	return pages > 0 ? min_t(long, pages, max_pfn) : -ERANGE;
}

/* Others: the pages of their memory map, less the unpopulated ones. */
static long __init balloon_count_mapped_pages(void)
{
	long pages = (long)get_num_physpages() - (long)xen_unpopulated_pages;

	return pages > 0 ? pages : -ERANGE;
}

/*
 * The size of the domain at boot. @extra_counted: whether that includes the
 * extra regions of the memory map, which have no memory behind them.
 */
static long __init balloon_count_boot_pages(bool *extra_counted)
{
	long frames = xen_initial_domain() ? xenmem_current_frames() : -EPERM;

	*extra_counted = false;
	if (frames > 0)
		return frames / XEN_PFN_PER_PAGE;
	if (xen_pv_domain())
		return balloon_count_pv_pages();

	*extra_counted = true;
	return balloon_count_mapped_pages();
}

/* The end of an extra region of the memory map, cut at the limit of mem=. */
static unsigned long __init
balloon_region_end(const struct xen_memory_region *region)
{
	return min(region->start_pfn + region->n_pfns, max_pfn);
}

static unsigned long __init balloon_count_extra_pages(void)
{
	const struct xen_memory_region *region = xen_extra_mem;
	unsigned long nr_pages = 0;
	unsigned int i;

	for (i = 0; i < XEN_EXTRA_MEM_MAX_REGIONS; i++, region++)
		if (region->start_pfn < balloon_region_end(region))
			nr_pages += balloon_region_end(region) -
				    region->start_pfn;
	return nr_pages;
}

static void __init balloon_put_region(struct xen_balloon *b, unsigned long pfn,
				      unsigned long end)
{
	lockdep_assert_held(&b->mem.lock);

	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);
		unsigned int order = 0;

		if (IS_ALIGNED(pfn, SUPERPAGE_PAGES) &&
		    end - pfn >= SUPERPAGE_PAGES)
			order = SUPERPAGE_ORDER;
		balloon_adopt(page, order);
		balloon_list_put(b, page, order);
		pfn += 1UL << order;
	}
}

/* With CONFIG_XEN_UNPOPULATED_ALLOC, @extra is 0. */
static void __init balloon_init_sizes(struct xen_balloon *b,
				      unsigned long total, unsigned long extra)
{
	struct balloon_memory *mem = &b->mem;
	long frames = xenmem_current_frames();
	unsigned int i;

	balloon_lock(b);
	for (i = 0; i < XEN_EXTRA_MEM_MAX_REGIONS; i++)
		balloon_put_region(b, xen_extra_mem[i].start_pfn,
				   balloon_region_end(&xen_extra_mem[i]));
	mem->total_pages = total;
	mem->current_pages = total - extra;
	mem->target_pages = mem->current_pages;
	b->config.boot_pages = mem->current_pages;
	b->batch.max_pages = SUPERPAGE_PAGES;
	b->batch.wmark_pages = mem->current_pages;
	b->config.boot_xen_pages = frames > 0 ? frames / XEN_PFN_PER_PAGE : 0;
	mem->floor = min(balloon_default_floor(total), mem->current_pages);
	balloon_unlock(b);
}

/*
 * Runs after the early initcall of CONFIG_XEN_UNPOPULATED_ALLOC, which takes the
 * extra regions where it is built in; else they go into the page list. Runs
 * before the architecture's core initcalls, which are the first users of
 * ballooned pages. A user that is even earlier runs it by its first call.
 */
static int __init balloon_init_early(void)
{
	struct xen_balloon *b = &xen_balloon;
	long pages, extra = balloon_count_extra_pages();
	struct balloon_batch *batch = &b->batch;
	bool extra_counted;

	BUILD_BUG_ON(SUPERPAGE_ORDER > MAX_PAGE_ORDER);

	/* A crash kernel has what its crashed kernel left, and needs all of it. */
	if (!xen_domain() || is_kdump_kernel())
		return -ENODEV;
	if (batch->frames)
		return 0;
	balloon_extents_init(&b->mem.extents);
	balloon_extents_init(&b->batch.joined);

	pages = balloon_count_boot_pages(&extra_counted);
	if (pages < 0 || (extra_counted && extra >= pages)) {
		pr_err("the memory map has more unpopulated pages than pages\n");
		return -ERANGE;
	}

	batch->pages = kvcalloc(BATCH_EXTENTS, sizeof(*batch->pages),
				GFP_KERNEL);
	batch->frames = kvcalloc(BATCH_EXTENTS, sizeof(*batch->frames),
				 GFP_KERNEL);
	b->aux_wq = alloc_workqueue("xen-balloon-aux", WQ_UNBOUND, 0);
	if (!batch->pages || !batch->frames || !b->aux_wq)
		goto err;

	balloon_init_sizes(b, extra_counted ? pages : pages + extra, extra);
	return 0;

err:
	if (b->aux_wq)
		destroy_workqueue(b->aux_wq);
	b->aux_wq = NULL;
	kvfree(batch->pages);
	kvfree(batch->frames);
	batch->pages = NULL;
	batch->frames = NULL;
	return -ENOMEM;
}
pure_initcall(balloon_init_early);

/**
 * balloon_is_ready() - whether there is a page list
 * @b: balloon
 *
 * On arm64 with ACPI the first caller for unpopulated pages is an early
 * initcall: it runs balloon_init_early(). Hence __ref: later that was run, or
 * never will be.
 *
 * Context: Process.
 * Return: whether unpopulated pages can be had.
 */
bool __ref balloon_is_ready(struct xen_balloon *b)
{
	if (!b->batch.frames && system_state < SYSTEM_FREEING_INITMEM)
		balloon_init_early();
	return b->batch.frames;
}

/**
 * balloon_is_running() - whether there is a worker
 *
 * A front end has nothing to do without a worker.
 *
 * Context: Any, from the front ends' initcalls on.
 * Return: whether the driver has started.
 */
bool balloon_is_running(void)
{
	return xen_balloon.wq;
}

static int __init balloon_init(void)
{
	struct xen_balloon *b = &xen_balloon;
	int rc;

	if (!xen_domain())
		return -ENODEV;
	if (is_kdump_kernel()) {
		pr_info("crash kernel: the size of the domain stays as it is\n");
		return -ENODEV;
	}

	pr_info("Initialising balloon driver\n");
	INIT_DELAYED_WORK(&b->work, balloon_work);
	INIT_WORK(&b->hotplug, balloon_hotplug_work);

	rc = -ENOMEM;
	if (!b->batch.frames)
		goto err;

	/*
	 * More than one item must be able to run: sections may take long to
	 * add, and the worker moves memory meanwhile. No item touches the p2m
	 * while the domain is suspended, so all are frozen.
	 */
	b->wq = alloc_workqueue("xen-balloon", WQ_FREEZABLE | WQ_UNBOUND, 0);
	if (!b->wq)
		goto err;

	rc = balloon_hotplug_init();
	if (rc)
		goto err_wq;

	balloon_wake(b);
	return 0;

err_wq:
	cancel_delayed_work_sync(&b->work);
	destroy_workqueue(b->wq);
	b->wq = NULL;
err:
	pr_err("cannot start, the size of the domain stays as it is: %d\n", rc);
	return rc;
}
subsys_initcall(balloon_init);

/* Panics when @excess pages have not become fewer for boot_timeout. */
static void balloon_check_boot(struct xen_balloon *b, unsigned long excess,
			       unsigned long stuck_s)
{
	if (stuck_s >= b->config.boot_timeout)
		panic("xen:balloon: initial ballooning stuck with %lu KiB to go for %lu s\n",
		      excess << (PAGE_SHIFT - 10), stuck_s);
	if (stuck_s % 10 == 0)
		pr_notice("%lu KiB to go, none in the last %lu s\n",
			  excess << (PAGE_SHIFT - 10), stuck_s);
}

/*
 * A populate-on-demand guest crashes when it touches more memory than backs
 * it, so user space has to wait until it has shrunk.
 */
static int __init balloon_wait_boot(void)
{
	struct xen_balloon *b = &xen_balloon;
	unsigned long excess, end, least = ULONG_MAX, ticks = 0;
	struct balloon_info info;

	for (;;) {
		balloon_snapshot(&info);
		end = max(info.target_pages, info.floor);
		if (!READ_ONCE(b->mem.pod_boot) ||
		    info.current_pages <= end)
			break;
		excess = info.current_pages - end;

		if (least == ULONG_MAX)
			pr_notice("waiting for %lu KiB to be ballooned out before user space starts\n",
				  excess << (PAGE_SHIFT - 10));
		if (excess < least)
			ticks = 0;
		least = min(least, excess);

		schedule_timeout_idle(HZ / 20);
		if (++ticks % 20 == 0) {
			balloon_check_boot(b, excess, ticks / 20);
			/* User space waits for this: sit out no back-off. */
			balloon_wake(b);
		}
	}
	if (least != ULONG_MAX)
		pr_notice("initial ballooning done\n");

	balloon_lock(b);
	b->mem.booted = true;
	WRITE_ONCE(b->mem.pod_boot, false);
	balloon_unlock(b);

	if (balloon_is_running())
		balloon_resume_init(b);
	/* The observers hear of the end of the boot after one more pass. */
	balloon_wake(b);
	return 0;
}
late_initcall_sync(balloon_wait_boot);
