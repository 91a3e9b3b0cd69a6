# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Boots Xen, dom0 and guests in QEMU and listens to what they report.

images    the initramfs archives, from packages, a kernel, and dom0/ and guest/
Machine   one QEMU: Xen's and dom0's console goes to a file; the second serial port
          is the report, lines of which arrive here as they are written
trouble   what a log must not contain
"""
import ctypes
import hashlib
import os
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = TOP / "build"
CACHE = Path(os.environ.get("XEN_BALLOON_CACHE") or Path.home() / ".cache/xen-balloon") / "rig"

SUITE = "bookworm"  # the tools must match each other, so all come from one suite
PACKAGES = """
    xen-hypervisor-4.17-amd64 xen-utils-4.17 xenstore-utils libxen-dev
    libxenmisc4.17 libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1
    libxengnttab1 libxenhypfs1 libxenstore4 libxentoolcore1 libxentoollog1
    libyajl2 libuuid1 libzstd1 liblzma5 zlib1g libc6 libgcc-s1 busybox-static
""".split()
PROGRAMS = [f"usr/lib/xen-4.17/bin/{name}" for name in (
    "xl", "xenstored", "xenconsoled", "xen-init-dom0", "libxl-save-helper")]
PROGRAMS += [f"usr/bin/xenstore-{name}" for name in ("read", "write", "ls")]
LIBRARIES = ["libgcc_s.so.1"]  # loaded at run time, so no program names it
PROBE_LIBRARIES = """
    -lxenctrl -lxenstore -lxencall -lxenforeignmemory -lxendevicemodel -lxentoollog
    -lxentoolcore -lxengnttab -lxenevtchn -lpthread
""".split()

# Why each: Xen idles with mwait, which TCG lacks; a Zen family has PV guests read a
# register that faults; rdtscp brings sporadic faults in user space; smap and smep crash
# a PV dom0; with xsave a PVH guest was seen to die early ("XSAVE consistency problem: size
# 832 != kernel_size 576"), and without it never; why is not known. Likewise one CPU: with
# two, a PVH guest was seen to triple fault with an address of Xen's in its registers.
CPU_TCG = "EPYC,family=21,+svm,+npt,-monitor,-rdtscp,-smap,-smep,-xsave"
CPU_KVM = "host,-monitor"
MEMORY_MIB = 2560
# rdrand is named because Xen otherwise warns, and waits three seconds after a warning.
XEN_OPTIONS = ("console=com1 dom0_mem=768M,max:768M loglvl=all guest_loglvl=all "
               "cpuidle=0 dom0_max_vcpus=1 cpuid=rdrand")

TROUBLE = re.compile(r"""
    \bWARNING:\ | \bBUG:\ | \bBUG\ at | kernel\ BUG | \bOops\b | Call\ Trace: |
    general\ protection\ fault | Kernel\ panic | segfault\ at | Out\ of\ memory: |
    oom-kill | invoked\ oom-killer | detected\ stall | soft\ lockup | hung_task |
    blocked\ for\ more\ than | page\ allocation\ failure | unreferenced\ object |
    possible\ (?:circular|recursive)\ locking | inconsistent\ lock\ state |
    \bINFO:\ suspicious | DEADLOCK |
    \(XEN\).*(?: \bERROR\b | [Pp]anic | \bBUG\b | Assertion | Bad\ page | domain_crash |
                 crashed | Triple\ fault | Insn\ mismatch | [Pp]age.*invalid | FATAL | out\ of\ PoD )
