# SPDX-License-Identifier: GPL-2.0-only OR MIT
# How large the guest is: it follows the toolstack to the page, whatever the way.

# case boots pv pvh grow pod shim dom0 pvhdom0 hvm headless hvmpod arm64 arm64dom0 arm64big arm64bigdom0: boots with the balloon driver, which knows the domain's size
case_boots()
{
	ask "$1" 'dmesg | grep -q "Initialising balloon driver"' || fail "the driver says nothing"
	look "$1"
	measured "Xen counts $tot_pages pages, the guest $own_pages ($hidden_pages hidden)," \
		"asked for $asked_pages, static-max $(($(key "$1" memory/static-max) / 4))," \
		"populate-on-demand $pod_entries entries $pod_cache cached," \
		"$(ask "$1" 'head -n 1 /proc/meminfo' | tr -s ' ')"
	case $1 in
	pv | grow | *dom0) [ "$hidden_pages" = 0 ] || fail "$(guest=$1 disagreement $asked_pages)" ;;
	esac
	case $1 in
	*dom0) ;;
	shim)
		# 17 under Xen 4.17, 15 under 4.20
		[ $tot_pages -ge $asked_pages ] && [ $tot_pages -le $((asked_pages + 17)) ] &&
			[ $tot_pages -le $max_pages ] || fail "$(guest=$1 disagreement $asked_pages)"
		[ "$(show "$1" info/state)" = settled ] || fail "$(show "$1" info/state): $(show "$1" info/reason)" ;;
	headless) [ $tot_pages -le $asked_pages ] && [ $tot_pages -gt $((asked_pages - 32)) ] ||
		fail "$(guest=$1 disagreement $asked_pages)" ;;
	*) agree "$1" "$(reachable "$1" $((asked_pages * 4)))" ;;
	esac
}

# case down pv pvh (shim) hvm headless arm64 arm64big: shrinks on xl mem-set
case_down() { mem_set "$1" 262144; }

# case up pv pvh (shim) hvm headless arm64 arm64big: grows back on xl mem-set
case_up()
{
	mem_set "$1" 262144
	mem_set "$1" 524288
}

# case odd pv pvh (shim) hvm headless arm64 arm64big: meets odd targets to the page
case_odd()
{
	mem_set "$1" 300004
	mem_set "$1" 300000
	mem_set "$1" 399996
	mem_set "$1" 262148
}

# case repeated pv pvh (shim) arm64 arm64big: goes down and up again and again without drifting
case_repeated()
{
	for round in 1 2 3; do
		mem_set "$1" 196608
		mem_set "$1" 524288
	done
}

# case moves grow pod hvmpod dom0 pvhdom0: moves down and up to the page, from memory below its maximum
case_moves()
{
	case $1 in
	grow) steps="200004 524288 300004 262144" ;;
	pod | hvmpod) steps="200004 524288 300004 262144" ;;
	*dom0) steps="600000 700004 786432" ;;
	esac
	for kib in $steps; do
		mem_set "$1" "$kib"
	done
}

# cycle GUEST KIB: to about KIB, which the toolstack asks for, and how it is mapped then.
cycle()
{
	probe move "$(domid "$1")" "$(reachable "$1" "$2")" 60 xl mem-set "$(domid "$1")" "${2}k" >/dev/null
	look "$1"
	mappings "$1"
}

# case superpages arm64 arm64big: has its 2 MiB mappings back after going down and up
case_superpages()
{
	stop "$1"	# what cases before this one have split stays split
	start "$1"
	mappings "$1"
	boot_maps=$large_maps boot_small=$small_maps boot_splits=$splits
	others=$((large_maps * 512 + small_maps - tot_pages))

	cycle "$1" 262144
	down_maps=$large_maps down_small=$small_maps down_splits=$((splits - boot_splits))

	cycle "$1" 524288
	# Xen does not count a large mapping that replaces a table of small ones, but
	# what is mapped and is not small is large.
	back_maps=$(((tot_pages + others - small_maps) / 512))
	measured "mappings of 2 MiB: $boot_maps at boot, $down_maps down, $back_maps back" \
		"($large_maps counted by Xen)"
	measured "of 4 KiB: $boot_small, $down_small, $small_maps"
	back_splits=$splits

	# And what can be split once more was large.
	cycle "$1" 262144
	measured "split on the way down: $down_splits, once more: $((splits - back_splits))"
	[ "$down_splits" -gt 0 ] && [ $((splits - back_splits)) -ge $down_splits ] &&
		[ $back_maps -ge "$boot_maps" ] || fail "$(paste -sd';' /run/measured)"
}

