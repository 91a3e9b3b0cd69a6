/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Inflate and deflate: one batch of extents at a time. */
#ifndef _XEN_BALLOON_INFLATE_H
#define _XEN_BALLOON_INFLATE_H

#include <linux/gfp.h>

#include "pages.h"

/*
 * The guest comes first: no emergency reserves, one light round of reclaim at
 * most, and no message when an allocation fails.
 */
#define GFP_BALLOON	(GFP_HIGHUSER | __GFP_NOMEMALLOC | __GFP_NORETRY | \
			 __GFP_NOWARN)

unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      gfp_t gfp);
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages);
unsigned long balloon_cancel_inflate(struct xen_balloon *b);
unsigned long balloon_available_pages(void);
void balloon_update_watermarks(struct xen_balloon *b, bool moving);

/* Of mm/page_alloc.c, which is built in as we are; declared in mm/internal.h. */
void setup_per_zone_wmarks(void);

#endif	/* _XEN_BALLOON_INFLATE_H */
