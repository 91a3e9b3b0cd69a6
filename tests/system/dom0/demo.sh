# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The demo's plan: two guests, moved at the same time, and a sample of both ten times
# a second. $steps, in KiB, comes from the host. Tells: up, asked, sample, moved.
. ./lib.sh

bring_up()
{
	if (start "$1"); then
		look "$1"
		tell "up $1 $tot_pages $own_pages"
	else
		tell "lost $1 $(cat /run/reason)"
	fi
}

move()
{
	eval "$(probe move "$(domid "$1")" $(($2 / 4)) 60 xl mem-set "$(domid "$1")" "${2}k")"
	(agree "$1" "$tot_pages")
	look "$1"
	tell "moved $1 $(($2 / 4)) $tot_pages $own_pages $(cat "/run/guest/$1/hidden_pages")" \
		"$from_pages $ms"
}

for guest in pv pvh; do
	bring_up "$guest" &
done
wait

if alive pv && alive pvh; then
	probe sample 100 pv="$(domid pv)" pvh="$(domid pvh)" >&3 &
	sampler=$!
	sleep 1
	for kib in $(echo "$steps" | tr : ' '); do
		tell "asked $kib"
		move pv "$kib" &
		pv=$!
		move pvh "$kib" &
		wait $pv $!
		sleep 1		# for the eye
	done
	kill $sampler
fi
echo 0 0 >/run/verdict
