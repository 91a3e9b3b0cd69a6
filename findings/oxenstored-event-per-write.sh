#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     oxenstored, which Debian's script prefers over xenstored, fires a watch once for each
#           write of a transaction, xenstored once for each key.
# Version   xenstored, oxenstored, xenstore-write, xenstore-watch 4.17.7+13 (Debian 12).
# Expected  A transaction becomes visible at once, so one key gives one event.
# Happens   Four writes of one key in one transaction (xenstore-write makes one of its
#           arguments): one event of xenstored, four of oxenstored, all with the last value.
# Measured  In dom0; xenstore-watch counts the events of the key, without the first, which
#           each watch has when it is registered.
# Matters   Events do not count changes: a driver that starts work for each of them does it
#           several times under one daemon and once under the other.
#
# Seen      The lines at the end of this file.

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU $KERNEL $XEN
xen_files
mkdir -p "$tmp/files/etc/xen"
cp "$tmp/unpacked/etc/xen/oxenstored.conf" "$tmp/files/etc/xen/"
for daemon in xenstored oxenstored; do
	echo "$daemon" >"$tmp/files/daemon"
	image <<'END'
xenstore-watch /watched >/tmp/events &
sleep 2
xenstore-write /watched/key 1 /watched/key 2 /watched/key 3 /watched/key 4
sleep 2
kill $!
echo "$(cat /daemon): $(grep -c key /tmp/events) events, value $(xenstore-read /watched/key)"
END
	boot_xen
	cat "$tmp/report" >>"$tmp/both"
done
mv "$tmp/both" "$tmp/report"
as_recorded <<'END'
xenstored: 1 events, value 4
oxenstored: 4 events, value 4
END
