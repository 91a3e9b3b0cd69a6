#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     In a PVH domain created with memory below maxmem, released pages do not leave the
#           domain: populate-on-demand (PoD) keeps them, and the call still reports success.
# Version   Xen and libxl 4.17.7+13 (Debian 12), QEMU 7.2 without acceleration.
# Expected  A page reported as released is no longer counted, as in a domain with memory=maxmem.
# Happens   The domain has fewer pages than its address space promises, so Xen puts a released
#           page into the domain's PoD cache instead of its own heap. The count stays the same.
#           Populating does not take it from there: with each turn the count grows by a page.
# Measured  From dom0 by libxenctrl on two PVH domains that are paused.
# Matters   Success of a release is no proof that the count has moved, so a driver that computes
#           its size from completed calls is off by all that PoD keeps.
#
# Seen      The lines at the end of this file.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL $XEN
xen_files
image <<'END'
for maxmem in 128 192; do
	domain=$(paused "max$maxmem" 128 $maxmem)
	echo "memory=128 maxmem=$maxmem"
	for frame in 0x80000 0x80001; do
		echo "populate: $(memory "$domain" up 0 $frame)"
		cached=$(memory "$domain" pod 0 0)
		echo "release: $(memory "$domain" down 0 $frame), PoD cache +$(($(memory "$domain" pod 0 0) - cached))"
	done
done
END
boot_xen
as_recorded <<'END'
memory=128 maxmem=128
populate: done 1, count +1
release: done 1, count -1, PoD cache +0
populate: done 1, count +1
release: done 1, count -1, PoD cache +0
memory=128 maxmem=192
populate: done 1, count +1
release: done 1, count +0, PoD cache +1
populate: done 1, count +1
release: done 1, count +0, PoD cache +1
END
