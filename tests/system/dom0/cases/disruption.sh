# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Disruption: the guest is saved, its memory read, its processors come and go, its
# targets change a thousand times a second, xenstore stands still, all while memory moves.

# as GUEST COMMAND: its output, or the case ends.
as() { out=$(ask "$1" "$2") || fail "$2: $out"; echo "$out"; }

# behind GUEST COMMAND: the same for one of the probe's that stays in the background; its pid.
behind()
{
	# to fill memory takes its time
	out=$(probe ask "$(domid "$1")" 120 "probe $2 2>&1" 2>&1) && eval "$out" && echo $pid || fail "$2: $out"
}

# hold GUEST KIB: a program holds so much memory, and knows what is in it.
hold() { held_kib=$2 held=$(behind "$1" "hold $2 7") || exit; }
held() { out=$(ask "$1" "probe held $held $held_kib 7") || fail "what memory held is lost $2: $out"; }

# still GUEST: wait until the toolstack is told that the guest has what it should have.
still()
{
	local end=$(($(now) + 20)) is

	while is="$(key "$1" data/balloon/target-kb) $(key "$1" data/balloon/current-kb) $(key "$1" data/balloon/state)"
	      [ "$is" != "$2 $2 settled" ]; do
		[ "$(now)" -lt $end ] || fail "asked for $2 KiB, it tells: $is"
		usleep 100000
	done
}

# sound GUEST LOW HIGH: it follows targets to the page, memory is its own, nothing is lost.
sound()
{
	local spare

	look "$1"
	held "$1" "at first"
	mem_set "$1" "$2"
	mem_set "$1" "$3"
	still "$1" "$3"
	# All that is free, with each page's own contents: no two pages are one frame.
	spare=$(as "$1" "awk '/MemFree/ { print int((\$2 - 16384) / 4) * 4 }' /proc/meminfo") || exit
	[ "$spare" -gt 4096 ] || fail "only $spare KiB to write"
	pid=$(behind "$1" "hold $spare 8") || exit
	out=$(probe ask "$(domid "$1")" 120 "{ probe held $pid $spare 8; rc=\$?; kill $pid; exit \$rc; } 2>&1" 2>&1) || fail "frames are mixed up: $out"
	held "$1" "after moves"
	[ "$(show "$1" info/quarantined_kb)" = 0 ] || fail "$(show "$1" info/quarantined_kb) KiB are quarantined"
	said=$(ask "$1" "dmesg | grep xen:balloon | grep -v Initialising | head -n 5; true")
	[ -z "$said" ] || fail "it says: $said"
}

# reaches GUEST PAGES SECS: Xen counts that within SECS, which it did after took_s.
reaches()
{
	local began=$(now)

	while look "$1"; [ $tot_pages != "$2" ]; do
		[ $(($(now) - began)) -le "$3" ] ||
			fail "$tot_pages pages and not $2 after $3 s, $(show "$1" info/state)"
		usleep 200000
	done
	took_s=$(($(now) - began))
	agree "$1" "$2"
}

# save GUEST: to /run/saved; it has ended then.
save()
{
	xl save "$(domid "$1")" /run/saved >/run/xl.log 2>&1 ||
		fail "xl save: $(grep -i error /run/xl.log | tr '\n' ' ')"
}

# restore GUEST CONFIG...: from /run/saved; carried_pages is Xen's count before it runs again.
restore()
{
	guest=$1
	shift
	xl restore -p -e "$@" /run/saved >/run/xl.log 2>&1 ||
		fail "xl restore: $(grep -i error /run/xl.log | tr '\n' ' ')"
	rm /run/saved
	xl domid "$guest" >"/run/guest/$guest/domid"
	eval "$(probe domain "$(domid "$guest")")"
	carried_pages=$tot_pages
	xl unpause "$(domid "$guest")"
}

# carry GUEST: saved to a file and restored.
carry()
{
	save "$1"
	restore "$1"
}

# What a save needs is a file in dom0's memory, so the guest is a small one.
save_small()
{
	guest=${1}small
	trap 'stop $guest; rm -f /run/saved' EXIT
	start $guest
	set -- $(guest_config $guest)
	full=$(($2 * 1024))
}

