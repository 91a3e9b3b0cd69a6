// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Shows and sets the size of a Xen guest from inside, by the files of the
 * balloon driver in sysfs and by /proc/meminfo. See xen-balloon(1).
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define VERSION		"1.0"
#define XEN_MEMORY	"sys/devices/system/xen_memory/xen_memory0"
#define POLL_S		0.1
#define PLAIN_S		1.0
/* Polls without any change after which a move has ended: 5 s. */
#define STILL_POLLS	50

/* Exit statuses; the manual page has them, too. */
enum outcome {
	REACHED,
	FAILED,
	USAGE,
	NO_DRIVER,
	NO_PERMISSION,
	AT_FLOOR,
	XEN_REFUSES,
	NONE_TO_SPARE,
	NO_ROOM,
	TIMED_OUT,
	REPLACED,
	WAITING,
};

/*
 * Read in this order: the state, and the number of the try, before CURRENT_KB,
 * as a try that has moved something changes the latter first.
 */
enum value {
	RETRY_COUNT,
	MAX_RETRY_COUNT,
	SCHEDULE_DELAY,
	MAX_SCHEDULE_DELAY,
	SCRUB_PAGES,
	DEFLATE_ON_OOM,
	FLOOR_KB,
	TARGET_KB,
	CURRENT_KB,
	LOW_KB,
	HIGH_KB,
	QUARANTINED_KB,
	RESTORE_KB,
	NR_FILES,
	MEM_TOTAL_KB = NR_FILES,
	MEM_FREE_KB,
	MEM_AVAILABLE_KB,
	NR_VALUES
};

/* What not each driver or kernel has. */
#define UNKNOWN		UINT64_MAX

/* Files of the driver, then words of /proc/meminfo. */
static const char *const sources[NR_VALUES] = {
	[RETRY_COUNT] = "retry_count",
	[MAX_RETRY_COUNT] = "max_retry_count",
	[SCHEDULE_DELAY] = "schedule_delay",
	[MAX_SCHEDULE_DELAY] = "max_schedule_delay",
	[SCRUB_PAGES] = "scrub_pages",
	[DEFLATE_ON_OOM] = "deflate_on_oom",
	[FLOOR_KB] = "floor_kb",
	[TARGET_KB] = "target_kb",
	[CURRENT_KB] = "info/current_kb",
	[LOW_KB] = "info/low_kb",
	[HIGH_KB] = "info/high_kb",
	[QUARANTINED_KB] = "info/quarantined_kb",
	[RESTORE_KB] = "info/restore_kb",
	[MEM_TOTAL_KB] = "MemTotal",
	[MEM_FREE_KB] = "MemFree",
	[MEM_AVAILABLE_KB] = "MemAvailable",
};

/**
 * struct view - what is known at one moment
 * @state: the driver's word for how far it has come; empty if it has none
 * @reason: its word for why it is not there; empty if it has none
 * @of: values
 */
struct view {
	char state[16];
	char reason[24];
	uint64_t of[NR_VALUES];
};

struct settings {
	const char *root;
	const char *size;	/* as given; NULL: not */
	uint64_t bytes;		/* the same */
	double interval_s;	/* 0: not given */
	double timeout_s;	/* 0: none */
	bool json, no_wait, quiet;
};

static int root_fd, driver_fd;
static volatile sig_atomic_t interrupted;

/* --- what the driver and the kernel say ---------------------------------- */

static uint64_t parse_number(const char *text, char **end)
{
	uint64_t number;

	*end = (char *)text;
	if (*text < '0' || *text > '9')
		return UNKNOWN;
	errno = 0;
	number = strtoull(text, end, 10);
	return errno ? UNKNOWN : number;
}

