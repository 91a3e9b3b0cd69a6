#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     xl mem-max rewrites memory/static-max of a domain that exists, up and down, and answers
#           "Success" when it fails; xl mem-set accepts a target of 0.
# Version   xl and libxl 4.17.7+13 (Debian 12), QEMU 7.2 without acceleration.
# Expected  static-max is what its name says; a failure has a reason; a target of 0 is refused.
# Happens   static-max follows each mem-max. A maximum below the target is refused with exit
#           status 1 and the error text "Success". mem-set 0 exits with 0 and writes target "0".
# Measured  On a PVH domain that is paused, xenstore read from dom0.
# Matters   A driver that reads static-max once at its start computes with an old value, and it
#           must bound a target from below by itself: nobody has done so before it.
#
# Seen      The lines at the end of this file.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL $XEN
xen_files
image <<'END'
domain=$(paused one 128 192)
show() {
	echo "$1: status $?, static-max $(xenstore-read "/local/domain/$domain/memory/static-max")," \
		"target $(xenstore-read "/local/domain/$domain/memory/target")"
}
show created
xl mem-max one 160
show "mem-max 160"
xl mem-max one 64 2>/tmp/errors
show "mem-max 64"
grep -o 'Domain.*: Success' /tmp/errors | sed 's/.*: //'
xl mem-max one 224
show "mem-max 224"
xl mem-set one 0
show "mem-set 0"
END
boot_xen
as_recorded <<'END'
created: status 0, static-max 196608, target 131072
mem-max 160: status 0, static-max 163840, target 131072
mem-max 64: status 1, static-max 163840, target 131072
Success
mem-max 224: status 0, static-max 229376, target 131072
mem-set 0: status 0, static-max 229376, target 0
END
