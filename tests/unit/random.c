// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Any sequence of events, against a small model: what the target is, who has
 * how many unpopulated pages drivers have, and what size the guest must reach once nothing stands
 * in the way. Driven by random numbers (test-random.c) or by a fuzzer.
 */

#include "random.h"

#define NR_CALLERS	4
#define MAX_LENT	(HOST_SUPERPAGE / 2 + 3)

bool host_trace;

static struct {
	struct page *pages[MAX_LENT];
	unsigned int nr;
} callers[NR_CALLERS];

static struct {
	unsigned long target;
	unsigned long missed;		/* target that is to be read again */
	unsigned long missed_seq;	/* of the target in force meanwhile */
	bool missing;
	unsigned long quarantines;	/* provoked */
} model;

static u32 (*draw_one)(bool *stop);
static bool stopped;

static u32 draw(u32 below)
{
	return stopped ? 0 : draw_one(&stopped) % below;
}

static bool one_in(u32 n)
{
	return !draw(n);
}

/* Arguments are evaluated only when tracing. */
#define trace(fmt, ...) do {						\
	if (host_trace)							\
		printf("#   " fmt "\n", ##__VA_ARGS__);			\
} while (0)

/* Events */

static void set_target(void)
{
	unsigned long most = SUPERPAGES(host.cfg.space) + SUPERPAGES(1);
	unsigned long pages = draw(most);
	unsigned int how = draw(6);
	unsigned long hits, seq;
	char text[24];

	if (how == 5)
		pages = xen_balloon.mem.current_pages + draw(64) - 32;
	if (pages > most)
		pages = 0;
	trace("target %lu by %u", pages, how);
	switch (how) {
	case 0:
		snprintf(text, sizeof(text), "%lu\n", pages << PAGE_SHIFT);
		EXPECT(host_sysfs_write("target", text) > 0);
		break;
	case 1:
		snprintf(text, sizeof(text), "%lu",
			 pages << (PAGE_SHIFT - 10));
		EXPECT(host_sysfs_write("target_kb", text) > 0);
		break;
	case 2:
		/* It would be read when work goes on. */
		if (host.frozen || (long)pages + host_difference() < 0)
			return;
		snprintf(text, sizeof(text), "%lu",
			 (pages + host_difference()) << (PAGE_SHIFT - 10));
		hits = host.inject.hits;
		seq = xen_balloon.mem.target_seq;
		host_set_xenstore_target(text);
		/* Or what failed was to tell how far the guest has come. */
		if (host.inject.hits == hits || xen_balloon.mem.target_seq != seq)
			break;
		model.missed = pages;
		model.missed_seq = seq;
		model.missing = true;
		return;
	case 3:
		host_sysfs_write("target", "garbage");
		host_set_xenstore_target("-1");
		host_sysfs_write("max_schedule_delay", "0");
		pages = model.target;
		break;
	default:
		balloon_set_new_target(pages);
	}
	model.target = pages;
	model.missing = false;
}

/* It is, unless a newer one has come. */
static void read_again(void)
{
	if (!model.missing || xen_balloon.mem.target_seq == model.missed_seq)
		return;
	model.target = model.missed;
	model.missing = false;
}

static void alloc_unpopulated(void)
{
	unsigned int c = draw(NR_CALLERS), nr = draw(MAX_LENT) + 1, i;
	int rc;

	if (callers[c].nr)
		return;
	rc = xen_alloc_ballooned_pages(nr, callers[c].pages);
	trace("%u pages to caller %u: %d", nr, c, rc);
	if (rc)
		return;
	callers[c].nr = nr;
	for (i = 0; i < nr; i++) {
		if (PageHighMem(callers[c].pages[i]))
			host_violation("a driver gets a highmem page");
		host_note_unpopulated(callers[c].pages[i], true);
	}
}

static void take_back(unsigned int c)
{
	unsigned int i;

	trace("%u from %u", callers[c].nr, c);
	for (i = 0; i < callers[c].nr; i++)
		host_note_unpopulated(callers[c].pages[i], false);
	if (callers[c].nr)
		xen_free_ballooned_pages(callers[c].nr, callers[c].pages);
	callers[c].nr = 0;
}

static int online_or_signal(void)
{
	host_check_lockless();
	return host_online() && !one_in(4) ? 0 : -512;
}

static unsigned int allocs_before_oom;

static void oom_at_alloc(void)
{
	if (allocs_before_oom && !--allocs_before_oom)
		host_oom();
}

static void pressure(void)
{
	unsigned long nr = draw(SUPERPAGES(2));

	switch (draw(6)) {
	case 4:
		trace("out of memory: %lu came back", host_oom());
		break;
	case 5:
		allocs_before_oom = draw(100);
		trace("out of memory in %u allocations", allocs_before_oom);
		break;
	case 0:
		nr = host_user_alloc(nr);
		trace("used %lu", nr);
		break;
	case 1:
		host_user_to_cache(nr);
		break;
	default:
		host_user_free(nr);
	}
}

