# SPDX-License-Identifier: GPL-2.0-only OR MIT
# What the plans in dom0 share. Memory is in KiB unless a name says pages. A guest is
# known by its name, which is a row of the table below; dom0 is one, too.
XEN_MEMORY=/sys/devices/system/xen_memory/xen_memory0
# How much longer than usual things may take; from the host, if the kernel has checkers.
slow=${slow:-1}

# guest_config NAME: type, memory and maxmem in MiB.
guest_config()
{
	case $1 in
	pv)	echo pv 512 512 ;;
	pvh)	echo pvh 512 512 ;;
	shim)	echo pvh 512 512 ;;
	shimsmall) echo pvh 128 128 ;;
	grow)	echo pv 256 1024 ;;
	pvsmall)  echo pv 128 128 ;;
	pvhsmall) echo pvh 128 128 ;;
	growsmall) echo pv 96 384 ;;
	pvfill*) echo pv 256 256 ;;
	pvhfill*) echo pvh 256 256 ;;
	pvtiny*) echo pv 64 64 ;;
	pvhtiny*) echo pvh 64 64 ;;
	pod)	echo pvh 256 512 ;;
	hvm | headless) echo hvm 512 512 ;;
	hvmpod)	echo hvm 256 512 ;;
	*dom0)	echo dom0 768 768 ;;
	arm64*)	echo pvh 512 512 ;;
	esac
}

tell() { echo "$*" >&3; }

# fail REASON: ends the case, which runs in a subshell.
fail() { echo "$*" >/run/reason; exit 1; }

# measured TEXT: numbers that belong to the case's line in the report.
measured() { echo "$*" >>/run/measured; }

now() { cut -d. -f1 /proc/uptime; }
mib() { awk "BEGIN { printf \"%.7g\", $1 / 1024 }"; }
percent() { awk "BEGIN { printf \"%.2f\", $1 / 100 }"; }
is_dom0() { [ "${1%dom0}" != "$1" ]; }
domid() { cat "/run/guest/$1/domid"; }
key() { xenstore-read "/local/domain/$(domid "$1")/$2" 2>/dev/null || echo 0; }
set_key() { xenstore-write "/local/domain/$(domid "$1")/$2" "$3"; }

# ask GUEST COMMAND: its output, and its exit status.
ask()
{
	if is_dom0 "$1"; then
		sh -c "$2" 2>&1
	else
		probe ask "$(domid "$1")" $((30 * slow)) "{ $2; } 2>&1"
	fi
}

# as_nobody GUEST COMMAND: the same as an ordinary user; no ' in COMMAND.
as_nobody()
{
	ask "$1" "[ -f /etc/passwd ] || echo nobody:x:65534:65534::/:/bin/sh >/etc/passwd; su nobody -c '$2'"
}

# show GUEST ATTRIBUTE, store GUEST ATTRIBUTE VALUE: the driver's files in sysfs. VALUE is
# a format of printf, and may so hold \000; cat says why a write failed, printf does not.
show() { ask "$1" "cat $XEN_MEMORY/$2"; }
store() { ask "$1" "printf '$3\n' | cat >$XEN_MEMORY/$2"; }

# mounted GUEST TYPE PLACE: it has that file system there.
mounted()
{
	ask "$1" "grep -q ' $3 $2 ' /proc/mounts || { mkdir -p $3 && mount -t $2 $2 $3; }" || fail "the guest has no $2"
}

# look GUEST: all that is known of its size, into variables:
# tot_pages, max_pages, pod_entries, pod_cache (Xen), asked_pages (toolstack),
# own_pages (guest) and hidden_pages (Xen's count less the guest's).
look()
{
	eval "$(probe domain "$(domid "$1")")"
	asked_pages=$((($(key "$1" memory/target) + $(key "$1" memory/videoram)) / 4))
	own_pages=$(($(show "$1" info/current_kb) / 4))
	hidden_pages=$((tot_pages - own_pages))
}

