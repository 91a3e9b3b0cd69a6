/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypercalls that change the domain's memory reservation, by extents. */
#ifndef _XEN_BALLOON_MEM_RESERVATION_H
#define _XEN_BALLOON_MEM_RESERVATION_H

#include <linux/mm.h>

#include <xen/interface/xen.h>
#include <xen/page.h>

/* Xen counts orders in frames of 4 KiB, whatever PAGE_SIZE is. */
static inline unsigned int extent_order(unsigned int order)
{
	return order + PAGE_SHIFT - XEN_PAGE_SHIFT;
}

unsigned int xenmem_populate(xen_pfn_t *frames, unsigned int nr_extents,
			     unsigned int order);
unsigned int xenmem_release(xen_pfn_t *frames, unsigned int nr_extents,
			    unsigned int order);
long xenmem_current_frames(void);
long xenmem_max_frames(void);

#endif	/* _XEN_BALLOON_MEM_RESERVATION_H */
