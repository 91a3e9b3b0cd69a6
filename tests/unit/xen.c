// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fake Xen, at the hypercall boundary. It has machine frames (mfns) in
 * superpages of 512; each is free, the guest's or somebody else's. What the guest
 * has is in gfn_mfn (HVM, PVH, Arm), or in the guest's own p2m and page table
 * (PV), with m2p as Xen's view of it.
 */

#include <stdlib.h>

#include "host.h"

#define FRAMES_PER_BLOCK	512UL
#define M2P_OTHERS		(UINT_MAX - 1)

/* Machine frames */

static void mfn_set(unsigned long mfn, unsigned int use)
{
	if (host.mfn_used[mfn] == MFN_FREE) {
		host.mfn_free_in_superpage[mfn / FRAMES_PER_BLOCK]--;
		host.nr_free_mfns--;
	}
	host.mfn_used[mfn] = use;
	if (use == MFN_FREE) {
		host.mfn_free_in_superpage[mfn / FRAMES_PER_BLOCK]++;
		host.nr_free_mfns++;
	}
}

static unsigned long find_mfns(unsigned int order, bool break_superpages)
{
	unsigned long nr = 1UL << order, b, i, j;

	for (b = 0; b < host.nr_mfns / FRAMES_PER_BLOCK; b++) {
		const u8 *used = host.mfn_used + b * FRAMES_PER_BLOCK;
		unsigned int nr_free = host.mfn_free_in_superpage[b];

		if (nr_free < nr || (nr_free == FRAMES_PER_BLOCK) != break_superpages)
			continue;
		if (!order)
			return (const u8 *)memchr(used, MFN_FREE,
						  FRAMES_PER_BLOCK) -
			       host.mfn_used;
		for (i = 0; i < FRAMES_PER_BLOCK; i += nr) {

			for (j = 0; j < nr && !used[i + j]; j++)
				;
			if (j == nr)
				return b * FRAMES_PER_BLOCK + i;
		}
	}
	return NO_MFN;
}

static unsigned long take_mfns(unsigned int order, unsigned int use)
{
	unsigned long mfn = NO_MFN, i;

	if (host.host_no_superpages && use == MFN_GUEST &&
	    order > extent_order(0))
		return NO_MFN;
	if (order < 9)
		mfn = find_mfns(order, false);
	if (mfn == NO_MFN)
		mfn = find_mfns(order, true);
	if (mfn == NO_MFN)
		return NO_MFN;
	for (i = 0; i < 1UL << order; i++)
		mfn_set(mfn + i, use);
	return mfn;
}

/* Other domains take memory from the host, in single frames or in superpages. */
unsigned long host_others_take(unsigned long nr_frames, bool scattered)
{
	unsigned long taken = 0, mfn, i;
	unsigned int order = scattered ? 0 : 9;

	host_hold();
	while (taken + (1UL << order) <= nr_frames) {
		mfn = take_mfns(order, MFN_OTHERS);
		if (mfn == NO_MFN)
			break;
		for (i = 0; i < 1UL << order; i++)
			host.m2p[mfn + i] = M2P_OTHERS;
		taken += 1UL << order;
	}
	host_release();
	return taken;
}

static void others_give(bool every_second)
{
	unsigned long mfn;

	host_hold();
	for (mfn = 0; mfn < host.nr_mfns; mfn++)
		if (host.mfn_used[mfn] == MFN_OTHERS &&
		    !(every_second && mfn % 2)) {
			mfn_set(mfn, MFN_FREE);
			host.m2p[mfn] = NO_MFN;
		}
	host_release();
}

/* They give half of it back, every second frame: no superpage is whole. */
void host_others_give(void)
{
	others_give(true);
}

void host_others_give_all(void)
{
	others_give(false);
}

/* The guest's frames */

