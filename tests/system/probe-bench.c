// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The probe's part for `make bench`.
 *
 *   both   mark N                  a hypercall that Xen refuses and count.c sees
 *   dom0   hog SPACING             a domain that takes all free memory of the host in
 *                                  single frames and gives back all but each
 *                                  SPACINGth; prints its domid. Fails if Xen still
 *                                  has a free superpage
 *          unhog DOMID
 *          pod DOMID PAGES SECS    wait until populate-on-demand entries have fallen by
 *                                  PAGES; prints the time
 *   guest  floor ORDER PAGES MARK  give PAGES to Xen in extents of ORDER and take them
 *                                  back, in as few calls as there can be and without
 *                                  a driver. Three marks, from MARK
 *          fragment SPACING        take all free memory, give back all but each
 *                                  SPACINGth page, and stay in the background. Fails if
 *                                  there is still a free superpage
 *          timeline MS STEP KB...  set each target in turn, for STEP ms each, and print
 *                                  each MS what is asked, there and free, from a tenth
 *                                  of a step before the first: µs and three times KiB
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xencall.h>

#include "probe.h"

#define MARK		0x6d610000
#define SUPERPAGE_ORDER	9
#define BATCH		65536		/* extents of a call: its list is 512 KiB */
/* Addresses of a PVH or arm64 guest that are far above its memory. */
#define HOLE_GFN	0x200000

static xc_interface *open_xc(void)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);

	if (!xc)
		err(1, "hypervisor");
	return xc;
}

static xencall_handle *open_calls(void)
{
	static xencall_handle *calls;

	if (!calls)
		calls = xencall_open(NULL, 0);
	if (!calls)
		err(1, "hypercalls");
	return calls;
}

static void mark(int nr)
{
	xencall1(open_calls(), __HYPERVISOR_xen_version, MARK | nr);
}

/* --- the floor -------------------------------------------------------------------- */

/* libxenctrl would wrap each call in a multicall. */
static void move_all(int op, xen_pfn_t *frames, long nr, int order)
{
	struct xen_memory_reservation *arg =
		xencall_alloc_buffer(open_calls(), sizeof(*arg));

	if (!arg)
		err(1, "memory for a hypercall");
	for (long i = 0; i < nr; i += BATCH) {
		int want = nr - i < BATCH ? nr - i : BATCH, done;

		memset(arg, 0, sizeof(*arg));
		set_xen_guest_handle_raw(arg->extent_start, frames + i);
		arg->nr_extents = want;
		arg->extent_order = order;
		arg->domid = DOMID_SELF;
		done = xencall2(open_calls(), __HYPERVISOR_memory_op, op, (uintptr_t)arg);
		if (done != want)
			err(1, "Xen does %d of %d extents of order %d", done, want, order);
	}
}

static void floor_(int order, long nr_pages, int nr_mark)
{
	long nr = nr_pages >> order;
	xen_pfn_t *frames = xencall_alloc_buffer(open_calls(), nr * sizeof(*frames));
	int64_t start, up, down;

	if (!frames)
		err(1, "memory for %ld frame numbers", nr);
	/* On a PV guest these are overwritten by the machine frames. */
	for (long i = 0; i < nr; i++)
		frames[i] = HOLE_GFN + (i << order);
	/* First as a guest's memory is: there, and later with page tables left of it. */
	move_all(XENMEM_populate_physmap, frames, nr, order);
	mark(nr_mark);
	start = now_us();
	move_all(XENMEM_decrease_reservation, frames, nr, order);
	down = now_us();
	mark(nr_mark + 1);
	move_all(XENMEM_populate_physmap, frames, nr, order);
	mark(nr_mark + 2);
	up = now_us();
	move_all(XENMEM_decrease_reservation, frames, nr, order);
	printf("pages=%ld calls=%ld extents=%ld up_us=%" PRId64 " down_us=%" PRId64 "\n",
	       nr << order, (nr + BATCH - 1) / BATCH, nr, up - down, down - start);
}

/* --- memory without superpages ------------------------------------------------------- */

/* Free blocks of this order and more, in blocks of this order. */
static unsigned long free_blocks(int least_order)
{
	FILE *f = fopen("/proc/buddyinfo", "r");
	unsigned long total = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, "zone");
		int skip, order = 0;
		unsigned long nr;

		if (!at || sscanf(at, "zone %*s%n", &skip) < 0)
			continue;
		for (at += skip; sscanf(at, "%lu%n", &nr, &skip) == 1; at += skip, order++)
			if (order >= least_order)
				total += nr << (order - least_order);
	}
	if (!f)
		err(1, "/proc/buddyinfo");
	fclose(f);
	return total;
}

