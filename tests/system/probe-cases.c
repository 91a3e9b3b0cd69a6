// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The probe's part for single cases of dom0/cases.
 *
 *   guest  bad                     writes ../bad-inputs.h to sysfs and sysctl; says what
 *                                  is not refused, or with another error
 *          secret SEED             fills free memory with what only SEED tells, and
 *                                  gives it back
 *          keep SEED SPACING       the same, but keeps each SPACINGth page in the
 *                                  background; prints its pid
 *          wander MOVES SEED LOW HIGH
 *                                  MOVES random targets between LOW and HIGH KiB, in
 *                                  sysfs; after each that is waited for, Xen's count is
 *                                  the guest's, as as many pages hidden as at first
 *          cpu SECS                what workqueues and Xen's own threads use of the CPU
 *                                  in SECS; and all processes, and which one most
 *          press PERCENT           holds all memory but PERCENT, in the background:
 *                                  rewrites it, gives back and takes again a part of it,
 *                                  writes and removes files. Counts its rounds in
 *                                  /run/pressed
 *   both   bad-boot                the kernel's command line of ../bad-inputs.h
 *   dom0   bad-key DOMID KEY N     writes the Nth value of memory/KEY; prints its error,
 *                                  fails if there is none
 *          full                    a domain takes all free memory of the host; prints its
 *                                  domid. `unhog` ends it
 *          received SEED           the same, and ends: how many of its pages hold what
 *                                  SEED tells
 *          react DOMID KIB         writes memory/target; us until Xen's count changes
 *          permit DOMID PATH       the guest may write below PATH
 *          squeeze SECS DOMID=KIB...
 *                                  as XAPI's memory daemon: waits for
 *                                  control/feature-balloon, writes memory/target, and
 *                                  says who hits it (within 4 KiB), is stuck (no progress
 *                                  for 5 s) and uncooperative (for 20 s)
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xencall.h>
#include <xenforeignmemory.h>
#include <xenstore.h>

#include "../bad-inputs.h"
#include "probe.h"

#define SYSFS		"/sys/devices/system/xen_memory/xen_memory0/"
#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(uint64_t))
#define NR_BAD		(sizeof(bad_inputs) / sizeof(bad_inputs[0]))

static void pause_us(int us)
{
	nanosleep(&(struct timespec) { .tv_nsec = us * 1000L }, NULL);
}

static xc_interface *open_xc(void)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);

	if (!xc)
		err(1, "hypervisor");
	return xc;
}

/* --- bad inputs --------------------------------------------------------------------- */

static const char *const knobs[] = {
	SYSFS "target_kb", SYSFS "floor_kb", SYSFS "max_schedule_delay",
	SYSFS "max_retry_count", SYSFS "scrub_pages", SYSFS "deflate_on_oom",
	"/proc/sys/xen/balloon/hotplug_unpopulated",
};
#define NR_KNOBS	(sizeof(knobs) / sizeof(knobs[0]))

static void read_text(const char *path, char text[64])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, 63);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Of a write of @len bytes; 0 or an errno. */
static int write_raw(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return errno;
	rc = write(fd, bytes, len) < 0 ? errno : 0;
	close(fd);
	return rc;
}

/* For a report of one line. */
static void print_input(const struct bad_input *bad)
{
	printf("%s '", bad->where);
	for (size_t i = 0; i < bad->len && i < 24; i++)
		printf(bad->bytes[i] > ' ' && bad->bytes[i] <= '~' ? "%c" : "\\%03o",
		       (unsigned char)bad->bytes[i]);
	printf("%s'", bad->len > 24 ? "..." : "");
}

/* So many that are taken are enough of a file: each may move memory. */
#define MAX_TAKEN	2

static int cmd_bad(void)
{
	char before[NR_KNOBS][64], after[64], path[96];
	int refused = 0, taken = 0, of_file = 0;
	const char *file = "";

	for (size_t k = 0; k < NR_KNOBS; k++)
		read_text(knobs[k], before[k]);
	for (const struct bad_input *bad = bad_inputs; bad < bad_inputs + NR_BAD; bad++) {
		bool sysctl = !strncmp(bad->where, "xen/", 4), good = true;
		int rc;

		/* xenstore and the command line */
		if (!sysctl && (strpbrk(bad->where, "/.") || !strncmp(bad->where, "xen_", 4)))
			continue;
		if (strcmp(file, bad->where))
			of_file = 0;
		file = bad->where;
		if (of_file == MAX_TAKEN)
			continue;
		snprintf(path, sizeof(path), "%s%s", sysctl ? "/proc/sys/" : SYSFS, bad->where);
		rc = write_raw(path, bad->bytes, bad->len);
		/* A write of no bytes does not get that far. */
		if (rc != (bad->len ? bad->error : 0)) {
			print_input(bad);
			printf(" gives %d, not %d; ", rc, bad->error);
			good = false;
		}
		for (size_t k = 0; k < NR_KNOBS; k++) {
			read_text(knobs[k], after);
			if (!strcmp(after, before[k]))
				continue;
			print_input(bad);
			printf(" sets %s to %s; ", strrchr(knobs[k], '/') + 1, after);
			write_raw(knobs[k], before[k], strlen(before[k]));
			good = false;
		}
		*(good ? &refused : &taken) += 1;
		of_file += !good;
	}
	printf("%d refused, %d%s not\n", refused, taken, taken ? " or more" : "");
	return taken || !refused;
}

