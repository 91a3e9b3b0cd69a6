// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Hotplug: new memory sections, whose pages enter the store when they come
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

#include "balloon_internal.h"
#include "balloon_trace.h"

static struct resource *reserve_sections(unsigned long nr_pages)
{
	struct range range = mhp_get_pluggable_range(true);
	struct resource *res = kzalloc(sizeof(*res), GFP_KERNEL);
	int rc;

	if (!res)
		return NULL;

	res->name = "System RAM";
	res->flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY;

	rc = allocate_resource(&iomem_resource, res, PFN_PHYS(nr_pages),
			       range.start, range.end,
			       memory_block_size_bytes(), NULL, NULL);
	if (rc) {
		pr_err_ratelimited("no address range for %lu MiB of new memory: %d\n",
				   nr_pages >> (20 - PAGE_SHIFT), rc);
		trace_xen_balloon_hotplug(0, nr_pages, rc);
		kfree(res);
		return NULL;
	}
	return res;
}

static void release_sections(struct resource *res)
{
	release_resource(res);
	kfree(res);
}

/*
 * A PV kernel maps what the p2m says, so until memory comes there must be
 * nothing in it for these pages. Failure undoes nothing: what was there before
 * stood for devices, and the range has none.
 */
static int invalidate_p2m(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn++)
		if (!set_phys_to_machine(pfn, INVALID_P2M_ENTRY))
			return -ENOMEM;
	return 0;
}

static void forget_fresh(struct xen_balloon *b, unsigned long pfn,
			 unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += PAGES_PER_SECTION)
		xa_erase(&b->fresh, pfn_to_section_nr(pfn));
}

static int remember_fresh(struct xen_balloon *b, unsigned long first,
			  unsigned long nr_pages)
{
	unsigned long pfn;
	int rc = 0;

	for (pfn = first; !rc && pfn < first + nr_pages; pfn += PAGES_PER_SECTION)
		rc = xa_err(xa_store(&b->fresh, pfn_to_section_nr(pfn),
				     xa_mk_value(1), GFP_KERNEL));
	return rc;
}

/**
 * balloon_hotplug() - add sections without memory behind them
 * @b: balloon; @batch_lock is held, @lock is not: the sections may come online
 *     within the call, which ends in online_page()
 * @nr_pages: how much, a multiple of balloon_hotplug_unit()
 *
 * Return: %BALLOON_WAIT, or %BALLOON_ECANCELED when nothing was added.
 */
enum balloon_state balloon_hotplug(struct xen_balloon *b,
				   unsigned long nr_pages)
{
	struct resource *res = reserve_sections(nr_pages);
	unsigned long start_pfn;
	int rc;

	lockdep_assert_held(&b->batch_lock);

	if (!res)
		return BALLOON_ECANCELED;

	/* Once its memory is added, @res may be merged with another. */
	start_pfn = PHYS_PFN(res->start);
	rc = remember_fresh(b, start_pfn, nr_pages);
	if (!rc && xen_pv_domain())
		rc = invalidate_p2m(start_pfn, nr_pages);
	if (!rc) {
		lock_device_hotplug();
		rc = add_memory_resource(memory_add_physaddr_to_nid(res->start),
					 res, MHP_MERGE_RESOURCE);
		unlock_device_hotplug();
	}
	trace_xen_balloon_hotplug(start_pfn, nr_pages, rc);
	if (rc) {
		pr_warn_ratelimited("cannot add %lu MiB of memory: %d\n",
				    nr_pages >> (20 - PAGE_SHIFT), rc);
		forget_fresh(b, start_pfn, nr_pages);
		release_sections(res);
		return BALLOON_ECANCELED;
	}

	balloon_lock(b);
	b->total_pages += nr_pages;
	balloon_unlock(b);
	return BALLOON_WAIT;
}

/**
 * balloon_hotplug_unit() - what hotplugged memory is a multiple of
 *
 * Return: pages of a memory block, which is one section or more.
 */
unsigned long balloon_hotplug_unit(void)
{
	return PHYS_PFN(memory_block_size_bytes());
}

/*
 * Pages of our sections that come online for the first time have no memory
 * behind them, and go to the store. All others have it: also ours when they
 * have been offline, as the balloon's own pages keep a section online.
 */
static void online_page(struct page *page, unsigned int order)
{
	struct xen_balloon *b = &xen_balloon;
	struct page *end = page + (1UL << order);
	unsigned int step = order < BLOCK_ORDER ? 0 : BLOCK_ORDER;

	if (!xa_load(&b->fresh, pfn_to_section_nr(page_to_pfn(page)))) {
		generic_online_page(page, order);
		return;
	}

	balloon_adopt(page, order);

	balloon_lock(b);
	for (; page < end; page += 1UL << step)
		balloon_store_put(b, page, step);
	balloon_unlock(b);

	wake_up(&b->arrivals);
}

static int memory_event(struct notifier_block *nb, unsigned long action,
			void *data)
{
	struct memory_notify *range = data;

	if (action == MEM_ONLINE) {
		forget_fresh(&xen_balloon, range->start_pfn, range->nr_pages);
		balloon_wake(&xen_balloon);
	}
	return NOTIFY_OK;
}

static struct notifier_block memory_notifier = {
	.notifier_call = memory_event,
};

static const_ctl_table balloon_sysctls[] = {
	{
		.procname = "hotplug_unpopulated",
		.data = &xen_balloon.hotplug_unpopulated,
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
};

int __init balloon_hotplug_init(struct xen_balloon *b)
{
	int rc;

	rc = set_online_page_callback(online_page);
	if (rc)
		return rc;

	rc = register_memory_notifier(&memory_notifier);
	if (rc)
		goto err_callback;

	rc = -ENOMEM;
	b->sysctl = register_sysctl("xen/balloon", balloon_sysctls);
	if (!b->sysctl && IS_ENABLED(CONFIG_SYSCTL))
		goto err_notifier;
	return 0;

err_notifier:
	unregister_memory_notifier(&memory_notifier);
err_callback:
	restore_online_page_callback(online_page);
	return rc;
}

void __init balloon_hotplug_exit(struct xen_balloon *b)
{
	unregister_sysctl_table(b->sysctl);
	unregister_memory_notifier(&memory_notifier);
	restore_online_page_callback(online_page);
}