/* The first line of a file of the driver; empty if there is none. */
static void read_line(const char *name, char *line, size_t size)
{
	int fd = openat(driver_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, line, size - 1);

	if (fd >= 0)
		close(fd);
	line[len > 0 ? len : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static uint64_t read_number(const char *name)
{
	char line[32], *end;
	uint64_t number;

	read_line(name, line, sizeof(line));
	number = parse_number(line, &end);
	return *end ? UNKNOWN : number;
}

static void read_meminfo(struct view *v)
{
	int fd = openat(root_fd, "proc/meminfo", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[128], word[64];
	uint64_t kb;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63[^:]: %" SCNu64 " kB", word, &kb) != 2)
			continue;
		for (int i = NR_FILES; i < NR_VALUES; i++)
			if (!strcmp(word, sources[i]))
				v->of[i] = kb;
	}
	if (file)
		fclose(file);
}

static void look(struct view *v)
{
	read_line("info/state", v->state, sizeof(v->state));
	read_line("info/reason", v->reason, sizeof(v->reason));
	if (!strcmp(v->reason, "none"))
		*v->reason = '\0';
	for (int i = 0; i < NR_VALUES; i++)
		v->of[i] = i < NR_FILES ? read_number(sources[i]) : UNKNOWN;
	read_meminfo(v);
	if (v->of[TARGET_KB] == UNKNOWN || v->of[CURRENT_KB] == UNKNOWN)
		errx(FAILED, "the driver does not tell the guest's size");
}

static uint64_t ballooned_kb(const struct view *v)
{
	uint64_t low = v->of[LOW_KB], high = v->of[HIGH_KB];

	return (low == UNKNOWN ? 0 : low) + (high == UNKNOWN ? 0 : high);
}

static bool at_floor(const struct view *v)
{
	return v->of[FLOOR_KB] != UNKNOWN &&
	       v->of[TARGET_KB] < v->of[CURRENT_KB] &&
	       v->of[CURRENT_KB] <= v->of[FLOOR_KB];
}

static bool retrying(const struct view *v)
{
	if (*v->state)
		return !strcmp(v->state, "short");
	return v->of[RETRY_COUNT] != UNKNOWN && v->of[RETRY_COUNT] > 1;
}

static uint64_t distance_kb(const struct view *v)
{
	uint64_t target = v->of[TARGET_KB], current = v->of[CURRENT_KB];

	return target > current ? target - current : current - target;
}

/* --- how fast it moves ---------------------------------------------------- */

#define SAMPLES		16

/* The last samples on the way to one target. */
struct pace {
	uint64_t target_kb;
	unsigned int nr;
	struct {
		double s;
		uint64_t kb;
	} at[SAMPLES];
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Until then, or until a signal of catch_signals(). */
static void pause_s(double s)
{
	struct timespec t = { s, (s - (time_t)s) * 1e9 };
	sigset_t none;

	sigemptyset(&none);
	ppoll(NULL, 0, &t, &none);
}

/* KiB a second towards the target; 0 if there is no such motion. */
static double measure_pace(struct pace *p, const struct view *v)
{
	unsigned int last, first;
	double seconds, kb;

	if (p->target_kb != v->of[TARGET_KB])
		p->nr = 0;
	p->target_kb = v->of[TARGET_KB];
	last = p->nr++ % SAMPLES;
	p->at[last].s = now_s();
	p->at[last].kb = v->of[CURRENT_KB];
	first = p->nr > SAMPLES ? p->nr % SAMPLES : 0;
	seconds = p->at[last].s - p->at[first].s;
	kb = (double)p->at[last].kb - (double)p->at[first].kb;
	if (v->of[TARGET_KB] < v->of[CURRENT_KB])
		kb = -kb;
	return kb > 0 && seconds > 0 ? kb / seconds : 0;
}

/* --- words ---------------------------------------------------------------- */

struct text {
	char is[160];
};

static struct text __attribute__((format(printf, 1, 2)))
text(const char *format, ...)
{
	struct text t;
	va_list args;

	va_start(args, format);
	vsnprintf(t.is, sizeof(t.is), format, args);
	va_end(args);
	return t;
}

static struct text size_text(uint64_t kb)
{
	if (kb == UNKNOWN)
		return text("unknown");
	if (kb < 10 << 20)
		return text("%.2f MiB", kb / 1024.0);
	return text("%.2f GiB", kb / 1048576.0);
}

static struct text time_text(double s)
{
	if (s < 60)
		return text("%.1f s", s);
	return text("%d:%02d min", (int)s / 60, (int)s % 60);
}

/* The driver's, or what an older one would say. */
static const char *state_word(const struct view *v)
{
	if (*v->state)
		return v->state;
	return !distance_kb(v) ? "settled" : retrying(v) ? "short" : "moving";
}

static struct text state_text(const struct view *v, double kb_per_s)
{
	struct text left = size_text(distance_kb(v));
	const char *way = v->of[TARGET_KB] > v->of[CURRENT_KB] ? "grow by" :
								 "shrink by";

	if (!distance_kb(v))
		return text("at its target");
	if (at_floor(v))
		return text("at its floor, the target is %s below", left.is);
	if (kb_per_s)
		return text("to %s %s, at %.0f MiB/s: %s left", way, left.is,
			    kb_per_s / 1024,
			    time_text(distance_kb(v) / kb_per_s).is);
	if (retrying(v))
		return text("to %s %s, short of memory, try %" PRIu64,
			    way, left.is, v->of[RETRY_COUNT]);
	return text("to %s %s, %s", way, left.is, state_word(v));
}

static struct text sizes_text(const struct view *v)
{
	return text("asked %s  has %s  free %s", size_text(v->of[TARGET_KB]).is,
		    size_text(v->of[CURRENT_KB]).is,
		    size_text(v->of[MEM_FREE_KB]).is);
}

/* What to do, by the driver's reason; empty if that says nothing more. */
static const char *advice(const struct view *v)
{
	static const struct {
		const char *reason, *is;
	} all[] = {
		{ "floor", "floor_kb sets the least size" },
		{ "guest-memory", "stop programs, or raise the target" },
		{ "guest-pressure", "stop programs, or raise the target" },
		{ "xen-refuses", "see Xen's log: xl dmesg" },
		{ "hard-limit", "raise it in the control domain: xl mem-max" },
		{ "host-memory", "free memory on the host" },
		{ "paging-pool",
		  "start the guest with a larger maxmem or shadow_memory" },
		{ "offline-sections",
		  "put them online: /sys/devices/system/memory" },
		{ "section-memory", "stop programs, or grow in smaller steps" },
		{ "no-addresses", "start the guest with a larger maxmem" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(v->reason, all[i].reason))
			return all[i].is;
	return "";
}

/* --- the screen ------------------------------------------------------------ */

/* Lines that are redrawn in place on a terminal, or else printed in turn. */
struct screen {
	bool live, colour, utf8;
	int columns;
	int width[3];		/* of the lines that are drawn */
	int height;		/* 0: none is */
	double printed_s;
};

struct paint {
	const char *utf8, *ascii, *colour;
};

static const struct paint used = { "█", "#", "34" };
static const struct paint unused = { "▒", "=", "36" };
static const struct paint given = { "·", ".", "90" };
static const struct paint asked = { "┃", "|", "1;33" };

static bool wants_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *locale = getenv(names[i]);

		if (locale && *locale)
			return strcasestr(locale, "utf-8") ||
			       strcasestr(locale, "utf8");
	}
	return false;
}

static int terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col < 12 ? 12 : size.ws_col;
}

static struct screen open_screen(void)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	bool live = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");

	return (struct screen) {
		.live = live,
		.colour = live && !(no_colour && *no_colour),
		.utf8 = wants_utf8(),
		.columns = terminal_columns(),
	};
}

