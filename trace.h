/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tracepoints of the Xen balloon: /sys/kernel/tracing/events/xen_balloon. Sizes
 * are Linux pages.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_balloon

#if !defined(_XEN_BALLOON_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _XEN_BALLOON_TRACE_H

#include <linux/tracepoint.h>

#include "pages.h"

TRACE_DEFINE_ENUM(BALLOON_DIR_INFLATE);
TRACE_DEFINE_ENUM(BALLOON_DIR_DEFLATE);
#define show_direction(direction)					\
	__print_symbolic(direction,					\
			 { BALLOON_DIR_INFLATE, "inflate" },		\
			 { BALLOON_DIR_DEFLATE, "deflate" })

TRACE_DEFINE_ENUM(BALLOON_STATE_SETTLED);
TRACE_DEFINE_ENUM(BALLOON_STATE_MOVING);
TRACE_DEFINE_ENUM(BALLOON_STATE_WAITING);
TRACE_DEFINE_ENUM(BALLOON_STATE_SHORT);
TRACE_DEFINE_ENUM(BALLOON_STATE_STOPPED);
#define show_state(state)						\
	__print_symbolic(state,						\
			 { BALLOON_STATE_SETTLED, "settled" },		\
			 { BALLOON_STATE_MOVING, "moving" },		\
			 { BALLOON_STATE_WAITING, "waiting" },		\
			 { BALLOON_STATE_SHORT, "short" },		\
			 { BALLOON_STATE_STOPPED, "stopped" })

TRACE_DEFINE_ENUM(BALLOON_REASON_NONE);
TRACE_DEFINE_ENUM(BALLOON_REASON_FLOOR);
TRACE_DEFINE_ENUM(BALLOON_REASON_GUEST_MEMORY);
TRACE_DEFINE_ENUM(BALLOON_REASON_GUEST_PRESSURE);
TRACE_DEFINE_ENUM(BALLOON_REASON_XEN_REFUSES);
TRACE_DEFINE_ENUM(BALLOON_REASON_HARD_LIMIT);
TRACE_DEFINE_ENUM(BALLOON_REASON_HOST_MEMORY);
TRACE_DEFINE_ENUM(BALLOON_REASON_PAGING_POOL);
TRACE_DEFINE_ENUM(BALLOON_REASON_OFFLINE_SECTIONS);
TRACE_DEFINE_ENUM(BALLOON_REASON_SECTION_MEMORY);
TRACE_DEFINE_ENUM(BALLOON_REASON_NO_ADDRESSES);
#define show_reason(reason)						\
	__print_symbolic(reason,					\
			 { BALLOON_REASON_NONE, "none" },		\
			 { BALLOON_REASON_FLOOR, "floor" },		\
			 { BALLOON_REASON_GUEST_MEMORY, "guest-memory" },	\
			 { BALLOON_REASON_GUEST_PRESSURE, "guest-pressure" },	\
			 { BALLOON_REASON_XEN_REFUSES, "xen-refuses" },	\
			 { BALLOON_REASON_HARD_LIMIT, "hard-limit" },	\
			 { BALLOON_REASON_HOST_MEMORY, "host-memory" },	\
			 { BALLOON_REASON_PAGING_POOL, "paging-pool" },	\
			 { BALLOON_REASON_OFFLINE_SECTIONS, "offline-sections" }, \
			 { BALLOON_REASON_SECTION_MEMORY, "section-memory" },	\
			 { BALLOON_REASON_NO_ADDRESSES, "no-addresses" })

/* A new target: from xenstore, sysfs, a driver, or the worker itself. */
TRACE_EVENT(xen_balloon_target,
	    TP_PROTO(unsigned long old_pages, unsigned long new_pages,
		     unsigned long from),

	    TP_ARGS(old_pages, new_pages, from),

	    TP_STRUCT__entry(__field(unsigned long, old_pages)
			     __field(unsigned long, new_pages)
			     __field(unsigned long, from)
	    ),

	    TP_fast_assign(__entry->old_pages = old_pages;
			   __entry->new_pages = new_pages;
			   __entry->from = from;
	    ),

	    TP_printk("old_pages=%lu new_pages=%lu from=%pS",
		      __entry->old_pages, __entry->new_pages,
		      (void *)__entry->from)
);

/*
 * A batch is over. Pages that a PV domain could not map go the other way at
 * once, and have an event of their own, without a time.
 */
