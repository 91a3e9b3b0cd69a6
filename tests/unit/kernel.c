// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The fake kernel around the driver: failure points, locks, time and work,
 * its heap, sysfs, sysctl and xenstore.
 */

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

struct host host;
bool host_threads, host_quiet;
jmp_buf host_env;
unsigned long host_jiffies;
static unsigned long generation = 1;
const int host_sysctl_vals[] = { 0, 1 };
u64 max_mem_size = U64_MAX;
enum system_states system_state;
static struct start_info start_info;
struct start_info *xen_start_info = &start_info;
unsigned long xen_released_pages, xen_unpopulated_pages;
struct xen_memory_region xen_extra_mem[XEN_EXTRA_MEM_MAX_REGIONS];

/* Verdicts */

char host_said[160];

void host_violation(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(host_said, sizeof(host_said), fmt, args);
	va_end(args);
	printf("# %s\n", host_said);
	if (host.inject.hits)
		printf("# after failure point %lu: %s\n", host.inject.at,
		       host.inject.what);
	fflush(stdout);
	if (host_threads)
		abort();
	longjmp(host_env, 1);
}

static void log_args(const char *fmt, va_list args)
{
	if (!host_threads)
		vsnprintf(host.last_log, sizeof(host.last_log), fmt, args);
	host.nr_logs++;
}

void host_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_args(fmt, args);
	va_end(args);
}

static bool first_time(unsigned long *seen)
{
	return __atomic_exchange_n(seen, generation, __ATOMIC_RELAXED) !=
	       generation;
}

void host_log_once(unsigned long *seen, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (first_time(seen))
		log_args(fmt, args);
	va_end(args);
}

/* Of a burst of one. */
bool __ratelimit(struct host_ratelimit *rs)
{
	if (!first_time(&rs->seen) && host_jiffies - rs->last < rs->interval)
		return false;
	rs->last = host_jiffies;
	return true;
}

bool host_warn_if(bool cond, const char *what, unsigned long *seen)
{
	if (cond && first_time(seen)) {
		host.nr_warnings++;
		if (!host.expect_warnings)
			host_violation("WARNING: %s", what);
	}
	return cond;
}

void panic(const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	host.last_log[0] = '\0';
	if (host.expect_warnings)
		longjmp(host_env, 2);
	host_violation("panic: %s", text);
}

/* Failure points */

bool host_fails(const char *what)
{
	struct host_inject *in = &host.inject;

	if (!in->armed)
		return false;
	in->count++;
	if (!in->at || in->count < in->at || (!in->forever && in->count > in->at))
		return false;
	if (!in->hits++)
		in->what = what;
	return true;
}

/* Locks */

static int fakes_lock;

