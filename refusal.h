/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The causes and the cost of Xen's refusals. */
#ifndef _XEN_BALLOON_REFUSAL_H
#define _XEN_BALLOON_REFUSAL_H

#include "pages.h"

long balloon_count_frames(struct xen_balloon *b);
void balloon_note_excess(struct xen_balloon *b, long frames);
void balloon_judge_refusal(struct xen_balloon *b, long before,
			   unsigned int done, unsigned int order);
void balloon_forget_lost(struct xen_balloon *b, unsigned long nr_pages);

#endif	/* _XEN_BALLOON_REFUSAL_H */
