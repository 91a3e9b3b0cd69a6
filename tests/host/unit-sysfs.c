// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The front end, with a door to its statics. */

#include "xen-balloon-sysfs.c"

#include "host.h"

int host_parse_bytes(const char *buf, u64 *bytes)
{
	return parse_bytes(buf, bytes);
}

void host_reset_frontend(void)
{
	static struct balloon_frontend pristine;
	static bool have_pristine;

	if (!have_pristine)
		pristine = frontend;
	have_pristine = true;
	frontend = pristine;
#ifdef CONFIG_MEMORY_HOTPLUG
	xen_saved_max_mem_size = 0;
#endif
}

long host_difference(void)
{
	return frontend.difference;
}