static const struct paint *bar_cell(const struct view *v, double kb)
{
	double current = v->of[CURRENT_KB];

	if (kb > current)
		return &given;
	if (v->of[MEM_FREE_KB] != UNKNOWN && kb > current - v->of[MEM_FREE_KB])
		return &unused;
	return &used;
}

/* From nothing to all that the guest could have without new sections. */
static void print_bar(const struct screen *s, const struct view *v, int width)
{
	uint64_t all = v->of[CURRENT_KB] + ballooned_kb(v);
	const struct paint *last = NULL, *cell;
	int mark;

	if (all < v->of[TARGET_KB])
		all = v->of[TARGET_KB];
	mark = all ? (double)v->of[TARGET_KB] * width / all : 0;
	if (mark == width)
		mark--;
	for (int i = 0; i < width; i++) {
		cell = i == mark ? &asked :
				   bar_cell(v, (i + 0.5) * all / width);
		if (s->colour && cell != last)
			printf("\033[%sm", cell->colour);
		fputs(s->utf8 ? cell->utf8 : cell->ascii, stdout);
		last = cell;
	}
	if (s->colour)
		fputs("\033[0m", stdout);
}

/* Rows that the drawn lines take up, also when the window has become narrow. */
static int drawn_rows(const struct screen *s)
{
	int rows = 0;

	for (int i = 0; i < s->height; i++)
		rows += s->width[i] ? (s->width[i] - 1) / s->columns + 1 : 1;
	return rows;
}

