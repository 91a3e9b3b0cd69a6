/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Fakes: what the driver calls, instrumented. Each checks how it is used, and
 * each that can fail in the kernel is a failure point (host_fails()).
 */
#ifndef HOST_FAKES_H
#define HOST_FAKES_H

/* Warnings, once per life of the driver */

void host_log(const char *fmt, ...) __printf(1, 2);
void panic(const char *fmt, ...) __attribute__((noreturn)) __printf(1, 2);

/* Functions, so that the driver's branches are its own: see coverage. */
bool host_warn_if(bool cond, const char *what, unsigned long *seen);
void host_log_once(unsigned long *seen, const char *fmt, ...) __printf(2, 3);

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_err(fmt, ...)	host_log(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	host_log(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	host_log(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	host_log(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)	host_log(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err_ratelimited	pr_err
#define pr_warn_ratelimited	pr_warn
#define pr_notice_ratelimited	pr_notice
#define pr_info_once(fmt, ...) do {					\
	static unsigned long seen;					\
	host_log_once(&seen, pr_fmt(fmt), ##__VA_ARGS__);		\
} while (0)
#define pr_warn_once		pr_info_once

struct host_ratelimit {
	unsigned long interval, last, seen;
};

#define DEFINE_RATELIMIT_STATE(name, interval, burst)	\
	struct host_ratelimit name = { interval }
bool __ratelimit(struct host_ratelimit *rs);

#define WARN_ONCE(cond, fmt, ...) ({					\
	static unsigned long seen;					\
	host_warn_if(cond, fmt, &seen);					\
})
#define WARN_ON_ONCE(cond)	WARN_ONCE(cond, #cond)

/* Locks: held once, in order, by the one who unlocks */

#ifdef HOST_THREAD_SAFETY
#define __lock_attr(x)	__attribute__((x))
#else
#define __lock_attr(x)
#endif

struct __lock_attr(capability("mutex")) mutex {
	pthread_mutex_t impl;
	const char *name;
	unsigned long owner;
};

#define DEFINE_MUTEX(name)	struct mutex name = __MUTEX_INITIALIZER(name)
#define __MUTEX_INITIALIZER(lockname) \
	{ .impl = PTHREAD_MUTEX_INITIALIZER, .name = #lockname }

#define mutex_init(m)	(*(m) = (struct mutex) __MUTEX_INITIALIZER(m))

void mutex_lock(struct mutex *m) __lock_attr(acquire_capability(*m));
bool mutex_trylock(struct mutex *m) __lock_attr(try_acquire_capability(true, *m));
void mutex_unlock(struct mutex *m) __lock_attr(release_capability(*m));
bool host_mutex_held(const struct mutex *m);

#ifdef HOST_THREAD_SAFETY
void lockdep_assert_held(const struct mutex *m)
	__lock_attr(assert_capability(*m));
#else
void host_assert_held(const struct mutex *m, const char *where,
		      const char *what);
#define lockdep_assert_held(m)	host_assert_held(m, __func__, #m)
#endif

extern struct mutex host_device_hotplug_lock;
#define lock_device_hotplug()	mutex_lock(&host_device_hotplug_lock)
#define unlock_device_hotplug()	mutex_unlock(&host_device_hotplug_lock)

/* Time, work, waiting: run by the test */

#define HZ	100
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L
typedef s64 ktime_t;
ktime_t ktime_get(void);
typedef s64 time64_t;
time64_t ktime_get_seconds(void);
#define ktime_us_delta(later, earlier)	(((later) - (earlier)) / 1000)
extern unsigned long host_jiffies;
#define jiffies	READ_ONCE(host_jiffies)
#define time_is_before_jiffies(a)	((long)((a) - jiffies) < 0)
#define time_is_after_jiffies(a)	((long)((a) - jiffies) > 0)
void schedule_timeout_idle(unsigned long timeout);

struct work_struct {
	void (*func)(struct work_struct *work);
	unsigned long due;
	bool pending;
};

struct delayed_work {
	struct work_struct work;
};

struct workqueue_struct;

#define __WORK_INITIALIZER(n, fn)	{ .func = (fn) }
#define __DELAYED_WORK_INITIALIZER(n, fn, flags) \
	{ .work = { .func = (fn) } }

enum { WQ_UNBOUND = 1 << 1, WQ_FREEZABLE = 1 << 2 };

#define INIT_WORK(w, f)	(*(w) = (struct work_struct) { .func = (f) })
#define INIT_DELAYED_WORK(d, fn) \
	(*(d) = (struct delayed_work) { .work = { .func = (fn) } })
static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags,
					 int max_active);
void destroy_workqueue(struct workqueue_struct *wq);
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *d,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *d,
		      unsigned long delay);
bool cancel_delayed_work_sync(struct delayed_work *d);
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *d);
bool delayed_work_pending(struct delayed_work *d);

