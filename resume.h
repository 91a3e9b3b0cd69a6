/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Memory that a live migration leaves behind ballooned pages. */
#ifndef _XEN_BALLOON_RESUME_H
#define _XEN_BALLOON_RESUME_H

#include "pages.h"

void balloon_resume_init(struct xen_balloon *b);
void balloon_release_repopulated(struct xen_balloon *b);

#endif	/* _XEN_BALLOON_RESUME_H */
