# SPDX-License-Identifier: GPL-2.0-only OR MIT
# What is special to a dom0 in PVH mode: Xen translates its addresses, so that it maps
# its guests' memory at addresses that it has no memory of its own behind.

# case hosts pvhdom0: starts a PV and a PVH guest that shrink and grow
case_hosts()
{
	ask "$1" 'dmesg | grep -q "Booting kernel on Xen PVH"' || fail "the kernel is not in PVH mode"
	look "$1"
	was=$tot_pages
	for guest in pv pvh; do
		start $guest
		mem_set $guest 262144
		mem_set $guest 524288
		stop $guest
	done
	agree "$1" "$was"
}
