# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Kernels with checkers (FLAVOUR=debug, FLAVOUR=kasan; see tools/config). What they print is
# found in the logs, by the host; here is what has to be asked for.
DEBUG=/sys/kernel/debug

# fault GUEST WHAT SETTING=VALUE...: sets up fault injection, WHAT of fail_page_alloc and
# failslab. Verbose would be a call trace each, which is what a real trouble looks like.
fault()
{
	local guest=$1 what=$2 setting words="echo 0 >$DEBUG/$2/verbose"

	shift 2
	for setting in "$@"; do
		words="$words && echo ${setting#*=} >$DEBUG/$what/${setting%%=*}"
	done
	ask "$guest" "$words" || fail "no fault injection of $what (make kernel FLAVOUR=debug)"
}

# calls_of GUEST NAME...: start= and end= of the text that has these functions, as numbers.
calls_of()
{
	local guest=$1

	shift
	eval "$(ask "$guest" "grep -E ' [tT] ($(echo "$*" | tr ' ' '|'))\$' /proc/kallsyms | cut -c1-16 | sort |
		sed -n '1s/.*/start=0x&/p; \$s/.*/end=0x&/p'")"
	[ -n "$start" ] && [ -n "$end" ] || fail "the guest's kernel has no $*"
}

# unlucky GUEST WHAT SETTING=VALUE...: from now on allocations by the driver fail, and by what
# it calls; by nobody else.
unlucky()
{
	local guest=$1 what=$2 start end

	shift 2
	# Its sources are linked one after the other, in this order.
	calls_of "$guest" balloon_lock balloon_set_new_target balloon_hotplug xenmem_pv_prepare
	end=$(printf 0x%x $((end + 4096)))
	fault "$guest" "$what" probability=0 stacktrace-depth=32 require-start=$start require-end=$end \
		ignore-gfp-wait=0 times=1000000 "$@"
}

# failed GUEST WHAT: how many allocations have failed on purpose.
failed() { echo $((1000000 - $(ask "$1" "cat $DEBUG/$2/times"))); }

# lucky_again GUEST: and it reaches KIB, loses nothing and lacks nothing.
lucky_again()
{
	local lost
	fault "$1" fail_page_alloc probability=0
	fault "$1" failslab probability=0
	counts "$1" $(($2 / 4 - $(cat "/run/guest/$1/hidden_pages")))
	agree "$1" "$(reachable "$1" "$2")"
	lost=$(show "$1" info/quarantined_kb)
	[ "$lost" = 0 ] || fail "$lost KiB are quarantined"
}

# unlucky_to GUEST WHAT KIB...: is asked for each for a moment; how many allocations failed on
# the way down, and on the way up.
unlucky_to()
{
	local guest=$1 what=$2 kib before

	shift 2
	for kib in "$@"; do
		before=$(failed "$guest" "$what")
		look "$guest"
		set_key "$guest" memory/target "$kib"
		usleep 1500000
		before=$(($(failed "$guest" "$what") - before))
		if [ $((kib / 4)) -lt $tot_pages ]; then down=$((down + before)); else up=$((up + before)); fi
	done
}

# debug unlucky pv pvh grow pod arm64: reaches its target after half of the driver's allocations failed, and all of them, and each kind
case_unlucky()
{
	local total what down up

	mounted "$1" debugfs $DEBUG
	mem_set "$1" 262144
	xl mem-max "$(domid "$1")" 512	# what follows is not xl's, which would raise it
	total=$(ask "$1" 'grep MemTotal /proc/meminfo')
	for what in fail_page_alloc failslab; do
		down=0 up=0
		# What goes out is asked for as highmem, and in single pages, too.
		[ $what = failslab ] || fault "$1" $what min-order=0 ignore-gfp-highmem=0
		unlucky "$1" $what probability=50
		unlucky_to "$1" $what 400004 230000 500000 300004 262148 393216
		fault "$1" $what probability=100
		unlucky_to "$1" $what 240000 440004
		lucky_again "$1" 440004
		measured "$what failed $down times on the way down and $up times on the way up"
		[ $((down + up)) -gt 5 ] || fail "only $((down + up)) of $what failed"
		[ $what = failslab ] || [ $down -gt 5 ] || fail "only $down of $what failed on the way down"
	done
	mem_set "$1" 262144
	[ "$(ask "$1" 'grep MemTotal /proc/meminfo')" = "$total" ] ||
		fail "$total before, now $(ask "$1" 'grep MemTotal /proc/meminfo')"
}

# leaks GUEST: what kmemleak finds now, in lines. An object must be some seconds old, and lack
# references twice: nor may its address be left in an array of free objects that it came from.
leaks()
{
	for scan in 1 2; do
		ask "$1" "sleep 6; probe links /run/links" || return
		ask "$1" "echo scan >$DEBUG/kmemleak" || return
	done
	ask "$1" "head -c 1500 $DEBUG/kmemleak"
}

# not leaks in kasan: it has no kmemleak
# debug leaks pv pvh grow pod dom0 arm64 arm64dom0: leaks nothing while it moves, as kmemleak finds, and breaks no rule that switches lockdep off
case_leaks()
{
	local low=262144 high=500004
	! is_dom0 "$1" || low=600000 high=786432

	mounted "$1" debugfs $DEBUG
	mounted "$1" tmpfs /run/links
	ask "$1" "[ -e $DEBUG/kmemleak ]" || fail "the guest has no kmemleak (make kernel FLAVOUR=debug)"
	before=$(leaks "$1") || fail "kmemleak does not answer: $before"
	[ -z "$before" ] || fail "before it moves:" $before
	for round in 1 2 3; do
		mem_set "$1" $low
		mem_set "$1" $high
	done
	after=$(leaks "$1") || fail "kmemleak does not answer: $after"
	[ -z "$after" ] || fail "it leaks:" $after
	[ "$(ask "$1" "awk '/debug_locks:/ { print \$2 }' /proc/lockdep_stats")" = 1 ] || fail "lockdep is off"
	measured "$(ask "$1" "sed -n 's/ *lock-classes: */lock classes: /p' /proc/lockdep_stats")"
}
