#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: PSI reports memory pressure, of the kind "full", for one dd that reads a disk
# larger than memory several times, with no other process, no swap, and nearly all memory
# available: pages that are read again soon after they were dropped count as a stall.
#
# Versions: Linux 6.1.192-3 (Debian's kernel), QEMU 7.2, busybox 1.35.0.
# Here: 1 GiB of memory, 1300 MiB of disk.
#
# Expected: no pressure, as no allocation fails or has to wait for memory in use.
# Seen (KiB, and milliseconds that depend on the machine's speed):
#   start: MemTotal 981688 MemAvailable 875336 uptime-ms 2320 full-ms 0
#   read-1: MemTotal 981688 MemAvailable 825748 uptime-ms 15710 full-ms 372
#   read-2: MemTotal 981688 MemAvailable 825920 uptime-ms 25990 full-ms 1231
#   read-3: MemTotal 981688 MemAvailable 825980 uptime-ms 35420 full-ms 2103
#   stalled for 1731 of 19710 ms
#
# Why it matters: a policy that gives a guest memory on pressure feeds any scan, backup
# or checksum that happens to be larger than the guest, and MemAvailable contradicts it.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL
modules nvme
image <<'END'
show()
{
	echo "$1" MemTotal "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" \
		MemAvailable "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" \
		uptime-ms "$(awk '{ print int($1 * 1000) }' /proc/uptime)" \
		full-ms "$(awk -F= '/^full/ { print int($NF / 1000) }' /proc/pressure/memory)"
}
exec 4</dev/nvme0n1	# the cache lasts from one reading to the next
show start:
for i in 1 2 3; do
	dd if=/dev/nvme0n1 of=/dev/null bs=1M 2>/dev/null
	show "read-$i:"
done
END
truncate -s 1300M "$tmp/disk"
boot_linux -m 1024 -append "console=ttyS0 quiet" \
	-drive "if=none,id=disk,format=raw,file=$tmp/disk" -device nvme,drive=disk,serial=1
cat "$tmp/report"

stalled=$(($(value read-3: full-ms) - $(value read-1: full-ms)))
lasted=$(($(value read-3: uptime-ms) - $(value read-1: uptime-ms)))
echo "stalled for $stalled of $lasted ms"
if [ $((stalled * 50)) -lt "$lasted" ] ||
   [ "$(value read-3: MemAvailable)" -lt $(($(value read-3: MemTotal) * 3 / 4)) ]; then
	echo "changed"
	exit 1
fi
echo "as recorded"
