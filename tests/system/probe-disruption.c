// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The probe's part for dom0/cases/disruption.sh.
 *
 *   guest  hold KIB SEED           keeps KIB of memory in the background, each page of
 *                                  which holds what SEED and its place tell; prints its
 *                                  pid
 *          held PID KIB SEED       reads that memory; fails if a page holds anything else
 *          take PAGES              has gntdev take PAGES without memory behind them, and
 *                                  keeps them in the background; prints its pid
 *          kcore                   reads all of /proc/kcore that stands for memory, the
 *                                  kernel and its struct pages
 *          flags                   reads all of /proc/kpageflags and /proc/kpagecount;
 *                                  prints how many pages are offline
 *          churn WHAT PERCENT      in the background takes all memory but PERCENT, again
 *                                  and again: WHAT is anon, tmpfs or cache. Counts its
 *                                  rounds in /run/pressed
 *          links DIR               has the kernel take and free objects of many sizes, in DIR of
 *                                  a tmpfs: what its arrays of free objects still held of
 *                                  the ones that were taken before is overwritten, which
 *                                  hides those from kmemleak
 *          turn SECS RATE LOW HIGH LAST
 *                                  writes RATE random targets a second between LOW and
 *                                  HIGH KiB to sysfs, or as many as it takes, at the end
 *                                  LAST; prints how many, and how long the slowest took
 *          swing LOW HIGH         in the background goes back and forth between LOW and HIGH
 *                                  KiB, in sysfs. After each suspend the target at that time
 *                                  is added to /run/swung
 *          unplug CPU SECS         takes CPU offline and online again all the time;
 *                                  prints how often
 *   dom0   sizes DOMID SECS        how often Xen's count of the domain changes in SECS, and
 *                                  how long before the end it last did, and what it used of
 *                                  the processor; without xenstore
 *          storm DOMID SECS RATE LOW HIGH LAST
 *                                  the same as turn, to memory/target
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>
#include <xen/sys/gntdev.h>

#include "probe.h"

#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(uint64_t))
#define CHUNK		(1UL << 20)
#define SYSFS		"/sys/devices/system/xen_memory/xen_memory0/"
/* Where `hold` keeps it, for `held`. */
#define PLACE		0x100000000000UL

static void sleep_until(int64_t us)
{
	int64_t left = us - now_us();

	if (left > 0)
		nanosleep(&(struct timespec) { .tv_sec = left / 1000000,
					       .tv_nsec = left % 1000000 * 1000 }, NULL);
}

static uint64_t state;

static uint64_t draw(uint64_t bound)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (state >> 20) % bound;
}

/* --- what memory holds -------------------------------------------------------------- */

static uint64_t word_of(uint64_t seed, size_t page, size_t i)
{
	uint64_t word = (seed + 1) * 0x9e3779b97f4a7c15 + page * 0xbf58476d1ce4e5b9 + i;

	return word ^ word >> 31;
}

static int cmd_hold(unsigned long kb, uint64_t seed)
{
	uint64_t *memory;

	if (!go_on())
		return 0;
	memory = mmap((void *)PLACE, kb << 10, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "%lu KiB", kb);
	for (size_t page = 0; page < kb / 4; page++)
		for (size_t i = 0; i < WORDS; i++)
			memory[page * WORDS + i] = word_of(seed, page, i);
	ready();
	for (;;)
		pause();
}

static int cmd_held(const char *pid, unsigned long kb, uint64_t seed)
{
	static uint64_t words[WORDS];
	size_t wrong = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err(1, "%s", path);
	for (size_t page = 0; page < kb / 4; page++) {
		if (pread(fd, words, PAGE, PLACE + page * PAGE) != PAGE)
			err(1, "page %zu", page);
		for (size_t i = 0; i < WORDS; i++)
			if (words[i] != word_of(seed, page, i)) {
				if (!wrong++)
					printf("page %zu: word %zu is %#" PRIx64 "; ", page, i, words[i]);
				break;
			}
	}
	printf("%zu of %lu pages are wrong\n", wrong, kb / 4);
	return wrong ? 1 : 0;
}