static void pod_touch(unsigned long gfn)
{
	unsigned int mfn;

	if (!host.gfn_pod[gfn])
		return;
	if (!host.pod_cache)
		host_violation("out of populate-on-demand memory: Xen crashes the domain");
	mfn = host.pod_mfns[--host.pod_cache];
	host.pod_entries--;
	host.gfn_pod[gfn] = false;
	host.gfn_mfn[gfn] = mfn;
	host.m2p[mfn] = gfn;
}

/* The guest reads or writes a page. */
void host_touch(unsigned long pfn)
{
	unsigned long i;

	if (!host_page_populated(pfn))
		host_violation("the guest touches page %#lx, which has no memory",
			       pfn);
	if (!host.pod_entries)
		return;
	for (i = 0; i < HOST_FRAMES; i++)
		pod_touch(pfn * HOST_FRAMES + i);
}

bool host_page_populated(unsigned long pfn)
{
	unsigned long i;

	if (host.cfg.pv)
		return host.pte[pfn] != 0;
	for (i = pfn * HOST_FRAMES; i < (pfn + 1) * HOST_FRAMES; i++)
		if (host.gfn_mfn[i] == NO_MFN && !host.gfn_pod[i])
			return false;
	return true;
}

/* Frames that pages have at Xen, one by one. */
unsigned long host_frames_counted(void)
{
	unsigned long i, nr = 0;

	for (i = 0; i < host.nr_mfns; i++)
		nr += host.mfn_used[i] == MFN_GUEST;
	return nr;
}

/*
 * Paging pool: a superpage of the domain's addresses that is not mapped by one
 * entry needs a page of it for a table, which Xen never takes out again unless a
 * superpage takes its place. False: there is none.
 */
static bool table_for(unsigned long gfn)
{
	bool *has_table = host.gfn_table + gfn / FRAMES_PER_BLOCK;

	if (host.cfg.pv || *has_table)
		return true;
	if (!host.pool_pages)
		return false;
	host.pool_pages--;
	*has_table = true;
	return true;
}

static void drop_table(unsigned long gfn)
{
	bool *has_table = host.gfn_table + gfn / FRAMES_PER_BLOCK;

	host.pool_pages += *has_table;
	*has_table = false;
}

/* Something takes memory from behind the guest's frames. */
void host_tear(unsigned long gfn, unsigned long nr_frames)
{
	unsigned long end = gfn + nr_frames;

	for (; gfn < end; gfn++) {
		host.m2p[host.gfn_mfn[gfn]] = NO_MFN;
		mfn_set(host.gfn_mfn[gfn], MFN_FREE);
		host.gfn_mfn[gfn] = NO_MFN;
		host.tot_frames--;
	}
}

static void give(unsigned long gfn, unsigned long mfn)
{
	host.m2p[mfn] = gfn;
	if (!host.cfg.pv)
		host.gfn_mfn[gfn] = mfn;
	host.tot_frames++;
}

static void check_leaving(unsigned long gfn)
{
	unsigned long pfn = gfn / HOST_FRAMES;

	if (host.info[pfn].owner != HOST_DRIVER)
		host_violation("page %#lx goes to Xen, but is not the driver's",
			       pfn);
	if (!PageOffline(host_mem_map + pfn))
		host_violation("page %#lx goes to Xen without PageOffline", pfn);
	if (host_mem_map[pfn].readable_until > host_offline_epoch)
		host_violation("page %#lx goes to Xen under the eyes of a reader of /proc/kcore",
			       pfn);
	if (host.info[pfn].secret && !host.allow_unscrubbed)
		host_violation("page %#lx goes to Xen with what it held", pfn);
	/* What comes back later is another page. */
	if (gfn % HOST_FRAMES == HOST_FRAMES - 1)
		host.info[pfn].secret = false;
}

