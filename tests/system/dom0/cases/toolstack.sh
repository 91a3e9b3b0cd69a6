# SPDX-License-Identifier: GPL-2.0-only OR MIT
# What the toolstack writes, and what it is told.

# case reports (pv) pvh: reports its progress in data/balloon, and does not write control/feature-balloon, as xl does not permit it
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

# case ignores pv (pvh) arm64 arm64big: ignores a value in xenstore that is not a size, says so, and keeps its target
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

# extra inner shim: meets targets that leave the shim out, as XAPI's do, to the page and from no memory of the shim's
inner_target() { xenstore-write "/local/domain/$1/memory/target" $inner_kib; }
case_inner()
{
	look "$1"
	inner_kib=$((own_pages * 4))
	trap 'stop shim' EXIT
	before=inner_target start "$1"
	[ $own_pages = $((inner_kib / 4)) ] || fail "started with $own_pages pages, told $((inner_kib / 4))"
	for kib in 262144 $inner_kib 300004 $inner_kib; do
		move_by "$1" $((kib / 4 + $(cat "/run/guest/$1/hidden_pages"))) \
			xenstore-write "/local/domain/$(domid "$1")/memory/target" "$kib"
	done
}

# case nonsense pvh: starts as usual with nonsense on its command line, in static-max and in videoram
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

# extra keys pvh: starts as usual with each of the bad values in static-max and videoram
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

# case raised (pv) pvh hvm: with another maximum and target since before it runs, meets each target
raise_first() { xl mem-max "$1" 600 && xl mem-set "$1" "$first"; }
case_raised()
{
	local first

	for first in 512m 448m 576m; do
		before=raise_first start "$1"
		online_by "$1" online
		agree "$1" $((${first%m} * 256))
		mem_set "$1" 400000
		mem_set "$1" 524288
		mem_set "$1" 600000
	done
	stop "$1"
}

bad_key() { probe bad-key "$1" $name $nr; }

# As XAPI does, and xl does not.
may_tell() { probe permit "$1" control; }

# not squeezed in kasan: it has a PV guest, too, which does not boot with KASAN
# case squeezed pvh: does what XAPI's memory daemon expects, and so does a PV guest on the same host
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
	for key in feature-balloon=1 balloon-active=0; do
		end=$(($(now) + 3))
		until is=$(xenstore-read "/local/domain/$(domid "$1")/control/${key%=*}" 2>&1)
		      [ "$is" = "${key#*=}" ]; do
			[ "$(now)" -lt $end ] || fail "${key%=*} is $is"
			usleep 100000
		done
	done
	# A guest that cannot be where it is asked to be has not offered to move yet.
	before=cannot_obey start "$1"
	sleep 5
	[ "$(key "$1" data/balloon/state)" = stopped ] && [ "$(key "$1" control/feature-balloon)" = 0 ] ||
		fail "$(key "$1" data/balloon/state), feature-balloon is $(key "$1" control/feature-balloon)"
	set_key "$1" memory/target 524288
	end=$(($(now) + 10))
	until [ "$(key "$1" control/feature-balloon)" = 1 ]; do
		[ "$(now)" -lt $end ] || fail "feature-balloon is not there"
		usleep 100000
	done
}

cannot_obey()
{
	may_tell "$1"
	xenstore-write "/local/domain/$1/memory/target" 1024
}
