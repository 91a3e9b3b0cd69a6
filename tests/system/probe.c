// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The rig's eyes and hands inside the machine: one static binary, in dom0 for
 * Xen's own numbers and in each guest as the agent that runs dom0's commands.
 *
 *   dom0   domain DOMID                      Xen's counts, as shell assignments
 *          free                              Xen's free memory, pages
 *          move DOMID PAGES SECS CMD...      run CMD, wait for PAGES, print the time
 *          ask DOMID SECS CMD                run CMD in the guest, print its output
 *          relay DIR                         guests' consoles to stdout, line by line
 *          sample MS NAME=DOMID...           one line per guest and period
 *   guest  agent MS                          answer `ask`; every MS ms (0: never)
 *                                            report free memory
 *   both   what `make bench` needs: probe-bench.c, single cases: probe-cases.c,
 *          probe-grants.c, probe-disruption.c and probe-news.c
 *
 * An exchange is by keys in the guest's own data/: dom0 writes "SEQ COMMAND" to
 * data/ask. The guest writes what the command prints to data/output-0, -1 and so on,
 * since xenstored takes no more than 2 KiB in a key of a guest's, and then "SEQ STATUS
 * KEYS" to data/answer. What is longer than OUTPUT_MAX is cut.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#include "probe.h"

#define COMMAND_MAX 3800
#define OUTPUT_MAX 32000
#define KEY_MAX 1600
#define POLL_MS 5
#define STUCK_MS 6000

static struct xs_handle *xs;
static xc_interface *xc;

/* --- what other files use, too: probe.h ------------------------------------------- */

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

unsigned long meminfo_kb(const char *key)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long kb = 0, found = 0;
	char line[128], name[64];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^:]: %lu", name, &kb) == 2 && !strcmp(name, key))
			found = kb;
	if (f)
		fclose(f);
	return found;
}

static int done[2];

bool go_on(void)
{
	char byte;
	pid_t pid;

	if (pipe(done) || (pid = fork()) < 0)
		err(1, "a process in the background");
	if (!pid)
		return true;
	close(done[1]);
	if (read(done[0], &byte, 1) != 1)
		errx(1, "it did not get what it wants");
	printf("pid=%d\n", pid);
	return false;
}

void ready(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (write(done[1], "", 1) != 1)
		_exit(1);
	close(done[1]);
}

/* ---------------------------------------------------------------------------------- */

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

static char *read_key(const char *path)
{
	unsigned int len;

	return xs_read(xs, XBT_NULL, path, &len);
}

static bool write_key(const char *path, const char *value)
{
	return xs_write(xs, XBT_NULL, path, value, strlen(value));
}

static uint64_t read_kb(int domid, const char *key)
{
	char path[64], *text;
	uint64_t kb;

	snprintf(path, sizeof(path), "/local/domain/%d/%s", domid, key);
	text = read_key(path);
	kb = text ? strtoull(text, NULL, 10) : 0;
	free(text);
	return kb;
}

/* False when the domain is gone: Xen then returns the next one. */
static bool get_domain(int domid, xc_domaininfo_t *info)
{
	return xc_domain_getinfolist(xc, domid, 1, info) == 1 && info->domain == domid;
}