typedef struct { int unused; } wait_queue_head_t;
#define __WAIT_QUEUE_HEAD_INITIALIZER(name) { 0 }
void wake_up(wait_queue_head_t *wq);
int host_wait(void);	/* something may have changed: 0, or a signal */
#define wait_event_interruptible(wq, cond) ({				\
	int rc_ = 0;							\
	(void)&(wq);							\
	while (!(cond) && !rc_)						\
		rc_ = host_wait();					\
	rc_;								\
})

long host_wait_timeout(long left);
#define wait_event_timeout(wq, cond, timeout) ({			\
	long left_ = (timeout);						\
	(void)&(wq);							\
	while (!(cond) && left_ > 0)					\
		left_ = host_wait_timeout(left_);			\
	(cond) ? (left_ > 0 ? left_ : 1) : 0;				\
})

/* Memory of the driver's own */

void *host_alloc(size_t n, size_t size);
void kfree(const void *p);
#define kvcalloc(n, size, gfp)	((void)(gfp), host_alloc(n, size))
#define kzalloc(size, gfp)	((void)(gfp), host_alloc(1, size))
#define kzalloc_obj(obj, ...)	((__typeof__(obj) *)host_alloc(1, sizeof(obj)))
#define kvfree(p)		kfree(p)

/* Pages */

#define __GFP_HIGHMEM		0x0002u
#define __GFP_IO		0x0040u
#define __GFP_FS		0x0080u
#define __GFP_ZERO		0x0100u
#define __GFP_DIRECT_RECLAIM	0x0400u
#define __GFP_KSWAPD_RECLAIM	0x0800u
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define __GFP_NOWARN		0x2000u
#define __GFP_RETRY_MAYFAIL	0x4000u
#define __GFP_NORETRY		0x10000u
#define __GFP_NOMEMALLOC	0x80000u
#define GFP_NOWAIT		0x200000u
#define __GFP_HARDWALL		0x100000u

#define MAX_PAGE_ORDER		(PAGE_SHIFT == 12 ? 10 : 13)

struct page {
	struct list_head lru;
	unsigned int page_type;	/* UINT_MAX: none */
	int refcount;
	bool reserved;
	unsigned int readable_until;	/* a reader of /proc/kcore may be at it */
	unsigned long private;
};

struct zone;
struct pglist_data;
enum node_stat_item { NR_BALLOON_PAGES };
enum vm_event_item { BALLOON_INFLATE, BALLOON_DEFLATE };

extern struct page *host_mem_map;
extern unsigned long host_nr_struct_pages, host_low_pages;

static inline unsigned long page_to_pfn(const struct page *page)
{
	return page - host_mem_map;
}

static inline struct page *pfn_to_page(unsigned long pfn)
{
	if (pfn >= host_nr_struct_pages)
		host_violation("pfn_to_page(%#lx) of a page that is not there",
			       pfn);
	return host_mem_map + pfn;
}

static inline bool PageHighMem(const struct page *page)
{
	return page_to_pfn(page) >= host_low_pages;
}

static inline unsigned long page_private(const struct page *page)
{
	return page->private;
}

static inline void set_page_private(struct page *page, unsigned long private)
{
	page->private = private;
}

#define HOST_PGTY_OFFLINE	0xf1000000u