/* gntdev takes its pages when it is told of a grant, whether or not there is one. */
static int cmd_take(unsigned int nr_pages)
{
	int fd = open("/dev/xen/gntdev", O_RDWR);

	if (fd < 0)
		err(1, "gntdev");
	if (!go_on())
		return 0;
	for (; nr_pages; nr_pages--) {
		struct ioctl_gntdev_map_grant_ref map = { .count = 1 };

		if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map))
			err(1, "gntdev");
	}
	ready();
	for (;;)
		pause();
}

/* --- who looks at memory ------------------------------------------------------------ */

/* The area of vmalloc() is larger than any memory. */
#define AREA_MAX	(8UL << 30)

static int cmd_kcore(void)
{
	static char buffer[CHUNK];
	int fd = open("/proc/kcore", O_RDONLY);
	unsigned long long total = 0;
	unsigned int areas = 0;
	Elf64_Ehdr head;
	Elf64_Phdr area;

	if (fd < 0 || read(fd, &head, sizeof(head)) != sizeof(head))
		err(1, "/proc/kcore");
	for (int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &area, sizeof(area), head.e_phoff + i * sizeof(area)) != sizeof(area))
			err(1, "program header %d", i);
		if (area.p_type != PT_LOAD || area.p_filesz > AREA_MAX)
			continue;
		for (size_t at = 0; at < area.p_filesz;) {
			ssize_t got = pread(fd, buffer, CHUNK < area.p_filesz - at ? CHUNK :
					    area.p_filesz - at, area.p_offset + at);

			if (got <= 0)
				err(1, "area %d at %#zx of %#" PRIx64, i, at, area.p_filesz);
			at += got;
		}
		total += area.p_filesz;
		areas++;
	}
	printf("areas=%u mib=%llu\n", areas, total >> 20);
	return 0;
}

#define KPF_OFFLINE	23
#define KPF_BUDDY	10
#define KPF_NOPAGE	20

static int cmd_flags(void)
{
	unsigned long offline = 0, buddy = 0, pages = 0;
	static uint64_t entry[PAGE];
	int fd, counts;
	ssize_t got;

	fd = open("/proc/kpageflags", O_RDONLY);
	counts = open("/proc/kpagecount", O_RDONLY);
	if (fd < 0 || counts < 0)
		err(1, "/proc/kpageflags");
	while ((got = read(fd, entry, sizeof(entry))) > 0)
		for (size_t i = 0; i < got / sizeof(*entry); i++) {
			offline += entry[i] >> KPF_OFFLINE & 1;
			buddy += entry[i] >> KPF_BUDDY & 1;
			pages += !(entry[i] >> KPF_NOPAGE & 1);
		}
	if (got < 0)
		err(1, "/proc/kpageflags");
	while ((got = read(counts, entry, sizeof(entry))) > 0)
		;
	if (got < 0)
		err(1, "/proc/kpagecount");
	printf("pages=%lu offline=%lu free_heads=%lu\n", pages, offline, buddy);
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

static bool room_left(unsigned long spare_kb)
{
	return meminfo_kb("MemAvailable") > spare_kb;
}

static void churn_anon(unsigned long spare_kb, size_t total, char *buffer)
{
	char *memory = mmap(NULL, total, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	for (size_t at = 0; at + CHUNK <= total && room_left(spare_kb); at += CHUNK)
		memcpy(memory + at, buffer, CHUNK);
	munmap(memory, total);
}

static void churn_file(const char *path, unsigned long spare_kb, size_t total, char *buffer)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (size_t at = 0; at + CHUNK <= total && room_left(spare_kb); at += CHUNK)
		if (write(fd, buffer, CHUNK) != CHUNK)
			break;
	close(fd);
	unlink(path);
}

/* A block device that reads as zeros fills the page cache, clean. */
static void churn_cache(const char *path, char *buffer)
{
	int fd = open(path, O_RDONLY);

	while (read(fd, buffer, CHUNK) > 0)
		;
	close(fd);
}

static int cmd_churn(const char *what, int percent, const char *path)
{
	unsigned long total_kb = meminfo_kb("MemTotal"), spare_kb = total_kb * percent / 100;
	static char buffer[CHUNK];

	if (!go_on())
		return 0;
	ready();
	memset(buffer, 0x5a, CHUNK);
	for (unsigned long round = 0;; round++) {
		count_round(round);
		if (!strcmp(what, "anon"))
			churn_anon(spare_kb, total_kb << 10, buffer);
		else if (!strcmp(what, "tmpfs"))
			churn_file(path, spare_kb, total_kb << 10, buffer);
		else
			churn_cache(path, buffer);
	}
}

/* --- slabs -------------------------------------------------------------------------- */

/* tmpfs keeps what a symbolic link says in an object of that size. */
static int cmd_links(const char *dir)
{
	static const int sizes[] = { 8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048 };
	enum { LINKS = 300 };
	char text[2048], name[32];

	if (chdir(dir))
		err(1, "%s", dir);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memset(text, 'x', sizes[i] - 1);
		text[sizes[i] - 1] = '\0';
		for (int link = 0; link < LINKS; link++) {
			snprintf(name, sizeof(name), "%d", link);
			if (symlink(text, name))
				err(1, "link %d of %d bytes", link, sizes[i]);
		}
		for (int link = 0; link < LINKS; link++) {
			snprintf(name, sizeof(name), "%d", link);
			if (unlink(name))
				err(1, "link %d of %d bytes", link, sizes[i]);
		}
	}
	return 0;
}