# case follows arm64dom0 arm64bigdom0: follows memory/target, and Xen maps as much as it reports
case_follows()
{
	# Its memory is mapped one to one and stays its own, so Xen's count does not change.
	look "$1"
	mappings "$1"
	others=$((large_maps * 512 + small_maps - own_pages))
	for kib in 600000 524288 786432 700004 786432; do
		was=$own_pages
		set_key "$1" memory/target $kib
		counts "$1" "$(whole "$1" $((kib / 4)))"
		mappings "$1"
		measured "$(mib $((was * 4))) -> $(mib $((own_pages * 4))) MiB," \
			"mapped $(mib $(((large_maps * 512 + small_maps - others) * 4)))"
		# Of what comes back Xen counts only the small mappings.
		[ $kib -gt 600000 ] || [ $((large_maps * 512 + small_maps)) = $((own_pages + others)) ] ||
			fail "Xen maps $((large_maps * 512 + small_maps - others)) pages of $own_pages"
	done
}

# turn_at GUEST KIB: on its way down to KIB, and below 431004 KiB, the guest is told
# to come back up to that. True if it had not reached KIB by then.
turn_at()
{
	local target=/local/domain/$(domid "$1")/memory/target

	move_by "$1" "$(reachable "$1" 431004)" sh -c "
		xenstore-write $target $2
		until eval \$(probe domain $(domid "$1")); [ \$tot_pages -lt 107000 ]; do :; done
		xenstore-write $target 431004"
	measured "turned at $(mib $((lowest_pages * 4))) MiB on the way to $(mib "$2")"
	[ "$lowest_pages" -gt $(($2 / 4)) ]
}

# case turns pv pvh arm64 arm64big: obeys the last target when it changes while moving
case_turns()
{
	target=/local/domain/$(domid "$1")/memory/target
	if ! turn_at "$1" 163840; then
		mem_set "$1" 524288	# a fast one: give it further to go
		turn_at "$1" 102400 || fail "it was at its target before it was told to turn: $(cat /run/measured)"
	fi
	move_by "$1" "$(reachable "$1" 300004)" sh -c "for kib in 131072 524288 204800 409600 300004; do
		xenstore-write $target \$kib; done"
}

# case gigabytes grow arm64 arm64big: grows past its start to a size given with the suffix G
case_gigabytes()
{
	xl mem-max "$(domid "$1")" 1024
	move_by "$1" $((262144 + $(cat "/run/guest/$1/hidden_pages"))) \
		probe ask "$(domid "$1")" 30 "echo 1G >$XEN_MEMORY/target"
	stop "$1"	# other cases get it as it was created
}

# wander GUEST ROUNDS MOVES: random moves from inside, and after each round one of xl's.
wander()
{
	local low=131072 high moves=0 compared=0 mib=0 round domid=$(domid "$1") total lost kib

	total=$(ask "$1" 'grep MemTotal /proc/meminfo')
	look "$1"
	high=$((own_pages * 4)) kib=$((tot_pages * 4))
	[ "$1" != grow ] || high=1048576
	seed=$(date +%s)
	for round in $(seq $2); do
		xl mem-max $domid $(((high + 1023) / 1024))
		out=$(probe ask $domid 900 "probe wander $3 $((seed + round)) $low $high 2>&1") ||
			fail "round $round, seed $((seed + round)): $out"
		eval "$out"
		moved=$((moved + moves)) checked=$((checked + compared)) sum=$((sum + moved_mib))
		[ $((round % 10)) != 1 ] || mem_set "$1" $((196608 + (seed + round * 7919) % 50000 * 4)) ||
			fail "after round $round, seed $((seed + round)): $(cat /run/reason)"
	done
	rm -f /run/measured
	mem_set "$1" $kib
	measured "$moved moves of $sum MiB in all, $checked compared, seed $seed"
	[ "$(ask "$1" 'grep MemTotal /proc/meminfo')" = "$total" ] ||
		fail "$total before, now $(ask "$1" 'grep MemTotal /proc/meminfo')"
	lost=$(show "$1" info/quarantined_kb) || lost=0		# not in stock
	[ "$lost" = 0 ] || fail "$lost KiB are quarantined"
}

# case wanders pv pvh (grow): agrees with Xen to the page after each of some hundred random moves
case_wanders() { wander "$1" 2 100; }

# extra wanders10000 pv pvh grow: agrees with Xen to the page after each of 10,000 random moves
case_wanders10000() { wander "$1" 100 100; }
