# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Every kind of disruption, at random, for long. The events are in disruption.sh.

# draw N: r is a number below N.
draw()
{
	state=$(((state * 1103515245 + 12345) & 0x7fffffff))
	r=$((state / 65536 % $1))
}

# anywhere: kib is a size that the guest can have.
anywhere() { draw 10000; kib=$((88004 + r * 4)); }

# step GUEST: something happens to it.
step()
{
	local guest=$1 mover= id=$(domid "$1")

	draw 11
	what=$r
	# Half of what happens does so while memory moves.
	draw 2
	[ $r = 0 ] || [ $what -lt 3 ] || mover=$(behind $guest "swing 88000 $((full - hidden * 4))") || exit
	case $what in
	0 | 1)	anywhere; mem_set $guest $kib ;;
	2)	anywhere
		move_by $guest $((kib / 4 + hidden)) probe ask $id 30 "echo $kib >$XEN_MEMORY/target_kb" ;;
	3)	pid=$(behind $guest "churn anon 10 -") || exit
		anywhere; set_key $guest memory/target $kib
		usleep 3000000
		as $guest "kill $pid" >/dev/null ;;
	4)	if [ -n "$taken" ]; then
			as $guest "kill $taken" >/dev/null; taken=
		else
			draw 500; taken=$(behind $guest "take $((r + 1))") || exit
		fi ;;
	5 | 6)	carry $guest ;;
	7)	xl save -c $id /run/saved >/run/xl.log 2>&1 || fail "xl save -c: $(grep -i error /run/xl.log | tr '\n' ' ')"
		rm /run/saved ;;
	8)	as $guest "probe unplug 1 2" >/dev/null ;;
	9)	probe storm $id 1 500 90000 130000 100000 >/dev/null ;;
	10)	probe ask $id 120 'probe kcore; probe flags; echo 1 >/proc/sys/vm/compact_memory' >/dev/null ;;
	esac
	[ -z "$mover" ] || as $guest "kill $mover" >/dev/null
}

# soak GUEST SECS: random steps, and after each it has what it should have, and what it had.
soak()
{
	local steps=0 end=$(($(now) + $2))

	vcpus=2 save_small "$1"
	hidden=$(cat /run/guest/$guest/hidden_pages)
	hold $guest 16384
	state=$seed taken=
	while [ "$(now)" -lt $end ]; do
		step $guest || exit
		steps=$((steps + 1))
		echo "$steps ($what)" >/run/step
		anywhere
		rm -f /run/measured
		mem_set $guest $kib || exit
		held $guest "after step $steps"
		no_kills $guest "after step $steps"
	done
	[ -z "$taken" ] || as $guest "kill $taken" >/dev/null
	sound $guest 90004 $full
	rm -f /run/measured
	measured "$steps steps in $2 s, seed $seed"
}

# soaked GUEST SECS: the same, and how to do it again when it fails.
soaked()
{
	(soak "$1" "$2") && return
	fail "SEED=$seed, step $(cat /run/step): $(cat /run/reason)"
}

# extra soak pv pvh: keeps to the page and to what it holds through half an hour of everything, at random
case_soak() { soaked "$1" 1800; }

# extra soak120 pv pvh: keeps to the page and to what it holds through two minutes of everything, at random
case_soak120() { soaked "$1" 120; }
