/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the tests see: one guest with its driver, its page allocator, its
 * hypervisor and its toolstack.
 */
#ifndef HOST_H
#define HOST_H

#include <setjmp.h>

#include "shim.h"
#include "balloon.h"
#include "guest-memory.h"
#include "inflate.h"
#include "mem-reservation.h"
#include "pv-mapping.h"
#include "resume.h"
#include "hotplug.h"

#include <xen/mem-reservation.h>

/* Frames of Xen per page, pages per superpage, all in the build's PAGE_SHIFT. */
#define HOST_FRAMES	(1UL << (PAGE_SHIFT - 12))
#define HOST_SUPERPAGE	(1UL << (21 - PAGE_SHIFT))
#define SUPERPAGES(n)	((n) * HOST_SUPERPAGE)
#define HOST_HAS_PV	IS_ENABLED(CONFIG_XEN_HAVE_PVMMU)
#define HOST_HAS_HOTPLUG	IS_ENABLED(CONFIG_XEN_BALLOON_MEMORY_HOTPLUG)

/**
 * struct host_config - a guest before it boots; sizes in superpages of 2 MiB
 * @pv: PV, else PVH or HVM
 * @initial: the initial domain
 * @bare: no Xen at all
 * @ram: memory with the page allocator
 * @low: part of the address space that is lowmem; 0 for all
 * @extra: extra regions behind the RAM, unpopulated
 * @space: address space; what is beyond RAM and extra regions is for hotplug
 * @p2m_limit: PV: what the p2m has room for; 0 for all of @space
 * @host_free: what Xen has beside the guest
 * @pod_cache: RAM is populated on demand, out of so many superpages
 * @overhead: frames that Xen counts and the guest does not have
 * @shim: PV: frames of the shim that the guest runs in, which only the
 *	toolstack counts
 * @cpuid_base: where CPUID has Xen's leaves; 0: nowhere
 * @cpuid_hvm: of them, the leaf for HVM domains
 * @unpopulated_pages: taken by the allocator of unpopulated pages
 * @released_pages: given up by the setup of a PV guest
 * @reserve: pages that the page allocator keeps for itself
 * @late_xenstore: xenstore comes up after the driver
 * @offline_sections: hotplugged sections wait for host_online()
 * @init_on_alloc: the page allocator clears all that it hands out
 * @seed: of the guest's random numbers
 */
struct host_config {
	bool pv, initial, bare;
	unsigned long ram, low, extra, space, p2m_limit, host_free, pod_cache;
	unsigned long overhead, shim, unpopulated_pages, released_pages, reserve;
	bool late_xenstore, offline_sections, init_on_alloc;
	u32 cpuid_base, cpuid_hvm;
	u64 seed;
};

enum host_owner {
	HOST_ABSENT,		/* no struct page */
	HOST_ADDED,		/* hotplugged, not online */
	HOST_FREE,		/* with the page allocator */
	HOST_USER,		/* used by somebody in the guest */
	HOST_CACHE,		/* used, can be reclaimed */
	HOST_DRIVER,		/* left the page allocator, or never was there */
	HOST_OFFLINE,		/* of a section that went offline, with memory */
	HOST_FOREIGN,		/* not the driver's: unpopulated-alloc */
};

struct host_page {
	u8 owner;
	bool secret;		/* holds something that nobody else may see */
	bool fresh_superpage;	/* allocated, and not split yet */
	u8 clears;		/* since it was allocated */
	u8 held;		/* references by look-ups, see host_get_page() */
	u8 seen, extent;	/* by the checks */
	unsigned int unmapped_at;	/* PV: when the mapping went */
};

struct host_inject {
	bool armed;
	bool forever;		/* all from @at on fail, not just that one */
	unsigned long at;	/* number of the point that fails, from 1 */
	unsigned long count;	/* points passed */
	unsigned long hits;
	const char *what;	/* the first that failed */
};

#define NO_MFN	UINT_MAX
enum { MFN_FREE, MFN_GUEST, MFN_OTHERS };

/**
 * struct host - all that the fakes know
 */
struct host {
	struct host_config cfg;

