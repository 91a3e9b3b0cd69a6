# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Has a guest do what the checkers of its kernel report (cases, guest: the host's). The host
# then looks whether it takes the words for trouble. Much of it is never mended, so the order
# counts: what oopses comes after lockdep, which that switches off; the hung processor last.
. ./lib.sh

CRASH=/sys/kernel/debug/provoke-crash/DIRECT

# provoke NAME WORDS COMMAND: the command has the guest print WORDS.
provoke()
{
	local end=$(($(now) + 60 * slow)) log=/var/log/xen/console/guest-$guest.log

	case :$cases: in
	*:rig-$1:*) ;;
	*) return ;;
	esac
	# what it does may well be the end of the shell that does it
	ask "$guest" "($3) >/dev/null 2>&1 & true" >/dev/null
	until grep -q "$2" "$log"; do
		[ "$(now)" -lt $end ] || { tell "not ok rig-$1 | the guest does not say: $2"; return; }
		usleep 100000
	done
	tell "ok rig-$1 | $2"
}

if (start "$guest"; mounted "$guest" debugfs /sys/kernel/debug; ask "$guest" "[ -e $CRASH ]"); then
	provoke lists "list_add corruption" "echo CORRUPT_LIST_ADD >$CRASH"
	provoke ubsan "UBSAN: array-index-out-of-bounds" "echo ARRAY_BOUNDS >$CRASH"
	provoke poison "pagealloc: memory corruption" "echo WRITE_BUDDY_AFTER_FREE >$CRASH"
	provoke uaf "BUG: KASAN: slab-use-after-free" "echo READ_AFTER_FREE >$CRASH"
	provoke overflow "BUG: KASAN: slab-out-of-bounds" "echo SLAB_LINEAR_OVERFLOW >$CRASH"
	# It takes a lock and returns; the other half of what it does is to hang the second time.
	once="mkdir /run/once && echo SPINLOCKUP >$CRASH"
	provoke lockdep "WARNING: lock held when returning to user space" "$once"
	provoke sleeps "BUG: scheduling while atomic" "$once"
	# Not looked for after an oops, and what comes next is one.
	provoke hung "blocked for more than" "echo 2 >/proc/sys/kernel/hung_task_timeout_secs; echo HUNG_TASK >$CRASH"
	# Who executes data dies before it frees it. Young objects are no leaks yet.
	provoke kmemleak "new suspected memory leaks" "for i in 1 2 3; do (echo EXEC_KMALLOC >$CRASH); done
		mkdir /run/links && mount -t tmpfs tmpfs /run/links
		for i in 1 2 3; do
			sleep 6 & sleep 6 & sleep 6 & wait
			probe links /run/links
			echo scan >/sys/kernel/debug/kmemleak
			echo scanned: \$? >/dev/kmsg
		done"
	provoke softlockup "BUG: soft lockup" "echo 1 >/proc/sys/kernel/watchdog_thresh; echo SOFTLOCKUP >$CRASH"
else
	for name in $(echo "$cases" | tr : ' '); do
		tell "not ok $name | no guest, or no lkdtm in it: $(cat /run/reason 2>/dev/null)"
	done
fi
stop "$guest"
echo 0 0 >/run/verdict
