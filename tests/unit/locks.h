/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The driver's locking rules for clang's thread-safety analysis: included
 * before each file of the driver by check-locks.
 */
#include "balloon.h"
#include "hotplug.h"
#include "inflate.h"

#define HOLDS(m)	__attribute__((requires_capability(m)))
#define NOT_UNDER(m)	__attribute__((locks_excluded(m)))

void balloon_lock(struct xen_balloon *b)
	__attribute__((acquire_capability(b->mem.lock)));
void balloon_unlock(struct xen_balloon *b)
	__attribute__((release_capability(b->mem.lock)));
void balloon_list_put(struct xen_balloon *b, struct page *page,
		       unsigned int order) HOLDS(b->mem.lock);
void balloon_list_put_extents(struct xen_balloon *b, struct page **pages,
			   unsigned int nr_extents, unsigned int order)
	HOLDS(b->mem.lock);
unsigned int balloon_list_take_extents(struct xen_balloon *b, struct page **pages,
				    unsigned int nr_extents, unsigned int order,
				    bool lowmem) HOLDS(b->mem.lock);
unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      unsigned long reserve, gfp_t gfp) HOLDS(b->batch.lock);
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages)
	HOLDS(b->batch.lock);

/* Static helpers that rely on their caller. */
static void balloon_put_region(struct xen_balloon *b, unsigned long pfn,
			       unsigned long end) HOLDS(b->mem.lock);
void balloon_add_sections(struct xen_balloon *b, unsigned long nr_pages)
	HOLDS(b->batch.lock);
static unsigned long balloon_act_inflate(struct xen_balloon *b,
					 struct balloon_plan *plan)
	HOLDS(b->batch.lock);
static unsigned long balloon_act(struct xen_balloon *b,
				 struct balloon_plan *plan) HOLDS(b->batch.lock);
static int balloon_inflate_for_caller(struct xen_balloon *b,
				      unsigned long nr_pages)
	HOLDS(b->batch.lock);
static bool balloon_hotplug_for_caller(struct xen_balloon *b,
				       unsigned long nr_failures)
	HOLDS(b->batch.lock);
static int balloon_refill_list(struct xen_balloon *b, unsigned long nr_pages,
			       unsigned long nr_failures) HOLDS(b->batch.lock);
void balloon_release_repopulated(struct xen_balloon *b) HOLDS(b->batch.lock);
unsigned long balloon_get_view(struct xen_balloon *b, struct balloon_view *v)
	HOLDS(b->batch.lock);

#ifdef CONFIG_XEN_BALLOON_MEMORY_HOTPLUG
enum balloon_reason balloon_hotplug(struct xen_balloon *b,
				    unsigned long *nr_pages)
	NOT_UNDER(b->batch.lock) NOT_UNDER(b->mem.lock);
#endif
