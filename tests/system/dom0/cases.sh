# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The cases. "# case NAME GUEST...: SENTENCE" is read by the host, too; $1 is the guest.
# Each starts from the guest's memory at creation (prepare in lib.sh).
. ./lib.sh

# Else a guest's user space may not ask Xen what it counts.
kernel_options=xen_privcmd.unrestricted=1

# case boots pv pvh grow pod dom0 hvm headless hvmpod arm64 arm64dom0 arm64big arm64bigdom0: boots with the balloon driver, which knows the domain's size
case_boots()
{
	ask "$1" 'dmesg | grep -q "Initialising balloon driver"' || fail "the driver says nothing"
	look "$1"
	measured "Xen counts $tot_pages pages, the guest $own_pages ($apart_pages apart)," \
		"asked for $asked_pages, static-max $(($(key "$1" memory/static-max) / 4))," \
		"populate-on-demand $pod_entries entries $pod_cache cached," \
		"$(ask "$1" 'head -n 1 /proc/meminfo' | tr -s ' ')"
	case $1 in
	pv | grow | *dom0) [ "$apart_pages" = 0 ] || fail "$(guest=$1 disagreement $asked_pages)" ;;
	esac
	case $1 in
	*dom0) ;;
	headless) [ $tot_pages -le $asked_pages ] && [ $tot_pages -gt $((asked_pages - 32)) ] ||
		fail "$(guest=$1 disagreement $asked_pages)" ;;
	*) agree "$1" "$(reachable "$1" $((asked_pages * 4)))" ;;
	esac
}

# documented: of each entry in the ABI documents "MODE PATH UNIT DEFAULT"; "-" if the
# last is no mere number.
documented()
{
	awk '
	/^What:/ { path = $2; entries++ }
	/^\t\tMode: / {
		number = match($0, /Default: [0-9]+[.]/) ? substr($0, RSTART + 9, RLENGTH - 10) : "-"
		gsub(/[.]/, "")
		print $2, path, $4, number
		told++
	}
	END { if (told != entries) print "entries without a mode:", entries - told }' ABI/*
}

# case documented pv pvh hvm arm64 arm64big: has the files that Documentation/ABI tells of, with those modes, units and defaults, and no others
case_documented()
{
	debug=/sys/kernel/debug
	mounted "$1" debugfs $debug
	documented >/run/documented
	cut -d' ' -f1,2 /run/documented | sort >/run/want
	# uevent and power/ are the driver core's
	ask "$1" "find $XEN_MEMORY $debug/xen-balloon -type f ! -name uevent ! -path '*/power/*' \
		-exec stat -c '0%a %n' {} +" | sort >/run/got
	diff /run/want /run/got >/run/differences ||
		fail "documented (-) and there (+):" $(grep '^[-+][0e]' /run/differences)

	numbers=0
	while read -r mode path unit default; do
		value=$(ask "$1" "cat $path")
		case $path in
		*_kb) [ "$unit" = KiB ] || fail "$path is in $unit" ;;
		esac
		[ "$default" != - ] || continue
		[ "$value" = "$default" ] || fail "$path is $value, its default is $default"
		numbers=$((numbers + 1))
	done </run/documented
	[ $numbers -gt 3 ] || fail "only $numbers defaults were compared"

	awk '/^\t\t===/ { table = !table } table && /^\t\t[a-z]/ { print $1 }' ABI/debugfs-xen-balloon >/run/want
	ask "$1" "cut -d' ' -f1 $debug/xen-balloon/stats" >/run/got
	diff /run/want /run/got >/run/differences ||
		fail "documented (-) and in stats (+):" $(grep '^[-+][a-z]' /run/differences)

	files=0
	for path in $(cut -d' ' -f2 /run/documented | grep "^$XEN_MEMORY"); do
		as_nobody "$1" "cat $path" >/dev/null || fail "$path is for root alone"
		! as_nobody "$1" "echo 1 >$path" >/dev/null || fail "$path is for anybody"
		files=$((files + 1))
	done
	! as_nobody "$1" "cat $debug/xen-balloon/stats" >/dev/null || fail "debugfs is for anybody"
	measured "$(wc -l </run/documented) files, $numbers defaults, $(wc -l </run/want) counters;" \
		"an ordinary user reads $files files"
}

