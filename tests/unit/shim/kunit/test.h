/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The little of KUnit, and of what is around it, that the dual-use cases need. */
#ifndef HOST_KUNIT_H
#define HOST_KUNIT_H

#include <signal.h>
#include <stdlib.h>

#include "../../test.h"

static inline unsigned long totalram_pages(void)
{
	return host.managed[0] + host.managed[1];
}

static inline void wait_for_initramfs(void)
{
}

/*
 * A thread runs to its end when it is woken for the first time. Where it would
 * wait for others, it is interrupted: see host_wait().
 */
struct task_struct {
	int (*fn)(void *data);
	void *data;
};

static inline struct task_struct *kthread_create(int (*fn)(void *data),
						 void *data, const char *name)
{
	struct task_struct *task = malloc(sizeof(*task));

	(void)name;
	*task = (struct task_struct) { .fn = fn, .data = data };
	return task;
}

static inline void get_task_struct(struct task_struct *task)
{
	(void)task;
}

static inline void put_task_struct(struct task_struct *task)
{
	free(task);
}

static inline void wake_up_process(struct task_struct *task)
{
	task->fn(task->data);
}

#define allow_signal(sig)		((void)(sig))
#define send_sig(sig, task, priv)	((void)(task))
#define waitqueue_active(wq)		((void)(wq), false)

struct completion {
	bool done;
};

static inline void init_completion(struct completion *c)
{
	c->done = false;
}

static inline void complete(struct completion *c)
{
	c->done = true;
}

static inline bool completion_done(const struct completion *c)
{
	return c->done;
}

static inline void wait_for_completion(struct completion *c)
{
	if (!c->done)
		host_violation("waits for what nobody does");
}

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
#define KUNIT_EXPECT_LT(test, left, right) \
	KUNIT_EXPECT_TRUE(test, (left) < (right))
#define KUNIT_EXPECT_PTR_EQ(test, left, right) \
	KUNIT_EXPECT_EQ(test, (long)(left), (long)(right))
#define KUNIT_EXPECT_STREQ(test, left, right) do {			\
	const char *l_ = (left), *r_ = (right);				\
	(void)(test);							\
	if (strcmp(l_, r_))						\
		host_violation("%s is %s, not %s", #left, l_, r_);	\
} while (0)

#define KUNIT_ASSERT_EQ		KUNIT_EXPECT_EQ
/* Here each guest is one of Xen's. */
#define kunit_info(test, ...)	((void)(test), (void)printf("# " __VA_ARGS__))
#define kunit_skip(test, reason) \
	host_violation("line %d: skipped: %s", __LINE__, reason)

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
