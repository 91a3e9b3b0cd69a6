// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fake page allocator: each page has an owner. Free pages are counted by
 * superpage of 2 MiB, and a superpage can be allocated when all of it is free:
 *
 *   pfn 0 ................ host_low_pages ................ nr_pages .... space
 *       [ superpage | superpage | superpage | superpage | superpage | superpage ] [ section | ... ]
 *         lowmem                  highmem  RAM, extra       not added yet
 */

#include <stdlib.h>

#include "host.h"

struct page *host_mem_map;
unsigned long host_nr_struct_pages, host_low_pages;
unsigned long max_pfn;
struct resource iomem_resource;

static unsigned int zone_of(unsigned long pfn)
{
	return pfn >= host_low_pages;
}

static void set_owner(unsigned long pfn, enum host_owner owner)
{
	struct host_page *info = host.info + pfn;

	if (info->owner == HOST_FREE) {
		host.nr_free--;
		host.free_in_superpage[pfn / HOST_SUPERPAGE]--;
	}
	info->owner = owner;
	if (owner == HOST_FREE) {
		host.nr_free++;
		host.free_in_superpage[pfn / HOST_SUPERPAGE]++;
		host.first_free[pfn / HOST_SUPERPAGE] =
			min(host.first_free[pfn / HOST_SUPERPAGE],
			    (unsigned int)(pfn % HOST_SUPERPAGE));
	}
}

/* Finding free pages */

static unsigned long nr_superpages(void)
{
	return host.nr_pages / HOST_SUPERPAGE;
}

static unsigned long free_page_in(unsigned long superpage)
{
	unsigned long pfn = superpage * HOST_SUPERPAGE + host.first_free[superpage];

	while (host.info[pfn].owner != HOST_FREE)
		pfn++;
	host.first_free[superpage] = pfn % HOST_SUPERPAGE;
	return pfn;
}

static unsigned long find_page(unsigned int zone)
{
	unsigned long first = zone ? host_low_pages / HOST_SUPERPAGE : 0;
	unsigned long end = zone ? nr_superpages() :
			    min(host_low_pages / HOST_SUPERPAGE, nr_superpages());
	unsigned long i, superpage, whole = ULONG_MAX, nr = end - first;

	if (first >= end)
		return ULONG_MAX;
	superpage = host.scatter ? first + host_random() % nr :
			       max(host.cursor[zone], first);
	for (i = 0; i < nr; i++, superpage++) {
		if (superpage >= end)
			superpage = first;
		if (!host.free_in_superpage[superpage])
			continue;
		/* A superpage that is broken already comes first. */
		if (host.scatter || host.free_in_superpage[superpage] < HOST_SUPERPAGE)
			break;
		if (whole == ULONG_MAX)
			whole = superpage;
	}
	if (i == nr) {
		if (whole == ULONG_MAX)
			return ULONG_MAX;
		superpage = whole;
	}
	host.cursor[zone] = superpage;
	return free_page_in(superpage);
}

/* An extent of @nr pages in @superpage that is free, or ULONG_MAX. */
static unsigned long free_extent_in(unsigned long superpage, unsigned long nr)
{
	unsigned long first = superpage * HOST_SUPERPAGE, pfn, i;

	for (pfn = first; pfn < first + HOST_SUPERPAGE; pfn += nr) {
		for (i = pfn; i < pfn + nr && host.info[i].owner == HOST_FREE; i++)
			;
		if (i == pfn + nr)
			return pfn;
	}
	return ULONG_MAX;
}

/* As the kernel does, where memory is broken already if that will do. */
static unsigned long find_extent(unsigned int order, unsigned int zone)
{
	unsigned long first = zone ? host_low_pages / HOST_SUPERPAGE : 0;
	unsigned long end = zone ? nr_superpages() :
			    min(host_low_pages / HOST_SUPERPAGE, nr_superpages());
	unsigned long superpage, pfn, whole = ULONG_MAX, nr = 1UL << order;

	if (host.no_superpages)
		return ULONG_MAX;
	for (superpage = first; superpage < end; superpage++) {
		unsigned int nr_free = host.free_in_superpage[superpage];

		if (nr_free == HOST_SUPERPAGE) {
			whole = min(whole, superpage * HOST_SUPERPAGE);
		} else if (nr_free >= nr) {
			pfn = free_extent_in(superpage, nr);
			if (pfn != ULONG_MAX)
				return pfn;
		}
	}
	return whole;
}