# case down pv pvh hvm headless arm64 arm64big: shrinks on xl mem-set
case_down() { mem_set "$1" 262144; }

# case up pv pvh hvm headless arm64 arm64big: grows back on xl mem-set
case_up()
{
	mem_set "$1" 262144
	mem_set "$1" 524288
}

# case odd pv pvh hvm headless arm64 arm64big: meets odd targets to the page
case_odd()
{
	mem_set "$1" 300004
	mem_set "$1" 300000
	mem_set "$1" 399996
	mem_set "$1" 262148
}

# case repeated pv pvh arm64 arm64big: goes down and up again and again without drifting
case_repeated()
{
	for round in 1 2 3; do
		mem_set "$1" 196608
		mem_set "$1" 524288
	done
}

# case moves grow pod hvmpod dom0: moves down and up to the page, from memory below its maximum
case_moves()
{
	case $1 in
	grow) steps="200004 524288 300004 262144" ;;
	pod | hvmpod) steps="200004 524288 300004 262144" ;;
	dom0) steps="600000 700004 786432" ;;
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
	beside=$((large_maps * 512 + small_maps - tot_pages))

	cycle "$1" 262144
	down_maps=$large_maps down_small=$small_maps down_splits=$((splits - boot_splits))

	cycle "$1" 524288
	# Xen does not count a large mapping that replaces a table of small ones, but
	# what is mapped and is not small is large.
	back_maps=$(((tot_pages + beside - small_maps) / 512))
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

# case follows arm64dom0 arm64bigdom0: follows memory/target, and Xen maps as much as it says
case_follows()
{
	# Its memory is mapped one to one and stays its own, so Xen's count does not change.
	look "$1"
	mappings "$1"
	beside=$((large_maps * 512 + small_maps - own_pages))
	for kib in 600000 524288 786432 700004 786432; do
		was=$own_pages
		set_key "$1" memory/target $kib
		counts "$1" "$(whole "$1" $((kib / 4)))"
		mappings "$1"
		measured "$(mib $((was * 4))) -> $(mib $((own_pages * 4))) MiB," \
			"mapped $(mib $(((large_maps * 512 + small_maps - beside) * 4)))"
		# Of what comes back Xen counts only the small mappings.
		[ $kib -gt 600000 ] || [ $((large_maps * 512 + small_maps)) = $((own_pages + beside)) ] ||
			fail "Xen maps $((large_maps * 512 + small_maps - beside)) pages of $own_pages"
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

# case reads pv pvh arm64 arm64big: shows every attribute in sysfs, and they agree with each other
case_reads()
{
	for name in target target_kb floor_kb schedule_delay max_schedule_delay retry_count \
		    max_retry_count scrub_pages info/current_kb info/low_kb info/high_kb; do
		value=$(show "$1" $name) || fail "$name cannot be read: $value"
		case $value in
		'' | *[!0-9]*) fail "$name is not a number: $value" ;;
		esac
		measured "$name $value"
	done
	[ "$(show "$1" target)" = $(($(show "$1" target_kb) * 1024)) ] ||
		fail "target and target_kb differ"
}

# case writes pv pvh arm64 arm64big: obeys sysfs, in bytes, with suffixes and in KiB
case_writes()
{
	for step in "target 400M 102400" "target 300004K 75001" "target 419430400 102400" \
		    "target_kb 300008 75002" "target_kb 524288 0"; do
		set -- "$1" $step
		[ "$4" != 0 ] || break
		own=$(whole "$1" "$4")
		move_by "$1" $((own + $(cat "/run/guest/$1/apart_pages"))) \
			probe ask "$(domid "$1")" 30 "echo $3 >$XEN_MEMORY/$2"
		[ "$own_pages" = "$own" ] || fail "asked for $4 pages in $2, the guest has $own_pages"
	done
}

