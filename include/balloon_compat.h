/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The only place that knows how kernels and configurations differ. The driver
 * is written for Linux 7.3. What an older one lacks shows in its headers, not
 * in its version, since stable kernels take over a lot: as a macro that is not
 * there, or in a LACKS_name that Kbuild finds out.
 */
#ifndef _XEN_BALLOON_COMPAT_H
#define _XEN_BALLOON_COMPAT_H

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/vmstat.h>

#include <xen/page.h>
#include <xen/xen.h>

#ifdef LACKS_clear_page_tag_ref
#define clear_page_tag_ref(page)	((void)(page))
#else
#include <linux/pgalloc_tag.h>
#endif

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

/* vmstat has no line for ballooned pages in each kernel. */
static inline void balloon_count_pages(struct page *page, long change)
{
#ifndef LACKS_NR_BALLOON_PAGES
	mod_node_page_state(page_pgdat(page), NR_BALLOON_PAGES, change);
#endif
}

#ifndef alloc_pages_bulk
#define alloc_pages_bulk(gfp, nr_pages, pages) \
	alloc_pages_bulk_array(gfp, nr_pages, pages)
#endif

#ifdef LACKS_free_pages_bulk
static inline void free_pages_bulk(struct page **pages, unsigned long nr_pages)
{
	for (; nr_pages; nr_pages--)
		__free_page(*pages++);
}
#endif

#ifndef MAX_PAGE_ORDER
#define MAX_PAGE_ORDER	ilog2(MAX_ORDER_NR_PAGES)
#endif

/* Constant, where the kernel can do with that. */
#define const_bus_type	typeof(*((struct device *)NULL)->bus)
#define const_ctl_table	typeof(*((struct ctl_table_header *)NULL)->ctl_table)

#ifndef register_sysctl
/* Here an empty entry ends the table. */
#define register_sysctl(path, table)			\
({							\
	static typeof(table) ended[2];			\
							\
	memcpy(ended, table, sizeof(table));		\
	register_sysctl(path, ended[0]);		\
})
#endif

#ifdef LACKS_xen_unpopulated_pages
/* Here that allocator takes none of the extra regions. */
#define xen_unpopulated_pages	0UL
#endif

#if defined(LACKS_xen_add_extra_mem) && defined(CONFIG_X86) && \
	!defined(CONFIG_XEN_PV)
/* Here only PV domains have regions without memory. */
#undef XEN_EXTRA_MEM_MAX_REGIONS
#define XEN_EXTRA_MEM_MAX_REGIONS	0U
#define xen_released_pages		0UL
#endif

/* Only x86 has PV domains, and so a p2m that must exist before it is written. */
#ifndef CONFIG_X86
static inline int xen_alloc_p2m_entry(unsigned long pfn)
{
	return 0;
}
#endif

#endif	/* _XEN_BALLOON_COMPAT_H */