static void draw(struct screen *s, const struct view *v, double kb_per_s)
{
	struct text lines[] = { sizes_text(v), state_text(v, kb_per_s) };
	int room;

	s->columns = terminal_columns();
	room = s->columns - 1;
	if (drawn_rows(s))
		printf("\033[%dF", drawn_rows(s));
	s->width[0] = room < 100 ? room : 100;
	print_bar(s, v, s->width[0]);
	for (int i = 0; i < 2; i++)
		s->width[i + 1] = printf("\033[K\n%.*s", room, lines[i].is) - 4;
	/* What wrapped lines leave below. */
	fputs("\033[K\n\033[J", stdout);
	s->height = 3;
}

static void show(struct screen *s, const struct view *v, double kb_per_s,
		 double period_s)
{
	if (s->live) {
		draw(s, v, kb_per_s);
	} else if (now_s() >= s->printed_s + period_s) {
		s->printed_s = now_s();
		printf("%s  %s\n", sizes_text(v).is,
		       state_text(v, kb_per_s).is);
	}
	fflush(stdout);
}

static void handle(int sig)
{
	if (sig == SIGINT)
		interrupted = true;
}

/* They come only in pause_s(); another size of the window has it redrawn. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = handle };
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGWINCH);
	sigprocmask(SIG_BLOCK, &both, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGWINCH, &action, NULL);
}

/* --- status and watch ------------------------------------------------------ */

static const char *json_name(int value)
{
	static const char *const words[] = { "mem_total_kb", "mem_free_kb",
					     "mem_available_kb" };
	const char *slash = strrchr(sources[value], '/');

	if (value >= NR_FILES)
		return words[value - NR_FILES];
	return slash ? slash + 1 : sources[value];
}

static void print_json(const struct view *v)
{
	puts("{");
	for (int i = 0; i < NR_VALUES; i++) {
		printf("  \"%s\": ", json_name(i));
		if (v->of[i] == UNKNOWN)
			puts("null,");
		else
			printf("%" PRIu64 ",\n", v->of[i]);
	}
	printf("  \"state\": \"%s\",\n", state_word(v));
	printf("  \"reason\": \"%s\"\n}\n", *v->reason ? v->reason : "none");
}

static void print_size(const char *name, uint64_t kb, const char *remark)
{
	if (kb != UNKNOWN)
		printf("%-12s %14s%s%s\n", name, size_text(kb).is,
		       *remark ? "  " : "", remark);
}

static enum outcome status(const struct settings *set)
{
	struct screen screen = open_screen();
	struct view v;