static unsigned long find_free(unsigned int order, bool highmem)
{
	unsigned long pfn = ULONG_MAX;

	if (highmem)
		pfn = order ? find_extent(order, 1) : find_page(1);
	if (pfn == ULONG_MAX)
		pfn = order ? find_extent(order, 0) : find_page(0);
	return pfn;
}

static unsigned long pick_user(void)
{
	unsigned long i = host_random() % host.nr_used;
	unsigned long pfn = host.used[i];

	host.used[i] = host.used[--host.nr_used];
	return pfn;
}

/* Page cache first, then swap. */
static void reclaim(unsigned long nr_pages)
{
	for (; nr_pages; nr_pages--) {
		unsigned long pfn;

		if (host.nr_cache && !host.cache_protected) {
			pfn = host.cache[--host.nr_cache];
		} else if (host.nr_used && get_nr_swap_pages()) {
			pfn = pick_user();
			host.swap_used++;
		} else {
			break;
		}
		set_owner(pfn, HOST_FREE);
		host_mem_map[pfn].refcount = 0;
	}
}

static void clear_contents(unsigned long pfn)
{
	struct host_page *info = host.info + pfn;

	host_touch(pfn);
	info->secret = false;
	host.nr_page_clears++;
	if (info->clears++)
		host_violation("page %#lx is cleared twice", pfn);
}

/* For the driver */

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned long i, nr = 1UL << order, pfn = ULONG_MAX;

	if (host.on_alloc)
		host.on_alloc();

	host_hold();
	if (order > SUPERPAGE_ORDER)
		host_violation("alloc_pages() of order %u", order);
	if (!(gfp & __GFP_NOWARN) || !(gfp & __GFP_NOMEMALLOC))
		host_violation("alloc_pages() would warn or use reserves: %#x",
			       gfp);
	if (!(gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL)))
		host_violation("alloc_pages() would invoke the OOM killer: %#x",
			       gfp);
	if (order && gfp & __GFP_DIRECT_RECLAIM)
		host_violation("alloc_pages() of order %u would compact memory",
			       order);
	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("alloc_pages() with the short lock held");

	if (!host_fails(order ? "alloc_pages of an extent" : "alloc_pages")) {
		if (gfp & __GFP_DIRECT_RECLAIM && host.nr_free < host.reserve + nr)
			reclaim(host.reserve + nr - host.nr_free);
		if (host.nr_free >= host.reserve + nr)
			pfn = find_free(order, gfp & __GFP_HIGHMEM);
	}
	if (pfn == ULONG_MAX) {
		host_release();
		return NULL;
	}

	for (i = pfn; i < pfn + nr; i++) {
		set_owner(i, HOST_DRIVER);
		host.info[i].fresh_superpage = order;
		host.info[i].clears = 0;
		host_mem_map[i].refcount = i == pfn;
		host_mem_map[i].readable_until = UINT_MAX;
		if (want_init_on_alloc(gfp))
			clear_contents(i);
	}
	host_release();
	return host_mem_map + pfn;
}

_Atomic bool host_offline_begun;
_Atomic unsigned int host_offline_epoch;

/* It waits for a reader, who may wait for memory, a page fault, or nobody knows. */
void page_offline_begin(void)
{
	if (host_offline_begun)
		host_violation("page_offline_begin() twice");
	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("page_offline_begin() under the short lock");
	if (host_mutex_held(&xen_balloon.batch.lock))
		host_violation("page_offline_begin() with the batch's lock held");
	host_offline_begun = true;
	host_offline_epoch++;
}

void page_offline_end(void)
{
	if (!host_offline_begun)
		host_violation("page_offline_end() without a beginning");
	host_offline_begun = false;
}

void split_page(struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		page[i].refcount = 1;
		host.info[page_to_pfn(page) + i].fresh_superpage = false;
	}
}

