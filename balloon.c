// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Xen memory balloon: gives memory of this domain back to Xen and takes it
 * again while the domain runs.
 *
 * A target comes in, one worker compares it with what the domain has and moves
 * memory in batches of extents:
 *
 *   balloon_set_new_target() -> balloon_work() -> balloon_plan()
 *     inflate: page allocator -> xenmem_release()  -> store
 *     deflate: store          -> xenmem_populate() -> page allocator
 *     hotplug: new sections   -> (come online)     -> store
 *
 * Each has a file: policy.c decides, move.c inflates and deflates, hotplug.c
 * adds sections, store.c holds the pages that have no memory behind them,
 * handout.c lends them to other drivers, strays.c keeps memory from being behind
 * them, pressure.c sees to it that the guest comes first, mem-reservation.c
 * talks to Xen. Here are the state, the worker and the boot.
 * Documentation/design.rst tells why.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/list.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <asm/xen/hypervisor.h>

#include <xen/balloon.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "balloon_internal.h"
#include "balloon_trace.h"

struct xen_balloon xen_balloon = {
	.batch_lock = __MUTEX_INITIALIZER(xen_balloon.batch_lock),
	.lock = __MUTEX_INITIALIZER(xen_balloon.lock),
	.blocks = LIST_HEAD_INIT(xen_balloon.blocks),
	.singles = LIST_HEAD_INIT(xen_balloon.singles),
	.fresh = XARRAY_INIT(xen_balloon.fresh, 0),
	.arrivals = __WAIT_QUEUE_HEAD_INITIALIZER(xen_balloon.arrivals),
	.schedule = {
		.delay = 1,
		.max_delay = 32,
		.count = 1,
		.max_count = 4,
	},
	.boot_timeout = 180,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "xen."
module_param_named(balloon_boot_timeout, xen_balloon.boot_timeout, uint, 0444);
module_param_named(balloon_deflate_on_oom, xen_balloon.deflate_on_oom, bool,
		   0444);

struct balloon_stats balloon_stats;
EXPORT_SYMBOL_GPL(balloon_stats);

void balloon_lock(struct xen_balloon *b)
{
	mutex_lock(&b->lock);
}

static void fill_stats(const struct xen_balloon *b, struct balloon_stats *s)
{
	/* Readers of balloon_stats take no lock. */
	WRITE_ONCE(s->current_pages, b->current_pages);
	WRITE_ONCE(s->target_pages, b->target_pages);
	WRITE_ONCE(s->target_unpopulated, b->nr_unpopulated);
	WRITE_ONCE(s->balloon_low, b->nr_low);
	WRITE_ONCE(s->balloon_high, b->nr_high);
	WRITE_ONCE(s->total_pages, b->total_pages);
	WRITE_ONCE(s->schedule_delay, b->schedule.delay);
	WRITE_ONCE(s->max_schedule_delay, b->schedule.max_delay);
	WRITE_ONCE(s->retry_count, b->schedule.count);
	WRITE_ONCE(s->max_retry_count, b->schedule.max_count);
}

void balloon_unlock(struct xen_balloon *b)
{
	fill_stats(b, &balloon_stats);
	mutex_unlock(&b->lock);
}

void balloon_wake(struct xen_balloon *b)
{
	/* Before balloon_init() there is none; its first pass catches up. */
	if (b->wq)
		mod_delayed_work(b->wq, &b->work, 0);
}

/* The worker */

static void clamp_target(struct xen_balloon *b, unsigned long pages)
{
	if (pages == b->target_pages)
		return;

	pr_info_once("target of %lu KiB is out of reach without memory hotplug; taking %lu KiB\n",
		     b->target_pages << (PAGE_SHIFT - 10),
		     pages << (PAGE_SHIFT - 10));
	trace_xen_balloon_target(b->target_pages, pages, _THIS_IP_);
	b->target_pages = pages;
}

/*
 * While populate-on-demand memory must not be touched, but the allocator clears
 * what it hands out, little may be out of it at a time.
 */
static unsigned long batch_pages(const struct xen_balloon *b)
{
	if (b->pod_boot && want_init_on_alloc(GFP_KERNEL))
		return BLOCK_PAGES;
	/* On PV each page of a block is an extent of its own on the way down. */
	return xen_pv_domain() ? min(b->batch, BATCH_EXTENTS) : b->batch;
}

/*
 * What the domain has and should have now. With @batch_lock held nobody else
 * moves memory; the target may change, and pages of the store may be lent,
 * while the plan is carried out.
 */
unsigned long balloon_look(struct xen_balloon *b, struct balloon_view *v)
{
	unsigned long seq;
	time64_t oom_s;

	balloon_lock(b);
	*v = (struct balloon_view) {
		.target = b->target_pages,
		.current_pages = b->current_pages,
		.ballooned = b->nr_low + b->nr_high,
		.unpopulated = b->nr_unpopulated,
		.total = b->total_pages - b->nr_quarantined,
		.floor = b->floor,
		.pod_boot = b->pod_boot,
		.hotplug_unit = balloon_hotplug_unit(),
		.can_hotplug = IS_ENABLED(CONFIG_XEN_BALLOON_MEMORY_HOTPLUG),
	};
	oom_s = b->pod_boot ? 0 : b->oom_s;
	seq = b->target_seq;
	balloon_unlock(b);

	v->available = max(si_mem_available(), 0L);
	if (oom_s)
		v->pressure = balloon_pressure(ktime_get_seconds() - oom_s);
	return seq;
}

static void balloon_work(struct work_struct *work)
{
	struct xen_balloon *b = container_of(to_delayed_work(work),
					     struct xen_balloon, work);
	unsigned long seq, moved = 0, delay_s = BALLOON_NEVER;
	struct balloon_view view;
	struct balloon_plan plan;
	ktime_t start;

	mutex_lock(&b->batch_lock);

	balloon_remove_strays(b);
	start = ktime_get();
	seq = balloon_look(b, &view);
	if (seq != b->pass_seq) {
		/* What was learned on the way to another target. */
		b->blocks_refused = false;
		b->batch = BLOCK_PAGES;
		b->pass_seq = seq;
	}
	view.batch = batch_pages(b);
	plan = balloon_plan(&view);

	switch (plan.action) {
	case BALLOON_SHRINK:
		moved = balloon_inflate(b, plan.nr_pages, GFP_BALLOON);
		if (moved < min(plan.nr_pages, BATCH_EXTENTS))
			plan.outcome = BALLOON_EAGAIN;
		break;
	case BALLOON_GROW:
		moved = balloon_deflate(b, plan.nr_pages);
		if (!moved)
			plan.outcome = BALLOON_EAGAIN;
		break;
	case BALLOON_HOTPLUG:
		plan.outcome = balloon_hotplug(b, plan.nr_pages);
		break;
	case BALLOON_CLAMP:
	case BALLOON_NONE:
		break;
	}
	b->batch = balloon_next_batch(moved, ktime_us_delta(ktime_get(), start));

	balloon_lock(b);
	/* A new target has started afresh, and the worker will run again. */
	if (seq == b->target_seq) {
		enum balloon_state was = b->schedule.state;

		if (plan.action == BALLOON_CLAMP)
			clamp_target(b, plan.nr_pages);
		balloon_schedule_next(&b->schedule, plan.outcome, moved);
		trace_xen_balloon_state(was, &b->schedule);
		delay_s = balloon_schedule_delay_s(&b->schedule, moved);
	}
	balloon_unlock(b);

	mutex_unlock(&b->batch_lock);

	balloon_report();

	/* Not if it is queued already: then somebody woke it meanwhile. */
	if (delay_s != BALLOON_NEVER)
		queue_delayed_work(b->wq, &b->work, delay_s * HZ);
}

/**
 * balloon_set_new_target() - ask for a new size of the domain
 * @pages: pages that the domain should have
 *
 * The worker takes it up at once, whatever it is doing. Below the floor the
 * domain shrinks to the floor.
 *
 * Context: Process.
 */
void balloon_set_new_target(unsigned long pages)
{
	struct xen_balloon *b = &xen_balloon;
	enum balloon_state was;

	balloon_lock(b);
	trace_xen_balloon_target(b->target_pages, pages, _RET_IP_);
	was = b->schedule.state;
	b->target_pages = pages;
	b->target_seq++;
	balloon_schedule_restart(&b->schedule);
	trace_xen_balloon_state(was, &b->schedule);
	balloon_unlock(b);

	balloon_wake(b);
}
EXPORT_SYMBOL_GPL(balloon_set_new_target);

/* For the front end */

/**
 * balloon_snapshot() - the state of one moment
 * @info: result
 *
 * Context: Process.
 */
void balloon_snapshot(struct balloon_info *info)
{
	struct xen_balloon *b = &xen_balloon;

	balloon_lock(b);
	fill_stats(b, &info->stats);
	info->nr_quarantined = b->nr_quarantined;
	info->floor = b->floor;
	info->progress = balloon_progress(b->schedule.state, b->current_pages,
					  b->target_pages);
	info->booted = b->booted;
	info->target_seq = b->target_seq;
	balloon_unlock(b);
}

/**
 * balloon_set_max_schedule_delay() - bound the time between tries
 * @seconds: at least 1
 */
void balloon_set_max_schedule_delay(unsigned long seconds)
{
	balloon_lock(&xen_balloon);
	xen_balloon.schedule.max_delay = seconds;
	xen_balloon.schedule.delay = min(xen_balloon.schedule.delay, seconds);
	balloon_unlock(&xen_balloon);
}

/**
 * balloon_set_max_retry_count() - bound the number of tries
 * @count: tries before giving up, or %RETRY_UNLIMITED
 */
void balloon_set_max_retry_count(unsigned long count)
{
	balloon_lock(&xen_balloon);
	xen_balloon.schedule.max_count = count;
	balloon_unlock(&xen_balloon);
}

/**
 * balloon_set_floor() - change what inflation leaves at least
 * @pages: 0 for no floor
 *
 * Context: Process.
 */
void balloon_set_floor(unsigned long pages)
{
	balloon_lock(&xen_balloon);
	xen_balloon.floor = pages;
	balloon_unlock(&xen_balloon);
	balloon_wake(&xen_balloon);
}

/**
 * balloon_begin_pod_boot() - this guest is populated on demand
 * @backed: pages that have memory for sure
 *
 * It was started with less memory than it sees, and must shrink to that before
 * it touches more, but not below the floor. Until balloon_wait_boot() is done
 * no page is cleared on its way out.
 */
void balloon_begin_pod_boot(unsigned long backed)
{
	balloon_lock(&xen_balloon);
	if (!xen_balloon.booted) {
		WRITE_ONCE(xen_balloon.pod_boot, true);
		xen_balloon.floor = min(xen_balloon.floor, backed);
	}
	balloon_unlock(&xen_balloon);
}

/* Boot */

/* A PV guest has what the toolstack built, less what the kernel let go. */
static long __init count_pv_pages(void)
{
	long pages = (long)xen_start_info->nr_pages - (long)xen_released_pages;

	return pages > 0 ? min_t(long, pages, max_pfn) : -ERANGE;
}

/* Other guests have what their memory map says, less what is set aside. */
static long __init count_mapped_pages(void)
{
	long pages = (long)get_num_physpages() - (long)xen_unpopulated_pages;

	return pages > 0 ? pages : -ERANGE;
}

/*
 * What the domain has at boot. @extra_counted: whether that includes the extra
 * regions of the memory map, which have no memory behind them.
 */
static long __init count_boot_pages(bool *extra_counted)
{
	long frames = xen_initial_domain() ? xenmem_current_frames() : -EPERM;

	*extra_counted = false;
	if (frames > 0)
		return frames / XEN_PFN_PER_PAGE;
	if (xen_pv_domain())
		return count_pv_pages();

	*extra_counted = true;
	return count_mapped_pages();
}

/* The extra regions of the memory map, as far as mem= leaves them. */
static unsigned long __init region_end(const struct xen_memory_region *region)
{
	return min(region->start_pfn + region->n_pfns, max_pfn);
}

static unsigned long __init count_extra_pages(void)
{
	unsigned long nr_pages = 0;
	unsigned int i;

	for (i = 0; i < XEN_EXTRA_MEM_MAX_REGIONS; i++)
		if (xen_extra_mem[i].start_pfn < region_end(&xen_extra_mem[i]))
			nr_pages += region_end(&xen_extra_mem[i]) -
				    xen_extra_mem[i].start_pfn;
	return nr_pages;
}

static void __init store_region(struct xen_balloon *b, unsigned long pfn,
				unsigned long end)
{
	lockdep_assert_held(&b->lock);

	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);
		unsigned int order = 0;