# case gigabytes grow arm64 arm64big: grows past its start to a size given with the suffix G
case_gigabytes()
{
	xl mem-max "$(domid "$1")" 1024
	move_by "$1" $((262144 + $(cat "/run/guest/$1/apart_pages"))) \
		probe ask "$(domid "$1")" 30 "echo 1G >$XEN_MEMORY/target"
	stop "$1"	# other cases get it as it was created
}

# tool GUEST STATUS ARGUMENTS: xen-balloon in the guest ends with STATUS; its words are in answer.
tool()
{
	local rc=0

	answer=$(ask "$1" "xen-balloon $3") || rc=$?
	[ $rc = "$2" ] || fail "xen-balloon $3 ends with $rc, not $2: $answer"
}

# tool_agrees GUEST: its JSON has what sysfs has.
tool_agrees()
{
	local name value

	tool "$1" 0 "status --json"
	for name in target_kb floor_kb retry_count max_retry_count schedule_delay max_schedule_delay \
		    scrub_pages deflate_on_oom info/current_kb info/low_kb info/high_kb info/quarantined_kb; do
		value=$(show "$1" $name) || value=null
		echo "$answer" | grep -qx "  \"${name#info/}\": $value," ||
			fail "$name is $value in sysfs, the tool says:" $answer
	done
	value=$(show "$1" info/state)
	echo "$answer" | grep -qx "  \"state\": \"$value\"" ||
		fail "the state is $value in sysfs, the tool says:" $answer
}

