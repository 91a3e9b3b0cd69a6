# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The xenstore daemon, whichever it is: events, quotas, removed keys, reactions.

# uevents_of GUEST: how many events its kernel has sent so far; the driver's are one a move.
uevents_of() { ask "$1" "cat /sys/kernel/uevent_seqnum"; }

# extra transaction pv pvh: takes a target that one transaction writes a thousand times for one move
case_transaction()
{
	local path pairs= nr had
	path="/local/domain/$(domid "$1")/memory/target"

	mem_set "$1" 400004	# xl sets the hard limit, too, so the guest is to shrink
	still "$1" 400004
	had=$(uevents_of "$1")
	for nr in $(seq 1000); do
		pairs="$pairs $path 300004"
	done
	xenstore-write $pairs || fail "the transaction failed"
	counts "$1" $((300004 / 4 - $(cat "/run/guest/$1/hidden_pages")))
	still "$1" 300004
	usleep 2000000
	measured "$(($(uevents_of "$1") - had)) uevents"
	[ $(($(uevents_of "$1") - had)) = 1 ] || fail "$(tail -n 1 /run/measured)"
}

# extra prompt pv pvh: moves its first page soon after memory/target was written
case_prompt()
{
	local nr kib=400004

	mem_set "$1" $kib
	rm -f /run/measured
	for nr in $(seq 21); do
		kib=$((kib == 400004 ? 399000 : 400004))
		eval "$(probe react "$(domid "$1")" $kib)" || fail "nothing moved"
		echo "$react_us"
		still "$1" $kib
	done >/run/reactions
	rm -f /run/measured
	measured "$(sort -n /run/reactions | sed -n 11p) us to the first page, $(sort -n /run/reactions | tail -n 1) at most"
	[ "$(sort -n /run/reactions | sed -n 11p)" -lt $((500000 * slow)) ] || fail "$(cat /run/measured)"
}

# fill GUEST: nodes in data/fill, which the guest's quota is charged with, until it is full.
# Debian's daemons grant 1,000; oxenstored refuses what is beyond that to dom0, too.
fill()
{
	local path pairs row nr

	path="/local/domain/$(domid "$1")/data/fill"
	for row in $(seq 32); do
		pairs=
		for nr in $(seq 32); do
			pairs="$pairs $path/$row/$nr x"
		done
		xenstore-write $pairs 2>/dev/null || break
	done
	for nr in $(seq 33 70); do
		xenstore-write "$path/$row/$nr" x 2>/dev/null || return 0
	done
}

# room GUEST: without them.
room() { xenstore-rm "/local/domain/$(domid "$1")/data/fill"; }

# extra quota pv pvh: tells the toolstack its sizes within 5 s after its full quota of nodes has room again
case_quota()
{
	local path lines end took began
	path="/local/domain/$(domid "$1")"

	mem_set "$1" 400004
	still "$1" 400004
	xenstore-rm "$path/data/balloon"
	fill "$1"
	trap 'room $guest 2>/dev/null' EXIT
	guest=$1
	lines=$(ask "$1" "dmesg | wc -l")
	xenstore-write "$path/memory/target" 300004
	counts "$1" $((300004 / 4 - $(cat "/run/guest/$1/hidden_pages")))
	usleep 40000000
	[ "$(key "$1" data/balloon/target-kb)" = 0 ] || fail "the quota is not full"
	lines=$(($(ask "$1" "dmesg | wc -l") - lines))
	room "$1"
	trap - EXIT
	began=$(now) end=$(($(now) + 5 * slow))
	until [ "$(key "$1" data/balloon/target-kb) $(key "$1" data/balloon/state)" = "300004 settled" ]; do
		[ "$(now)" -le $end ] || fail "no report $(($(now) - began)) s after there was room"
		usleep 100000
	done
	measured "told after $(($(now) - began)) s; $lines lines in 40 s"
	[ "$lines" -le 6 ] || fail "$(tail -n 1 /run/measured)"
	still "$1" 300004
}

# extra removed pv pvh: writes keys that somebody removed with the next report
case_removed()
{
	local name

	mem_set "$1" 400004
	still "$1" 400004
	for name in target-kb current-kb state reason; do
		xenstore-rm "/local/domain/$(domid "$1")/data/balloon/$name"
	done
	mem_set "$1" 300004
	still "$1" 300004
	xenstore-read "/local/domain/$(domid "$1")/data/balloon/reason" >/dev/null || fail "no reason"
}