/* Drops one reference; a page that somebody still holds is theirs. */
static void drop_page(unsigned long pfn)
{
	struct page *page = host_mem_map + pfn;

	if (host.info[pfn].owner != HOST_DRIVER)
		host_violation("page %#lx is freed, but was not the driver's",
			       pfn);
	if (page->page_type != UINT_MAX || page->reserved)
		host_violation("page %#lx is freed with flags %#x %d", pfn,
			       page->page_type, page->reserved);
	if (page->refcount != 1 + host.info[pfn].held)
		host_violation("page %#lx is freed with %d references", pfn,
			       page->refcount);
	if (!host_page_populated(pfn))
		host_violation("page %#lx is freed without memory behind it",
			       pfn);
	host_check_xen_page(pfn, true, true);
	set_owner(pfn, --page->refcount ? HOST_USER : HOST_FREE);
}

bool page_ref_freeze(struct page *page, int count)
{
	if (page->refcount != count)
		return false;
	page->refcount = 0;
	return true;
}

void page_ref_unfreeze(struct page *page, int count)
{
	if (page->refcount)
		host_violation("page %#lx is unfrozen with %d references",
			       page_to_pfn(page), page->refcount);
	page->refcount = count;
}

bool mem_alloc_profiling_enabled(void)
{
	return host.profiling;
}

void __free_pages(struct page *page, unsigned int order)
{
	unsigned long i, nr = 1UL << order, pfn = page_to_pfn(page);

	host_hold();
	if (order > SUPERPAGE_ORDER || pfn % nr)
		host_violation("__free_pages() of order %u at %#lx", order, pfn);
	for (i = pfn; i < pfn + nr; i++) {
		struct page *p = host_mem_map + i;

		if (host.info[i].owner != HOST_DRIVER)
			host_violation("page %#lx is freed, but was not the driver's",
				       i);
		if (p->page_type != UINT_MAX || p->reserved)
			host_violation("page %#lx is freed with flags %#x %d", i,
				       p->page_type, p->reserved);
		if (p->refcount != (i == pfn) + host.info[i].held)
			host_violation("page %#lx is freed with %d references",
				       i, p->refcount);
		if (!host_page_populated(i))
			host_violation("page %#lx is freed without memory behind it",
				       i);
		host_check_xen_page(i, true, true);
		p->refcount -= i == pfn;
		set_owner(i, p->refcount ? HOST_USER : HOST_FREE);
	}
	host_release();
}

void __free_page(struct page *page)
{
	host_hold();
	drop_page(page_to_pfn(page));
	host_release();
}

void host_get_page(struct page *page)
{
	host.info[page_to_pfn(page)].held++;
	page->refcount++;
}

void host_put_page(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	host.info[pfn].held--;
	if (--page->refcount < 0)
		host_violation("page %#lx has %d references", pfn,
			       page->refcount);
	if (!page->refcount)
		set_owner(pfn, HOST_FREE);
}

/* As many as it likes, and none only if there is none. */
unsigned long alloc_pages_bulk(gfp_t gfp, int nr_pages, struct page **pages)
{
	unsigned long i, nr = host_fails("alloc_pages_bulk gives one") ? 1 : nr_pages;

	for (i = 0; i < nr; i++) {
		if (pages[i])
			host_violation("alloc_pages_bulk() into an array that is not empty");
		pages[i] = alloc_pages(gfp, 0);
		if (!pages[i])
			break;
	}
	return i;
}

void free_pages_bulk(struct page **pages, unsigned long nr_pages)
{
	while (nr_pages--)
		__free_page(*pages++);
}

/* ZONE_MOVABLE is no more than a number: nobody here allocates from it. */
enum zone_type zone_idx(const struct zone *zone)
{
	return zone - host.zones;
}

struct zone *host_next_zone(struct zone *zone)
{
	zone = zone ? zone + 1 : host.zones;
	if (zone == host.zones + ZONE_MOVABLE && !host.movable_free)
		zone++;
	return zone < host.zones + ARRAY_SIZE(host.zones) ? zone : NULL;
}

