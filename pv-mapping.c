// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PV domains: the p2m and the kernel's mapping of all memory follow the pages
 * that are populated and released.
 *
 * A PV kernel maps machine frames, through page tables that Xen checks. The
 * kernel can change them entry by entry (mmu_update), and Xen then checks each
 * entry. Or it can take the last-level table of a whole superpage out of use,
 * fill the table like any other memory, and have Xen check all of it once when
 * it puts the table back. Such a table is idle: its superpage has no memory, and
 * nothing is mapped there.
 */

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/xarray.h>

#include <asm/xen/cpuid.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>

#include <xen/interface/xen.h>
#include <xen/mem-reservation.h>
#include <xen/page.h>

#include "policy.h"
#include "pv-mapping.h"

/*
 * The page of each idle table, by pv_table_nr(), mapped writable. Only the owner
 * of the whole superpage changes its entry, except for pv_ensure_table().
 */
static DEFINE_XARRAY(pv_idle_tables);

static unsigned long pv_table_nr(unsigned long pfn)
{
	return pfn / PTRS_PER_PTE;
}

static struct page *pv_idle_table(unsigned long pfn)
{
	return xa_load(&pv_idle_tables, pv_table_nr(pfn));
}

static pmd_t *pv_pmd(unsigned long pfn)
{
	return pmd_off_k((unsigned long)__va(PFN_PHYS(pfn)));
}

/* Other drivers change page tables here, too, so no lock covers the count. */
static atomic_long_t pv_nr_hypercalls;

static void pv_count_hypercall(void)
{
	atomic_long_inc(&pv_nr_hypercalls);
}

static void pv_hook_table(pmd_t *pmd, pmd_t val)
{
	pv_count_hypercall();
	set_pmd(pmd, val);
}

/* Xen refuses this while it still takes @table for a page table. */
static int pv_map_table(struct page *table, pgprot_t prot)
{
	pv_count_hypercall();
	return HYPERVISOR_update_va_mapping((unsigned long)page_address(table),
					    pfn_pte(page_to_pfn(table), prot),
					    UVMF_INVLPG);
}

