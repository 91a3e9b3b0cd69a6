# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Beyond what the guest was started with: memory sections that are added, come online,
# go offline and come back. Each case ends with the guest, which is larger then.
MEMORY=/sys/devices/system/memory

# grow_to GUEST KIB: as XAPI does it; xl mem-set asks for no more than static-max, and
# lowers the hard limit.
grow_to()
{
	xl mem-max "$(domid "$1")" 1200
	move_by "$1" $(($2 / 4)) xenstore-write "/local/domain/$(domid "$1")/memory/target" "$2"
}

# online_by GUEST online|offline: new sections are put online by the kernel, or not.
online_by() { ask "$1" "echo $2 >$MEMORY/auto_online_blocks" || fail "auto_online_blocks"; }

# block_states GUEST: "online=N offline=N waits=BLOCK", one that is offline, if any is
block_states()
{
	ask "$1" "cd $MEMORY && echo \"online=\$(grep -lx online memory*/state | wc -l)\" \
		\"offline=\$(grep -lx offline memory*/state | wc -l)\" \
		\"waits=\$(grep -lx offline memory*/state | head -n 1)\""
}

# says GUEST WORD [SECS]: info/state says so, within 10 s or what is given.
says()
{
	local end=$(($(now) + ${3:-10} * slow)) state

	while state=$(show "$1" info/state); [ "$state" != "$2" ]; do
		[ "$(now)" -lt $end ] || fail "info/state says $state, not $2"
		usleep 50000
	done
}

# stays GUEST PAGES: Xen counts PAGES now and in a second.
stays()
{
	agree "$1" "$2"
	sleep 1
	agree "$1" "$2"
}

# online GUEST: all that is offline.
online()
{
	ask "$1" "for f in $MEMORY/memory*/state; do
		! grep -q offline \$f || echo online >\$f || exit; done" || fail "a block does not come online"
}

# extra beyond pv pvh: grows beyond its start and comes back, with new memory put online by the kernel or by hand, and some offline for a while
case_beyond()
{
	online_by "$1" online
	eval "$(block_states "$1")"
	boot_blocks=$online
	grow_to "$1" 700004
	eval "$(block_states "$1")"
	measured "$boot_blocks memory blocks at boot, $online now"
	[ "$online" -gt "$boot_blocks" ] && [ "$offline" = 0 ] || fail "$online blocks are online, $offline not"
	mem_set "$1" 262148
	grow_to "$1" 700004

	# One that is offline keeps its memory, and the guest moves without it. None goes
	# offline that holds a page of the kernel's, or one that is still in the balloon.
	online_by "$1" online_movable
	full=$((229376 - $(unpopulated "$1")))		# seven blocks
	grow_to "$1" $((full * 4))
	# Where no other allocator has them, extra regions of the memory map are in the balloon.
	full=$((full + $(show "$1" info/low_kb) / 4))
	grow_to "$1" $((full * 4))
	movable=$(ask "$1" "grep -lx Movable $MEMORY/memory*/valid_zones")
	ask "$1" "echo offline >${movable%/*}/state" || fail "${movable%/*} does not go offline"
	stays "$1" $full
	mem_set "$1" 400000
	grow_to "$1" 600004
	online "$1"
	stays "$1" 150001
	grow_to "$1" 700004

	online_by "$1" offline
	set_key "$1" memory/target 1100004	# of 1200 MiB that it may have
	says "$1" waiting
	eval "$(block_states "$1")"
	[ "$offline" = 2 ] || fail "$offline new blocks wait to be put online"
	had=$(($(show "$1" info/current_kb) / 4))
	stays "$1" $((had + $(cat "/run/guest/$1/hidden_pages")))
	ask "$1" "echo online >$MEMORY/$waits" || fail "$waits does not come online"
	says "$1" waiting
	counts "$1" $((had + 32768))
	online "$1"
	counts "$1" $((275001 - $(cat "/run/guest/$1/hidden_pages")))
	stays "$1" 275001
	mem_set "$1" 300000
	grow_to "$1" 900004
	stop "$1"
}

