/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The driver's locking rules for clang's thread-safety analysis: included
 * before each file of the driver by check-locks.
 */
#include "balloon_internal.h"

#define HOLDS(m)	__attribute__((requires_capability(m)))

void balloon_lock(struct xen_balloon *b)
	__attribute__((acquire_capability(b->lock)));
void balloon_unlock(struct xen_balloon *b)
	__attribute__((release_capability(b->lock)));
void balloon_store_put(struct xen_balloon *b, struct page *page,
		       unsigned int order) HOLDS(b->lock);
void balloon_store_put_all(struct xen_balloon *b, struct page **pages,
			   unsigned int nr_extents, unsigned int order)
	HOLDS(b->lock);
unsigned int balloon_store_take_all(struct xen_balloon *b, struct page **pages,
				    unsigned int nr_extents, unsigned int order,
				    bool lowmem) HOLDS(b->lock);
unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      gfp_t gfp) HOLDS(b->batch_lock);
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages)
	HOLDS(b->batch_lock);

/* Static helpers that rely on their caller. */
static void store_region(struct xen_balloon *b, unsigned long pfn,
			 unsigned long end) HOLDS(b->lock);
static int inflate_for_handout(struct xen_balloon *b, unsigned long nr_pages)
	HOLDS(b->batch_lock);
static bool hotplug_for_handout(struct xen_balloon *b) HOLDS(b->batch_lock);

#ifdef CONFIG_XEN_BALLOON_MEMORY_HOTPLUG
enum balloon_state balloon_hotplug(struct xen_balloon *b,
				   unsigned long nr_pages) HOLDS(b->batch_lock);
#endif