static int pv_pin_table(struct page *table, unsigned int cmd)
{
	struct mmuext_op op = {
		.cmd = cmd,
		.arg1.mfn = pfn_to_mfn(page_to_pfn(table)),
	};

	pv_count_hypercall();
	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/*
 * Take the table of a superpage out of use. Returns 0, or a negative errno with
 * nothing changed: the xarray could not allocate, or Xen still needs the table
 * pinned, as it may a table of the domain builder.
 */
static int pv_retire_table(unsigned long pfn)
{
	pmd_t *pmd = pv_pmd(pfn), was = *pmd;
	struct page *table = pmd_page(was);
	int rc;

	rc = xa_err(xa_store(&pv_idle_tables, pv_table_nr(pfn), table,
			     GFP_NOWAIT | __GFP_NOWARN));
	if (rc)
		return rc;

	pv_hook_table(pmd, __pmd(0));
	rc = pv_pin_table(table, MMUEXT_UNPIN_TABLE);
	if (!rc) {
		rc = pv_map_table(table, PAGE_KERNEL);
		if (!rc)
			return 0;
		pv_pin_table(table, MMUEXT_PIN_L1_TABLE);
	}
	pv_hook_table(pmd, was);
	xa_erase(&pv_idle_tables, pv_table_nr(pfn));
	return rc;
}

/*
 * Put the idle table of a superpage back, with @nr_mapped machine frames from
 * @frame on: all of the superpage, or none. Returns 0, or a negative errno; the
 * table is then still idle.
 */
static int pv_reinstate_table(unsigned long pfn, xen_pfn_t frame,
			      unsigned int nr_mapped)
{
	struct page *table = pv_idle_table(pfn);
	pteval_t *entry = page_address(table);
	unsigned int i;
	int rc;

	clear_page(entry);
	for (i = 0; i < nr_mapped; i++)
		entry[i] = pte_val_ma(mfn_pte(frame + i, PAGE_KERNEL));

	rc = pv_map_table(table, PAGE_KERNEL_RO);
	if (rc)
		return rc;
	rc = pv_pin_table(table, MMUEXT_PIN_L1_TABLE);
	if (rc) {
		pv_map_table(table, PAGE_KERNEL);
		return rc;
	}
	pv_hook_table(pv_pmd(pfn),
		      __pmd(PFN_PHYS(page_to_pfn(table)) | _PAGE_TABLE));
	xa_erase(&pv_idle_tables, pv_table_nr(pfn));
	return 0;
}

/*
 * For single pages: put their table back empty if it is idle. Two owners may
 * have pages of one superpage, hence the lock. It is innermost, and no memory is
 * allocated under it. Returns 0 or a negative errno.
 */
static int pv_ensure_table(unsigned long pfn)
{
	static DEFINE_MUTEX(lock);
	int rc = 0;

	mutex_lock(&lock);
	if (pv_idle_table(pfn))
		rc = pv_reinstate_table(pfn, 0, 0);
	mutex_unlock(&lock);
	return rc;
}

/*
 * Updates of single entries on their way to Xen. Consecutive entries of one
 * table are cheapest: Xen then keeps the table mapped between them, and so do
 * we.
 */
#define PV_UPDATES	64

struct pv_updates {
	struct mmu_update req[PV_UPDATES];
	unsigned int nr;
	unsigned int nr_done;	/* pages that are mapped so far */
	unsigned long table;	/* pv_table_nr() of @maddr, plus 1 */
	phys_addr_t maddr;	/* machine address of the table */
};

/* Returns 0, or a negative errno when Xen refused the update after nr_done. */
static int pv_flush(struct pv_updates *u)
{
	unsigned int done = 0;
	int rc;

	if (!u->nr)
		return 0;

	pv_count_hypercall();
	rc = HYPERVISOR_mmu_update(u->req, u->nr, &done, DOMID_SELF);
	u->nr_done += rc ? done : u->nr;
	u->nr = 0;
	return rc;
}

static int pv_queue(struct pv_updates *u, unsigned long pfn, pte_t pte)
{
	if (u->table != pv_table_nr(pfn) + 1) {
		pmd_t *pmd = pv_pmd(pfn);

		if (WARN_ON_ONCE(!pmd_present(*pmd)))
			return -EFAULT;
		u->table = pv_table_nr(pfn) + 1;
		u->maddr = PFN_PHYS(pfn_to_mfn(page_to_pfn(pmd_page(*pmd))));
	}

	u->req[u->nr].ptr = (u->maddr + (pfn % PTRS_PER_PTE) * sizeof(pte_t)) |
			    MMU_NORMAL_PT_UPDATE;
	u->req[u->nr].val = pte_val_ma(pte);
	return ++u->nr == PV_UPDATES ? pv_flush(u) : 0;
}

static int pv_map_extent(struct pv_updates *u, unsigned long pfn,
			 xen_pfn_t frame, unsigned int order)
{
	unsigned int i, nr_pages = 1U << order;
	int rc;

	for (i = 0; i < nr_pages; i++)
		if (!set_phys_to_machine(pfn + i, frame + i))
			return -ENOMEM;

	if (order == SUPERPAGE_ORDER &&
	    (pv_idle_table(pfn) || !pv_retire_table(pfn))) {
		rc = pv_flush(u) ?: pv_reinstate_table(pfn, frame, nr_pages);
		u->nr_done += rc ? 0 : nr_pages;
		return rc;
	}

	rc = pv_ensure_table(pfn);
	for (i = 0; !rc && i < nr_pages; i++)
		rc = pv_queue(u, pfn + i, mfn_pte(frame + i, PAGE_KERNEL));
	return rc;
}

static int pv_unmap_extent(struct pv_updates *u, unsigned long pfn,
			   unsigned int order)
{
	unsigned int i, nr_pages = 1U << order;
	int rc = 0;

	if (pv_idle_table(pfn) ||
	    (order == SUPERPAGE_ORDER && !pv_retire_table(pfn)))
		return 0;

	for (i = 0; i < nr_pages; i++)
		rc = pv_queue(u, pfn + i, __pte_ma(0)) ?: rc;
	return rc;
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
 * Interface: mmu_update, mmuext_op and update_va_mapping, xen/interface/xen.h.
 *
 * Context: Process; may allocate p2m pages. The caller owns the pages.
 * Return: leading extents that are mapped whole. The p2m entries of the others
 * are invalid again and none of them is mapped.
 */
unsigned int xenmem_pv_map(struct page **pages, const xen_pfn_t *frames,
			   unsigned int nr_extents, unsigned int order)
{
	unsigned int i, nr_mapped = nr_extents;
	struct pv_updates u = {};
	int rc = 0;

	BUILD_BUG_ON(XEN_PAGE_SIZE != PAGE_SIZE);
	BUILD_BUG_ON(PTRS_PER_PTE != SUPERPAGE_PAGES);

	for (i = 0; !rc && i < nr_extents; i++)
		rc = pv_map_extent(&u, page_to_pfn(pages[i]), frames[i], order);
	if (!rc)
		rc = pv_flush(&u);
	if (rc) {
		/* What is queued but not sent never was mapped. */
		nr_mapped = u.nr_done >> order;
		xenmem_pv_unmap(pages + nr_mapped, i - nr_mapped, order);
	}
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
 * Interface: as xenmem_pv_map().
 *
 * Context: Process.
 */
void xenmem_pv_unmap(struct page **pages, unsigned int nr_extents,
		     unsigned int order)
{
	unsigned int i, j;
	struct pv_updates u = {};
	int rc = 0;

	for (i = 0; i < nr_extents; i++)
		rc = pv_unmap_extent(&u, page_to_pfn(pages[i]), order) ?: rc;
	rc = pv_flush(&u) ?: rc;
	/*
	 * Xen never refuses to clear an entry of a table that we own. If an
	 * entry were left, Xen would keep its frame as long as the entry.
	 */
	WARN_ONCE(rc, "xen:balloon: cannot unmap ballooned pages: %d\n", rc);

	for (i = 0; i < nr_extents; i++)
		for (j = 0; j < 1U << order; j++)
			set_phys_to_machine(page_to_pfn(pages[i]) + j,
					    INVALID_P2M_ENTRY);
}

/**
 * xenmem_pv_prepare() - make pages ready for mappings of foreign frames
 * @pages: pages without memory behind them
 * @nr_pages: entries of @pages
 *
 * PV domains only: makes sure that the pages have p2m entries and page tables.
 *
 * Context: Process.
 * Return: 0 or a negative errno.
 */
int xenmem_pv_prepare(struct page **pages, unsigned int nr_pages)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < nr_pages; i++) {
		rc = xen_alloc_p2m_entry(page_to_pfn(pages[i]));
		if (!rc)
			rc = pv_ensure_table(page_to_pfn(pages[i]));
	}
	return rc;
}

/**
 * xenmem_pv_hypercalls() - count of the hypercalls that changed page tables
 *
 * Context: Any.
 * Return: the count since boot.
 */
long xenmem_pv_hypercalls(void)
{
	return atomic_long_read(&pv_nr_hypercalls);
}

/**
 * xenmem_pv_max_pfn() - end of the address space that the p2m has room for
 *
 * Beyond it set_phys_to_machine() returns true for INVALID_P2M_ENTRY without
 * storing it, and the first real entry crashes the kernel. The room is set aside
 * at boot, by CONFIG_XEN_MEMORY_HOTPLUG_LIMIT.
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long xenmem_pv_max_pfn(void)
{
	return xen_max_p2m_pfn;
}

/**
 * __xenmem_reservation_va_mapping_update() - give pages their machine frames
 * @count: pages
 * @pages: the pages, which have none
 * @frames: machine frame of each
 *
 * Sets their p2m entries and maps them. PV only: call it through
 * xenmem_reservation_va_mapping_update().
 *
 * Context: Process.
 */
void __xenmem_reservation_va_mapping_update(unsigned long count,
					    struct page **pages,
					    xen_pfn_t *frames)
{
	unsigned int nr_mapped = xenmem_pv_map(pages, frames, count, 0);

	if (!WARN_ONCE(nr_mapped != count,
		       "xen:balloon: %lu of %lu pages could not be mapped\n",
		       count - nr_mapped, count))
		return;

	/* A page that faults must never be freed: leak it. */
	for (; nr_mapped < count; nr_mapped++)
		get_page(pages[nr_mapped]);
}
EXPORT_SYMBOL_GPL(__xenmem_reservation_va_mapping_update);

/**
 * __xenmem_reservation_va_mapping_reset() - take the machine frames of pages
 * @count: pages
 * @pages: the pages; an access faults from now on
 *
 * Unmaps them and invalidates their p2m entries. PV only: call it through
 * xenmem_reservation_va_mapping_reset().
 *
 * Context: Process.
 */
void __xenmem_reservation_va_mapping_reset(unsigned long count,
					   struct page **pages)
{
	xenmem_pv_unmap(pages, count, 0);
}
EXPORT_SYMBOL_GPL(__xenmem_reservation_va_mapping_reset);

/**
 * xenmem_pv_in_shim() - whether the PV domain is one in an HVM domain
 *
 * The instruction itself, without Xen's prefix, is answered by the hardware, or in
 * an HVM domain by the Xen that runs that: its leaf 4 has flags, which are for HVM
 * domains alone. Where Xen makes the instruction fault, so that its own leaves
 * are seen instead, a shim is not recognised.
 *
 * Context: Any.
 * Return: true in a shim, and in any other Xen that is nested in Xen.
 */
bool xenmem_pv_in_shim(void)
{
	u32 base, eax, ebx, ecx, edx;

	/* Behind the leaves of other hypervisors that Xen can stand for. */
	for (base = 0x40000000; base < 0x40010000; base += 0x100) {
		eax = base;
		ecx = 0;
		native_cpuid(&eax, &ebx, &ecx, &edx);
		if (ebx != XEN_CPUID_SIGNATURE_EBX ||
		    ecx != XEN_CPUID_SIGNATURE_ECX ||
		    edx != XEN_CPUID_SIGNATURE_EDX)
			continue;
		if (eax < base + 4)
			return false;
		eax = base + 4;
		ecx = 0;
		native_cpuid(&eax, &ebx, &ecx, &edx);
		return eax & XEN_HVM_CPUID_VCPU_ID_PRESENT;
	}
	return false;
}
