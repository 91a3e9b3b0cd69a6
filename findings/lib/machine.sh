# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=sh disable=SC2034 # the findings use the variables
#
# Shared by the findings: packages of the machine's own apt sources, a Debian kernel that
# QEMU boots with or without Xen, and a comparison of its report with the recorded one.
# For Debian 12 on amd64; it changes nothing outside a temporary folder.

set -eu

QEMU='qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3 seabios=1.16.2-1'
KERNEL='linux-image-6.1.0-57-amd64=6.1.192-3 busybox-static=1:1.35.0-4+deb12u1+b1'
XEN_VERSION=4.17.7+13-g2445b30a44-0+deb12u1
XEN="xen-hypervisor-4.17-amd64=$XEN_VERSION xen-utils-4.17=$XEN_VERSION
	xenstore-utils=$XEN_VERSION libxen-dev=$XEN_VERSION libxenmisc4.17=$XEN_VERSION"

# Xen idles with mwait, which QEMU's own processor lacks; smap, smep and rdtscp make it fail.
CPU=EPYC,family=21,+svm,+npt,-monitor,-rdtscp,-smap,-smep,-xsave
LIBRARIES=usr/lib/x86_64-linux-gnu

tmp=$(mktemp -d)
LOADER=$tmp/unpacked/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# fetch NAME=VERSION...: these and what they depend on, unpacked into $tmp/unpacked. Files are
# kept in $FINDINGS_DEBS if that is set, which saves the next script the download.
fetch()
{
	debs=${FINDINGS_DEBS:-$tmp/debs}
	mkdir -p "$debs/partial" "$tmp/unpacked" "$tmp/state/lists/partial"
	: >"$tmp/state/status"
	cat >"$tmp/apt.conf" <<END
Dir::State "$tmp/state";
Dir::State::status "$tmp/state/status";
Dir::Cache "$tmp";
Dir::Cache::archives "$debs";
Acquire::Languages "none";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
	export APT_CONFIG="$tmp/apt.conf"
	apt-get -qq update >"$tmp/apt.log" 2>&1 || { cat "$tmp/apt.log"; exit 2; }
	apt-get -qq -y --no-install-recommends --download-only install "$@" >"$tmp/apt.log" 2>&1 ||
		{ cat "$tmp/apt.log"; exit 2; }
	apt-get -s --no-install-recommends install "$@" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .* \[\([a-z0-9]*\)\]).*/\1_\2_\3/p' |
		sed 's/:/%3a/g' >"$tmp/names"
	while read -r name; do
		dpkg-deb -x "$debs/$name.deb" "$tmp/unpacked"
	done <"$tmp/names"
	unset APT_CONFIG
	for package; do
		echo "package ${package%%=*} ${package#*=}"
	done
}

# add FILE...: these programs of $tmp/unpacked, with their libraries, to dom0's or the guest's files.
add()
{
	for file; do
		mkdir -p "$tmp/files/${file%/*}"
		cp "$tmp/unpacked/$file" "$tmp/files/$file"
		"$LOADER" --library-path "$tmp/unpacked/$LIBRARIES:$tmp/unpacked/lib/x86_64-linux-gnu" \
			--list "$tmp/unpacked/$file" 2>/dev/null | sed -n 's/.* => \([^ ]*\) .*/\1/p' >"$tmp/needed" || true
		while read -r library; do
			cp -L "$library" "$tmp/files/$LIBRARIES/"
		done <"$tmp/needed"
	done
}

# kmod NAME OPTION...: that name of the fetched kmod.
kmod()
{
	name=$1
	shift
	"$LOADER" --argv0 "$name" --library-path "$tmp/unpacked/$LIBRARIES:$tmp/unpacked/lib/x86_64-linux-gnu" \
		"$tmp/unpacked/bin/kmod" "$@"
}

# modules NAME...: these and what they need, and the order in which the kernel takes them.
modules()
{
	[ -e "$tmp/modules" ] || {
		tree=$(echo "$tmp"/unpacked/lib/modules/*)
		kmod depmod -b "$tmp/unpacked" "${tree##*/}"
		: >"$tmp/modules"
	}
	for module; do
		kmod modprobe -d "$tmp/unpacked" -S "${tree##*/}" --show-depends "$module" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p' >>"$tmp/modules"
	done
}