# extra saved pv pvh shim: is the same after it was saved and restored, whatever it was doing
case_saved()
{
	save_small "$1"
	hold $guest 8192

	carry $guest
	agree $guest "$(reachable $guest $full)"
	sound $guest 90004 $full
	measured "saved at its full size"

	mem_set $guest 100004
	carry $guest
	[ $carried_pages = "$(reachable $guest 100004)" ] || fail "restored with $carried_pages pages"
	agree $guest "$(reachable $guest 100004)"
	still $guest 100004
	sound $guest 90004 100000
	measured "saved below it"

	# Short: Xen grants it no more. A restored guest has the limit that goes with its target.
	# A shim spends its own memory then, for good.
	if [ "$1" != shim ]; then
		xl mem-max $guest 98
		set_key $guest memory/static-max $full	# which xl mem-max has lowered, too
		set_key $guest memory/target $full
		usleep 1500000
		state=$(show $guest info/state)
		[ "$state" = short ] || fail "above its limit it is $state"
		as $guest 'dmesg -c >/dev/null'	# where it says so
		carry $guest
		reaches $guest "$(reachable $guest $full)" 30
		sound $guest 90004 $full
		measured "saved while short"
	fi

	# gntdev holds pages without memory; the kernel may have others for it than ours.
	keeper=$(behind $guest "take 600") || exit
	mem_set $guest 100004
	carry $guest
	agree $guest "$(reachable $guest 100004)"
	as $guest "kill $keeper" >/dev/null
	sound $guest 90004 $full
	measured "saved with 600 unpopulated pages"
}

# extra savedmoving pv pvh: is the same after it was saved and restored in the middle of a move, both ways
case_savedmoving()
{
	local down=0 up=0 between=0 round low high

	save_small "$1"
	hold $guest 8192
	hidden=$(cat /run/guest/$guest/hidden_pages)
	low=86016 high=$((full - hidden * 4))
	as $guest 'rm -f /run/swung' >/dev/null
	swinger=$(behind $guest "swing $low $high") || exit
	for round in 1 2 3 4 5 6 7 8; do
		usleep $((400000 + round * 70000))
		carry $guest
		held $guest "in round $round"
		[ $carried_pages = $((low / 4 + hidden)) ] || [ $carried_pages = $((high / 4 + hidden)) ] ||
			between=$((between + 1))
		down=$(ask $guest "grep -c $low /run/swung"); up=$(ask $guest "grep -c $high /run/swung")
		[ $between -ge 2 ] && [ "$down" -gt 0 ] && [ "$up" -gt 0 ] && break
	done
	as $guest "kill $swinger" >/dev/null
	measured "saved $round times, $down of them on the way down and $up up, $between between the two"
	[ $between -ge 1 ] || fail "$(tail -n 1 /run/measured)"
	sound $guest 90004 $full
}

# descend GUEST KIB PERCENT: told to go there, and does so with so much of a processor.
descend()
{
	pace "$1" "$3"
	xl mem-set "$(domid "$1")" "$2k"
}

# pace GUEST PERCENT: so much of a processor, also when it is restored; 0: as it likes.
pace() { xl sched-credit2 -d "$(domid "$1")" -c "$2" || fail "xl sched-credit2"; }

# extra savedatonce pv pvh: is whole after xl mem-set and xl save at once, at twenty moments of the way down
case_savedatonce()
{
	local round

	save_small "$1"
	hold $guest 8192
	for round in $(seq 0 19); do
		mem_set $guest $full
		descend $guest 90004 20
		usleep $((round * 50000))
		carry $guest
		pace $guest 0
		held $guest "in round $round"
		[ $carried_pages = 22501 ] || fail "restored with $carried_pages pages in round $round"
	done
	rm -f /run/measured
	sound $guest 90004 $full
	measured "saved $((round + 1)) times"
}

# stuck GUEST KIB: told to go to KIB, it does not come so far, and says so.
stuck()
{
	local end=$(($(now) + 30 * slow))

	xl mem-set "$(domid "$1")" "$2k"
	until [ "$(show "$1" info/state)" = stopped ]; do
		[ "$(now)" -lt $end ] || fail "told to go to $2 KiB it is $(show "$1" info/state)"
		usleep 200000
	done
}