""", re.VERBOSE)
FATAL = re.compile(r"Panic on CPU|Hardware Dom0 (?:crashed|halted)|Kernel panic - not syncing")


NAME = {"suite.py": "run", "show.py": "demo"}.get(Path(sys.argv[0]).name, "rig")


class Trouble(Exception):
    """What is wrong and what to do about it, in one line."""


def say(text):
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def command(*argv, **options):
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise Trouble(f"{Path(argv[0]).name} failed (see above)"
                      if "stderr" not in options else
                      f"{Path(argv[0]).name}: {done.stderr.strip()[-300:]}")
    return done.stdout


def find_kernel(version="7.3"):
    """The kernel that dom0 and the guests run: $KERNEL or the one that was built."""
    flavour = os.environ.get("FLAVOUR", "ours")
    given = os.environ.get("KERNEL")
    path = Path(given or BUILD / "kernel" / version / flavour / "bzImage")
    if not path.is_file():
        raise Trouble(f"no kernel at {path}: " + (
            "KERNEL names no file" if given else
            "run `make kernel" + (f" FLAVOUR={flavour}`" if flavour != "ours" else "`")))
    return path.resolve()


# --- images -----------------------------------------------------------------------

def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) and part.is_file() else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()[:16]


def kept(name, make):
    """The file `name` in the cache; `make(path)` writes it when it is not there."""
    path = CACHE / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            make(Path(scratch) / name)
            os.replace(Path(scratch) / name, path)
    return path


def archive(root, path):
    names = sorted(str(p.relative_to(root)) for p in root.rglob("*"))
    with open(path, "wb") as out:
        done = subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=root,
                              input="\n".join(names).encode(), stdout=out, stderr=subprocess.PIPE)
    if done.returncode:
        raise Trouble(f"cpio: {done.stderr.decode().strip()}")


def library(packages, name):
    for folder in ("usr/lib", "lib"):
        path = packages / folder / "x86_64-linux-gnu" / name
        if path.exists():
            return path
    raise Trouble(f"{name} is in none of the packages in {packages}")


def closure(packages, programs):
    """The libraries that programs need, those that these need, and so on."""
    found = {}
    todo = list(programs) + [library(packages, name) for name in LIBRARIES]
    found.update({path.name: path for path in todo[len(programs):]})
    while todo:
        dynamic = command("readelf", "-d", str(todo.pop()))
        for name in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
            if name not in found and not name.startswith("ld-linux"):
                found[name] = library(packages, name)
                todo.append(found[name])
    return found.values()


def add_userland(root, packages, probe):
    """What dom0 and the guests share: busybox, its names, the probe, mount points."""
    for name in ("bin", "proc", "sys", "dev", "run", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy(packages / "bin/busybox", root / "bin")
    shutil.copy(probe, root / "bin/probe")
    for name in command(str(packages / "bin/busybox"), "--list").split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")


def build_base(packages, probe, path):
    """dom0 without this run's kernel and scripts."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        add_userland(root, packages, probe)
        programs = [packages / name for name in PROGRAMS]
        for folder in ("lib64", "usr/bin", "usr/lib/xen-4.17/bin", "usr/lib/x86_64-linux-gnu",
                       "etc/xen", "var/lock"):
            (root / folder).mkdir(parents=True)
        for program in programs:
            shutil.copy(program, root / program.relative_to(packages))
        for path_ in closure(packages, programs):
            shutil.copy(path_, root / "usr/lib/x86_64-linux-gnu" / path_.name)
        shutil.copy(library(packages, "ld-linux-x86-64.so.2"), root / "lib64")
        (root / "etc/xen/xl.conf").touch()
        (root / "var/run").symlink_to("/run")
        archive(root, path)


def build_guest(packages, probe, path):
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        add_userland(root, packages, probe)
        shutil.copy(HERE / "guest/init", root / "init")
        archive(root, path)


def build_probe(packages, path):
    libraries = packages / "usr/lib/x86_64-linux-gnu"
    command("gcc", "-O2", "-Wall", "-Wextra", "-static", "-isystem", str(packages / "usr/include"),
            str(HERE / "probe.c"), "-o", str(path), f"-L{libraries}",
            "-Wl,--start-group", *PROBE_LIBRARIES, "-Wl,--end-group", stderr=subprocess.PIPE)


def build_xen(packages, path):
    with open(path, "wb") as out:
        subprocess.run(["gzip", "-dc", str(packages / "boot/xen-4.17-amd64.gz")],
                       stdout=out, check=True)


def images(kernel, folder):
    """Leaves xen and dom0.cpio in folder. A changed script rebuilds only the small part."""
    for place in (folder, CACHE.parent):
        place.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place).free >> 20
        if free < 200:
            raise Trouble(f"{place} has {free} MiB free, 200 MiB are needed: make room")
    packages = Path(command(str(TOP / "tools/fetch"), "--unpack", SUITE, *PACKAGES).strip())
    probe = kept("probe-" + digest(packages, HERE / "probe.c"),
                 lambda path: build_probe(packages, path))
    recipe = digest(packages, probe, PROGRAMS, HERE / "rig.py")
    base = kept(f"base-{recipe}.cpio", lambda path: build_base(packages, probe, path))
    guest = kept(f"guest-{digest(recipe, HERE / 'guest/init')}.cpio",
                 lambda path: build_guest(packages, probe, path))
    xen = kept("xen-" + digest(packages), lambda path: build_xen(packages, path))

    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        shutil.copytree(HERE / "dom0", root / "rig")
        shutil.copy(HERE / "dom0/init", root / "init")
        (root / "guest").mkdir()
        shutil.copy(kernel, root / "guest/bzImage")
        shutil.copy(guest, root / "guest/initrd")
        archive(root, Path(scratch) / "small.cpio")
        with open(folder / "dom0.cpio", "wb") as out:
            for part in (base, Path(scratch) / "small.cpio"):
                out.write(part.read_bytes())
    shutil.copy(xen, folder / "xen")
    return folder


# --- QEMU -------------------------------------------------------------------------

