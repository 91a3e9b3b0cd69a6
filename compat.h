/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the driver, which is written for Linux 7.3, takes for granted and an
 * older kernel does not have.
 */
#ifndef _XEN_BALLOON_COMPAT_H
#define _XEN_BALLOON_COMPAT_H

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/vmstat.h>

#include <xen/page.h>
#include <xen/xen.h>

#ifndef const_bus_type
/* Constant, where the kernel can do with that. */
#define const_bus_type	typeof(*((struct device *)NULL)->bus)
#endif
#ifndef const_ctl_table
/* Constant, where the kernel can do with that. */
#define const_ctl_table	typeof(*((struct ctl_table_header *)NULL)->ctl_table)
#endif

#ifdef LACKS_clear_page_tag_ref
#define clear_page_tag_ref(page)	((void)(page))
#endif

#ifdef LACKS_mem_alloc_profiling_enabled
#define mem_alloc_profiling_enabled()	false
#endif

#ifdef LACKS_BALLOON
/* The older name. */
#ifdef CONFIG_MEMORY_BALLOON
#define CONFIG_BALLOON	1
#endif
#endif

#ifdef LACKS_NR_BALLOON_PAGES
/* vmstat has no line for ballooned pages. */
#define NR_BALLOON_PAGES	NR_VM_NODE_STAT_ITEMS

static inline void balloon_mod_page_state(struct pglist_data *node,
					  enum node_stat_item item, long change)
{
	if (item != NR_BALLOON_PAGES)
		mod_node_page_state(node, item, change);
}

#undef mod_node_page_state
#define mod_node_page_state	balloon_mod_page_state
#endif

#ifdef LACKS_alloc_pages_bulk
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

#ifdef LACKS_MAX_PAGE_ORDER
#define MAX_PAGE_ORDER	ilog2(MAX_ORDER_NR_PAGES)
#endif

#ifdef LACKS_register_sysctl_sz
/* An empty entry ends the table. */
#define register_sysctl(path, table)			\
({							\
	static typeof(table) ended[2];			\
							\
	memcpy(ended, table, sizeof(table));		\
	register_sysctl(path, ended[0]);		\
})
#endif

#ifdef LACKS_xen_unpopulated_pages
/* That allocator takes none of the extra regions. */
#define xen_unpopulated_pages	0UL
#endif

#ifdef LACKS_xen_add_extra_mem
#if defined(CONFIG_X86) && !defined(CONFIG_XEN_PV)
/* Only PV domains have regions without memory. */
#undef XEN_EXTRA_MEM_MAX_REGIONS
#define XEN_EXTRA_MEM_MAX_REGIONS	0U
#define xen_released_pages		0UL
#endif
#endif

#endif	/* _XEN_BALLOON_COMPAT_H */
