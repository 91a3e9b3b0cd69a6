# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Users of unpopulated pages: grants that are mapped, disks, dom0's
# toolstack. With FLAVOUR=ballooned these are the balloon's; else they are those of the
# kernel's allocator of unpopulated pages, and the balloon gives out none.

# unpopulated GUEST: number of pages that other drivers have of the balloon.
unpopulated()
{
	mounted "$1" debugfs /sys/kernel/debug
	ask "$1" "awk '\$1 == \"unpopulated_pages\" { n = \$2 } END { print n + 0 }' /sys/kernel/debug/xen-balloon/stats"
}

# ours GUEST: in its kernel the balloon gives out unpopulated pages.
ours() { ! ask "$1" 'grep -q " xen_alloc_unpopulated_pages$" /proc/kallsyms'; }

# gives GUEST BEFORE PAGES: drivers have PAGES more than BEFORE, or, if that is not up to
# the balloon, none at all. On the way back some of the kernel's caches give up theirs
# after a moment.
gives()
{
	local want=0 is end=$(($(now) + 10))

	! ours "$1" || want=$(($2 + $3))
	while is=$(unpopulated "$1"); [ "$is" != $want ]; do
		[ "$(now)" -lt $end ] || fail "$1 has $is unpopulated pages, not $want (before: $2)"
		usleep 100000
	done
	[ $want = 0 ] || measured "$1 has $want unpopulated pages"
}

# begin GUEST NAME WORDS: probe WORDS goes on in the guest; its first word is there.
begin()
{
	local end=$(($(now) + 120))

	ask "$1" "probe $3 >/run/$2 2>&1 & echo \$! >/run/$2.pid"
	until ask "$1" "grep -q '=' /run/$2"; do
		[ "$(now)" -lt $end ] && ask "$1" "kill -0 \$(cat /run/$2.pid)" >/dev/null ||
			fail "probe $3 in $1: $(ask "$1" "cat /run/$2")"
		usleep 50000
	done
}

# goes_on GUEST NAME: it has done more since this was last asked, or does so within 10 s.
goes_on()
{
	local end=$(($(now) + 10)) was=0 turns

	[ ! -f "/run/turns.$2" ] || was=$(cat "/run/turns.$2")
	while turns=$(ask "$1" "tail -n 1 /run/$2")
	      [ "${turns#turns=}" = "$turns" ] || [ "${turns#turns=}" = "$was" ]; do
		case $turns in
		error*) fail "$2 in $1: $turns" ;;
		esac
		[ "$(now)" -lt $end ] || fail "$2 in $1 stands still at '$turns'"
		usleep 100000
	done
	echo "${turns#turns=}" >"/run/turns.$2"
}

