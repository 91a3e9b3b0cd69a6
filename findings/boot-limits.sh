#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Claim: of the limits that Linux derives from the size of memory, some follow memory
# hotplug (CommitLimit, min_free_kbytes) and others keep the size at boot for good:
# threads, processes per user, epoll watches, open files, and a tmpfs mounted with
# size=50%, which is half of the memory at the time of the mount.
#
# Versions: Linux 6.1.192-3 (Debian's cloud kernel), QEMU 7.2, busybox 1.35.0.
# Here: 512 MiB at boot, then a DIMM of 1536 MiB is brought online.
#
# Expected: a percentage is a percentage, and a guest with four times the memory may have
# about four times the threads.
# Seen (KiB, or counts):
#   before: MemTotal 413980 CommitLimit 206988 min_free_kbytes 2540 threads-max 3152
#       max-processes 1576 epoll-watches 89800 file-max 39919 tmpfs-50% 206992
#   after: MemTotal 1986844 CommitLimit 993420 min_free_kbytes 5625 threads-max 3152
#       max-processes 1576 epoll-watches 89800 file-max 39919 tmpfs-50% 206992
#   remounted: MemTotal 1986844 CommitLimit 993420 min_free_kbytes 5625 threads-max
#       3152 max-processes 1576 epoll-watches 89800 file-max 39919 tmpfs-50% 993424
#
# Why it matters: a guest that boots small and grows by ballooning with hotplug keeps the
# limits of a small one; one that boots large should be preferred, or these be set.

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
		CommitLimit "$(awk '/^CommitLimit/ { print $2 }' /proc/meminfo)" \
		min_free_kbytes "$(cat /proc/sys/vm/min_free_kbytes)" \
		threads-max "$(cat /proc/sys/kernel/threads-max)" \
		max-processes "$(ulimit -u)" \
		epoll-watches "$(cat /proc/sys/fs/epoll/max_user_watches)" \
		file-max "$(cat /proc/sys/fs/file-max)" \
		tmpfs-50% "$(df -k /a | awk 'END { print $2 }')"
}
mount -t tmpfs -o size=50% tmpfs /a
show before:
for state in /sys/devices/system/memory/memory*/state; do
	[ "$(cat $state)" = online ] || echo online >$state
done
show after:
mount -o remount,size=50% /a
show remounted:
echo end
poweroff -f
END
boot -m 512,slots=1,maxmem=4G -append "console=ttyS0 quiet" \
	-object memory-backend-ram,id=added,size=1536M -device pc-dimm,memdev=added

as_recorded=1
[ "$(value after: MemTotal)" -gt $(($(value before: MemTotal) * 3)) ] || as_recorded=
for follows in CommitLimit min_free_kbytes; do
	[ "$(value after: $follows)" -gt "$(value before: $follows)" ] || as_recorded=
done
for stays in threads-max max-processes epoll-watches file-max tmpfs-50%; do
	[ "$(value after: $stays)" = "$(value before: $stays)" ] || as_recorded=
done
[ "$(value remounted: tmpfs-50%)" -gt $(($(value before: tmpfs-50%) * 3)) ] || as_recorded=
[ "$as_recorded" ] || { echo "changed"; exit 1; }
echo "as recorded"