/* Prints VALUE into it; before that, what it was goes to WAS unless that is NULL. */
static void set_sysctl(const char *name, const char *value, char was[16])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	f = fopen(path, "r+");
	if (!f || (was && !fgets(was, 16, f)) || fseek(f, 0, SEEK_SET) ||
	    fputs(value, f) < 0 || fclose(f))
		err(1, "%s", path);
}

#define CHUNK	(1UL << 20)
#define CHUNK_PAGES	256
#define RUN_ORDER	5	/* more than there is between two pages that are kept */
#define PIPES		128	/* 8 MiB */

static void give_back(int pagemap, char *chunk, int spacing)
{
	uint64_t entries[CHUNK_PAGES];
	size_t page = CHUNK / CHUNK_PAGES;

	if (pread(pagemap, entries, sizeof(entries),
		  (uintptr_t)chunk / page * sizeof(*entries)) != sizeof(entries))
		err(1, "pagemap");
	for (int i = 0; i < CHUNK_PAGES; i++)
		if ((entries[i] & ((1ULL << 55) - 1)) % spacing &&
		    madvise(chunk + i * page, page, MADV_DONTNEED_LOCKED))
			err(1, "giving pages back");
}

/*
 * The free pages between the kernel's own pages go to no program, but they form a superpage
 * when the kernel frees its own. So fill pipes, whose pages are the kernel's. More pipes would
 * not help: they get no page of a zone that is reserved, as for DMA.
 */
static void fill_pipes(void)
{
	static char data[1 << 16];
	int ends[2];

	for (int i = 0; i < PIPES && free_blocks(RUN_ORDER); i++)
		if (pipe(ends) || write(ends[1], data, sizeof(data)) != sizeof(data))
			err(1, "pipe");
}