/* One frame leaves; false: the guest has no such frame. */
static bool remove_frame(unsigned long frame)
{
	unsigned long gfn = frame, mfn = frame;

	if (host.cfg.pv) {
		if (mfn >= host.nr_mfns || host.mfn_used[mfn] != MFN_GUEST)
			host_violation("PV: the guest gives mfn %#lx away, which it does not have",
				       mfn);
		gfn = host.m2p[mfn];
		check_leaving(gfn);
		if (host.pte[gfn])
			host_violation("PV: page %#lx goes to Xen while it is mapped",
				       gfn);
		if (host_table_holds(gfn))
			host_violation("PV: page %#lx goes to Xen while a page table holds it",
				       gfn);
		if (host.info[gfn].unmapped_at == host.flush_epoch)
			host_violation("PV: page %#lx goes to Xen while a TLB may have it",
				       gfn);
	} else {
		if (gfn >= host.nr_gfns)
			return false;
		check_leaving(gfn);
		if (host.gfn_pod[gfn]) {
			host.gfn_pod[gfn] = false;
			host.pod_entries--;
			/* Xen frees what no entry is left for. */
			while (host.pod_cache > host.pod_entries) {
				mfn_set(host.pod_mfns[--host.pod_cache], MFN_FREE);
				host.tot_frames--;
			}
			return true;
		}
		mfn = host.gfn_mfn[gfn];
		if (mfn == NO_MFN || !table_for(gfn))
			return false;
		host.gfn_mfn[gfn] = NO_MFN;
		if (host.pod_entries > host.pod_cache) {
			host.pod_mfns[host.pod_cache++] = mfn;
			host.m2p[mfn] = NO_MFN;
			return true;
		}
	}
	host.m2p[mfn] = NO_MFN;
	mfn_set(mfn, MFN_FREE);
	host.tot_frames--;
	return true;
}

static bool lacks_contiguity(unsigned long frame, unsigned int order)
{
	return host.cfg.pv && order && frame % (1UL << order);
}

static long decrease(struct xen_memory_reservation *r)
{
	unsigned long i, j;

	for (i = 0; i < r->nr_extents; i++) {
		unsigned long frame = r->extent_start[i];

		if (lacks_contiguity(frame, r->extent_order))
			break;
		if (host.refuse_decrease && !r->extent_order && frame % 7 == 3)
			break;
		for (j = 0; j < 1UL << r->extent_order; j++) {
			if (!host.stop_after_frames)
				return i;
			if (!remove_frame(frame + j))
				return i;
			if (host.stop_after_frames > 0)
				host.stop_after_frames--;
		}
		host.nr_released[r->extent_order]++;
	}
	return i;
}

static long populate(struct xen_memory_reservation *r)
{
	unsigned long i, j, nr = 1UL << r->extent_order;

	for (i = 0; i < r->nr_extents; i++) {
		unsigned long mfn, gfn = r->extent_start[i];

		if (gfn + nr > host.nr_gfns)
			return i;
		for (j = gfn; j < gfn + nr; j++)
			if (host.cfg.pv ? host.p2m[j] != INVALID_P2M_ENTRY :
			    host.gfn_mfn[j] != NO_MFN || host.gfn_pod[j])
				host_violation("frame %#lx is populated a second time",
					       j);
		if (host.tot_frames + nr > host.hard_limit)
			break;
		mfn = take_mfns(r->extent_order, MFN_GUEST);
		if (mfn == NO_MFN)
			break;
		if (r->extent_order == 9) {
			drop_table(gfn);
		} else if (!table_for(gfn)) {
			/* It goes on counting what it cannot map. */
			host.tot_frames += nr;
			host.nr_lost_frames += nr;
			break;
		}
		for (j = 0; j < nr; j++)
			give(gfn + j, mfn + j);
		if (host.cfg.pv)
			r->extent_start[i] = mfn;
		host.nr_populated[r->extent_order]++;
	}
	return i;
}

static long change_reservation(unsigned int cmd,
			       struct xen_memory_reservation *r)
{
	bool is_decrease = cmd == XENMEM_decrease_reservation;
	unsigned long asked = r->nr_extents;
	long rc;