void host_hold(void)
{
	if (!host_threads)
		return;
	while (__atomic_exchange_n(&fakes_lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

void host_release(void)
{
	if (host_threads)
		__atomic_store_n(&fakes_lock, 0, __ATOMIC_RELEASE);
}

struct mutex host_device_hotplug_lock =
	__MUTEX_INITIALIZER(device_hotplug_lock);

static unsigned int rank(const struct mutex *m)
{
	return !strcmp(m->name, "toolstack.lock") ? 0 :
	       m == &host_device_hotplug_lock ? 1 :
	       m == &xen_balloon.batch.lock ? 2 :
	       m == &xen_balloon.mem.lock ? 3 : 4;
}

static __thread unsigned int held_ranks;	/* bits */
static __thread unsigned long self;

static unsigned long me(void)
{
	static unsigned long next;

	if (!self)
		self = __atomic_add_fetch(&next, 1, __ATOMIC_RELAXED);
	return self;
}

void mutex_lock(struct mutex *m)
{
	if (m == &xen_balloon.batch.lock && host.on_batch_lock)
		host.on_batch_lock();
	if (held_ranks >> rank(m))
		host_violation("mutex_lock(%s): held already, or out of order",
			       m->name);
	if (m == &xen_balloon.batch.lock && held_ranks)
		host_violation("mutex_lock(%s): with another lock held, which may be for long",
			       m->name);
	if (host_threads)
		pthread_mutex_lock(&m->impl);
	held_ranks |= 1U << rank(m);
	if (m == &xen_balloon.batch.lock)
		host.held_since = host.clock_ns;
	__atomic_store_n(&m->owner, me(), __ATOMIC_RELAXED);
}

bool mutex_trylock(struct mutex *m)
{
	if (__atomic_load_n(&m->owner, __ATOMIC_RELAXED) ||
	    (host_threads && pthread_mutex_trylock(&m->impl)))
		return false;
	held_ranks |= 1U << rank(m);
	if (m == &xen_balloon.batch.lock)
		host.held_since = host.clock_ns;
	__atomic_store_n(&m->owner, me(), __ATOMIC_RELAXED);
	return true;
}

void mutex_unlock(struct mutex *m)
{
	if (!host_mutex_held(m))
		host_violation("mutex_unlock(%s): not held", m->name);
	if (m == &xen_balloon.batch.lock)
		host.longest_held = max(host.longest_held,
					host.clock_ns - host.held_since);
	__atomic_store_n(&m->owner, 0, __ATOMIC_RELAXED);
	held_ranks &= ~(1U << rank(m));
	if (host_threads)
		pthread_mutex_unlock(&m->impl);
}

void host_assert_held(const struct mutex *m, const char *where,
		      const char *what)
{
	if (!host_mutex_held(m))
		host_violation("%s: %s is not held", where, what);
}

bool host_mutex_held(const struct mutex *m)
{
	return __atomic_load_n(&m->owner, __ATOMIC_RELAXED) == me();
}

/* Time and work, run when the test says so */

/* It passes while Xen works. */
ktime_t ktime_get(void)
{
	return READ_ONCE(host.clock_ns);
}

time64_t ktime_get_seconds(void)
{
	return jiffies / HZ;
}

/* There are none but the driver's own: what is ours must not hold up others. */
#define WORKS	4

struct workqueue_struct {
	struct work_struct *works[WORKS];
	bool running[WORKS];
	int max_active;
	bool freezable;
};

/* The queue of the item that this thread runs. */
static __thread const struct workqueue_struct *running_on;

/* For what may last until somebody does something who is frozen as well. */
static void check_not_freezable(const char *what)
{
	if (running_on && running_on->freezable)
		host_violation("%s on a queue that suspend has to freeze", what);
}

static bool is_due(const struct work_struct *w)
{
	return w->pending && (long)(w->due - host_jiffies) <= 0;
}

/* What runs, and what is to run again after it, which nobody can do for it. */
static int nr_active(const struct workqueue_struct *wq)
{
	int i, nr = 0;

	for (i = 0; i < WORKS; i++)
		if (wq->running[i])
			nr += 1 + is_due(wq->works[i]);
	return nr;
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags,
					 int max_active)
{
	unsigned int i = flags & WQ_FREEZABLE ? 0 : 1;
	struct workqueue_struct *wq;

	if (host.queues[i])
		host_violation("a second queue of the same kind");
	if (host_fails("alloc_workqueue"))
		return NULL;
	wq = host_alloc(1, sizeof(*wq));
	if (wq) {
		wq->max_active = max_active ?: INT_MAX;
		wq->freezable = flags & WQ_FREEZABLE;
	}
	host.queues[i] = wq;
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	unsigned int i;

	for (i = 0; i < WORKS; i++)
		if (wq->works[i] && wq->works[i]->pending)
			host_violation("destroy_workqueue() with work pending");
	host.queues[wq->freezable ? 0 : 1] = NULL;
	kfree(wq);
}

static bool queue(struct workqueue_struct *wq, struct work_struct *w,
		  unsigned long delay, bool modify)
{
	bool was_pending;
	unsigned int i;

	host_hold();
	if (!wq || !w->func)
		host_violation("work is queued before it is set up");
	if (w == &xen_balloon.work.work && !wq->freezable)
		host_violation("the worker is not frozen over suspend");
	was_pending = w->pending;
	for (i = 0; i < WORKS - 1 && wq->works[i] && wq->works[i] != w; i++)
		;
	wq->works[i] = w;
	if (!was_pending || modify) {
		w->pending = true;
		w->due = host_jiffies + delay;
	}
	host_release();
	return was_pending == modify;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	return queue(wq, work, 0, false);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *d,
			unsigned long delay)
{
	return queue(wq, &d->work, delay, false);
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *d,
		      unsigned long delay)
{
	return queue(wq, &d->work, delay, true);
}

bool cancel_delayed_work_sync(struct delayed_work *d)
{
	bool was_pending = d->work.pending;

	d->work.pending = false;
	return was_pending;
}

/* Runs at once, as if nobody else wanted a processor. */
bool flush_work(struct work_struct *w)
{
	bool was_pending = w->pending;

	host_check_lockless();
	w->pending = false;
	if (was_pending)
		w->func(w);
	return was_pending;
}

bool flush_delayed_work(struct delayed_work *d)
{
	return flush_work(&d->work);
}

bool delayed_work_pending(struct delayed_work *d)
{
	return __atomic_load_n(&d->work.pending, __ATOMIC_RELAXED);
}

/* As the kernel does: a run sees what the run before it wrote, in any thread. */
static void order_runs(unsigned int i, const struct workqueue_struct *wq)
{
	static pthread_mutex_t between[2][WORKS] = {
		[0 ... 1] = { [0 ... WORKS - 1] = PTHREAD_MUTEX_INITIALIZER }
	};

	if (!host_threads)
		return;
	pthread_mutex_lock(&between[wq->freezable][i]);
	pthread_mutex_unlock(&between[wq->freezable][i]);
}

/* Whether it was due, and was then done. */
static bool run_one(struct workqueue_struct *wq, struct work_struct *w)
{
	const struct workqueue_struct *before = running_on;
	unsigned int i;
	bool due;

	if (!wq || !w || host.busy || (host.frozen && wq->freezable))
		return false;
	if (host.kcore_stuck && w == &xen_balloon.readers)
		return false;
	host_hold();
	for (i = 0; i < WORKS - 1 && wq->works[i] != w; i++)
		;
	due = is_due(w) && !wq->running[i] && nr_active(wq) < wq->max_active;
	if (due) {
		w->pending = false;
		wq->running[i] = true;
	}
	host_release();
	if (!due)
		return false;
	running_on = wq;
	order_runs(i, wq);
	w->func(w);
	order_runs(i, wq);
	running_on = before;
	host_hold();
	wq->running[i] = false;
	host_release();
	return true;
}

/* All items except for the worker; whether there were any. */
static bool run_others(void)
{
	bool any = false;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(host.queues); i++)
		for (j = 0; host.queues[i] && j < WORKS; j++)
			if (host.queues[i]->works[j] != &xen_balloon.work.work)
				any |= run_one(host.queues[i],
					       host.queues[i]->works[j]);
	return any;
}

/* Runs what is due; the number of passes of the worker. */
unsigned long host_run(void)
{
	unsigned long passes = 0, idle = 0;

	run_others();
	while (true) {
		unsigned long before = xen_balloon.mem.current_pages;

		if (!run_one(host.queues[0], &xen_balloon.work.work)) {
			/* Sections that a pass asked for wake it again. */
			if (!host_threads && run_others())
				continue;
			break;
		}
		passes++;
		host.nr_passes++;
		if (host_threads)
			break;
		idle = before == xen_balloon.mem.current_pages ? idle + 1 : 0;
		if (idle > 4)
			host_violation("the worker spins");
	}
	return passes;
}

unsigned long host_next_due_s(void)
{
	if (!host.queues[0] || !xen_balloon.work.work.pending)
		return ULONG_MAX;
	return (xen_balloon.work.work.due - host_jiffies) / HZ;
}

/* Lets time pass, second by second; the number of passes. */
unsigned long host_advance(unsigned long seconds)
{
	unsigned long passes = host_run();

	while (seconds--) {
		host_jiffies += HZ;
		host.clock_ns += NSEC_PER_SEC;
		host.refaults += host.refaults_per_s;
		passes += host_run();
	}
	return passes;
}

void schedule_timeout_idle(unsigned long timeout)
{
	host_jiffies += timeout ?: 1;
	if (host_jiffies > 24UL * 60 * 60 * HZ)
		host_violation("waits for ever");
	if (host.on_timeout)
		host.on_timeout();
	host_run();
}

void wake_up(wait_queue_head_t *wq)
{
	__atomic_add_fetch(&host.nr_wakeups, 1, __ATOMIC_RELAXED);
}

int host_wait(void)
{
	unsigned int i;

	for (i = 1; i <= 3; i++)
		if (held_ranks >> i & 1)
			host_violation("sleeps with a lock held");
	if (!host_threads && run_others())
		return 0;
	if (host_threads) {
		sched_yield();
		return host.on_wait ? host.on_wait() : 0;
	}
	if (host_fails("signal while waiting") || !host.on_wait) {
		host.signals++;
		return -512;	/* -ERESTARTSYS */
	}
	return host.on_wait();
}

void host_elsewhere(void (*fn)(void))
{
	const struct workqueue_struct *queue = running_on;
	unsigned int ranks = held_ranks;
	unsigned long task = self;

	running_on = NULL;
	held_ranks = 0;
	self = 0;
	fn();
	running_on = queue;
	held_ranks = ranks;
	self = task;
}

static void let_others_run(void)
{
	run_others();
}

/* Others run; when they have nothing to do the time is up. */
long host_wait_timeout(long left)
{
	if (host_mutex_held(&xen_balloon.mem.lock))
		host_violation("sleeps with the short lock held");
	if (host_threads) {
		usleep(1000);
		return left - 1;
	}
	host_elsewhere(let_others_run);
	if (host.kcore_stuck) {
		host.clock_ns += left * (1000000000L / HZ);
		return 0;
	}
	return left;
}

/* The heap */

void *host_alloc(size_t n, size_t size)
{
	void *p;

	if (host_fails("kernel heap"))
		return NULL;
	p = calloc(n, size);
	__atomic_add_fetch(&host.nr_allocs, 1, __ATOMIC_RELAXED);
	return p;
}

void kfree(const void *p)
{
	if (!p)
		return;
	__atomic_sub_fetch(&host.nr_allocs, 1, __ATOMIC_RELAXED);
	free((void *)p);
}

/* Small xarrays */

static void **xa_entry(struct xarray *xa, unsigned long index)
{
	if (index >= HOST_XA_SIZE)
		host_violation("xarray index %lu", index);
	return &xa->entry[index];
}

static struct xarray *registered[4];

void host_register_xarray(struct xarray *xa)
{
	unsigned int i = 0;

	while (registered[i])
		i++;
	registered[i] = xa;
}

void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	if (host_fails("xa_store"))
		return ERR_PTR(-ENOMEM);
	return __atomic_exchange_n(xa_entry(xa, index), entry, __ATOMIC_RELAXED);
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	return __atomic_exchange_n(xa_entry(xa, index), NULL, __ATOMIC_RELAXED);
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	return __atomic_load_n(xa_entry(xa, index), __ATOMIC_RELAXED);
}

/* Registrations */

int set_online_page_callback(online_page_callback_t callback)
{
	if (host_fails("set_online_page_callback"))
		return -EINVAL;
	host.online_callback = callback;
	return 0;
}

int restore_online_page_callback(online_page_callback_t callback)
{
	if (host.online_callback != callback)
		host_violation("restore_online_page_callback() of another");
	host.online_callback = NULL;
	return 0;
}

/* The driver has one chain, and two that listen to it. */
static struct notifier_block **observer_slot(struct notifier_block *nb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(host.observers); i++)
		if (host.observers[i] == nb)
			return &host.observers[i];
	return NULL;
}