# extra movable pv pvh: half of whose memory is movable, which inflation cannot take, goes as low as the rest permits, and kills nothing
case_movable()
{
	online_by "$1" online_movable
	grow_to "$1" 1048576
	for mib in 620 580 550 530 514; do
		set_key "$1" memory/target $((mib * 1024))
		sleep 3
		ask "$1" "dd if=/dev/zero of=/dev/null bs=8M count=1 2>&1" >/dev/null || fail "at $mib MiB a program of 8 MiB fails"
	done
	says "$1" short
	look "$1"
	measured "stays at $((own_pages / 256)) MiB, $(ask "$1" "awk '/^Node/ { z = \$4 } /nr_free_pages/ { printf \"%s %d MiB free \", z, \$2 / 256 }' /proc/zoneinfo")"
	killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
	[ "$killed" = 0 ] || fail "$killed were killed"
	grow_to "$1" 1048576
	stop "$1"
}

# extra pool pvh: that uses up its paging pool at Xen, as the host has no 2 MiB in one piece, says so, is not counted for memory that it has not got, and comes back
case_pool()
{
	local hog guest=${1}small

	stop "$1"
	# As maxmem does it that is a twelfth of what the guest grows to.
	config="shadow_memory = 1" start "$guest"
	online_by "$guest" online
	out=$(probe hog 16 2>&1) || fail "hog: $out"
	eval "$out"
	hog=$domid
	trap "probe unhog $hog; stop $guest" EXIT
	xl mem-max "$(domid "$guest")" 700
	set_key "$guest" memory/target 716800
	says "$guest" stopped 60
	look "$guest"
	why=$(show "$guest" info/reason)
	measured "$why at $(mib $((tot_pages * 4))) MiB, $((hidden_pages - $(cat "/run/guest/$guest/hidden_pages"))) pages counted that it does not know"
	stopped_at=$tot_pages
	[ "$tot_pages" -lt 179200 ] || fail "the pool is large enough"
	sleep 62	# it looks once a minute
	look "$guest"
	measured "a minute later $((tot_pages - stopped_at)) more"
	[ "$why" = paging-pool ] && [ "$tot_pages" = "$stopped_at" ] || fail "$(paste -sd';' /run/measured)"
	# What is left of a superpage takes a page of the pool to be mapped, so some
	# may stay; but then it does not say that it is settled.
	set_key "$guest" memory/target 131072
	sleep 20
	look "$guest"
	why=$(show "$guest" info/state)
	measured "back: $tot_pages pages counted for 32768, $why $(show "$guest" info/reason)"
	[ "$tot_pages" -le 33280 ] || fail "$(paste -sd';' /run/measured)"
	[ "$tot_pages" -gt 32768 ] || why=not-$why
	[ "$why" != settled ] || fail "$(paste -sd';' /run/measured)"
	lost=$(show "$guest" info/quarantined_kb)
	[ "$lost" = 0 ] || fail "$lost KiB are quarantined"
	# With what it released it grows again, as far as that goes.
	move_by "$guest" 65536 xenstore-write "/local/domain/$(domid "$guest")/memory/target" 262144
	stop "$guest"
}