# case tool pv pvh arm64 arm64big: is shown and set by xen-balloon, which waits and tells why it stopped
case_tool()
{
	apart=$(cat "/run/guest/$1/apart_pages")
	for step in "256M 65536" "300004K 75001" "512M 131072"; do
		tool "$1" 0 "set --quiet ${step% *}"
		# at once: it has waited
		look "$1"
		own=$(whole "$1" "${step#* }")
		[ "$tot_pages" = $((own + apart)) ] || fail "after set $step: $(guest=$1 disagreement $own)"
		listed=$(xl list "$1" | awk 'NR == 2 { print $3 }')
		[ "$listed" = $((tot_pages / 256)) ] || fail "xl list says $listed MiB after set $step"
		tool_agrees "$1"
	done

	tool "$1" 5 "set 1M"
	[ "$(show "$1" info/current_kb)" = "$(show "$1" floor_kb)" ] || fail "not at its floor: $answer"
	measured "$(echo "$answer" | tail -n 1)"
	tool_agrees "$1"

	mem_set "$1" 262144
	xl mem-max "$(domid "$1")" 256 || fail "xl mem-max"
	tool "$1" 6 "set 400M"
	measured "$(echo "$answer" | tail -n 1)"
	xl mem-max "$(domid "$1")" 512
	tool "$1" 2 "set 16383P"

	before=$(show "$1" target_kb)
	rc=0
	answer=$(as_nobody "$1" "xen-balloon set 300M") || rc=$?
	[ $rc = 4 ] && [ "$(show "$1" target_kb)" = "$before" ] || fail "set as nobody ends with $rc: $answer"
	answer=$(as_nobody "$1" "id -un; xen-balloon status") || fail "status as nobody: $answer"
	[ "${answer%%asked *}" = "nobody
" ] || fail "status as nobody: $answer"
}

# case reports pv pvh: tells the toolstack in data/balloon how far it is, and of feature-balloon, which it may not write with xl, nothing
case_reports()
{
	mem_set "$1" 300000
	end=$(($(now) + 5))
	while is="$(key "$1" data/balloon/target-kb) $(key "$1" data/balloon/current-kb) $(key "$1" data/balloon/state)"
	      [ "$is" != "300000 300000 settled" ]; do
		[ "$(now)" -lt $end ] || fail "it tells: $is"
		usleep 100000
	done
	[ "$(key "$1" control/feature-balloon)" = 0 ] || fail "it writes control/feature-balloon"
	said=$(ask "$1" "dmesg | grep xen:balloon | grep -v -e Initialising -e 'ignoring memory' | head -n 5; true") &&
		[ -z "$said" ] || fail "it says: $said"
}

# case refuses pv pvh arm64 arm64big: refuses what is no value in sysfs and sysctl, and keeps its settings
case_refuses()
{
	answer=$(probe ask "$(domid "$1")" 120 "probe bad 2>&1" 2>&1) || fail "$answer"
	measured "$answer"
}

# case ignores pv pvh arm64 arm64big: ignores what is not a size in xenstore, says so, and keeps its target
case_ignores()
{
	before=$(show "$1" target_kb)
	kib=$(key "$1" memory/target)
	look "$1"
	local was=$tot_pages nr=0 errors=
	ask "$1" 'dmesg -c >/dev/null'
	# Watches fire in order, so the guest has seen the target when it answers.
	while bad=$(probe bad-key "$(domid "$1")" target $nr); do
		after=$(show "$1" target_kb)
		set_key "$1" memory/target "$kib"
		[ "$after" = "$before" ] ||
			fail "${bad#* } sets the target to $after KiB, was $before"
		nr=$((nr + 1)) errors="$errors -${bad%% *}"
	done
	agree "$1" "$was"
	# of more messages in five seconds it drops some
	said=$(ask "$1" "dmesg | sed -n 's/.*ignoring memory.target.*: //p'")
	[ "$(echo $said | cut -d' ' -f1-10)" = "$(echo $errors | cut -d' ' -f1-10)" ] &&
		[ "$(echo "$said" | wc -l)" -le $nr ] ||
		fail "$nr values should give$errors, it says" $said
	measured "$nr ignored with $(echo "$said" | wc -l) messages"
}

# case nonsense pvh: starts as ever with nonsense on its command line, in static-max and in videoram
impossible_keys()
{
	may_tell "$1"
	probe bad-key "$1" static-max 8
	probe bad-key "$1" videoram 6
}
case_nonsense()
{
	words=$(probe bad-boot)
	extra="kunit.enable=1 $words" before=impossible_keys start "$1"
	started=$tot_pages
	nr=$(ask "$1" "dmesg | grep -c 'invalid for parameter .xen'")
	[ "$nr" = "$(echo $words | wc -w)" ] ||
		fail "the kernel refuses $nr of the words on its command line: $words"
	value=$(ask "$1" 'cat /sys/module/xen/parameters/balloon_boot_timeout')
	[ "$value" = 180 ] || fail "the boot timeout is $value s"
	[ "$(show "$1" scrub_pages)" = 1 ] || fail "scrubbing is off"
	set_key "$1" memory/static-max 524288
	set_key "$1" memory/videoram 0
	[ "$started" = 131072 ] || fail "asked for 131072 pages, Xen counts $started"
	mem_set "$1" 262144
	mem_set "$1" 524288
}

# extra keys pvh: starts as ever with each of the bad values in static-max and videoram
case_keys()
{
	for name in static-max videoram; do
		nr=0
		while bad=$(probe bad-key 0 $name $nr); do
			before=bad_key start "$1"
			[ $tot_pages = 131072 ] || fail "$bad: asked for 131072 pages, Xen counts $tot_pages"
			set_key "$1" memory/static-max 524288
			set_key "$1" memory/videoram 0
			mem_set "$1" 262144 && mem_set "$1" 524288 || fail "$bad: $(cat /run/reason)"
			nr=$((nr + 1))
		done
		measured "$nr of $name"
	done
}
bad_key() { probe bad-key "$1" $name $nr; }

# As XAPI does, and xl does not.
may_tell() { probe permit "$1" control; }

# case squeezed pvh: does what XAPI's memory daemon expects, and so does a PV guest beside it
case_squeezed()
{
	ask "$1" 'grep -q kunit.enable=1 /proc/cmdline' || before=may_tell start "$1"	# as in nonsense
	before=may_tell start pv
	trap 'stop pv' EXIT
	for round in "262144 524288" "524288 262144" "300004 400000" "524288 524288"; do
		set -- "$1" $round
		out=$(probe squeeze 30 "$(domid "$1")=$2" "$(domid pv)=$3" 2>&1) || fail "$2 and $3 KiB: $out"
		measured "$out"
	done
	[ "$(key "$1" control/feature-balloon)" = 1 ] || fail "feature-balloon is $(key "$1" control/feature-balloon)"
}

# page_kib GUEST: the size of a page of the guest's.
page_kib()
{
	case $1 in
	arm64big*) echo 64 ;;
	*) echo 4 ;;
	esac
}