	look(&v);
	if (set->json) {
		print_json(&v);
		return REACHED;
	}
	if (screen.live) {
		print_bar(&screen, &v, 64);
		putchar('\n');
	}
	print_size("asked", v.of[TARGET_KB], "");
	print_size("has", v.of[CURRENT_KB], state_text(&v, 0).is);
	if (*v.reason)
		printf("%-12s %14s  %s\n", "reason", v.reason, advice(&v));
	print_size("free", v.of[MEM_FREE_KB], "");
	print_size("available", v.of[MEM_AVAILABLE_KB], "");
	print_size("floor", v.of[FLOOR_KB], "");
	print_size("ballooned", ballooned_kb(&v), "");
	if (v.of[QUARANTINED_KB])
		print_size("quarantined", v.of[QUARANTINED_KB],
			   "lost until the next boot");
	/* In MiB, as in xl.cfg. */
	if (v.of[RESTORE_KB] && v.of[RESTORE_KB] != UNKNOWN)
		printf("an image saved now needs memory=%" PRIu64
		       " to be restored\n", (v.of[RESTORE_KB] + 1023) / 1024);
	return REACHED;
}

static enum outcome watch(const struct settings *set)
{
	struct screen screen = open_screen();
	double interval_s = set->interval_s;
	struct pace pace = {};
	struct view v;

	if (!interval_s)
		interval_s = screen.live ? POLL_S : PLAIN_S;
	catch_signals();
	while (!interrupted) {
		look(&v);
		show(&screen, &v, measure_pace(&pace, &v), 0);
		pause_s(interval_s);
	}
	/* Over the ^C that the terminal shows. */
	if (screen.live)
		fputs("\r\033[K", stdout);
	return REACHED;
}

/* --- set ------------------------------------------------------------------- */

/* Bytes, or a number and K, M, G, T or P, as the driver takes them. */
static uint64_t parse_size(const char *word)
{
	static const char units[] = "KMGTP";
	const char *unit;
	char *end;
	uint64_t bytes = parse_number(word, &end);
	int shift = 0;

	if (end == word)
		errx(USAGE, "'%s' is not a size: give a number and K, M, G, T or P, as in 2G",
		     word);
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (*end)
		errx(USAGE, "'%s' is not a size: '%s' is not one of K, M, G, T, P, as in 2G",
		     word, end);
	if (bytes == UNKNOWN || bytes > UINT64_MAX >> shift)
		errx(USAGE, "no machine has %s", word);
	if (bytes << shift < 1 << 20)
		errx(USAGE, unit ? "%s is less than 1M" :
		     "%s is less than 1M: give a unit, as in %sM", word, word);
	return bytes << shift;
}

static double parse_seconds(const char *word)
{
	char *end;
	double s = strtod(word, &end);

	if (*word < '0' || *word > '9' || *end || !(s > 0 && s < 1e9))
		errx(USAGE, "'%s' is not a time in seconds", word);
	return s;
}

static void write_target(const char *word, uint64_t bytes)
{
	int fd = openat(driver_fd, "target", O_WRONLY | O_CLOEXEC);
	struct text number = text("%" PRIu64 "\n", bytes);
	ssize_t len = strlen(number.is);

	if (fd >= 0 && write(fd, number.is, len) == len) {
		close(fd);
		return;
	}
	switch (errno) {
	case EACCES:
	case EPERM:
		errx(NO_PERMISSION, "only root may set the size");
	case EINVAL:
	case ERANGE:
		errx(USAGE, "the driver takes no target of %s: %s", word,
		     strerror(errno));
	default:
		err(FAILED, "the target cannot be set");
	}
}

/* What is known of a move so far. */
struct wait {
	uint64_t wanted_kb;
	uint64_t last_kb;
	unsigned int still;	/* polls without a change or a try */
	bool tried;		/* the driver was seen trying again */
};

/* Why it will not come nearer, once it is known that it will not. */
static enum outcome obstacle(const struct view *v)
{
	static const char *const no_room[] = { "offline-sections",
					       "section-memory",
					       "no-addresses" };

	for (int i = 0; i < 3; i++)
		if (!strcmp(v->reason, no_room[i]))
			return NO_ROOM;
	if (v->of[TARGET_KB] < v->of[CURRENT_KB])
		return NONE_TO_SPARE;
	return ballooned_kb(v) ? XEN_REFUSES : NO_ROOM;
}

/*
 * Where a move is after one more poll. The driver says that it has stopped; an
 * older one shows the number of its try, and goes back to the first when it
 * gives up. What keeps it from trying at all shows as time in which nothing
 * changes.
 */
