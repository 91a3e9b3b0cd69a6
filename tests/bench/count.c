// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A plugin for QEMU 7.2 that counts, in the machine under test: instructions of
 * each virtual CPU of Xen's, its hypercalls, the extents a balloon driver asks
 * for, and how long it holds its lock. The guests and Xen run as they are.
 *
 * Arguments: out=FILE, and symbols as NAME=ADDRESS:
 *   switch     Xen's context_switch(prev, next)
 *   pv, hvm    Xen's functions that are called with a hypercall's registers, on
 *   hvc        x86 for both types of guests, on Arm
 *   up, down   of the driver: its functions that populate and release extents,
 *              as ADDRESS:N:O, where argument N has the number of extents and
 *              argument O their order (-: order 0)
 *   take, drop the kernel's mutex_lock(lock), mutex_unlock(lock)
 *   lock       the driver's lock
 *   places     1: also count how often each piece of code runs
 *
 * A mark is the hypercall xen_version with the command MARK + N, which Xen
 * refuses. At each mark FILE gets what was counted from the start to there.
 *
 * Debian has no package with qemu-plugin.h, hence the declarations. A plugin of
 * this version has no access to registers and memory, so it asks QEMU's own
 * functions for gdb, which the program exports.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- QEMU's ------------------------------------------------------------------ */

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void tb_trans_cb(plugin_id id, struct qemu_plugin_tb *tb);
typedef void insn_exec_cb(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, tb_trans_cb *cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    insn_exec_cb *cb, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

void *qemu_get_cpu(int index);
int cpu_memory_rw_debug(void *cpu, uint64_t addr, void *buf, size_t len, bool write);
/* Each is only in the program that plays its architecture. */
typedef int read_register_fn(void *cpu, void *bytes, int reg);
__attribute__((weak)) read_register_fn x86_cpu_gdb_read_register, aarch64_cpu_gdb_read_register;

struct info { const char *target; };	/* the beginning of it */
struct bytes { uint8_t *data; unsigned int len; };	/* GLib's GByteArray */
struct bytes *g_byte_array_new(void);
struct bytes *g_byte_array_set_size(struct bytes *bytes, unsigned int len);

int qemu_plugin_version = 1;

/* --- what differs between architectures ------------------------------------------ */

static const struct arch {
	const char *name;		/* QEMU's */
	read_register_fn *read_register;
	int arguments[4];		/* a function's, as gdb numbers registers */
	int nr, first, second;		/* a hypercall's, in Xen's struct cpu_user_regs */
} archs[] = {
	{ "x86_64", x86_cpu_gdb_read_register, { 5, 4, 3, 2 }, 10, 14, 13 },
	{ "aarch64", aarch64_cpu_gdb_read_register, { 0, 1, 2, 3 }, 16, 0, 1 },
};
#define REGS	17	/* as many as are looked at */
static const struct arch *arch;

static uint64_t argument(int nr)
{
	static struct bytes *bytes;
	uint64_t value;

	if (!bytes)
		bytes = g_byte_array_new();
	g_byte_array_set_size(bytes, 0);
	arch->read_register(qemu_get_cpu(0), bytes, arch->arguments[nr]);
	memcpy(&value, bytes->data, sizeof(value));
	return value;
}

/* --- what is counted ----------------------------------------------------------- */

#define MARK		0x6d610000u
#define MARK_MASK	0xffff0000u
#define CALLS		64
#define CALL_MMU_UPDATE		1
#define CALL_MEMORY_OP		12
#define CALL_XEN_VERSION	17
#define CALL_MMUEXT_OP		26
#define MEMORY_OP_BITS		6	/* above: where to continue */
#define MMU_UPDATE_PREEMPTED	0x80000000u
#define MEM_DECREASE	1
#define MEM_POPULATE	6

#define VCPUS	64
static struct vcpu {
	uint64_t address;		/* Xen's struct vcpu */
	uint64_t insns;
	uint64_t calls[CALLS];		/* without those that Xen continues */
	uint64_t continued;
	uint64_t decrease, populate;	/* memory_op by kind */
	uint64_t extents, frames;
	uint64_t first, last;		/* insns: memory moves, since the last mark */
	bool moving;
} vcpus[VCPUS];
static struct vcpu *current = vcpus;	/* the first is whatever boots */
static int nr_vcpus = 1;

static uint64_t insns;		/* of all; a counter that translated code adds to */
static uint64_t switched_at;
static FILE *out;

static struct {
	uint64_t address;
	uint64_t since, longest;
	int waiting;
	bool held;
} lock;

static void settle(void)
{
	current->insns += insns - switched_at;
	switched_at = insns;
	if (current->moving)
		current->last = current->insns;
	current->moving = false;
}

static void on_switch(unsigned int cpu, void *data)
{
	uint64_t next = argument(1);
	int i;

	(void)cpu, (void)data;
	settle();
	for (i = 1; i < nr_vcpus && vcpus[i].address != next; i++)
		;
	if (i == VCPUS) {
		fprintf(out, "error: more than %d virtual CPUs\n", VCPUS);
		return;
	}
	if (i == nr_vcpus)
		vcpus[nr_vcpus++].address = next;
	current = &vcpus[i];
}

struct place {
	uint64_t address, nr_insns, runs;
	struct place *next;
};
static struct place *places;
static bool want_places;

static void mark(unsigned int nr)
{
	fprintf(out, "mark %u by %d insns %lu lock %lu\n", nr, (int)(current - vcpus),
		insns, lock.longest);
	for (struct vcpu *v = vcpus; v < vcpus + nr_vcpus; v++) {
		fprintf(out, "vcpu %d insns %lu continued %lu decrease %lu populate %lu extents %lu"
			" frames %lu span %lu calls", (int)(v - vcpus), v->insns, v->continued,
			v->decrease, v->populate, v->extents, v->frames, v->last - v->first);
		for (int i = 0; i < CALLS; i++)
			if (v->calls[i])
				fprintf(out, " %d:%lu", i, v->calls[i]);
		fputc('\n', out);
		v->first = v->last = 0;
	}
	for (struct place *p = places; want_places && p; p = p->next)
		if (p->runs)
			fprintf(out, "place %lx %lu\n", p->address, p->runs * p->nr_insns);
	fputs("end\n", out);
	fflush(out);
	lock.longest = 0;
}

static void on_hypercall(unsigned int cpu, void *data)
{
	uint64_t regs[REGS], first;
	bool moves = false, continued = false;
	unsigned int nr;

	(void)cpu, (void)data;
	if (cpu_memory_rw_debug(qemu_get_cpu(0), argument(0), regs, sizeof(regs), false)) {
		fputs("error: a hypercall's registers cannot be read\n", out);
		return;
	}
	settle();
	nr = regs[arch->nr];
	first = regs[arch->first];
	if (nr == CALL_XEN_VERSION && (first & MARK_MASK) == MARK) {
		mark(first & ~MARK_MASK);
		return;
	}
	if (nr == CALL_MEMORY_OP) {
		unsigned int kind = first & ((1 << MEMORY_OP_BITS) - 1);

		continued = first >> MEMORY_OP_BITS;
		moves = kind == MEM_DECREASE || kind == MEM_POPULATE;
		current->decrease += kind == MEM_DECREASE && !continued;
		current->populate += kind == MEM_POPULATE && !continued;
	} else if (nr == CALL_MMU_UPDATE || nr == CALL_MMUEXT_OP) {
		continued = regs[arch->second] & MMU_UPDATE_PREEMPTED;
	}
	if (moves) {
		if (!current->first)
			current->first = current->insns;
		current->moving = true;
	}
	current->continued += continued;
	current->calls[nr % CALLS] += !continued;
}

struct extents_hook { int nr_argument, order_argument; };

static void on_extents(unsigned int cpu, void *data)
{
	const struct extents_hook *hook = data;
	uint64_t nr = (uint32_t)argument(hook->nr_argument);
	unsigned int order = hook->order_argument < 0 ? 0 : argument(hook->order_argument);

	(void)cpu;
	current->extents += nr;
	current->frames += nr << order;
}

static void on_take(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	if (argument(0) != lock.address)
		return;
	if (lock.held) {
		lock.waiting++;
	} else {
		lock.held = true;
		lock.since = insns;
	}
}

/* The next one has it from here on, whenever it asked. */
static void on_drop(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	if (argument(0) != lock.address || !lock.held)
		return;
	if (insns - lock.since > lock.longest)
		lock.longest = insns - lock.since;
	lock.since = insns;
	lock.held = lock.waiting;
	lock.waiting -= lock.held;
}

/* --- where ---------------------------------------------------------------------- */

#define HOOKS	16
static struct hook {
	uint64_t address;
	insn_exec_cb *cb;
	void *data;
} hooks[HOOKS];
static int nr_hooks;

static void count_place(struct qemu_plugin_tb *tb)
{
	struct place *p = calloc(1, sizeof(*p));

	p->address = qemu_plugin_tb_vaddr(tb);
	p->nr_insns = qemu_plugin_tb_n_insns(tb);
	p->next = places;
	places = p;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &p->runs, 1);
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t nr = qemu_plugin_tb_n_insns(tb);
	uint64_t first = qemu_plugin_tb_vaddr(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &insns, nr);
	if (want_places)
		count_place(tb);
	/* A function is called, so its first instruction begins a piece. */
	for (int i = 0; i < nr_hooks; i++)
		if (hooks[i].address == first)
			qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, 0),
							       hooks[i].cb, 0, hooks[i].data);
}