static inline bool PageOffline(const struct page *page)
{
	return page->page_type == HOST_PGTY_OFFLINE;
}

/* Those who read any page keep off PageOffline ones: once they have seen it. */
extern _Atomic bool host_offline_begun;
extern _Atomic unsigned int host_offline_epoch;	/* each waits for readers */
void page_offline_begin(void);
void page_offline_end(void);

static inline void __SetPageOffline(struct page *page)
{
	if (page->readable_until == UINT_MAX)
		page->readable_until = host_offline_epoch + !host_offline_begun;
	page->page_type = HOST_PGTY_OFFLINE;
}

static inline void __ClearPageOffline(struct page *page)
{
	page->page_type = UINT_MAX;
}

static inline void ClearPageReserved(struct page *page)
{
	page->reserved = false;
}

static inline void get_page(struct page *page)
{
	page->refcount++;
}

static inline int page_count(const struct page *page)
{
	return page->refcount;
}

extern unsigned long xen_max_p2m_pfn;
void setup_per_zone_wmarks(void);
bool is_kdump_kernel(void);
bool page_ref_freeze(struct page *page, int count);
void page_ref_unfreeze(struct page *page, int count);
bool mem_alloc_profiling_enabled(void);
enum zone_type { ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE };
enum {
	NR_FREE_PAGES, NR_ZONE_INACTIVE_FILE, NR_ZONE_ACTIVE_FILE,
	NR_ZONE_INACTIVE_ANON, NR_ZONE_ACTIVE_ANON, NR_FREE_CMA_PAGES,
};
struct zone {
	long lowmem_reserve[ZONE_MOVABLE + 1];
};
#define gfp_zone(gfp)		((void)(gfp), ZONE_HIGHMEM)
enum { WORKINGSET_REFAULT_ANON, WORKINGSET_REFAULT_FILE };
unsigned long global_node_page_state(int item);
long get_nr_swap_pages(void);
extern long total_swap_pages;

enum zone_type zone_idx(const struct zone *zone);
struct zone *host_next_zone(struct zone *zone);
#define for_each_populated_zone(zone) \
	for ((zone) = host_next_zone(NULL); (zone); (zone) = host_next_zone(zone))
unsigned long zone_page_state(const struct zone *zone, int item);
unsigned long high_wmark_pages(const struct zone *zone);
struct zone *page_zone(const struct page *page);
#define page_pgdat(page)	((void)(page), (struct pglist_data *)NULL)
void mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item,
			 long delta);
void count_vm_events(enum vm_event_item item, long delta);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
unsigned long alloc_pages_bulk(gfp_t gfp, int nr_pages, struct page **pages);
#define alloc_pages_bulk	alloc_pages_bulk	/* in the kernel it is a macro */
void free_pages_bulk(struct page **pages, unsigned long nr_pages);
void split_page(struct page *page, unsigned int order);
void __free_page(struct page *page);
void __free_pages(struct page *page, unsigned int order);
void adjust_managed_page_count(struct page *page, long count);
long si_mem_available(void);
void clear_highpage(struct page *page);
bool want_init_on_alloc(gfp_t gfp);
void kmap_flush_unused(void);
void flush_tlb_all(void);
unsigned long get_num_physpages(void);

extern unsigned long max_pfn;
extern u64 max_mem_size;
extern enum system_states {
	SYSTEM_BOOTING, SYSTEM_SCHEDULING, SYSTEM_FREEING_INITMEM,
	SYSTEM_RUNNING,
} system_state;

/* Hotplug */

/* A section is small here, so that a small guest has many. */
#define PAGES_PER_SECTION	(2UL << (21 - PAGE_SHIFT))

struct range {
	u64 start, end;
};

#define pfn_to_section_nr(pfn)	((pfn) / PAGES_PER_SECTION)
#define memory_block_size_bytes()	PFN_PHYS(PAGES_PER_SECTION)

struct memory_notify {
	unsigned long start_pfn, nr_pages;
};

struct resource {
	resource_size_t start, end;
	const char *name;
	unsigned long flags;
};

