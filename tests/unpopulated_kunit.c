// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Unpopulated pages for other drivers, from the guest's own balloon: all that there
 * are, more than there are, by several callers at once, by one who is
 * interrupted. Under Xen the guest really gives memory away for them and takes
 * it back; without Xen the cases are skipped. Runs in a kernel with
 * CONFIG_XEN_BALLOON_KUNIT_TEST.
 */

#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/initrd.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <xen/balloon.h>
#include <xen/page.h>

#include "../balloon.h"
#include "../guest-memory.h"
#include "../mem-reservation.h"

/* More than a superpage, so that a part of one is left over. */
#define NR_TAKEN		(SUPERPAGE_PAGES + 3)

static struct balloon_stats before;
static unsigned long quarantined_before;
static long xen_excess;		/* what Xen counts more, in its frames */
static struct page **unpopulated;
static unsigned int nr_unpopulated;
static struct list_head hoard = LIST_HEAD_INIT(hoard);

static unsigned long in_list(const struct balloon_stats *stats)
{
	return stats->balloon_low + stats->balloon_high;
}

/* The guest has what it should have, within half a minute. */
static void wait_until_settled(struct kunit *test, struct balloon_stats *stats)
{
	struct balloon_info info;
	unsigned int tries = 0;

	do {
		balloon_snapshot(&info);
		*stats = balloon_stats;
		if (info.state == BALLOON_STATE_SETTLED)
			return;
		schedule_timeout_idle(HZ / 100 ?: 1);
	} while (tries++ < 3000);
	KUNIT_EXPECT_EQ(test, info.current_pages, info.target_pages);
}

static int given_a_guest_that_has_what_it_should_have(struct kunit *test)
{
	nr_unpopulated = 0;
	unpopulated = NULL;
	if (!xen_balloon.batch.frames)
		kunit_skip(test, "this is no Xen domain");

	/* Until then somebody may need all the memory that there is. */
	wait_for_initramfs();
	wait_until_settled(test, &before);
	quarantined_before = xen_balloon.mem.nr_quarantined;
	xen_excess = xenmem_current_frames() -
		     (long)(before.current_pages * XEN_PFN_PER_PAGE);
	unpopulated = kvcalloc(totalram_pages() + in_list(&before) + NR_TAKEN,
			       sizeof(*unpopulated), GFP_KERNEL);
	return unpopulated ? 0 : -ENOMEM;
}

static int alloc_unpopulated(unsigned int nr_pages)
{
	int rc = alloc_xenballooned_pages(nr_pages, unpopulated + nr_unpopulated);

	if (!rc)
		nr_unpopulated += nr_pages;
	return rc;
}

static void free_unpopulated(void)
{
	free_xenballooned_pages(nr_unpopulated, unpopulated);
	nr_unpopulated = 0;
}

/* The driver's count of unpopulated pages, and Xen's of the domain. */
static void expect_unpopulated(struct kunit *test, unsigned long nr_pages)
{
	unsigned long held = before.target_unpopulated + nr_pages;

	KUNIT_EXPECT_EQ(test, balloon_stats.target_unpopulated, held);
	/* The worker may be moving memory. */
	mutex_lock(&xen_balloon.batch.lock);
	KUNIT_EXPECT_EQ(test, xenmem_current_frames() - xen_excess,
			(long)(balloon_stats.current_pages * XEN_PFN_PER_PAGE));
	mutex_unlock(&xen_balloon.batch.lock);
}

static void expect_all_as_before(struct kunit *test)
{
	struct balloon_stats stats;

	wait_until_settled(test, &stats);
	expect_unpopulated(test, 0);
	KUNIT_EXPECT_EQ(test, stats.current_pages,
			before.current_pages);
	KUNIT_EXPECT_EQ(test, xen_balloon.mem.nr_quarantined,
			quarantined_before);
	/* Sections may have been added, and are then in the page list. */
	KUNIT_EXPECT_EQ(test, in_list(&stats) - stats.total_pages,
			in_list(&before) - before.total_pages);
}

/* Memory that only the test has, until @nr_pages are available. */
static void hoard_all_but(unsigned long nr_pages)
{
	struct page *page;

	while (si_mem_available() > (long)(nr_pages + SUPERPAGE_PAGES)) {
		page = alloc_pages(GFP_BALLOON & ~__GFP_RECLAIM, SUPERPAGE_ORDER);
		if (!page)
			break;
		list_add(&page->lru, &hoard);
	}
	while (si_mem_available() > (long)nr_pages) {
		page = alloc_pages(GFP_BALLOON, 0);
		if (!page)
			break;
		/* A single page of its own list is told by its private. */
		set_page_private(page, 1);
		list_add(&page->lru, &hoard);
	}
}