# saved_above GUEST HOW: saved above its target, it tells the memory= that its image needs, in MiB.
saved_above()
{
	local log="/var/log/xen/console/guest-$1.log" mib kib

	mib=$(as "$1" 'xen-balloon status' | sed -n 's/^an image saved now needs memory=\([0-9]*\) to be restored$/\1/p')
	[ -n "$mib" ] || fail "$2: xen-balloon status does not tell that an image needs more"
	sleep 2
	kib=$(key "$1" data/balloon/restore-kb)
	[ $(((kib + 1023) / 1024)) = "$mib" ] || fail "$2: data/balloon/restore-kb is $kib, memory= $mib"
	save "$1"
	told=$(sed -n 's/.*xen:balloon: saved at .* restore it with memory=\([0-9]*\).*/\1/p' "$log" | tail -n 1)
	[ "$told" = "$mib" ] || fail "$2: memory=$mib, but it said before: $(grep xen:balloon "$log" | tail -n 1)"
	! xl restore -p -e /run/saved >/run/xl.log 2>&1 || fail "$2: it is restored as it is"
	sed "s/memory = .*/memory = $mib/; s/maxmem = .*/maxmem = 128/" "/run/guest/$1/cfg" >/run/cfg
	restore "$1" /run/cfg
	held "$1" "$2"
	reaches "$1" $((mib * 256)) 10
	measured "$2: restored with memory=$mib"
}

# extra savedabove pv pvh: is whole if it was saved above its target and restored with the memory that it named, or saved with its target raised
case_savedabove()
{
	local other

	save_small "$1"
	hold $guest 8192
	stuck $guest 1024
	saved_above $guest "at its floor"

	mem_set $guest $full
	other=$(behind $guest "hold 40960 9") || exit
	stuck $guest 81920
	saved_above $guest "with its memory held"
	as $guest "probe held $other 40960 9" >/dev/null

	stuck $guest 81920
	mem_set $guest 114688
	carry $guest
	as $guest "probe held $other 40960 9; kill $other; dmesg -c >/dev/null" >/dev/null
	sound $guest 90004 $full
	measured "saved with its target raised"
}

# extra savedgrown grow: is the same after it was saved and restored with memory that was hotplugged
case_savedgrown()
{
	save_small "$1"
	hold $guest 8192
	xl mem-max $guest 384
	mem_set $guest 262144
	carry $guest
	agree $guest 65536
	sound $guest 90004 262144
	xl mem-max $guest 384
	mem_set $guest 300004
	measured "saved at 256 MiB, 96 at its start"
}

# extra checkpointed pv pvh: goes on as before after xl save -c, which suspends it and does not end it
case_checkpointed()
{
	local round low high

	save_small "$1"
	hold $guest 8192
	mem_set $guest 100004
	low=86016 high=$((full - $(cat /run/guest/$guest/hidden_pages) * 4))
	for round in settled moving moving; do
		[ $round = settled ] || [ -n "$swinger" ] || swinger=$(behind $guest "swing $low $high") || exit
		xl save -c "$(domid $guest)" /run/saved >/run/xl.log 2>&1 ||
			fail "xl save -c: $(grep -i error /run/xl.log | tr '\n' ' ')"
		rm /run/saved
		# xl tells nobody by its status that it could not resume it.
		eval "$(probe domain "$(domid $guest)")"
		[ "$state" = alive ] ||
			fail "after xl save -c ($round) it is $state ($reason): $(tail -n 3 /run/xl.log | tr '\n' ' ')"
		held $guest "$round"
	done
	as $guest "kill $swinger" >/dev/null
	sound $guest 90004 $full
}

# migrate GUEST: live, to the same host.
migrate()
{
	xl migrate -e -s '' "$(domid "$1")" 'xl migrate-receive -e' >/run/xl.log 2>&1 ||
		fail "xl migrate: $(grep -i error /run/xl.log | tr '\n' ' ')"
	xl domid "$1" >"/run/guest/$1/domid"
}

# extra migrated pvh: is the same after it was migrated live to the same host
case_migrated()
{
	save_small "$1"
	hold $guest 8192
	for kib in $full 100004; do
		mem_set $guest $kib
		migrate $guest
		agree $guest $((kib / 4))
		sound $guest 90004 $full
	done
}

