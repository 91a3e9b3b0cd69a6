/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The worker, as the front ends see it. */
#ifndef _XEN_BALLOON_BALLOON_H
#define _XEN_BALLOON_BALLOON_H

#include <linux/notifier.h>

#include "pages.h"

/**
 * struct balloon_info - a consistent copy of the balloon's numbers
 * @current_pages: size of the domain
 * @target_pages: size that it should have
 * @floor: pages that inflation must leave
 * @state: how far the domain is from its target
 * @reason: why it is not there
 * @tries: number of the current try
 * @booted: boot ballooning is over
 * @target_seq: number of the target
 * @restore_pages: balloon_restore_pages()
 * @asked_pages: the toolstack's last target, as it counts, if @restore_pages is
 *	not 0
 */
struct balloon_info {
	unsigned long current_pages;
	unsigned long target_pages;
	unsigned long floor;
	enum balloon_state state;
	enum balloon_reason reason;
	unsigned long tries;
	bool booted;
	unsigned long target_seq;
	unsigned long restore_pages;
	unsigned long asked_pages;
};

/**
 * enum balloon_event - news for observers
 * @BALLOON_EVENT_CHANGED: a pass of the worker is over
 * @BALLOON_EVENT_SUSPEND: the domain will be suspended: nobody else sets a target
 * @BALLOON_EVENT_FINAL: and it keeps its size until then
 */
enum balloon_event {
	BALLOON_EVENT_CHANGED,
	BALLOON_EVENT_SUSPEND,
	BALLOON_EVENT_FINAL,
};

void balloon_snapshot(struct balloon_info *info);
unsigned long balloon_get_view(struct xen_balloon *b, struct balloon_view *v);
unsigned long balloon_pass(struct xen_balloon *b);
void balloon_add_sections(struct xen_balloon *b, unsigned long nr_pages);
void balloon_begin_pod_boot(unsigned long backed);
bool balloon_is_ready(struct xen_balloon *b);
bool balloon_is_running(void);
void balloon_register_observer(struct notifier_block *nb);
void balloon_unregister_observer(struct notifier_block *nb);
void balloon_call_observers(enum balloon_event event);

#endif	/* _XEN_BALLOON_BALLOON_H */
