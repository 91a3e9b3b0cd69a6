#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: of the limits that Linux derives from the size of memory, some follow memory
# hotplug (CommitLimit, min_free_kbytes) and others keep the size at boot for good:
# threads, processes per user, epoll watches, open files, and a tmpfs mounted with
# size=50%, which is half of the memory at the time of the mount.
#
# Versions: Linux 6.1.192-3 (Debian's kernel), QEMU 7.2, busybox 1.35.0.
# Here: 512 MiB at boot, then a DIMM of 1536 MiB is brought online.
#
# Expected: a percentage is a percentage, and a guest with four times the memory may have
# about four times the threads.
# Seen (KiB, or counts):
#   before: MemTotal 400092 CommitLimit 200044 min_free_kbytes 2497 threads-max 3046
#       max-processes 1523 epoll-watches 86795 file-max 38562 tmpfs-50% 200048
#   after: MemTotal 1972956 CommitLimit 986476 min_free_kbytes 5605 threads-max 3046
#       max-processes 1523 epoll-watches 86795 file-max 38562 tmpfs-50% 200048
#   remounted: MemTotal 1972956 CommitLimit 986476 min_free_kbytes 5605 threads-max
#       3046 max-processes 1523 epoll-watches 86795 file-max 38562 tmpfs-50% 986480
#
# Why it matters: a guest that boots small and grows by ballooning with hotplug keeps the
# limits of a small one; one that boots large should be preferred, or these be set.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL
image <<'END'
mkdir -p /a
show()
{
	echo "$1" MemTotal "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" \
		CommitLimit "$(awk '/^CommitLimit/ { print $2 }' /proc/meminfo)" \
		min_free_kbytes "$(cat /proc/sys/vm/min_free_kbytes)" \
		threads-max "$(cat /proc/sys/kernel/threads-max)" \
		max-processes "$(ulimit -u)" \
		epoll-watches "$(cat /proc/sys/fs/epoll/max_user_watches)" \
		file-max "$(cat /proc/sys/fs/file-max)" \
		tmpfs-50% "$(df -k /a | awk 'END { print $2 }')"
}
mount -t tmpfs -o size=50% tmpfs /a
show before:
for state in /sys/devices/system/memory/memory*/state; do
	[ "$(cat $state)" = online ] || echo online >$state
done
show after:
mount -o remount,size=50% /a
show remounted:
END
boot_linux -m 512,slots=1,maxmem=4G -append "console=ttyS0 quiet" \
	-object memory-backend-ram,id=added,size=1536M -device pc-dimm,memdev=added
cat "$tmp/report"

as_recorded=1
[ "$(value after: MemTotal)" -gt $(($(value before: MemTotal) * 3)) ] || as_recorded=
for follows in CommitLimit min_free_kbytes; do
	[ "$(value after: $follows)" -gt "$(value before: $follows)" ] || as_recorded=
done
for stays in threads-max max-processes epoll-watches file-max tmpfs-50%; do
	[ "$(value after: $stays)" = "$(value before: $stays)" ] || as_recorded=
done
[ "$(value remounted: tmpfs-50%)" -gt $(($(value before: tmpfs-50%) * 3)) ] || as_recorded=
[ "$as_recorded" ] || { echo "changed"; exit 1; }
echo "as recorded"