extern struct resource iomem_resource;

int allocate_resource(struct resource *root, struct resource *res,
		      resource_size_t size, resource_size_t min,
		      resource_size_t max, resource_size_t align,
		      void *alignf, void *data);
int release_resource(struct resource *res);
struct range mhp_get_pluggable_range(bool need_mapping);

typedef int mhp_t;
#define MHP_MERGE_RESOURCE	1
int memory_add_physaddr_to_nid(u64 start);
int add_memory_resource(int nid, struct resource *res, mhp_t flags);

void generic_online_page(struct page *page, unsigned int order);
typedef void (*online_page_callback_t)(struct page *page, unsigned int order);
int set_online_page_callback(online_page_callback_t callback);
int restore_online_page_callback(online_page_callback_t callback);

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long event,
			     void *data);
};

enum {
	MEM_ONLINE = 1 << 0, MEM_GOING_OFFLINE = 1 << 1, MEM_OFFLINE = 1 << 2,
	MEM_GOING_ONLINE = 1 << 3, MEM_CANCEL_ONLINE = 1 << 4,
	MEM_CANCEL_OFFLINE = 1 << 5,
};
#define NOTIFY_DONE	0
#define NOTIFY_OK	1
struct blocking_notifier_head {
	int unused;
};

#define BLOCKING_NOTIFIER_HEAD(name)	struct blocking_notifier_head name
int blocking_notifier_chain_register(struct blocking_notifier_head *nh,
				     struct notifier_block *nb);
int blocking_notifier_chain_unregister(struct blocking_notifier_head *nh,
				       struct notifier_block *nb);
int blocking_notifier_call_chain(struct blocking_notifier_head *nh,
				 unsigned long val, void *v);
extern bool kexec_in_progress;
int register_reboot_notifier(struct notifier_block *nb);
int register_memory_notifier(struct notifier_block *nb);
void unregister_memory_notifier(struct notifier_block *nb);

/* Small xarrays: of sections */

#define HOST_XA_SIZE	512

struct xarray {
	void *entry[HOST_XA_SIZE];
};

#define XARRAY_INIT(name, flags)	{ { NULL } }

/* Those that are no part of the balloon are emptied for each guest. */
void host_register_xarray(struct xarray *xa);
#define DEFINE_XARRAY(name)						\
	void __attribute__((constructor)) host_register_##name(void);	\
	static struct xarray name;					\
	static void host_register_##name(void)				\
	{								\
		host_register_xarray(&name);				\
	}								\
	static struct xarray name
#define xa_mk_value(v)		((void *)((unsigned long)(v) << 1 | 1))
#define xa_err(entry)		(IS_ERR(entry) ? (int)PTR_ERR(entry) : 0)
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_erase(struct xarray *xa, unsigned long index);
void *xa_load(struct xarray *xa, unsigned long index);

/* sysctl */

struct ctl_table {
	const char *procname;
	void *data;
	int maxlen;
	umode_t mode;
	int proc_handler;
	void *extra1, *extra2;
};

struct ctl_table_header {
	const struct ctl_table *ctl_table;
};

#define proc_dointvec_minmax	1
#define SYSCTL_ZERO		((void *)&host_sysctl_vals[0])
#define SYSCTL_ONE		((void *)&host_sysctl_vals[1])
extern const int host_sysctl_vals[];
struct ctl_table_header *host_register_sysctl(const char *path,
					      const struct ctl_table *table,
					      size_t nr);
#define register_sysctl(path, table) \
	host_register_sysctl(path, table, ARRAY_SIZE(table))

/* sysfs */

struct attribute {
	const char *name;
	umode_t mode;
};

struct attribute_group {
	const char *name;
	struct attribute **attrs;
};

struct device;
struct dev_pm_ops {
	int (*prepare)(struct device *dev);
};
#define pm_sleep_ptr(ptr)	(ptr)
typedef int suspend_state_t;
#define PM_SUSPEND_ON		0
#define PM_SUSPEND_TO_IDLE	1
extern suspend_state_t pm_suspend_target_state;

