# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The guest comes first: not starved, not slowed down, not read by others.

# case starved pv pvh arm64 arm64big: survives a target of 1 MiB without an OOM kill, and comes back
case_starved()
{
	eval "$(probe move "$(domid "$1")" 256 60 xl mem-set "$(domid "$1")" 1024k)"
	alive "$1" || fail "the guest died, at $tot_pages pages"
	measured "stays at $(mib $((tot_pages * 4))) MiB, $(ask "$1" 'grep MemFree /proc/meminfo' | tr -s ' ')"
	killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
	[ "$killed" = 0 ] || fail "$killed lines about OOM kills"
	mem_set "$1" 524288
}

# not floor in kasan: with its shadow, and what it keeps from being used again, such a kernel stops at 200 MiB
# case floor pv pvh arm64 arm64big: keeps to a floor that is set, and goes below the default one without
case_floor()
{
	local low=65536

	# A kernel with checkers lives in no less.
	mounted "$1" debugfs /sys/kernel/debug
	ask "$1" '[ -e /sys/kernel/debug/kmemleak ]' && low=86016
	default=$(show "$1" floor_kb)
	hidden=$(cat "/run/guest/$1/hidden_pages")
	store "$1" floor_kb 262144 || fail "floor_kb cannot be written"
	move_by "$1" $((65536 + hidden)) xl mem-set "$(domid "$1")" ${low}k
	# lowered, it takes effect at once
	move_by "$1" "$(reachable "$1" $low)" probe ask "$(domid "$1")" 30 "echo 0 >$XEN_MEMORY/floor_kb"
	measured "$(ask "$1" 'grep MemFree /proc/meminfo' | tr -s ' ')"
	[ "$((default / 4 + hidden))" -gt $((low / 4)) ] || fail "the default floor is only $default KiB"
	store "$1" floor_kb "$default"
	mem_set "$1" 524288
	killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
	[ "$killed" = 0 ] || fail "$killed lines about OOM kills"
}

# moves_in MS GUEST: how long after memory/target is written the first page moves, the
# middle one of five, which is not what the host's other work makes of it.
moves_in()
{
	times=$(for kib in 300000 270000 300000 270000 300000; do
		eval "$(probe react "$(domid "$2")" $kib || echo react_us=999999999)"
		echo $react_us
		usleep 300000
	done | sort -n)
	middle=$(echo $times | cut -d' ' -f3)
	measured "moves $(percent $((middle / 10))) ms after memory/target is written" "(of" $times "us)"
	[ "$middle" -lt $(($1 * 1000)) ] || fail "$(tail -n 1 /run/measured)"
}

# 0.1 % of a minute, ns. What is tried again is so in the first seconds, so it is a bound of
# less than a minute, too.
QUIET=60000000

# quiet GUEST SECS TEXT [COMMAND...]: whatever could work for the driver uses less than that.
# By the guest's own account of each thread; when the host stops QEMU, that is the
# thread's time to the guest: measure again, after the command, up to five times.
quiet()
{
	local guest=$1 secs=$2 text=$3 round

	shift 3
	for round in 1 2 3 4 5; do
		out=$(probe ask "$(domid "$guest")" $((secs + 60)) "probe cpu $secs 2>&1" 2>&1) || fail "cpu: $out"
		eval "$out"
		[ $used_ns -ge $QUIET ] || break
		"$@"
	done
	measured "$text: $(share $used_ns) % of a CPU, all threads $(share $total_ns) % (most: $top)," \
		"in try $(show "$guest" retry_count), round $round"
	[ $used_ns -lt $QUIET ] || fail "$(tail -n 1 /run/measured)"
}
share() { awk "BEGIN { printf \"%.4f\", $1 / $in_ms / 10000 }"; }

# idle GUEST SECS: at its target, above its hard limit, below its floor.
idle()
{
	mem_set "$1" 262144
	quiet "$1" $2 "at its target" true

	trap "xl mem-max $(domid "$1") 512" EXIT
	xl mem-max "$(domid "$1")" 256
	eval "$(probe domain "$(domid "$1")")"
	hidden=$(cat "/run/guest/$1/hidden_pages")
	most=$(($(whole "$1" $((max_pages - hidden))) + hidden))
	move_by "$1" $most probe ask "$(domid "$1")" 30 "echo 400M >$XEN_MEMORY/target"
	quiet "$1" $2 "above its limit" store "$1" target 400M
	agree "$1" $most

	xl mem-max "$(domid "$1")" 512
	set_key "$1" memory/target 1024
	usleep 1500000
	look "$1"
	was=$tot_pages
	quiet "$1" $2 "below its floor" set_key "$1" memory/target 1024
	agree "$1" $was
	moves_in 100 "$1"
}

# not idle in debug: checkers cost more than the driver; it is held to this in kernels for use
# not idle in kasan: the same
# case idle (pv) pvh arm64 arm64big: costs no CPU, at its target or when that cannot be reached, and then moves at once
case_idle() { idle "$1" 6; }

# not minute in debug: as idle
# not minute in kasan: as idle
# extra minute pv pvh: costs no CPU for a minute, at its target or when that cannot be reached
case_minute() { idle "$1" 60; }