# lockdep addresses pv: with a target beyond the addresses of its kernel (CONFIG_XEN_MEMORY_HOTPLUG_LIMIT) uses all of these, says so, and comes back
case_addresses()
{
	local most

	online_by "$1" online
	eval "$(block_states "$1")"
	boot_blocks=$online
	look "$1"
	most=$((own_pages + $(show "$1" info/low_kb) / 4))
	ask "$1" 'dmesg -c >/dev/null'
	grow_to "$1" 600004
	for size in 1100M 4T; do
		store "$1" target $size
		says "$1" stopped 60
		[ "$(show "$1" info/reason)" = no-addresses ] || fail "it stops at $size, $(show "$1" info/reason)"
	done
	eval "$(block_states "$1")"
	most=$((most + (online - boot_blocks) * 32768))
	measured "$boot_blocks memory blocks, then $online; $(ask "$1" "dmesg | grep 'no address'")"
	[ "$online" -gt "$boot_blocks" ] && [ $((most * 4)) -le "$(show "$1" info/largest_kb)" ] ||
		fail "$(paste -sd';' /run/measured)"
	[ "$(ask "$1" "dmesg | grep -c 'no addresses'")" = 1 ] || fail "$(paste -sd';' /run/measured)"
	counts "$1" $most
	stays "$1" $((most + $(cat "/run/guest/$1/hidden_pages")))
	mem_set "$1" 262144
	grow_to "$1" 700004
	stop "$1"
}

