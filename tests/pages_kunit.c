// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The page list of pages.c, with real pages: a superpage of the page allocator's goes
 * in and comes out whole, in single pages, and whole again. The page list is the
 * test's own; the guest's balloon has no part in it. Runs in a kernel with
 * CONFIG_XEN_BALLOON_KUNIT_TEST.
 */

#include <kunit/test.h>

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page-flags.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../guest-memory.h"
#include "../pages.h"

static struct xen_balloon own;
static struct page *superpage;
static struct page *pages[SZ_2M / PAGE_SIZE];

static void put(struct page *page, unsigned int order)
{
	mutex_lock(&own.mem.lock);
	balloon_list_put(&own, page, order);
	mutex_unlock(&own.mem.lock);
}

static void put_all(struct page **from, unsigned int nr_extents)
{
	mutex_lock(&own.mem.lock);
	balloon_list_put_extents(&own, from, nr_extents, 0);
	mutex_unlock(&own.mem.lock);
}

static unsigned int take(unsigned int nr_extents, unsigned int order)
{
	unsigned int nr;

	mutex_lock(&own.mem.lock);
	nr = balloon_list_take_extents(&own, pages, nr_extents, order, false);
	mutex_unlock(&own.mem.lock);
	return nr;
}

static unsigned long in_list(void)
{
	return own.mem.nr_low + own.mem.nr_high;
}

static int given_a_superpage(struct kunit *test)
{
	memset(&own, 0, sizeof(own));
	mutex_init(&own.mem.lock);
	balloon_extents_init(&own.mem.extents);

	superpage = alloc_pages(GFP_BALLOON & ~__GFP_RECLAIM, SUPERPAGE_ORDER);
	if (!superpage)
		return -ENOMEM;
	split_page(superpage, SUPERPAGE_ORDER);
	balloon_mark_offline(superpage, SUPERPAGE_ORDER);
	return 0;
}

/* Whatever became of it: each page goes back, and no count is left behind. */
static void given_back(struct kunit *test)
{
	unsigned int i;

	if (!superpage)
		return;
	while (take(1, SUPERPAGE_ORDER) || take(1, 0))
		;
	balloon_mark_online(superpage, SUPERPAGE_ORDER);
	for (i = 0; i < SUPERPAGE_PAGES; i++)
		__free_page(superpage + i);
	superpage = NULL;
}

static void given_nothing_in_the_list_nothing_is_taken(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, take(1, SUPERPAGE_ORDER), 0);
	KUNIT_EXPECT_EQ(test, take(1, 0), 0);
	KUNIT_EXPECT_EQ(test, in_list(), 0);
}

static void given_a_superpage_in_the_list_it_is_taken_whole(struct kunit *test)
{
	put(superpage, SUPERPAGE_ORDER);
	KUNIT_EXPECT_EQ(test, in_list(), SUPERPAGE_PAGES);

	KUNIT_EXPECT_EQ(test, take(2, SUPERPAGE_ORDER), 1);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], superpage);
	KUNIT_EXPECT_EQ(test, in_list(), 0);
}

static void given_a_block_in_the_list_single_pages_come_from_it_in_order(struct kunit *test)
{
	unsigned int i;

	put(superpage, SUPERPAGE_ORDER);
	KUNIT_EXPECT_EQ(test, take(3, 0), 3);
	KUNIT_EXPECT_EQ(test, in_list(), SUPERPAGE_PAGES - 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i], superpage + i);
	KUNIT_EXPECT_EQ(test, take(1, SUPERPAGE_ORDER), 0);

	KUNIT_EXPECT_EQ(test, take(SUPERPAGE_PAGES, 0), SUPERPAGE_PAGES - 3);
	for (i = 3; i < SUPERPAGE_PAGES; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i - 3], superpage + i);
	KUNIT_EXPECT_EQ(test, in_list(), 0);
}

static void given_single_pages_that_fill_a_superpage_they_join(struct kunit *test)
{
	put(superpage, SUPERPAGE_ORDER);
	KUNIT_EXPECT_EQ(test, take(SUPERPAGE_PAGES, 0), SUPERPAGE_PAGES);

	put_all(pages, SUPERPAGE_PAGES);
	KUNIT_EXPECT_EQ(test, in_list(), SUPERPAGE_PAGES);
	KUNIT_EXPECT_EQ(test, take(1, SUPERPAGE_ORDER), 1);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], superpage);
}

static void given_a_page_too_few_they_stay_single(struct kunit *test)
{
	put(superpage, SUPERPAGE_ORDER);
	KUNIT_EXPECT_EQ(test, take(SUPERPAGE_PAGES, 0), SUPERPAGE_PAGES);

	put_all(pages + 1, SUPERPAGE_PAGES - 1);
	KUNIT_EXPECT_EQ(test, in_list(), SUPERPAGE_PAGES - 1);
	KUNIT_EXPECT_EQ(test, take(1, SUPERPAGE_ORDER), 0);
	KUNIT_EXPECT_EQ(test, take(SUPERPAGE_PAGES, 0), SUPERPAGE_PAGES - 1);
	KUNIT_EXPECT_EQ(test, in_list(), 0);
}

static void given_pages_in_the_list_each_is_offline_with_one_reference(struct kunit *test)
{
	unsigned int i;

	put(superpage, SUPERPAGE_ORDER);
	KUNIT_EXPECT_EQ(test, take(1, 0), 1);
	put(pages[0], 0);
	for (i = 0; i < SUPERPAGE_PAGES; i++) {
		KUNIT_EXPECT_TRUE(test, PageOffline(superpage + i));
		KUNIT_EXPECT_EQ(test, page_count(superpage + i), 1);
	}

	KUNIT_EXPECT_EQ(test, take(SUPERPAGE_PAGES, 0), SUPERPAGE_PAGES);
	balloon_mark_online(superpage, SUPERPAGE_ORDER);
	for (i = 0; i < SUPERPAGE_PAGES; i++)
		KUNIT_EXPECT_FALSE(test, PageOffline(superpage + i));
	balloon_mark_offline(superpage, SUPERPAGE_ORDER);
}

static struct kunit_case balloon_pages_cases[] = {
	KUNIT_CASE(given_nothing_in_the_list_nothing_is_taken),
	KUNIT_CASE(given_a_superpage_in_the_list_it_is_taken_whole),
	KUNIT_CASE(given_a_block_in_the_list_single_pages_come_from_it_in_order),
	KUNIT_CASE(given_single_pages_that_fill_a_superpage_they_join),
	KUNIT_CASE(given_a_page_too_few_they_stay_single),
	KUNIT_CASE(given_pages_in_the_list_each_is_offline_with_one_reference),
	{}
};

static struct kunit_suite balloon_pages_suite = {
	.name = "xen_balloon_pages",
	.init = given_a_superpage,
	.exit = given_back,
	.test_cases = balloon_pages_cases,
};

kunit_test_suite(balloon_pages_suite);