# mappings GUEST: how Xen maps it in the second stage, which it tells on Arm: large_maps
# (2 MiB), small_maps (4 KiB), and how many large ones were split so far (splits).
mappings()
{
	local end=$(($(now) + 5)) found

	xl dmesg -c >/dev/null
	xl debug-keys q
	until found=$(xl dmesg | awk -v id="$(domid "$1")" '
		/p2m mappings for domain/ { mine = $6 == id }
		mine && /2M mappings:/ { print "large_maps=" $4, "splits=" $6 + 0 }
		mine && /4K mappings:/ { print "small_maps=" $4 }')
	      [ "${found%small_maps*}" != "$found" ]; do
		[ "$(now)" -lt $end ] || fail "Xen does not tell how it maps $1"
		usleep 50000
	done
	eval "$found"
}

xen_version() { xl info | sed -n 's/^xen_version *: *//p'; }

alive() { [ -f "/run/guest/$1/domid" ] && ask "$1" true >/dev/null 2>&1; }

# whole GUEST PAGES: Xen's pages that make up whole pages of the guest's.
whole()
{
	case $1 in
	arm64big*) echo $(($2 / 16 * 16)) ;;
	*) echo "$2" ;;
	esac
}

# reachable GUEST KIB: the pages that Xen can count when the toolstack asks for KIB. An HVM
# guest without a display is created with a few pages less than that (there are none in
# the VGA hole), and at its full size it has no addresses left for them. A guest with
# 64 KiB pages cannot make up for the 4 KiB pages that Xen counts and it has not.
reachable()
{
	local pages=$(($2 / 4)) boot_pages

	case $1 in
	headless)
		boot_pages=$(cat "/run/guest/$1/boot_pages")
		pages=$((pages < boot_pages ? pages : boot_pages)) ;;
	shim*)
		boot_pages=$(cat "/run/guest/$1/boot_pages")
		pages=$((pages + boot_pages - $(guest_config "$1" | cut -d' ' -f2) * 256)) ;;
	arm64big)
		pages=$(($(whole "$1" "$pages") + $(cat "/run/guest/$1/hidden_pages"))) ;;
	esac
	echo "$pages"
}

# checks_of GUEST: what the checkers of its kernel want on its command line. Poison is
# written to all memory at boot, which a guest with populate-on-demand has not got.
checks_of()
{
	case $1 in
	pod | hvmpod) ;;
	*) echo "$checks" ;;
	esac
}

# start GUEST: from nothing to an answer from user space; $extra: more for its kernel;
# $before: a command with its domid, before it runs; $initrd: another than usual;
# $vcpus: how many; $config: more for its xl.cfg; $stays: xl stays, to do what the
# guest's end asks for.
start()
{
	local guest=$1 log="/var/log/xen/console/guest-$1.log" seconds=$((90 * slow)) initrd=${initrd:-/guest/initrd}

	stop "$guest"
	mkdir -p "/run/guest/$guest"
	set -- $(guest_config "$guest")
	if [ "$1" = hvm ]; then
		# SeaBIOS reads both files through an I/O port, byte by byte: a minute
		seconds=$((300 * slow))
		gzip -c "$initrd" >/run/guest/initrd.gz
		initrd=/run/guest/initrd.gz
	fi
	if is_dom0 "$guest"; then
		echo 0 >"/run/guest/$guest/domid"
	else
		cat >"/run/guest/$guest/cfg" <<-END
			name = "$guest"
			type = "$1"
			kernel = "/guest/kernel"
			ramdisk = "$initrd"
			cmdline = "console=hvc0 xen_legacy_crash beat=${beat:-0} $kernel_options $(checks_of "$guest") $extra"
			memory = $2
			maxmem = $3
			vcpus = ${vcpus:-1}
			tsc_mode = "native"
			on_crash = "preserve"
			$config
		END
		[ "${guest#shim}" = "$guest" ] || printf 'pvshim = 1\npvshim_cmdline = "cpuid=rdrand"\n' >>"/run/guest/$guest/cfg"
		[ "$1" != hvm ] || cat >>"/run/guest/$guest/cfg" <<-END
			vga = "$([ "$guest" = headless ] && echo none || echo stdvga)"
			vnc = 0
			sdl = 0
			usb = 0
		END
		# there is no ACPI to describe to it, and xl mem-set fails over that
		[ "$(uname -m)" != aarch64 ] || echo "acpi = 0" >>"/run/guest/$guest/cfg"
		xl create -p $([ -n "$stays" ] || echo -e) -q "/run/guest/$guest/cfg" >"/run/guest/$guest/xl.log" 2>&1 ||
			fail "xl create: $(grep error "/run/guest/$guest/xl.log" | tr '\n' ' ')"
		xl domid "$guest" >"/run/guest/$guest/domid"
		[ -z "$before" ] || "$before" "$(domid "$guest")"
		xl unpause "$guest"
		if ! probe ask "$(domid "$guest")" $seconds true 2>"/run/guest/$guest/ask.log"; then
			eval "$(probe domain "$(domid "$guest")")"
			[ "$state" = alive ] || [ -s "$log" ] ||
				fail "the guest shut down at once and printed nothing, under Xen $(xen_version):" \
				"QEMU 10.0 and newer do that to PVH guests of Xen 4.17, whose control registers" \
				"they misread, not to those of 4.20 (leave QEMU out); with QEMU 7.2 see xen.log"
			fail "$(cat "/run/guest/$guest/ask.log") ($state)"
		fi
	fi
	look "$guest"
	echo "$tot_pages" >"/run/guest/$guest/boot_pages"
	echo "$hidden_pages" >"/run/guest/$guest/hidden_pages"
}