	if (r->domid != DOMID_SELF)
		host_violation("memory_op on domain %#x", r->domid);
	if (!asked)
		host_violation("memory_op %u without extents", cmd);
	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("memory_op with the short lock held");

	if (host_fails("memory_op refused"))
		return -EBUSY;
	if (r->extent_order > host.max_order)
		return 0;
	if (host_fails("memory_op does nothing"))
		return 0;
	if (asked > 1 && host_fails("memory_op does half"))
		r->nr_extents = asked / 2;
	else if (asked > 1 && host_fails("memory_op does all but one"))
		r->nr_extents = asked - 1;
	else if (is_decrease && r->extent_order && host.stop_after_frames < 0 &&
		 host_fails("memory_op stops within an extent"))
		host.stop_after_frames = (asked / 2 << r->extent_order) +
					 (1L << r->extent_order) / 2;

	/*
	 * A shim has what the guest released, by orders, and spends its own
	 * memory on an extent of another order: there is little of that.
	 */
	if (host.cfg.shim && !is_decrease && r->extent_order) {
		if (host.cfg.shim < 2 * FRAMES_PER_BLOCK)
			return 0;
		r->nr_extents = 1;
		host.cfg.shim -= FRAMES_PER_BLOCK;
	}

	rc = is_decrease ? decrease(r) : populate(r);
	host.clock_ns += (rc << r->extent_order) * host.ns_per_frame +
			 rc * host.ns_per_extent;
	host.stop_after_frames = -1;
	return rc;
}

long HYPERVISOR_memory_op(unsigned int cmd, void *arg)
{
	long rc;

	if (host.on_hypercall)
		host.on_hypercall(cmd);
	host_hold();
	host.nr_memory_ops++;
	switch (cmd) {
	case XENMEM_current_reservation:
		if (*(domid_t *)arg != DOMID_SELF)
			host_violation("current_reservation of another domain");
		rc = host_fails("current_reservation") ? -EPERM :
		     host.current_reservation_error ?:
		     (long)(host.tot_frames + host.cfg.overhead);
		break;
	case XENMEM_maximum_reservation:
		if (*(domid_t *)arg != DOMID_SELF)
			host_violation("maximum_reservation of another domain");
		rc = host_fails("maximum_reservation") ? -EPERM :
		     (long)(min(host.hard_limit, LONG_MAX - host.cfg.overhead) +
			    host.cfg.overhead);
		break;
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		rc = change_reservation(cmd, arg);
		break;
	default:
		host_violation("memory_op %u", cmd);
	}
	host_release();
	return rc;
}

/* PV: p2m and page tables */

unsigned long xen_max_p2m_pfn;

bool set_phys_to_machine(unsigned long pfn, unsigned long mfn)
{
	bool sets = mfn != INVALID_P2M_ENTRY;

	if (!host.cfg.pv)
		host_violation("set_phys_to_machine() outside PV");
	if (pfn >= host.nr_gfns)
		host_violation("set_phys_to_machine() of pfn %#lx", pfn);
	/* No entry beyond its end, which is what INVALID_P2M_ENTRY says. */
	if (pfn >= xen_max_p2m_pfn) {
		if (sets)
			host_violation("BUG: page %#lx is beyond the p2m", pfn);
		return true;
	}
	host_hold();
	if (sets && (mfn >= host.nr_mfns || host.m2p[mfn] != pfn))
		host_violation("PV: p2m of page %#lx is set to mfn %#lx, which is not its",
			       pfn, mfn);
	/* Where RAM was, an entry can always be made invalid. */
	if ((sets || host.info[pfn].owner == HOST_ABSENT) &&
	    host_fails("set_phys_to_machine")) {
		host_release();
		return false;
	}
	host.p2m[pfn] = mfn;
	host_release();
	return true;
}

