# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The plan of `make bench`. From the host: $guest (pv, pvh, arm64), $cases, $memory and $small
# (MiB), $floor (1: measure it, too). Tells for each move
#	move CASE DIRECTION MARK PAGES CPU_NS MS
# where marks MARK and MARK + 1 are around it for count.c, and for a floor
#	floor CASE DIRECTIONS ORDER MARK PAGES CALLS EXTENTS UP_US DOWN_US
# with MARK before it, MARK + 1 between down and up and MARK + 2 at its end. DIRECTIONS
# (up, down or both) are those that it is the floor of.
. ./lib.sh

# Else a guest's user space may not ask Xen for anything.
kernel_options=xen_privcmd.unrestricted=1

guest_config()
{
	case $1 in
	pod)	echo pvh "$small" "$memory" ;;
	arm64)	echo pvh "$memory" "$memory" ;;
	*)	echo "$1" "$memory" "$memory" ;;
	esac
}

echo 0 >/run/marks
next_mark() { nr=$(cat /run/marks); echo $((nr + $1)) >/run/marks; }

# A moment for what comes after the last page, and for Xen to clear a dead guest's memory.
settle() { usleep 300000; }

# move GUEST CASE DIRECTION MIB: the target goes to xenstore directly, without xl. What the
# guest has above what was asked (stock's PVH: 16 pages) stays the same.
move()
{
	local want=$(($4 * 256 + excess)) began

	settle
	next_mark 2
	eval "$(probe domain "$(domid "$1")")"
	began=$cpu_ns
	probe mark "$nr"
	if ! eval "$(probe move "$(domid "$1")" $want 900 xenstore-write \
		     "/local/domain/$(domid "$1")/memory/target" $(($4 * 1024)) || echo false)"; then
		alive "$1" || fail "the guest is dead"
		fail "the guest has $tot_pages pages, $want are asked for"
	fi
	settle
	probe mark $((nr + 1))
	eval "$(probe domain "$(domid "$1")")"
	[ "$tot_pages" = $want ] || fail "the guest left its target: $tot_pages pages, not $want"
	tell "move $2 $3 $nr $((tot_pages > from_pages ? tot_pages - from_pages : from_pages - tot_pages))" \
		"$((cpu_ns - began)) $ms"
}

# floor_of GUEST CASE DIRECTIONS ORDER [PAGES]: as much as the moves, while the guest is small.
floor_of()
{
	local pages=${5:-$(((memory - small) * 256))}

	[ "$floor" = 1 ] || return 0
	settle
	next_mark 3
	out=$(probe ask "$(domid "$1")" 900 "probe floor $4 $pages $nr 2>&1") ||
		fail "floor: $out"
	eval "$out"
	tell "floor $2 $3 $4 $nr $pages $calls $extents $up_us $down_us"
}

begin()
{
	start "$1"
	excess=$((tot_pages - asked_pages))
	[ $excess -ge 0 ] && [ $excess -le 16 ] ||
		fail "the guest starts $excess pages above what was asked"
}

case_fresh()
{
	begin "$1"
	move "$1" fresh down "$small"
	floor_of "$1" fresh both 9
	move "$1" fresh up "$memory"
}

# The same, and then a target that the driver's floor keeps it from.
case_quick()
{
	case_fresh "$1"
	! (move "$1" fresh down 1) || fail "the guest is said to have 1 MiB"
	tell "missed $(cat /run/reason)"
}

case_fragmented()
{
	begin "$1"
	out=$(probe ask "$(domid "$1")" 900 "probe fragment 16 2>&1") || fail "fragment: $out"
	move "$1" fragmented down "$small"
	floor_of "$1" fragmented both 3
	move "$1" fragmented up "$memory"
	superpages=$(ask "$1" "awk '{ n += \$14 + 2 * \$15 } END { print n }' /proc/buddyinfo")
	[ "$superpages" = 0 ] || fail "the guest has $superpages free superpages"
}

# All of the guest's free memory is page cache of a disk that was read once. A disk that
# nobody has open has none.
case_cached()
{
	extra=ramdisk_size=$((memory * 1024)) begin "$1"
	probe ask "$(domid "$1")" 900 "exec 3</dev/ram0 && dd if=/dev/ram0 of=/dev/null bs=1M 2>/dev/null || exit
		sleep 100000 <&3 >/dev/null 2>&1 &" || fail "the disk cannot be read"
	move "$1" cached down "$small"
	floor_of "$1" cached both 9
	move "$1" cached up "$memory"
}

hogged()
{
	settle
	out=$(probe hog 16 2>&1) || fail "hog: $out"
	eval "$out"
	hog=$domid
}

case_host_fragmented()
{
	begin "$1"
	hogged
	move "$1" host_fragmented down "$small"
	probe unhog "$hog"
	floor_of "$1" host_fragmented down 9
	hogged
	# Half of the host's free memory is in such extents; a page costs the same.
	floor_of "$1" host_fragmented up 3 $(((memory - small) * 128))
	move "$1" host_fragmented up "$memory"
	probe unhog "$hog"
}

# Without marks within: what the guest itself does from its first call to its last.
case_pod_boot()
{
	local pages=$(((memory - small) * 256))

	next_mark 2
	probe mark "$nr"
	(start pod) &
	until [ -s /run/guest/pod/domid ]; do usleep 20000; done
	eval "$(probe pod "$(domid pod)" $pages 900 || echo fail '"no populate-on-demand"')"
	wait $! || fail "$(cat /run/reason)"
	settle
	probe mark $((nr + 1))
	look pod
	[ $((tot_pages - asked_pages)) -le 16 ] || fail "$(guest=pod disagreement $asked_pages)"
	tell "move pod_boot down $nr $pages 0 $ms"
}

passed=0 failed=0
for name in $(echo "$cases" | tr : ' '); do
	[ $name = pod_boot ] && domain=pod || domain=$guest
	rm -f /run/reason
	if (case_$name $domain) >/run/case.log 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		tell "lost $name $(cat /run/reason 2>/dev/null || tail -n 1 /run/case.log)"
	fi
	stop $domain
	settle
done
echo "$passed $failed" >/run/verdict
