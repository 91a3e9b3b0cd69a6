// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Random lives, by seed: each --seed N makes one life of --steps N; --lives N,
 * those of the first N seeds. Without, as many as fit.
 */

#include <stdlib.h>
#include <time.h>

#include "random.h"

extern unsigned long option_seed, option_steps, option_lives, option_seconds;

#define STEPS_PER_LIFE	2000

static u64 rng;
static unsigned long left;

static u32 draw(bool *stop)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng >> 24;
}

static u32 draw_and_count(bool *stop)
{
	/* A step draws about 4 numbers. */
	if (!left--)
		*stop = true;
	return draw(stop);
}

static unsigned long live(unsigned long seed, unsigned long steps)
{
	rng = seed * 0x9e3779b97f4a7c15ULL + 99;
	draw(NULL);
	left = steps * 4;
	return host_live(draw(NULL), draw_and_count);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static unsigned long seed;

static void say_seed(void)
{
	printf("# seed %lu: replay with --only random --seed %lu%s\n", seed,
	       seed, option_steps ? " --steps as here" : "");
}

TEST("given random events all invariants and the model hold, and every target is reached in the end")
{
	double start = now(), limit = option_seconds ?: 1.5;
	unsigned long steps = 0, lives = 0;
	jmp_buf outer;

	host_trace = option_seed;
	memcpy(&outer, &host_env, sizeof(outer));
	if (setjmp(host_env)) {
		memcpy(&host_env, &outer, sizeof(outer));
		say_seed();
		longjmp(host_env, 1);
	}
	if (option_seed) {
		seed = option_seed;
		steps = live(seed, option_steps ?: STEPS_PER_LIFE);
		printf("# %lu steps\n", steps);
	} else if (option_lives) {
		for (seed = 1; seed <= option_lives; seed++)
			live(seed, STEPS_PER_LIFE);
	} else {
		/* The same lives each time, then new ones. */
		for (seed = 1; now() - start < limit / 2; seed++, lives++)
			steps += live(seed, STEPS_PER_LIFE);
		for (seed = time(NULL) * 1000; now() - start < limit; seed++, lives++)
			steps += live(seed, STEPS_PER_LIFE);
		printf("# = %lu random steps in %lu lives, %.2f million a minute on one core\n",
		       steps, lives, steps / (now() - start) * 60 / 1e6);
	}
	memcpy(&host_env, &outer, sizeof(outer));
}