static void fragment(int spacing)
{
	size_t room = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE), used = 0, at;
	int pagemap, null, done[2], status = 1;
	char *memory, min_free[16];

	if (pipe(done))
		err(1, "pipe");
	if (fork()) {
		close(done[1]);
		if (read(done[0], &status, 1) != 1)
			errx(1, "memory stays as it was");
		return;
	}
	/* Pages that are kept must stay where they are, and no zone is reserved. */
	set_sysctl("compaction_proactiveness", "0", NULL);
	set_sysctl("compact_unevictable_allowed", "0", NULL);
	set_sysctl("lowmem_reserve_ratio", "0 0 0 0", NULL);
	set_sysctl("watermark_boost_factor", "0", NULL);
	set_sysctl("min_free_kbytes", "512", min_free);
	/* The lists of each CPU hold few pages, not whole blocks of them. */
	set_sysctl("percpu_pagelist_high_fraction", "1000000", NULL);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	null = open("/dev/null", O_RDWR);
	memory = mmap(NULL, room, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pagemap < 0 || null < 0 || memory == MAP_FAILED ||
	    mlock2(memory, room, MLOCK_ONFAULT))
		err(1, "memory");
	/* What others free meanwhile may make a block again, seldom twice. */
	for (int round = 0; round < 5 && free_blocks(SUPERPAGE_ORDER); round++) {
		for (at = 0; at + CHUNK <= room && free_blocks(SUPERPAGE_ORDER); at += CHUNK)
			memset(memory + at, 1, CHUNK);
		used = at > used ? at : used;
		for (at = 0; at < used; at += CHUNK)
			give_back(pagemap, memory + at, spacing);
	}
	fill_pipes();
	if (free_blocks(SUPERPAGE_ORDER))
		errx(1, "%lu free superpages are left", free_blocks(SUPERPAGE_ORDER));
	set_sysctl("min_free_kbytes", min_free, NULL);
	set_sysctl("percpu_pagelist_high_fraction", "0", NULL);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (write(done[1], "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* --- a host without superpages -------------------------------------------------------- */

/* Xen on Arm knows no others, and must be told how many frames their tables may take. */
#ifdef __aarch64__
#define HOG_FLAGS	(XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)
#else
#define HOG_FLAGS	0
#endif

static void hog(int spacing)
{
	struct xen_domctl_createdomain config = {
		.flags = HOG_FLAGS,
		.max_vcpus = 1, .max_evtchn_port = 1, .max_grant_frames = 1,
		.max_maptrack_frames = 0, .grant_opts = XEN_DOMCTL_GRANT_version(1),
	};
	xc_interface *xc = open_xc();
	xc_physinfo_t info = {};
	uint32_t domid = 0;
	long nr = 0, given = 0;
	xen_pfn_t *frames, *back, block = 0;
	int done;

	if (xc_physinfo(xc, &info) || xc_domain_create(xc, &domid, &config) ||
	    xc_domain_setmaxmem(xc, domid, ~0U))
		err(1, "a domain to take memory");
	if (HOG_FLAGS &&
	    xc_set_paging_mempool_size(xc, domid, (info.free_pages / 512 + 256) * XC_PAGE_SIZE))
		err(1, "its tables");
	frames = calloc(info.free_pages + BATCH, sizeof(*frames));
	back = calloc(info.free_pages + BATCH, sizeof(*back));
	do {
		for (int i = 0; i < 1024; i++)
			frames[nr + i] = nr + i;
		done = xc_domain_populate_physmap(xc, domid, 1024, 0, 0, frames + nr);
		nr += done > 0 ? done : 0;
	} while (done == 1024 && nr < (long)info.free_pages);
	for (long i = 0; i < nr; i++)
		if (frames[i] % spacing)
			back[given++] = frames[i];
	for (long i = 0; i < given; i += done) {
		done = given - i < BATCH ? given - i : BATCH;
		if (xc_domain_decrease_reservation(xc, domid, done, 0, back + i) != done)
			errx(1, "Xen does not take frames back");
	}
	done = xc_domain_populate_physmap(xc, domid, 1, SUPERPAGE_ORDER, 0, &block);
	printf("domid=%u kept=%ld given=%ld blocks=%d\n", domid, nr - given, given, done);
	if (done > 0)
		errx(1, "Xen still has a superpage");
}

/* Between a sixteenth and fifteen of the way: its ends cannot be told from the guest's
 * touching memory, which takes entries away, too. */
static void pod(int domid, uint64_t pages, int secs)
{
	xc_interface *xc = open_xc();
	int64_t now = now_us(), end = now + secs * 1000000LL, before = now, first = 0;
	uint64_t tot, cache, entries, most = 0;

	for (; now < end; now = now_us()) {
		if (xc_domain_get_pod_target(xc, domid, &tot, &cache, &entries))
			err(1, "populate-on-demand of domain %d", domid);
		if (entries > most)
			most = entries;
		if (!first && most - entries >= pages / 16)
			first = before;
		before = now;
		if (most && most - entries >= pages - pages / 16) {
			printf("ms=%" PRId64 "\n", (now - first) * 8 / 7 / 1000);
			return;
		}
		poll(NULL, 0, 2);
	}
	errx(1, "%" PRIu64 " of %" PRIu64 " entries are left after %d s", entries, most, secs);
}

/* --- the time line ------------------------------------------------------------------ */

#define XEN_MEMORY	"/sys/devices/system/xen_memory/xen_memory0/"

static void sample(int64_t since_us)
{
	static const char *const names[] = { "target_kb", "info/current_kb" };
	struct sysinfo info;
	char path[96];
	long kb;
	FILE *f;

	printf("%" PRId64, now_us() - since_us);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), XEN_MEMORY "%s", names[i]);
		f = fopen(path, "r");
		if (!f || fscanf(f, "%ld", &kb) != 1)
			err(1, "%s", path);
		fclose(f);
		printf(" %ld", kb);
	}
	if (sysinfo(&info))
		err(1, "sysinfo");
	printf(" %lu\n", info.freeram * info.mem_unit / 1024);
}

static void timeline(int period_ms, int step_ms, int nr, char **targets_kb)
{
	int64_t start = now_us(), at = start;
	FILE *f;

	for (int i = -1; i < nr; i++) {
		if (i >= 0) {
			f = fopen(XEN_MEMORY "target_kb", "w");
			if (!f || fputs(targets_kb[i], f) < 0 || fclose(f))
				err(1, "target_kb");
		}
		for (int64_t end = at + step_ms * (i < 0 ? 100 : 1000); at < end;
		     at += period_ms * 1000) {
			if (at > now_us())
				usleep(at - now_us());
			sample(start);
		}
	}
}

/* False if there is no such command. */
bool bench_command(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";

	if (argc == 2 && !strcmp(verb, "mark"))
		mark(atoi(argv[1]));
	else if (argc == 4 && !strcmp(verb, "floor"))
		floor_(atoi(argv[1]), atol(argv[2]), atoi(argv[3]));
	else if (argc == 2 && !strcmp(verb, "fragment"))
		fragment(atoi(argv[1]));
	else if (argc == 2 && !strcmp(verb, "hog"))
		hog(atoi(argv[1]));
	else if (argc == 2 && !strcmp(verb, "unhog"))
		xc_domain_destroy(open_xc(), atoi(argv[1]));
	else if (argc == 4 && !strcmp(verb, "pod"))
		pod(atoi(argv[1]), atoll(argv[2]), atoi(argv[3]));
	else if (argc > 3 && !strcmp(verb, "timeline"))
		timeline(atoi(argv[1]), atoi(argv[2]), argc - 3, argv + 3);
	else
		return false;
	return true;
}
