// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What policy.c decides, by table. Runs in a kernel with
 * CONFIG_XEN_BALLOON_KUNIT_TEST.
 */

#include <kunit/test.h>

#include "../policy.h"

#define HUGE_KB	BIT_ULL(60)

struct plan_case {
	struct balloon_view view;
	struct balloon_plan plan;
};

static void check_plans(struct kunit *test, const struct plan_case *cases,
			size_t bytes)
{
	unsigned int i;

	for (i = 0; i < bytes / sizeof(*cases); i++) {
		struct balloon_plan plan = balloon_plan(&cases[i].view);

		KUNIT_EXPECT_EQ_MSG(test, plan.action, cases[i].plan.action,
				    "action of case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, plan.nr_pages, cases[i].plan.nr_pages,
				    "nr_pages of case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, plan.outcome, cases[i].plan.outcome,
				    "outcome of case %u", i);
		if (plan.outcome != BALLOON_STATE_MOVING &&
		    plan.action != BALLOON_ACTION_HOTPLUG)
			KUNIT_EXPECT_EQ_MSG(test, plan.reason,
					    cases[i].plan.reason,
					    "reason of case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, plan.reserve, cases[i].plan.reserve,
				    "reserve of case %u", i);
	}
}

#define CHECK_PLANS(test, cases) check_plans(test, cases, sizeof(cases))

static void given_target_met_plan_does_nothing(struct kunit *test)
{
	static const struct plan_case cases[] = {
		{ { .target = 0 }, { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SETTLED } },
		{ { .target = 100, .current_pages = 100, .ballooned = 50,
		    .available = 50, .batch = 10 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SETTLED } },
		{ { .target = 100, .current_pages = 100,
		    .pressure = BALLOON_PRESSURE_SOME },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SETTLED,
		    BALLOON_REASON_GUEST_PRESSURE } },
		/* A floor above the target does not matter any more. */
		{ { .target = 100, .current_pages = 100, .floor = 200 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SETTLED } },
	};

	CHECK_PLANS(test, cases);
}

static void given_target_above_and_a_balloon_plan_deflates(struct kunit *test)
{
	static const struct plan_case cases[] = {
		/* bound by what is wanted */
		{ { .target = 101, .current_pages = 100, .ballooned = 50,
		    .batch = 10 },
		  { BALLOON_ACTION_DEFLATE, 1, BALLOON_STATE_MOVING } },
		/* by the balloon */
		{ { .target = 200, .current_pages = 100, .ballooned = 50,
		    .batch = 60, .can_hotplug = true },
		  { BALLOON_ACTION_DEFLATE, 50, BALLOON_STATE_MOVING } },
		{ { .target = 200, .current_pages = 100, .ballooned = 1,
		    .batch = 60 },
		  { BALLOON_ACTION_DEFLATE, 1, BALLOON_STATE_MOVING } },
		/* by the batch */
		{ { .target = 200, .current_pages = 100, .ballooned = 50,
		    .batch = 49 },
		  { BALLOON_ACTION_DEFLATE, 49, BALLOON_STATE_MOVING } },
		/* memory of the guest and the floor do not matter */
		{ { .target = 200, .current_pages = 100, .ballooned = 100,
		    .batch = 1000, .available = 0, .floor = 150 },
		  { BALLOON_ACTION_DEFLATE, 100, BALLOON_STATE_MOVING } },
	};

	CHECK_PLANS(test, cases);
}

static void given_an_empty_paging_pool_plan_does_not_grow(struct kunit *test)
{
	static const struct plan_case cases[] = {
		{ { .target = 101, .current_pages = 100, .ballooned = 50,
		    .batch = 10, .pool_empty = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_PAGING_POOL } },
		{ { .target = 101, .current_pages = 100, .can_hotplug = true,
		    .available = 99, .hotplug_unit = 1, .pool_empty = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_PAGING_POOL } },
		/* but shrinks */
		{ { .target = 99, .current_pages = 100, .available = 50,
		    .batch = 10, .pool_empty = true },
		  { BALLOON_ACTION_INFLATE, 1, BALLOON_STATE_MOVING } },
		{ { .target = 100, .current_pages = 100, .pool_empty = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SETTLED } },
	};

	CHECK_PLANS(test, cases);
}

static void given_an_empty_balloon_plan_adds_whole_sections(struct kunit *test)
{
	const unsigned long section = PAGES_PER_SECTION;
	const struct plan_case cases[] = {
		{ { .target = section + 1, .current_pages = section,
		    .total = section, .batch = 10,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, section, BALLOON_STATE_MOVING } },
		{ { .target = 2 * section, .current_pages = section,
		    .total = section,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, section, BALLOON_STATE_MOVING } },
		{ { .target = 2 * section + 1, .current_pages = section,
		    .total = section,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, 2 * section, BALLOON_STATE_MOVING } },
		/* unpopulated pages need struct pages too */
		{ { .target = 2 * section, .current_pages = section,
		    .total = section, .unpopulated = 1,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, 2 * section, BALLOON_STATE_MOVING } },
		/* one request at a time, and not at once after a failure */
		{ { .target = 2 * section, .current_pages = section,
		    .total = section, .adding = true,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_MOVING } },
		{ { .target = 2 * section, .current_pages = section,
		    .total = section,
		    .add_failure = BALLOON_REASON_NO_ADDRESSES,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_NO_ADDRESSES } },
		/* those that were added before have yet to come online */
		{ { .target = section + 5, .current_pages = section,
		    .total = 2 * section,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_WAITING,
		    BALLOON_REASON_OFFLINE_SECTIONS } },
		{ { .target = 2 * section, .current_pages = section,
		    .total = 2 * section,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_WAITING,
		    BALLOON_REASON_OFFLINE_SECTIONS } },
	};

	CHECK_PLANS(test, cases);
}

