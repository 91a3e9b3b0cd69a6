/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The guests that most stories are about. */

static const struct host_config pvh __maybe_unused = {
	.ram = 32, .host_free = 8, .reserve = 4,
};

static const struct host_config pv __maybe_unused = {
	.pv = HOST_HAS_PV, .ram = 32, .host_free = 8, .reserve = 4,
};

static const struct host_config *const kinds[] __maybe_unused = { &pvh, &pv };

#define SUPERPAGES_KB(n)	((n) * 2048UL)

#define FOR_EACH_KIND(i) for (i = 0; i < (HOST_HAS_PV ? 2 : 1); i++)
