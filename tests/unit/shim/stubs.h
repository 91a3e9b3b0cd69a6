/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Stubs: what the driver names and the tests do not care about. Annotations
 * are empty; macros and helpers are plain stand-ins without the kernel's type
 * checks, which the build of the kernel does.
 */
#ifndef HOST_STUBS_H
#define HOST_STUBS_H

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef long long s64;
typedef unsigned short umode_t;
typedef unsigned long phys_addr_t;
typedef unsigned long resource_size_t;
typedef unsigned int gfp_t;

/* The compiler */

#define __init
#define __exit
#define __ref
#define __read_mostly
#define __force
#define __user
#define __percpu
#define __must_check		__attribute__((warn_unused_result))
#undef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __maybe_unused		__attribute__((unused))
#define noinline
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define fallthrough		__attribute__((fallthrough))
#define cond_resched()		((void)0)
#define BUILD_BUG_ON(x)		_Static_assert(!(x), #x)
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define memalloc_noreclaim_save()	0U
#define memalloc_noreclaim_restore(flags)	((void)(flags))
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define __stringify(x)		#x
#define _THIS_IP_		((unsigned long)__func__)
#define _RET_IP_		((unsigned long)__builtin_return_address(0))
#define _AC(x, y)		(x##y)
#define U64_MAX			((u64)~0ULL)
#define BITS_PER_LONG		64

/* Atomic counters */

typedef struct { long counter; } atomic_long_t;

static inline void atomic_long_inc(atomic_long_t *v)
{
	__atomic_add_fetch(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline long atomic_long_read(const atomic_long_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

/* Modules and boot */

#define EXPORT_SYMBOL(sym)
#define EXPORT_SYMBOL_GPL(sym)
#define MODULE_PARM_DESC(name, text)
#define MODULE_LICENSE(text)
#define MODULE_DESCRIPTION(text)
#define module_param_named(name, value, type, perm)
#define core_param(name, value, type, perm)

/* Arithmetic */

#define min(a, b) \
	({ __auto_type a_ = (a); __auto_type b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) \
	({ __auto_type a_ = (a); __auto_type b_ = (b); a_ > b_ ? a_ : b_; })
#define min_not_zero(a, b) \
	({ __auto_type c_ = (a); __auto_type d_ = (b); !c_ ? d_ : !d_ ? c_ : min(c_, d_); })
#define min3(a, b, c)		min(min(a, b), c)
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define swap(a, b) \
	do { __auto_type a_ = (a); (a) = (b); (b) = a_; } while (0)
#define roundup(x, y)		((((x) + (y) - 1) / (y)) * (y))
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define get_order(bytes) \
	((bytes) <= PAGE_SIZE ? 0U : \
	 (unsigned int)(64 - __builtin_clzl((bytes) - 1) - PAGE_SHIFT))

/* Text */

#undef _tolower
#define _tolower(c)		((c) | 0x20)
#define kstrtou64(s, base, res)	kstrtoull(s, base, res)
#define _parse_integer(s, base, res) \
	_parse_integer_limit(s, base, res, INT_MAX, 0)

/* Pages */

#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PFN_PHYS(pfn)		((phys_addr_t)(pfn) << PAGE_SHIFT)
#define PHYS_PFN(addr)		((unsigned long)((addr) >> PAGE_SHIFT))
#define USEC_PER_SEC		1000000L
#define div64_u64(a, b)		((u64)(a) / (u64)(b))
#define __va(addr)		((void *)(addr))
#define MAX_PHYSMEM_BITS	46

#define clear_page_tag_ref(page)	((void)(page))
#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))

/* Xen's types; GUEST_HANDLE() is a pointer on 64-bit machines */

typedef uint16_t domid_t;
typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;

#define GUEST_HANDLE(type)	type *
#define set_xen_guest_handle(hnd, val)	((hnd) = (val))

/* Lists: the checks of CONFIG_DEBUG_LIST */

#define POISON_POINTER_DELTA	0
#define LIST_POISON1		((void *)0x100)
#define LIST_POISON2		((void *)0x122)

struct list_head {
	struct list_head *next, *prev;
};

void host_violation(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

static inline bool __list_del_entry_valid(struct list_head *entry)
{
	if (entry->next == LIST_POISON1 || entry->prev == LIST_POISON2)
		host_violation("list_del() of a page that is on no list");
	if (entry->prev->next != entry || entry->next->prev != entry)
		host_violation("list_del() on a broken list");
	return true;
}

static inline void __list_add(struct list_head *entry, struct list_head *prev,
			      struct list_head *next)
{
	if (next->prev != prev || prev->next != next || entry == prev ||
	    entry == next)
		host_violation("list_add() on a broken list");
	next->prev = entry;
	entry->next = next;
	entry->prev = prev;
	prev->next = entry;
}

#endif /* HOST_STUBS_H */
