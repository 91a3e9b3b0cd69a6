// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The domain's memory reservation: the hypercalls that change it, and for PV
 * domains the p2m entries and kernel mappings that follow it.
 *
 * Extents go in, the number of extents done comes out. Nothing here knows
 * about targets or keeps state.
 */

#include <linux/mm.h>
#include <linux/moduleparam.h>

#include <asm/xen/hypercall.h>

#include <xen/interface/memory.h>
#include <xen/mem-reservation.h>
#include <xen/xen.h>

#include "balloon_internal.h"

bool xen_scrub_pages __read_mostly = IS_ENABLED(CONFIG_XEN_SCRUB_PAGES_DEFAULT);
core_param(xen_scrub_pages, xen_scrub_pages, bool, 0);

static int change_reservation(unsigned int op, xen_pfn_t *frames,
			      unsigned int nr_extents, unsigned int order)
{
	struct xen_memory_reservation reservation = {
		.nr_extents = nr_extents,
		.extent_order = extent_order(order),
		.domid = DOMID_SELF,
	};

	set_xen_guest_handle(reservation.extent_start, frames);
	return HYPERVISOR_memory_op(op, &reservation);
}

/**
 * xenmem_populate() - ask Xen for memory
 * @frames: in: first gfn of each extent; out, PV only: its machine frame
 * @nr_extents: entries of @frames
 * @order: size of an extent, in Linux pages
 *
 * Interface: XENMEM_populate_physmap, xen/interface/memory.h.
 *
 * Context: Process. Long: up to about a microsecond a frame.
 * Return: leading extents that now have memory, 0 to @nr_extents. The others
 * have none: Xen had no such block, the hard limit is reached, or the order is
 * beyond what Xen grants this domain.
 */
unsigned int xenmem_populate(xen_pfn_t *frames, unsigned int nr_extents,
			     unsigned int order)
{
	int done = change_reservation(XENMEM_populate_physmap, frames,
				      nr_extents, order);

	return clamp(done, 0, (int)nr_extents);
}

/**
 * xenmem_release() - give memory back to Xen
 * @frames: first gfn of each extent; nothing may map it any more
 * @nr_extents: entries of @frames
 * @order: size of an extent, in Linux pages
 *
 * Interface: XENMEM_decrease_reservation, xen/interface/memory.h.
 *
 * Context: Process. Long: up to a few microseconds a frame.
 * Return: leading extents that are gone, 0 to @nr_extents. If fewer than
 * asked, the next one is untouched if it is a single Xen frame, else part of
 * it may be gone; those after it are untouched.
 */
unsigned int xenmem_release(xen_pfn_t *frames, unsigned int nr_extents,
			    unsigned int order)
{
	int done = change_reservation(XENMEM_decrease_reservation, frames,
				      nr_extents, order);

	return clamp(done, 0, (int)nr_extents);
}

/**
 * xenmem_current_frames() - the domain's memory as Xen counts it
 *
 * Interface: XENMEM_current_reservation on DOMID_SELF.
 *
 * Return: Xen frames, or a negative errno.
 */
long xenmem_current_frames(void)
{
	domid_t domid = DOMID_SELF;

	return HYPERVISOR_memory_op(XENMEM_current_reservation, &domid);
}

/**
 * xenmem_reservation_increase() - populate single pages
 * @count: pages
 * @frames: in: gfn of each page; out, PV only: its machine frame
 *
 * Interface: XENMEM_populate_physmap, xen/interface/memory.h.
 *
 * Context: Process.
 * Return: leading pages done, or a negative errno.
 */
int xenmem_reservation_increase(int count, xen_pfn_t *frames)
{
	return change_reservation(XENMEM_populate_physmap, frames, count, 0);
}
EXPORT_SYMBOL_GPL(xenmem_reservation_increase);

/**
 * xenmem_reservation_decrease() - give single pages back to Xen
 * @count: pages
 * @frames: gfn of each page
 *
 * Interface: XENMEM_decrease_reservation, xen/interface/memory.h.
 *
 * Context: Process.
 * Return: leading pages done, or a negative errno.
 */
int xenmem_reservation_decrease(int count, xen_pfn_t *frames)
{
	return change_reservation(XENMEM_decrease_reservation, frames, count, 0);
}
EXPORT_SYMBOL_GPL(xenmem_reservation_decrease);

#ifdef CONFIG_XEN_HAVE_PVMMU
/*
 * Updates of the kernel's page tables on their way to Xen. Consecutive entries
 * of one table are cheapest: Xen then keeps the table mapped between them, and
 * so do we.
 */
#define PV_UPDATES	64

struct pv_updates {
	struct mmu_update req[PV_UPDATES];
	unsigned int nr;
	unsigned int nr_done;	/* accepted by Xen so far */
	unsigned long table;	/* which table @maddr belongs to, plus 1 */
	phys_addr_t maddr;	/* machine address of the table */
};