int blocking_notifier_chain_register(struct blocking_notifier_head *nh,
				     struct notifier_block *nb)
{
	if (observer_slot(nb) || !observer_slot(NULL))
		host_violation("one observer too many");
	*observer_slot(NULL) = nb;
	return 0;
}

int blocking_notifier_chain_unregister(struct blocking_notifier_head *nh,
				       struct notifier_block *nb)
{
	if (!observer_slot(nb))
		host_violation("an observer goes that is none");
	*observer_slot(nb) = NULL;
	return 0;
}

int blocking_notifier_call_chain(struct blocking_notifier_head *nh,
				 unsigned long val, void *v)
{
	unsigned int i;

	host_check_lockless();
	for (i = 0; i < ARRAY_SIZE(host.observers); i++)
		if (host.observers[i])
			host.observers[i]->notifier_call(host.observers[i],
							 val, v);
	return 0;
}

bool kexec_in_progress;

int register_reboot_notifier(struct notifier_block *nb)
{
	if (host_fails("register_reboot_notifier"))
		return -EEXIST;
	host.reboot_nb = nb;
	return 0;
}

void host_reboot(bool kexec)
{
	kexec_in_progress = kexec;
	if (host.reboot_nb)
		host.reboot_nb->notifier_call(host.reboot_nb, 1 /* SYS_RESTART */,
					      NULL);
}