static enum outcome judge(struct wait *w, const struct view *v)
{
	uint64_t target = v->of[TARGET_KB], current = v->of[CURRENT_KB];
	bool moved = current != w->last_kb;

	w->last_kb = current;
	if (target != w->wanted_kb)
		/* A kernel that cannot add memory makes do with what it has. */
		return target < w->wanted_kb && target == current &&
		       !ballooned_kb(v) ? NO_ROOM : REPLACED;
	if (current == target)
		return REACHED;
	if (at_floor(v))
		return AT_FLOOR;
	if (moved || retrying(v)) {
		w->still = 0;
		w->tried = retrying(v);
		return WAITING;
	}
	if (!strcmp(v->state, "stopped") || w->tried ||
	    ++w->still >= STILL_POLLS)
		return obstacle(v);
	return WAITING;
}

/* What the driver says, or else what may be the cause. */
static struct text cause_text(const struct view *v, const char *otherwise)
{
	if (*v->reason)
		return text("%s: %s", v->reason, advice(v));
	return text("%s", otherwise);
}

static void explain(enum outcome outcome, const struct view *v,
		    const struct wait *w, double took_s)
{
	struct text has = size_text(v->of[CURRENT_KB]);
	struct text wanted = size_text(w->wanted_kb);

	switch (outcome) {
	case AT_FLOOR:
		warnx("stopped at %s: the floor (floor_kb) is above %s",
		      has.is, wanted.is);
		break;
	case XEN_REFUSES:
		warnx("stopped at %s of %s: Xen gives no more (%s)",
		      has.is, wanted.is,
		      cause_text(v, "the hard limit, or no free memory").is);
		break;
	case NONE_TO_SPARE:
		warnx("stopped at %s on the way to %s: the guest can give no more (available: %s)",
		      has.is, wanted.is, size_text(v->of[MEM_AVAILABLE_KB]).is);
		break;
	case NO_ROOM:
		warnx("stopped at %s of %s: no place for more (%s)",
		      has.is, wanted.is,
		      cause_text(v, "memory hotplug is off, or sections are offline").is);
		break;
	case TIMED_OUT:
		warnx("not there after %s: has %s, the target stays %s",
		      time_text(took_s).is, has.is, wanted.is);
		break;
	case REPLACED:
		warnx("no longer waiting for %s: the target is now %s",
		      wanted.is, size_text(v->of[TARGET_KB]).is);
		break;
	case WAITING:
		warnx("no longer waiting, the target stays %s", wanted.is);
		break;
	default:
		printf("has %s, in %s\n", has.is, time_text(took_s).is);
	}
}

static enum outcome wait_for(const struct settings *set, uint64_t wanted_kb)
{
	struct wait wait = { .wanted_kb = wanted_kb };
	enum outcome outcome = WAITING;
	struct screen screen = open_screen();
	double start_s = now_s();
	struct pace pace = {};
	struct view v;

	screen.printed_s = start_s;
	catch_signals();
	for (;;) {
		look(&v);
		outcome = judge(&wait, &v);
		if (!set->quiet)
			show(&screen, &v, measure_pace(&pace, &v), PLAIN_S);
		if (outcome != WAITING || interrupted)
			break;
		if (set->timeout_s && now_s() - start_s >= set->timeout_s) {
			outcome = TIMED_OUT;
			break;
		}
		pause_s(POLL_S);
	}
	if (outcome != REACHED || !set->quiet)
		explain(outcome, &v, &wait, now_s() - start_s);
	return outcome;
}

static enum outcome set_size(const struct settings *set)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	enum outcome outcome;

	write_target(set->size, set->bytes);
	if (set->no_wait)
		return REACHED;
	outcome = wait_for(set, set->bytes / page * (page / 1024));
	if (outcome == WAITING) {
		signal(SIGINT, SIG_DFL);
		kill(getpid(), SIGINT);
		pause_s(1);
	}
	return outcome;
}

/* --- the command line ------------------------------------------------------ */

