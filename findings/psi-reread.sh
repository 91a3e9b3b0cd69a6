#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: PSI reports memory pressure, of the kind "full", for one dd that reads a disk
# larger than memory several times, with no other process, no swap, and nearly all memory
# available: pages that are read again soon after they were dropped count as a stall.
#
# Versions: Linux 6.1.192-3 (Debian's cloud kernel), QEMU 7.2, busybox 1.35.0.
# Here: 1 GiB of memory, 1300 MiB of disk.
#
# Expected: no pressure, as no allocation fails or has to wait for memory in use.
# Seen (KiB, and milliseconds that depend on the machine's speed):
#   start: MemTotal 995576 MemAvailable 890676 uptime-ms 2780 full-ms 0
#   read-1: MemTotal 995576 MemAvailable 841616 uptime-ms 22750 full-ms 376
#   read-2: MemTotal 995576 MemAvailable 841804 uptime-ms 34470 full-ms 1332
#   read-3: MemTotal 995576 MemAvailable 841764 uptime-ms 45100 full-ms 2306
#   stalled for 1930 of 22350 ms
#
# Why it matters: a policy that gives a guest memory on pressure feeds any scan, backup
# or checksum that happens to be larger than the guest, and MemAvailable contradicts it.

set -eu

KERNEL=linux-image-6.1.0-57-cloud-amd64=6.1.192-3
QEMU=qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3
BUSYBOX=busybox-static=1:1.35.0-4+deb12u1+b1

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

# Packages: from the machine's own apt sources, into $dir, with an apt that knows nothing installed.
mkdir -p "$dir/lists/partial" "$dir/debs/partial" "$dir/unpacked" "$dir/image/bin"
: >"$dir/status"
cat >"$dir/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
APT::Install-Recommends "0";
Debug::NoLocking "1";
Dir::State::status "$dir/status";
Dir::State::lists "$dir/lists";
Dir::Cache "$dir";
Dir::Cache::archives "$dir/debs";
END
apt() { (cd "$dir/debs" && APT_CONFIG=$dir/apt.conf apt-get -q -y "$@" >>"$dir/log" 2>&1); }
if ! apt update || ! apt install --download-only "$QEMU" "$BUSYBOX" || ! apt download "$KERNEL"; then
	grep '^E:' "$dir/log" >&2 || tail -n 3 "$dir/log" >&2
	exit 2
fi
for pinned in "$KERNEL" "$QEMU" "$BUSYBOX"; do
	for deb in "$dir/debs/${pinned%%=*}"_*.deb; do
		# shellcheck disable=SC2016 # dpkg's variables, not the shell's
		[ "$(dpkg-deb -W --showformat '${Package}=${Version}' "$deb")" = "$pinned" ] || exit 2
		echo "$pinned"
	done
done
for deb in "$dir"/debs/*.deb; do dpkg -x "$deb" "$dir/unpacked"; done

# boot OPTION...: the kernel with $dir/image as its initramfs, and what it prints.
boot()
{
	cp "$dir/unpacked/bin/busybox" "$dir/image/bin/"
	chmod +x "$dir/image/init"
	mkdir -p "$dir/image/proc" "$dir/image/sys" "$dir/image/dev" "$dir/image/a" "$dir/image/b"
	(cd "$dir/image" && find . | cpio -o -H newc -R 0:0 --quiet) >"$dir/initrd"
	libraries=$dir/unpacked/usr/lib/x86_64-linux-gnu
	QEMU_MODULE_DIR=$libraries/qemu timeout 300 \
		"$dir/unpacked/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" \
		--library-path "$libraries:$dir/unpacked/lib/x86_64-linux-gnu" "$dir/unpacked/usr/bin/qemu-system-x86_64" \
		-L "$dir/unpacked/usr/share/qemu" -L "$dir/unpacked/usr/share/seabios" \
		-accel tcg -cpu max -nodefaults -no-user-config -display none -no-reboot -serial stdio \
		-kernel "$dir"/unpacked/boot/vmlinuz-* -initrd "$dir/initrd" "$@" </dev/null | tr -d '\r' | tee "$dir/output"
	grep -q '^end$' "$dir/output" || exit 2
}

# value LINE NAME: the number after NAME in the line of the output that starts with LINE.
value() { awk -v line="$1" -v name="$2" 'index($0, line) == 1 { for (i = 1; i < NF; i++) if ($i == name) { print $(i + 1); exit } }' "$dir/output"; }

cat >"$dir/image/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
dmesg -n 1
show()
{
	echo "$1" MemTotal "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" \
		MemAvailable "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" \
		uptime-ms "$(awk '{ print int($1 * 1000) }' /proc/uptime)" \
		full-ms "$(awk -F= '/^full/ { print int($NF / 1000) }' /proc/pressure/memory)"
}
exec 4</dev/nvme0n1	# the cache lasts from one reading to the next
show start:
for i in 1 2 3; do
	dd if=/dev/nvme0n1 of=/dev/null bs=1M 2>/dev/null
	show "read-$i:"
done
echo end
poweroff -f
END
truncate -s 1300M "$dir/disk"
boot -m 1024 -append "console=ttyS0 quiet" \
	-drive "if=none,id=disk,format=raw,file=$dir/disk" -device nvme,drive=disk,serial=1

stalled=$(($(value read-3: full-ms) - $(value read-1: full-ms)))
lasted=$(($(value read-3: uptime-ms) - $(value read-1: uptime-ms)))
echo "stalled for $stalled of $lasted ms"
if [ $((stalled * 50)) -lt "$lasted" ] ||
   [ "$(value read-3: MemAvailable)" -lt $(($(value read-3: MemTotal) * 3 / 4)) ]; then
	echo "changed"
	exit 1
fi
echo "as recorded"
