# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Cases about the runner itself: how it ends, and what it says when something is wrong."""
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import rig

CASES = {
    "rig-reports": "reports of the kernel's checkers, the kernel and Xen are trouble, and other lines are not",
    "rig-interrupted": "a run that is interrupted leaves no process behind",
    "rig-killed": "a run that is killed leaves no process behind",
    "rig-pinned": "each machine runs on one CPU, and two on two if there are",
    "rig-packages": "missing packages without root are one line that says what to do",
    "rig-own-qemu": "QEMU is the one of the rig's suite, whatever this machine has",
    "rig-no-qemu": "a QEMU that is not there is one line that says what to do",
    "rig-false-qemu": "a file that is not a QEMU is one line that says what to do",
    "rig-failing-qemu": "a QEMU that does not start is one line with its complaint",
    "rig-no-kernel": "a KERNEL that is not a kernel is one line that says what to do",
    "rig-full-cache": "a full disk below the cache is one line that says what to do",
    "rig-full-logs": "a full disk below the logs is one line that says what to do",
    "rig-fills": "a disk that becomes full is one line that says what to do",
    "rig-refused": "a folder that cannot be made is one line that says what to do",
}


# --- what is trouble ------------------------------------------------------------------

# One line of each kind of report, as kernels print them.
REPORTS = """
WARNING: possible circular locking dependency detected
WARNING: possible recursive locking detected
WARNING: inconsistent lock state
WARNING: lock held when returning to user space!
WARNING: suspicious RCU usage
WARNING: bad unlock balance detected!
INFO: trying to register non-static key.
INFO: task kworker/u4:1:23 blocked for more than 122 seconds.
rcu: INFO: rcu_preempt self-detected stall on CPU
DEBUG_LOCKS_WARN_ON(current->hardirq_context)
BUG: MAX_LOCKDEP_ENTRIES too low!
BUG: sleeping function called from invalid context at kernel/locking/mutex.c:591
BUG: scheduling while atomic: sh/80/0x00000002
BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 33s!
watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:80]
BUG: KASAN: slab-use-after-free in lkdtm_READ_AFTER_FREE+0xd9/0x110
BUG: KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]
UBSAN: shift-out-of-bounds in drivers/xen/balloon/move.c:100:2
UBSAN: array-index-out-of-bounds in drivers/misc/lkdtm/bugs.c:460:16
pagealloc: memory corruption
pagealloc: single bit error
list_del corruption. prev->next should be ffff888, but was ffff889. (prev=ffff88a)
list_add double add: new=ffff888003, prev=ffff888003, next=ffff8880.
BUG: Bad page state in process kworker/0:1  pfn:0f3ab
BUG: Bad rss-counter state mm:000000 type:MM_ANONPAGES val:1
page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)
BUG kmalloc-64 (Not tainted): Poison overwritten
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
kmemleak: Kernel memory leak detector disabled
kmemleak: Cannot allocate a kmemleak_object structure
unreferenced object 0xffffc900000dd000 (size 4096):
ODEBUG: free active (active state 0) object: ffff8 object type: timer_list hint: delayed
refcount_t: underflow; use-after-free.
kernel BUG at mm/page_alloc.c:1200!
Oops: general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1]
workqueue: WARNING: PF_MEMALLOC task 9(x) is flushing !WQ_MEM_RECLAIM x:y
sh: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL)
Kernel panic - not syncing: Fatal exception
(XEN) mm.c:2143:d1v0 Bad page 0000000000012345: ed=ffff82d0
(XEN) Assertion 'x' failed at mm.c:1
""".strip().splitlines()

# And what they print when all is well.
QUIET = """
Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
... MAX_LOCKDEP_ENTRIES:      32768
kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)
kasan: KernelAddressSanitizer initialized
mem auto-init: stack:all(zero), heap alloc:off, heap free:off
page_owner is disabled
xen:balloon: cannot add 512 MiB of memory: -12
xen:balloon: Initialising balloon driver
rcu: RCU lockdep checking is enabled.
workqueue: Kernel debugging is on
(XEN) Bad console= option 'x'
""".strip().splitlines()


