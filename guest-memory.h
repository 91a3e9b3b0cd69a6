/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The guest's own memory: what it can spare, and what inflation keeps for it. */
#ifndef _XEN_BALLOON_GUEST_MEMORY_H
#define _XEN_BALLOON_GUEST_MEMORY_H

#include <linux/gfp.h>

#include "pages.h"

/*
 * The guest comes first: no emergency reserves, one light round of reclaim at
 * most, and no message when an allocation fails.
 */
#define GFP_BALLOON	(GFP_HIGHUSER | __GFP_NOMEMALLOC | __GFP_NORETRY | \
			 __GFP_NOWARN)

/* Single pages that one call of the allocator hands over. */
#define BULK		64U

unsigned long balloon_available_pages(void);
unsigned long balloon_swappable_pages(void);
unsigned long balloon_free_pages(void);
unsigned long balloon_refault_rate(struct xen_balloon *b);
bool balloon_fill_reserve(struct xen_balloon *b, unsigned long reserve,
			  unsigned long nr_pages);
unsigned long balloon_drop_reserve(struct xen_balloon *b);
void balloon_update_watermarks(struct xen_balloon *b, bool moving);

/* Of mm/page_alloc.c, which is built in as we are; declared in mm/internal.h. */
void setup_per_zone_wmarks(void);

#endif	/* _XEN_BALLOON_GUEST_MEMORY_H */