/* Struct pages are the guest's own memory: here an eighth of it at a time. */
static void given_little_memory_plan_adds_the_sections_that_it_can_pay_for(struct kunit *test)
{
	/* whose struct pages fill 16 pages, of 128 that must be available */
	const unsigned long section = 16 * (PAGE_SIZE / 64), price = 128;
	const struct plan_case cases[] = {
		{ { .target = 100 * section, .current_pages = section,
		    .total = section, .available = price,
		    .hotplug_unit = section, .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, section, BALLOON_STATE_MOVING } },
		{ { .target = 100 * section, .current_pages = section,
		    .total = section, .available = 4 * price - 8,
		    .hotplug_unit = section, .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, 3 * section, BALLOON_STATE_MOVING } },
		{ { .target = 3 * section, .current_pages = section,
		    .total = section, .available = 4 * price,
		    .hotplug_unit = section, .can_hotplug = true },
		  { BALLOON_ACTION_HOTPLUG, 2 * section, BALLOON_STATE_MOVING } },
		{ { .target = 3 * section, .current_pages = section,
		    .total = section, .available = price - 8,
		    .hotplug_unit = section, .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_SECTION_MEMORY } },
		/* struct pages are not worth swapping for */
		{ { .target = 3 * section, .current_pages = section,
		    .total = section, .available = 0, .swappable = 4 * price,
		    .hotplug_unit = section, .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_SECTION_MEMORY } },
	};

	CHECK_PLANS(test, cases);
}

static void given_no_hotplug_plan_clamps_what_is_out_of_reach(struct kunit *test)
{
	static const struct plan_case cases[] = {
		{ { .target = 200, .current_pages = 100 },
		  { BALLOON_ACTION_CLAMP, 100, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_NO_ADDRESSES } },
		{ { .target = 200, .current_pages = 100, .unpopulated = 30 },
		  { BALLOON_ACTION_CLAMP, 130, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_NO_ADDRESSES } },
		/* within reach once the unpopulated pages are back */
		{ { .target = 120, .current_pages = 100, .unpopulated = 30 },
		  { BALLOON_ACTION_CLAMP, 120, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_NO_ADDRESSES } },
	};

	CHECK_PLANS(test, cases);
}

