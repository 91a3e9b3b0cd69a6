/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The only place that knows how kernels and configurations differ. The driver
 * is written for Linux 7.3.
 */
#ifndef _XEN_BALLOON_COMPAT_H
#define _XEN_BALLOON_COMPAT_H

#include <linux/mm.h>
#include <linux/pgalloc_tag.h>
#include <linux/vmstat.h>

/*
 * Memory allocation profiling wants each page that goes to the allocator to
 * have been allocated by somebody, or to say that it was not.
 */
static inline void balloon_forget_alloc_tags(struct page *page,
					     unsigned int order)
{
	struct page *end = page + (1U << order);

	for (; page < end; page++)
		clear_page_tag_ref(page);
}

/*
 * The kernel has these events when it has a balloon driver that selects them.
 * MEMORY_BALLOON is the older name.
 */
#if defined(CONFIG_BALLOON) || defined(CONFIG_MEMORY_BALLOON)
static inline void balloon_count_vm_events(unsigned long inflated,
					   unsigned long deflated)
{
	count_vm_events(BALLOON_INFLATE, inflated);
	count_vm_events(BALLOON_DEFLATE, deflated);
}
#else
static inline void balloon_count_vm_events(unsigned long inflated,
					   unsigned long deflated)
{
}
#endif

/* Only x86 has PV domains, and so a p2m that must exist before it is written. */
#ifndef CONFIG_X86
static inline int xen_alloc_p2m_entry(unsigned long pfn)
{
	return 0;
}
#endif

#endif	/* _XEN_BALLOON_COMPAT_H */