# image: $tmp/initrd from what was added and from standard input, the script that runs there.
image()
{
	mkdir -p "$tmp/files/bin" "$tmp/files/modules" "$tmp/files/proc" "$tmp/files/sys" "$tmp/files/dev" \
		"$tmp/files/run" "$tmp/files/tmp" "$tmp/files/etc/xen" "$tmp/files/var/lock" "$tmp/files/lib64"
	ln -sfn /run "$tmp/files/var/run"
	cp "$tmp/unpacked/bin/busybox" "$tmp/files/bin/"
	ln -sf busybox "$tmp/files/bin/sh"
	: >"$tmp/files/etc/xen/xl.conf"
	cat >"$tmp/files/script"
	touch "$tmp/modules"
	awk '!seen[$0]++' "$tmp/modules" | while read -r module; do
		cp "$module" "$tmp/files/modules/"
		echo "/modules/${module##*/}"
	done >"$tmp/files/order"
	cat >"$tmp/files/init" <<'END'
#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
PATH=/bin:/usr/bin:/usr/lib/xen-4.17/bin
export PATH
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /var/lib/xen /var/log/xen/console
mount -t devpts devpts /dev/pts
mount -t tmpfs run /run
mkdir -p /run/xen
while read -r module; do insmod "$module"; done </order
mount -t xenfs xenfs /proc/xen 2>/dev/null
stty -F /dev/ttyS1 raw -echo
exec 3>/dev/ttyS1
[ ! -e /usr/lib/xen-4.17 ] || {
	"$(cat /daemon 2>/dev/null || echo xenstored)" --pid-file /run/xenstored.pid
	xen-init-dom0 >/dev/null
	xenconsoled
}
sh /script </dev/null >&3 2>&3
echo end >&3
poweroff -f
END
	chmod +x "$tmp/files/init"
	[ ! -e "$LOADER" ] ||
		cp -L "$LOADER" "$tmp/files/lib64/"
	(cd "$tmp/files" && find . | cpio -o -H newc -R 0:0 --quiet) >"$tmp/initrd"
	cp "$tmp"/unpacked/boot/vmlinuz-* "$tmp/kernel"
}

# qemu OPTION...: without the machine's own libraries. On one processor: with its threads on
# two it loses timer interrupts of Xen.
qemu()
{
	QEMU_MODULE_DIR="$tmp/unpacked/$LIBRARIES/qemu" timeout 500 taskset -c "${FINDINGS_CPU:-0}" \
		"$LOADER" \
		--library-path "$tmp/unpacked/$LIBRARIES:$tmp/unpacked/lib/x86_64-linux-gnu" \
		"$tmp/unpacked/usr/bin/qemu-system-x86_64" -L "$tmp/unpacked/usr/share/qemu" -L "$tmp/unpacked/usr/share/seabios" \
		-accel tcg -smp 1 -nodefaults -no-user-config -display none -no-reboot "$@"
}

# boot_linux OPTION...: the kernel alone; its report becomes $tmp/report.
boot_linux()
{
	qemu -cpu max -serial "file:$tmp/console" -serial "file:$tmp/report" \
		-kernel "$tmp/kernel" -initrd "$tmp/initrd" "$@" </dev/null
	finished
}

# boot_xen: the same as dom0 of Xen.
boot_xen()
{
	gzip -dc "$tmp/unpacked/boot/xen-4.17-amd64.gz" >"$tmp/xen"
	qemu -cpu "$CPU" -m 1536 -serial "file:$tmp/console" -serial "file:$tmp/report" -kernel "$tmp/xen" \
		-append "console=com1 dom0_mem=768M,max:768M dom0_max_vcpus=1 cpuidle=0 cpuid=rdrand" \
		-initrd "$tmp/kernel console=hvc0,$tmp/initrd" </dev/null 2>"$tmp/qemu.log"
	finished
}

finished()
{
	if ! grep -qx end "$tmp/report"; then
		echo "the machine did not finish; the end of its console and its report:"
		tail -n 30 "$tmp/console" "$tmp/report"
		exit 2
	fi
	sed -i -e 's/\r$//' -e '/^end$/d' "$tmp/report"
}

