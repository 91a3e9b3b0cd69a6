#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: Linux's MemAvailable counts the free memory of ZONE_MOVABLE in full, so a
# process is killed for lack of memory while MemAvailable reports almost half of the total.
#
# Versions: Linux 6.1.192-3 (Debian's cloud kernel), QEMU 7.2, busybox 1.35.0.
# Here: 1 GiB, half of it ZONE_MOVABLE, as after onlining memory with online_movable. dd
# writes to a ramfs, whose pages cannot be moved (like page tables, slabs, pipe buffers).
#
# Expected: as the kernel's own guess of what programs can still get, it is close to zero
# by the time the kernel kills one.
# Seen (KiB):
#   before MemTotal 995612 MemAvailable 920176
#   dd status 137
#   after MemTotal 995612 MemAvailable 476520
#
# Why it matters: a balloon policy that guards MemAvailable inflates (or refuses to
# deflate) until the kernel cannot allocate for itself. It has to look at each zone.

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
	while read -r name kb _; do
		case $name in
		MemTotal: | MemAvailable:) line="$line ${name%:} $kb" ;;
		esac
	done </proc/meminfo
	echo "$line"
}
line=before; show
mount -t ramfs ramfs /a
dd if=/dev/zero of=/a/file bs=1M 2>/dev/null
echo "dd status $?"
line=after; show	# without another process, for which there may be no memory
: >/a/file
echo end
poweroff -f
END
boot -m 1024 -append "console=ttyS0 quiet movablecore=512M"

# Killed, with at least a quarter of all memory "available".
if [ "$(value dd status)" != 137 ] || [ "$(value after MemAvailable)" -lt $(($(value after MemTotal) / 4)) ]; then
	echo "changed"
	exit 1
fi
echo "as recorded"
