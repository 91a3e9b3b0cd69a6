/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing the domain's memory reservation page by page, for drivers that
 * bring their own pages (grant-table DMA buffers).
 */
#ifndef _XENMEM_RESERVATION_H
#define _XENMEM_RESERVATION_H

#include <linux/highmem.h>

#include <xen/page.h>
#include <xen/xen.h>

/* Clear pages before they leave the domain: xen_scrub_pages=, sysfs. */
extern bool xen_scrub_pages;

static inline void xenmem_reservation_scrub_page(struct page *page)
{
	if (xen_scrub_pages)
		clear_highpage(page);
}

#ifdef CONFIG_XEN_HAVE_PVMMU
void __xenmem_reservation_va_mapping_update(unsigned long count,
					    struct page **pages,
					    xen_pfn_t *frames);
void __xenmem_reservation_va_mapping_reset(unsigned long count,
					   struct page **pages);
#else
static inline void
__xenmem_reservation_va_mapping_update(unsigned long count,
				       struct page **pages, xen_pfn_t *frames)
{
}

static inline void
__xenmem_reservation_va_mapping_reset(unsigned long count, struct page **pages)
{
}
#endif

/* Give @pages the machine @frames: p2m and kernel mapping. PV only. */
static inline void xenmem_reservation_va_mapping_update(unsigned long count,
							struct page **pages,
							xen_pfn_t *frames)
{
	if (xen_pv_domain())
		__xenmem_reservation_va_mapping_update(count, pages, frames);
}

/* Take the frames of @pages away: kernel mapping and p2m. PV only. */
static inline void xenmem_reservation_va_mapping_reset(unsigned long count,
						       struct page **pages)
{
	if (xen_pv_domain())
		__xenmem_reservation_va_mapping_reset(count, pages);
}

int xenmem_reservation_increase(int count, xen_pfn_t *frames);
int xenmem_reservation_decrease(int count, xen_pfn_t *frames);

#endif	/* _XENMEM_RESERVATION_H */