# written GUEST SEED: its free memory holds what SEED tells.
written()
{
	out=$(probe ask "$(domid "$1")" 120 "probe secret $2 2>&1" 2>&1) || fail "no memory is written: $out"
}

# kept GUEST SEED SPACING: the same, and a program keeps each SPACINGth page; its pid.
kept()
{
	out=$(probe ask "$(domid "$1")" 120 "probe keep $2 $3 2>&1" 2>&1) && eval "$out" && echo $pid ||
		fail "no memory is kept: $out"
}

# given GUEST SEED: how many pages of a domain that takes all the host's free memory hold
# what the guest had written (hits, pages).
given()
{
	out=$(probe received "$2" 2>&1) || fail "received: $out"
	eval "$out"
}

# not secrets in debug: what is free holds poison, so without scrub_pages there is nothing to see
# not secrets in kasan: with its shadow, and what it keeps from being used again, such a kernel stops at 200 MiB
# case secrets pv pvh: releases only pages that were cleared, and without scrub_pages uncleared ones
case_secrets()
{
	local seed=$(date +%s) keeper few most

	# The host is full, so that the next domain gets what the guest gives, and no more.
	mem_set "$1" 196608
	eval "$(probe full)"
	trap "probe unhog $keeper" EXIT

	written "$1" $seed
	mem_set "$1" 131072
	given "$1" $seed
	measured "of superpages another domain sees $hits pages in $pages"
	[ "$hits" = 0 ] && [ "$pages" -gt 16000 ] || fail "$(tail -n 1 /run/measured)"

	# With each 16th page in use there are few superpages except in 12 MiB that are left out, so
	# of 75 MiB most go in small extents; and with most others in use, too, there are too few
	# pages, so it tries again later.
	mem_set "$1" 196608
	seed=$((seed + 1))
	ask "$1" 'echo 0 >/proc/sys/vm/compaction_proactiveness'	# else superpages come back
	few=$(kept "$1" $seed 16) || exit
	superpages=$(ask "$1" "awk '{ n += \$14 + 2 * \$15 } END { print n }' /proc/buddyinfo")
	[ "$superpages" -le 12 ] || fail "the guest has $superpages free superpages"
	most=$(kept "$1" $seed 1) || exit
	store "$1" max_schedule_delay 1 && store "$1" max_retry_count 0
	set_key "$1" memory/target 120004
	usleep 2500000
	look "$1"
	short=$tot_pages tries=$(show "$1" retry_count)
	[ $short -gt 30001 ] || fail "there were enough pages"
	move_by "$1" 30001 probe ask "$(domid "$1")" 30 "kill $most"
	store "$1" max_schedule_delay 32 && store "$1" max_retry_count 4
	given "$1" $seed
	measured "of small extents, from $(mib $((short * 4))) MiB on in try $tries, $hits in $pages"
	[ "$hits" = 0 ] && [ "$pages" -gt 18000 ] || fail "$(tail -n 1 /run/measured)"

	# And this is what is seen when there is something to see.
	ask "$1" "kill $few"
	mem_set "$1" 196608
	store "$1" scrub_pages 0
	seed=$((seed + 1))
	written "$1" $seed
	mem_set "$1" 131072
	given "$1" $seed
	measured "without scrub_pages $hits in $pages"
	[ "$hits" -gt 12000 ] || fail "$(tail -n 1 /run/measured)"
	store "$1" scrub_pages 1
}

# no_kills GUEST WHEN: since its log was emptied the kernel has killed nothing.
no_kills()
{
	local killed said

	# grep -c fails when it counts 0
	killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
	[ "$killed" = 0 ] && return
	said=$(ask "$1" "dmesg | grep -i -e oom-killer -e 'out of memory' | head -n 2")
	fail "$killed lines about OOM kills $2: $said"
}

# press GUEST SECS: a target of 1 MiB while a program holds and rewrites all but a tenth.
press()
{
	local end rounds presser

	out=$(probe ask "$(domid "$1")" 150 "probe press 10 2>&1" 2>&1) && eval "$out" && presser=$pid ||
		fail "press: $out"
	ask "$1" 'dmesg -c >/dev/null'
	xl mem-set "$(domid "$1")" 1m
	end=$(($(now) + $2))
	while [ "$(now)" -lt $end ]; do
		sleep 5
		alive "$1" || fail "the guest does not answer any more"
		no_kills "$1" "after $(($(now) - end + $2)) s"
	done
	rounds=$(ask "$1" 'cat /run/pressed')
	look "$1"
	measured "$2 s, $rounds rounds, at $(mib $((tot_pages * 4))) MiB," \
		"$(ask "$1" 'grep MemAvailable /proc/meminfo' | tr -s ' ')"
	sleep 2
	[ "$(ask "$1" 'cat /run/pressed')" -gt "$rounds" ] || fail "the program stands still after $rounds rounds"
	ask "$1" "kill $presser" >/dev/null || fail "the program has gone"
	no_kills "$1" "at the end"
	stop "$1"
}

# case pressed pv pvh: told to go to 1 MiB while a program needs nine tenths of it, kills nothing
case_pressed() { press "$1" 15; }

# extra pressed600 pv pvh: told to go to 1 MiB while a program needs nine tenths of it, kills nothing for ten minutes
case_pressed600() { press "$1" 600; }
