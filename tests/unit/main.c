// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs the cases of this program: [--only TEXT] [--seed N] [--steps N] [--lives N] [--seconds N] [--stop N] */

#include <stdlib.h>
#include <time.h>

#include <kunit/test.h>

unsigned long option_seed, option_steps, option_lives, option_seconds;
static struct host_test *first, **last = &first;
static const char *only;

void host_register(struct host_test *test)
{
	*last = test;
	last = &test->next;
}

void host_register_kunit(const struct kunit_suite *suite,
			 const struct kunit_case *c)
{
	struct host_test *t = calloc(1, sizeof(*t));
	char *sentence = strdup(c->name), *s;

	for (s = sentence; *s; s++)
		if (*s == '_')
			*s = ' ';
	t->name = sentence;
	t->suite = suite;
	t->kunit_case = c;
	host_register(t);
}

/* In a guest that has booted, and is afterwards as it was. */
static void run_kunit(const struct host_test *t)
{
	static const struct host_config guest = { .ram = 8, .reserve = 4 };
	struct kunit test;

	host_boot(&guest);
	if (t->suite->init && t->suite->init(&test))
		host_violation("the case cannot start");
	t->kunit_case->run_case(&test);
	if (t->suite->exit)
		t->suite->exit(&test);
	host_check();
	if (host.nr_free != host_with_allocator())
		host_violation("the case has kept pages");
}

static bool run(const struct host_test *t)
{
	if (setjmp(host_env))
		return false;
	if (t->fn)
		t->fn();
	else
		run_kunit(t);
	return true;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*text < '0' || *text > '9' || *end) {
		fprintf(stderr, "%s is no number\n", text);
		exit(2);
	}
	return n;
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
			option_seed = number(argv[i + 1]);
		else if (!strcmp(argv[i], "--steps"))
			option_steps = number(argv[i + 1]);
		else if (!strcmp(argv[i], "--lives"))
			option_lives = number(argv[i + 1]);
		else if (!strcmp(argv[i], "--stop"))
			stop = number(argv[i + 1]);
		else if (!strcmp(argv[i], "--seconds"))
			option_seconds = number(argv[i + 1]);
		else
			break;
	}
	if (i != argc) {
		fprintf(stderr, "usage: %s [--only TEXT] [--seed N] [--steps N] [--lives N] [--seconds N] [--stop N]\n",
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
	if (!passed && !failed)
		fprintf(stderr, "no case has that in its name\n");
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