TRACE_EVENT(xen_balloon_batch,
	    TP_PROTO(enum balloon_direction direction, unsigned long nr_pages,
		     unsigned long pages_done,
		     const struct balloon_moves *moves,
		     unsigned long current_pages),

	    TP_ARGS(direction, nr_pages, pages_done, moves, current_pages),

	    TP_STRUCT__entry(__field(unsigned int, direction)
			     __field(unsigned long, nr_pages)
			     __field(unsigned long, pages_done)
			     __array(unsigned long, extents, NR_EXTENT_ORDERS)
			     __field(unsigned long, us)
			     __field(unsigned long, current_pages)
	    ),

	    TP_fast_assign(__entry->direction = direction;
			   __entry->nr_pages = nr_pages;
			   __entry->pages_done = pages_done;
			   memcpy(__entry->extents, moves->done,
				  sizeof(__entry->extents));
			   __entry->us = moves->us;
			   __entry->current_pages = current_pages;
	    ),

	    TP_printk("direction=%s nr_pages=%lu pages_done=%lu us=%lu current_pages=%lu extents=%s",
		      show_direction(__entry->direction), __entry->nr_pages,
		      __entry->pages_done, __entry->us, __entry->current_pages,
		      __print_array(__entry->extents, NR_EXTENT_ORDERS,
				    sizeof(__entry->extents[0])))
);

/* Xen moved fewer extents than asked for in one hypercall. */
TRACE_EVENT(xen_balloon_refusal,
	    TP_PROTO(enum balloon_direction direction, unsigned int extent_order,
		     unsigned int asked, unsigned int done),

	    TP_ARGS(direction, extent_order, asked, done),

	    TP_STRUCT__entry(__field(unsigned int, direction)
			     __field(unsigned int, extent_order)
			     __field(unsigned int, asked)
			     __field(unsigned int, done)
	    ),

	    TP_fast_assign(__entry->direction = direction;
			   __entry->extent_order = extent_order;
			   __entry->asked = asked;
			   __entry->done = done;
	    ),

	    TP_printk("direction=%s extent_order=%u asked=%u done=%u",
		      show_direction(__entry->direction), __entry->extent_order,
		      __entry->asked, __entry->done)
);

/* The worker has another state, which decides when it runs again, or reason. */
TRACE_EVENT_CONDITION(xen_balloon_state,
		      TP_PROTO(const struct balloon_schedule *old,
			       const struct balloon_schedule *schedule),

		      TP_ARGS(old, schedule),

		      TP_CONDITION(old->state != schedule->state ||
				   old->reason != schedule->reason),

		      TP_STRUCT__entry(__field(unsigned int, old_state)
				       __field(unsigned int, new_state)
				       __field(unsigned int, reason)
				       __field(unsigned long, retry_count)
				       __field(unsigned long, schedule_delay)
		      ),

		      TP_fast_assign(__entry->old_state = old->state;
				     __entry->new_state = schedule->state;
				     __entry->reason = schedule->reason;
				     __entry->retry_count = schedule->count;
				     __entry->schedule_delay = schedule->delay;
		      ),

		      TP_printk("old_state=%s new_state=%s reason=%s retry_count=%lu schedule_delay=%lu",
				show_state(__entry->old_state),
				show_state(__entry->new_state),
				show_reason(__entry->reason),
				__entry->retry_count, __entry->schedule_delay)
);

/* Sections were added, or could not be; start_pfn is 0 if there is no room. */
TRACE_EVENT(xen_balloon_hotplug,
	    TP_PROTO(unsigned long start_pfn, unsigned long nr_pages, int ret),

	    TP_ARGS(start_pfn, nr_pages, ret),

	    TP_STRUCT__entry(__field(unsigned long, start_pfn)
			     __field(unsigned long, nr_pages)
			     __field(int, ret)
	    ),

	    TP_fast_assign(__entry->start_pfn = start_pfn;
			   __entry->nr_pages = nr_pages;
			   __entry->ret = ret;
	    ),

	    TP_printk("start_pfn=0x%lx nr_pages=%lu ret=%d",
		      __entry->start_pfn, __entry->nr_pages, __entry->ret)
);

/* A driver takes unpopulated pages, or cannot have them; and frees them. */
TRACE_EVENT(xen_balloon_alloc,
	    TP_PROTO(unsigned int nr_pages, int ret),

	    TP_ARGS(nr_pages, ret),

	    TP_STRUCT__entry(__field(unsigned int, nr_pages)
			     __field(int, ret)
	    ),

	    TP_fast_assign(__entry->nr_pages = nr_pages;
			   __entry->ret = ret;
	    ),

	    TP_printk("nr_pages=%u ret=%d", __entry->nr_pages, __entry->ret)
);

TRACE_EVENT(xen_balloon_free,
	    TP_PROTO(unsigned int nr_pages),

	    TP_ARGS(nr_pages),

	    TP_STRUCT__entry(__field(unsigned int, nr_pages)
	    ),

	    TP_fast_assign(__entry->nr_pages = nr_pages;
	    ),

	    TP_printk("nr_pages=%u", __entry->nr_pages)
);

#endif	/* _XEN_BALLOON_TRACE_H */

/* This must be outside of the protection. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