static int cmd_bad_boot(void)
{
	for (const struct bad_input *bad = bad_inputs; bad < bad_inputs + NR_BAD; bad++)
		if (!strchr(bad->where, '/') && !strncmp(bad->where, "xen", 3))
			printf("%s=%s ", bad->where, bad->bytes);
	printf("\n");
	return 0;
}

static struct xs_handle *open_store(void)
{
	struct xs_handle *xs = xs_open(0);

	if (!xs)
		err(1, "xenstore");
	return xs;
}

static int cmd_bad_key(const char *domid, const char *key, int n)
{
	char path[96], where[64];

	snprintf(where, sizeof(where), "memory/%s", key);
	snprintf(path, sizeof(path), "/local/domain/%s/%s", domid, where);
	for (const struct bad_input *bad = bad_inputs; bad < bad_inputs + NR_BAD; bad++) {
		if (strcmp(bad->where, where) || n--)
			continue;
		if (!xs_write(open_store(), XBT_NULL, path, bad->bytes, bad->len))
			err(2, "%s", path);
		printf("%d ", bad->error);
		print_input(bad);
		printf("\n");
		return 0;
	}
	return 1;
}

/* --- secrets ------------------------------------------------------------------------ */

/* No program holds it, and few words in a row are the same. */
static uint64_t secret_of(uint64_t seed)
{
	seed = (seed + 1) * 0x9e3779b97f4a7c15;
	return seed ^ seed >> 29;
}

static void fill_secret(void *memory, size_t len, uint64_t seed)
{
	uint64_t *word = memory, secret = secret_of(seed);

	for (size_t i = 0; i < len / sizeof(*word); i++)
		word[i] = secret + i % WORDS;
}

static bool holds_secret(const uint64_t *page, uint64_t secret)
{
	for (size_t i = 0; i < WORDS; i++)
		if (page[i] == secret + i)
			return true;
	return false;
}

#define CHUNK		(1UL << 20)
#define SPARE_KB	(12UL << 10)

static void *reserve_memory(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "%zu bytes of memory", len);
	return memory;
}

/* Almost all that is free; @len bytes of it. */
static char *fill_memory(uint64_t seed, size_t *len)
{
	size_t room = meminfo_kb("MemTotal") << 10, at;
	char *memory = reserve_memory(room);

	for (at = 0; at + CHUNK <= room && meminfo_kb("MemFree") > SPARE_KB; at += CHUNK)
		fill_secret(memory + at, CHUNK, seed);
	*len = at;
	return memory;
}

static int cmd_secret(uint64_t seed)
{
	size_t len;

	fill_memory(seed, &len);
	return 0;
}

static int cmd_keep(uint64_t seed, unsigned int spacing)
{
	char *memory;
	size_t len;

	if (!go_on())
		return 0;
	memory = fill_memory(seed, &len);
	for (size_t i = 0; i < len / PAGE; i++)
		if (i % spacing)
			madvise(memory + i * PAGE, PAGE, MADV_DONTNEED);
	ready();
	for (;;)
		pause();
}

#define BATCH	1024

/* A domain without a kernel. */
static uint32_t new_domain(xc_interface *xc)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = 1, .max_evtchn_port = 1, .max_grant_frames = 1,
		.max_maptrack_frames = 0, .grant_opts = XEN_DOMCTL_GRANT_version(1),
	};
	uint32_t domid = 0;

	if (xc_domain_create(xc, &domid, &config) || xc_domain_setmaxmem(xc, domid, ~0U))
		err(1, "a domain to take memory");
	return domid;
}