/* --- targets, often ------------------------------------------------------------------ */

struct often {
	long secs, rate, low, high, last;
};

static struct often often_from(char **argv)
{
	return (struct often) { atol(argv[0]), atol(argv[1]), atol(argv[2]), atol(argv[3]),
				atol(argv[4]) };
}

static int targets(struct often o, bool (*write_target)(const char *text))
{
	int64_t began = now_us(), end = began + o.secs * 1000000, slowest = 0;
	long writes = 0;
	bool over;

	state = began;
	do {
		long kb = o.low + (long)draw((o.high - o.low) / 4) * 4;
		char text[32];
		int64_t start;

		sleep_until(began + writes * 1000000 / o.rate);
		start = now_us();
		over = start >= end;
		if (over)
			kb = o.last;
		snprintf(text, sizeof(text), "%ld", kb);
		if (!write_target(text))
			err(1, "target %ld", writes);
		writes++;
		if (now_us() - start > slowest)
			slowest = now_us() - start;
	} while (!over);
	printf("writes=%ld ms=%" PRId64 " slowest_us=%" PRId64 "\n", writes,
	       (now_us() - began) / 1000, slowest);
	return 0;
}

static int sysfs_fd;

static bool write_sysfs(const char *text)
{
	return pwrite(sysfs_fd, text, strlen(text), 0) == (ssize_t)strlen(text);
}

static int cmd_turn(struct often o)
{
	sysfs_fd = open(SYSFS "target_kb", O_WRONLY);
	if (sysfs_fd < 0)
		err(1, "target_kb");
	return targets(o, write_sysfs);
}

static long read_kb(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		err(1, "%s", path);
	close(fd);
	return atol(text);
}

/* Time that passed while the guest was suspended: one clock counts it, one does not. */
static int64_t slept_ms(void)
{
	struct timespec all, awake;

	clock_gettime(CLOCK_BOOTTIME, &all);
	clock_gettime(CLOCK_MONOTONIC, &awake);
	return (all.tv_sec - awake.tv_sec) * 1000 + (all.tv_nsec - awake.tv_nsec) / 1000000;
}

static void note_suspend(const char *target)
{
	FILE *f = fopen("/run/swung", "a");

	if (!f)
		return;
	fprintf(f, "%s\n", target);
	fclose(f);
}