# watermarks GUEST: of each zone that has memory: name, min, low, high, and the batch of its lists.
watermarks()
{
	ask "$1" "awk '/^Node/ { zone = \$4 } /^ +(min|low|high) / { w[\$1] = \$2 } /^ +managed / { managed = \$2 }
		/^ +batch:/ { if (managed > 0 && !seen[zone]++) print zone, w[\"min\"], w[\"low\"], w[\"high\"], \$2 }' /proc/zoneinfo"
}

# same_watermarks GUEST STEP: they are as the kernel computes them, within a page.
same_watermarks()
{
	watermarks "$1" >/run/followed
	ask "$1" 'cat /proc/sys/vm/min_free_kbytes >/run/kb && cat /run/kb >/proc/sys/vm/min_free_kbytes' || fail "min_free_kbytes"
	watermarks "$1" >/run/computed
	paste -d ' ' /run/followed /run/computed | awk '
		$1 != $6 { exit 1 }
		{ for (i = 2; i < 6; i++) { d = $i - $(i + 5); if (d > 1 || d < -1) exit 1 } zones++ }
		END { exit !zones }' ||
		fail "$2: $(paste -s -d ';' /run/followed), not $(paste -s -d ';' /run/computed)"
	measured "$2: $(paste -s -d ';' /run/followed)"
}

# extra watermarks pv pvh: has the watermarks of its size after it grew beyond its start, and after it shrank
case_watermarks()
{
	online_by "$1" online
	grow_to "$1" 1048576
	same_watermarks "$1" "grown"
	mem_set "$1" 131072
	same_watermarks "$1" "shrunk"
	grow_to "$1" 700000
	same_watermarks "$1" "back"
	stop "$1"
}

# added GUEST: there are blocks that wait to be put online.
added()
{
	local end=$(($(now) + 60))

	while eval "$(block_states "$1")"; [ "$offline" = 0 ]; do
		[ "$(now)" -lt $end ] || fail "no memory block is added: $(ask "$1" 'cat /run/grab')"
		usleep 100000
	done
}

# comes_online GUEST PAGES: gntdev has its PAGES when all blocks are online.
comes_online()
{
	local end=$(($(now) + 60))

	until online "$1"; ask "$1" "grep -q 'got=$2 ' /run/grab"; do
		[ "$(now)" -lt $end ] || fail "gntdev waits for ever: $(ask "$1" 'cat /run/grab')"
		usleep 100000
	done
}

# extra limited pv pvh: grows to its hard limit on the way to a larger target, and on when the limit is raised
case_limited()
{
	store "$1" max_schedule_delay 1 && store "$1" max_retry_count 0
	xl mem-max "$(domid "$1")" 600
	eval "$(probe domain "$(domid "$1")")"
	move_by "$1" $max_pages xenstore-write "/local/domain/$(domid "$1")/memory/target" 700004
	says "$1" short
	move_by "$1" 175001 xl mem-max "$(domid "$1")" 700
	stop "$1"
}

# extra far pv pvh: with a target beyond any host, takes the memory that it may have, and keeps the memory that it needs
case_far()
{
	eval "$(probe domain "$(domid "$1")")"
	room=$((max_pages - tot_pages))
	was=$(ask "$1" "awk '/^MemAvailable/ { print \$2 }' /proc/meminfo")
	stored=$(($(show "$1" info/low_kb) / 4))
	eval "$(block_states "$1")"
	boot_blocks=$online
	for size in 64G 4T; do
		store "$1" target $size
		says "$1" short 120	# a second for each section of a PV guest
		move_by "$1" $max_pages true
		alive "$1" || fail "the guest is dead with a target of $size"
	done
	left=$(ask "$1" "awk '/^MemAvailable/ { print \$2 }' /proc/meminfo")
	eval "$(block_states "$1")"
	measured "$boot_blocks memory blocks, then $online, $stored pages in the balloon before, $room below the limit," \
		"$(mib "$was") MiB were available, $(mib "$left") are left"
	# Sections are added once the balloon is empty, unless Xen's limit comes first.
	[ $((online > boot_blocks)) = $((stored <= room)) ] && [ "$left" -gt $((was / 2)) ] || fail "$(cat /run/measured)"
	killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
	[ "$killed" = 0 ] || fail "$killed lines about OOM kills"
	mem_set "$1" 262144
	mem_set "$1" 524288
	stop "$1"
}

# extra sysctl pv pvh: with hotplug_unpopulated gives pages of new memory, waits for that to come online or to be interrupted, and stays as large as it is
case_sysctl()
{
	sysctl=/proc/sys/xen/balloon/hotplug_unpopulated
	start dom0
	had=$(unpopulated "$1")
	ask "$1" "echo 1 >$sysctl"
	online_by "$1" online
	begin "$1" grab "grab 20224"
	eval "$(ask "$1" 'cat /run/grab')"
	[ "$got" = 20224 ] || fail "gntdev got $got pages, error $error"
	gives "$1" "$had" 20224
	stays "$1" 131072
	finish "$1" grab
	exchange dom0 "$1" "$1" 0
	to_the_page "$1"

	# These it waits for.
	ours "$1" || return 0
	online_by "$1" offline
	for step in "60160 online" "200192 kill"; do
		ask "$1" "probe grab ${step% *} >/run/grab 2>&1 & echo \$! >/run/grab.pid"
		added "$1"
		[ "$(ask "$1" 'cat /run/grab')" = "" ] || fail "it does not wait: $(ask "$1" 'cat /run/grab')"
		stays "$1" 131072
		[ "${step#* }" = kill ] || comes_online "$1" "${step% *}"
		finish "$1" grab
		gives "$1" "$had" 0
		measured "$step: $(ask "$1" 'head -n 1 /run/grab')"
	done
	stop "$1"
}

# selftest GUEST: the kernel's own, which offlines a block and puts all online again.
selftest()
{
	out=$(probe ask "$(domid "$1")" 300 "bash /selftest.sh 2>&1") || fail "the selftest fails:" $out
	measured "$(echo "$out" | grep -c 'online->offline') tries to offline," \
		"$(echo "$out" | grep -c Success) blocks went and came"
	echo "$out" | grep -q Success || fail "no block went offline:" $out
}

# extra selftest pv pvh: passes the kernel's selftest of memory hotplug, with memory of its start, with more, and with a part ballooned out
case_selftest()
{
	cat /guest/initrd /guest/selftest >/run/guest/initrd
	initrd=/run/guest/initrd start "$1"
	selftest "$1"
	stays "$1" 131072
	grow_to "$1" 900004
	selftest "$1"
	stays "$1" 225001
	mem_set "$1" 700004
	selftest "$1"
	stays "$1" 175001
	mem_set "$1" 262144
	grow_to "$1" 900004
	rm /run/guest/initrd
	stop "$1"
}