/* All other memory is told as one zone's. */
unsigned long zone_page_state(const struct zone *zone, int item)
{
	unsigned long pages = 0;

	host_hold();
	if (zone_idx(zone) == ZONE_MOVABLE)
		pages = item == NR_FREE_PAGES ? host.movable_free : 0;
	else if (zone_idx(zone) == ZONE_NORMAL && item == NR_FREE_PAGES)
		pages = host.nr_free;
	else if (zone_idx(zone) == ZONE_NORMAL && item == NR_FREE_CMA_PAGES)
		pages = host.cma_free;
	else if (zone_idx(zone) == ZONE_NORMAL && item == NR_ZONE_ACTIVE_ANON)
		pages = host.nr_used;
	host_release();
	return pages;
}

unsigned long high_wmark_pages(const struct zone *zone)
{
	return zone_idx(zone) == ZONE_MOVABLE ? host.movable_wmark :
	       zone_idx(zone) == ZONE_NORMAL ? host.reserve : 0;
}

long total_swap_pages;

long get_nr_swap_pages(void)
{
	return total_swap_pages - host.swap_used;
}

unsigned long global_node_page_state(int item)
{
	return item == WORKINGSET_REFAULT_FILE ? host.refaults : 0;
}

bool is_kdump_kernel(void)
{
	return host.crash_kernel;
}

void setup_per_zone_wmarks(void)
{
	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("setup_per_zone_wmarks() with the short lock held");
	host.wmark_pages = host.managed[0] + host.managed[1];
	host.nr_wmark_updates++;
}

struct zone *page_zone(const struct page *page)
{
	return &host.zones[zone_of(page_to_pfn(page))];
}

void adjust_managed_page_count(struct page *page, long count)
{
	host_hold();
	host.managed[zone_of(page_to_pfn(page))] += count;
	host_release();
}

void mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item,
			 long delta)
{
	host_hold();
	host.nr_balloon_pages += delta;
	host_release();
}

void count_vm_events(enum vm_event_item item, long delta)
{
	host_hold();
	host.vm_events[item] += delta;
	host_release();
}

long si_mem_available(void)
{
	long available;

	host_hold();
	available = (long)(host.nr_free + host.nr_cache + host.movable_free) -
		    (long)host.reserve;
	if (host_fails("si_mem_available"))
		available = -1;
	host_release();
	return available;
}

void clear_highpage(struct page *page)
{
	host_hold();
	clear_contents(page_to_pfn(page));
	host_release();
}

bool want_init_on_alloc(gfp_t gfp)
{
	return host.cfg.init_on_alloc || gfp & __GFP_ZERO;
}

void kmap_flush_unused(void)
{
	host.nr_kmap_flushes++;
}

unsigned long get_num_physpages(void)
{
	return max_pfn;
}

/* For the tests: other users of memory in the guest */

unsigned long host_user_alloc(unsigned long nr_pages)
{
	unsigned long i, pfn;

	host_hold();
	for (i = 0; i < nr_pages; i++) {
		pfn = find_free(0, true);
		if (pfn == ULONG_MAX)
			break;
		host_touch(pfn);
		set_owner(pfn, HOST_USER);
		host.info[pfn].secret = true;
		host_mem_map[pfn].refcount = 1;
		host.used[host.nr_used++] = pfn;
	}
	host_release();
	return i;
}

/* Pages of no particular order, so superpages have holes. */
void host_user_free(unsigned long nr_pages)
{
	host_hold();
	for (; nr_pages && host.nr_used; nr_pages--) {
		unsigned long pfn = pick_user();

		host_mem_map[pfn].refcount = 0;
		set_owner(pfn, HOST_FREE);
	}
	host_release();
}

void host_user_to_cache(unsigned long nr_pages)
{
	host_hold();
	for (; nr_pages && host.nr_used; nr_pages--) {
		unsigned long pfn = pick_user();

		set_owner(pfn, HOST_CACHE);
		host.cache[host.nr_cache++] = pfn;
	}
	host_release();
}

/* One page in use in every @every pages: no superpage is whole. */
void host_shatter_guest(unsigned int every)
{
	unsigned long pfn;

	for (pfn = every / 2; pfn < host.nr_pages; pfn += every) {
		if (host.info[pfn].owner != HOST_FREE)
			continue;
		host_touch(pfn);
		set_owner(pfn, HOST_USER);
		host.info[pfn].secret = true;
		host_mem_map[pfn].refcount = 1;
		host.used[host.nr_used++] = pfn;
	}
}

/* Hotplug */