# A page that was copied before it left is there on the other side, too, and counts.
# sink GUEST HIGH LOW: it goes down in steps, for some 4 s; the pid of who does that.
sink()
{
	local step="kib=\$((kib - 1024)); echo \$kib >$XEN_MEMORY/target_kb; usleep 100000"

	as "$1" "(kib=$2; while [ \$kib -gt $3 ]; do $step; done) </dev/null >/dev/null 2>&1 & echo \$!"
}

# extra migratedmoving pvh: is the same after it was migrated live to the same host while it shrank, or Xen's tools gave that up
case_migratedmoving()
{
	local high sinker round through=0 given_up=0 kib=0

	save_small "$1"
	hold $guest 8192
	high=$((full - $(cat /run/guest/$guest/hidden_pages) * 4))
	for round in 1 2 3 4 5 6; do
		sinker=$(sink $guest $high $((high - 40960))) || exit
		usleep $((round * 200000))
		if (migrate $guest); then
			through=$((through + 1))
		# It asks which pages there are, and then maps them: one may go in between.
		elif grep -q 'Mapping of pfn .* failed' /run/xl.log; then
			given_up=$((given_up + 1))
		else
			fail "$(cat /run/reason)"
		fi
		xl domid $guest >/run/guest/$guest/domid
		held $guest "in round $round"
		# xl has brought the target of before, so it may be on its way up.
		ask $guest "kill $sinker 2>/dev/null" >/dev/null
		mem_set $guest 100004
		kib=$(as $guest "dmesg | sed -n 's/.*xen:balloon: resumed with memory for \([0-9]*\) KiB .*/\1/p'" | awk '{ sum += $1 } END { print sum + 0 }')
		mem_set $guest $full
	done
	# What it says of that is no trouble; of anything else it is.
	as $guest "! dmesg | grep xen:balloon | grep -v -e Initialising -e 'resumed with memory'" >/dev/null
	as $guest "dmesg -c >/dev/null" >/dev/null
	sound $guest 90004 $full
	measured "$through times it was migrated, and gave $kib KiB up that Xen had found for it; $given_up times Xen's tools gave up and it went on"
	[ $through -gt 0 ] || fail "$(tail -n 1 /run/measured)"
}

# --- storms ----------------------------------------------------------------------------

# stormy GUEST SECS: 1,000 targets a second from sysfs, and from xenstore as many of that as it takes.
stormy()
{
	local low=262144 high=500000 began end worst=0 asked=0

	look "$1"
	began=$(now)
	turner=$(ask "$1" "(probe turn $2 1000 $low $high 300000 >/run/turned 2>&1; echo done >>/run/turned) </dev/null >/dev/null 2>&1 & echo \$!")
	probe storm "$(domid "$1")" "$2" 1000 $low $high 400004 >/run/stormed 2>&1 &
	local storm=$!
	# and still it answers
	while kill -0 $storm 2>/dev/null; do
		ask "$1" "cat $XEN_MEMORY/info/current_kb" >/dev/null || fail "it does not answer in the storm"
		asked=$((asked + 1))
		usleep 200000
	done
	wait $storm || fail "storm: $(cat /run/stormed)"
	end=$(($(now) + 120))
	until ask "$1" 'grep -q done /run/turned'; do
		[ "$(now)" -lt $end ] || fail "writing to sysfs takes forever"
		usleep 200000
	done
	out=$(ask "$1" 'head -n 1 /run/turned')
	measured "xenstore: $(cat /run/stormed); sysfs: $out; answered $asked times"
	eval "$out" || fail "turn: $out"
	[ $writes -gt $(($2 * 100)) ] || fail "only $writes targets in $2 s"
	# The last is the last.
	move_by "$1" "$(reachable "$1" 300004)" xenstore-write "/local/domain/$(domid "$1")/memory/target" 300004
	still "$1" 300004
}

# extra storm pv pvh: takes a thousand targets a second from xenstore and from sysfs at once, and ends at the last
case_storm() { stormy "$1" 3; }

# extra storm60 pv pvh: takes a thousand targets a second for a minute, from xenstore and sysfs at once
case_storm60() { stormy "$1" 60; }

