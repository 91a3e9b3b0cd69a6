/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Before the domain is suspended. */
#ifndef _XEN_BALLOON_SUSPEND_H
#define _XEN_BALLOON_SUSPEND_H

#include <linux/pm.h>

#include "balloon.h"

extern const struct dev_pm_ops balloon_pm_ops;

#endif	/* _XEN_BALLOON_SUSPEND_H */