/* Returns 0, or a negative errno when Xen refused the update after nr_done. */
static int pv_flush(struct pv_updates *u)
{
	unsigned int done = 0;
	int rc;

	if (!u->nr)
		return 0;

	rc = HYPERVISOR_mmu_update(u->req, u->nr, &done, DOMID_SELF);
	u->nr_done += rc ? done : u->nr;
	u->nr = 0;
	return rc;
}

static int pv_queue(struct pv_updates *u, unsigned long pfn, pte_t pte)
{
	unsigned long table = pfn / PTRS_PER_PTE + 1;

	if (u->table != table) {
		unsigned long first = round_down(pfn, PTRS_PER_PTE);
		unsigned int level;
		pte_t *ptep;

		ptep = lookup_address((unsigned long)__va(PFN_PHYS(first)),
				      &level);
		if (WARN_ON_ONCE(!ptep || level != PG_LEVEL_4K))
			return -EFAULT;
		u->table = table;
		u->maddr = arbitrary_virt_to_machine(ptep).maddr;
	}

	u->req[u->nr].ptr = (u->maddr + (pfn % PTRS_PER_PTE) * sizeof(pte_t)) |
			    MMU_NORMAL_PT_UPDATE;
	u->req[u->nr].val = pte_val_ma(pte);
	return ++u->nr == PV_UPDATES ? pv_flush(u) : 0;
}

/**
 * xenmem_pv_map() - put machine frames behind pages: p2m and kernel mapping
 * @pages: first page of each extent
 * @frames: first machine frame of each extent
 * @nr_extents: entries of @pages and @frames
 * @order: size of an extent, in pages
 *
 * PV domains only: there a Linux page is a Xen frame.
 *
 * Context: Process; may allocate p2m pages.
 * Return: leading extents that are mapped whole. The p2m entries of the others
 * are invalid again and none of them is mapped.
 */
unsigned int xenmem_pv_map(struct page **pages, const xen_pfn_t *frames,
			   unsigned int nr_extents, unsigned int order)
{
	unsigned int i, j, nr_mapped, nr_pages = 1U << order;
	struct pv_updates u = { };
	int rc = 0;

	BUILD_BUG_ON(XEN_PAGE_SIZE != PAGE_SIZE);

	for (i = 0; !rc && i < nr_extents; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		for (j = 0; !rc && j < nr_pages; j++) {
			if (!set_phys_to_machine(pfn + j, frames[i] + j))
				rc = -ENOMEM;
			else
				rc = pv_queue(&u, pfn + j,
					      mfn_pte(frames[i] + j,
						      PAGE_KERNEL));
		}
	}
	if (!rc)
		rc = pv_flush(&u);
	if (!rc)
		return nr_extents;

	/* What is queued but not sent never was mapped. */
	u.nr = 0;
	nr_mapped = u.nr_done / nr_pages;
	xenmem_pv_unmap(pages + nr_mapped, i - nr_mapped, order);
	return nr_mapped;
}

/**
 * xenmem_pv_unmap() - take pages out of the kernel mapping and the p2m
 * @pages: first page of each extent
 * @nr_extents: entries of @pages
 * @order: size of an extent, in pages
 *
 * PV domains only. The caller has saved the machine frames, and flushes the
 * TLBs before the frames go anywhere.
 *
 * Context: Process.
 */
void xenmem_pv_unmap(struct page **pages, unsigned int nr_extents,
		     unsigned int order)
{
	unsigned int i, j, nr_pages = 1U << order;
	struct pv_updates u = { };
	int rc = 0;

	BUILD_BUG_ON(XEN_PAGE_SIZE != PAGE_SIZE);

	for (i = 0; i < nr_extents; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		for (j = 0; j < nr_pages; j++)
			rc = pv_queue(&u, pfn + j, __pte_ma(0)) ?: rc;
	}
	rc = pv_flush(&u) ?: rc;
	/*
	 * Xen never refuses to clear an entry of a table that we own. Were one
	 * left, Xen would not free its frame before the entry goes.
	 */
	WARN_ONCE(rc, "xen:balloon: cannot unmap ballooned pages: %d\n", rc);

	for (i = 0; i < nr_extents; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		for (j = 0; j < nr_pages; j++)
			set_phys_to_machine(pfn + j, INVALID_P2M_ENTRY);
	}
}

void __xenmem_reservation_va_mapping_update(unsigned long count,
					    struct page **pages,
					    xen_pfn_t *frames)
{
	unsigned int nr_mapped = xenmem_pv_map(pages, frames, count, 0);

	if (!WARN_ONCE(nr_mapped != count,
		       "xen:balloon: %lu of %lu pages could not be mapped\n",
		       count - nr_mapped, count))
		return;

	/* Nobody may get a page that faults: better lost than freed. */
	for (; nr_mapped < count; nr_mapped++)
		get_page(pages[nr_mapped]);
}
EXPORT_SYMBOL_GPL(__xenmem_reservation_va_mapping_update);

void __xenmem_reservation_va_mapping_reset(unsigned long count,
					   struct page **pages)
{
	xenmem_pv_unmap(pages, count, 0);
}
EXPORT_SYMBOL_GPL(__xenmem_reservation_va_mapping_reset);
#endif /* CONFIG_XEN_HAVE_PVMMU */
