// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The front ends, with a door to their statics. */

#include "xen-balloon-sysfs.c"
#include "xenstore.c"

#include "host.h"

int host_parse_bytes(const char *buf, u64 *bytes)
{
	return balloon_parse_bytes(buf, bytes);
}

void host_set_floor(unsigned long pages)
{
	balloon_set_floor(pages);
}

void host_reset_frontends(void)
{
	static struct balloon_toolstack pristine;
	static struct device pristine_dev;
	static const struct balloon_news no_news;
	static bool have_pristine;

	if (!have_pristine) {
		pristine = toolstack;
		pristine_dev = balloon_dev;
	}
	have_pristine = true;
	toolstack = pristine;
	balloon_dev = pristine_dev;
	balloon_news = no_news;
#ifdef CONFIG_MEMORY_HOTPLUG
	xen_saved_max_mem_size = 0;
#endif
}

/* The watch fired, and its work ran before the worker did. */
void host_target_event(void)
{
	balloon_take_target();
}

long host_difference(void)
{
	return xen_balloon.config.difference;
}
