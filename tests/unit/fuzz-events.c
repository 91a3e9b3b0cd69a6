// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * libFuzzer on sequences of events: the input is where random.c draws its
 * numbers from, two bytes each; the first byte is the kind of guest.
 */

#include <stdlib.h>

#include "random.h"

static const u8 *input;
static size_t left;

static u32 draw(bool *stop)
{
	u32 value;

	if (left < 2) {
		*stop = true;
		return 0;
	}
	value = input[0] | input[1] << 8;
	input += 2;
	left -= 2;
	return value;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!size)
		return 0;
	if (setjmp(host_env))
		abort();
	input = data + 1;
	left = size - 1;
	host_live(data[0], draw);
	return 0;
}
