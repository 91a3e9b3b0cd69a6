// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Hotplug: new memory sections, whose pages enter the page list when they come
 * online.
 */

#define pr_fmt(fmt) "xen:balloon: " fmt

#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/slab.h>
#include <linux/sysctl.h>

#include <xen/page.h>
#include <xen/xen.h>

#include "hotplug.h"
#include "pv-mapping.h"
#include "trace.h"

/**
 * balloon_hotplug_unit() - granularity of hotplugged memory
 *
 * Context: Any.
 * Return: pages of a memory block, which is one section or more.
 */
unsigned long balloon_hotplug_unit(void)
{
	return PHYS_PFN(memory_block_size_bytes());
}

/* The addresses that sections can have; on PV the p2m must have room for them. */
static struct range balloon_hotplug_range(void)
{
	struct range range = mhp_get_pluggable_range(true);

	if (xen_pv_domain())
		range.end = min(range.end, PFN_PHYS(xenmem_pv_max_pfn()) - 1);
	return range;
}

/**
 * balloon_hotplug_end() - end of the addresses that sections can have
 *
 * Context: Any.
 * Return: pages.
 */
unsigned long balloon_hotplug_end(void)
{
	return PHYS_PFN(balloon_hotplug_range().end) + 1;
}

/*
 * Reserve addresses for @nr_pages, or for fewer where the range ends. Returns NULL
 * when not even one memory block fits.
 */
static struct resource *balloon_reserve_range(unsigned long *nr_pages)
{
	struct range range = balloon_hotplug_range();
	struct resource *res = kzalloc(sizeof(*res), GFP_KERNEL);
	unsigned long unit = balloon_hotplug_unit();
	int rc;

	if (!res)
		return NULL;

	res->name = "System RAM";
	res->flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY;

	for (;;) {
		rc = allocate_resource(&iomem_resource, res,
				       PFN_PHYS(*nr_pages), range.start,
				       range.end, memory_block_size_bytes(),
				       NULL, NULL);
		if (!rc || *nr_pages <= unit)
			break;
		*nr_pages = round_up(*nr_pages / 2, unit);
	}
	if (rc) {
		pr_err_ratelimited("no address range for %lu MiB of new memory: %d\n",
				   *nr_pages >> (20 - PAGE_SHIFT), rc);
		trace_xen_balloon_hotplug(0, *nr_pages, rc);
		kfree(res);
		return NULL;
	}
	return res;
}

static void balloon_free_range(struct resource *res)
{
	release_resource(res);
	kfree(res);
}

/*
 * A PV kernel maps the frames of its p2m, so until memory comes these pages must
 * have no entry. No undo: the old entries mapped MMIO, and this range has none.
 */
static int balloon_invalidate_p2m(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn++)
		if (!set_phys_to_machine(pfn, INVALID_P2M_ENTRY))
			return -ENOMEM;
	return 0;
}

static void balloon_forget_new_sections(struct xen_balloon *b,
					unsigned long pfn,
					unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += PAGES_PER_SECTION)
		xa_erase(&b->new_sections, pfn_to_section_nr(pfn));
}

static int balloon_note_new_sections(struct xen_balloon *b,
				     unsigned long first,
				     unsigned long nr_pages)
{
	unsigned long pfn, end = first + nr_pages;
	int rc = 0;

	for (pfn = first; !rc && pfn < end; pfn += PAGES_PER_SECTION)
		rc = xa_err(xa_store(&b->new_sections, pfn_to_section_nr(pfn),
				     xa_mk_value(1), GFP_KERNEL));
	return rc;
}

/**
 * balloon_hotplug() - add sections without memory behind them
 * @b: balloon
 * @nr_pages: upper bound, a multiple of balloon_hotplug_unit(); result: pages
 *	added, to be counted in balloon_memory.total_pages
 *
 * Context: Process, one task at a time. Takes device_hotplug_lock, which others
 * may hold for long, so none of our locks is held; and balloon_memory.lock, as the
 * sections may come online within the call.
 * Return: %BALLOON_REASON_NONE, or why nothing was added.
 */
enum balloon_reason balloon_hotplug(struct xen_balloon *b,
				    unsigned long *nr_pages)
{
	struct resource *res = balloon_reserve_range(nr_pages);
	unsigned long start_pfn, nr = *nr_pages;
	int rc;

	*nr_pages = 0;
	if (!res)
		return BALLOON_REASON_NO_ADDRESSES;

	/* Once its memory is added, @res may be merged with another. */
	start_pfn = PHYS_PFN(res->start);
	rc = balloon_note_new_sections(b, start_pfn, nr);
	if (!rc && xen_pv_domain())
		rc = balloon_invalidate_p2m(start_pfn, nr);
	if (!rc) {
		lock_device_hotplug();
		rc = add_memory_resource(memory_add_physaddr_to_nid(res->start),
					 res, MHP_MERGE_RESOURCE);
		unlock_device_hotplug();
	}
	trace_xen_balloon_hotplug(start_pfn, nr, rc);
	if (rc) {
		pr_warn_ratelimited("cannot add %lu MiB of memory: %d\n",
				    nr >> (20 - PAGE_SHIFT), rc);
		balloon_forget_new_sections(b, start_pfn, nr);
		balloon_free_range(res);
		return BALLOON_REASON_SECTION_MEMORY;
	}
	*nr_pages = nr;
	return BALLOON_REASON_NONE;
}

/*
 * Pages of our sections that come online for the first time have no memory
 * behind them, and go to the page list. All other pages have memory: also pages
 * of our sections that were offline, as ballooned pages keep a section online.
 */
static void balloon_online_page(struct page *page, unsigned int order)
{
	struct xen_balloon *b = &xen_balloon;
	struct page *end = page + (1UL << order);
	unsigned int step = order < SUPERPAGE_ORDER ? 0 : SUPERPAGE_ORDER;

	if (!xa_load(&b->new_sections, pfn_to_section_nr(page_to_pfn(page)))) {
		generic_online_page(page, order);
		return;
	}

	balloon_adopt(page, order);

	balloon_lock(b);
	for (; page < end; page += 1UL << step)
		balloon_list_put(b, page, step);
	balloon_unlock(b);

	wake_up(&b->arrivals);
}

static int balloon_memory_event(struct notifier_block *nb,
				unsigned long action, void *data)
{
	struct memory_notify *range = data;

	if (action == MEM_ONLINE) {
		balloon_forget_new_sections(&xen_balloon, range->start_pfn, range->nr_pages);
		balloon_wake(&xen_balloon);
	}
	return NOTIFY_OK;
}

static struct notifier_block balloon_memory_notifier = {
	.notifier_call = balloon_memory_event,
};

static const_ctl_table balloon_sysctls[] = {
	{
		.procname = "hotplug_unpopulated",
		.data = &xen_balloon.config.hotplug_unpopulated,
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
};

/**
 * balloon_hotplug_init() - handle sections that come online from now on
 *
 * Context: Process, at boot.
 * Return: 0, or a negative errno; then nothing is registered.
 */
int __init balloon_hotplug_init(void)
{
	int rc;

	rc = set_online_page_callback(balloon_online_page);
	if (rc)
		return rc;

	rc = register_memory_notifier(&balloon_memory_notifier);
	if (rc)
		goto err_callback;

	rc = -ENOMEM;
	if (!register_sysctl("xen/balloon", balloon_sysctls) &&
	    IS_ENABLED(CONFIG_SYSCTL))
		goto err_notifier;
	return 0;

err_notifier:
	unregister_memory_notifier(&balloon_memory_notifier);
err_callback:
	restore_online_page_callback(balloon_online_page);
	return rc;
}