# --- shortages -------------------------------------------------------------------------

# extra recovers pv pvh: continues after the host, or its hard limit, left it without memory in the middle of a move
case_recovers()
{
	local keeper

	# All that is free in the host is what this guest gives. It goes on trying.
	store "$1" max_retry_count 0
	store "$1" max_schedule_delay 8
	mem_set "$1" 450000
	eval "$(probe full)"
	trap 'probe unhog $keeper; [ -z "$second" ] || probe unhog $second; xl mem-max "$(domid "$guest")" 512' EXIT
	guest=$1 second=
	mem_set "$1" 300004
	xl mem-max "$(domid "$1")" 512
	set_key "$1" memory/target 524288
	usleep 3000000
	look "$1"
	[ $tot_pages -gt 100000 ] && [ $tot_pages -lt 131072 ] || fail "it stopped at $tot_pages pages"
	state=$(show "$1" info/state)
	[ "$state" = short ] || fail "it is $state"
	measured "$state at $(mib $((tot_pages * 4))) MiB"
	probe unhog $keeper
	keeper=
	reaches "$1" 131072 11
	measured "there $took_s s after Xen has memory"

	# The limit. After its tries it looks once a minute.
	store "$1" max_retry_count 4
	mem_set "$1" 300004
	xl mem-max "$(domid "$1")" 400
	set_key "$1" memory/target 524288
	usleep 20000000
	look "$1"
	[ $tot_pages = $max_pages ] || [ $tot_pages = $((max_pages - 1)) ] || fail "it stopped at $tot_pages pages of $max_pages"
	[ "$(show "$1" info/state)" = stopped ] || fail "it is $(show "$1" info/state)"
	measured "its limit holds it at $(mib $((tot_pages * 4))) MiB"
	xl mem-max "$(domid "$1")" 512
	reaches "$1" 131072 61
	measured "there $took_s s after it may"

	# No 2 MiB in one piece.
	mem_set "$1" 250004
	eval "$(probe hog 16)"
	keeper=$domid
	mem_set "$1" 400004
	probe unhog $keeper
	keeper=
	mem_set "$1" 524288
	store "$1" max_schedule_delay 32
}

# brink GUEST WHAT: a program takes all memory but a fiftieth, again and again.
brink()
{
	local end rounds churner

	ask "$1" 'dmesg -c >/dev/null'
	as "$1" 'grep -q " /run/tmpfs " /proc/mounts || { mkdir /run/tmpfs && mount -t tmpfs -o size=100% tmpfs /run/tmpfs; }' >/dev/null
	case $2 in
	tmpfs) path=/run/tmpfs/file ;;
	cache) path=/dev/ram0 ;;
	*) path=- ;;
	esac
	churner=$(behind "$1" "churn $2 2 $path") || exit
	xl mem-set "$(domid "$1")" 1m
	usleep 12000000
	no_kills "$1" "with $2"
	rounds=$(as "$1" 'cat /run/pressed')
	look "$1"
	measured "$2: $rounds rounds, at $(mib $((tot_pages * 4))) MiB, $(ask "$1" 'grep MemAvailable /proc/meminfo' | tr -s ' ')"
	as "$1" "kill $churner" >/dev/null
	no_kills "$1" "with $2 at the end"
	as "$1" 'rm -f /run/tmpfs/file; echo 3 >/proc/sys/vm/drop_caches' >/dev/null
	mem_set "$1" 524288
}

# extra brink pv pvh: told to go to 1 MiB, it kills nothing while programs, tmpfs or the page cache take all but a fiftieth of it
case_brink()
{
	extra=ramdisk_size=400000 start "$1"
	trap 'stop $guest' EXIT
	guest=$1
	for what in anon tmpfs cache; do
		brink "$1" $what
	done
}

# --- xenstore ---------------------------------------------------------------------------

