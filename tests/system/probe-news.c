// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The probe's part for programs that hear of the guest's size, and for kexec.
 *
 *   guest  hear FILE    in the background, prints its pid: counts in FILE, as shell
 *                       assignments, how often poll() of info/current_kb and of
 *                       info/state returns, and the uevents of the device, with the
 *                       size and the state of the last one; and of other devices
 *          kexec KERNEL INITRD OPTIONS
 *                      starts that kernel with these options
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/reboot.h>

#include "probe.h"

#define INFO		"/sys/devices/system/xen_memory/xen_memory0/info/"
#define HEADER		"change@/devices/system/xen_memory/xen_memory0"
#define KERNEL_GROUP	1

struct heard {
	unsigned int sizes, states, uevents, others;
	char size[32], state[32], size_told[32], state_told[32];
};

static int open_uevents(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP,
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		err(1, "uevents");
	return fd;
}

/* poll() of a file of sysfs waits for what happens after the file was read. */
static int open_info(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), INFO "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void read_info(int fd, char text[32])
{
	ssize_t n = pread(fd, text, 31, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static void read_uevent(int fd, struct heard *h)
{
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	if (strcmp(text, HEADER)) {
		h->others++;
		return;
	}
	h->uevents++;
	for (char *word = text; word < text + n; word += strlen(word) + 1) {
		sscanf(word, "XEN_MEMORY_CURRENT_KB=%31s", h->size_told);
		sscanf(word, "XEN_MEMORY_STATE=%31s", h->state_told);
	}
}

/* In one piece, since it may be read at any time. */
static void tell(const struct heard *h, const char *path)
{
	char new[128];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "w");
	if (!f)
		err(1, "%s", new);
	fprintf(f, "sizes=%u states=%u size=%s state=%s uevents=%u size_told=%s state_told=%s others=%u\n",
		h->sizes, h->states, h->size, h->state, h->uevents, h->size_told, h->state_told, h->others);
	fclose(f);
	if (rename(new, path))
		err(1, "%s", path);
}

static int cmd_hear(const char *path)
{
	struct heard h = {};
	struct pollfd fds[] = {
		{ .fd = open_info("current_kb"), .events = POLLPRI },
		{ .fd = open_info("state"), .events = POLLPRI },
		{ .fd = open_uevents(), .events = POLLIN },
	};

	if (!go_on())
		return 0;
	read_info(fds[0].fd, h.size);
	read_info(fds[1].fd, h.state);
	tell(&h, path);
	ready();
	while (poll(fds, 3, -1) > 0) {
		if (fds[0].revents) {
			h.sizes++;
			read_info(fds[0].fd, h.size);
		}
		if (fds[1].revents) {
			h.states++;
			read_info(fds[1].fd, h.state);
		}
		if (fds[2].revents)
			read_uevent(fds[2].fd, &h);
		tell(&h, path);
	}
	return 1;
}

static int open_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int cmd_kexec(const char *kernel, const char *initrd, const char *options)
{
	if (syscall(SYS_kexec_file_load, open_image(kernel), open_image(initrd),
		    strlen(options) + 1, options, 0UL))
		err(1, "kexec_file_load");
	reboot(LINUX_REBOOT_CMD_KEXEC);
	err(1, "kexec");
}

/* False if there is no such command; else it ends here. */
bool news_command(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";

	if (argc == 2 && !strcmp(verb, "hear"))
		exit(cmd_hear(argv[1]));
	if (argc == 4 && !strcmp(verb, "kexec"))
		exit(cmd_kexec(argv[1], argv[2], argv[3]));
	return false;
}
