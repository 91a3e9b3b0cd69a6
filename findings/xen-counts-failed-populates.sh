#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     XENMEM_populate_physmap that reports nothing done has changed the count all the same.
# Version   Xen 4.17.7+13 (Debian 12), QEMU 7.2 without acceleration.
# Expected  0 done means that the domain has as many pages as before.
# Happens   For a guest frame that the domain's tables cannot hold, 0 is reported done and the
#           count rises by the whole extent, for each try again. No release can undo it.
# Measured  From dom0 by libxenctrl on a PVH domain that is paused, at guest frame 1 << 36.
# Matters   A driver that repeats a refused populate each second uses up the hard limit of its
#           domain with pages that it does not have; it must stop where the count moved.
#
# Seen      The lines at the end of this file.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL $XEN
xen_files
image <<'END'
domain=$(paused one 128 128)
xl mem-max one 192
frame=0x1000000000
echo "populate 4 KiB: $(memory "$domain" up 0 $frame)"
echo "the same again: $(memory "$domain" up 0 $frame)"
echo "populate 2 MiB: $(memory "$domain" up 9 $frame)"
echo "release 4 KiB: $(memory "$domain" down 0 $frame)"
echo "release 2 MiB: $(memory "$domain" down 9 $frame)"
END
boot_xen
as_recorded <<'END'
populate 4 KiB: done 0, count +1
the same again: done 0, count +1
populate 2 MiB: done 0, count +512
release 4 KiB: done 0, count +0
release 2 MiB: done 0, count +0
END
