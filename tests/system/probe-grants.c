// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The probe's part for memory that two domains share, and for disks. In the guest
 * and in dom0; each but the last goes on until SIGTERM and says every half second
 * how far it is, or what is wrong, as a line on stdout.
 *
 *   grant DOMID PAGES SEED      grants pages to DOMID; first prints refs=REF,REF,...
 *   map DOMID SEED REFS         maps them. The two take turns with each page: each checks
 *                               the other's last write, and writes again
 *   grab PAGES                  has gntdev take so many pages for mappings that it never
 *                               makes, 256 at a time; prints got=PAGES error=ERRNO
 *   disk PATH MIB SEED          fills a disk with what SEED and the round tell, reads it
 *                               back, again and again, past the page cache
 *   holds PATH MIB SEED ROUND   whether the disk holds that
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xengnttab.h>

#include "probe.h"

#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(uint64_t))
#define MAX_PAGES	1024

static volatile sig_atomic_t stopping;

static void stop(int sig)
{
	(void)sig;
	stopping = 1;
}

static void until_stopped(void)
{
	signal(SIGTERM, stop);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Whether half a second has passed since it last was true. */
static bool time_to_tell(void)
{
	static struct timespec last;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if ((t.tv_sec - last.tv_sec) * 1000 + (t.tv_nsec - last.tv_nsec) / 1000000 < 500)
		return false;
	last = t;
	return true;
}

static uint64_t word_of(uint64_t seed, uint64_t turn, uint64_t at)
{
	uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15 + turn * 0xbf58476d1ce4e5b9 + at;

	return x ^ x >> 31;
}

/* --- granted pages -------------------------------------------------------------------- */

/* The first word of a page is whose turn it is: even, the granter's. */
static uint64_t *turn_of(uint64_t *page)
{
	return page;
}

static void write_page(uint64_t *page, uint64_t seed, uint64_t nr, uint64_t turn)
{
	for (size_t i = 1; i < WORDS; i++)
		page[i] = word_of(seed, turn, nr * WORDS + i);
	__atomic_store_n(turn_of(page), turn, __ATOMIC_RELEASE);
}

static void check_page(const uint64_t *page, uint64_t seed, uint64_t nr, uint64_t turn)
{
	for (size_t i = 1; i < WORDS; i++)
		if (page[i] != word_of(seed, turn, nr * WORDS + i)) {
			printf("error: page %" PRIu64 " word %zu is %#" PRIx64 " in turn %" PRIu64 "\n",
			       nr, i, page[i], turn);
			exit(1);
		}
}

static unsigned long take_turns(uint64_t *pages, unsigned int nr, uint64_t seed, bool granter)
{
	unsigned long turns = 0;

	while (!stopping) {
		for (unsigned int i = 0; i < nr; i++) {
			uint64_t *page = pages + i * WORDS;
			uint64_t turn = __atomic_load_n(turn_of(page), __ATOMIC_ACQUIRE);

			if (turn % 2 == granter)
				continue;
			check_page(page, seed, i, turn);
			write_page(page, seed, i, turn + 1);
			turns++;
		}
		if (time_to_tell())
			printf("turns=%lu\n", turns);
		pause_ms(20);
	}
	return turns;
}

static int cmd_grant(uint32_t domid, unsigned int nr, uint64_t seed)
{
	xengntshr_handle *h = xengntshr_open(NULL, 0);
	uint32_t refs[MAX_PAGES];
	unsigned long turns;
	uint64_t *pages;

	until_stopped();
	if (!h || nr > MAX_PAGES)
		err(1, "gntalloc");
	pages = xengntshr_share_pages(h, domid, nr, refs, 1);
	if (!pages)
		err(1, "%u pages cannot be granted", nr);
	for (unsigned int i = 0; i < nr; i++)
		write_page(pages + i * WORDS, seed, i, 1);
	for (unsigned int i = 0; i < nr; i++)
		printf("%s%u", i ? "," : "refs=", refs[i]);
	printf("\n");
	turns = take_turns(pages, nr, seed, true);
	if (xengntshr_unshare(h, pages, nr))
		err(1, "unshare");
	printf("ended turns=%lu\n", turns);
	return 0;
}

static int cmd_map(uint32_t domid, uint64_t seed, char *text)
{
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	uint32_t refs[MAX_PAGES];
	unsigned int nr = 0;
	unsigned long turns;
	uint64_t *pages;

	until_stopped();
	for (char *ref = strtok(text, ","); ref && nr < MAX_PAGES; ref = strtok(NULL, ","))
		refs[nr++] = atoi(ref);
	pages = h ? xengnttab_map_domain_grant_refs(h, nr, domid, refs, PROT_READ | PROT_WRITE) : NULL;
	if (!pages)
		err(1, "%u pages cannot be mapped", nr);
	turns = take_turns(pages, nr, seed, false);
	if (xengnttab_unmap(h, pages, nr))
		err(1, "unmap");
	printf("ended turns=%lu\n", turns);
	return 0;
}

/* Of linux/xen/gntdev.h. */
#define GRAB_AT_ONCE	256
struct map_grant_ref {
	uint32_t count, pad;
	uint64_t index;
	struct {
		uint32_t domid, ref;
	} refs[GRAB_AT_ONCE];
};
#define MAP_GRANT_REF	_IOC(_IOC_NONE, 'G', 0, 24)

static int cmd_grab(unsigned long nr)
{
	static struct map_grant_ref map = { .count = GRAB_AT_ONCE };
	int fd = open("/dev/xen/gntdev", O_RDWR);
	unsigned long got = 0;
	int error = 0;

	until_stopped();
	if (fd < 0)
		err(1, "gntdev");
	while (got < nr && !stopping && !error) {
		if (ioctl(fd, MAP_GRANT_REF, &map))
			error = errno;
		else
			got += GRAB_AT_ONCE;
	}
	printf("got=%lu error=%d\n", got, error);
	while (!stopping)
		pause_ms(10);
	close(fd);
	printf("ended\n");
	return 0;
}

/* --- disks ------------------------------------------------------------------------------ */

#define CHUNK	(128 * 1024UL)

static uint64_t *new_chunk(void)
{
	void *chunk;

	if (posix_memalign(&chunk, PAGE, CHUNK))
		err(1, "memory");
	return chunk;
}

static void fill_chunk(uint64_t *chunk, uint64_t seed, uint64_t round, off_t at)
{
	for (size_t i = 0; i < CHUNK / sizeof(*chunk); i++)
		chunk[i] = word_of(seed, round, at + i);
}

/* False, and a line, if it does not hold that. */
static bool check_chunk(int fd, uint64_t *chunk, uint64_t seed, uint64_t round, off_t at)
{
	if (pread(fd, chunk, CHUNK, at) != CHUNK) {
		printf("error: read at %ld: %s\n", (long)at, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < CHUNK / sizeof(*chunk); i++)
		if (chunk[i] != word_of(seed, round, at + i)) {
			printf("error: %#" PRIx64 " at %ld in round %" PRIu64 "\n", chunk[i],
			       (long)(at + i * sizeof(*chunk)), round);
			return false;
		}
	return true;
}

static int open_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int cmd_disk(const char *path, unsigned long mib, uint64_t seed)
{
	int fd = open_disk(path);
	uint64_t *chunk = new_chunk(), round = 0;
	off_t end = mib << 20, at;

	until_stopped();
	while (!stopping) {
		round++;
		for (at = 0; at < end; at += CHUNK) {
			fill_chunk(chunk, seed, round, at);
			if (pwrite(fd, chunk, CHUNK, at) != CHUNK) {
				printf("error: write at %ld: %s\n", (long)at, strerror(errno));
				return 1;
			}
		}
		for (at = 0; at < end; at += CHUNK)
			if (!check_chunk(fd, chunk, seed, round, at))
				return 1;
		if (time_to_tell())
			printf("turns=%" PRIu64 "\n", round);
	}
	if (fsync(fd))
		err(1, "%s", path);
	printf("ended turns=%" PRIu64 "\n", round);
	return 0;
}

static int cmd_holds(const char *path, unsigned long mib, uint64_t seed, uint64_t round)
{
	int fd = open_disk(path);
	uint64_t *chunk = new_chunk();

	for (off_t at = 0; at < (off_t)(mib << 20); at += CHUNK)
		if (!check_chunk(fd, chunk, seed, round, at))
			return 1;
	return 0;
}

/* False if there is no such command; else it ends here. */
bool grants_command(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";
	int status;

	if (argc == 5 && !strcmp(verb, "holds"))
		exit(cmd_holds(argv[1], atol(argv[2]), atoll(argv[3]), atoll(argv[4])));

	if (argc == 4 && !strcmp(verb, "grant"))
		status = cmd_grant(atoi(argv[1]), atoi(argv[2]), atoll(argv[3]));
	else if (argc == 4 && !strcmp(verb, "map"))
		status = cmd_map(atoi(argv[1]), atoll(argv[2]), argv[3]);
	else if (argc == 2 && !strcmp(verb, "grab"))
		status = cmd_grab(atol(argv[1]));
	else if (argc == 4 && !strcmp(verb, "disk"))
		status = cmd_disk(argv[1], atol(argv[2]), atoll(argv[3]));
	else
		return false;
	exit(status);
}