	/* page allocator */
	struct host_page *info;
	unsigned long nr_pages, nr_free, nr_used, nr_cache, reserve;
	unsigned int *free_in_superpage;
	unsigned int *first_free;	/* in each superpage: no page before it is free */
	unsigned long cursor[2];
	unsigned long *used;	/* pfns of HOST_USER pages */
	unsigned long *cache;
	long managed[2];	/* low, high */
	long nr_balloon_pages;
	unsigned long vm_events[2];	/* by enum vm_event_item */
	bool crash_kernel;	/* is_kdump_kernel() */
	unsigned long wmark_pages, nr_wmark_updates;	/* managed pages then */
	struct zone zones[ZONE_MOVABLE + 1];
	unsigned long cma_free;		/* of nr_free, for movable pages only */
	unsigned long movable_wmark;
	unsigned long movable_free;	/* available, but not to the driver */
	bool cache_protected;		/* as by memory.min: reclaim finds nothing */
	unsigned long swap_used;	/* of total_swap_pages */
	unsigned long refaults, refaults_per_s;
	bool profiling;		/* the allocator counts by who allocates */
	bool no_superpages;		/* fragmented: no two free pages are neighbours */
	bool scatter;		/* single pages come from anywhere */
	unsigned long sections_end;
	unsigned int online_order;	/* of the pieces in which they come online */

	/* Xen */
	unsigned long nr_mfns, nr_gfns;
	u8 *mfn_used;		/* MFN_FREE and so on */
	unsigned int *mfn_free_in_superpage;
	unsigned long nr_free_mfns;
	unsigned int *m2p;
	unsigned int *gfn_mfn;	/* HVM */
	bool *gfn_pod;		/* HVM: populated on demand, not touched */
	bool *gfn_table;	/* HVM: a superpage is mapped by a table */
	unsigned long pool_pages;	/* HVM: for tables, see table_for() */
	unsigned long nr_lost_frames;	/* counted, but not mapped */
	unsigned long *p2m;	/* PV: the guest's own table */
	u64 *pte, *pmd;		/* PV: the kernel mapping; its tables, by superpage */
	unsigned long tot_frames, hard_limit, pod_entries, pod_cache;
	unsigned int *pod_mfns;
	bool host_no_superpages;	/* no two free frames are neighbours */
	u64 clock_ns, ns_per_frame, ns_per_extent;	/* how long hypercalls take */
	u64 held_since, longest_held;	/* batch_lock, by that clock */
	bool refuse_decrease;	/* single pages, from time to time */
	unsigned int max_order;
	long current_reservation_error;
	long stop_after_frames;	/* of one decrease; -1: never */
	unsigned int flush_epoch;

	/* counters for the tests */
	unsigned long nr_flushes, nr_memory_ops, nr_mmu_updates, nr_logs;
	unsigned long nr_populated[10], nr_released[10], nr_warnings;
	unsigned long nr_passes, nr_kmap_flushes, nr_page_clears, nr_wakeups;
	char last_log[320];
	char trace[16][160];	/* the last events, by number */
	unsigned long nr_trace_lines;

	/* kernel */
	struct workqueue_struct *queues[2];	/* freezable, not freezable */
	bool frozen;
	bool busy;		/* no queue gets to run anything */
	bool kcore_stuck;	/* a reader of all memory does not end */
	int (*on_wait)(void);
	void (*on_hypercall)(unsigned int cmd);
	void (*on_timeout)(void);
	void (*on_batch_lock)(void);	/* somebody else has it */
	void (*on_alloc)(void);
	void (*on_add_memory)(void);	/* while others have device_hotplug_lock */
	void (*on_xenstore_write)(void);	/* while xenstored does not answer */
	bool expect_warnings;
	bool allow_unscrubbed;
	long nr_allocs;
	unsigned long signals;
	struct device *dev;
	bool bus_registered;
	bool capable;
	online_page_callback_t online_callback;
	struct notifier_block *memory_nb, *xenstore_nb, *oom_nb;
	struct notifier_block *resume_nb, *reboot_nb, *observers[2];
	struct xenbus_watch *watch, *own_watch;
	const struct ctl_table *sysctls;
	unsigned long nr_size_polls, nr_state_polls, nr_uevents;
	char uevent[160];	/* the last one */
	const struct file_operations *stats;
	void *stats_data;
	bool xenstore_up;
	bool control_readonly, data_readonly;	/* as the toolstack likes */
	int write_error;	/* of each write to data/, e.g. for a full quota */
	int watch_error;	/* of each new watch, likewise */
	unsigned long nr_xenstore_writes;
	unsigned long nr_xenstore_reads;

