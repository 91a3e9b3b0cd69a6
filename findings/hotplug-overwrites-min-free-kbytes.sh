#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     Onlining hotplugged memory overwrites an admin's vm.min_free_kbytes, although the
#           kernel logs in the same moment that it prefers the user's value.
# Version   Linux 6.1.192 (Debian 6.1.192-3), QEMU 7.2 without acceleration.
# Expected  A value that was written stays until it is written again; the log promises that.
# Happens   With transparent huge pages on, as by default, khugepaged recomputes its recommended
#           minimum at each change of memory and raises what is below it: 8192 becomes 45056.
# Measured  1 GiB and a DIMM of 128 MiB, which is onlined as movable by hand.
# Matters   A balloon that grows a guest by hotplug raises the watermarks of all its zones by tens
#           of MiB, in the one moment when the guest is short of memory.
#
# Seen      The lines at the end of this file.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL
image <<'END'
echo 8192 >/proc/sys/vm/min_free_kbytes
echo "written: $(cat /proc/sys/vm/min_free_kbytes)"
for state in /sys/devices/system/memory/memory*/state; do
	[ "$(cat "$state")" = online ] || echo online_movable >"$state"
done
echo "a block online: $(cat /proc/sys/vm/min_free_kbytes)"
dmesg | grep min_free_kbytes | sed -e 's/^\[[^]]*\] //' -e 's/updated to [0-9]*/updated to N/'
END
boot_linux -m 1024,slots=1,maxmem=4096M -append "console=ttyS0" \
	-object memory-backend-ram,id=memory,size=128M -device pc-dimm,memdev=memory
as_recorded <<'END'
written: 8192
a block online: 45056
min_free_kbytes is not updated to N because user defined value 8192 is preferred
khugepaged: raising min_free_kbytes from 8192 to 45056 to help transparent hugepage allocations
END