static void end_hoard(void)
{
	struct page *page;

	while (!list_empty(&hoard)) {
		page = list_first_entry(&hoard, struct page, lru);
		list_del(&page->lru);
		if (page_private(page)) {
			set_page_private(page, 0);
			__free_page(page);
		} else {
			__free_pages(page, SUPERPAGE_ORDER);
		}
	}
}

static void given_back(struct kunit *test)
{
	end_hoard();
	if (unpopulated)
		free_unpopulated();
	kvfree(unpopulated);
}

static void given_unpopulated_pages_they_are_counted_and_come_back(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, alloc_unpopulated(NR_TAKEN), 0);
	expect_unpopulated(test, NR_TAKEN);
	for (i = 0; i < NR_TAKEN; i++) {
		KUNIT_EXPECT_FALSE(test, PageOffline(unpopulated[i]));
		KUNIT_EXPECT_FALSE(test, PageHighMem(unpopulated[i]));
		KUNIT_EXPECT_EQ(test, page_count(unpopulated[i]), 1);
	}
	free_unpopulated();
	expect_all_as_before(test);
}

static void given_a_request_larger_than_the_guest_nothing_is_taken(struct kunit *test)
{
	unsigned long nr_pages = before.balloon_low + totalram_pages();

	KUNIT_EXPECT_EQ(test, alloc_unpopulated(nr_pages), -ENOMEM);
	expect_all_as_before(test);
}

static void given_no_pages_are_asked_for_nothing_changes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, alloc_unpopulated(0), 0);
	expect_all_as_before(test);
}

/* What is refused then is refused without a trace. */
static void given_a_guest_whose_memory_is_used_up_all_is_taken_and_no_more(struct kunit *test)
{
	const unsigned long left = min(8 * SUPERPAGE_PAGES, totalram_pages() / 2);
	const unsigned int step = SUPERPAGE_PAGES / 4;
	unsigned int nr_refused = 0;
	struct balloon_info info;
	long available;
	int rc;

	hoard_all_but(left);
	/*
	 * Pages on the lists of processors do not count as available, which
	 * may be thousands, and may do so a moment later: so it is not known
	 * how many can be taken, but that few are available then.
	 */
	do {
		rc = alloc_unpopulated(step);
		nr_refused = rc ? nr_refused + 1 : 0;
		available = si_mem_available();
	} while (!rc || (available >= (long)left / 2 && nr_refused < 100));
	KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
	kunit_info(test, "%u of %lu pages were taken, %ld are still available\n",
		   nr_unpopulated, left, available);
	KUNIT_EXPECT_LT(test, available, (long)left / 2);
	KUNIT_EXPECT_TRUE(test, nr_unpopulated >= step);
	expect_unpopulated(test, nr_unpopulated);
	balloon_snapshot(&info);
	KUNIT_EXPECT_TRUE(test, info.current_pages <
					before.current_pages);

	/* One for more than there can be takes none of it away. */
	KUNIT_EXPECT_EQ(test, alloc_unpopulated(totalram_pages() / 2), -ENOMEM);
	expect_unpopulated(test, nr_unpopulated);

	end_hoard();
	KUNIT_EXPECT_EQ(test, alloc_unpopulated(2 * step), 0);
	expect_unpopulated(test, nr_unpopulated);
	free_unpopulated();
	expect_all_as_before(test);
}

#define NR_CALLERS	4
#define NR_ROUNDS	40
#define MOST_AT_ONCE	16

struct caller {
	struct completion done;
	unsigned int seed;
	unsigned int nr_failed;
	unsigned int nr_shared;
};

static unsigned int draw(struct caller *c, unsigned int below)
{
	c->seed = c->seed * 1103515245 + 12345;
	return (c->seed >> 16) % below;
}

/* Its mark is in each page that it has, so that a page that two have shows. */
static int call_often(void *data)
{
	struct page *pages[MOST_AT_ONCE];
	struct caller *c = data;
	unsigned int round, i, nr;

	for (round = 0; round < NR_ROUNDS; round++) {
		nr = 1 + draw(c, MOST_AT_ONCE);
		if (xen_alloc_ballooned_pages(nr, pages)) {
			c->nr_failed++;
			continue;
		}
		for (i = 0; i < nr; i++)
			pages[i]->lru.prev = data;
		schedule_timeout_idle(draw(c, 2));
		for (i = 0; i < nr; i++)
			if (pages[i]->lru.prev != data)
				c->nr_shared++;
		xen_free_ballooned_pages(nr, pages);
	}
	complete(&c->done);
	return 0;
}

