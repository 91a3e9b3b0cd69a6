#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: Linux's MemAvailable counts the free memory of ZONE_MOVABLE in full, so a
# process is killed for lack of memory while MemAvailable reports almost half of the total.
#
# Versions: Linux 6.1.192-3 (Debian's kernel), QEMU 7.2, busybox 1.35.0.
# Here: 1 GiB, half of it ZONE_MOVABLE, as after onlining memory with online_movable. dd
# writes to a ramfs, whose pages cannot be moved (like page tables, slabs, pipe buffers).
#
# Expected: as the kernel's own guess of what programs can still get, it is close to zero
# by the time the kernel kills one.
# Seen (KiB):
#   before MemTotal 981724 MemAvailable 907120
#   dd status 137
#   after MemTotal 981724 MemAvailable 475304
#
# Why it matters: a balloon policy that guards MemAvailable inflates (or refuses to
# deflate) until the kernel cannot allocate for itself. It has to look at each zone.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL
image <<'END'
mkdir -p /a
show()
{
	while read -r name kb _; do
		case $name in
		MemTotal: | MemAvailable:) line="$line ${name%:} $kb" ;;
		esac
	done </proc/meminfo
	echo "$line"
}
line=before; show
mount -t ramfs ramfs /a
dd if=/dev/zero of=/a/file bs=1M 2>/dev/null
echo "dd status $?"
line=after; show	# without another process, for which there may be no memory
: >/a/file
END
boot_linux -m 1024 -append "console=ttyS0 quiet movablecore=512M"
cat "$tmp/report"

# Killed, with at least a quarter of all memory "available".
if [ "$(value dd status)" != 137 ] || [ "$(value after MemAvailable)" -lt $(($(value after MemTotal) / 4)) ]; then
	echo "changed"
	exit 1
fi
echo "as recorded"