struct bus_type {
	const char *name, *dev_name;
	const struct dev_pm_ops *pm;
};

struct kobject {
	int unused;
};

enum kobject_action { KOBJ_CHANGE };

int kobject_uevent_env(struct kobject *kobj, enum kobject_action action,
		       char *envp[]);
void sysfs_notify(struct kobject *kobj, const char *dir, const char *attr);

struct device {
	struct kobject kobj;
	const struct bus_type *bus;
	const struct attribute_group **groups;
	void (*release)(struct device *dev);
	bool registered;
	int refcount;
};

struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr,
			char *buf);
	ssize_t (*store)(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count);
};

#define __ATTR(_name, _mode, _show, _store) {				\
	.attr = { .name = #_name, .mode = _mode },			\
	.show = _show, .store = _store,					\
}

int subsys_system_register(const struct bus_type *subsys,
			   const struct attribute_group **groups);
void bus_unregister(const struct bus_type *bus);
int device_register(struct device *dev);
void device_unregister(struct device *dev);
void put_device(struct device *dev);
int sysfs_emit(char *buf, const char *fmt, ...) __printf(2, 3);

/* debugfs: one file */

struct dentry;

struct seq_file {
	void *private;
	char *text;
	size_t size, count;
};

struct file_operations {
	int (*show)(struct seq_file *s, void *unused);
};

#define DEFINE_SHOW_ATTRIBUTE(_name) \
	static const struct file_operations _name##_fops = { .show = _name##_show }

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *debugfs_create_file(const char *name, umode_t mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops);
void seq_printf(struct seq_file *s, const char *fmt, ...) __printf(2, 3);

/* Tracepoints: on, and each event is a line as user space sees it */

struct host_symbol {
	unsigned long value;
	const char *name;
};

const char *host_numbers(const unsigned long *array, unsigned int len);
const char *host_symbol(unsigned long value, const struct host_symbol *symbols);
void host_event(const char *event, const char *fmt, ...);

#define PARAMS(args...)			args
#define TP_PROTO(args...)		args
#define TP_ARGS(args...)
#define TP_CONDITION(cond)		cond
#define TP_STRUCT__entry(args...)	args
#define TP_fast_assign(args...)		args
#define TP_printk(fmt, args...)		fmt, args
#define __field(type, item)		type item;
#define __array(type, item, len)	type item[len];
#define __print_array(array, len, size)	host_numbers(array, len)
#define __print_symbolic(value, ...) \
	host_symbol(value, (const struct host_symbol[]) { __VA_ARGS__, { 0, NULL } })
