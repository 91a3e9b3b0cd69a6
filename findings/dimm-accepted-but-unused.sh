#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     QEMU plugs a DIMM in whose size Linux cannot use, says that it is there, and the
#           guest has none of it. A DIMM that fits costs the guest memory as long as it is offline.
# Version   Linux 6.1.192 (Debian 6.1.192-3), QEMU 7.2 without acceleration.
# Expected  A size that does not fit is refused by the command, or its usable part is used.
# Happens   QEMU takes any size that its backend has. Linux adds whole blocks (128 MiB here)
#           only and refuses a DIMM of 192 MiB altogether. One of 256 MiB is added offline, and
#           the page structures for it, 4 MiB, come out of the memory that the guest had.
# Measured  By booting with one DIMM each; MemFree at the end against a boot without a DIMM.
# Matters   Adding memory to a guest that is short of it begins with taking 1.6 % of the size;
#           a balloon that hotplugs must do so before the guest has nothing left.
#
# Seen      The lines at the end of this file.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL
image <<'END'
blocks=$(grep -l offline /sys/devices/system/memory/memory*/state | wc -l)
echo "$blocks blocks offline, $(dmesg | grep -c 'unaligned hotplug range') refused"
awk '/^MemFree:/ { print "free", $2 }' /proc/meminfo
END
for size in 0 192 256; do
	set --
	[ $size = 0 ] ||
		set -- -object "memory-backend-ram,id=memory,size=${size}M" -device pc-dimm,memdev=memory
	boot_linux -m 1024,slots=1,maxmem=4096M -append "console=ttyS0" "$@"
	free=$(sed -n 's/^free //p' "$tmp/report")
	[ $size = 0 ] && without=$free
	taken=$((without - free))
	echo "memory taken in KiB: $taken"
	{
		echo "DIMM of $size MiB: $(sed -n 1p "$tmp/report")"
		[ $size != 256 ] || [ $taken -lt 3072 ] || [ $taken -gt 6144 ] || echo "3 to 6 MiB taken"
	} >>"$tmp/all"
done
mv "$tmp/all" "$tmp/report"
as_recorded <<'END'
DIMM of 0 MiB: 0 blocks offline, 0 refused
DIMM of 192 MiB: 0 blocks offline, 1 refused
DIMM of 256 MiB: 2 blocks offline, 0 refused
3 to 6 MiB taken
END
