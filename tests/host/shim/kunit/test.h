/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The little of KUnit that the dual-use cases need. */
#ifndef HOST_KUNIT_H
#define HOST_KUNIT_H

#include "../../test.h"

struct kunit {
	int unused;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)	{ .run_case = fn, .name = #fn }

#define KUNIT_EXPECT_EQ_MSG(test, left, right, fmt, ...) do {		\
	__auto_type l_ = (left);					\
	__typeof__(l_) r_ = (right);					\
	(void)(test);							\
	if (l_ != r_)							\
		host_violation("%s is %lld, not %lld: " fmt, #left,	\
			       (long long)l_, (long long)r_, ##__VA_ARGS__); \
} while (0)
#define KUNIT_EXPECT_EQ(test, left, right) \
	KUNIT_EXPECT_EQ_MSG(test, left, right, "line %d", __LINE__)
#define KUNIT_EXPECT_TRUE(test, cond)	KUNIT_EXPECT_EQ(test, !!(cond), true)
#define KUNIT_EXPECT_FALSE(test, cond)	KUNIT_EXPECT_EQ(test, !!(cond), false)
#define KUNIT_EXPECT_PTR_EQ(test, left, right) \
	KUNIT_EXPECT_EQ(test, (long)(left), (long)(right))
#define KUNIT_EXPECT_STREQ(test, left, right) do {			\
	const char *l_ = (left), *r_ = (right);				\
	(void)(test);							\
	if (strcmp(l_, r_))						\
		host_violation("%s is %s, not %s", #left, l_, r_);	\
} while (0)

#define kunit_test_suite(suite)						\
	static void __attribute__((constructor)) register_##suite(void)	\
	{								\
		struct kunit_case *c;					\
									\
		for (c = (suite).test_cases; c->run_case; c++)		\
			host_register_kunit(&(suite), c);		\
	}

void host_register_kunit(const struct kunit_suite *suite,
			 const struct kunit_case *c);

#endif /* HOST_KUNIT_H */