stop()
{
	[ ! -f "/run/guest/$1/domid" ] || is_dom0 "$1" || xl destroy "$(domid "$1")" 2>/dev/null
	rm -rf "/run/guest/$1"
}

disagreement()
{
	echo "asked for $1 pages; Xen counts $tot_pages, the guest $own_pages:" \
		"$hidden_pages hidden, $(cat "/run/guest/$guest/hidden_pages") at boot"
}

# agree GUEST PAGES: Xen counts PAGES, and the guest is as far from that as at boot.
# The guest counts a moment after Xen, hence the second's grace.
agree()
{
	local guest=$1 end=$(($(now) + 2 * slow))

	while look "$guest"
	      [ "$tot_pages" != "$2" ] ||
	      [ "$hidden_pages" != "$(cat "/run/guest/$guest/hidden_pages")" ]; do
		[ "$(now)" -lt $end ] || fail "$(disagreement "$2")"
		usleep 50000
	done
}

# counts GUEST PAGES: it counts PAGES itself, within 30 s.
counts()
{
	local end=$(($(now) + 30 * slow))

	while look "$1"; [ "$own_pages" != "$2" ]; do
		[ "$(now)" -lt $end ] || fail "asked for $2 pages, the guest has $own_pages"
		usleep 50000
	done
}

# move_by GUEST PAGES COMMAND...: the command has Xen count PAGES, exactly.
move_by()
{
	local guest=$1 want=$2

	shift 2
	if ! eval "$(probe move "$(domid "$guest")" "$want" $((60 * slow)) "$@" || echo false)"; then
		alive "$guest" || fail "the guest is dead, on its way to $want pages"
		look "$guest"
		fail "$(disagreement "$want")"
	fi
	agree "$guest" "$want"
	pages=$((tot_pages > from_pages ? tot_pages - from_pages : from_pages - tot_pages))
	measured "$(mib $((from_pages * 4))) -> $(mib $((want * 4))) MiB in $ms ms," \
		"$((pages * 1000 / 256 / (ms + !ms))) MiB/s"
}

# mem_set GUEST KIB: as an administrator does it.
mem_set() { move_by "$1" "$(reachable "$1" "$2")" xl mem-set "$(domid "$1")" "${2}k"; }

# prepare GUEST: it is alive and has the memory it was created with.
prepare()
{
	local kib

	alive "$1" || start "$1"
	! is_dom0 "$1" || return 0
	look "$1"
	kib=$(($(guest_config "$1" | cut -d' ' -f2) * 1024))
	[ "$tot_pages" != "$(cat "/run/guest/$1/boot_pages")" ] || [ "$asked_pages" != $((kib / 4)) ] ||
		return 0
	probe move "$(domid "$1")" "$(reachable "$1" $kib)" $((60 * slow)) xl mem-set "$(domid "$1")" ${kib}k >/dev/null
}

# run_case GUEST CASE: one line in the report; counts in passed and failed.
run_case()
{
	rm -f /run/reason /run/measured
	if (prepare "$1"; "case_$2" "$1") >/run/case.log 2>&1; then
		passed=$((passed + 1))
		tell "ok $1-$2 | $(paste -sd';' /run/measured 2>/dev/null | sed 's/;/; /g')"
	else
		failed=$((failed + 1))
		tell "not ok $1-$2 | $(cat /run/reason 2>/dev/null || tail -n 1 /run/case.log)"
	fi
}