static void add_hook(const char *address, insn_exec_cb *cb, void *data)
{
	hooks[nr_hooks++] = (struct hook) { strtoull(address, NULL, 16), cb, data };
}

static void add_extents_hook(const char *text)
{
	struct extents_hook *hook = calloc(1, sizeof(*hook));
	const char *nr = strchr(text, ':') + 1;
	const char *order = strchr(nr, ':') + 1;

	hook->nr_argument = atoi(nr);
	hook->order_argument = *order == '-' ? -1 : atoi(order);
	add_hook(text, on_extents, hook);
}

int qemu_plugin_install(plugin_id id, const struct info *info, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (!strcmp(archs[i].name, info->target))
			arch = &archs[i];
	if (!arch) {
		fprintf(stderr, "count: nothing is known of %s\n", info->target);
		return 1;
	}
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value || nr_hooks == HOOKS) {
			fprintf(stderr, "count: bad argument %s\n", argv[i]);
			return 1;
		}
		*value++ = '\0';
		if (!strcmp(argv[i], "out"))
			out = fopen(value, "w");
		else if (!strcmp(argv[i], "switch"))
			add_hook(value, on_switch, NULL);
		else if (!strcmp(argv[i], "pv") || !strcmp(argv[i], "hvm") ||
			 !strcmp(argv[i], "hvc"))
			add_hook(value, on_hypercall, NULL);
		else if (!strcmp(argv[i], "up") || !strcmp(argv[i], "down"))
			add_extents_hook(value);
		else if (!strcmp(argv[i], "take"))
			add_hook(value, on_take, NULL);
		else if (!strcmp(argv[i], "drop"))
			add_hook(value, on_drop, NULL);
		else if (!strcmp(argv[i], "lock"))
			lock.address = strtoull(value, NULL, 16);
		else if (!strcmp(argv[i], "places"))
			want_places = atoi(value);
	}
	if (!out) {
		fputs("count: no file to write to\n", stderr);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
