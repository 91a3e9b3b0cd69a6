#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: the page cache of a block device is gone at its last close, so reading a whole
# disk may leave no trace in memory, while a RAM disk without a single written block can
# fill 200 MiB of it as long as someone has the device open.
#
# Versions: Linux 6.1.192-3 (Debian's kernel), QEMU 7.2, busybox 1.35.0.
#
# Expected: 200 MiB read from an NVMe disk stay cached; brd, which already is memory and
# has no pages for unwritten blocks, adds nothing.
# Seen (KiB):
#   boot: Buffers 0
#   nvme0n1-read: Buffers 0
#   nvme0n1-read-while-open: Buffers 204800
#   nvme0n1-closed: Buffers 0
#   ram0-read: Buffers 0
#   ram0-read-while-open: Buffers 204800
#   ram0-closed: Buffers 0
#
# Why it matters: a test that fills the page cache by reading a device, to give a balloon
# something to reclaim, measures an empty cache unless it holds the device open; and
# guests whose disk is an empty RAM disk use as much cache as any others.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL
modules nvme brd
image <<'END'
show() { echo "$1" "$(awk '/^Buffers/ { print "Buffers", $2 }' /proc/meminfo)"; }
rmmod brd
insmod /modules/brd.ko rd_nr=1 rd_size=204800
show boot:
for disk in nvme0n1 ram0; do
	dd if=/dev/$disk of=/dev/null bs=1M count=200 2>/dev/null
	show "$disk-read:"
	exec 4</dev/$disk
	dd if=/dev/$disk of=/dev/null bs=1M count=200 2>/dev/null
	show "$disk-read-while-open:"
	exec 4<&-
	show "$disk-closed:"
done
END
truncate -s 200M "$tmp/disk"
boot_linux -m 1024 -append "console=ttyS0 quiet" \
	-drive "if=none,id=disk,format=raw,file=$tmp/disk" -device nvme,drive=disk,serial=1
cat "$tmp/report"

for disk in nvme0n1 ram0; do
	if [ "$(value $disk-read: Buffers)" -gt 4096 ] || [ "$(value $disk-closed: Buffers)" -gt 4096 ] ||
	   [ "$(value $disk-read-while-open: Buffers)" -lt 200000 ]; then
		echo "changed"
		exit 1
	fi
done
echo "as recorded"
