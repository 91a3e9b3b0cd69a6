// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The store of store.c, with real pages: a block of the page allocator's goes
 * in and comes out whole, in single pages, and whole again. The store is the
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

#include "balloon_internal.h"

static struct xen_balloon own;
static struct page *block;
static struct page *pages[SZ_2M / PAGE_SIZE];

static void put(struct page *page, unsigned int order)
{
	mutex_lock(&own.lock);
	balloon_store_put(&own, page, order);
	mutex_unlock(&own.lock);
}

static void put_all(struct page **from, unsigned int nr_extents)
{
	mutex_lock(&own.lock);
	balloon_store_put_all(&own, from, nr_extents, 0);
	mutex_unlock(&own.lock);
}

static unsigned int take(unsigned int nr_extents, unsigned int order)
{
	unsigned int nr;

	mutex_lock(&own.lock);
	nr = balloon_store_take_all(&own, pages, nr_extents, order, false);
	mutex_unlock(&own.lock);
	return nr;
}

static unsigned long stored(void)
{
	return own.nr_low + own.nr_high;
}

static int given_a_block(struct kunit *test)
{
	memset(&own, 0, sizeof(own));
	mutex_init(&own.lock);
	INIT_LIST_HEAD(&own.blocks);
	INIT_LIST_HEAD(&own.singles);

	block = alloc_pages(GFP_BALLOON & ~__GFP_RECLAIM, BLOCK_ORDER);
	if (!block)
		return -ENOMEM;
	split_page(block, BLOCK_ORDER);
	balloon_mark_offline(block, BLOCK_ORDER);
	return 0;
}

/* Whatever became of it: each page goes back, and no count is left behind. */
static void given_back(struct kunit *test)
{
	unsigned int i;

	if (!block)
		return;
	while (take(1, BLOCK_ORDER) || take(1, 0))
		;
	balloon_mark_online(block, BLOCK_ORDER);
	for (i = 0; i < BLOCK_PAGES; i++)
		__free_pages(block + i, 0);
	block = NULL;
}

static void given_nothing_in_the_store_nothing_is_taken(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, take(1, BLOCK_ORDER), 0);
	KUNIT_EXPECT_EQ(test, take(1, 0), 0);
	KUNIT_EXPECT_EQ(test, stored(), 0);
}

static void given_a_block_in_the_store_it_is_taken_whole(struct kunit *test)
{
	put(block, BLOCK_ORDER);
	KUNIT_EXPECT_EQ(test, stored(), BLOCK_PAGES);

	KUNIT_EXPECT_EQ(test, take(2, BLOCK_ORDER), 1);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], block);
	KUNIT_EXPECT_EQ(test, stored(), 0);
}

static void given_a_block_in_the_store_single_pages_come_from_it_in_order(struct kunit *test)
{
	unsigned int i;

	put(block, BLOCK_ORDER);
	KUNIT_EXPECT_EQ(test, take(3, 0), 3);
	KUNIT_EXPECT_EQ(test, stored(), BLOCK_PAGES - 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i], block + i);
	KUNIT_EXPECT_EQ(test, take(1, BLOCK_ORDER), 0);

	KUNIT_EXPECT_EQ(test, take(BLOCK_PAGES, 0), BLOCK_PAGES - 3);
	for (i = 3; i < BLOCK_PAGES; i++)
		KUNIT_EXPECT_PTR_EQ(test, pages[i - 3], block + i);
	KUNIT_EXPECT_EQ(test, stored(), 0);
}

static void given_single_pages_that_fill_a_block_they_join(struct kunit *test)
{
	put(block, BLOCK_ORDER);
	KUNIT_EXPECT_EQ(test, take(BLOCK_PAGES, 0), BLOCK_PAGES);

	put_all(pages, BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, stored(), BLOCK_PAGES);
	KUNIT_EXPECT_EQ(test, take(1, BLOCK_ORDER), 1);
	KUNIT_EXPECT_PTR_EQ(test, pages[0], block);
}

static void given_a_page_too_few_they_stay_single(struct kunit *test)
{
	put(block, BLOCK_ORDER);
	KUNIT_EXPECT_EQ(test, take(BLOCK_PAGES, 0), BLOCK_PAGES);

	put_all(pages + 1, BLOCK_PAGES - 1);
	KUNIT_EXPECT_EQ(test, stored(), BLOCK_PAGES - 1);
	KUNIT_EXPECT_EQ(test, take(1, BLOCK_ORDER), 0);
	KUNIT_EXPECT_EQ(test, take(BLOCK_PAGES, 0), BLOCK_PAGES - 1);
	KUNIT_EXPECT_EQ(test, stored(), 0);
}

static void given_pages_in_the_store_each_is_offline_with_one_reference(struct kunit *test)
{
	unsigned int i;

	put(block, BLOCK_ORDER);
	KUNIT_EXPECT_EQ(test, take(1, 0), 1);
	put(pages[0], 0);
	for (i = 0; i < BLOCK_PAGES; i++) {
		KUNIT_EXPECT_TRUE(test, PageOffline(block + i));
		KUNIT_EXPECT_EQ(test, page_count(block + i), 1);
	}

	KUNIT_EXPECT_EQ(test, take(BLOCK_PAGES, 0), BLOCK_PAGES);
	balloon_mark_online(block, BLOCK_ORDER);
	for (i = 0; i < BLOCK_PAGES; i++)
		KUNIT_EXPECT_FALSE(test, PageOffline(block + i));
	balloon_mark_offline(block, BLOCK_ORDER);
}

static struct kunit_case balloon_store_cases[] = {
	KUNIT_CASE(given_nothing_in_the_store_nothing_is_taken),
	KUNIT_CASE(given_a_block_in_the_store_it_is_taken_whole),
	KUNIT_CASE(given_a_block_in_the_store_single_pages_come_from_it_in_order),
	KUNIT_CASE(given_single_pages_that_fill_a_block_they_join),
	KUNIT_CASE(given_a_page_too_few_they_stay_single),
	KUNIT_CASE(given_pages_in_the_store_each_is_offline_with_one_reference),
	{}
};

static struct kunit_suite balloon_store_suite = {
	.name = "xen_balloon_store",
	.init = given_a_block,
	.exit = given_back,
	.test_cases = balloon_store_cases,
};

kunit_test_suite(balloon_store_suite);