	struct host_inject inject;
	u64 rng;

	/* unpopulated pages, as the callers know them */
	unsigned long nr_unpopulated;
};

extern struct host host;
extern bool host_threads;
extern bool host_quiet;
extern jmp_buf host_env;
extern char host_said[160];	/* the last violation */

/* world.c */
void host_boot(const struct host_config *cfg);	/* and the driver's initcalls */
void host_start(const struct host_config *cfg);	/* without them */
int host_init_driver(void);
void host_shutdown(void);
int host_wait_boot(void);
u64 host_random(void);
void host_check(void);
void host_check_lockless(void);
void host_note_unpopulated(struct page *page, bool unpopulated);

/* Pages of a driver, from number @first on; no allocation leaves them as they are. */
extern struct page *host_unpopulated[9000];
int host_alloc_unpopulated(unsigned int first, unsigned int nr);
void host_free_unpopulated(unsigned int first, unsigned int nr);

unsigned long host_with_allocator(void);
unsigned long host_frames_counted(void);

/* memory.c */
void host_memory_start(void);
unsigned long host_user_alloc(unsigned long nr_pages);
void host_user_free(unsigned long nr_pages);
void host_user_to_cache(unsigned long nr_pages);
bool host_online(void);
bool host_offline(void);
void host_shatter_guest(unsigned int every);
void host_get_page(struct page *page);	/* for a moment, by a look-up of any page */
void host_put_page(struct page *page);

/* xen.c */
void host_xen_start(void);
void host_tables_start(void);
void host_tables_stop(void);
void host_table_set(unsigned long pfn, u64 pte);
bool host_table_holds(unsigned long pfn);
void host_tables_move(void);
void host_touch(unsigned long pfn);
bool host_page_populated(unsigned long pfn);
void host_check_xen_page(unsigned long pfn, bool with_memory, bool exact);
unsigned long host_others_take(unsigned long nr_frames, bool scattered);
void host_others_give(void);
void host_others_give_all(void);
void host_tear(unsigned long gfn, unsigned long nr_frames);
void host_resume_elsewhere(void);
unsigned long host_repopulate(unsigned int one_in, unsigned long most);
void host_xen_stop(void);

/* kernel.c */
void host_kernel_start(void);
bool host_fails(const char *what);
unsigned long host_run(void);
unsigned long host_advance(unsigned long seconds);
unsigned long host_next_due_s(void);
void host_elsewhere(void (*fn)(void));	/* in another task */
void host_xenstore(const char *key, const char *value);
void host_xenstore_raw(const char *key, const char *value, size_t len);
void host_xenstore_come_up(void);
void host_set_xenstore_target(const char *kb);
void host_watch_fires(void);
void host_own_nodes_change(void);	/* in its folder in xenstore */
ssize_t host_sysfs_write(const char *name, const char *text);
ssize_t host_sysfs_write_n(const char *name, const char *text, size_t n);
u64 host_sysfs_read(const char *name);
void host_sysfs_read_text(const char *name, char *text, size_t size);
const char *host_xenstore_text(const char *key);	/* NULL: not there */
unsigned long host_oom(void);	/* what was freed */
void host_reboot(bool kexec);
void host_suspend(void);	/* up to the freeze of devices; @frozen until the end */
unsigned long host_stat(const char *name);
const char *host_last_event(const char *event);
void host_hold(void);	/* the fakes' own lock, for threads */
void host_release(void);

/* unit-frontends.c: statics of xen-balloon-sysfs.c and xenstore.c */
int host_parse_bytes(const char *buf, u64 *bytes);
void host_set_floor(unsigned long pages);
void host_reset_frontends(void);
void host_target_event(void);
long host_difference(void);

int host_pure_initcall(void);
int host_subsys_initcall(void);	/* the first error; all of them run */
int host_late_initcall_sync(void);

#endif /* HOST_H */