#ifdef CONFIG_X86
int xen_alloc_p2m_entry(unsigned long pfn)
{
	if (!host.cfg.pv)
		host_violation("xen_alloc_p2m_entry() outside PV");
	if (host.p2m[pfn] != INVALID_P2M_ENTRY)
		host_violation("xen_alloc_p2m_entry() of page %#lx, which has one",
			       pfn);
	return host_fails("xen_alloc_p2m_entry") ? -ENOMEM : 0;
}
#endif

unsigned long pfn_to_gfn(unsigned long pfn)
{
	if (!host.cfg.pv)
		return pfn;
	if (host.p2m[pfn] == INVALID_P2M_ENTRY)
		host_violation("PV: the machine frame of page %#lx is asked for, which has none",
			       pfn);
	return host.p2m[pfn];
}

void flush_tlb_all(void)
{
	if (!host.cfg.pv)
		host_violation("all TLBs are flushed, but no mapping has changed");
	host_hold();
	host.flush_epoch++;
	host.nr_flushes++;
	host_release();
}

/*
 * The guest was suspended, and is resumed here or on another host: it has as
 * much memory as before, but in other machine frames. A PV guest sees that: the
 * toolstack has rewritten its p2m and its page tables.
 */
void host_resume_elsewhere(void)
{
	unsigned long *mfn_of = host.p2m, i, j;
	u64 was;

	if (host.resume_nb)
		host.resume_nb->notifier_call(host.resume_nb, 0, NULL);
	if (!host.cfg.pv)
		return;
	/* Turned round: the first page has the frame of the last, and so on. */
	for (i = 0, j = host.nr_gfns - 1; i < j; i++, j--) {
		while (i < j && mfn_of[i] >= host.nr_mfns)
			i++;
		while (i < j && mfn_of[j] >= host.nr_mfns)
			j--;
		if (i == j)
			break;
		swap(mfn_of[i], mfn_of[j]);
		swap(host.m2p[mfn_of[i]], host.m2p[mfn_of[j]]);
		was = host.pte[i];
		host_table_set(i, host.pte[j]);
		host_table_set(j, was);
	}
	host_tables_move();
}

static bool has_frames(unsigned long pfn)
{
	unsigned long i;

	for (i = pfn * HOST_FRAMES; i < (pfn + 1) * HOST_FRAMES; i++)
		if (host.gfn_mfn[i] != NO_MFN)
			return true;
	return false;
}

/*
 * It was migrated live, and gave pages up that had been sent: one in @one_in of
 * the pages in the balloon, @most of them, has memory here.
 */
unsigned long host_repopulate(unsigned int one_in, unsigned long most)
{
	unsigned long pfn, i, nr = 0;

	for (pfn = 0; pfn < host.nr_pages && nr < most; pfn++) {
		if (host.info[pfn].owner != HOST_DRIVER ||
		    !PageOffline(host_mem_map + pfn) ||
		    has_frames(pfn) || host_random() % one_in)
			continue;
		if (host.nr_free_mfns < HOST_FRAMES)
			break;
		for (i = 0; i < HOST_FRAMES; i++)
			give(pfn * HOST_FRAMES + i, take_mfns(0, MFN_GUEST));
		nr++;
	}
	return nr;
}

/* Start: the guest as its builder leaves it */