static void host_memory(void)
{
	switch (draw(6)) {
	case 0:
		host.hard_limit = host.tot_frames + draw(4 * 512);
		trace("hard limit %lu", host.hard_limit);
		break;
	case 1:
		host.hard_limit = ULONG_MAX;
		break;
	case 2:
		host.host_no_superpages = draw(2);
		break;
	case 3:
		host_others_take(draw(8 * 512), draw(2));
		break;
	case 4:
		host_others_give();
		break;
	case 5:
		host_others_give_all();
		break;
	}
}

/* Frozen, saved, and restored here or elsewhere with a target of its own. */
static void suspend_and_resume(void)
{
	unsigned long kb, repopulated;
	char text[24];

	host.frozen = true;
	if (one_in(2))
		set_target();
	host_advance(draw(70));
	host_check();
	trace("resumed");
	if (!host.cfg.pv && !host.cfg.initial && !host.refuse_decrease &&
	    one_in(2)) {
		host.stop_after_frames = -1;
		repopulated = host_repopulate(draw(4) + 1, draw(2000));
		trace("%lu repopulated", repopulated);
	}
	host_resume_elsewhere();
	host.max_order = one_in(4) ? 8 : 9;
	/* The watch fires when xenstore is connected again. */
	model.target = draw(SUPERPAGES(host.cfg.space));
	kb = (model.target + host_difference()) << (PAGE_SHIFT - 10);
	if ((long)model.target + host_difference() < 0)
		kb = 0, model.target = -host_difference();
	snprintf(text, sizeof(text), "%lu", kb);
	host.inject.armed = false;
	model.missing = false;
	/* and is heeded when work goes on. */
	host.frozen = false;
	host_set_xenstore_target(text);
	host_run();
}

static void trouble(void)
{
	switch (draw(6)) {
	case 0:
		host.refuse_decrease = draw(2);
		break;
	case 1:
		/* Each loses a superpage for good. */
		if (model.quarantines > 2 || host.cfg.pv)
			break;
		trace("a decrease stops midway");
		model.quarantines++;
		host.stop_after_frames = draw(1024);
		break;
	case 2:
		host.no_superpages = draw(2);
		break;
	case 3:
		host.scatter = draw(2);
		break;
	case 4:
		host.frozen = draw(2);
		trace("frozen %d", host.frozen);
		break;
	case 5:
		suspend_and_resume();
		break;
	}
}

static void tune(void)
{
	char text[24];

	switch (draw(6)) {
	case 0:
		host.allow_unscrubbed = true;
		host_sysfs_write("scrub_pages", draw(2) ? "1" : "0");
		host.allow_unscrubbed = !xen_scrub_pages;
		break;
	case 1:
		snprintf(text, sizeof(text), "%lu",
			 (unsigned long)draw(SUPERPAGES(4)) << (PAGE_SHIFT - 10));
		host_sysfs_write("floor_kb", text);
		break;
	case 2:
		snprintf(text, sizeof(text), "%u", draw(64) + 1);
		host_sysfs_write("max_schedule_delay", text);
		break;
	case 3:
		snprintf(text, sizeof(text), "%u", draw(8));
		host_sysfs_write("max_retry_count", text);
		break;
	case 4:
		xen_balloon.config.hotplug_unpopulated = draw(2);
		break;
	case 5:
		host_sysfs_write("deflate_on_oom", draw(2) ? "1" : "0");
		break;
	}
}

/* What the guest must come to, from what it is now. */
static unsigned long goal(void)
{
	const struct xen_balloon *b = &xen_balloon;
	unsigned long usable = b->mem.total_pages - b->mem.nr_quarantined;
	unsigned long wanted = model.target + b->mem.nr_unpopulated;
	unsigned long now = b->mem.current_pages;

	if (model.target <= now)
		return max(model.target, min(now, max(b->mem.floor, host.reserve + b->mem.floor / 4)));
	if (wanted <= usable)
		return model.target;
	if (HOST_HAS_HOTPLUG)
		usable += round_down(SUPERPAGES(host.cfg.space) - host.sections_end,
				     PAGES_PER_SECTION);
	return min(model.target, usable - b->mem.nr_unpopulated);
}

