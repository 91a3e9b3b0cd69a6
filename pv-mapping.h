/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The p2m and the page tables of a PV domain. */
#ifndef _XEN_BALLOON_PV_MAPPING_H
#define _XEN_BALLOON_PV_MAPPING_H

#include <linux/mm_types.h>

#include <xen/interface/xen.h>

#ifdef CONFIG_XEN_HAVE_PVMMU
unsigned int xenmem_pv_map(struct page **pages, const xen_pfn_t *frames,
			   unsigned int nr_extents, unsigned int order);
void xenmem_pv_unmap(struct page **pages, unsigned int nr_extents,
		     unsigned int order);
int xenmem_pv_prepare(struct page **pages, unsigned int nr_pages);
long xenmem_pv_hypercalls(void);
unsigned long xenmem_pv_max_pfn(void);
bool xenmem_pv_in_shim(void);
#else
static inline unsigned int xenmem_pv_map(struct page **pages,
					 const xen_pfn_t *frames,
					 unsigned int nr_extents,
					 unsigned int order)
{
	return nr_extents;
}

static inline void xenmem_pv_unmap(struct page **pages,
				   unsigned int nr_extents,
				   unsigned int order)
{
}

static inline int xenmem_pv_prepare(struct page **pages, unsigned int nr_pages)
{
	return 0;
}

static inline long xenmem_pv_hypercalls(void)
{
	return 0;
}

static inline unsigned long xenmem_pv_max_pfn(void)
{
	return 0;
}

static inline bool xenmem_pv_in_shim(void)
{
	return false;
}
#endif

#endif	/* _XEN_BALLOON_PV_MAPPING_H */