# told GUEST: what it says it moved, in KiB: by its counters (counted_in, counted_out),
# by /proc/vmstat (vmstat_in, vmstat_out), and by events since the trace was cleared
# (traced_in, traced_out, and the last target that was traced, in KiB).
told()
{
	eval "$(ask "$1" "awk -v page=$(page_kib "$1") '
		FILENAME ~ /stats/ { n[\$1] = \$2 }
		FILENAME ~ /vmstat/ { v[\$1] = \$2 }
		/xen_balloon_(batch|target):/ {
			for (i = 1; i <= NF; i++) { split(\$i, f, \"=\"); e[f[1]] = f[2] }
		}
		/xen_balloon_batch:/ { t[e[\"direction\"]] += 2048 * e[\"blocks_done\"] + page * e[\"singles_done\"] }
		function sum(way) { return 2048 * n[way \"_blocks_done\"] + page * n[way \"_singles_done\"] }
		END {
			print \"counted_in=\" sum(\"deflate\"), \"counted_out=\" sum(\"inflate\")
			print \"vmstat_in=\" page * v[\"balloon_deflate\"], \"vmstat_out=\" page * v[\"balloon_inflate\"]
			print \"traced_in=\" t[\"deflate\"] + 0, \"traced_out=\" t[\"inflate\"] + 0
			print \"traced_target=\" page * e[\"new_pages\"]
		}' /sys/kernel/debug/xen-balloon/stats /proc/vmstat /sys/kernel/tracing/trace")"
}

# tells GUEST EVENT TEXT: an event with the text is traced within 10 s.
tells()
{
	local end=$(($(now) + 10))

	until ask "$1" "grep -m 1 '$2: .*$3' /sys/kernel/tracing/trace" >/run/event; do
		[ "$(now)" -lt $end ] || fail "no event $2 with $3"
		usleep 100000
	done
	measured "$(sed 's/.*: xen_/xen_/' /run/event)"
}

# case tells pv pvh arm64 arm64big: tells by events and counters what it moves, to the page, and what Xen refuses
case_tells()
{
	mounted "$1" debugfs /sys/kernel/debug
	mounted "$1" tracefs /sys/kernel/tracing
	ask "$1" 'echo 1 >/sys/kernel/tracing/events/xen_balloon/enable' || fail "the guest has no such events"
	told "$1"
	out=$counted_out in=$counted_in vmstat_out_was=$vmstat_out vmstat_in_was=$vmstat_in
	look "$1"
	was=$own_pages

	mem_set "$1" 262148
	look "$1"
	low=$own_pages
	told "$1"
	[ "$traced_target" = $((low * 4)) ] || fail "the event has a target of $traced_target KiB"
	mem_set "$1" 400004
	look "$1"
	told "$1"
	for by in "$counted_out $counted_in $out $in counters" \
		  "$vmstat_out $vmstat_in $vmstat_out_was $vmstat_in_was vmstat" "$traced_out $traced_in 0 0 events"; do
		set -- "$1" $by
		[ $(($2 - $4)) = $(((was - low) * 4)) ] && [ $(($3 - $5)) = $(((own_pages - low) * 4)) ] ||
			fail "went $(((was - low) * 4)) KiB, came $(((own_pages - low) * 4));" \
				"by $6 $(($2 - $4)) and $(($3 - $5))"
	done
	measured "$traced_out KiB out and $traced_in in by events, counters and vmstat"
	tells "$1" xen_balloon_target "from=.*+0x"
	tells "$1" xen_balloon_batch "direction=inflate.*us=[1-9]"

	store "$1" target 450M	# above its limit
	tells "$1" xen_balloon_refusal direction=deflate
	tells "$1" xen_balloon_state "old_state=done new_state=eagain"
	[ "$(ask "$1" "grep -c 'deflate_.*_refusals [1-9]' /sys/kernel/debug/xen-balloon/stats")" -gt 0 ] ||
		fail "no refusal is counted"
	ask "$1" 'echo 0 >/sys/kernel/tracing/events/xen_balloon/enable'
}

# ktap FILE: the number of cases of one suite that all passed, or what is wrong.
ktap()
{
	awk '
	/^    1\.\.[0-9]+$/ { plan = substr($1, 4) + 0 }
	/FAILED at/ { why = " (" $NF ")" }
	/^    (not )?ok / && !bad && ($1 != "ok" || $2 != ++n || /# SKIP/) { bad = $0 why }
	/^ok 1 / { passed = 1 }
	END {
		sub(/^ +/, "", bad)
		if (bad) print bad
		else if (!plan || n != plan) print n + 0 " of the " plan + 0 " planned"
		else if (!passed) print "the suite as a whole is not ok"
		else print n
	}' "$1"
}

# case kunit pv pvh arm64 arm64big: passes all KUnit cases of the driver's sources while it boots
case_kunit()
{
	ask "$1" 'grep -q kunit.enable=1 /proc/cmdline' || extra=kunit.enable=1 start "$1"
	mounted "$1" debugfs /sys/kernel/debug
	for suite in $(echo "$kunit" | tr : ' '); do
		# only what ktap reads: an answer holds 4 KiB
		ask "$1" "cd /sys/kernel/debug/kunit/${suite%=*} &&
			{ grep -m 1 FAILED results; grep -E '^ *(not )?ok |^    1\.\.' results; }" >/run/ktap ||
			fail "${suite%=*}: $(head -n 1 /run/ktap) (see tools/config/ours.config)"
		result=$(ktap /run/ktap)
		[ "$result" = "${suite#*=}" ] ||
			fail "${suite%=*}: $result; the source has ${suite#*=} cases"
		measured "$result cases of ${suite%=*}"
	done
	suites=$(ask "$1" 'ls /sys/kernel/debug/kunit | grep -c ^xen_balloon')
	[ "$suites" = "$(echo "$kunit" | tr : '\n' | wc -l)" ] && [ -n "$kunit" ] ||
		fail "the guest has $suites suites, the source $kunit"
}

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

# case floor pv pvh arm64 arm64big: keeps to a floor that is set, and goes below the default one without
case_floor()
{
	default=$(show "$1" floor_kb)
	apart=$(cat "/run/guest/$1/apart_pages")
	store "$1" floor_kb 262144 || fail "floor_kb cannot be written"
	move_by "$1" $((65536 + apart)) xl mem-set "$(domid "$1")" 65536k
	# lowered, it takes effect at once
	move_by "$1" "$(reachable "$1" 65536)" probe ask "$(domid "$1")" 30 "echo 0 >$XEN_MEMORY/floor_kb"
	measured "$(ask "$1" 'grep MemFree /proc/meminfo' | tr -s ' ')"
	[ "$((default / 4 + apart))" -gt 16384 ] || fail "the default floor is only $default KiB"
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
	apart=$(cat "/run/guest/$1/apart_pages")
	most=$(($(whole "$1" $((max_pages - apart))) + apart))
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

# case idle pv pvh arm64 arm64big: costs no CPU, at its target or when that cannot be reached, and then moves at once
case_idle() { idle "$1" 6; }

# extra minute pv pvh: costs no CPU for a minute, at its target or when that cannot be reached
case_minute() { idle "$1" 60; }

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

# case wanders pv pvh grow: agrees with Xen to the page after each of some hundred random moves
case_wanders() { wander "$1" 2 100; }

# extra wanders10000 pv pvh grow: agrees with Xen to the page after each of 10,000 random moves
case_wanders10000() { wander "$1" 100 100; }

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

# case secrets pv pvh: gives Xen only pages that are clear of what they held, and without scrub_pages as they are
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
	measured "of blocks another domain sees $hits pages in $pages"
	[ "$hits" = 0 ] && [ "$pages" -gt 16000 ] || fail "$(tail -n 1 /run/measured)"

	# With each 16th page in use there are few blocks but those of 12 MiB that are spared, so
	# of 75 MiB most go as single pages; and with most others in use, too, there are too few
	# pages, so it tries again later.
	mem_set "$1" 196608
	seed=$((seed + 1))
	ask "$1" 'echo 0 >/proc/sys/vm/compaction_proactiveness'	# else blocks come back
	few=$(kept "$1" $seed 16) || exit
	blocks=$(ask "$1" "awk '{ n += \$14 + 2 * \$15 } END { print n }' /proc/buddyinfo")
	[ "$blocks" -le 12 ] || fail "the guest has $blocks free blocks of 2 MiB"
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
	measured "of single pages, from $(mib $((short * 4))) MiB on in try $tries, $hits in $pages"
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

# press GUEST SECS: a target of 1 MiB while a program holds and rewrites all but a tenth.
press()
{
	local end rounds

	out=$(probe ask "$(domid "$1")" 150 "probe press 10 2>&1" 2>&1) || fail "press: $out"
	ask "$1" 'dmesg -c >/dev/null'
	xl mem-set "$(domid "$1")" 1m
	end=$(($(now) + $2))
	while [ "$(now)" -lt $end ]; do
		sleep 5
		alive "$1" || fail "the guest does not answer any more"
		killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
		[ "$killed" = 0 ] ||
			fail "$killed lines about OOM kills after $(($(now) - end + $2)) s: $(ask "$1" "dmesg | grep -i 'out of memory' | head -n 2")"
	done
	rounds=$(ask "$1" 'cat /run/pressed')
	look "$1"
	measured "$2 s, $rounds rounds, at $(mib $((tot_pages * 4))) MiB," \
		"$(ask "$1" 'grep MemAvailable /proc/meminfo' | tr -s ' ')"
	sleep 2
	[ "$(ask "$1" 'cat /run/pressed')" -gt "$rounds" ] || fail "the program stands still after $rounds rounds"
	stop "$1"
}

# case pressed pv pvh: told to go to 1 MiB while a program needs nine tenths of it, kills nothing
case_pressed() { press "$1" 15; }

# extra pressed600 pv pvh: told to go to 1 MiB while a program needs nine tenths of it, kills nothing for ten minutes
case_pressed600() { press "$1" 600; }

passed=0 failed=0
for name in $(echo "$cases" | tr : ' '); do
	guest=${name%%-*}
	# only one guest at a time, so that they do not share the processor
	[ "$guest" = "$last" ] || [ -z "$last" ] || stop "$last"
	last=$guest
	run_case "$guest" "${name#*-}"
done
echo "$passed $failed" >/run/verdict
