// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The page tables of a PV guest, as Xen checks them: one last-level table for
 * each superpage. While it is hooked (there is a pmd), host.pte says what it maps.
 * Its page lies behind the guest's memory, and holds what the guest can read,
 * and write while it is mapped writable.
 */

#include <stdlib.h>
#include <string.h>

#include "host.h"

#ifdef CONFIG_XEN_HAVE_PVMMU

#define TABLES_AT	0x40000UL	/* machine frames */
#define PMD_FLAGS	0x67
#define PTE_FLAGS	0x63

static struct {
	u64 entry[PTRS_PER_PTE];
	bool pinned, writable, fresh;	/* fresh: unpinned, never writable yet */
} *tables;

/* The frames of tables are in any order, and in another after a resume. */
static unsigned long order = 5;

static unsigned long shuffle(unsigned long nr)
{
	return nr ^ order;
}

void host_tables_move(void)
{
	order ^= 3;
}

void host_tables_start(void)
{
	unsigned long i, nr = host.cfg.space;

	order = 5;
	host.pte = calloc(host.nr_gfns, sizeof(*host.pte));
	host.pmd = calloc(nr, sizeof(*host.pmd));
	tables = calloc(nr, sizeof(*tables));
	for (i = 0; i < nr; i++) {
		host.pmd[i] = (host.nr_gfns + i) << PAGE_SHIFT | PMD_FLAGS;
		/* The first one is of the domain builder, which pins none. */
		tables[i].pinned = i;
	}
}

void host_tables_stop(void)
{
	free(host.pte);
	free(host.pmd);
	free(tables);
	tables = NULL;
}

void host_table_set(unsigned long pfn, u64 pte)
{
	host.pte[pfn] = pte;
	tables[pfn / PTRS_PER_PTE].entry[pfn % PTRS_PER_PTE] = pte;
}

/* Taken out of use, but still what Xen calls a page table. */
bool host_table_holds(unsigned long pfn)
{
	unsigned long nr = pfn / PTRS_PER_PTE;

	return tables[nr].pinned &&
	       (tables[nr].entry[pfn % PTRS_PER_PTE] & 1);
}

/* What Xen looks at before it takes an entry. */
static void validate(unsigned long pfn, u64 pte)
{
	unsigned long mfn = pte >> PAGE_SHIFT;

	if (!(pte & 1))
		return;
	if ((pte & 0xfff) != PTE_FLAGS)
		host_violation("PV: page %#lx is mapped with %#lx", pfn,
			       (unsigned long)pte);
	if (mfn >= host.nr_mfns || host.mfn_used[mfn] != 1)
		host_violation("PV: page %#lx is mapped to mfn %#lx, which the guest does not have",
			       pfn, mfn);
	if (host.p2m[pfn] != mfn)
		host_violation("PV: page %#lx is mapped to another mfn than its p2m entry",
			       pfn);
}

static void validate_table(unsigned long nr)
{
	unsigned long i;

	if (tables[nr].writable)
		host_violation("PV: page table %lu is to be used while it is writable",
			       nr);
	for (i = 0; i < PTRS_PER_PTE; i++)
		validate(nr * PTRS_PER_PTE + i, tables[nr].entry[i]);
}

static unsigned long table_of_page(unsigned long pfn)
{
	if (pfn < host.nr_gfns || pfn >= host.nr_gfns + host.cfg.space)
		host_violation("PV: page %#lx is no page table", pfn);
	return pfn - host.nr_gfns;
}

static unsigned long table_of_mfn(unsigned long mfn)
{
	return table_of_page(host.nr_gfns + shuffle(mfn - TABLES_AT));
}

unsigned long pfn_to_mfn(unsigned long pfn)
{
	return TABLES_AT + shuffle(table_of_page(pfn));
}

void *page_address(struct page *page)
{
	return tables[table_of_page(page_to_pfn(page))].entry;
}

pmd_t *pmd_off_k(unsigned long address)
{
	unsigned long pfn = PHYS_PFN(address);

	if (!host.cfg.pv)
		host_violation("pmd_off_k() outside PV");
	if (pfn >= host.nr_gfns)
		host_violation("pmd_off_k() of pfn %#lx", pfn);
	return (pmd_t *)(host.pmd + pfn / PTRS_PER_PTE);
}

struct page *pmd_page(pmd_t pmd)
{
	if (!pmd_present(pmd))
		host_violation("PV: the table of no pmd is asked for");
	return host_mem_map + PHYS_PFN(pmd.pmd);
}

