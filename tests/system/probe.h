/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the files of the probe share. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* Each file's commands: whether argv[0] is one of them, which is then done. */
bool bench_command(int argc, char **argv);
bool case_command(int argc, char **argv);
bool grants_command(int argc, char **argv);
bool disruption_command(int argc, char **argv);
bool news_command(int argc, char **argv);

int64_t now_ms(void);
int64_t now_us(void);
unsigned long meminfo_kb(const char *key);

/*
 * To go on in the background: the child is told to, gets ready and says so; the
 * parent waits for that, prints "pid=N" and is told to return.
 */
bool go_on(void);
void ready(void);

#endif