int register_memory_notifier(struct notifier_block *nb)
{
	if (host_fails("register_memory_notifier"))
		return -EEXIST;
	host.memory_nb = nb;
	return 0;
}

void unregister_memory_notifier(struct notifier_block *nb)
{
	if (host.memory_nb != nb)
		host_violation("unregister_memory_notifier() of another");
	host.memory_nb = NULL;
}

struct ctl_table_header *host_register_sysctl(const char *path,
					      const struct ctl_table *table,
					      size_t nr)
{
	if (strcmp(path, "xen/balloon") || nr != 1)
		host_violation("sysctl %s", path);
	if (host_fails("register_sysctl"))
		return NULL;
	host.sysctls = table;
	return (struct ctl_table_header *)table;
}

int subsys_system_register(const struct bus_type *subsys,
			   const struct attribute_group **groups)
{
	if (strcmp(subsys->name, "xen_memory"))
		host_violation("bus %s", subsys->name);
	if (host_fails("subsys_system_register"))
		return -EEXIST;
	host.bus_registered = true;
	return 0;
}

void bus_unregister(const struct bus_type *bus)
{
	if (!host.bus_registered || host.dev)
		host_violation("bus_unregister(): none, or in use");
	host.bus_registered = false;
}

int device_register(struct device *dev)
{
	dev->refcount = 1;
	host.dev = dev;
	if (host_fails("device_register"))
		return -EEXIST;
	dev->registered = true;
	return 0;
}