# xen_files: the programs of dom0, its modules.
xen_files()
{
	mkdir -p "$tmp/files/$LIBRARIES"
	add usr/lib/xen-4.17/bin/xl usr/lib/xen-4.17/bin/xenstored usr/lib/xen-4.17/bin/oxenstored \
		usr/lib/xen-4.17/bin/xen-init-dom0 usr/lib/xen-4.17/bin/xenconsoled usr/lib/xen-4.17/bin/libxl-save-helper \
		usr/bin/xenstore-read usr/bin/xenstore-write usr/bin/xenstore-ls usr/bin/xenstore-watch
	cp "$tmp/unpacked/$LIBRARIES/libgcc_s.so.1" "$tmp/files/$LIBRARIES/" 2>/dev/null ||
		cp "$tmp/unpacked/lib/x86_64-linux-gnu/libgcc_s.so.1" "$tmp/files/$LIBRARIES/"
	paused_domain
	memory_program
	modules xenfs xen-evtchn xen-gntdev xen-gntalloc xen-privcmd
	cp "$tmp"/unpacked/boot/vmlinuz-* "$tmp/files/kernel"
}

# paused_domain: `paused NAME MEMORY MAXMEM` for dom0, a PVH domain whose kernel never runs;
# prints its number.
paused_domain()
{
	mkdir -p "$tmp/files/bin"
	cat >"$tmp/files/bin/paused" <<'END'
#!/bin/sh
printf 'name="%s"\ntype="pvh"\nkernel="/kernel"\nmemory=%s\nmaxmem=%s\n' "$@" >"/tmp/$1"
xl create -qp "/tmp/$1" >/dev/null && xl domid "$1"
END
	chmod +x "$tmp/files/bin/paused"
}

# memory_program: `memory DOMAIN up|down ORDER GFN [NUMBER]` for dom0, which asks Xen through
# libxenctrl for NUMBER extents from GFN on, or releases them, and prints how many are reported
# done and how much Xen's count of the domain's pages changes. `memory DOMAIN pod 0 0` prints
# how many pages populate-on-demand keeps.
memory_program()
{
	cat >"$tmp/memory.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <xenctrl.h>

static long count(xc_interface *xc, int domain)
{
	xc_dominfo_t info;

	if (xc_domain_getinfo(xc, domain, 1, &info) != 1 || info.domid != domain)
		exit(2);
	return info.nr_pages;
}

int main(int argc, char **argv)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	int domain = atoi(argv[1]), order = atoi(argv[3]), n = argc > 5 ? atoi(argv[5]) : 1, i, done;
	xen_pfn_t gfn = strtoul(argv[4], NULL, 0), extents[512];
	long before = count(xc, domain);

	if (argv[2][0] == 'p') {
		uint64_t pages, cache, entries;

		if (xc_domain_get_pod_target(xc, domain, &pages, &cache, &entries))
			return 1;
		printf("%lu\n", (unsigned long)cache);
		return 0;
	}
	for (i = 0; i < n; i++)
		extents[i] = gfn + ((xen_pfn_t)i << order);
	done = argv[2][0] == 'u' ?
		xc_domain_populate_physmap(xc, domain, n, order, 0, extents) :
		xc_domain_decrease_reservation(xc, domain, n, order, extents);
	printf("done %d, count %+ld\n", done, count(xc, domain) - before);
	return 0;
}
END
	mkdir -p "$tmp/files/bin"
	gcc -O2 -Wall -static -isystem "$tmp/unpacked/usr/include" "$tmp/memory.c" -o "$tmp/files/bin/memory" \
		-L"$tmp/unpacked/$LIBRARIES" -Wl,--start-group -lxenctrl -lxencall -lxenforeignmemory \
		-lxendevicemodel -lxentoollog -lxentoolcore -Wl,--end-group
}

# value LINE NAME: the number after NAME in the line of the report that begins with LINE.
value()
{
	awk -v line="$1" -v name="$2" 'index($0, line) == 1 {
		for (i = 1; i < NF; i++)
			if ($i == name) {
				print $(i + 1)
				exit
			}
	}' "$tmp/report"
}

# as_recorded: prints the report and compares it with standard input.
as_recorded()
{
	cat >"$tmp/recorded"
	cat "$tmp/report"
	if ! diff -u "$tmp/recorded" "$tmp/report" >"$tmp/changed"; then
		echo "CHANGED:"
		cat "$tmp/changed"
		exit 1
	fi
	echo "as recorded"
}
