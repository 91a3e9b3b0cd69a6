// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs the cases of this program: [--only TEXT] [--seed N] [--steps N] [--seconds N] [--stop N] */

#include <stdlib.h>
#include <time.h>

#include "test.h"

unsigned long option_seed, option_steps, option_seconds;
static struct host_test *first, **last = &first;
static const char *only;

void host_register(struct host_test *test)
{
	*last = test;
	last = &test->next;
}

void host_register_kunit(const char *name, void (*fn)(struct kunit *test));
void host_register_kunit(const char *name, void (*fn)(struct kunit *test))
{
	struct host_test *t = calloc(1, sizeof(*t));
	char *sentence = strdup(name), *c;

	for (c = sentence; *c; c++)
		if (*c == '_')
			*c = ' ';
	t->name = sentence;
	t->kunit_fn = fn;
	host_register(t);
}

static bool run(const struct host_test *t)
{
	if (setjmp(host_env))
		return false;
	if (t->fn)
		t->fn();
	else
		t->kunit_fn(NULL);
	return true;
}

int main(int argc, char **argv)
{
	unsigned int passed = 0, failed = 0;
	unsigned long stop = 0;
	struct host_test *t;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--only"))
			only = argv[i + 1];
		else if (!strcmp(argv[i], "--seed"))
			option_seed = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--steps"))
			option_steps = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--stop"))
			stop = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seconds"))
			option_seconds = strtoul(argv[i + 1], NULL, 0);
		else
			break;
	}
	if (i != argc) {
		fprintf(stderr, "usage: %s [--only TEXT] [--seed N] [--steps N] [--seconds N] [--stop N]\n",
			argv[0]);
		return 2;
	}

	for (t = first; t; t = t->next) {
		bool ok;

		if (only && !strstr(t->name, only))
			continue;
		ok = run(t);
		host_shutdown();
		printf("%sok - " VARIANT ": %s\n", ok ? "" : "not ", t->name);
		fflush(stdout);
		*(ok ? &passed : &failed) += 1;
		if (failed && failed == stop)
			break;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
