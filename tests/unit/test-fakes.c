// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fakes themselves: what the cases rest on. Each rule of Xen and of the page
 * allocator that a case relies on is shown here without the driver, and each
 * misuse that they are to notice is made once.
 */

#include <stdlib.h>

#include "test.h"

#define GFP_LOW \
	((GFP_BALLOON & ~(__GFP_HIGHMEM | __GFP_RECLAIM)) | __GFP_ZERO)

static const struct host_config pvh = { .ram = 8, .host_free = 4, .space = 16 };

/* Whether the action is noticed, in these words. */
#define EXPECT_NOTICED(text, action) do {				\
	jmp_buf outer_;							\
									\
	memcpy(&outer_, &host_env, sizeof(outer_));			\
	if (!setjmp(host_env)) {					\
		action;							\
		memcpy(&host_env, &outer_, sizeof(outer_));		\
		host_violation("%s:%d: not noticed: %s", __FILE__,	\
			       __LINE__, #action);			\
	}								\
	memcpy(&host_env, &outer_, sizeof(outer_));			\
	if (!strstr(host_said, text))					\
		host_violation("%s:%d: noticed in other words: %s",	\
			       __FILE__, __LINE__, #action);		\
} while (0)

static long memory_op(unsigned int cmd, xen_pfn_t *frames, unsigned long nr,
		      unsigned int order)
{
	struct xen_memory_reservation r = {
		.extent_start = frames, .nr_extents = nr,
		.extent_order = order, .domid = DOMID_SELF,
	};

	return HYPERVISOR_memory_op(cmd, &r);
}

static long populate(xen_pfn_t gfn, unsigned int order)
{
	return memory_op(XENMEM_populate_physmap, &gfn, 1, order);
}

static long decrease(xen_pfn_t frame, unsigned int order)
{
	return memory_op(XENMEM_decrease_reservation, &frame, 1, order);
}

static void mark_offline(struct page *page, unsigned int order)
{
	page_offline_begin();
	balloon_mark_offline(page, order);
	page_offline_end();
}

/* A page or a superpage on its way to Xen, clear and PageOffline. */
static struct page *take(unsigned int order)
{
	struct page *page = alloc_pages(GFP_LOW, order);

	EXPECT(page);
	split_page(page, order);
	mark_offline(page, order);
	return page;
}

#define FRAME(page)	page_to_xen_pfn(page)

static unsigned int frame_order(unsigned int order)
{
	return extent_order(order);
}

/* Xen */

TEST("the fake Xen populates frame by frame, and counts them")
{
	unsigned long before;
	struct page *page;
	unsigned long i;

	host_start(&pvh);
	page = take(0);
	before = host.tot_frames;
	EXPECT_EQ(before, SUPERPAGES(8) * HOST_FRAMES);
	for (i = 0; i < HOST_FRAMES; i++) {
		EXPECT(host_page_populated(page_to_pfn(page)) == !i);
		EXPECT_EQ(decrease(FRAME(page) + i, 0), 1);
	}
	/* of a page of 64 KiB, 16 */
	EXPECT_EQ(host.tot_frames, before - HOST_FRAMES);
	EXPECT_EQ(host_frames_counted(), host.tot_frames);
	EXPECT_EQ(decrease(FRAME(page), 0), 0);
	EXPECT_EQ(populate(FRAME(page), frame_order(0)), 1);
	EXPECT_EQ(host.tot_frames, before);
	EXPECT_EQ(host_frames_counted(), before);
	EXPECT(host_page_populated(page_to_pfn(page)));
	EXPECT_NOTICED("populated a second time",
		       populate(FRAME(page), frame_order(0)));
}

TEST("the fake Xen keeps to the hard limit, its own memory and the guest's address space")
{
	xen_pfn_t frames[600];
	unsigned long i, at = SUPERPAGES(8) * HOST_FRAMES;

	for (i = 0; i < ARRAY_SIZE(frames); i++)
		frames[i] = at + i;
	host_start(&pvh);
	host.hard_limit = host.tot_frames + 100;
	EXPECT_EQ(memory_op(XENMEM_populate_physmap, frames, 600, 0), 100);
	host.hard_limit = ULONG_MAX;
	host_others_take(host.nr_free_mfns - 50, true);
	EXPECT_EQ(memory_op(XENMEM_populate_physmap, frames + 100, 500, 0), 50);
	EXPECT_EQ(host.nr_free_mfns, 0);
	EXPECT_EQ(populate(at + 150, 0), 0);
	host_others_give_all();
	EXPECT_EQ(populate(at + 150, 0), 1);
	EXPECT_EQ(populate(host.nr_gfns, 0), 0);
}

TEST("the fake Xen refuses what is beyond its order, and a superpage where its memory is in pieces")
{
	unsigned long at = SUPERPAGES(8) * HOST_FRAMES;

	host_start(&pvh);
	EXPECT_EQ(populate(at, 10), 0);
	host.max_order = 8;
	EXPECT_EQ(populate(at, 9), 0);
	EXPECT_EQ(populate(at, 8), 1);
	host.max_order = 9;
	EXPECT_EQ(populate(at + 512, 9), 1);

	/* all of it taken frame by frame, and every second one given back */
	host_others_take(ULONG_MAX / 2, true);
	host_others_give();
	EXPECT(host.nr_free_mfns > 512);
	EXPECT_EQ(populate(at + 1024, 9), 0);
	EXPECT_EQ(populate(at + 1024, 0), 1);
	EXPECT_EQ(populate(at + 1026, 1), 0);
	host_others_give_all();
	EXPECT_EQ(populate(at + 1536, 9), 1);
}

TEST("the fake Xen stops within an extent, and says only what is done whole")
{
	struct page *a, *b;
	xen_pfn_t frames[2];
	unsigned long before;

	host_start(&pvh);
	a = take(SUPERPAGE_ORDER);
	b = take(SUPERPAGE_ORDER);
	frames[0] = FRAME(a);
	frames[1] = FRAME(b);
	before = host.tot_frames;
	host.stop_after_frames = 512 + 100;
	EXPECT_EQ(memory_op(XENMEM_decrease_reservation, frames, 2, 9), 1);
	EXPECT_EQ(host.tot_frames, before - 612);
	EXPECT(!host_page_populated(page_to_pfn(b)));
	EXPECT(host_page_populated(page_to_pfn(b) + HOST_SUPERPAGE - 1));
}

TEST("the fake Xen populates on demand, from the cache, and crashes who touches more")
{
	const struct host_config cfg = { .ram = 4, .pod_cache = 2 };
	unsigned long i;

	host_start(&cfg);
	EXPECT_EQ(host.tot_frames, 2 * 512);
	EXPECT_EQ(host.pod_entries, 4 * 512);
	host_touch(0);
	host_touch(0);
	EXPECT_EQ(host.pod_entries, 4 * 512 - HOST_FRAMES);
	EXPECT_EQ(host.pod_cache, 2 * 512 - HOST_FRAMES);
	EXPECT_EQ(host.tot_frames, 2 * 512);
	for (i = 0; i < SUPERPAGES(2); i++)
		host_touch(i);
	EXPECT_EQ(host.pod_cache, 0);
	EXPECT_NOTICED("out of populate-on-demand memory", host_touch(i));
}

TEST("the fake Xen takes what nobody has touched, and frees the cache that no entry needs")
{
	const struct host_config cfg = { .ram = 4, .pod_cache = 2 };
	struct page *superpage;
	unsigned int i;

	host_start(&cfg);
	for (i = 0; i < 3; i++) {
		superpage = alloc_pages(GFP_LOW & ~__GFP_ZERO, SUPERPAGE_ORDER);
		mark_offline(superpage, SUPERPAGE_ORDER);
		EXPECT_EQ(decrease(FRAME(superpage), 9), 1);
		EXPECT_EQ(host.pod_entries, (3 - i) * 512);
		EXPECT_EQ(host.tot_frames, min(3 - i, 2U) * 512);
	}
}

TEST("the fake Xen notices what must not leave the guest")
{
	struct page *page;

	host_start(&pvh);
	EXPECT_NOTICED("not the driver's", decrease(0, 0));
	page = take(0);
	host.info[page_to_pfn(page)].secret = true;
	EXPECT_NOTICED("with what it held", decrease(FRAME(page), 0));
	host.info[page_to_pfn(page)].secret = false;
	balloon_mark_online(page, 0);
	EXPECT_NOTICED("without PageOffline", decrease(FRAME(page), 0));
	page = alloc_pages(GFP_LOW, 0);
	balloon_mark_offline(page, 0);
	EXPECT_NOTICED("under the eyes", decrease(FRAME(page), 0));
	balloon_mark_online(page, 0);
	EXPECT_NOTICED("without extents",
		       memory_op(XENMEM_decrease_reservation, NULL, 0, 0));
	mutex_lock(&xen_balloon.mem.lock);
	EXPECT_NOTICED("short lock", decrease(FRAME(page), 0));
	mutex_unlock(&xen_balloon.mem.lock);
	EXPECT_NOTICED("no mapping has changed", flush_tlb_all());
}

#ifdef CONFIG_XEN_HAVE_PVMMU
static const struct host_config pv = {
	.pv = true, .ram = 8, .host_free = 4, .space = 16,
};

static struct page *table_of(unsigned long pfn)
{
	return pmd_page(*pmd_off_k((unsigned long)__va(PFN_PHYS(pfn))));
}

static int update(unsigned long pfn, u64 val)
{
	unsigned int done;
	struct mmu_update u = {
		.ptr = PFN_PHYS(pfn_to_mfn(page_to_pfn(table_of(pfn)))) +
		       pfn % PTRS_PER_PTE * sizeof(u64),
		.val = val,
	};

	return HYPERVISOR_mmu_update(&u, 1, &done, DOMID_SELF);
}

static int pin(struct page *table, unsigned int cmd)
{
	struct mmuext_op op = {
		.cmd = cmd, .arg1.mfn = pfn_to_mfn(page_to_pfn(table)),
	};

	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static int map(struct page *table, pgprot_t prot)
{
	return HYPERVISOR_update_va_mapping((unsigned long)page_address(table),
					    pfn_pte(page_to_pfn(table), prot),
					    UVMF_INVLPG);
}

TEST("the fake Xen has a PV guest's machine frames, p2m, M2P and page tables agree")
{
	unsigned long pfn, mfn;
	xen_pfn_t frame;
	struct page *page;

	host_start(&pv);
	page = take(0);
	pfn = page_to_pfn(page);
	mfn = host.p2m[pfn];
	EXPECT(mfn != pfn);
	EXPECT_EQ(host.m2p[mfn], pfn);
	EXPECT_EQ(xen_page_to_gfn(page), mfn);

	EXPECT_NOTICED("while it is mapped", decrease(mfn, 0));
	EXPECT_EQ(update(pfn, 0), 0);
	EXPECT_NOTICED("while a TLB may have it", decrease(mfn, 0));
	flush_tlb_all();
	EXPECT(set_phys_to_machine(pfn, INVALID_P2M_ENTRY));
	EXPECT_EQ(decrease(mfn, 0), 1);
	EXPECT_EQ(host.m2p[mfn], UINT_MAX);
	EXPECT_NOTICED("which it does not have", decrease(mfn, 0));
	EXPECT_NOTICED("which has none", xen_page_to_gfn(page));

	/* and back, with another frame */
	host_others_take(512, false);
	frame = pfn;
	EXPECT_EQ(memory_op(XENMEM_populate_physmap, &frame, 1, 0), 1);
	EXPECT_EQ(host.m2p[frame], pfn);
	EXPECT_NOTICED("which is not its", set_phys_to_machine(pfn + 1, frame));
	EXPECT_NOTICED("another mfn than its p2m",
		       update(pfn, (u64)frame << PAGE_SHIFT | 0x63));
	EXPECT(set_phys_to_machine(pfn, frame));
	EXPECT_NOTICED("is mapped with",
		       update(pfn, (u64)frame << PAGE_SHIFT | 0x61));
	EXPECT_EQ(update(pfn, (u64)frame << PAGE_SHIFT | 0x63), 0);
	host_check_xen_page(pfn, true, true);
}

TEST("the fake Xen lets nobody write a page table that it takes for one, and looks at what is written")
{
	unsigned long pfn = SUPERPAGES(3);
	pmd_t *pmd, was;
	struct page *table;
	u64 *entry, mine;

	host_start(&pv);
	pmd = pmd_off_k((unsigned long)__va(PFN_PHYS(pfn)));
	was = *pmd;
	table = table_of(pfn);
	entry = page_address(table);
	mine = entry[7];
	EXPECT(map(table, PAGE_KERNEL) < 0);
	set_pmd(pmd, __pmd(0));
	EXPECT(!host.pte[pfn]);
	EXPECT(map(table, PAGE_KERNEL) < 0);
	EXPECT_EQ(pin(table, MMUEXT_UNPIN_TABLE), 0);
	EXPECT_EQ(map(table, PAGE_KERNEL), 0);
	EXPECT_NOTICED("while it is writable", set_pmd(pmd, was));
	entry[7] = host.pte[0];
	EXPECT_EQ(map(table, PAGE_KERNEL_RO), 0);
	EXPECT_NOTICED("another mfn than its p2m", pin(table, MMUEXT_PIN_L1_TABLE));
	EXPECT_EQ(map(table, PAGE_KERNEL), 0);
	entry[7] = mine;
	EXPECT_EQ(map(table, PAGE_KERNEL_RO), 0);
	EXPECT_EQ(pin(table, MMUEXT_PIN_L1_TABLE), 0);
	set_pmd(pmd, was);
	host_check_xen_page(pfn + 7, true, true);
	entry[7] = 0;
	EXPECT_NOTICED("written while in use", set_pmd(pmd, __pmd(0)));
}

TEST("the fake Xen gives a PV guest superpages in one piece, and takes only such")
{
	xen_pfn_t frame = SUPERPAGES(8);	/* an extra region */
	struct host_config cfg = pv;
	unsigned long i;

	cfg.extra = 1;
	host_start(&cfg);
	EXPECT_EQ(memory_op(XENMEM_populate_physmap, &frame, 1, 9), 1);
	for (i = 0; i < 512; i++)
		EXPECT_EQ(host.m2p[frame + i], SUPERPAGES(8) + i);
	EXPECT_EQ(decrease(frame + 1, 9), 0);
	EXPECT_EQ(decrease(frame + 511, 1), 0);
}

TEST("the fake Xen resumes a PV guest in other machine frames, as many as before")
{
	unsigned long pfn, same = 0;
	unsigned long *p2m;

	host_boot(&pv);
	balloon_set_new_target(SUPERPAGES(6) - 3);
	host_run();
	p2m = calloc(host.nr_gfns, sizeof(*p2m));
	memcpy(p2m, host.p2m, host.nr_gfns * sizeof(*p2m));
	host_resume_elsewhere();
	host_check();
	for (pfn = 0; pfn < SUPERPAGES(8); pfn++) {
		EXPECT((host.p2m[pfn] == INVALID_P2M_ENTRY) ==
		       (p2m[pfn] == INVALID_P2M_ENTRY));
		same += host.p2m[pfn] == p2m[pfn];
	}
	free(p2m);
	/* those of the balloon, and the page in the middle */
	EXPECT(same <= SUPERPAGES(2) + 3 + 1);
	EXPECT_EQ(host_frames_counted(), SUPERPAGES(6) - 3);
}
#endif

/* The page allocator */

TEST("the fake allocator has zones: lowmem for who asks for it, highmem first for others")
{
	struct host_config cfg = pvh;
	struct page *page;

	cfg.low = 3;
	host_start(&cfg);
	EXPECT_EQ(host.managed[0], SUPERPAGES(3));
	EXPECT_EQ(host.managed[1], SUPERPAGES(5));
	EXPECT(PageHighMem(alloc_pages(GFP_BALLOON, 0)));
	page = alloc_pages(GFP_LOW, 0);
	EXPECT(!PageHighMem(page));
	EXPECT(page_zone(page) == page_zone(host_mem_map) &&
	       page_zone(page) != page_zone(host_mem_map + SUPERPAGES(3)));
	while ((page = alloc_pages(GFP_BALLOON & ~__GFP_RECLAIM, SUPERPAGE_ORDER)) &&
	       PageHighMem(page))
		;
	EXPECT(page && !PageHighMem(page));
	while (alloc_pages(GFP_LOW, 0))
		;
	EXPECT(host.nr_free > 0);
	EXPECT(!alloc_pages(GFP_LOW, SUPERPAGE_ORDER));
	EXPECT(PageHighMem(alloc_pages(GFP_BALLOON, 0)));
}

TEST("the fake allocator breaks superpages up, and puts them together when the last page is back")
{
	const struct host_config cfg = { .ram = 1 };
	struct page *page;

	host_start(&cfg);
	page = alloc_pages(GFP_LOW, 0);
	EXPECT(!alloc_pages(GFP_LOW, SUPERPAGE_ORDER));
	EXPECT_EQ(host.nr_free, HOST_SUPERPAGE - 1);
	__free_page(page);
	page = alloc_pages(GFP_LOW, SUPERPAGE_ORDER);
	EXPECT(page);
	EXPECT_EQ(host.nr_free, 0);
	EXPECT(!alloc_pages(GFP_LOW, 0));
}

TEST("the fake allocator takes single pages from broken superpages first, or from anywhere")
{
	unsigned long seen = 0, i;

	host_start(&pvh);
	for (i = 0; i < HOST_SUPERPAGE; i++)
		seen |= 1UL << (page_to_pfn(alloc_pages(GFP_LOW, 0)) / HOST_SUPERPAGE);
	EXPECT_EQ(seen & (seen - 1), 0);
	host.scatter = true;
	for (i = 0; i < HOST_SUPERPAGE; i++)
		seen |= 1UL << (page_to_pfn(alloc_pages(GFP_LOW, 0)) / HOST_SUPERPAGE);
	EXPECT(__builtin_popcountl(seen) > 4);
	host_start(&pvh);
	host_shatter_guest(HOST_SUPERPAGE);
	EXPECT_EQ(host.nr_free, SUPERPAGES(8) - 8);
	EXPECT(!alloc_pages(GFP_LOW, SUPERPAGE_ORDER));
}

TEST("the fake allocator has other users: what they use is theirs, their cache can be reclaimed")
{
	struct host_config cfg = pvh;

	cfg.reserve = 10;
	host_start(&cfg);
	EXPECT_EQ(si_mem_available(), SUPERPAGES(8) - 10);
	EXPECT_EQ(host_user_alloc(SUPERPAGES(8)), SUPERPAGES(8));
	EXPECT(!alloc_pages(GFP_BALLOON, 0));
	host_user_to_cache(11);
	EXPECT_EQ(si_mem_available(), 1);
	EXPECT(!alloc_pages(GFP_BALLOON & ~__GFP_RECLAIM, 0));
	EXPECT(alloc_pages(GFP_BALLOON, 0));
	EXPECT(!alloc_pages(GFP_BALLOON, 0));
	host_user_free(SUPERPAGES(1));
	EXPECT_EQ(si_mem_available(), SUPERPAGES(1));
	/* and never gives its last pages */
	while (alloc_pages(GFP_BALLOON, 0))
		;
	EXPECT_EQ(host.nr_free, cfg.reserve);
}

TEST("the fake allocator notices pages that it must not get, and requests that would hurt")
{
	struct page *page;

	host_start(&pvh);
	EXPECT_NOTICED("OOM killer",
		       alloc_pages(GFP_BALLOON & ~__GFP_NORETRY, 0));
	EXPECT_NOTICED("would warn or use reserves",
		       alloc_pages(GFP_BALLOON & ~__GFP_NOWARN, 0));
	EXPECT_NOTICED("would warn or use reserves",
		       alloc_pages(GFP_BALLOON & ~__GFP_NOMEMALLOC, 0));
	EXPECT_NOTICED("compact", alloc_pages(GFP_BALLOON, SUPERPAGE_ORDER));
	page = alloc_pages(GFP_LOW, 0);
	EXPECT_NOTICED("cleared twice", clear_highpage(page));
	get_page(page);
	EXPECT_NOTICED("2 references", __free_page(page));
	page->refcount = 1;
	mark_offline(page, 0);
	EXPECT_NOTICED("with flags", __free_page(page));
	if (!host.cfg.pv)
		EXPECT_EQ(decrease(FRAME(page), frame_order(0)), 1);
	EXPECT_NOTICED("has no memory", host_touch(page_to_pfn(page)));
	balloon_mark_online(page, 0);
	EXPECT_NOTICED("without memory behind it", __free_page(page));
	EXPECT_EQ(populate(FRAME(page), frame_order(0)), 1);
	__free_page(page);
	EXPECT_NOTICED("was not the driver's", __free_page(page));
}

#ifdef CONFIG_XEN_BALLOON_MEMORY_HOTPLUG
static struct resource *section(unsigned long pfn)
{
	struct resource *res = kzalloc(sizeof(*res), GFP_KERNEL);

	res->start = PFN_PHYS(pfn);
	res->end = PFN_PHYS(pfn + PAGES_PER_SECTION) - 1;
	return res;
}

TEST("the fake memory has sections: added, online, offline and online again")
{
	struct host_config cfg = pvh;
	unsigned long pfn = SUPERPAGES(8);
	struct resource *res;

	cfg.offline_sections = true;
	host_boot(&cfg);
	res = section(pfn);
	EXPECT_EQ(mhp_get_pluggable_range(true).start, PFN_PHYS(pfn));
	EXPECT_NOTICED("page that is not there", pfn_to_page(pfn));
	EXPECT_NOTICED("hotplug lock",
		       add_memory_resource(0, res, MHP_MERGE_RESOURCE));
	lock_device_hotplug();
	EXPECT_EQ(add_memory_resource(0, res, MHP_MERGE_RESOURCE), 0);
	unlock_device_hotplug();
	EXPECT_EQ(pfn_to_page(pfn)->page_type, HOST_PGTY_OFFLINE);
	EXPECT_EQ(host.nr_free, SUPERPAGES(8));
	/* nobody's of ours: it comes online as somebody else's */
	EXPECT(host_online());
	EXPECT(!host_online());
	EXPECT_EQ(host.info[pfn].owner, HOST_FOREIGN);

	EXPECT(host_offline());
	EXPECT_EQ(host.nr_free, SUPERPAGES(8) - PAGES_PER_SECTION);
	EXPECT_EQ(host.managed[0], SUPERPAGES(8) - PAGES_PER_SECTION);
	host_check();
	EXPECT(host_online());
	EXPECT_EQ(host.nr_free, SUPERPAGES(8));
	host_check();
	/* one page in use keeps a section */
	host_shatter_guest(PAGES_PER_SECTION);
	EXPECT(!host_offline());
}
#endif