def tells_trouble():
    missed = [line for line in REPORTS if not rig.TROUBLE.search(line)]
    alarmed = [line for line in QUIET if rig.TROUBLE.search(line)]
    return not missed + alarmed, f"missed: {missed}, no trouble: {alarmed}" if missed + alarmed else ""


# --- how it ends ----------------------------------------------------------------------

def processes_of(text):
    """Processes other than this one whose command line contains text."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if entry.isdigit() and int(entry) != os.getpid() and text.encode() in file.read():
                    found.append(int(entry))
        except OSError:
            pass
    return found


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def heed_interrupts():
    """A shell has its background jobs ignore them, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ends_cleanly(number, folder, kernel):
    """Starts a runner like this one, ends it by a signal, and looks for its QEMU."""
    code = ("import sys, pathlib, rig; shared, folder, kernel = map(pathlib.Path, sys.argv[1:]);"
            "rig.run([rig.Machine('ended', folder, shared, kernel, 'proof.sh')], lambda *_: None)")
    place = folder / f"ended-{number.name}"
    runner = subprocess.Popen([sys.executable, "-B", "-c", code, folder, place, kernel],
                              cwd=rig.HERE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "QEMU": rig.find_qemu()}, preexec_fn=heed_interrupts)
    mine = f"file:{place}/xen.log"
    try:
        if not wait_for(lambda: processes_of(mine), 10):
            return False, "its QEMU never started"
        runner.send_signal(number)
        runner.wait(10)
        ended = wait_for(lambda: not processes_of(mine), 5)
        return ended, "" if ended else f"left behind: {processes_of(mine)}"
    finally:
        runner.kill()


# Two machines that say on which CPUs they may run.
PAIR = """
import sys, pathlib, rig
place, kernel = map(pathlib.Path, sys.argv[1:])
machines = [rig.Machine(name, place / name, place, kernel, "proof.sh") for name in ("one", "other")]
for machine in machines:
    machine.argv = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status; sleep 0.5"]
rig.run(machines, lambda machine, line: print(line.split()[1]))
"""


