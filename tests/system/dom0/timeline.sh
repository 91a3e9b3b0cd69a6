# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The plan of the time line of `make bench`: a guest sets its own targets and records its
# memory, so dom0 takes no part. From the host: $guest (pv, pvh), $memory (MiB), $period
# and $step (ms), $targets (KiB, colons between them). Tells
#	sample US ASKED CURRENT FREE
. ./lib.sh

guest_config() { echo "$1" "$memory" "$memory"; }

record()
{
	set -- "$1" $(echo "$targets" | tr : ' ')
	start "$1"
	ask "$1" "( (probe timeline $period $step ${*#"$1"}; echo \$? >/status) >/samples 2>/trouble & )"
	sleep $((($# * step) / 1000 + 1))
	[ "$(ask "$1" "cat /status")" = 0 ] || fail "recording: $(ask "$1" "cat /status /trouble")"
	from=1
	while part=$(ask "$1" "sed -n $from,$((from + 49))p /samples") || fail "samples: $part"
	      [ -n "$part" ]; do
		echo "$part" | sed 's/^/sample /' >&3
		from=$((from + 50))
	done
}

if (record "$guest"); then
	echo 1 0 >/run/verdict
else
	tell "lost timeline $(cat /run/reason)"
	echo 0 1 >/run/verdict
fi