# extra standstill pv pvh: moves on by sysfs while xenstored stands still for 20 s, and then follows the toolstack
case_standstill()
{
	local daemon id writer

	daemon=$(cat /run/xenstored.pid) id=$(domid "$1")
	swinger=$(behind "$1" "swing 262144 400000") || exit
	trap 'kill -CONT $daemon' EXIT
	kill -STOP "$daemon"
	xenstore-write "/local/domain/$id/memory/target" 300004 &
	writer=$!
	out=$(probe sizes "$id" 20) || fail "sizes: $out"
	kill -CONT "$daemon"
	wait $writer || fail "xenstored did not come back"
	eval "$out"
	measured "its size changed $changes times in 20 s, last $quiet_ms ms before the end"
	[ $changes -gt 20 ] && [ $quiet_ms -lt 4000 ] || fail "$(tail -n 1 /run/measured)"
	as "$1" "kill $swinger" >/dev/null
	mem_set "$1" 300004
	still "$1" 300004
}

# programs: which run as xenstored. A daemon may keep its process and execute the new program
# in it, which then has another stack (field 28 of stat).
programs()
{
	local pid

	for pid in $(pidof "$xenstored"); do
		echo "$pid:$(cut -d' ' -f28 "/proc/$pid/stat")"
	done
}

# replace_daemon: a new program takes over, or the case ends.
replace_daemon()
{
	local before end=$(($(now) + 20 * slow)) is

	before=$(programs)
	out=$(xenstore-control live-update -t 60 "$(command -v "$xenstored")" 2>&1) || fail "live update: $out"
	until is=$(programs) && [ -n "$is" ] && [ "$is" != "$before" ]; do
		[ "$(now)" -lt $end ] || fail "the same program runs as $xenstored after a live update: $is"
		usleep 100000
	done
	measured "$before -> $is"
}

# extra restarted pv pvh: follows the toolstack after xenstored was replaced by a new one that took over (live update)
case_restarted()
{
	mem_set "$1" 300004
	swinger=$(behind "$1" "swing 262144 400000") || exit
	for round in 1 2 3; do
		replace_daemon
		usleep 500000
	done
	as "$1" "kill $swinger" >/dev/null
	mem_set "$1" 350004
	still "$1" 350004
}

# --- who looks at memory, and processors ---------------------------------------------------

# extra watched pv pvh: has its memory read, dumped and compacted while it moves, without a fault
case_watched()
{
	local round

	mounted "$1" debugfs /sys/kernel/debug
	hold "$1" 65536
	mem_set "$1" 262144
	before=$(as "$1" 'probe flags') || exit
	eval "$before"
	look "$1"
	gone=$((130000 - own_pages))
	[ "$offline" -gt $((gone - 2000)) ] || fail "$offline pages are offline, $gone are gone"
	measured "at rest $before; $(as "$1" 'probe kcore')"
	swinger=$(behind "$1" "swing 262144 480000") || exit
	for round in 1 2 3; do
		out=$(probe ask "$(domid "$1")" $((120 * slow)) 'probe kcore 2>&1; probe flags 2>&1' 2>&1) || fail "$out"
		seen=$out
		as "$1" 'echo 1 >/proc/sys/vm/compact_memory' >/dev/null
		if ask "$1" '[ -d /sys/kernel/debug/page_tables ]'; then
			as "$1" 'cat /sys/kernel/debug/page_tables/* | wc -l' >/dev/null
		fi
		as "$1" 'cat /proc/vmallocinfo /proc/buddyinfo /proc/pagetypeinfo /proc/zoneinfo >/dev/null 2>&1; true' >/dev/null
	done
	measured "moving:" $seen
	as "$1" "kill $swinger" >/dev/null
	held "$1" "when it was watched"
	mem_set "$1" 200004
	xl dump-core "$(domid "$1")" /run/core >/run/xl.log 2>&1 ||
		fail "xl dump-core: $(tail -n 2 /run/xl.log | tr '\n' ' ')"
	measured "a core of $(($(wc -c </run/core) >> 20)) MiB"
	rm -f /run/core
	held "$1" "after xl dump-core"
	mem_set "$1" 524288
}

# extra processors pv pvh: moves to the page while a processor comes and goes
case_processors()
{
	vcpus=2 save_small "$1"
	hold $guest 8192
	swinger=$(behind $guest "swing 90000 110000") || exit
	out=$(ask $guest 'probe unplug 1 10') || fail "$out"
	measured "sysfs: $out"
	as $guest "kill $swinger" >/dev/null
	sound $guest 90004 $full
}

# --- many -------------------------------------------------------------------------------