void put_device(struct device *dev)
{
	if (dev->refcount-- != 1)
		host_violation("put_device() without a reference");
	if (!dev->release)
		host_violation("the device has no release function");
	dev->release(dev);
	host.dev = NULL;
}

void device_unregister(struct device *dev)
{
	if (!dev->registered)
		host_violation("device_unregister() of what is not registered");
	dev->registered = false;
	put_device(dev);
}

suspend_state_t pm_suspend_target_state;

void host_suspend(void)
{
	host.frozen = true;
	if (host.dev && host.dev->bus->pm->prepare(host.dev))
		host_violation("a device refuses to be suspended");
}

/* sysfs, as user space sees it */

static struct device_attribute *find_attr(const char *path)
{
	const char *slash = strchr(path, '/'), *name = slash ? slash + 1 : path;
	const struct attribute_group **g;
	struct attribute **a;

	for (g = host.dev ? host.dev->groups : NULL; g && *g; g++) {
		if (!(*g)->name != !slash)
			continue;
		if (slash && strncmp((*g)->name, path, slash - path))
			continue;
		for (a = (*g)->attrs; *a; a++)
			if (!strcmp((*a)->name, name))
				return container_of(*a, struct device_attribute,
						    attr);
	}
	return NULL;
}

ssize_t host_sysfs_write_n(const char *name, const char *text, size_t n)
{
	struct device_attribute *attr = find_attr(name);
	char *page;
	ssize_t rc;

	if (!attr)
		return -ENOENT;
	if (!attr->store || !(attr->attr.mode & 0200))
		return -EACCES;
	/* The kernel appends a NUL; exact, so that ASan sees an overrun. */
	page = malloc(n + 1);
	memcpy(page, text, n);
	page[n] = '\0';
	rc = attr->store(host.dev, attr, page, n);
	free(page);
	return rc;
}