# finish GUEST NAME: ends it, well; $turns is how much it did.
finish()
{
	local end=$(($(now) + 120)) last

	ask "$1" "kill \$(cat /run/$2.pid)"
	while last=$(ask "$1" "tail -n 1 /run/$2"); [ "${last#ended}" = "$last" ]; do
		[ "$(now)" -lt $end ] && [ "${last#error}" = "$last" ] || fail "$2 in $1 ends with '$last'"
		usleep 50000
	done
	turns=${last#*turns=}
	rm -f "/run/turns.$2"
}

# move_both GUEST SECS COMMAND...: the guest and dom0 move down and up to the page, again
# and again for SECS and once at least; after each move the command is run.
move_both()
{
	local guest=$1 end=$(($(now) + $2)) round=0 step

	shift 2
	while [ $round = 0 ] || [ "$(now)" -lt $end ]; do
		for step in "$guest 262144" "dom0 600004" "$guest 524288" "dom0 786432"; do
			mem_set $step
			"$@" || fail "$* after mem_set $step"
		done
		round=$((round + 1))
	done
	rm -f /run/measured
	measured "$((4 * round)) moves"
}

# to_the_page GUEST: Xen counts what it counted at first, of the guest and of dom0.
to_the_page()
{
	agree "$1" 131072
	agree dom0 196608
}

# quiet_logs GUEST: neither kernel complains of I/O or of grants.
quiet_logs()
{
	local guest bad

	for guest in "$1" dom0; do
		bad=$(ask "$guest" "dmesg | grep -m 1 -i -e 'I/O error' -e 'grant.*\(bad\|fail\)' -e '\(bad\|fail\).*grant'") &&
			fail "$guest says: $bad"
	done
	return 0
}

PAGES=100

# exchange GIVER TAKER GUEST SECS: pages of the giver's are mapped by the taker, while the
# guest, which is one of both, and dom0 move.
exchange()
{
	local refs had=$(unpopulated "$2")

	begin "$1" grant "grant $(domid "$2") $PAGES 17"
	refs=$(ask "$1" "sed -n 's/^refs=//p' /run/grant")
	begin "$2" map "map $(domid "$1") 17 $refs"
	gives "$2" "$had" $PAGES
	move_both "$3" "$4" exchange_on "$1" "$2"
	finish "$2" map
	finish "$1" grant
	gives "$2" "$had" 0
	measured "$PAGES pages of $1 in $2, $turns turns"
}
exchange_on() { goes_on "$1" grant && goes_on "$2" map; }

# grants GUEST SECS: dom0 maps pages of the guest (PV: by the kernel's and the program's
# page tables), and the guest maps pages of dom0 (PVH: where it has no memory).
grants()
{
	start dom0
	for pair in "$1 dom0" "dom0 $1"; do
		exchange $pair "$1" "$2"
		to_the_page "$1"
	done
	quiet_logs "$1"
}

# extra grants pv pvh: shares pages with dom0, either way, while both change their size
case_grants() { grants "$1" 0; }

# extra grants300 pv pvh: shares pages with dom0 for five minutes each way while both change their size
case_grants300() { grants "$1" 300; }

# extra exhausts pv pvh: gives all that it can spare for mappings, no more, and has it back afterwards
case_exhausts()
{
	had=$(unpopulated "$1")
	look "$1"
	was=$own_pages stored=$(($(show "$1" info/low_kb) / 4)) much=20224
	! ours "$1" || much=400128	# more than there is
	begin "$1" grab "grab $much"
	eval "$(ask "$1" 'cat /run/grab')"
	look "$1"
	measured "gntdev got $got pages, error $error; the guest has $own_pages of $was left," \
		"$(ask "$1" 'grep MemAvailable /proc/meminfo' | tr -s ' ')"
	gives "$1" "$had" "$got"
	if ours "$1"; then
		[ "$error" = 12 ] && [ "$got" -gt 80000 ] || fail "$(cat /run/measured)"
		# for each one went that was not in the balloon before; of the last 256 only some did
		[ $own_pages -le $((was + stored - got)) ] && [ $own_pages -ge $((was + stored - got - 256)) ] ||
			fail "$stored were in the balloon; $(cat /run/measured)"
	else
		[ "$error" = 0 ] && [ "$own_pages" = "$was" ] || fail "$(cat /run/measured)"
	fi
	finish "$1" grab
	gives "$1" "$had" 0
	counts "$1" "$was"
	agree "$1" 131072
	killed=$(ask "$1" "dmesg | grep -ic -e oom-kill -e 'out of memory'")
	[ "$killed" = 0 ] || fail "$killed lines about OOM kills"
}

# with_disk GUEST: /dev/ram0 of dom0's is its /dev/xvda. xl runs a script that finds out
# which device that is; this one knows.
with_disk()
{
	local end=$(($(now) + 20))

	mkdir -p /etc/xen/scripts
	cat >/etc/xen/scripts/block <<-'END'
		#!/bin/sh
		[ "$1" = add ] || exit 0
		xenstore-write "$XENBUS_PATH/physical-device" 1:0
		xenstore-write "$XENBUS_PATH/hotplug-status" connected
	END
	chmod +x /etc/xen/scripts/block
	out=$(xl block-attach "$(domid "$1")" phy:/dev/ram0,xvda,w 2>&1) || fail "xl block-attach:" $out
	until ask "$1" '[ -b /dev/xvda ]'; do
		[ "$(now)" -lt $end ] || fail "the guest has no disk"
		usleep 50000
	done
}

without_disk()
{
	local end=$(($(now) + 20))

	out=$(xl block-detach "$(domid "$1")" xvda 2>&1) || fail "xl block-detach:" $out
	while ask "$1" '[ -b /dev/xvda ]'; do
		[ "$(now)" -lt $end ] || fail "the guest still has its disk"
		usleep 50000
	done
}

# blocks GUEST SECS: a disk of dom0's is written and read by the guest.
blocks()
{
	start dom0
	had=$(unpopulated dom0)
	with_disk "$1"
	begin "$1" disk "disk /dev/xvda 4 23"
	goes_on "$1" disk
	! ours dom0 || [ "$(unpopulated dom0)" -gt $((had + 16)) ] ||
		fail "the disk's back end uses $(($(unpopulated dom0) - had)) of the balloon's pages"
	most=$(unpopulated dom0)
	move_both "$1" $2 goes_on "$1" disk
	finish "$1" disk
	measured "$turns times 4 MiB written and read, dom0 has $most unpopulated pages, $had before"
	probe holds /dev/ram0 4 23 "$turns" || fail "dom0's disk does not hold what the guest wrote"
	without_disk "$1"
	gives dom0 "$had" 0
	to_the_page "$1"
	quiet_logs "$1"
}

# persistent GUEST ON COMMAND...: grants of disks that are attached now are kept, or not.
persistent()
{
	local guest=$1 on=$2

	shift 2
	echo $on >/sys/module/xen_blkback/parameters/feature_persistent
	"$@"
}

# extra blocks pv pvh: writes and reads a disk of dom0's while both change their size
case_blocks() { persistent "$1" Y blocks "$1" 0; }

# extra blocks1 pv pvh: writes and reads a disk of dom0's that maps each page for itself
case_blocks1() { persistent "$1" N blocks "$1" 0; }

# extra blocks300 pv pvh: writes and reads a disk of dom0's for five minutes while both change their size
case_blocks300()
{
	persistent "$1" Y blocks "$1" 150
	persistent "$1" N blocks "$1" 150
}

# extra builds dom0 pvhdom0 arm64dom0: builds and ends guests while its own size changes and its memory is read
case_builds()
{
	had=$(unpopulated "$1")
	guest=pv
	[ "$1" != arm64dom0 ] || guest=arm64
	(
		built=0
		until [ -f /run/enough ]; do
			start $guest && stop $guest || exit
			built=$((built + 1))
			echo $built >/run/built
		done
	) &
	builder=$!
	look "$1"
	was=$own_pages
	for kib in 600004 700004 $((was * 4)) 600004 $((was * 4)); do
		set_key "$1" memory/target $kib
		counts "$1" $((kib / 4))
		# holds the semaphore of page_offline_begin() while it copies to the program
		out=$(ask "$1" 'probe kcore') || fail "$out"
	done
	touch /run/enough
	wait $builder || fail "a guest: $(cat /run/reason)"
	rm /run/enough
	[ "$(cat /run/built)" -ge 1 ] || fail "no guest was built"
	measured "$(cat /run/built) guests while it moved five times"
	gives "$1" "$had" 0
	counts "$1" "$was"
}
