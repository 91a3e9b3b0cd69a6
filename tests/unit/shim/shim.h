/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Stands for every kernel header that the driver includes: the Makefile
 * creates one of each name that includes this. See stubs.h, copies.h, fakes.h.
 */
#ifndef HOST_SHIM_H
#define HOST_SHIM_H

#include "stubs.h"
#include "fakes.h"
#include "copies.h"

extern struct xen_memory_region xen_extra_mem[XEN_EXTRA_MEM_MAX_REGIONS];

#endif /* HOST_SHIM_H */
