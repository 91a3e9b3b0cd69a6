/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Cases: TEST("a sentence") { ... }, each in a guest of its own. */
#ifndef HOST_TEST_H
#define HOST_TEST_H

#include "host.h"

struct kunit_suite;
struct kunit_case;

struct host_test {
	const char *name;
	void (*fn)(void);
	const struct kunit_suite *suite;
	const struct kunit_case *kunit_case;
	struct host_test *next;
};

void host_register(struct host_test *test);

#define TEST_PASTE_(a, b)	a##b
#define TEST_PASTE(a, b)	TEST_PASTE_(a, b)
#define TEST(sentence)		TEST_AT(sentence, __LINE__)
#define TEST_AT(sentence, line)						\
	static void TEST_PASTE(test_, line)(void);			\
	static void __attribute__((constructor)) TEST_PASTE(reg_, line)(void) \
	{								\
		static struct host_test t = {				\
			.name = sentence, .fn = TEST_PASTE(test_, line), \
		};							\
		host_register(&t);					\
	}								\
	static void TEST_PASTE(test_, line)(void)

#define EXPECT(cond) do {						\
	if (!(cond))							\
		host_violation("%s:%d: not so: %s", __FILE__, __LINE__,	\
			       #cond);					\
} while (0)

#define EXPECT_EQ(a, b) do {						\
	long long a_ = (long long)(a), b_ = (long long)(b);		\
	if (a_ != b_)							\
		host_violation("%s:%d: %s is %lld, not %lld", __FILE__,	\
			       __LINE__, #a, a_, b_);			\
} while (0)

/* Runs the worker until it has nothing to do for now, and checks all. */
static inline void settle(void)
{
	host_run();
	host_check();
}

static inline void settle_for(unsigned long seconds)
{
	host_advance(seconds);
	host_check();
}

static inline char *kb_text(unsigned long kb)
{
	static char text[24];

	snprintf(text, sizeof(text), "%lu", kb);
	return text;
}

static inline unsigned long current(void)
{
	return xen_balloon.mem.current_pages;
}

static inline void expect_current(unsigned long pages)
{
	EXPECT_EQ(current(), pages);
	EXPECT_EQ(host_with_allocator(), pages);
	host_check();
}

#endif /* HOST_TEST_H */