#define TRACE_DEFINE_ENUM(value)
#define TRACE_EVENT_CONDITION(event, proto, args, cond, tstruct, assign, print) \
	static inline void trace_##event(proto)				\
	{								\
		struct { tstruct } entry, *__entry = &entry;		\
									\
		if (!(cond))						\
			return;						\
		assign							\
		host_event(#event, print);				\
	}
#define TRACE_EVENT(event, proto, args, tstruct, assign, print)	\
	TRACE_EVENT_CONDITION(event, PARAMS(proto), PARAMS(args), true,	\
			      PARAMS(tstruct), PARAMS(assign), PARAMS(print))

#define CAP_SYS_ADMIN	21
bool capable(int cap);
ssize_t strscpy(char *dst, const char *src, size_t size);

/* xenbus */

struct xenbus_transaction {
	u32 id;
};

struct xenbus_watch {
	const char *node;
	void (*callback)(struct xenbus_watch *watch, const char *path,
			 const char *token);
};

#define XBT_NIL	((struct xenbus_transaction) { 0 })
void *xenbus_read(struct xenbus_transaction t, const char *dir,
		  const char *node, unsigned int *len);
unsigned int xenbus_read_unsigned(const char *dir, const char *node,
				  unsigned int default_value);
int xenbus_printf(struct xenbus_transaction t, const char *dir,
		  const char *node, const char *fmt, ...) __printf(4, 5);
int register_xenbus_watch(struct xenbus_watch *watch);
int register_xenstore_notifier(struct notifier_block *nb);

/* The OOM killer's last question */

void xen_resume_notifier_register(struct notifier_block *nb);
int register_oom_notifier(struct notifier_block *nb);
int unregister_oom_notifier(struct notifier_block *nb);

/* Xen */

bool xen_domain(void);
bool xen_pv_domain(void);
bool xen_initial_domain(void);
unsigned long pfn_to_gfn(unsigned long pfn);

struct start_info {
	unsigned long nr_pages;
};
extern struct start_info *xen_start_info;
extern unsigned long xen_released_pages, xen_unpopulated_pages;

long HYPERVISOR_memory_op(unsigned int cmd, void *arg);

#define XEN_CPUID_SIGNATURE_EBX	0x566e6558
#define XEN_CPUID_SIGNATURE_ECX	0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX	0x4d4d566e
#define XEN_HVM_CPUID_VCPU_ID_PRESENT	(1u << 3)
void native_cpuid(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);

#ifdef CONFIG_XEN_HAVE_PVMMU
#define PTRS_PER_PTE	512
#define _PAGE_TABLE	0x67
#define PAGE_KERNEL	((pgprot_t) { 0x63 })
#define PAGE_KERNEL_RO	((pgprot_t) { 0x61 })

typedef struct { u64 pte; } pte_t;
typedef struct { u64 pgprot; } pgprot_t;
typedef struct { u64 pmd; } pmd_t;
typedef u64 pteval_t;

static inline pte_t __pte_ma(u64 val)
{
	return (pte_t) { val };
}

static inline pte_t mfn_pte(unsigned long mfn, pgprot_t prot)
{
	return (pte_t) { (u64)mfn << PAGE_SHIFT | prot.pgprot };
}

static inline u64 pte_val_ma(pte_t pte)
{
	return pte.pte;
}

static inline bool pmd_present(pmd_t pmd)
{
	return pmd.pmd & 1;
}

static inline pmd_t __pmd(u64 val)
{
	return (pmd_t) { val };
}

pmd_t *pmd_off_k(unsigned long address);
struct page *pmd_page(pmd_t pmd);
void set_pmd(pmd_t *pmd, pmd_t val);
unsigned long pfn_to_mfn(unsigned long pfn);
void *page_address(struct page *page);
#define pfn_pte(pfn, prot)	mfn_pte(pfn_to_mfn(pfn), prot)
#define clear_page(page)	memset(page, 0, PAGE_SIZE)
struct mmu_update;
int HYPERVISOR_mmu_update(struct mmu_update *req, unsigned int count,
			  unsigned int *success_count, domid_t domid);
struct mmuext_op;
int HYPERVISOR_mmuext_op(struct mmuext_op *op, unsigned int count,
			 unsigned int *success_count, domid_t domid);
int HYPERVISOR_update_va_mapping(unsigned long va, pte_t pte,
				 unsigned long flags);
#endif
bool set_phys_to_machine(unsigned long pfn, unsigned long mfn);
#ifdef CONFIG_X86
int xen_alloc_p2m_entry(unsigned long pfn);
#endif

/* Initcalls: called by the test in the order of the kernel */

enum host_initcall_level {
	HOST_PURE, HOST_SUBSYS, HOST_SUBSYS_SYNC, HOST_LATE_SYNC,
};

/* In the order of the link, as in the kernel. */
void host_register_initcall(enum host_initcall_level level, int (*fn)(void));

#define HOST_INITCALL(level, fn)					\
	static void __attribute__((constructor)) initcall_##fn(void)	\
	{								\
		host_register_initcall(level, fn);			\
	}
#define pure_initcall(fn)	HOST_INITCALL(HOST_PURE, fn)
#define subsys_initcall(fn)	HOST_INITCALL(HOST_SUBSYS, fn)
#define subsys_initcall_sync(fn)	HOST_INITCALL(HOST_SUBSYS_SYNC, fn)
#define late_initcall_sync(fn)	HOST_INITCALL(HOST_LATE_SYNC, fn)

#endif /* HOST_FAKES_H */
