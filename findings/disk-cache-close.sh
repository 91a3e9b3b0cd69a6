#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: the page cache of a block device is gone at its last close, so reading a whole
# disk may leave no trace in memory, while a RAM disk without a single written block can
# fill 200 MiB of it as long as someone has the device open.
#
# Versions: Linux 6.1.192-3 (Debian's cloud kernel), QEMU 7.2, busybox 1.35.0.
#
# Expected: 200 MiB read from an NVMe disk stay cached; brd, which already is memory and
# has no pages for unwritten blocks, adds nothing.
# Seen (KiB):
#   boot: Buffers 0
#   nvme0n1-read: Buffers 0
#   nvme0n1-read-while-open: Buffers 204800
#   nvme0n1-closed: Buffers 0
#   ram0-read: Buffers 0
#   ram0-read-while-open: Buffers 204800
#   ram0-closed: Buffers 0
#
# Why it matters: a test that fills the page cache by reading a device, to give a balloon
# something to reclaim, measures an empty cache unless it holds the device open; and
# guests whose disk is an empty RAM disk use as much cache as any others.

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
show() { echo "$1" "$(awk '/^Buffers/ { print "Buffers", $2 }' /proc/meminfo)"; }
insmod /brd.ko rd_nr=1 rd_size=204800
show boot:
for disk in nvme0n1 ram0; do
	dd if=/dev/$disk of=/dev/null bs=1M count=200 2>/dev/null
	show "$disk-read:"
	exec 4</dev/$disk
	dd if=/dev/$disk of=/dev/null bs=1M count=200 2>/dev/null
	show "$disk-read-while-open:"
	exec 4<&-
	show "$disk-closed:"
done
echo end
poweroff -f
END
cp "$dir"/unpacked/lib/modules/*/kernel/drivers/block/brd.ko "$dir/image/"
truncate -s 200M "$dir/disk"
boot -m 1024 -append "console=ttyS0 quiet" \
	-drive "if=none,id=disk,format=raw,file=$dir/disk" -device nvme,drive=disk,serial=1

for disk in nvme0n1 ram0; do
	if [ "$(value $disk-read: Buffers)" -gt 4096 ] || [ "$(value $disk-closed: Buffers)" -gt 4096 ] ||
	   [ "$(value $disk-read-while-open: Buffers)" -lt 200000 ]; then
		echo "changed"
		exit 1
	fi
done
echo "as recorded"
