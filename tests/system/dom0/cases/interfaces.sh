# SPDX-License-Identifier: GPL-2.0-only OR MIT
# What an administrator reads and writes in the guest, and what the driver tells of itself.

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
	END { if (told != entries) print "entries without a mode:", entries - told }' ABI/*/*
}

# case documented pv pvh hvm arm64 arm64big: has exactly the files of Documentation/ABI, with their modes, units and defaults
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

	awk '/^\t\t===/ { table = !table } table && /^\t\t[a-z]/ { print $1 }' ABI/testing/debugfs-xen-balloon >/run/want
	ask "$1" "cut -d' ' -f1 $debug/xen-balloon/stats" |
		sed 's/_[0-9]*$/_ORDER/' | awk '!seen[$0]++' >/run/got
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

# case reads (pv) pvh arm64 arm64big: shows every attribute in sysfs, and they agree with each other
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

# case writes pv (pvh) arm64 arm64big: obeys sysfs, in bytes, with suffixes and in KiB
case_writes()
{
	for step in "target 400M 102400" "target 300004K 75001" "target 419430400 102400" \
		    "target_kb 300008 75002" "target_kb 524288 0"; do
		set -- "$1" $step
		[ "$4" != 0 ] || break
		own=$(whole "$1" "$4")
		move_by "$1" $((own + $(cat "/run/guest/$1/hidden_pages"))) \
			probe ask "$(domid "$1")" 30 "echo $3 >$XEN_MEMORY/$2"
		[ "$own_pages" = "$own" ] || fail "asked for $4 pages in $2, the guest has $own_pages"
	done
}

# heard GUEST FILE: what `probe hear` counted, once nothing was added for half a second.
heard()
{
	local was

	answer=$(ask "$1" "cat $2")
	until was=$answer; usleep 500000; answer=$(ask "$1" "cat $2"); [ "$answer" = "$was" ]; do :; done
	eval "$answer"
}

# expect_news GUEST UEVENTS STATE: so many uevents in all; the last, and both files, are true.
expect_news()
{
	sizes_were=${sizes:-0}
	look "$1"
	heard "$1" /run/heard
	[ "$uevents" = "$2" ] && [ "$state_told" = "$3" ] && [ "$size_told" = $((own_pages * 4)) ] ||
		fail "$uevents uevents, not $2; the last told $state_told at $size_told KiB, not $3 at $((own_pages * 4))"
	[ "$state" = "$3" ] && [ "$size" = $((own_pages * 4)) ] ||
		fail "poll() ended at $state and $size KiB, not $3 at $((own_pages * 4))"
	[ "$sizes" -gt "$sizes_were" ] || fail "poll() of the size did not return"
	measured "$state_told at $(mib "$size_told") MiB: uevent $uevents, poll() of the size $((sizes - sizes_were)) times"
}

# case hears pv pvh arm64: wakes up programs that poll() its size and state, and announces each move with one uevent
case_hears()
{
	answer=$(ask "$1" "mkdir -p /run && probe hear /run/heard") && eval "$answer" || fail "hear: $answer"
	sizes=0

	mem_set "$1" 262144
	expect_news "$1" 1 settled
	mem_set "$1" 262148
	expect_news "$1" 2 settled
	mem_set "$1" 524288
	expect_news "$1" 3 settled

	# stops at its floor, and tries again each minute
	floor=$(show "$1" floor_kb)
	move_by "$1" $((floor / 4 + $(cat "/run/guest/$1/hidden_pages"))) \
		probe ask "$(domid "$1")" 30 "echo 1M >$XEN_MEMORY/target"
	expect_news "$1" 4 stopped
	ask "$1" "kill $pid"
	mem_set "$1" 524288
}

# sized GUEST: the limits that usage.rst says the kernel sets once.
sized()
{
	ask "$1" "cd /proc/sys && grep . kernel/threads-max fs/file-max vm/min_free_kbytes \
		fs/epoll/max_user_watches net/ipv4/tcp_mem net/ipv4/udp_mem net/ipv4/tcp_rmem 2>/dev/null
		df -k /sized | tail -n 1 | tr -s ' ' | cut -d' ' -f2"
}

# case sized (pv) pvh: keeps the limits that its kernel sets once, and a tmpfs until it is mounted again
case_sized()
{
	mounted "$1" tmpfs /sized
	sized "$1" >/run/want
	mem_set "$1" 131072
	sized "$1" >/run/got
	diff /run/want /run/got >/run/differences ||
		fail "at 512 MiB (-) and at 128 (+):" $(grep '^[-+][a-z0-9]' /run/differences)
	ask "$1" "mount -o remount,size=50% /sized" || fail "remount"
	kib=$(sized "$1" | tail -n 1)
	total=$(ask "$1" "awk '/MemTotal/ { print \$2 }' /proc/meminfo")
	[ $((kib - total / 2)) -le 4 ] && [ $((total / 2 - kib)) -le 4 ] || fail "tmpfs of $kib KiB in $total"
	measured "$(wc -l </run/want) limits stay: $(head -n 3 /run/want | tr '\n' ' ');" \
		"tmpfs $(tail -n 1 /run/want) KiB, mounted again $kib"
	ask "$1" "umount /sized"
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
		    scrub_pages deflate_on_oom info/current_kb info/low_kb info/high_kb info/quarantined_kb \
		    info/restore_kb; do
		value=$(show "$1" $name) || value=null
		echo "$answer" | grep -qx "  \"${name#info/}\": $value," ||
			fail "$name is $value in sysfs, the tool says:" $answer
	done
	for name in state reason; do
		value=$(show "$1" info/$name)
		echo "$answer" | grep -qx "  \"$name\": \"$value\",\?" ||
			fail "the $name is $value in sysfs, the tool says:" $answer
	done
}

# not tool in kasan: with its shadow, and what it keeps from being used again, such a kernel stops at 200 MiB
# case tool pv (pvh) arm64 arm64big: is shown and set by xen-balloon, which waits and gives the reason if it stops short
case_tool()
{
	hidden=$(cat "/run/guest/$1/hidden_pages")
	for step in "256M 65536" "300004K 75001" "512M 131072"; do
		tool "$1" 0 "set --quiet ${step% *}"
		# at once: it has waited
		look "$1"
		own=$(whole "$1" "${step#* }")
		[ "$tot_pages" = $((own + hidden)) ] || fail "after set $step: $(guest=$1 disagreement $own)"
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

# case refuses pv (pvh) arm64 arm64big: refuses invalid values in sysfs and sysctl, and keeps its settings
case_refuses()
{
	answer=$(probe ask "$(domid "$1")" 120 "probe bad 2>&1" 2>&1) || fail "$answer"
	measured "$answer"
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
		/xen_balloon_batch:/ { t[e[\"direction\"]] += page * e[\"pages_done\"] }
		function sum(way,	order, size, kib) {
			size = page
			for (order = 0; order < 10; order++) {
				kib += size * n[way \"_done_\" order]
				size *= 2
			}
			return kib
		}
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

# case tells (pv) pvh arm64 arm64big: shows by events and counters the memory that it moves, to the page, and the refusals of Xen
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
	tells "$1" xen_balloon_state "old_state=moving new_state=short"
	[ "$(ask "$1" "grep -c 'deflate_refusals_.* [1-9]' /sys/kernel/debug/xen-balloon/stats")" -gt 0 ] ||
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

# case kunit pv (pvh) arm64 arm64big: passes all KUnit cases of the driver's sources while it boots
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