		if (IS_ALIGNED(pfn, BLOCK_PAGES) && end - pfn >= BLOCK_PAGES)
			order = BLOCK_ORDER;
		balloon_adopt(page, order);
		balloon_store_put(b, page, order);
		pfn += 1UL << order;
	}
}

/*
 * The state comes up after the allocator of unpopulated pages, which is an
 * early initcall, and before the first users of ballooned pages, which are core
 * initcalls of the architecture; if one is earlier still, with its first call.
 * Where the allocator is built in it has taken the extra regions, and there is
 * none left; else they go into the store.
 */
static int __init balloon_init_state(void)
{
	struct xen_balloon *b = &xen_balloon;
	long pages, frames, extra = count_extra_pages();
	bool extra_counted;
	unsigned int i;

	BUILD_BUG_ON(BLOCK_ORDER > MAX_PAGE_ORDER);

	if (!xen_domain())
		return -ENODEV;
	if (b->frames)
		return 0;

	pages = count_boot_pages(&extra_counted);
	if (pages < 0 || (extra_counted && extra >= pages)) {
		pr_err("the memory map has more unpopulated pages than pages\n");
		return -ERANGE;
	}

	b->pages = kvcalloc(BATCH_EXTENTS, sizeof(*b->pages), GFP_KERNEL);
	b->frames = kvcalloc(BATCH_EXTENTS, sizeof(*b->frames), GFP_KERNEL);
	if (!b->pages || !b->frames)
		goto err;

	balloon_lock(b);
	for (i = 0; i < XEN_EXTRA_MEM_MAX_REGIONS; i++)
		store_region(b, xen_extra_mem[i].start_pfn,
			     region_end(&xen_extra_mem[i]));
	b->total_pages = extra_counted ? pages : pages + extra;
	b->current_pages = b->total_pages - extra;
	b->target_pages = b->current_pages;
	b->boot_pages = b->current_pages;
	b->batch = BLOCK_PAGES;
	frames = xenmem_current_frames();
	b->boot_xen_pages = frames > 0 ? frames / XEN_PFN_PER_PAGE : 0;
	b->floor = min(balloon_default_floor(b->total_pages), b->current_pages);
	balloon_unlock(b);
	return 0;

err:
	kvfree(b->pages);
	kvfree(b->frames);
	b->pages = NULL;
	b->frames = NULL;
	return -ENOMEM;
}
pure_initcall(balloon_init_state);