/* With a reference: it may have ended. NULL if there is none. */
static struct task_struct *begin_thread(int (*fn)(void *), void *data)
{
	struct task_struct *task = kthread_create(fn, data, "xen-balloon-test");

	if (IS_ERR(task))
		return NULL;
	get_task_struct(task);
	wake_up_process(task);
	return task;
}

static void given_several_callers_at_once_none_has_the_others_pages(struct kunit *test)
{
	struct task_struct *tasks[NR_CALLERS];
	struct caller callers[NR_CALLERS];
	struct balloon_stats stats;
	unsigned int i;

	for (i = 0; i < NR_CALLERS; i++) {
		callers[i] = (struct caller) { .seed = i };
		init_completion(&callers[i].done);
		tasks[i] = begin_thread(call_often, &callers[i]);
		KUNIT_EXPECT_TRUE(test, tasks[i]);
	}
	/* And the size of the guest changes all the time. */
	for (i = 0; i < 4; i++) {
		balloon_set_new_target(before.target_pages -
				       (i % 2 ? 0 : SUPERPAGE_PAGES));
		wait_until_settled(test, &stats);
	}
	for (i = 0; i < NR_CALLERS; i++) {
		if (!tasks[i])
			continue;
		wait_for_completion(&callers[i].done);
		put_task_struct(tasks[i]);
		KUNIT_EXPECT_EQ(test, callers[i].nr_failed, 0);
		KUNIT_EXPECT_EQ(test, callers[i].nr_shared, 0);
	}
	expect_all_as_before(test);
}

struct waiter {
	struct completion done;
	unsigned int nr_pages;
	int rc;
};

static int call_and_wait(void *data)
{
	struct waiter *w = data;

	allow_signal(SIGINT);
	w->rc = alloc_unpopulated(w->nr_pages);
	complete(&w->done);
	return 0;
}

static void pretend_sections(long nr_pages)
{
	balloon_lock(&xen_balloon);
	xen_balloon.mem.total_pages += nr_pages;
	balloon_unlock(&xen_balloon);
}

/*
 * With hotplug_unpopulated, and sections that never come online: the pages that
 * are asked for have been added, it seems, and are waited for.
 */
static void given_a_caller_that_is_interrupted_while_it_waits_nothing_is_taken(struct kunit *test)
{
	struct waiter w = { .nr_pages = before.balloon_low + 10 };
	int was = xen_balloon.config.hotplug_unpopulated;
	struct task_struct *task;

	init_completion(&w.done);
	pretend_sections(10);
	xen_balloon.config.hotplug_unpopulated = 1;

	task = begin_thread(call_and_wait, &w);
	if (task) {
		/* Until it waits; seen late is soon enough. */
		while (!waitqueue_active(&xen_balloon.arrivals) &&
		       !completion_done(&w.done))
			schedule_timeout_idle(1);
		send_sig(SIGINT, task, 1);
		wait_for_completion(&w.done);
		put_task_struct(task);
	}
	xen_balloon.config.hotplug_unpopulated = was;
	pretend_sections(-10);

	KUNIT_EXPECT_TRUE(test, task);
	KUNIT_EXPECT_EQ(test, w.rc, -ENOMEM);
	expect_all_as_before(test);
}

static struct kunit_case balloon_unpopulated_cases[] = {
	KUNIT_CASE(given_unpopulated_pages_they_are_counted_and_come_back),
	KUNIT_CASE(given_a_request_larger_than_the_guest_nothing_is_taken),
	KUNIT_CASE(given_no_pages_are_asked_for_nothing_changes),
	KUNIT_CASE(given_a_guest_whose_memory_is_used_up_all_is_taken_and_no_more),
	KUNIT_CASE(given_several_callers_at_once_none_has_the_others_pages),
	KUNIT_CASE(given_a_caller_that_is_interrupted_while_it_waits_nothing_is_taken),
	{}
};

static struct kunit_suite balloon_unpopulated_suite = {
	.name = "xen_balloon_unpopulated",
	.init = given_a_guest_that_has_what_it_should_have,
	.exit = given_back,
	.test_cases = balloon_unpopulated_cases,
};

kunit_test_suite(balloon_unpopulated_suite);
