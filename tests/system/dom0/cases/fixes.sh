# SPDX-License-Identifier: GPL-2.0-only OR MIT
# One case for each of tools/series/fixes that a guest can show: the kernel's own driver
# fails without the patch and passes with it alone (FLAVOUR=stock-NN), and this driver passes.

# oom_kills GUEST: how many its kernel told of.
oom_kills() { ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'"; }

# extra numbers pv: takes only what is a number for a target in sysfs (fix 01)
case_numbers()
{
	local taken=

	before=$(show "$1" target_kb)
	for input in target:garbage target:-1 target:300Mx target:K target_kb:garbage target_kb:300000x \
		     target_kb:-4; do
		# in one go, before the guest has lost much
		after=$(ask "$1" "cd $XEN_MEMORY; echo '${input#*:}' >${input%:*}; cat target_kb; echo $before >target_kb" |
			grep -x '[0-9]*' | head -n 1)
		[ "$after" = "$before" ] || taken="$taken '${input#*:}' >${input%:*}: $after;"
	done
	stop "$1"
	[ -z "$taken" ] || fail "the target was $before KiB, with$taken"
}

# extra whole pv: takes only what is a number for memory/target (fix 02)
case_whole()
{
	local taken=

	before=$(show "$1" target_kb)
	kib=$(key "$1" memory/target)
	for value in "300000 junk" 300000x 3000e2 0x80000 18446744073709851616; do
		set_key "$1" memory/target "$value"
		usleep 100000
		after=$(show "$1" target_kb)
		set_key "$1" memory/target "$kib"
		usleep 100000
		[ "$after" = "$before" ] || taken="$taken '$value': $after;"
	done
	measured "$(ask "$1" "dmesg | grep 'memory/target' | tail -n 1")"
	stop "$1"
	[ -z "$taken" ] || fail "the target was $before KiB, with$taken"
}

# extra hidden pvh: keeps its memory when memory/target is less than the pages that its kernel does not see (fix 03)
case_hidden()
{
	look "$1"
	before=$(show "$1" target_kb)
	was=$own_pages
	set_key "$1" memory/target 64
	sleep 2
	after=$(show "$1" target_kb)
	look "$1"
	measured "target $before KiB, then $after; $was pages, then $own_pages"
	stop "$1"
	[ "$own_pages" = "$was" ] || fail "$(paste -sd';' /run/measured)"
}

# short GUEST: it is told 400 MiB, of which its limit permits 256.
short()
{
	mem_set "$1" 262144
	store "$1" target 400M
}

# extra undelayed pv: costs no CPU when max_schedule_delay is 0 and max_retry_count unlimited (fix 04)
case_undelayed()
{
	store "$1" max_retry_count 0
	store "$1" max_schedule_delay 0 || :	# this driver refuses it
	short "$1"
	sleep 2
	eval "$(ask "$1" "probe cpu 5")"
	measured "$(share $used_ns) % of a CPU, $(show "$1" schedule_delay) s between two tries"
	stop "$1"
	[ "$used_ns" -lt $QUIET ] || fail "$(paste -sd';' /run/measured)"
}

# extra returns pv: grows within 90 s when its limit is raised after all tries (fix 05)
case_returns()
{
	local start

	short "$1"
	sleep 20	# four tries end after 15 s
	xl mem-max "$(domid "$1")" 512
	start=$(now)
	while look "$1"; [ "$own_pages" != 102400 ]; do
		[ "$(now)" -lt $((start + 90)) ] || fail "90 s later it has $((own_pages / 256)) MiB"
		sleep 1
	done
	measured "$(($(now) - start)) s later it has 400 MiB"
	stop "$1"
}

# extra unmovable pv: with half of its memory in ZONE_MOVABLE kills nothing on the way to its size at boot (fix 10)
case_unmovable()
{
	local mib

	online_by "$1" online_movable
	grow_to "$1" 1048576
	for mib in 620 580 550 530; do
		set_key "$1" memory/target $((mib * 1024))
		sleep 3
		ask "$1" "dd if=/dev/zero of=/dev/null bs=8M count=1 2>&1" >/dev/null || fail "at $mib MiB a program of 8 MiB fails"
	done
	killed=$(oom_kills "$1")
	look "$1"
	measured "told 530 MiB it has $((own_pages / 256)), $killed lines of OOM kills"
	stop "$1"
	[ "$killed" = 0 ] || fail "$(paste -sd';' /run/measured)"
}