void host_xen_start(void)
{
	const struct host_config *cfg = &host.cfg;
	unsigned long ram = cfg->ram * HOST_SUPERPAGE, nr_frames, pfn, i;

	host.nr_gfns = cfg->space * FRAMES_PER_BLOCK;
	host.nr_mfns = ((cfg->pod_cache ?: cfg->ram) + cfg->host_free + 1) *
		       FRAMES_PER_BLOCK;
	host.mfn_used = calloc(host.nr_mfns, 1);
	host.mfn_free_in_superpage = calloc(host.nr_mfns / FRAMES_PER_BLOCK,
					sizeof(*host.mfn_free_in_superpage));
	host.m2p = malloc(host.nr_mfns * sizeof(*host.m2p));
	host.gfn_mfn = malloc(host.nr_gfns * sizeof(*host.gfn_mfn));
	host.gfn_pod = calloc(host.nr_gfns, sizeof(*host.gfn_pod));
	host.gfn_table = calloc(cfg->space, sizeof(*host.gfn_table));
	host.pool_pages = cfg->space;
	host.p2m = malloc(host.nr_gfns * sizeof(*host.p2m));
	memset(host.m2p, 0xff, host.nr_mfns * sizeof(*host.m2p));
	memset(host.gfn_mfn, 0xff, host.nr_gfns * sizeof(*host.gfn_mfn));
	memset(host.p2m, 0xff, host.nr_gfns * sizeof(*host.p2m));
	for (i = 0; i < host.nr_mfns / FRAMES_PER_BLOCK; i++)
		host.mfn_free_in_superpage[i] = FRAMES_PER_BLOCK;
	host.nr_free_mfns = host.nr_mfns;
	host.max_order = 9;
	host.hard_limit = ULONG_MAX;
	host.stop_after_frames = -1;
	host.flush_epoch = 1;

	/* What is no RAM yet is device memory as far as the p2m knows. */
	for (pfn = (cfg->ram + cfg->extra) * HOST_SUPERPAGE;
	     cfg->pv && pfn < host.nr_gfns; pfn++)
		host.p2m[pfn] = pfn | 1UL << 62;

	host_tables_start();
	nr_frames = (ram - cfg->unpopulated_pages) * HOST_FRAMES;
	if (cfg->pod_cache) {
		host.pod_mfns = malloc(host.nr_mfns * sizeof(*host.pod_mfns));
		for (i = 0; i < cfg->pod_cache * FRAMES_PER_BLOCK; i++) {
			mfn_set(i, MFN_GUEST);
			host.pod_mfns[i] = i;
			host.tot_frames++;
		}
		host.pod_cache = i;
		host.pod_entries = nr_frames;
		memset(host.gfn_pod, true, nr_frames);
		return;
	}
	for (i = 0; i < nr_frames; i++) {
		mfn_set(i, MFN_GUEST);
		give(i, i);
	}
	for (pfn = 0; cfg->pv && pfn < nr_frames; pfn++) {
		/* The machine frames of a PV guest are in any order. */
		unsigned long mfn = pfn ^ 6;

		host.p2m[pfn] = mfn;
		host.m2p[mfn] = pfn;
		host_table_set(pfn, (u64)mfn << PAGE_SHIFT | 0x63);
	}
	/* A shim grants the memory that it had for the guest, for good. */
	if (cfg->shim)
		host.hard_limit = host.tot_frames;
}

void host_xen_stop(void)
{
	free(host.mfn_used);
	free(host.mfn_free_in_superpage);
	free(host.m2p);
	free(host.gfn_mfn);
	free(host.gfn_pod);
	free(host.gfn_table);
	free(host.p2m);
	host_tables_stop();
	free(host.pod_mfns);
}

/* As a Xen 4.17 answers an HVM domain, with cpuid_hvm 0x5c, or a PV domain. */
void native_cpuid(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	u32 leaf = *eax, base = host.cfg.cpuid_base;

	*eax = *ebx = *ecx = *edx = 0;
	if (base && leaf == base) {
		*eax = base + 5;
		*ebx = XEN_CPUID_SIGNATURE_EBX;
		*ecx = XEN_CPUID_SIGNATURE_ECX;
		*edx = XEN_CPUID_SIGNATURE_EDX;
	} else if (base && leaf == base + 4) {
		*eax = host.cfg.cpuid_hvm;
	} else if (leaf == 0x40000000) {
		/* another hypervisor, below Xen or in its place */
		*ebx = 0x4b4d564b;
	}
}
