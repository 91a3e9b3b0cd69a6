/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Xen memory balloon: what other drivers may call and read.
 */
#ifndef _XEN_BALLOON_H
#define _XEN_BALLOON_H

struct page;

/* Value of max_retry_count: never give up. */
#define RETRY_UNLIMITED	0

/**
 * struct balloon_stats - read-only picture of the balloon, in Linux pages
 * @current_pages: size of the domain
 * @target_pages: size that it was last asked to have
 * @target_unpopulated: unpopulated pages that other drivers have
 * @balloon_low: ballooned lowmem pages
 * @balloon_high: ballooned highmem pages
 * @total_pages: pages with a struct page, populated or not
 * @schedule_delay: seconds to the next try after a shortage
 * @max_schedule_delay: upper bound of @schedule_delay
 * @retry_count: number of the current try
 * @max_retry_count: tries before giving up, %RETRY_UNLIMITED for no bound
 *
 * The driver rewrites it each time its own state changes. A reader sees each
 * field whole, but not all of them of the same moment.
 */
struct balloon_stats {
	unsigned long current_pages;
	unsigned long target_pages;
	unsigned long target_unpopulated;
	unsigned long balloon_low;
	unsigned long balloon_high;
	unsigned long total_pages;
	unsigned long schedule_delay;
	unsigned long max_schedule_delay;
	unsigned long retry_count;
	unsigned long max_retry_count;
};

extern struct balloon_stats balloon_stats;

void balloon_set_new_target(unsigned long pages);

int xen_alloc_ballooned_pages(unsigned int nr_pages, struct page **pages);
void xen_free_ballooned_pages(unsigned int nr_pages, struct page **pages);

/* The names of kernels before 5.16; out-of-tree drivers still use them. */
int alloc_xenballooned_pages(int nr_pages, struct page **pages);
void free_xenballooned_pages(int nr_pages, struct page **pages);

#endif	/* _XEN_BALLOON_H */