/* Nothing stands in the way any more. */
static void calm(void)
{
	unsigned long expected;
	unsigned int i;

	allocs_before_oom = 0;
	host.hard_limit = ULONG_MAX;
	host.host_no_superpages = host.no_superpages = host.refuse_decrease = false;
	host.frozen = false;
	host.stop_after_frames = -1;
	host_others_give_all();
	host_user_free(ULONG_MAX);
	while (host_online())
		;
	/* The target is read once more in a second. */
	if (model.missing)
		host_advance(2);
	read_again();
	/* What waits for a signal is woken by time. */
	expected = goal();
	/* Where the address space ends sections come in several steps. */
	for (i = 0; i < 5; i++) {
		host_advance(BALLOON_LOOK_S * BALLOON_LOOKS_PER_TRY + 10);
		while (host_online())
			;
	}
	host_advance(BALLOON_LOOK_S * BALLOON_LOOKS_PER_TRY + 10);
	trace("calm: %lu", expected);
	if (xen_balloon.mem.current_pages < model.target &&
	    xen_balloon.mem.nr_low + xen_balloon.mem.nr_high &&
	    host_next_due_s() == ULONG_MAX)
		host_violation("%lu pages are in the balloon and %lu are missing, but the worker sleeps",
			       xen_balloon.mem.nr_low + xen_balloon.mem.nr_high,
			       model.target - xen_balloon.mem.current_pages);
	/* Nobody adds sections for unpopulated pages; any event does. */
	balloon_wake(&xen_balloon);
	host_run();
	while (host_online())
		;
	host_run();
	if (xen_balloon.mem.current_pages != expected)
		host_violation("with nothing in the way the guest has %lu pages, not %lu (target %lu, balloon %lu+%lu, unpopulated %lu, quarantined %lu, total %lu, state %u, next pass in %ld s)",
			       xen_balloon.mem.current_pages, expected,
			       model.target, xen_balloon.mem.nr_low,
			       xen_balloon.mem.nr_high, xen_balloon.mem.nr_unpopulated,
			       xen_balloon.mem.nr_quarantined,
			       xen_balloon.mem.total_pages,
			       xen_balloon.mem.schedule.state,
			       (long)host_next_due_s());
	if (host_next_due_s() != ULONG_MAX && !xen_balloon.batch.tight &&
	    !xen_balloon.mem.schedule.reason && xen_balloon.mem.current_pages == model.target)
		host_violation("the target is met, but a timer is set");
}

static void check_model(void)
{
	unsigned long unpopulated = 0;
	unsigned int i;

	for (i = 0; i < NR_CALLERS; i++)
		unpopulated += callers[i].nr;
	if (xen_balloon.mem.nr_unpopulated != unpopulated)
		host_violation("the model has %lu unpopulated pages, the driver %lu", unpopulated,
			       xen_balloon.mem.nr_unpopulated);
	read_again();
	/* Without hotplug a target out of reach is lowered. */
	if (!HOST_HAS_HOTPLUG && xen_balloon.mem.target_pages < model.target &&
	    xen_balloon.mem.target_pages >= xen_balloon.mem.current_pages)
		model.target = xen_balloon.mem.target_pages;
	if (xen_balloon.mem.target_pages != model.target)
		host_violation("the target is %lu, not %lu",
			       xen_balloon.mem.target_pages, model.target);
}

static void step(void)
{
	unsigned int kind = draw(64);

	if (one_in(40))
		host.inject = (struct host_inject) {
			.armed = true, .at = draw(80) + 1,
			.forever = one_in(4),
		};
	if (kind < 12)
		set_target();
	else if (kind < 28)
		host_run();
	else if (kind < 33)
		host_advance(draw(70));
	else if (kind < 38)
		alloc_unpopulated();
	else if (kind < 43)
		take_back(draw(NR_CALLERS));
	else if (kind < 45)
		host_online();
	else if (kind < 47)
		host_offline();
	else if (kind < 54)
		pressure();
	else if (kind < 57)
		host_memory();
	else if (kind < 60)
		trouble();
	else if (kind < 63)
		tune();
	else if (one_in(4)) {
		host.inject.armed = false;
		calm();
	}
	if (host.inject.armed && host.inject.hits)
		trace("failed: %s", host.inject.what);
	host.inject.armed = false;
	host_check();
	check_model();
}

unsigned long host_live(unsigned int kind, u32 (*draw_from)(bool *stop))
{
	struct host_config cfg = {
		.pv = HOST_HAS_PV && kind & 1,
		.initial = kind & 2,
		.ram = 5, .extra = kind & 4 ? 1 : 0, .space = 10,
		.low = kind & 8 ? 3 : 0,
		.host_free = 12, .reserve = 4,
		.offline_sections = kind & 16,
		.pod_cache = kind & 32 && !(kind & 3) ? 3 : 0,
		.seed = kind + 1,
	};
	char text[24];
	unsigned long steps = 0;
	unsigned int i;

	draw_one = draw_from;
	stopped = false;
	memset(&model, 0, sizeof(model));
	memset(callers, 0, sizeof(callers));
	host_start(&cfg);
	if (kind & 64)
		host.max_order = 8;
	host.on_wait = online_or_signal;
	host.on_alloc = oom_at_alloc;
	allocs_before_oom = 0;
	host_xenstore("target", cfg.pod_cache ? "6144" : "10240");
	host_xenstore("static-max", "10240");
	if (host_init_driver())
		host_violation("the driver does not start");
	host_wait_boot();
	host_check();
	snprintf(text, sizeof(text), "%lu", 2048UL);
	host_sysfs_write("floor_kb", text);
	model.target = xen_balloon.mem.target_pages;

	for (; !stopped; steps++)
		step();
	for (i = 0; i < NR_CALLERS; i++)
		take_back(i);
	host_check();
	calm();
	host_check();
	return steps;
}