# not twenty in debug: such a kernel is short of memory at 55 MiB, and these guests are to have 40
# not twenty in kasan: the same
# extra twenty pv pvh: is one of twenty that shrink and grow at once, each to the page
case_twenty()
{
	local nr kib

	# not local: the trap is for after the end, too
	all=
	stop "$1"
	trap 'for guest in $all; do stop $guest; done' EXIT
	for nr in $(seq 20); do
		all="$all ${1}tiny$nr"
		start ${1}tiny$nr
	done
	for kib in 40960 65536 50004 65536; do
		for guest in $all; do
			nr=${guest##*tiny}
			xenstore-write "/local/domain/$(domid $guest)/memory/target" $((kib == 65536 ? kib : kib + 4 * nr)) &
		done
		wait
		for guest in $all; do
			nr=${guest##*tiny}
			(reaches $guest $((kib == 65536 ? kib / 4 : kib / 4 + nr)) 60) || exit
		done
	done
	rm -f /run/measured
	measured "20 guests of 64 MiB, four moves each, $(probe free) pages free"
}

# --- boot -------------------------------------------------------------------------------

almost_nothing() { xenstore-write "/local/domain/$1/memory/target" 1024; }

# extra first pvh pod: boots when its first target is almost nothing, and keeps its floor
case_first()
{
	local floor

	trap 'stop $guest' EXIT
	guest=$1
	before=almost_nothing start "$1"
	usleep 2000000
	look "$1"
	# What start noted was on its way.
	echo $hidden_pages >"/run/guest/$1/hidden_pages"
	floor=$(($(show "$1" floor_kb) / 4))
	[ $own_pages -ge $floor ] || fail "it has $own_pages pages, its floor is $floor"
	[ $own_pages -lt $((floor + 8192)) ] || fail "it has $own_pages pages, far above its floor of $floor"
	measured "stays at $(mib $((own_pages * 4))) MiB"
	# Nor has it learned anything wrong, if it could learn.
	[ "$1" = pod ] || mem_set "$1" 300004
	stop "$1"
}

# kexec_initrd: /run/kexec.cpio, which holds the kernel and the initramfs for kexec, too.
kexec_initrd()
{
	mkdir -p /run/kexec/next
	ln -s /guest/kernel /guest/initrd /run/kexec/next/
	(cat /guest/initrd; cd /run/kexec && find . | cpio -o -H newc -L) >/run/kexec.cpio || fail "cpio"
}

# kexec GUEST: another kernel runs in it.
kexec()
{
	local end=$(($(now) + 60 * slow)) options

	options=$(ask "$1" "cat /proc/cmdline") || fail "no options"
	ask "$1" "(sleep 1; probe kexec /next/kernel /next/initrd '$options again') >/run/kexec.log 2>&1 & true"
	until ask "$1" 'grep -q again /proc/cmdline'; do
		[ "$(now)" -lt $end ] || fail "no other kernel runs: $(ask "$1" 'cat /run/kexec.log')"
		sleep 1
	done
}

# distro kexec hvm: that is ballooned starts another kernel by kexec, which has all its memory
case_kexec()
{
	local end

	kexec_initrd
	initrd=/run/kexec.cpio stays=yes start "$1"
	mem_set "$1" 262144
	xl mem-max "$(domid "$1")" 512	# what xl mem-set has set
	kexec "$1"
	# The new kernel follows memory/target, too, which is new after a soft reset: libxl builds
	# an HVM guest below its maximum with 1 MiB more than it asks for. Xen counts some pages
	# more, too, that the guest does not see.
	end=$(($(now) + 60))
	while look "$1"; [ "$tot_pages" != "$asked_pages" ]; do
		[ "$(now)" -lt $end ] ||
			fail "asked for $asked_pages pages, Xen counts $tot_pages, the guest $own_pages"
		sleep 1
	done
	[ "$asked_pages" = 65280 ] || [ "$asked_pages" = 65536 ] || fail "asked for $asked_pages pages"
	measured "$hidden_pages hidden pages, $(cat "/run/guest/$1/hidden_pages") before"
	echo $hidden_pages >"/run/guest/$1/hidden_pages"
	mem_set "$1" 524288
	written "$1" 1
	stop "$1"
}