static void given_target_below_plan_inflates_what_can_be_spared(struct kunit *test)
{
	static const struct plan_case cases[] = {
		{ { .target = 99, .current_pages = 100, .available = 50,
		    .batch = 10 },
		  { BALLOON_ACTION_INFLATE, 1, BALLOON_STATE_MOVING } },
		{ { .target = 0, .current_pages = 100, .available = 100,
		    .batch = 100 },
		  { BALLOON_ACTION_INFLATE, 100, BALLOON_STATE_MOVING } },
		/* bound by the batch */
		{ { .target = 0, .current_pages = 100, .available = 50,
		    .batch = 10 },
		  { BALLOON_ACTION_INFLATE, 10, BALLOON_STATE_MOVING } },
		{ { .target = 0, .current_pages = 100, .available = 10,
		    .batch = 10 },
		  { BALLOON_ACTION_INFLATE, 10, BALLOON_STATE_MOVING } },
		/* by what is available: a shortage */
		{ { .target = 0, .current_pages = 100, .available = 9,
		    .batch = 10 },
		  { BALLOON_ACTION_INFLATE, 9, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
		{ { .target = 90, .current_pages = 100, .available = 9,
		    .batch = 100 },
		  { BALLOON_ACTION_INFLATE, 9, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
		{ { .target = 90, .current_pages = 100, .available = 0,
		    .batch = 100 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
	};

	CHECK_PLANS(test, cases);
}

static void given_a_floor_plan_stops_there(struct kunit *test)
{
	static const struct plan_case cases[] = {
		{ { .target = 1, .current_pages = 100, .available = 100,
		    .batch = 100, .floor = 40 },
		  { BALLOON_ACTION_INFLATE, 60, BALLOON_STATE_MOVING } },
		{ { .target = 1, .current_pages = 41, .available = 100,
		    .batch = 100, .floor = 40 },
		  { BALLOON_ACTION_INFLATE, 1, BALLOON_STATE_MOVING } },
		{ { .target = 1, .current_pages = 40, .available = 100,
		    .batch = 100, .floor = 40 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_FLOOR } },
		{ { .target = 1, .current_pages = 39, .available = 100,
		    .batch = 100, .floor = 40 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_FLOOR } },
		/* a target above the floor is met */
		{ { .target = 50, .current_pages = 100, .available = 100,
		    .batch = 100, .floor = 40 },
		  { BALLOON_ACTION_INFLATE, 50, BALLOON_STATE_MOVING } },
	};

	CHECK_PLANS(test, cases);
}

static void given_a_floor_plan_keeps_a_quarter_of_it_available(struct kunit *test)
{
	static const struct plan_case cases[] = {
		{ { .target = 1, .current_pages = 100, .available = 30,
		    .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 20, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY, 10 } },
		{ { .target = 1, .current_pages = 100, .available = 11,
		    .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 1, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY, 10 } },
		{ { .target = 1, .current_pages = 100, .available = 10,
		    .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
		{ { .target = 1, .current_pages = 100, .available = 0,
		    .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
		{ { .target = 1, .current_pages = 100, .available = 10,
		    .swappable = 20, .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 20, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY, 10 } },
		/* a raised floor: a quarter of the default one, which is 50 */
		{ { .target = 1, .current_pages = 100, .available = 33,
		    .batch = 100, .floor = 80, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 20, BALLOON_STATE_MOVING,
		    BALLOON_REASON_NONE, 12 } },
		{ { .target = 1, .current_pages = 100, .available = 22,
		    .batch = 100, .floor = 80, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 10, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY, 12 } },
		/* no floor */
		{ { .target = 1, .current_pages = 100, .available = 30,
		    .batch = 100, .floor = 0, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 30, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
	};

	CHECK_PLANS(test, cases);
}

static void given_up_plan_takes_what_is_free_and_adds_no_section(struct kunit *test)
{
	const unsigned long section = PAGES_PER_SECTION;
	const struct plan_case cases[] = {
		{ { .target = 1, .current_pages = 100, .available = 50, .free = 30,
		    .only_look = true, .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 20, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY, 10 } },
		{ { .target = 1, .current_pages = 100, .available = 50, .free = 10,
		    .only_look = true, .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
		{ { .target = 1, .current_pages = 100, .available = 20, .free = 50,
		    .only_look = true, .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_INFLATE, 10, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY, 10 } },
		/* swapping is no look */
		{ { .target = 1, .current_pages = 100, .available = 5,
		    .swappable = 50, .free = 10, .only_look = true,
		    .batch = 100, .floor = 40, .total = 100 },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_MEMORY } },
		{ { .target = 2 * section, .current_pages = section,
		    .total = section, .batch = 10, .only_look = true,
		    .reason = BALLOON_REASON_SECTION_MEMORY,
		    .available = section, .hotplug_unit = section,
		    .can_hotplug = true },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_STOPPED,
		    BALLOON_REASON_SECTION_MEMORY } },
		{ { .target = 200, .current_pages = 100, .ballooned = 50,
		    .batch = 60, .only_look = true },
		  { BALLOON_ACTION_DEFLATE, 50, BALLOON_STATE_MOVING } },
	};

	CHECK_PLANS(test, cases);
}

static void given_pressure_plan_goes_slowly_or_rests(struct kunit *test)
{
	const struct plan_case cases[] = {
		{ { .target = 1, .current_pages = 4000, .available = 4000,
		    .batch = 4000, .pressure = BALLOON_PRESSURE_ACUTE },
		  { BALLOON_ACTION_NONE, 0, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_PRESSURE } },
		{ { .target = 1, .current_pages = 4000, .available = 4000,
		    .batch = 4000, .pressure = BALLOON_PRESSURE_SOME },
		  { BALLOON_ACTION_INFLATE, SUPERPAGE_PAGES, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_PRESSURE } },
		{ { .target = 3990, .current_pages = 4000, .available = 4000,
		    .batch = 4000, .pressure = BALLOON_PRESSURE_SOME },
		  { BALLOON_ACTION_INFLATE, 10, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_PRESSURE } },
		/* a large guest moves in four minutes, too */
		{ { .target = 1, .current_pages = 1000 * SUPERPAGE_PAGES,
		    .available = 900 * SUPERPAGE_PAGES, .batch = SUPERPAGE_PAGES,
		    .pressure = BALLOON_PRESSURE_SOME },
		  { BALLOON_ACTION_INFLATE, 1000 * SUPERPAGE_PAGES / 256,
		    BALLOON_STATE_SHORT, BALLOON_REASON_GUEST_PRESSURE } },
		{ { .target = 1, .current_pages = 1000 * BATCH_PAGES,
		    .available = 900 * BATCH_PAGES, .batch = SUPERPAGE_PAGES,
		    .pressure = BALLOON_PRESSURE_SOME },
		  { BALLOON_ACTION_INFLATE, BATCH_PAGES, BALLOON_STATE_SHORT,
		    BALLOON_REASON_GUEST_PRESSURE } },
		/* growth is welcome at any time */
		{ { .target = 4000, .current_pages = 1, .ballooned = 4000,
		    .batch = 4000, .pressure = BALLOON_PRESSURE_ACUTE },
		  { BALLOON_ACTION_DEFLATE, 3999, BALLOON_STATE_MOVING } },
	};

	CHECK_PLANS(test, cases);
	KUNIT_EXPECT_EQ(test, balloon_pressure(0, 0, 1000), BALLOON_PRESSURE_ACUTE);
	KUNIT_EXPECT_EQ(test, balloon_pressure(4, 0, 1000), BALLOON_PRESSURE_ACUTE);
	KUNIT_EXPECT_EQ(test, balloon_pressure(5, 0, 1000), BALLOON_PRESSURE_SOME);
	KUNIT_EXPECT_EQ(test, balloon_pressure(59, 0, 1000), BALLOON_PRESSURE_SOME);
	KUNIT_EXPECT_EQ(test, balloon_pressure(60, 0, 1000), BALLOON_PRESSURE_NONE);
	KUNIT_EXPECT_EQ(test, balloon_pressure(BALLOON_NO_OOM, 10, 1000),
			BALLOON_PRESSURE_NONE);
	KUNIT_EXPECT_EQ(test, balloon_pressure(BALLOON_NO_OOM, 11, 1000),
			BALLOON_PRESSURE_SOME);
	KUNIT_EXPECT_EQ(test, balloon_pressure(4, 11, 1000), BALLOON_PRESSURE_ACUTE);
	KUNIT_EXPECT_EQ(test, balloon_pressure(BALLOON_NO_OOM,
					       16 * SZ_1M / PAGE_SIZE, ULONG_MAX),
			BALLOON_PRESSURE_NONE);
	KUNIT_EXPECT_EQ(test, balloon_pressure(BALLOON_NO_OOM,
					       16 * SZ_1M / PAGE_SIZE + 1, ULONG_MAX),
			BALLOON_PRESSURE_SOME);
}

static void given_an_outcome_and_a_size_users_see_a_state(struct kunit *test)
{
	static const struct {
		enum balloon_state outcome;
		unsigned long current_pages;
		const char *name;
	} cases[] = {
		{ BALLOON_STATE_SETTLED, 100, "settled" },
		{ BALLOON_STATE_SETTLED, 99, "moving" },
		{ BALLOON_STATE_MOVING, 100, "settled" },
		{ BALLOON_STATE_STOPPED, 100, "settled" },
		{ BALLOON_STATE_MOVING, 99, "moving" },
		{ BALLOON_STATE_MOVING, 101, "moving" },
		{ BALLOON_STATE_WAITING, 99, "waiting" },
		{ BALLOON_STATE_SHORT, 99, "short" },
		{ BALLOON_STATE_STOPPED, 101, "stopped" },
	};
	enum balloon_state state;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		state = balloon_visible_state(cases[i].outcome,
					      cases[i].current_pages, 100);
		KUNIT_EXPECT_STREQ(test, balloon_state_name(state),
				   cases[i].name);
	}
}

static void given_a_state_users_see_the_reason_or_none(struct kunit *test)
{
	static const struct {
		enum balloon_state state;
		const char *name;
	} cases[] = {
		{ BALLOON_STATE_SETTLED, "none" },
		{ BALLOON_STATE_MOVING, "none" },
		{ BALLOON_STATE_WAITING, "floor" },
		{ BALLOON_STATE_SHORT, "floor" },
		{ BALLOON_STATE_STOPPED, "floor" },
	};
	enum balloon_reason reason;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		reason = balloon_visible_reason(cases[i].state,
						BALLOON_REASON_FLOOR);
		KUNIT_EXPECT_STREQ(test, balloon_reason_name(reason),
				   cases[i].name);
	}

	/* at its target a guest may miss what it gave */
	reason = balloon_visible_reason(BALLOON_STATE_SETTLED,
					BALLOON_REASON_GUEST_PRESSURE);
	KUNIT_EXPECT_EQ(test, reason, BALLOON_REASON_GUEST_PRESSURE);
}

static void each_reason_has_a_word_and_says_what_to_do(struct kunit *test)
{
	static const char *const names[] = {
		"none", "floor", "guest-memory", "guest-pressure",
		"xen-refuses", "hard-limit", "host-memory", "paging-pool",
		"offline-sections", "section-memory", "no-addresses",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_STREQ(test, balloon_reason_name(i), names[i]);
		KUNIT_EXPECT_EQ(test, !balloon_reason_advice(i)[0],
				i == BALLOON_REASON_NONE);
	}
}

static void given_a_refusal_the_counts_tell_its_cost_and_reason(struct kunit *test)
{
	static const struct {
		struct balloon_refusal r;
		unsigned long cost;
		enum balloon_reason reason;
	} cases[] = {
		/* before, after, known, done, extent, limit */
		{ { 100, 100, -1, 0, 1, 100 }, 0, BALLOON_REASON_HARD_LIMIT },
		{ { 101, 101, -1, 0, 1, 100 }, 0, BALLOON_REASON_HARD_LIMIT },
		{ { 99, 99, -1, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { 90, 99, -1, 9, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		/* an extent of several frames */
		{ { 99, 99, 99, 0, 16, 100 }, 0, BALLOON_REASON_HARD_LIMIT },
		{ { 84, 84, 84, 0, 16, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		/* no answer */
		{ { -1, -EPERM, 99, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { 99, -EPERM, 99, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { -1, 100, -1, 0, 1, -EPERM }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { -1, 100, -1, 0, 1, LONG_MAX }, 0,
		  BALLOON_REASON_HOST_MEMORY },
		/* it cost frames: the count before tells */
		{ { 90, 91, -1, 0, 1, 100 }, 1, BALLOON_REASON_PAGING_POOL },
		{ { 90, 95, -1, 4, 1, 100 }, 1, BALLOON_REASON_PAGING_POOL },
		{ { 90, 100, -1, 9, 1, 100 }, 1, BALLOON_REASON_PAGING_POOL },
		{ { 90, 91, 17, 0, 1, 100 }, 1, BALLOON_REASON_PAGING_POOL },
		{ { 90, 90, 89, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		/* part of an extent, and no more than one */
		{ { 90, 93, -1, 0, 16, 999 }, 3, BALLOON_REASON_PAGING_POOL },
		{ { 90, 190, -1, 0, 16, 999 }, 16, BALLOON_REASON_PAGING_POOL },
		{ { 90, 80, -1, 0, 16, 999 }, 0, BALLOON_REASON_HOST_MEMORY },
		/* else the known one, if it fits to the frame */
		{ { -1, 91, 90, 0, 1, 100 }, 1, BALLOON_REASON_PAGING_POOL },
		{ { -1, 106, 90, 0, 16, 999 }, 16, BALLOON_REASON_PAGING_POOL },
		{ { -1, 92, 90, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { -1, 105, 90, 0, 16, 999 }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { -1, 90, 91, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
		{ { -1, 0, -1, 0, 1, 100 }, 0, BALLOON_REASON_HOST_MEMORY },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, balloon_refusal_cost(&cases[i].r),
				    cases[i].cost, "cost of case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, balloon_refusal_reason(&cases[i].r),
				    cases[i].reason, "reason of case %u", i);
	}
}

static void given_a_new_size_the_move_is_over_when_the_worker_rests(struct kunit *test)
{
	static const struct {
		enum balloon_state state;
		unsigned long tries, announced, current_pages;
		bool over;
	} cases[] = {
		{ BALLOON_STATE_SETTLED, 1, 100, 80, true },
		{ BALLOON_STATE_SETTLED, 1, 80, 80, false },
		{ BALLOON_STATE_MOVING, 1, 100, 80, false },
		{ BALLOON_STATE_MOVING, 1, 80, 80, false },
		{ BALLOON_STATE_WAITING, 1, 100, 110, true },
		{ BALLOON_STATE_WAITING, 1, 110, 110, false },
		{ BALLOON_STATE_STOPPED, 1, 100, 80, true },
		{ BALLOON_STATE_STOPPED, 1, 80, 80, false },
		{ BALLOON_STATE_SHORT, 1, 100, 80, false },
		{ BALLOON_STATE_SHORT, 4, 100, 80, false },
		{ BALLOON_STATE_SHORT, 5, 100, 80, true },
		{ BALLOON_STATE_SHORT, 5, 80, 80, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    balloon_is_over(cases[i].state,
						    cases[i].tries,
						    cases[i].announced,
						    cases[i].current_pages),
				    cases[i].over, "case %u", i);
}

static struct balloon_schedule fresh(unsigned long max_delay,
				     unsigned long max_count)
{
	return (struct balloon_schedule) {
		.delay = 1, .max_delay = max_delay,
		.count = 1, .max_count = max_count,
	};
}

static void given_shortages_the_delay_doubles_up_to_its_bound(struct kunit *test)
{
	static const unsigned long delays[] = { 1, 2, 4, 8, 16, 32, 32, 32 };
	struct balloon_schedule s = fresh(32, RETRY_UNLIMITED);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
		KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_SHORT);
		KUNIT_EXPECT_EQ(test, s.delay, delays[i]);
		KUNIT_EXPECT_EQ(test, s.count, i + 2);
		KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
				delays[i]);
	}

	/* a bound that is no power of two */
	s = fresh(3, RETRY_UNLIMITED);
	for (i = 0; i < 3; i++)
		balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
	KUNIT_EXPECT_EQ(test, s.delay, 3);
}

static void given_too_many_tries_the_worker_gives_up_and_looks_rarely(struct kunit *test)
{
	struct balloon_schedule s = fresh(32, 4);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
		KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_SHORT);
	}
	KUNIT_EXPECT_EQ(test, s.count, 4);

	for (i = 0; i < 3; i++) {
		balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
		KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_STOPPED);
		KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
				BALLOON_LOOK_S);
		KUNIT_EXPECT_EQ(test, s.delay, 1);
		KUNIT_EXPECT_EQ(test, s.count, 1);
	}
}

static void given_progress_the_schedule_starts_afresh(struct kunit *test)
{
	struct balloon_schedule s = fresh(32, 4);

	balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
	balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
	KUNIT_EXPECT_EQ(test, s.delay, 2);

	/* a batch that moved something, but not all */
	balloon_schedule_next(&s, BALLOON_STATE_SHORT, true);
	KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_SHORT);
	KUNIT_EXPECT_EQ(test, s.delay, 1);
	KUNIT_EXPECT_EQ(test, s.count, 1);

	balloon_schedule_next(&s, BALLOON_STATE_MOVING, true);
	KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_MOVING);
	KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, true), 0);
	KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
			BALLOON_NEVER);

	/* after giving up, a success is a success */
	s = fresh(32, 1);
	balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
	KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_STOPPED);
	balloon_schedule_next(&s, BALLOON_STATE_MOVING, true);
	KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_MOVING);
}

static void given_a_shortage_a_superpage_is_progress_and_a_page_is_not(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, balloon_is_progress(BALLOON_STATE_SHORT, 0));
	KUNIT_EXPECT_FALSE(test, balloon_is_progress(BALLOON_STATE_SHORT,
						     SUPERPAGE_PAGES - 1));
	KUNIT_EXPECT_TRUE(test, balloon_is_progress(BALLOON_STATE_SHORT,
						    SUPERPAGE_PAGES));
	KUNIT_EXPECT_FALSE(test, balloon_is_progress(BALLOON_STATE_MOVING, 0));
	KUNIT_EXPECT_TRUE(test, balloon_is_progress(BALLOON_STATE_MOVING, 1));
}

static void given_up_the_worker_looks_and_sometimes_tries(struct kunit *test)
{
	struct balloon_schedule s = fresh(32, 1);
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, balloon_schedule_only_look(&s));
	balloon_schedule_next(&s, BALLOON_STATE_SHORT, false);
	for (i = 1; i <= 3 * BALLOON_LOOKS_PER_TRY; i++) {
		KUNIT_EXPECT_EQ(test, balloon_schedule_only_look(&s),
				i % BALLOON_LOOKS_PER_TRY != 0);
		/* with hotplug a pass ends in this state */
		balloon_schedule_next(&s, i & 1 ? BALLOON_STATE_STOPPED :
						  BALLOON_STATE_SHORT, false);
		KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_STOPPED);
	}

	balloon_schedule_restart(&s);
	KUNIT_EXPECT_EQ(test, s.looks, 0);
	KUNIT_EXPECT_FALSE(test, balloon_schedule_only_look(&s));
}

static void given_nothing_to_do_the_worker_sleeps_until_woken(struct kunit *test)
{
	struct balloon_schedule s = fresh(32, 4);

	balloon_schedule_next(&s, BALLOON_STATE_MOVING, false);
	KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
			BALLOON_NEVER);
	balloon_schedule_next(&s, BALLOON_STATE_WAITING, false);
	KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_WAITING);
	KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
			BALLOON_NEVER);
	balloon_schedule_next(&s, BALLOON_STATE_STOPPED, false);
	KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
			BALLOON_LOOK_S);
	s.reason = BALLOON_REASON_FLOOR;
	KUNIT_EXPECT_EQ(test, balloon_schedule_delay_s(&s, false),
			BALLOON_NEVER);
}

static void given_a_restart_delay_and_count_are_one(struct kunit *test)
{
	struct balloon_schedule s = {
		.state = BALLOON_STATE_STOPPED, .delay = 16, .max_delay = 32,
		.count = 4, .max_count = 9,
	};

	balloon_schedule_restart(&s);
	KUNIT_EXPECT_EQ(test, s.state, BALLOON_STATE_MOVING);
	KUNIT_EXPECT_EQ(test, s.delay, 1);
	KUNIT_EXPECT_EQ(test, s.count, 1);
	KUNIT_EXPECT_EQ(test, s.max_delay, 32);
	KUNIT_EXPECT_EQ(test, s.max_count, 9);
}

static void given_how_long_a_batch_took_the_next_one_fits(struct kunit *test)
{
	const struct {
		unsigned long moved;
		s64 us;
		unsigned long pages;
	} cases[] = {
		{ SUPERPAGE_PAGES, BATCH_US, SUPERPAGE_PAGES },
		{ SUPERPAGE_PAGES, BATCH_US / 3, 3 * SUPERPAGE_PAGES },
		{ 4 * SUPERPAGE_PAGES, 2 * BATCH_US, 2 * SUPERPAGE_PAGES },
		/* whole superpages, and one at least */
		{ SUPERPAGE_PAGES, BATCH_US * 2 / 3, SUPERPAGE_PAGES },
		{ SUPERPAGE_PAGES, 2 * BATCH_US, SUPERPAGE_PAGES },
		{ SUPERPAGE_PAGES, 1000 * 1000 * 1000, SUPERPAGE_PAGES },
		{ 0, 1, SUPERPAGE_PAGES },
		{ 0, BATCH_US, SUPERPAGE_PAGES },
		/* bound, also when it took no time, or less */
		{ BATCH_PAGES, 1, BATCH_PAGES },
		{ BATCH_PAGES, 0, BATCH_PAGES },
		{ BATCH_PAGES, -5, BATCH_PAGES },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    balloon_next_batch(cases[i].moved,
						       cases[i].us),
				    cases[i].pages, "case %u", i);
}

static void given_the_guest_grows_so_does_the_default_floor(struct kunit *test)
{
	const unsigned long mib = (1UL << 20) / PAGE_SIZE;

	KUNIT_EXPECT_EQ(test, balloon_default_floor(0), 0);
	KUNIT_EXPECT_EQ(test, balloon_default_floor(64 * mib), 32 * mib);
	KUNIT_EXPECT_EQ(test, balloon_default_floor(256 * mib), 80 * mib);
	KUNIT_EXPECT_EQ(test, balloon_default_floor(1024 * mib), 128 * mib);
	KUNIT_EXPECT_EQ(test, balloon_default_floor(16384 * mib),
			(64 + 1024) * mib);
}

static void given_boot_counts_the_difference_is_what_the_guest_does_not_see(struct kunit *test)
{
	static const struct {
		struct balloon_boot_counts c;
		long difference;
	} cases[] = {
		/* all agree */
		{ { .static_max = 1000, .first_target = 1000, .xen = 1000,
		    .guest = 1000 }, 0 },
		/* firmware and holes */
		{ { .static_max = 1000, .first_target = 1000, .xen = 1000,
		    .guest = 990 }, 10 },
		/* special pages that only Xen counts */
		{ { .static_max = 1000, .first_target = 1000, .xen = 1005,
		    .guest = 1000 }, 5 },
		/* too many to be special pages */
		{ { .static_max = 1000, .first_target = 1000,
		    .xen = 1000 + SZ_2M / PAGE_SIZE, .guest = 1000 },
		  SZ_2M / PAGE_SIZE },
		{ { .static_max = 1000, .first_target = 1000,
		    .xen = 1001 + SZ_2M / PAGE_SIZE, .guest = 1000 }, 0 },
		/* built with a few pages less, as an HVM guest without a display */
		{ { .static_max = 1000, .first_target = 1000, .xen = 995,
		    .guest = 901 }, 94 },
		/* Xen has not populated all */
		{ { .static_max = 1000, .first_target = 1000,
		    .xen = 1000 - SZ_2M / PAGE_SIZE, .guest = 1000 },
		  -(long)(SZ_2M / PAGE_SIZE) },
		{ { .static_max = 1000, .first_target = 1000,
		    .xen = 999 - SZ_2M / PAGE_SIZE, .guest = 1000 }, 0 },
		/* no answer from Xen */
		{ { .static_max = 1000, .first_target = 1000,
		    .xen = (unsigned long)-1, .guest = 990 }, 10 },
		/* video memory */
		{ { .static_max = 1016, .first_target = 1000, .videoram = 16,
		    .xen = 1016, .guest = 1000 }, 0 },
		/* the guest sees more than the toolstack counts */
		{ { .static_max = 1000, .first_target = 1000, .xen = 1000,
		    .guest = 1010 }, -10 },
		/* populate on demand */
		{ { .static_max = 1000, .first_target = 500, .xen = 500,
		    .guest = 990 }, 10 },
		/* the same on HVM: libxl leaves 1 MiB out of the first target */
		{ { .static_max = 1000, .first_target = 500,
		    .xen = 505 + SZ_1M / PAGE_SIZE, .guest = 990 }, 15 },
		/* but not without populate on demand */
		{ { .static_max = 1000, .first_target = 1000,
		    .xen = 1005 + SZ_1M / PAGE_SIZE, .guest = 1000 },
		  5 + SZ_1M / PAGE_SIZE },
		/* all memory, and a first target that was changed meanwhile */
		{ { .static_max = 100000, .first_target = 256, .xen = 100005,
		    .guest = 99990 }, 15 },
		{ { .static_max = 100000, .first_target = 256,
		    .xen = 100005 + SZ_1M / PAGE_SIZE, .guest = 99990 },
		  15 + SZ_1M / PAGE_SIZE },
		{ { .static_max = 100016, .first_target = 256, .videoram = 16,
		    .xen = 100021, .guest = 99990 }, 15 },
		/* the same on demand: Xen's overhead cannot be known */
		{ { .static_max = 100000, .first_target = 256, .xen = 50005,
		    .guest = 99990 }, 10 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    balloon_learn_difference(&cases[i].c),
				    cases[i].difference, "case %u", i);
}

static void given_a_pv_guest_only_the_shim_has_a_limit_below_the_target(struct kunit *test)
{
	/* 512 MiB under Xen 4.17, where no other is said; libxl grants 1 MiB more */
	static const struct {
		const char *what;
		struct balloon_boot_counts c;
		long difference;
	} cases[] = {
		{ "in the shim",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 124891, .hard_limit = 124891, .guest = 124891 }, 6181 },
		{ "in the shim, and the kernel released pages",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 124891, .hard_limit = 124891, .guest = 124800 }, 6272 },
		{ "in the shim of XAPI, which leaves the shim out",
		  { .first_target = 124891, .static_max = 124891,
		    .xen = 124891, .hard_limit = 124891, .guest = 124891 }, 0 },
		{ "plain",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 131072, .hard_limit = 131328, .guest = 131072 }, 0 },
		{ "plain, without a word from Xen",
		  { .first_target = 131072, .static_max = 131072,
		    .guest = 131072 }, 0 },
		{ "plain, without a word from Xen, and pages were released",
		  { .first_target = 131072, .static_max = 131072,
		    .guest = 131000 }, 0 },
		{ "plain, memory < maxmem",
		  { .first_target = 65536, .static_max = 262144,
		    .xen = 65536, .hard_limit = 65792, .guest = 65536 }, 0 },
		{ "plain, hard limit without slack, as XAPI sets it",
		  { .first_target = 65536, .static_max = 262144,
		    .xen = 65536, .hard_limit = 65536, .guest = 65536 }, 0 },
		{ "plain, hard limit without slack, and the kernel left pages out",
		  { .first_target = 65536, .static_max = 262144,
		    .xen = 65536, .hard_limit = 65536, .guest = 65500 }, 0 },
		{ "plain, set larger before the first boot",
		  { .first_target = 131072, .static_max = 262144,
		    .xen = 65536, .hard_limit = 131328, .guest = 65536 }, 0 },
		{ "plain, set smaller before the first boot",
		  { .first_target = 65536, .static_max = 131072,
		    .xen = 131072, .hard_limit = 65792, .guest = 131072 }, 0 },
		{ "plain, set 1 MiB smaller: the limit is the guest's size",
		  { .first_target = 130816, .static_max = 131072,
		    .xen = 131072, .hard_limit = 131072, .guest = 131072 }, 0 },
		{ "plain, set smaller after the first target was read",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 131072, .hard_limit = 65792, .guest = 131072 }, 0 },
		{ "plain, with another maximum: xl mem-max 1g",
		  { .first_target = 131072, .static_max = 262144,
		    .xen = 131072, .hard_limit = 262400, .guest = 131072 }, 0 },
		{ "plain, restored or rebooted above its target",
		  { .first_target = 65536, .static_max = 131072,
		    .xen = 65537, .hard_limit = 65792, .guest = 65537 }, 0 },
		{ "plain, and its kernel released pages",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 130900, .hard_limit = 131328, .guest = 130900 }, 0 },
		{ "plain, a limit below the target, but not its size",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 131000, .hard_limit = 131001, .guest = 131000 }, 0 },
		{ "a guest that counts more than it is asked for",
		  { .first_target = 131072, .static_max = 131072,
		    .xen = 124891, .hard_limit = 124891, .guest = 131073 }, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    balloon_learn_shim_pages(&cases[i].c),
				    cases[i].difference, "%s", cases[i].what);
}