def accelerator():
    wanted = os.environ.get("ACCEL", "tcg")
    if wanted == "kvm":
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            raise Trouble("ACCEL=kvm, but /dev/kvm cannot be used: leave ACCEL out "
                          "or give yourself access to it")
        return ["-accel", "kvm", "-cpu", CPU_KVM]
    if wanted != "tcg":
        raise Trouble(f"ACCEL={wanted} is not known: use tcg or kvm")
    return ["-accel", "tcg,thread=multi", "-cpu", CPU_TCG]


def end_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """One QEMU that runs one plan. Its logs are in folder."""

    def __init__(self, name, folder, shared, kernel, plan, cpus=1, limit=240, **settings):
        self.name, self.folder, self.limit = name, folder, limit
        self.nonce = secrets.token_hex(8)
        self.lines = []         # the report, without consoles
        self.ended = None       # why it was stopped, if it was
        self.process = None
        self._rest = b""
        words = {"nonce": self.nonce, "plan": plan, **settings}
        options = " ".join(f"{key}={value}" for key, value in words.items())
        self.argv = [
            os.environ.get("QEMU", "qemu-system-x86_64"), *accelerator(),
            "-smp", str(cpus), "-m", str(MEMORY_MIB), "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-name", f"{name},process=xen-{name}",
            "-kernel", str(shared / "xen"), "-append", XEN_OPTIONS,
            "-initrd", f"{kernel} console=hvc0 {options},{shared}/dom0.cpio",
            "-serial", f"file:{folder}/xen.log", "-serial", "stdio"]

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "qemu.txt").write_text(" ".join(self.argv) + "\n")
        (self.folder / "xen.log").touch()
        try:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=open(self.folder / "qemu.log", "wb"),
                start_new_session=True, preexec_fn=end_with_parent)
        except FileNotFoundError:
            raise Trouble(f"{self.argv[0]} is not installed: apt-get install qemu-system-x86")
        self.deadline = time.monotonic() + self.limit
        os.set_blocking(self.process.stdout.fileno(), False)

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process:
            self.process.wait()
            self.process.stdout.close()

    def read(self):
        """New lines of the report as a list, None at its end."""
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            return None
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = [line.decode(errors="replace").rstrip("\r") for line in whole]
        with open(self.folder / "report.log", "a") as log:
            log.writelines(f"{line}\n" for line in lines)
        return [line for line in lines if not self._console(line)]

    def _console(self, line):
        kind, _, rest = line.partition(" ")
        if kind != "console":
            return False
        guest, _, text = rest.partition(" ")
        with open(self.folder / f"guest-{guest}.log", "a") as log:
            log.write(text + "\n")
        return True

    def check(self):
        """Why it should not run on: too late, or dead."""
        if time.monotonic() > self.deadline:
            return f"nothing decided within {self.limit} s"
        dead = FATAL.search((self.folder / "xen.log").read_text(errors="replace"))
        return f"Xen or dom0 died: {dead.group()}" if dead else None

    def verdict(self):
        """(passed, failed), or the reason why there is none, as a string."""
        wanted = f"verdict {self.nonce} "
        for line in self.lines:
            if line.startswith(wanted):
                passed, failed = line[len(wanted):].split()
                return int(passed), int(failed)
            if line.startswith("verdict "):
                return "the verdict has another run's nonce"
        if self.ended:
            return self.ended
        complaint = [line for line in (self.folder / "qemu.log").read_text().splitlines()
                     if "warning:" not in line]
        if complaint:
            return f"QEMU: {complaint[-1]}"
        return "it ended without a verdict"

    def trouble(self):
        """(log, line) of everything that no log may contain."""
        for path in sorted([self.folder / "xen.log", *self.folder.glob("guest-*.log")]):
            for line in path.read_text(errors="replace").splitlines():
                if TROUBLE.search(line):
                    yield path.stem, line.strip()


def run(machines, on_line, at_once=2, on_tick=lambda: None):
    """Runs machines, at_once at a time; on_line(machine, line) sees each line of a report."""
    waiting, running = list(machines), selectors.DefaultSelector()
    try:
        while waiting or running.get_map():
            while waiting and len(running.get_map()) < at_once:
                machine = waiting.pop(0)
                machine.start()
                running.register(machine.process.stdout, selectors.EVENT_READ, machine)
            ready = [key.data for key, _ in running.select(0.1)]
            on_tick()
            for machine in [key.data for key in list(running.get_map().values())]:
                lines = machine.read() if machine in ready else []
                for line in lines or []:
                    machine.lines.append(line)
                    on_line(machine, line)
                if lines is not None and not machine.ended:
                    machine.ended = machine.check()
                if lines is None or machine.ended:
                    running.unregister(machine.process.stdout)
                    machine.stop()
    finally:
        for machine in machines:
            machine.stop()
