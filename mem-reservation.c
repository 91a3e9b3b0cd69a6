// SPDX-License-Identifier: GPL-2.0-only
/*
 * The domain's memory reservation: the hypercalls that change it.
 *
 * Extents go in, the number of extents done comes out. Nothing here knows
 * targets or keeps state.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>

#include <asm/xen/hypercall.h>

#include <xen/interface/memory.h>
#include <xen/mem-reservation.h>
#include <xen/xen.h>

#include "mem-reservation.h"

bool xen_scrub_pages __read_mostly = IS_ENABLED(CONFIG_XEN_SCRUB_PAGES_DEFAULT);
core_param(xen_scrub_pages, xen_scrub_pages, bool, 0);

static int xenmem_change_reservation(unsigned int op, xen_pfn_t *frames,
				     unsigned int nr_extents,
				     unsigned int order)
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
 * xenmem_populate() - take memory from Xen
 * @frames: in: first gfn of each extent; out, PV only: its machine frame
 * @nr_extents: entries of @frames
 * @order: size of an extent, in Linux pages
 *
 * Interface: XENMEM_populate_physmap, xen/interface/memory.h.
 *
 * Context: Process. Long: up to about a microsecond a frame.
 * Return: leading extents that now have memory, 0 to @nr_extents. The others
 * have none: Xen had no extent of that order, the hard limit is reached, or Xen
 * does not grant that order to this domain.
 */
unsigned int xenmem_populate(xen_pfn_t *frames, unsigned int nr_extents,
			     unsigned int order)
{
	int done = xenmem_change_reservation(XENMEM_populate_physmap, frames,
					     nr_extents, order);

	return clamp(done, 0, (int)nr_extents);
}

/**
 * xenmem_release() - release memory to Xen
 * @frames: first gfn of each extent; nothing may map it any more
 * @nr_extents: entries of @frames
 * @order: size of an extent, in Linux pages
 *
 * Interface: XENMEM_decrease_reservation, xen/interface/memory.h.
 *
 * Context: Process. Long: up to a few microseconds a frame.
 * Return: leading extents that are gone, 0 to @nr_extents. If fewer than
 * asked, the next one is untouched when it is a single Xen frame, else part of
 * it may be gone; the extents after it are untouched.
 */
unsigned int xenmem_release(xen_pfn_t *frames, unsigned int nr_extents,
			    unsigned int order)
{
	int done = xenmem_change_reservation(XENMEM_decrease_reservation,
					     frames, nr_extents, order);

	return clamp(done, 0, (int)nr_extents);
}

/**
 * xenmem_current_frames() - the domain's memory as Xen counts it
 *
 * Interface: XENMEM_current_reservation on DOMID_SELF.
 *
 * Context: Process.
 * Return: Xen frames, or a negative errno.
 */
long xenmem_current_frames(void)
{
	domid_t domid = DOMID_SELF;

	return HYPERVISOR_memory_op(XENMEM_current_reservation, &domid);
}

/**
 * xenmem_max_frames() - the domain's hard limit
 *
 * Interface: XENMEM_maximum_reservation on DOMID_SELF.
 *
 * Context: Process.
 * Return: Xen frames, or a negative errno.
 */
long xenmem_max_frames(void)
{
	domid_t domid = DOMID_SELF;

	return HYPERVISOR_memory_op(XENMEM_maximum_reservation, &domid);
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
	return xenmem_change_reservation(XENMEM_populate_physmap, frames, count,
					 0);
}
EXPORT_SYMBOL_GPL(xenmem_reservation_increase);

/**
 * xenmem_reservation_decrease() - release single pages to Xen
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
	return xenmem_change_reservation(XENMEM_decrease_reservation, frames,
					 count, 0);
}
EXPORT_SYMBOL_GPL(xenmem_reservation_decrease);