/* Up to BATCH extents; how many there were. */
static int populate(xc_interface *xc, uint32_t domid, long first, int order, xen_pfn_t *frames)
{
	int got;

	for (int i = 0; i < BATCH; i++)
		frames[i] = first + ((long)i << order);
	got = xc_domain_populate_physmap(xc, domid, BATCH, order, 0, frames);
	return got > 0 ? got : 0;
}

static int cmd_full(void)
{
	xc_interface *xc = open_xc();
	uint32_t domid = new_domain(xc);
	xen_pfn_t frames[BATCH];
	long pages = 0;
	int got;

	for (int order = 9; order >= 0; order -= 9)
		do {
			got = populate(xc, domid, pages, order, frames);
			pages += (long)got << order;
		} while (got == BATCH);
	printf("keeper=%u kept=%ld\n", domid, pages);
	return 0;
}

static int cmd_received(uint64_t seed)
{
	xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
	xc_interface *xc = open_xc();
	uint32_t domid = new_domain(xc);
	uint64_t secret = secret_of(seed), *map;
	long pages = 0, hits = 0;
	xen_pfn_t frames[BATCH];
	int got, error[BATCH];

	do {
		got = populate(xc, domid, pages, 0, frames);
		if (!got)
			break;
		map = xenforeignmemory_map(memory, domid, PROT_READ, got, frames, error);
		if (!map)
			err(1, "%d frames cannot be mapped", got);
		for (int i = 0; i < got; i++)
			if (error[i])
				errx(1, "frame %#lx cannot be mapped", frames[i]);
			else
				hits += holds_secret(map + i * WORDS, secret);
		xenforeignmemory_unmap(memory, map, got);
		pages += got;
	} while (got == BATCH);
	xc_domain_destroy(xc, domid);
	printf("pages=%ld hits=%ld\n", pages, hits);
	return 0;
}

/* --- random moves --------------------------------------------------------------------- */

static uint64_t seed_now;

static uint64_t draw(uint64_t bound)
{
	seed_now = seed_now * 6364136223846793005 + 1442695040888963407;
	return (seed_now >> 20) % bound;
}

static long read_number(const char *path)
{
	char text[64];

	read_text(path, text);
	return atol(text);
}

static long xen_pages(void)
{
	static xencall_handle *calls;
	static domid_t *self;

	if (!calls) {
		calls = xencall_open(NULL, 0);
		self = calls ? xencall_alloc_buffer(calls, sizeof(*self)) : NULL;
		if (!self)
			err(1, "hypercalls");
	}
	*self = DOMID_SELF;
	return xencall2(calls, __HYPERVISOR_memory_op, XENMEM_current_reservation,
			(uintptr_t)self);
}

/* Small steps mostly: these are where pages go missing, and quick. */
static long next_target(long kb, long low, long high)
{
	long step = draw(10) ? draw(512) : draw(20) ? draw(4096) : draw((high - low) / 4);

	kb = draw(2) ? kb + 4 * step : kb - 4 * step;
	return kb < low || kb > high ? low + (long)draw((high - low) / 4) * 4 : kb;
}

static int cmd_wander(long moves, uint64_t seed, long low, long high)
{
	long page_kb = sysconf(_SC_PAGESIZE) / 1024;
	long start = read_number(SYSFS "info/current_kb"), hidden, kb = start;
	long waited = 0, moved_kb = 0;
	char text[32];

	seed_now = seed;
	hidden = xen_pages() * 4 - start;
	for (long i = 0; i < moves; i++) {
		long was = kb, end = now_ms() + 20000, current, xen;

		kb = next_target(kb, low, high) / page_kb * page_kb;
		snprintf(text, sizeof(text), "%ld", kb);
		if (write_raw(SYSFS "target_kb", text, strlen(text)))
			err(1, "target_kb");
		moved_kb += labs(kb - was);
		/* One in eight is overtaken by the next. */
		if (i + 1 < moves && !draw(8))
			continue;
		/* A batch of the one before may be on its way, and end where it began. */
		while ((current = read_number(SYSFS "info/current_kb")) != kb ||
		       (xen = xen_pages() * 4) != kb + hidden) {
			if (now_ms() > end)
				errx(1, "move %ld: asked for %ld KiB, the guest has %ld, "
				     "Xen counts %ld, %ld hidden at first",
				     i, kb, current, xen_pages() * 4, hidden);
			pause_us(100);
		}
		waited++;
	}
	printf("moves=%ld compared=%ld moved_mib=%ld kb=%ld\n", moves, waited, moved_kb / 1024, kb);
	return 0;
}

/* --- the processor -------------------------------------------------------------------- */

#define PIDS	4096

/* What process @pid has used, or 0 when there is none. */
static int64_t used_by(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void name_of(pid_t pid, char name[64])
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	read_text(path, name);
}