/**
 * balloon_is_up() - whether pages can be lent
 * @b: balloon
 *
 * On arm64 with ACPI the first user is an early initcall: it brings up the
 * state. Hence __ref: later there is a state, or there will be none.
 *
 * Return: whether there is a state.
 */
bool __ref balloon_is_up(struct xen_balloon *b)
{
	if (!b->frames && system_state < SYSTEM_FREEING_INITMEM)
		balloon_init_state();
	return b->frames;
}

static int __init balloon_init(void)
{
	struct xen_balloon *b = &xen_balloon;
	int rc;

	if (!xen_domain())
		return -ENODEV;

	pr_info("Initialising balloon driver\n");
	INIT_DELAYED_WORK(&b->work, balloon_work);

	rc = -ENOMEM;
	if (!b->frames)
		goto err;

	/*
	 * Beside the worker, the report waits for xenstore, and may be queued
	 * again meanwhile: that counts, too.
	 */
	b->wq = alloc_workqueue("xen-balloon", WQ_FREEZABLE | WQ_UNBOUND, 0);
	if (!b->wq)
		goto err;

	rc = balloon_hotplug_init(b);
	if (rc)
		goto err_wq;

	rc = balloon_pressure_init();
	if (rc)
		goto err_hotplug;

	rc = xen_balloon_init();
	if (rc)
		goto err_pressure;

	balloon_stats_init(b);
	balloon_wake(b);
	return 0;

err_pressure:
	balloon_pressure_exit();
err_hotplug:
	balloon_hotplug_exit(b);
err_wq:
	cancel_delayed_work_sync(&b->work);
	destroy_workqueue(b->wq);
	b->wq = NULL;
err:
	pr_err("cannot start, the size of the domain stays as it is: %d\n", rc);
	return rc;
}
subsys_initcall(balloon_init);

/* Ends the boot when @excess pages too many have not become fewer for long. */
static void check_boot_progress(struct xen_balloon *b, unsigned long excess,
				unsigned long stuck_s)
{
	if (stuck_s >= b->boot_timeout)
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
		end = max(info.stats.target_pages, info.floor);
		if (!READ_ONCE(b->pod_boot) || info.stats.current_pages <= end)
			break;
		excess = info.stats.current_pages - end;

		if (least == ULONG_MAX)
			pr_notice("waiting for %lu KiB to be ballooned out before user space starts\n",
				  excess << (PAGE_SHIFT - 10));
		if (excess < least)
			ticks = 0;
		least = min(least, excess);

		schedule_timeout_idle(HZ / 20);
		if (++ticks % 20 == 0) {
			check_boot_progress(b, excess, ticks / 20);
			/* Here no back-off saves anything. */
			balloon_wake(b);
		}
	}
	if (least != ULONG_MAX)
		pr_notice("initial ballooning done\n");

	balloon_lock(b);
	b->booted = true;
	WRITE_ONCE(b->pod_boot, false);
	balloon_unlock(b);

	if (b->wq)
		balloon_strays_init(b);
	balloon_report();
	return 0;
}
late_initcall_sync(balloon_wait_boot);
