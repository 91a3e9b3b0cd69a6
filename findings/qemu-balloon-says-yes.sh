#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim     QEMU's "balloon" command reports success for a size of one byte, for one far above
#           the machine's memory, and with nobody in the guest to listen; query-balloon then
#           says "actual", and that number grows by itself when a DIMM is plugged in.
# Version   QEMU 7.2 (Debian 1:7.2+dfsg-7+deb12u18+b3), virtio-balloon-pci.
# Expected  An error outside some range, as xl mem-set has for a size above static-max, and an
#           "actual" that only a guest driver changes. Statistics not reported would be absent.
# Happens   Only 0 and negative sizes are refused. "actual" is the present size of memory less
#           the pages that the guest says it gave: a machine that never ran has 256 MiB, and
#           320 MiB after a DIMM of 64 MiB which no guest has accepted. Statistics that nobody
#           has reported are 2^64-1, which a sum or a graph takes for 16 EiB.
# Measured  By QMP on a machine that is not started (-S), so no guest takes part.
# Matters   A toolstack that moves from xenstore's target to QMP must check the range itself,
#           must not take success for progress, and must not read "actual" as a report of the
#           guest: with Xen that is the count of the hypervisor.
#
# Seen      {"return": {"actual": 268435456}}       at the start
#           {"return": {}}                          balloon 1 byte
#           {"return": {"actual": 268435456}}
#           {"return": {}}                          balloon 99999999999 bytes
#           {"return": {"actual": 268435456}}
#           {"error": ... "Parameter 'target' expects a size"}}     balloon 0
#           {"return": {"actual": 335544320}}       after the DIMM
#           18446744073709551615                    stat-free-memory

set -eu
# shellcheck source=findings/lib/machine.sh
. "$(dirname "$0")/lib/machine.sh"

# shellcheck disable=SC2086 # several words
fetch $QEMU
qemu -S -m 256,slots=1,maxmem=1024M -device virtio-balloon-pci,id=balloon -qmp stdio >"$tmp/answers" <<'END'
{"execute": "qmp_capabilities"}
{"execute": "query-balloon"}
{"execute": "balloon", "arguments": {"value": 1}}
{"execute": "query-balloon"}
{"execute": "balloon", "arguments": {"value": 99999999999}}
{"execute": "query-balloon"}
{"execute": "balloon", "arguments": {"value": 0}}
{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/balloon", "property": "guest-stats"}}
{"execute": "object-add", "arguments": {"qom-type": "memory-backend-ram", "id": "memory", "size": 67108864}}
{"execute": "device_add", "arguments": {"driver": "pc-dimm", "memdev": "memory", "id": "dimm"}}
{"execute": "query-balloon"}
{"execute": "quit"}
END
sed -n -e 's/\r$//' -e 's/.*"stat-free-memory": \([0-9]*\).*/\1/p' -e '/"stats"/d' -e '/"actual"/p' -e '/"error"/p' \
	-e '/"return": {}/p' "$tmp/answers" | sed -n '2,8p;11p' >"$tmp/report"
as_recorded <<'END'
{"return": {"actual": 268435456}}
{"return": {}}
{"return": {"actual": 268435456}}
{"return": {}}
{"return": {"actual": 268435456}}
{"error": {"class": "GenericError", "desc": "Parameter 'target' expects a size"}}
18446744073709551615
{"return": {"actual": 335544320}}
END
