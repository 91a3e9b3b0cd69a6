#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     Releasing a 2 MiB extent of which half has memory reports nothing done, and whether
#           the half is released depends on which half it is.
# Version   Xen 4.17.7+13 (Debian 12), QEMU 7.2 without acceleration.
# Expected  Either all pages there are released, or none for an extent that is not whole.
# Happens   Xen goes through the extent page by page and stops at the first hole. With memory
#           in the lower half 256 pages go, with memory in the upper half none; both say 0 done.
# Measured  From dom0 by libxenctrl on a PVH domain that is paused.
# Matters   After "0 done" the driver knows neither the state of the extent nor its own count;
#           it has to ask for the count, or release page by page what is not known to be whole.
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
echo "populate 256 frames, lower half: $(memory "$domain" up 0 0x80200 256)"
echo "release 2 MiB: $(memory "$domain" down 9 0x80200)"
echo "populate 256 frames, upper half: $(memory "$domain" up 0 0x80500 256)"
echo "release 2 MiB: $(memory "$domain" down 9 0x80400)"
END
boot_xen
as_recorded <<'END'
populate 256 frames, lower half: done 256, count +256
release 2 MiB: done 0, count -256
populate 256 frames, upper half: done 256, count +256
release 2 MiB: done 0, count +0
END
