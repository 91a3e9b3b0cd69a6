# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Guests without free memory, in a kernel with cgroups and swap: memory that reclaim
# cannot take, swap, programs that need the page cache.

# small_program GUEST WHEN: one of 8 MiB starts and ends, and nothing is killed.
small_program()
{
	ask "$1" "dd if=/dev/zero of=/dev/null bs=8M count=1 2>&1" >/dev/null || fail "a program of 8 MiB fails $2"
	no_kills "$1" "$2"
}

# guarded GUEST MIB: so much of its page cache may not be reclaimed. Blocks of the disk
# that were never written take no memory.
guarded()
{
	mounted "$1" cgroup2 /sys/fs/cgroup
	ask "$1" "cd /sys/fs/cgroup && echo +memory >cgroup.subtree_control && mkdir guarded &&
		echo 1G >guarded/memory.min" || fail "no cgroup"
	ask "$1" "sh -c 'echo \$\$ >/sys/fs/cgroup/guarded/cgroup.procs; exec 3</dev/ram0
		dd <&3 of=/dev/null bs=1M count=$2; exec sleep 99999' >/dev/null 2>&1 & true"
	sleep 3
}

# distro protected pv pvh: with 120 MiB of page cache that reclaim may not touch it keeps what programs need, and takes the page cache when it may
case_protected()
{
	extra=ramdisk_size=400000 start "$1"
	guarded "$1" 120
	ask "$1" 'dmesg -c >/dev/null'
	set_key "$1" memory/target 1024
	for second in 1 2 3 4 5 6 7 8 9 10; do
		sleep 1
		small_program "$1" "after $second s"
	done
	look "$1"
	was=$own_pages
	measured "stays at $((own_pages / 256)) MiB, $(show "$1" info/state)," \
		"$(ask "$1" "grep -E 'MemFree|MemAvail|^Cached' /proc/meminfo" | tr -s ' \n' ' ')"
	ask "$1" 'echo 0 >/sys/fs/cgroup/guarded/memory.min'
	set_key "$1" memory/target 1028
	sleep 10
	small_program "$1" "at the end"
	look "$1"
	measured "unprotected $((own_pages / 256)) MiB"
	[ $own_pages -lt $((was - 20000)) ] || fail "$(paste -sd";" /run/measured)"
	stop "$1"
}

# distro swapped pv pvh: follows a target below its use as far as half of its swap goes
case_swapped()
{
	start "$1"
	ask "$1" "echo 300M >/sys/block/zram0/disksize && mkswap /dev/zram0 && swapon /dev/zram0" ||
		fail "no swap: $(ask "$1" 'dmesg | tail -n 2')"
	mounted "$1" tmpfs /run/tmpfs
	ask "$1" "dd if=/dev/zero of=/run/tmpfs/file bs=1M count=230 2>&1" >/dev/null
	ask "$1" 'dmesg -c >/dev/null'
	set_key "$1" memory/target 262144
	for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		sleep 1
		small_program "$1" "after $second s"
	done
	look "$1"
	measured "at $((own_pages / 256)) MiB, $(show "$1" info/state)," \
		"$(ask "$1" "grep -E 'MemFree|MemAvail|Swap' /proc/meminfo" | tr -s ' \n' ' ')"
	[ "$tot_pages" = 65536 ] || fail "$(paste -sd";" /run/measured)"
	stop "$1"
}

# reads GUEST SECS: KiB a second that its program reads of the disk meanwhile.
reads()
{
	local before after

	before=$(ask "$1" 'cat /run/rounds')
	sleep "$2"
	after=$(ask "$1" 'cat /run/rounds')
	echo $(((after - before) * 4096 / $2))
}

# distro rereads pv pvh: says that it is under pressure when a program that reads a disk again and again loses four fifths of its speed
case_rereads()
{
	local full speed word why

	start "$1"
	with_disk "$1"
	trap 'without_disk $guest; stop $guest' EXIT
	guest=$1
	# 192 MiB, in pieces of 4 MiB
	ask "$1" 'echo 16 >/sys/block/xvda/queue/read_ahead_kb; echo 0 >/run/rounds; (exec 3</dev/xvda; n=0; while :; do
		dd if=/dev/xvda of=/dev/null bs=1M skip=$((n % 48 * 4)) count=4; n=$((n + 1)); echo $n >/run/new; mv /run/new /run/rounds
		done) >/dev/null 2>&1 & true'
	sleep 12
	full=$(reads "$1" 5)
	measured "reads $((full / 1024)) MiB/s"
	for mib in 260 200 160 1; do
		set_key "$1" memory/target $((mib * 1024))
		for look in 1 2 3; do
			sleep 3
			speed=$(reads "$1" 3)
			word=$(show "$1" info/state) why=$(show "$1" info/reason)
			look "$1"
			measured "target $mib: at $((own_pages / 256)) MiB $((speed / 1024)) MiB/s $word $why"
			[ $((speed * 5)) -ge $full ] || [ "$why" = guest-pressure ] || fail "$(paste -sd";" /run/measured)"
		done
	done
	no_kills "$1" "at the end"
}

# distro rescued pv pvh: without memory says once that its hard limit keeps deflate_on_oom from help, and gets memory rather than being killed when that is raised
case_rescued()
{
	local big="dd if=/dev/zero of=/dev/null bs=160M count=1 2>&1"

	start "$1"
	store "$1" deflate_on_oom 1
	ask "$1" 'echo 1 >/proc/sys/vm/overcommit_memory'
	mem_set "$1" 131072	# and the hard limit
	eval "$(probe domain "$(domid "$1")")"
	# These kills are wanted, so they stay out of the console's log.
	ask "$1" 'cp /proc/sys/kernel/printk /run/printk; dmesg -n 1; dmesg -c >/dev/null'
	for try in 1 2; do
		! ask "$1" "$big" >/dev/null || fail "a program has 160 of 128 MiB"
	done
	killed=$(ask "$1" "dmesg | grep -c 'Out of memory: Killed'")
	said=$(ask "$1" "dmesg | grep 'deflate_on_oom cannot help'")
	measured "$killed killed; ${said##*balloon: }"
	[ "$killed" = 2 ] && [ "$(echo "$said" | grep -c "limit is $((max_pages * 4)) KiB")" = 1 ] ||
		fail "$(paste -sd';' /run/measured)"

	ask "$1" 'cat /run/printk >/proc/sys/kernel/printk; dmesg -c >/dev/null'
	xl mem-max "$(domid "$1")" 512
	ask "$1" "$big" >/dev/null || fail "a program of 160 MiB fails"
	look "$1"
	no_kills "$1" "with the limit raised"
	measured "at $(mib $((tot_pages * 4))) MiB after a program of 160 MiB"
	[ "$tot_pages" -gt 32768 ] || fail "$(paste -sd';' /run/measured)"
	reaches "$1" 32768 $((120 * slow))
	measured "back in $took_s s"
	stop "$1"
}