static int cmd_swing(const char *low, const char *high)
{
	const char *target = high;
	int64_t slept;

	if (!go_on())
		return 0;
	sysfs_fd = open(SYSFS "target_kb", O_WRONLY);
	slept = slept_ms();
	ready();
	for (;;) {
		int64_t end = now_us() + 3000000;

		target = target == low ? high : low;
		if (!write_sysfs(target))
			_exit(1);
		while (read_kb(SYSFS "info/current_kb") != atol(target) && now_us() < end) {
			if (slept_ms() > slept + 200) {
				note_suspend(target);
				slept = slept_ms();
			}
			sleep_until(now_us() + 5000);
		}
	}
}

static struct xs_handle *store;
static char target_path[64];

static bool write_xenstore(const char *text)
{
	return xs_write(store, XBT_NULL, target_path, text, strlen(text));
}

static int cmd_storm(int domid, struct often o)
{
	store = xs_open(0);
	if (!store)
		err(1, "xenstore");
	snprintf(target_path, sizeof(target_path), "/local/domain/%d/memory/target", domid);
	return targets(o, write_xenstore);
}

static int cmd_sizes(int domid, int secs)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	int64_t end = now_us() + secs * 1000000LL, changed = now_us();
	unsigned long was = 0, changes = 0;
	uint64_t used = 0;
	xc_domaininfo_t info;

	if (!xc)
		err(1, "hypervisor");
	while (now_us() < end) {
		if (xc_domain_getinfolist(xc, domid, 1, &info) != 1 || info.domain != domid)
			errx(1, "no domain %d", domid);
		used = used ?: info.cpu_time;
		if (info.tot_pages != was) {
			was = info.tot_pages;
			changed = now_us();
			changes++;
		}
		sleep_until(now_us() + 20000);
	}
	printf("changes=%lu quiet_ms=%" PRId64 " cpu_ms=%" PRIu64 "\n", changes,
	       (end - changed) / 1000, (info.cpu_time - used) / 1000000);
	return 0;
}

/* --- processors ---------------------------------------------------------------------- */

static bool set_cpu(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, value, 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok;
}

static int cmd_unplug(int cpu, int secs)
{
	int64_t end = now_us() + secs * 1000000LL;
	unsigned long times = 0;
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	do {
		if (!set_cpu(path, "0"))
			err(1, "%s: offline, after %lu times", path, times);
		if (!set_cpu(path, "1"))
			err(1, "%s: online, after %lu times", path, times);
		times++;
	} while (now_us() < end);
	printf("times=%lu\n", times);
	return 0;
}

/* False if there is no such command; else it ends here. */
bool disruption_command(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";
	int status;

	if (argc == 3 && !strcmp(verb, "hold"))
		status = cmd_hold(atol(argv[1]), atoll(argv[2]));
	else if (argc == 4 && !strcmp(verb, "held"))
		status = cmd_held(argv[1], atol(argv[2]), atoll(argv[3]));
	else if (argc == 2 && !strcmp(verb, "take"))
		status = cmd_take(atoi(argv[1]));
	else if (argc == 1 && !strcmp(verb, "kcore"))
		status = cmd_kcore();
	else if (argc == 1 && !strcmp(verb, "flags"))
		status = cmd_flags();
	else if (argc == 4 && !strcmp(verb, "churn"))
		status = cmd_churn(argv[1], atoi(argv[2]), argv[3]);
	else if (argc == 2 && !strcmp(verb, "links"))
		status = cmd_links(argv[1]);
	else if (argc == 6 && !strcmp(verb, "turn"))
		status = cmd_turn(often_from(argv + 1));
	else if (argc == 7 && !strcmp(verb, "storm"))
		status = cmd_storm(atoi(argv[1]), often_from(argv + 2));
	else if (argc == 3 && !strcmp(verb, "swing"))
		status = cmd_swing(argv[1], argv[2]);
	else if (argc == 3 && !strcmp(verb, "sizes"))
		status = cmd_sizes(atoi(argv[1]), atoi(argv[2]));
	else if (argc == 3 && !strcmp(verb, "unplug"))
		status = cmd_unplug(atoi(argv[1]), atoi(argv[2]));
	else
		return false;
	exit(status);
}