ssize_t host_sysfs_write(const char *name, const char *text)
{
	return host_sysfs_write_n(name, text, strlen(text));
}

/* A line without its end, or a violation. */
void host_sysfs_read_text(const char *name, char *text, size_t size)
{
	struct device_attribute *attr = find_attr(name);
	char *page = malloc(4096);
	ssize_t n;

	if (!attr || !attr->show || !(attr->attr.mode & 0444))
		host_violation("%s cannot be read", name);
	n = attr->show(host.dev, attr, page);
	if (n < 2 || n > size || page[n - 1] != '\n')
		host_violation("%s reads '%.*s'", name, (int)n, page);
	memcpy(text, page, n - 1);
	text[n - 1] = '\0';
	free(page);
}

u64 host_sysfs_read(const char *name)
{
	char text[32], *end;
	u64 value;

	host_sysfs_read_text(name, text, sizeof(text));
	value = strtoull(text, &end, 10);
	if (*end)
		host_violation("%s reads '%s'", name, text);
	return value;
}

int sysfs_emit(char *buf, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, 4096, fmt, args);
	va_end(args);
	return n;
}

/* A poll() of the file returns. */
void sysfs_notify(struct kobject *kobj, const char *dir, const char *attr)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, attr);
	if (!host.dev || kobj != &host.dev->kobj || !find_attr(path))
		host_violation("sysfs_notify() of %s", path);
	host_check_lockless();
	if (!strcmp(path, "info/current_kb"))
		host.nr_size_polls++;
	else
		host.nr_state_polls++;
}

/* host.uevent is empty before the first; words are separated by a space. */
int kobject_uevent_env(struct kobject *kobj, enum kobject_action action,
		       char *envp[])
{
	size_t len = 0;

	if (!host.dev || !host.dev->registered || kobj != &host.dev->kobj)
		host_violation("a uevent of a device that is not there");
	host_check_lockless();
	host.uevent[0] = '\0';
	for (; *envp; envp++)
		len += snprintf(host.uevent + len, sizeof(host.uevent) - len,
				"%s%s", len ? " " : "", *envp);
	if (len >= sizeof(host.uevent))
		host_violation("a uevent of %zu bytes", len);
	host.nr_uevents++;
	return host_fails("kobject_uevent_env") ? -ENOMEM : 0;
}

/* debugfs, as user space sees it */

#define STATS_DIR	((struct dentry *)1)
#define STATS_FILE	((struct dentry *)2)

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	if (strcmp(name, "xen-balloon") || parent)
		host_violation("debugfs folder %s", name);
	if (host_fails("debugfs_create_dir"))
		return ERR_PTR(-ENOMEM);
	return STATS_DIR;
}

struct dentry *debugfs_create_file(const char *name, umode_t mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops)
{
	if (IS_ERR(parent))
		return parent;
	if (parent != STATS_DIR || strcmp(name, "stats") || mode != 0444)
		host_violation("debugfs file %s with mode %o", name, mode);
	if (host_fails("debugfs_create_file"))
		return ERR_PTR(-ENOMEM);
	host.stats = fops;
	host.stats_data = data;
	return STATS_FILE;
}

void seq_printf(struct seq_file *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	s->count += vsnprintf(s->text + s->count, s->size - s->count, fmt, args);
	va_end(args);
	if (s->count >= s->size)
		host_violation("a file of debugfs has more than %zu bytes",
			       s->size);
}

/* The number of a line "name number", or a violation. */
unsigned long host_stat(const char *name)
{
	char text[4096], *line, *rest;
	struct seq_file s = {
		.private = host.stats_data, .text = text, .size = sizeof(text),
	};
	size_t len = strlen(name);
	int rc = host.stats ? host.stats->show(&s, NULL) : -ENOENT;

	if (rc)
		host_violation("stats cannot be read: %d", rc);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoul(line + len, NULL, 10);
	host_violation("stats has no %s", name);
}

/* Tracepoints */

