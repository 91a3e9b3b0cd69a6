#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     Populating a guest frame that has memory succeeds, and Xen counts the page twice.
# Version   Xen 4.17.7+13 (Debian 12), QEMU 7.2 without acceleration.
# Expected  "0 done", as releasing an empty frame gives, or the old page freed.
# Happens   The call reports 1 done and the domain's count rises by one page, or by 512 for a
#           2 MiB extent over 512 small pages. Releasing the frame then gives one page back, and
#           a second release nothing: the old page stays allocated and has no address any more.
# Measured  From dom0 by libxenctrl on a PVH domain that is paused; no guest kernel runs.
#           xl mem-max gives room below the hard limit first.
# Matters   A balloon that loses track of one frame does not fail, it leaks until the domain
#           ends, and the leak stands in the hypervisor's count alone.
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
echo "populate an empty frame: $(memory "$domain" up 0 0x80000)"
echo "populate it again: $(memory "$domain" up 0 0x80000)"
echo "release it: $(memory "$domain" down 0 0x80000)"
echo "release it again: $(memory "$domain" down 0 0x80000)"
echo "populate 512 frames: $(memory "$domain" up 0 0x80200 512)"
echo "populate 2 MiB over them: $(memory "$domain" up 9 0x80200)"
echo "release 2 MiB: $(memory "$domain" down 9 0x80200)"
END
boot_xen
as_recorded <<'END'
populate an empty frame: done 1, count +1
populate it again: done 1, count +1
release it: done 1, count -1
release it again: done 0, count +0
populate 512 frames: done 512, count +512
populate 2 MiB over them: done 1, count +512
release 2 MiB: done 1, count -512
END
