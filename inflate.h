/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Inflate and deflate: one batch of extents at a time. */
#ifndef _XEN_BALLOON_INFLATE_H
#define _XEN_BALLOON_INFLATE_H

#include <linux/gfp.h>

#include "pages.h"

unsigned long balloon_inflate(struct xen_balloon *b, unsigned long nr_pages,
			      unsigned long reserve, gfp_t gfp);
unsigned long balloon_deflate(struct xen_balloon *b, unsigned long nr_pages);
unsigned long balloon_cancel_inflate(struct xen_balloon *b);

#endif	/* _XEN_BALLOON_INFLATE_H */