static int64_t tot_pages(int domid)
{
	xc_domaininfo_t info;

	if (!get_domain(domid, &info) || info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
		return -1;
	return info.tot_pages;
}

static int cmd_domain(int domid)
{
	uint64_t tot = 0, cache = 0, entries = 0;
	xc_domaininfo_t info;

	if (!get_domain(domid, &info))
		errx(1, "no domain %d", domid);
	if (info.flags & XEN_DOMINF_hvm_guest)
		xc_domain_get_pod_target(xc, domid, &tot, &cache, &entries);
	printf("tot_pages=%" PRIu64 " max_pages=%" PRIu64 " outstanding=%" PRIu64
	       " pod_entries=%" PRIu64 " pod_cache=%" PRIu64 " cpu_ms=%" PRIu64
	       " cpu_ns=%" PRIu64 " state=%s reason=%u\n",
	       info.tot_pages, info.max_pages, info.outstanding_pages,
	       entries, cache, info.cpu_time / 1000000, info.cpu_time,
	       info.flags & XEN_DOMINF_shutdown ? "shutdown" :
	       info.flags & XEN_DOMINF_dying ? "dying" : "alive",
	       info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
	return 0;
}

static int cmd_free(void)
{
	xc_physinfo_t info = {};

	if (xc_physinfo(xc, &info))
		err(1, "physinfo");
	printf("%" PRIu64 "\n", info.free_pages);
	return 0;
}

/*
 * Time starts at the first page that moves, or when the command is done if
 * nothing moved before, and ends when Xen's count is the wanted one; before_ms
 * is from the start of the command to then.
 */
static int cmd_move(int domid, int64_t want, int secs, char **argv)
{
	int64_t begin = now_ms(), start = 0, change = 0, end;
	int64_t from = tot_pages(domid), last = from, tot = from;
	int64_t lowest = from;
	bool done = false;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	for (;;) {
		if (!done && waitpid(pid, &status, WNOHANG) == pid) {
			done = true;
			change = now_ms();
		}
		tot = tot_pages(domid);
		end = now_ms();
		if (tot != last)
			change = end;
		if (!start && (done || tot != from))
			start = end;
		last = tot;
		if (tot < lowest)
			lowest = tot;
		if (tot < 0 || (done && (status || tot == want)))
			break;
		if (done && (end - change > STUCK_MS || end - begin > secs * 1000LL))
			break;
		pause_ms(POLL_MS);
	}
	/* what has settled short did so at its last change */
	if (tot != want)
		end = change;
	printf("from_pages=%" PRId64 " tot_pages=%" PRId64 
	       " lowest_pages=%" PRId64 " ms=%" PRId64 " before_ms=%" PRId64
	       " command=%d\n", from, tot, lowest,
	       end > start ? end - start : 0, start - begin,
	       WEXITSTATUS(status));
	return tot == want ? 0 : 1;
}

static void print_output(int domid, unsigned int nr_keys)
{
	char path[64], *part;

	for (unsigned int i = 0; i < nr_keys; i++) {
		snprintf(path, sizeof(path), "/local/domain/%d/data/output-%u", domid, i);
		part = read_key(path);
		if (!part)
			err(1, "%s", path);
		fputs(part, stdout);
		free(part);
	}
}

static int cmd_ask(int domid, int secs, const char *command)
{
	int64_t end = now_ms() + secs * 1000LL;
	unsigned int seq = now_ms() & INT_MAX, got, status, nr_keys;
	char path[64], text[COMMAND_MAX], *answer;

	snprintf(path, sizeof(path), "/local/domain/%d/data/ask", domid);
	snprintf(text, sizeof(text), "%u %s", seq, command);
	if (!write_key(path, text))
		err(1, "%s", path);
	snprintf(path, sizeof(path), "/local/domain/%d/data/answer", domid);
	while (now_ms() < end) {
		if (tot_pages(domid) < 0)
			errx(125, "domain %d is down", domid);
		answer = read_key(path);
		if (answer && sscanf(answer, "%u %u %u", &got, &status, &nr_keys) == 3 &&
		    got == seq) {
			print_output(domid, nr_keys);
			return status;
		}
		free(answer);
		pause_ms(POLL_MS);
	}
	errx(124, "domain %d does not answer within %d s", domid, secs);
}

/*
 * The guest's side of xenstore, by hand on its device: libxenstore starts a
 * thread for watches, which it cannot do in a static binary.
 */
static int bus;
static bool asked;

static void receive(struct xsd_sockmsg *head, char *body)
{
	if (read(bus, head, sizeof(*head)) != sizeof(*head) ||
	    head->len > XENSTORE_PAYLOAD_MAX)
		err(1, "xenbus");
	for (size_t got = 0; got < head->len;) {
		ssize_t n = read(bus, body + got, head->len - got);

		if (n <= 0)
			err(1, "xenbus");
		got += n;
	}
	body[head->len] = '\0';
}

/* One request; its answer is in body. False for an error that xenstore reports. */
static bool request(uint32_t type, const void *out, size_t len, char *body)
{
	char message[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
	struct xsd_sockmsg head = { .type = type, .len = len };

	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), out, len);
	if (write(bus, message, sizeof(head) + len) != (ssize_t)(sizeof(head) + len))
		return false;
	for (;;) {
		receive(&head, body);
		if (head.type != XS_WATCH_EVENT)
			return head.type != XS_ERROR;
		asked = true;
	}
}

static void publish(const char *path, const char *value)
{
	char out[XENSTORE_PAYLOAD_MAX], body[XENSTORE_PAYLOAD_MAX + 1] = "";
	int len = snprintf(out, sizeof(out), "%s%c%s", path, 0, value);

	if (!request(XS_WRITE, out, len, body))
		warnx("cannot write %d bytes to %s: %s", len, path, *body ? body : strerror(errno));
}

static void report_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128], text[32];
	unsigned long kb, free_kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lu", &kb) == 1)
			free_kb = kb;
	if (f)
		fclose(f);
	snprintf(text, sizeof(text), "%lu", free_kb);
	publish("data/free_kb", text);
}

static void answer(unsigned int seq, const char *command)
{
	char path[32], text[KEY_MAX + 1];
	static char output[OUTPUT_MAX];
	unsigned int nr_keys = 0;
	size_t len = 0, got;
	int status = 127;
	FILE *f = popen(command, "r");

	if (f) {
		while ((got = fread(output + len, 1, sizeof(output) - 1 - len, f)))
			len += got;
		status = WEXITSTATUS(pclose(f));
	}
	output[len] = '\0';
	for (size_t at = 0; at < len; at += KEY_MAX) {
		snprintf(path, sizeof(path), "data/output-%u", nr_keys++);
		snprintf(text, sizeof(text), "%s", output + at);
		publish(path, text);
	}
	snprintf(text, sizeof(text), "%u %d %u", seq, status, nr_keys);
	publish("data/answer", text);
}