struct range mhp_get_pluggable_range(bool need_mapping)
{
	/* Not where the RAM is: see defect 15 of the old driver on arm64. */
	return (struct range) {
		.start = PFN_PHYS(host.sections_end),
		.end = PFN_PHYS(host.cfg.space * HOST_SUPERPAGE) - 1,
	};
}

int allocate_resource(struct resource *root, struct resource *res,
		      resource_size_t size, resource_size_t from,
		      resource_size_t to, resource_size_t align,
		      void *alignf, void *data)
{
	unsigned long at = round_up(from, align);

	if (root != &iomem_resource || align != PFN_PHYS(PAGES_PER_SECTION) ||
	    !size || size % align)
		host_violation("allocate_resource() of %#lx aligned to %#lx",
			       size, align);
	if (res->flags != (IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY) ||
	    !res->name || strcmp(res->name, "System RAM"))
		host_violation("allocate_resource() of something else than RAM");
	if (host_fails("allocate_resource"))
		return -EBUSY;
	if (at < PFN_PHYS(host.sections_end) || at + size - 1 > to)
		return -EBUSY;
	res->start = at;
	res->end = at + size - 1;
	return 0;
}

int release_resource(struct resource *res)
{
	if (!res->end)
		host_violation("release_resource() of what is not allocated");
	res->end = 0;
	return 0;
}

int memory_add_physaddr_to_nid(u64 start)
{
	return 0;
}

int add_memory_resource(int nid, struct resource *res, mhp_t flags)
{
	unsigned long pfn = PHYS_PFN(res->start), i;
	unsigned long nr = PHYS_PFN(res->end + 1) - pfn;

	if (!host_mutex_held(&host_device_hotplug_lock))
		host_violation("add_memory_resource() without the hotplug lock");
	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("add_memory_resource() with the balloon's lock");
	if (flags != MHP_MERGE_RESOURCE)
		host_violation("add_memory_resource() with flags %d", flags);
	if (host.on_add_memory)
		host_elsewhere(host.on_add_memory);
	if (host_fails("add_memory_resource"))
		return -EEXIST;

	host_hold();
	for (i = pfn; i < pfn + nr; i++) {
		if (host.info[i].owner != HOST_ABSENT)
			host_violation("page %#lx is added a second time", i);
		host_check_xen_page(i, false, true);
		set_owner(i, HOST_ADDED);
		host_mem_map[i].page_type = HOST_PGTY_OFFLINE;
		host_mem_map[i].refcount = 1;
	}
	host.sections_end = pfn + nr;
	host.nr_pages = pfn + nr;
	host_nr_struct_pages = pfn + nr;
	host_release();
	kfree(res);	/* merged with its neighbour */
	while (!host.cfg.offline_sections && host_online())
		;
	return 0;
}

/* Memory of somebody else's sections, or again of ours. */
void generic_online_page(struct page *page, unsigned int order)
{
	unsigned long i, pfn = page_to_pfn(page);

	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("generic_online_page() with the short lock held");
	host_hold();
	for (i = pfn; i < pfn + (1UL << order); i++) {
		bool again = host.info[i].owner == HOST_OFFLINE;

		host_mem_map[i].page_type = UINT_MAX;
		set_owner(i, again ? HOST_FREE : HOST_FOREIGN);
		if (!again)
			continue;
		host_check_xen_page(i, true, true);
		host_mem_map[i].refcount = 0;
		host.managed[zone_of(i)]++;
	}
	host_release();
}

static void notify(unsigned long event, unsigned long pfn)
{
	struct memory_notify range = {
		.start_pfn = pfn, .nr_pages = PAGES_PER_SECTION,
	};

	if (host.memory_nb)
		host.memory_nb->notifier_call(host.memory_nb, event, &range);
}

