# SPDX-License-Identifier: GPL-2.0-only OR MIT
# dom0 that gives its own memory to new guests, as xl asks of it (autoballoon).

# autoballoon ON|OFF: what xl does before it builds a guest.
autoballoon() { echo "autoballoon=\"$1\"" >/etc/xen/xl.conf; }

# nothing_killed DOM0: no process ended for lack of memory.
nothing_killed()
{
	killed=$(dmesg | grep -ic -e oom-kill -e 'out of memory')
	[ "$killed" = 0 ] || fail "$killed lines about OOM kills"
}

# refused GUEST: xl said that there is no memory for it, and left nothing of it.
refused()
{
	grep -q -i -e 'free memory' -e 'not enough memory' -e 'insufficient' -e 'failed to free' "/run/guest/$1/xl.log" ||
		fail "$1 was not built: $(cat /run/reason)"
	! xl domid "$1" >/dev/null 2>&1 || fail "$1 was refused, and xl list has it"
	rm -f /run/reason
}

# extra fills dom0 pvhdom0: gives its memory to guests until the host is full, to the page, and has it back
case_fills()
{
	local nr

	look "$1"
	was=$own_pages host=$1 all=
	trap 'for guest in $all; do stop $guest; done; autoballoon off' EXIT
	autoballoon on
	for nr in $(seq 12); do
		guest=$([ $((nr % 2)) = 1 ] && echo pv || echo pvh)fill$nr
		all="$all $guest"
		if ! (start $guest); then
			refused $guest
			break
		fi
		look "$host"
		[ "$asked_pages" = 0 ] || counts "$host" "$asked_pages"
	done
	look "$host"
	measured "$((nr - 1)) guests, dom0 $(mib $((was * 4))) -> $(mib $((own_pages * 4))) MiB, $(probe free) pages free"
	[ $own_pages -lt "$was" ] || fail "dom0 gave nothing: $(tail -n 1 /run/measured)"
	nothing_killed
	for guest in $all; do stop $guest; done
	all=
	autoballoon off
	xl mem-set Domain-0 $((was * 4))k || fail "xl mem-set"
	counts "$host" "$was"
	agree "$host" "$was"
}

# extra quartered dom0 pvhdom0: told to go to a quarter while a guest is built, kills nothing, and the build ends or is refused
case_quartered()
{
	local builder

	look "$1"
	was=$own_pages ended=built
	trap 'stop pv' EXIT
	(start pv) &
	builder=$!
	usleep 300000
	set_key "$1" memory/target $was	# KiB, as xen-lowmemd writes pages
	wait $builder || { refused pv; ended=refused; }
	usleep 2000000
	look "$1"
	measured "the guest was $ended; dom0 $(mib $((was * 4))) -> $(mib $((own_pages * 4))) MiB"
	[ $own_pages -lt $((was * 3 / 4)) ] || fail "$(tail -n 1 /run/measured)"
	nothing_killed
	stop pv
	set_key "$1" memory/target $((was * 4))
	counts "$1" "$was"
}