const char *host_numbers(const unsigned long *array, unsigned int len)
{
	static char text[128];
	size_t end = 0;

	while (len--)
		end += sprintf(text + end, "%s0x%lx", end ? "," : "{", *array++);
	strcpy(text + end, "}");
	return text;
}

const char *host_symbol(unsigned long value, const struct host_symbol *symbols)
{
	for (; symbols->name; symbols++)
		if (symbols->value == value)
			return symbols->name;
	host_violation("an event has no name for %lu", value);
}

void host_event(const char *event, const char *fmt, ...)
{
	char *line = host.trace[host.nr_trace_lines % ARRAY_SIZE(host.trace)];
	va_list args;
	int len;

	if (host_threads)
		return;
	len = sprintf(line, "%s: ", event);
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(host.trace[0]) - len, fmt, args);
	va_end(args);
	host.nr_trace_lines++;
}

/* What the last such event says, or "". */
const char *host_last_event(const char *event)
{
	size_t len = strlen(event);
	unsigned long i = host.nr_trace_lines;

	for (; i && i + ARRAY_SIZE(host.trace) > host.nr_trace_lines; i--) {
		const char *line = host.trace[(i - 1) % ARRAY_SIZE(host.trace)];

		if (!strncmp(line, event, len) && line[len] == ':')
			return line + len + 2;
	}
	return "";
}

bool capable(int cap)
{
	if (cap != CAP_SYS_ADMIN)
		host_violation("capable(%d)", cap);
	return host.capable;
}

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size);

	if (n == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, n + 1);
	return n;
}

/* xenstore */

static struct {
	const char *key;
	bool there;
	size_t len;
	char value[4096];
} store[] = {
	{ "target" }, { "static-max" }, { "memory_static_max" }, { "videoram" },
	{ "data/balloon/target-kb" }, { "data/balloon/current-kb" },
	{ "data/balloon/state" }, { "data/balloon/reason" }, { "data/balloon/restore-kb" },
	{ "control/balloon-active" }, { "control/feature-balloon" },
};

void host_xenstore_raw(const char *key, const char *value, size_t len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(store); i++) {
		if (strcmp(store[i].key, key))
			continue;
		store[i].there = value;
		store[i].len = len;
		if (value)
			memcpy(store[i].value, value, len);
	}
}

const char *host_xenstore_text(const char *key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(store); i++)
		if (!strcmp(store[i].key, key) && store[i].there) {
			store[i].value[store[i].len] = '\0';
			return store[i].value;
		}
	return NULL;
}

int xenbus_printf(struct xenbus_transaction t, const char *dir,
		  const char *node, const char *fmt, ...)
{
	char key[64], value[64];
	va_list args;

	if (held_ranks)
		host_violation("xenbus_printf() of %s with a lock held", node);
	check_not_freezable("xenbus_printf()");
	snprintf(key, sizeof(key), "%s/%s", dir, node);
	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (host_fails("xenbus_printf"))
		return -ENOMEM;
	host.nr_xenstore_writes++;
	if (host.on_xenstore_write)
		host.on_xenstore_write();
	if (key[0] == 'c' ? host.control_readonly : host.data_readonly)
		return -EACCES;
	if (key[0] == 'd' && host.write_error)
		return host.write_error;
	host_xenstore(key, value);
	return 0;
}

void host_xenstore(const char *key, const char *value)
{
	host_xenstore_raw(key, value, value ? strlen(value) : 0);
}

void *xenbus_read(struct xenbus_transaction t, const char *dir,
		  const char *node, unsigned int *len)
{
	unsigned int i;

	if (strcmp(dir, "memory"))
		host_violation("xenbus_read() of %s", dir);
	check_not_freezable("xenbus_read()");
	host.nr_xenstore_reads++;
	if (host_fails("xenbus_read"))
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < ARRAY_SIZE(store); i++)
		if (store[i].there && !strcmp(store[i].key, node)) {
			/* xs_single() adds a NUL that it does not count */
			char *text = malloc(store[i].len + 1);

			__atomic_add_fetch(&host.nr_allocs, 1, __ATOMIC_RELAXED);
			memcpy(text, store[i].value, store[i].len);
			text[store[i].len] = '\0';
			*len = store[i].len;
			return text;
		}
	return ERR_PTR(-ENOENT);
}