void set_pmd(pmd_t *pmd, pmd_t val)
{
	unsigned long i, nr = (u64 *)pmd - host.pmd, pfn = nr * PTRS_PER_PTE;

	host_hold();
	host.nr_mmu_updates++;
	if (!pmd->pmd == !val.pmd)
		host_violation("PV: pmd %lu is set to what it is", nr);
	if (val.pmd &&
	    val.pmd != ((host.nr_gfns + nr) << PAGE_SHIFT | PMD_FLAGS))
		host_violation("PV: pmd %lu is set to %#lx", nr,
			       (unsigned long)val.pmd);
	if (val.pmd)
		validate_table(nr);
	for (i = 0; i < PTRS_PER_PTE; i++) {
		if (!val.pmd && host.pte[pfn + i] != tables[nr].entry[i])
			host_violation("PV: page table %lu was written while in use",
				       nr);
		if (host.pte[pfn + i])
			host.info[pfn + i].unmapped_at = host.flush_epoch;
		host.pte[pfn + i] = val.pmd ? tables[nr].entry[i] : 0;
	}
	*pmd = val;
	host_release();
}

static bool mmu_update_one(const struct mmu_update *u)
{
	unsigned long nr = table_of_mfn(u->ptr >> PAGE_SHIFT);
	unsigned long pfn = nr * PTRS_PER_PTE +
			    (u->ptr & ~3UL) % PAGE_SIZE / sizeof(u64);

	if ((u->ptr & 3) != MMU_NORMAL_PT_UPDATE)
		host_violation("mmu_update of %#lx", (unsigned long)u->ptr);
	if (!host.pmd[nr])
		host_violation("PV: page %#lx is mapped in a table that is not in use",
			       pfn);
	validate(pfn, u->val);
	if (!(u->val & 1) && host.pte[pfn])
		host.info[pfn].unmapped_at = host.flush_epoch;
	host_table_set(pfn, u->val & 1 ? u->val : 0);
	return true;
}

int HYPERVISOR_mmu_update(struct mmu_update *req, unsigned int count,
			  unsigned int *success_count, domid_t domid)
{
	unsigned int i, stop = count;
	bool maps = req[0].val & 1;

	host_hold();
	if (!count || domid != DOMID_SELF)
		host_violation("mmu_update of %u entries in domain %#x", count,
			       domid);
	host.nr_mmu_updates++;
	/* Xen never refuses to clear an entry. */
	if (maps && host_fails("mmu_update refused"))
		stop = 0;
	else if (maps && count > 1 && host_fails("mmu_update does half"))
		stop = count / 2;
	for (i = 0; i < stop; i++)
		mmu_update_one(req + i);
	*success_count = stop;
	host_release();
	return stop < count ? -ENOMEM : 0;
}

static int unpin(unsigned long nr)
{
	if (!tables[nr].pinned || host_fails("mmuext_op unpin"))
		return -EINVAL;
	tables[nr].pinned = false;
	tables[nr].fresh = true;
	return 0;
}

static int pin(unsigned long nr)
{
	validate_table(nr);
	if (tables[nr].pinned || host_fails("mmuext_op pin"))
		return -EINVAL;
	tables[nr].pinned = true;
	return 0;
}

int HYPERVISOR_mmuext_op(struct mmuext_op *op, unsigned int count,
			 unsigned int *success_count, domid_t domid)
{
	unsigned long nr = table_of_mfn(op->arg1.mfn);
	int rc;

	host_hold();
	if (count != 1 || domid != DOMID_SELF)
		host_violation("mmuext_op: %u of them in domain %#x", count,
			       domid);
	host.nr_mmu_updates++;
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
		rc = pin(nr);
		break;
	case MMUEXT_UNPIN_TABLE:
		rc = unpin(nr);
		break;
	default:
		host_violation("mmuext_op %u", op->cmd);
	}
	host_release();
	return rc;
}

int HYPERVISOR_update_va_mapping(unsigned long va, pte_t pte,
				 unsigned long flags)
{
	unsigned long nr = table_of_mfn(pte.pte >> PAGE_SHIFT);
	bool writable = pte.pte & 2;
	int rc = 0;

	host_hold();
	if (va != (unsigned long)tables[nr].entry || flags != UVMF_INVLPG)
		host_violation("PV: update_va_mapping(%#lx, %#lx, %#lx)", va,
			       (unsigned long)pte.pte, flags);
	host.nr_mmu_updates++;
	if (writable && (host.pmd[nr] || tables[nr].pinned))
		rc = -EINVAL;
	/* What once was made writable can be so again. */
	else if ((!writable || tables[nr].fresh) &&
		 host_fails("update_va_mapping"))
		rc = -EINVAL;
	if (!rc) {
		tables[nr].writable = writable;
		tables[nr].fresh = false;
	}
	host_release();
	return rc;
}

#else

void host_tables_start(void)
{
	host.pte = calloc(host.nr_gfns, sizeof(*host.pte));
}

void host_tables_stop(void)
{
	free(host.pte);
}

void host_table_set(unsigned long pfn, u64 pte)
{
}

bool host_table_holds(unsigned long pfn)
{
	return false;
}

void host_tables_move(void)
{
}

#endif