static const char help[] =
"usage: xen-balloon status [--json]\n"
"       xen-balloon watch [--interval SECONDS]\n"
"       xen-balloon set [--no-wait] [--timeout SECONDS] [--quiet] SIZE\n"
"\n"
"Shows and sets how much memory this Xen guest has. SIZE is in bytes or with\n"
"K, M, G, T or P, as in 2G; setting it needs root.\n"
"\n"
"  -j, --json              one JSON object, for programs\n"
"  -i, --interval SECONDS  time between updates (0.1; 1 if not on a terminal)\n"
"  -n, --no-wait           only set the target\n"
"  -t, --timeout SECONDS   wait no longer than that (default: to the end)\n"
"  -q, --quiet             no progress\n"
"      --root DIR          look for sys/ and proc/ in DIR\n"
"  -h, --help\n"
"  -V, --version\n"
"\n"
"Exit status of set: 0 the guest has that size, 1 another error, 2 usage,\n"
"3 no driver, 4 no permission; stopped short: 5 at the floor, 6 Xen gives no\n"
"more, 7 the guest can give no more, 8 the kernel has no place for more,\n"
"9 timeout, 10 another target was set.\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "interval", required_argument, NULL, 'i' },
	{ "no-wait", no_argument, NULL, 'n' },
	{ "timeout", required_argument, NULL, 't' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "root", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static const struct command {
	const char *name, *options;
	int nr_words;
	enum outcome (*run)(const struct settings *set);
} commands[] = {
	{ "status", "j", 0, status },
	{ "watch", "i", 0, watch },
	{ "set", "ntq", 1, set_size },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (name && !strcmp(name, commands[i].name))
			return &commands[i];
	if (name)
		errx(USAGE, "there is no command %s: see --help", name);
	fputs(help, stderr);
	exit(USAGE);
}

static struct settings parse_options(int argc, char **argv, char *given)
{
	struct settings set = { .root = "/" };
	int option;

	while ((option = getopt_long(argc, argv, "ji:nt:qhV", long_options,
				     NULL)) != -1) {
		switch (option) {
		case 'j':
			set.json = true;
			break;
		case 'i':
			set.interval_s = parse_seconds(optarg);
			break;
		case 'n':
			set.no_wait = true;
			break;
		case 't':
			set.timeout_s = parse_seconds(optarg);
			break;
		case 'q':
			set.quiet = true;
			break;
		case 'r':
			set.root = optarg;
			continue;
		case 'h':
			fputs(help, stdout);
			exit(REACHED);
		case 'V':
			puts("xen-balloon " VERSION);
			exit(REACHED);
		default:
			fputs("See xen-balloon --help.\n", stderr);
			exit(USAGE);
		}
		if (!strchr(given, option))
			given[strlen(given)] = option;
	}
	return set;
}

static void open_root(const char *root)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	root_fd = open(root, flags);
	if (root_fd < 0)
		err(USAGE, "%s", root);
	driver_fd = openat(root_fd, XEN_MEMORY, flags);
	if (driver_fd < 0)
		errx(NO_DRIVER,
		     "no Xen guest, or no balloon driver: there is no /%s",
		     XEN_MEMORY);
}

int main(int argc, char **argv)
{
	char given[sizeof("jintq")] = "";
	struct settings set = parse_options(argc, argv, given);
	const struct command *command = find_command(argv[optind]);
	enum outcome outcome;

	if (given[strspn(given, command->options)])
		errx(USAGE, "%s has no option -%c: see --help", command->name,
		     given[strspn(given, command->options)]);
	if (argc - optind - 1 != command->nr_words)
		errx(USAGE, "%s takes %s: see --help", command->name,
		     command->nr_words ? "one size" : "no further words");
	if (command->nr_words) {
		set.size = argv[optind + 1];
		set.bytes = parse_size(set.size);
	}
	open_root(set.root);
	outcome = command->run(&set);
	if (fflush(stdout) || ferror(stdout))
		err(FAILED, "standard output");
	return outcome;
}