/* What the callback queues is done at once, unless work rests. */
void host_watch_fires(void)
{
	if (!host.watch)
		return;
	host.watch->callback(host.watch, host.watch->node, "");
	run_others();
}

void host_own_nodes_change(void)
{
	if (!host.own_watch)
		return;
	host.own_watch->callback(host.own_watch, host.own_watch->node, "");
	run_others();
}

unsigned int xenbus_read_unsigned(const char *dir, const char *node,
				  unsigned int default_value)
{
	if (strcmp(dir, "domid") || *node)
		host_violation("xenbus_read_unsigned() of %s/%s", dir, node);
	check_not_freezable("xenbus_read_unsigned()");
	return host_fails("xenbus_read_unsigned") ? default_value : 7;
}

int register_xenbus_watch(struct xenbus_watch *watch)
{
	bool own = !strcmp(watch->node, "/local/domain/7");

	if (!own && strcmp(watch->node, "memory/target"))
		host_violation("watch on %s", watch->node);
	if (watch == host.watch || watch == host.own_watch)
		host_violation("a second watch on %s", watch->node);
	if (host_fails("register_xenbus_watch"))
		return -EEXIST;
	if (host.watch_error)
		return host.watch_error;
	if (own) {
		host.own_watch = watch;
		host_own_nodes_change();
		return 0;
	}
	host.watch = watch;
	/* Xen's store fires each new watch once. */
	host_watch_fires();
	return 0;
}

int register_xenstore_notifier(struct notifier_block *nb)
{
	if (host_fails("register_xenstore_notifier"))
		return -EEXIST;
	host.xenstore_nb = nb;
	return host.xenstore_up ? nb->notifier_call(nb, 0, NULL) : 0;
}

void xen_resume_notifier_register(struct notifier_block *nb)
{
	host.resume_nb = nb;
}

int register_oom_notifier(struct notifier_block *nb)
{
	if (host_fails("register_oom_notifier"))
		return -EEXIST;
	host.oom_nb = nb;
	return 0;
}

int unregister_oom_notifier(struct notifier_block *nb)
{
	if (host.oom_nb != nb)
		host_violation("unregister_oom_notifier() of another");
	host.oom_nb = NULL;
	return 0;
}

unsigned long host_oom(void)
{
	unsigned long freed = 0;

	if (host.oom_nb)
		host.oom_nb->notifier_call(host.oom_nb, 0, &freed);
	return freed;
}

void host_xenstore_come_up(void)
{
	host.xenstore_up = true;
	if (host.xenstore_nb)
		host.xenstore_nb->notifier_call(host.xenstore_nb, 0, NULL);
}

void host_set_xenstore_target(const char *kb)
{
	host_xenstore("target", kb);
	host_watch_fires();
}

/* Domain */

bool xen_domain(void)
{
	return !host.cfg.bare;
}

bool xen_pv_domain(void)
{
	return host.cfg.pv;
}

bool xen_initial_domain(void)
{
	return host.cfg.initial;
}

void host_kernel_start(void)
{
	unsigned int i;

	generation++;
	host_jiffies = 1000;
	held_ranks = 0;
	running_on = NULL;
	fakes_lock = 0;
	host_device_hotplug_lock.owner = 0;
	host.capable = true;
	host.xenstore_up = !host.cfg.late_xenstore;
	system_state = SYSTEM_SCHEDULING;
	kexec_in_progress = false;
	start_info.nr_pages = host.cfg.ram * HOST_SUPERPAGE +
			      host.cfg.released_pages;
	xen_released_pages = host.cfg.released_pages;
	xen_unpopulated_pages = host.cfg.unpopulated_pages;
	max_mem_size = U64_MAX;
	for (i = 0; i < ARRAY_SIZE(store); i++)
		store[i].there = false;
	for (i = 0; registered[i]; i++)
		memset(registered[i], 0, sizeof(*registered[i]));
}
