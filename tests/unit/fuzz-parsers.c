// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libFuzzer on what is written to sysfs and to xenstore. The first byte says
 * where, the rest is the text. Whatever it is: it is refused and changes
 * nothing, or taken and reads back as a number in range.
 */

#include <stdlib.h>

#include "host.h"

static const char * const keys[] = {
	"target", "target_kb", "floor_kb", "max_schedule_delay",
	"max_retry_count", "scrub_pages",
};

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct host_config cfg = { .ram = 2, .host_free = 2 };
	static bool booted;
	char text[256];
	u64 before, after, bytes;
	unsigned int where;
	ssize_t rc;

	if (!size || size > 255)
		return 0;
	if (setjmp(host_env))
		abort();
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (!booted) {
		host_boot(&cfg);
		booted = true;
	}

	where = data[0] % (ARRAY_SIZE(keys) + 1);
	if (where == ARRAY_SIZE(keys)) {
		before = host_sysfs_read("target");
		host_xenstore_raw("target", text, size - 1);
		host_watch_fires();
		after = host_sysfs_read("target");
		/* Only plain decimal digits are a target. */
		if (after != before && strspn(text, "+0123456789\n") < size - 1)
			abort();
	} else {
		before = host_sysfs_read(keys[where]);
		rc = host_sysfs_write_n(keys[where], text, size - 1);
		after = host_sysfs_read(keys[where]);
		if (rc != (ssize_t)size - 1 && rc != -EINVAL && rc != -ERANGE)
			abort();
		if (rc < 0 && after != before)
			abort();
		if (!strcmp(keys[where], "max_schedule_delay") && !after)
			abort();
	}
	if (host_sysfs_read("target") >> PAGE_SHIFT > balloon_max_target())
		abort();

	/* parse_bytes() with a reference of its own. */
	rc = host_parse_bytes(text, &bytes);
	if (!rc && strspn(text, "0123456789") == strlen(text) &&
	    text[0] != '0' && bytes != strtoull(text, NULL, 10))
		abort();
	return 0;
}