static void given_keys_that_cannot_be_true_they_are_not_believed(struct kunit *test)
{
	const unsigned long gap = SZ_2M / PAGE_SIZE;
	const struct {
		struct balloon_boot_counts c;
		unsigned long static_max, videoram;
	} cases[] = {
		/* these can be */
		{ { .static_max = 9000, .first_target = 9000, .guest = 8990 },
		  9000, 0 },
		{ { .static_max = 9000, .first_target = 8984, .videoram = 16,
		    .guest = 8974 }, 9000, 16 },
		{ { .static_max = 9000, .first_target = 5000, .guest = 8990 },
		  9000, 0 },
		{ { .static_max = 9000, .first_target = 9000,
		    .guest = 9000 + gap }, 9000, 0 },
		{ { .static_max = 9000 + gap, .first_target = 9000, .xen = 9017,
		    .guest = 9000 }, 9000 + gap, 0 },
		{ { .static_max = 99000, .first_target = 9000, .xen = 9017,
		    .guest = 98990 }, 99000, 0 },
		/* a maximum that was raised since the guest was built */
		{ { .static_max = 99000, .first_target = 9000, .xen = 9017,
		    .guest = 8990 }, 9017, 0 },
		{ { .static_max = 9001 + gap, .first_target = 9000, .xen = 9017,
		    .guest = 9000 }, 9017, 0 },
		{ { .static_max = 99016, .first_target = 8984, .videoram = 16,
		    .xen = 9017, .guest = 8974 }, 9017, 16 },
		/* the target as well */
		{ { .static_max = 99000, .first_target = 50000, .xen = 9017,
		    .guest = 8990 }, 9017, 0 },
		{ { .static_max = 99000, .first_target = 5000, .xen = 9017,
		    .guest = 8990 }, 9017, 0 },
		/* Xen does not say with how much */
		{ { .static_max = 99000, .first_target = 9000, .guest = 8990 },
		  99000, 0 },
		{ { .static_max = 99000, .first_target = 9000,
		    .xen = 8991 + gap, .guest = 8990 }, 99000, 0 },
		/* no maximum, or one that is less than what is there */
		{ { .first_target = 9000, .guest = 8990 }, 9000, 0 },
		{ { .first_target = 9000, .guest = 9000 - gap }, 9000, 0 },
		{ { .static_max = 1, .first_target = 9000, .guest = 8990 },
		  9000, 0 },
		{ { .static_max = 8999, .first_target = 9000, .guest = 8990 },
		  9000, 0 },
		{ { .static_max = 9000, .first_target = 9000,
		    .guest = 9001 + gap }, 9001 + gap, 0 },
		/* nor is it told by the first target then */
		{ { .first_target = 5000, .guest = 9000 }, 9000, 0 },
		{ { .first_target = 9001, .guest = 9000 - gap }, 9000 - gap, 0 },
		/* video memory where the guest has its own */
		{ { .static_max = 9000, .first_target = 9000, .videoram = gap,
		    .guest = 9000 }, 9000, gap },
		{ { .static_max = 9000, .first_target = 9000,
		    .videoram = gap + 1, .guest = 9000 }, 9000, 0 },
		{ { .static_max = 9000, .first_target = 9000,
		    .videoram = 18000, .guest = 8990 }, 9000, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct balloon_boot_counts c = cases[i].c;

		balloon_fix_boot_counts(&c);
		KUNIT_EXPECT_EQ_MSG(test, c.static_max, cases[i].static_max,
				    "static_max of case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, c.videoram, cases[i].videoram,
				    "videoram of case %u", i);
	}
}

static void given_a_size_and_a_target_an_image_has_too_many_pages_or_not(struct kunit *test)
{
	const unsigned long slack = SZ_1M / PAGE_SIZE;
	static const unsigned long target = 1000;
	const struct {
		unsigned long image_pages, asked_pages, excess;
	} cases[] = {
		{ target, target, 0 },
		{ target - 1, target, 0 },
		{ 0, target, 0 },
		{ target + slack, target, 0 },
		{ target + slack + 1, target, slack + 1 },
		{ 3 * target, 0, 3 * target },
		{ target, BALLOON_NOT_ASKED, 0 },
		{ ULONG_MAX, BALLOON_NOT_ASKED, 0 },
		{ ULONG_MAX, 0, ULONG_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    balloon_image_excess(cases[i].image_pages,
							 cases[i].asked_pages),
				    cases[i].excess, "case %u", i);
}

static void given_a_target_of_the_toolstack_it_is_converted_or_refused(struct kunit *test)
{
	const u64 page_kb = PAGE_SIZE >> 10;
	const u64 max = balloon_max_target();
	const struct {
		u64 target_kb;
		long difference;
		int rc;
		unsigned long pages;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 100 * page_kb, 0, 0, 100 },
		{ 101 * page_kb - 1, 0, 0, 100 },
		{ 100 * page_kb, 10, 0, 90 },
		{ 100 * page_kb, -10, 0, 110 },
		{ 100 * page_kb, 100, 0, 0 },
		/* to the floor: no more than is hidden */
		{ 100 * page_kb, 101, 0, 0 },
		{ page_kb, 100, 0, 0 },
		{ 0, 1, 0, 0 },
		{ 0, LONG_MAX, 0, 0 },
		{ 0, -10, 0, 10 },
		{ max * page_kb, 0, 0, max },
		{ max * page_kb, 1, 0, max - 1 },
		{ max * page_kb, -1, -ERANGE, 0 },
		{ (max + 1) * page_kb, 0, -ERANGE, 0 },
		{ (max + 1) * page_kb, 1, -ERANGE, 0 },
		{ HUGE_KB, 0, -ERANGE, 0 },
		{ U64_MAX, 0, -ERANGE, 0 },
		{ U64_MAX, LONG_MAX, -ERANGE, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long pages = 4711;
		int rc = balloon_target_from_kb(cases[i].target_kb,
						cases[i].difference, &pages);

		KUNIT_EXPECT_EQ_MSG(test, rc, cases[i].rc, "rc of case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pages,
				    rc ? 4711 : cases[i].pages,
				    "pages of case %u", i);
	}
}

static void the_largest_target_is_the_physical_address_space(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, balloon_max_target(),
			1UL << (MAX_PHYSMEM_BITS - PAGE_SHIFT));
}

static void given_less_memory_than_the_guest_sees_part_of_it_is_backed(struct kunit *test)
{
	/* the largest overhead that is believed, on either side */
	const unsigned long slack = SZ_2M / PAGE_SIZE;
	const struct {
		struct balloon_boot_counts counts;
		unsigned long backed;
	} cases[] = {
		/* all that it sees */
		{ { .static_max = 9000, .first_target = 9000, .xen = 9000,
		    .guest = 8990 }, 8990 },
		{ { .static_max = 9000, .first_target = 8000, .videoram = 1000,
		    .xen = 5000, .guest = 8990 }, 8990 },
		/* its target was changed since it was built */
		{ { .static_max = 9000, .first_target = 5000, .xen = 9000,
		    .guest = 8990 }, 8990 },
		/* on demand: less what it does not see, and what Xen adds */
		{ { .static_max = 9000, .first_target = 5000, .xen = 5000,
		    .guest = 8990 }, 4990 - slack },
		{ { .static_max = 9000, .first_target = 5000,
		    .guest = 8990 }, 4990 - slack },
		{ { .static_max = 9000, .first_target = 10, .xen = 10,
		    .guest = 8990 }, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, balloon_backed_pages(&cases[i].counts),
				    cases[i].backed, "case %u", i);
}

static struct kunit_case balloon_policy_cases[] = {
	KUNIT_CASE(given_target_met_plan_does_nothing),
	KUNIT_CASE(given_target_above_and_a_balloon_plan_deflates),
	KUNIT_CASE(given_an_empty_paging_pool_plan_does_not_grow),
	KUNIT_CASE(given_an_empty_balloon_plan_adds_whole_sections),
	KUNIT_CASE(given_little_memory_plan_adds_the_sections_that_it_can_pay_for),
	KUNIT_CASE(given_no_hotplug_plan_clamps_what_is_out_of_reach),
	KUNIT_CASE(given_target_below_plan_inflates_what_can_be_spared),
	KUNIT_CASE(given_a_floor_plan_stops_there),
	KUNIT_CASE(given_a_floor_plan_keeps_a_quarter_of_it_available),
	KUNIT_CASE(given_up_plan_takes_what_is_free_and_adds_no_section),
	KUNIT_CASE(given_pressure_plan_goes_slowly_or_rests),
	KUNIT_CASE(given_an_outcome_and_a_size_users_see_a_state),
	KUNIT_CASE(given_a_state_users_see_the_reason_or_none),
	KUNIT_CASE(each_reason_has_a_word_and_says_what_to_do),
	KUNIT_CASE(given_a_refusal_the_counts_tell_its_cost_and_reason),
	KUNIT_CASE(given_a_new_size_the_move_is_over_when_the_worker_rests),
	KUNIT_CASE(given_shortages_the_delay_doubles_up_to_its_bound),
	KUNIT_CASE(given_too_many_tries_the_worker_gives_up_and_looks_rarely),
	KUNIT_CASE(given_progress_the_schedule_starts_afresh),
	KUNIT_CASE(given_a_shortage_a_superpage_is_progress_and_a_page_is_not),
	KUNIT_CASE(given_up_the_worker_looks_and_sometimes_tries),
	KUNIT_CASE(given_nothing_to_do_the_worker_sleeps_until_woken),
	KUNIT_CASE(given_a_restart_delay_and_count_are_one),
	KUNIT_CASE(given_how_long_a_batch_took_the_next_one_fits),
	KUNIT_CASE(given_less_memory_than_the_guest_sees_part_of_it_is_backed),
	KUNIT_CASE(given_the_guest_grows_so_does_the_default_floor),
	KUNIT_CASE(given_boot_counts_the_difference_is_what_the_guest_does_not_see),
	KUNIT_CASE(given_a_pv_guest_only_the_shim_has_a_limit_below_the_target),
	KUNIT_CASE(given_keys_that_cannot_be_true_they_are_not_believed),
	KUNIT_CASE(given_a_size_and_a_target_an_image_has_too_many_pages_or_not),
	KUNIT_CASE(given_a_target_of_the_toolstack_it_is_converted_or_refused),
	KUNIT_CASE(the_largest_target_is_the_physical_address_space),
	{}
};

static struct kunit_suite balloon_policy_suite = {
	.name = "xen_balloon_policy",
	.test_cases = balloon_policy_cases,
};

kunit_test_suite(balloon_policy_suite);