static int cmd_cpu(int secs)
{
	int64_t began, used, total = 0, driver = 0, most = 0;
	char name[64], top[64] = "none";
	static int64_t was[PIDS];
	pid_t pid;

	for (pid = 1; pid < PIDS; pid++)
		was[pid] = used_by(pid);
	began = now_ms();
	poll(NULL, 0, secs * 1000);
	printf("in_ms=%" PRId64, now_ms() - began);
	for (pid = 1; pid < PIDS; pid++) {
		used = pid == getpid() ? 0 : used_by(pid) - was[pid];
		if (used <= 0)
			continue;
		name_of(pid, name);
		total += used;
		if (!strncmp(name, "kworker", 7) || !strncmp(name, "xen", 3))
			driver += used;
		if (used > most) {
			most = used;
			strcpy(top, name);
		}
	}
	printf(" used_ns=%" PRId64 " total_ns=%" PRId64 " top='%s'\n", driver, total, top);
	return 0;
}

/* --- pressure ----------------------------------------------------------------------- */

static void count_round(unsigned long round)
{
	FILE *f = fopen("/run/pressed", "w");

	if (f)
		fprintf(f, "%lu\n", round);
	if (f)
		fclose(f);
}

static void press_files(size_t len, char *buffer)
{
	int fd = open("/tmp/pressed", O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (size_t at = 0; fd >= 0 && at < len; at += CHUNK)
		if (write(fd, buffer, CHUNK) < 0)
			break;
	for (size_t at = 0; fd >= 0 && at < len; at += CHUNK)
		if (pread(fd, buffer, CHUNK, at) < 0)
			break;
	if (fd >= 0)
		close(fd);
	unlink("/tmp/pressed");
}

static void __attribute__((noreturn)) press_on(char *memory, size_t held)
{
	size_t part = held / 32 / CHUNK * CHUNK ?: CHUNK, at = 0;
	static char buffer[CHUNK];

	for (unsigned long round = 1;; round++) {
		for (size_t i = 0; i < held; i += PAGE)
			memory[i] += round;
		if (at + part > held)
			at = 0;
		madvise(memory + at, part, MADV_DONTNEED);
		press_files(part / 2, buffer);
		for (size_t i = at; i < at + part; i += PAGE)
			memory[i] = round;
		at += part;
		count_round(round);
	}
}

static int cmd_press(int percent)
{
	unsigned long total_kb = meminfo_kb("MemTotal");
	size_t room = total_kb << 10, held;
	char *memory;

	if (!go_on())
		return 0;
	memory = reserve_memory(room);
	for (held = 0; held + CHUNK <= room &&
	     meminfo_kb("MemAvailable") > total_kb * percent / 100; held += CHUNK)
		memset(memory + held, 1, CHUNK);
	count_round(0);
	ready();
	press_on(memory, held);
}

/* --- dom0: the toolstack --------------------------------------------------------------- */

static long pages_of(xc_interface *xc, int domid)
{
	xc_domaininfo_t info;

	if (xc_domain_getinfolist(xc, domid, 1, &info) != 1 || info.domain != domid ||
	    info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
		errx(1, "domain %d is down", domid);
	return info.tot_pages;
}

static void set_target(struct xs_handle *xs, int domid, long kb)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/local/domain/%d/memory/target", domid);
	snprintf(text, sizeof(text), "%ld", kb);
	if (!xs_write(xs, XBT_NULL, path, text, strlen(text)))
		err(1, "%s", path);
}

static int cmd_react(int domid, long kb)
{
	struct xs_handle *xs = open_store();
	xc_interface *xc = open_xc();
	long was = pages_of(xc, domid);
	int64_t began = now_us();

	set_target(xs, domid, kb);
	while (pages_of(xc, domid) == was) {
		if (now_us() - began > 70000000)
			errx(1, "nothing moves for 70 s");
		pause_us(500);
	}
	printf("react_us=%" PRId64 "\n", now_us() - began);
	return 0;
}

static int cmd_permit(int domid, const char *path)
{
	struct xs_permissions owner = { .id = domid, .perms = XS_PERM_NONE };
	char full[128];

	snprintf(full, sizeof(full), "/local/domain/%d/%s", domid, path);
	if (!xs_set_permissions(open_store(), XBT_NULL, full, &owner, 1))
		err(1, "%s", full);
	return 0;
}

/* What XAPI's daemon knows of a guest. */
struct squeezed {
	int domid;
	long want, last;
	int64_t moved_ms;	/* when it last came nearer */
	int64_t hit_ms;
	bool stuck;
};

#define STUCK_MS		5000
#define UNCOOPERATIVE_MS	20000

static bool is_active(struct xs_handle *xs, int domid)
{
	unsigned int len;
	char path[64], *text;

	snprintf(path, sizeof(path), "/local/domain/%d/control/feature-balloon", domid);
	text = xs_read(xs, XBT_NULL, path, &len);
	free(text);
	return text;
}

static bool look_at(xc_interface *xc, struct squeezed *s, int64_t now)
{
	long pages = pages_of(xc, s->domid);

	if (labs(pages - s->want) < labs(s->last - s->want))
		s->moved_ms = now;
	s->last = pages;
	if (labs(pages - s->want) <= 1) {
		s->hit_ms = s->hit_ms ?: now;
		return true;
	}
	s->hit_ms = 0;
	if (now - s->moved_ms > STUCK_MS)
		s->stuck = true;
	return now - s->moved_ms > UNCOOPERATIVE_MS;
}

static int cmd_squeeze(int secs, int nr, char **words)
{
	struct squeezed guests[8] = {}, *s;
	struct xs_handle *xs = open_store();
	xc_interface *xc = open_xc();
	int64_t began = now_ms(), now;
	bool done;
	int bad = 0;

	for (s = guests; s < guests + nr; s++) {
		if (sscanf(words[s - guests], "%d=%ld", &s->domid, &s->want) != 2)
			errx(2, "%s", words[s - guests]);
		while (!is_active(xs, s->domid)) {
			if (now_ms() - began > secs * 1000LL)
				errx(1, "domain %d has no control/feature-balloon", s->domid);
			pause_us(50000);
		}
	}
	began = now_ms();
	for (s = guests; s < guests + nr; s++) {
		long pages = pages_of(xc, s->domid);

		s->want /= 4;
		s->last = pages;
		s->moved_ms = began;
		/* without libxl's slack */
		if (xc_domain_setmaxmem(xc, s->domid, (pages > s->want ? pages : s->want) * 4))
			err(1, "hard limit of domain %d", s->domid);
		set_target(xs, s->domid, s->want * 4);
	}
	do {
		pause_us(20000);
		done = true;
		for (s = guests, now = now_ms(); s < guests + nr; s++)
			done &= look_at(xc, s, now);
	} while (!done);
	for (s = guests; s < guests + nr; s++) {
		const char *state = !s->hit_ms ? "uncooperative" : s->stuck ? "stuck" : "hit";

		printf("%d: %s, off by %ld KiB, in %" PRId64 " ms; ", s->domid, state,
		       4 * (s->last - s->want), (s->hit_ms ?: now) - began);
		bad += !s->hit_ms || s->stuck;
	}
	printf("\n");
	return bad;
}

/* False if there is no such command; else it ends here. */
bool case_command(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";
	int status;

	if (argc == 1 && !strcmp(verb, "bad"))
		status = cmd_bad();
	else if (argc == 1 && !strcmp(verb, "bad-boot"))
		status = cmd_bad_boot();
	else if (argc == 4 && !strcmp(verb, "bad-key"))
		status = cmd_bad_key(argv[1], argv[2], atoi(argv[3]));
	else if (argc == 2 && !strcmp(verb, "secret"))
		status = cmd_secret(atoll(argv[1]));
	else if (argc == 3 && !strcmp(verb, "keep"))
		status = cmd_keep(atoll(argv[1]), atoi(argv[2]));
	else if (argc == 1 && !strcmp(verb, "full"))
		status = cmd_full();
	else if (argc == 2 && !strcmp(verb, "received"))
		status = cmd_received(atoll(argv[1]));
	else if (argc == 5 && !strcmp(verb, "wander"))
		status = cmd_wander(atol(argv[1]), atoll(argv[2]), atol(argv[3]), atol(argv[4]));
	else if (argc == 2 && !strcmp(verb, "cpu"))
		status = cmd_cpu(atoi(argv[1]));
	else if (argc == 2 && !strcmp(verb, "press"))
		status = cmd_press(atoi(argv[1]));
	else if (argc == 3 && !strcmp(verb, "react"))
		status = cmd_react(atoi(argv[1]), atol(argv[2]));
	else if (argc == 3 && !strcmp(verb, "permit"))
		status = cmd_permit(atoi(argv[1]), argv[2]);
	else if (argc > 2 && argc <= 10 && !strcmp(verb, "squeeze"))
		status = cmd_squeeze(atoi(argv[1]), argc - 2, argv + 2);
	else
		return false;
	exit(status);
}
