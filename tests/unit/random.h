/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef HOST_RANDOM_H
#define HOST_RANDOM_H

#include "test.h"

/*
 * One life of a guest: steps drawn from @draw until it says stop, the
 * invariants and the model checked after each. Returns the steps made.
 */
unsigned long host_live(unsigned int kind, u32 (*draw)(bool *stop));
extern bool host_trace;

#endif
