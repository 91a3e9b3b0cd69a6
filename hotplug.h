/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Memory sections that the balloon adds. */
#ifndef _XEN_BALLOON_HOTPLUG_H
#define _XEN_BALLOON_HOTPLUG_H

#include "pages.h"

#ifdef CONFIG_XEN_BALLOON_MEMORY_HOTPLUG
enum balloon_reason balloon_hotplug(struct xen_balloon *b,
				    unsigned long *nr_pages);
unsigned long balloon_hotplug_unit(void);
unsigned long balloon_hotplug_end(void);
int balloon_hotplug_init(void);
#else
static inline enum balloon_reason balloon_hotplug(struct xen_balloon *b,
						  unsigned long *nr_pages)
{
	*nr_pages = 0;
	return BALLOON_REASON_NO_ADDRESSES;
}

static inline unsigned long balloon_hotplug_unit(void)
{
	return 1;
}

static inline unsigned long balloon_hotplug_end(void)
{
	return 0;
}

static inline int balloon_hotplug_init(void)
{
	return 0;
}
#endif

#endif	/* _XEN_BALLOON_HOTPLUG_H */