/* The first section that is offline comes online; false when there is none. */
bool host_online(void)
{
	unsigned long pfn, end, i;
	bool is_new;

	host_hold();
	for (pfn = 0; pfn < host.nr_pages; pfn += PAGES_PER_SECTION)
		if (host.info[pfn].owner == HOST_ADDED ||
		    host.info[pfn].owner == HOST_OFFLINE)
			break;
	is_new = pfn < host.nr_pages && host.info[pfn].owner == HOST_ADDED;
	end = pfn + PAGES_PER_SECTION;
	for (i = pfn; is_new && i < end; i++)
		set_owner(i, HOST_DRIVER);
	host_release();
	if (pfn >= host.nr_pages)
		return false;

	notify(MEM_GOING_ONLINE, pfn);
	for (i = pfn; i < end;) {
		unsigned int order = host.online_order;

		while (i + (1UL << order) > end || i % (1UL << order))
			order--;
		(host.online_callback ?: generic_online_page)(host_mem_map + i,
							      order);
		i += 1UL << order;
	}
	notify(MEM_ONLINE, pfn);
	return true;
}

/*
 * A section all of whose pages are free goes offline, with the memory behind
 * it. As in the kernel, pages of the balloon keep theirs online.
 */
bool host_offline(void)
{
	unsigned long nr = host.nr_pages / PAGES_PER_SECTION, pfn, i, n;
	bool found = false;

	host_hold();
	pfn = nr ? host_random() % nr * PAGES_PER_SECTION : 0;
	for (n = 0; !found && n < nr; n++) {
		if (n)
			pfn = (pfn + PAGES_PER_SECTION) % (nr * PAGES_PER_SECTION);
		for (i = pfn; i < pfn + PAGES_PER_SECTION; i += HOST_SUPERPAGE)
			if (host.free_in_superpage[i / HOST_SUPERPAGE] != HOST_SUPERPAGE)
				break;
		found = i == pfn + PAGES_PER_SECTION;
	}
	host_release();
	if (!found)
		return false;

	notify(MEM_GOING_OFFLINE, pfn);
	host_hold();
	for (i = pfn; i < pfn + PAGES_PER_SECTION; i++) {
		set_owner(i, HOST_OFFLINE);
		host.managed[zone_of(i)]--;
		host_mem_map[i].page_type = HOST_PGTY_OFFLINE;
		host_mem_map[i].refcount = 1;
	}
	host_release();
	notify(MEM_OFFLINE, pfn);
	return true;
}

/* Start */

void host_memory_start(void)
{
	const struct host_config *cfg = &host.cfg;
	unsigned long space = cfg->space * HOST_SUPERPAGE;
	unsigned long ram = cfg->ram * HOST_SUPERPAGE, pfn;
	unsigned long with_allocator = ram - cfg->unpopulated_pages;

	/* Behind it the PV guest's page tables. */
	host_mem_map = calloc(space + cfg->space, sizeof(*host_mem_map));
	host.info = calloc(space, sizeof(*host.info));
	host.free_in_superpage = calloc(cfg->space, sizeof(*host.free_in_superpage));
	host.first_free = calloc(cfg->space, sizeof(*host.first_free));
	host.used = calloc(space, sizeof(*host.used));
	host.cache = calloc(space, sizeof(*host.cache));
	host_low_pages = (cfg->low ?: cfg->space) * HOST_SUPERPAGE;
	host.nr_pages = (cfg->ram + cfg->extra) * HOST_SUPERPAGE;
	host_nr_struct_pages = host.nr_pages;
	host.sections_end = round_up(host.nr_pages, PAGES_PER_SECTION);
	host.online_order = MAX_PAGE_ORDER;
	host.reserve = cfg->reserve;
	total_swap_pages = 0;

	for (pfn = 0; pfn < space; pfn++)
		host_mem_map[pfn].page_type = UINT_MAX;
	for (pfn = 0; pfn < with_allocator; pfn++) {
		set_owner(pfn, HOST_FREE);
		host.info[pfn].secret = !cfg->pod_cache;
		host.managed[zone_of(pfn)]++;
	}
	for (; pfn < ram; pfn++)
		set_owner(pfn, HOST_FOREIGN);
	for (; pfn < host.nr_pages; pfn++) {
		set_owner(pfn, HOST_DRIVER);
		host_mem_map[pfn].reserved = true;
		host_mem_map[pfn].refcount = 1;
	}
	memset(xen_extra_mem, 0, sizeof(xen_extra_mem));
	if (cfg->extra)
		xen_extra_mem[0] = (struct xen_memory_region) {
			.start_pfn = ram, .n_pfns = cfg->extra * HOST_SUPERPAGE,
		};
	max_pfn = host.nr_pages;
}