static void __attribute__((noreturn)) cmd_agent(int period_ms)
{
	static const char watch[] = "data/ask\0ask";
	char body[XENSTORE_PAYLOAD_MAX + 1];
	struct pollfd fd = { .events = POLLIN };
	struct xsd_sockmsg head;
	unsigned int seq, last = 0;
	int skip;

	bus = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	if (bus < 0 || !request(XS_WATCH, watch, sizeof(watch), body))
		err(1, "cannot watch data/ask");
	fd.fd = bus;
	for (;;) {
		if (period_ms)
			report_memory();
		if (!asked && poll(&fd, 1, period_ms ?: -1) > 0) {
			receive(&head, body);
			asked = head.type == XS_WATCH_EVENT;
		}
		if (!asked)
			continue;
		asked = false;
		if (request(XS_READ, "data/ask", sizeof("data/ask"), body) &&
		    sscanf(body, "%u %n", &seq, &skip) == 1 && seq != last) {
			last = seq;
			answer(seq, body + skip);
		}
	}
}

#define CONSOLES 64
static struct console {
	char name[64];
	FILE *file;
	char line[512];
	size_t len;
} consoles[CONSOLES];
static volatile sig_atomic_t stopping;

static void stop(int sig)
{
	(void)sig;
	stopping = 1;
}

static void relay_console(struct console *c)
{
	int ch;

	clearerr(c->file);
	while ((ch = getc(c->file)) != EOF) {
		if (ch == '\r')
			continue;
		if (ch != '\n' && c->len < sizeof(c->line) - 1) {
			c->line[c->len++] = ch;
			continue;
		}
		printf("console %s %.*s\n", c->name, (int)c->len, c->line);
		fflush(stdout);
		c->len = 0;
	}
}

static void open_consoles(const char *dir)
{
	struct dirent *entry;
	char path[PATH_MAX], name[64];
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		struct console *c = consoles;

		if (sscanf(entry->d_name, "guest-%63[^.].log", name) != 1)
			continue;
		while (c->file && strcmp(c->name, name))
			c++;
		if (c->file || c == &consoles[CONSOLES - 1])
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		c->file = fopen(path, "r");
		strcpy(c->name, name);
	}
	if (d)
		closedir(d);
}

static int cmd_relay(const char *dir)
{
	bool last;

	signal(SIGTERM, stop);
	do {
		last = stopping;
		open_consoles(dir);
		for (struct console *c = consoles; c->file; c++)
			relay_console(c);
		if (!last)
			pause_ms(100);
	} while (!last);
	return 0;
}

static void __attribute__((noreturn)) cmd_sample(int period_ms, int nr, char **guests)
{
	int64_t next = now_ms();

	for (;; next += period_ms) {
		for (int i = 0; i < nr; i++) {
			int name = strcspn(guests[i], "=");
			int domid = atoi(guests[i] + name + 1);

			printf("sample %" PRId64 " %.*s %" PRIu64 " %" PRId64
			       " %" PRIu64 "\n", now_ms(), name, guests[i],
			       read_kb(domid, "memory/target"),
			       tot_pages(domid) * 4, read_kb(domid, "data/free_kb"));
		}
		fflush(stdout);
		if (next > now_ms())
			pause_ms(next - now_ms());
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 3 && !strcmp(verb, "relay"))
		return cmd_relay(argv[2]);

	if (argc == 3 && !strcmp(verb, "agent"))
		cmd_agent(atoi(argv[2]));

	if (bench_command(argc - 1, argv + 1) || case_command(argc - 1, argv + 1) ||
	    grants_command(argc - 1, argv + 1) || disruption_command(argc - 1, argv + 1) ||
	    news_command(argc - 1, argv + 1))
		return 0;

	xs = xs_open(0);
	if (!xs)
		err(1, "xenstore");

	xc = xc_interface_open(NULL, NULL, 0);
	if (!xc)
		err(1, "hypervisor");
	if (argc == 5 && !strcmp(verb, "ask"))
		return cmd_ask(atoi(argv[2]), atoi(argv[3]), argv[4]);
	if (argc == 3 && !strcmp(verb, "domain"))
		return cmd_domain(atoi(argv[2]));
	if (argc == 2 && !strcmp(verb, "free"))
		return cmd_free();
	if (argc > 5 && !strcmp(verb, "move"))
		return cmd_move(atoi(argv[2]), atoll(argv[3]), atoi(argv[4]), argv + 5);
	if (argc > 3 && !strcmp(verb, "sample"))
		cmd_sample(atoi(argv[2]), argc - 3, argv + 3);
	errx(2, "unknown command: %s", verb);
}