def is_pinned(place, kernel):
    # In a cache of its own, where no other runner takes a CPU.
    env = {**os.environ, "QEMU": rig.find_qemu(), "XEN_BALLOON_CACHE": str(place)}
    done = subprocess.run([sys.executable, "-B", "-c", PAIR, place, kernel], cwd=rig.HERE, env=env,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    cpus, allowed = done.stdout.split(), {str(cpu) for cpu in os.sched_getaffinity(0)}
    ok = len(cpus) == 2 and set(cpus) <= allowed and len(set(cpus)) == min(2, len(allowed))
    return ok, "" if ok else f"they may run on {' and '.join(cpus)}"


# --- what it says ---------------------------------------------------------------------

# A runner whose build folder is its first argument.
RUNNER = [sys.executable, "-B", "-c", "import sys, pathlib, rig, run;"
          "rig.BUILD = pathlib.Path(sys.argv.pop(1)); rig.entry(run.main)"]
# A program whose disk fills up after the check for space.
WRITER = [sys.executable, "-B", "-c", "import sys, pathlib, rig;"
          "rig.entry(lambda argv: pathlib.Path(argv[0], 'log').write_bytes(bytes(16 << 20)))"]


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def on_small_disk(disk, argv):
    """argv, to run with a small file system at disk that no one else sees."""
    disk.mkdir()
    return ["unshare", "--mount", *(["--map-root-user"] if os.getuid() else []), "sh", "-ec",
            'mount -t tmpfs -o size=8m none "$0"; exec "$@"', disk, *argv]


def can_mount():
    """A container without privileges cannot, nor can a plain chroot."""
    return not subprocess.run(["unshare", "--mount", *(["--map-root-user"] if os.getuid() else []), "true"],
                              stderr=subprocess.DEVNULL).returncode


def complains(argv, words, **environment):
    """It fails, and says so last and in one line that contains words."""
    done = subprocess.run(argv, cwd=rig.HERE, env={**os.environ, **environment},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    said = done.stderr.splitlines()
    errors = [line for line in said if "error: " in line]
    ok = done.returncode == 1 and len(errors) == 1 and errors == said[-1:] and words in errors[0] \
        and "Traceback" not in done.stderr
    return ok, "" if ok else f"exit status {done.returncode}: {' | '.join(said[-3:])}"


def takes_own_qemu(place):
    """Without QEMU set, and with another in the way."""
    script(place / rig.X86.qemu, "echo QEMU emulator version 10.0.2")
    found = subprocess.run([sys.executable, "-B", "-c", "import rig; print(rig.find_qemu())"], cwd=rig.HERE,
                           env={**os.environ, "QEMU": "", "PATH": f"{place}:{os.environ['PATH']}"},
                           stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    said = subprocess.run([place / found, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if not said.startswith("QEMU emulator version 7.2."):
        return False, f"{found}: {said.splitlines()[0]}"
    # Its loader and libraries may be links, which must not lead to the machine's.
    paths = [part for word in shlex.split(Path(found).read_text()) for part in re.split("[:=]", word)
             if part.startswith("/") and part != "/bin/sh"]
    astray = [path for path in paths if rig.CACHE.parent.resolve() not in Path(path).resolve().parents]
    return paths and not astray, f"{found} uses {' '.join(astray)}" if astray else ""


def run(name, folder, kernel):
    """(passed, detail) of the case, passed being None where it cannot run; folder has this run's images."""
    if name == "rig-reports":
        return tells_trouble()
    if name in ("rig-interrupted", "rig-killed"):
        number = signal.SIGINT if name == "rig-interrupted" else signal.SIGKILL
        return ends_cleanly(number, folder, kernel)

    place = folder / name
    place.mkdir()
    build, disk = place / "build", place / "disk"
    runner = [*RUNNER, build, "pv-boots"]
    if name == "rig-pinned":
        return is_pinned(place, kernel)
    kernel = str(kernel)
    if name == "rig-packages":
        script(place / "dpkg-query", "exit 1")
        script(place / "id", "echo 1000")
        return complains([rig.HERE / "run", "--list"], "run as root: apt-get install",
                         PATH=f"{place}:{os.environ['PATH']}")
    if name == "rig-own-qemu":
        return takes_own_qemu(place)
    if name == "rig-no-qemu":
        return complains(runner, "cannot be run", KERNEL=kernel, QEMU=str(place / "qemu"))
    if name == "rig-false-qemu":
        return complains(runner, "is not a QEMU", KERNEL=kernel, QEMU="/bin/false")
    if name == "rig-failing-qemu":
        qemu = script(place / "qemu", 'test "$1" != --version || exec echo QEMU emulator\n'
                      "echo 'qemu: no such CPU' >&2; exit 1")
        return complains(runner, "QEMU fails to start (QEMU: qemu: no such CPU)", KERNEL=kernel,
                         QEMU=str(qemu))
    if name == "rig-no-kernel":
        return complains(runner, "is not an amd64 bzImage", KERNEL=str(rig.HERE / "rig.py"))
    if name in ("rig-full-cache", "rig-full-logs", "rig-fills") and not can_mount():
        return None, "a small file system cannot be mounted here"
    if name == "rig-full-cache":
        return complains(on_small_disk(disk, runner), "set XEN_BALLOON_CACHE to a folder on a",
                         KERNEL=kernel, XEN_BALLOON_CACHE=str(disk / "cache"))
    if name == "rig-full-logs":
        return complains(on_small_disk(disk, [*RUNNER, disk / "build", "pv-boots"]),
                         "200 MiB are needed: make room", KERNEL=kernel)
    if name == "rig-fills":
        return complains(on_small_disk(disk, [*WRITER, disk]), "no space is left for")
    if name == "rig-refused":
        build.write_text("a file")
        return complains(runner, "check what is there", KERNEL=kernel)
    raise KeyError(name)
