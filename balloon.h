/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The worker and its settings, for the front ends. */
#ifndef _XEN_BALLOON_BALLOON_H
#define _XEN_BALLOON_BALLOON_H

#include <linux/notifier.h>

#include "pages.h"

/**
 * struct balloon_info - the state of one moment
 * @stats: sizes and schedule
 * @nr_quarantined: pages lost
 * @floor: pages that inflation must leave
 * @state: how far the domain is from its target
 * @booted: boot ballooning is over
 * @target_seq: number of the target
 */
struct balloon_info {
	struct balloon_stats stats;
	unsigned long nr_quarantined;
	unsigned long floor;
	enum balloon_state state;
	bool booted;
	unsigned long target_seq;
};

void balloon_snapshot(struct balloon_info *info);
unsigned long balloon_get_view(struct xen_balloon *b, struct balloon_view *v);
void balloon_begin_pod_boot(unsigned long backed);
bool balloon_has_state(struct xen_balloon *b);
bool balloon_is_running(void);
void balloon_register_observer(struct notifier_block *nb);

#endif	/* _XEN_BALLOON_BALLOON_H */
