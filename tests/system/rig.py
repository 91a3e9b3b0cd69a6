# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Boots Xen, dom0 and guests in QEMU and listens to what they report.

Xen       what differs between its versions
Arch      what differs between x86-64 and arm64
images    the initramfs archives, from packages, a kernel, and dom0/ and guest/
Machine   one QEMU: Xen's and dom0's console goes to a file; the second serial port
          is the report, lines of which arrive here as they are written
trouble   what a log must not contain
"""
import contextlib
import ctypes
import dataclasses
import errno
import fcntl
import functools
import gzip
import hashlib
import os
import platform
import random
import re
import secrets
import selectors
import shlex
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

# What dom0 has; "{xen}" is Xen's version.
PACKAGES = """
    xen-utils-{xen} xen-utils-common xenstore-utils libxen-dev
    libxenmisc{xen} libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1
    libxengnttab1 libxenhypfs1 libxenstore4 libxentoolcore1 libxentoollog1
    libyajl2 libuuid1 libzstd1 liblzma5 zlib1g libc6 libgcc-s1 busybox-static
""".split()
PROGRAMS = [f"usr/lib/xen-{{xen}}/bin/{name}" for name in (
    "xl", "xenstored", "oxenstored", "xenconsoled", "xen-init-dom0", "libxl-save-helper")]
PROGRAMS += [f"usr/bin/xenstore-{name}" for name in ("read", "write", "ls", "rm")]
PROGRAMS += ["usr/lib/xen-{xen}/bin/xenstore-control"]
DATA = ["etc/xen/oxenstored.conf"]  # without it oxenstored does not start
XENSTOREDS = ("xenstored", "oxenstored")
# The hypervisor inside a guest that runs a PV kernel in a PVH domain.
X86_DATA = ["usr/lib/xen-{xen}/boot/xen-shim"]
# An HVM guest has a device model, a QEMU of its own that runs in dom0; what it needs in any version.
HVM_PACKAGES = """
    qemu-system-xen qemu-system-data seabios libfdt1 libglib2.0-0 libjpeg62-turbo
    libpixman-1-0 libspice-server1 libusb-1.0-0 libgstreamer-plugins-base1.0-0
    libgstreamer1.0-0 liblz4-1 libopus0 liborc-0.4-0 libsasl2-2 libssl3 libstdc++6 libffi8
    libpcre2-8-0 libudev1 libdw1 libelf1 libunwind8 libbz2-1.0 libatomic1 libcap2
    libxxhash0
""".split()
HVM_PROGRAMS = ["usr/libexec/xen-qemu-system-i386"]
HVM_DATA = ["usr/lib/xen-{xen}/boot/hvmloader", "usr/share/seabios/bios-256k.bin",
            "usr/share/seabios/vgabios-stdvga.bin"]
HVM_DATA += [f"usr/share/qemu/{name}" for name in (
    "linuxboot.bin", "linuxboot_dma.bin", "kvmvapic.bin", "keymaps/en-us")]
# The QEMU that runs all this, whatever Xen's and the machine's release: under 10.0, Debian 13's,
# PVH guests die with Xen 4.17, and count.c of the bench is for 7.2.
QEMU_SUITE = "bookworm"
QEMU_PACKAGES = """
    qemu-system-common qemu-system-data seabios libaio1 libblkid1 libbpf1 libc6 libcapstone4
    libdaxctl1 libelf1 libfdt1 libffi8 libfuse3-3 libgcc-s1 libglib2.0-0 libgmp10 libgnutls30
    libhogweed6 libibverbs1 libidn2-0 libjpeg62-turbo libkmod2 liblzma5 libmount1 libndctl6
    libnettle8 libnl-3-200 libnl-route-3-200 libnuma1 libp11-kit0 libpcre2-8-0 libpixman-1-0
    libpmem1 libpng16-16 librdmacm1 libsasl2-2 libseccomp2 libselinux1 libslirp0 libssl3
    libtasn1-6 libudev1 libunistring2 liburing2 libuuid1 libvdeplug2 libzstd1 zlib1g
""".split()
PROBE_SOURCES = sorted(HERE.glob("probe*.c"))
TOOL_SOURCE = TOP / "tools/xen-balloon/xen-balloon.c"
PROBE_HEADERS = [HERE / "probe.h", TOP / "tests/bad-inputs.h"]
LIBRARIES = ["libgcc_s.so.1"]  # loaded at run time, so no program names it
PROBE_LIBRARIES = """
    -lxenctrl -lxenstore -lxencall -lxenforeignmemory -lxendevicemodel -lxentoollog
    -lxentoolcore -lxengnttab -lxenevtchn -lpthread
""".split()
# What Debian 13's static libraries call, and Debian 12's libc has under the older name only.
NEWER_NAMES = [f"-Wl,--defsym=__isoc23_{name}={name}" for name in ("strtol", "strtoul")]

MEMORY_MIB = 2560
STILL_S = 30     # without any use of a CPU: Xen's timers alone use some
LIMIT_S = 1200   # some times what a whole suite takes, as a busy machine stretches it


@dataclasses.dataclass(frozen=True)
class Xen:
    """A version of Xen. Its tools must match each other, so all come from one suite of Debian's."""
    version: str
    suite: str
    renamed: dict       # packages that this suite has under another name than bookworm
    data: tuple = ()    # files of dom0 that other versions do not have

    def names(self, *lists):
        """The packages or files of these lists, as this version calls them."""
        return [self.renamed.get(name, name).format(xen=self.version) for names in lists for name in names]


XENS = (
    Xen("4.17", "bookworm", {}),
    Xen("4.20", "trixie", {name: f"{name}t64" for name in (
        "libglib2.0-0", "libssl3", "libelf1", "libdw1", "liborc-0.4-0")},
        ("usr/lib/xen-{xen}/ocaml/xsd_glue/xenctrl_plugin/domain_getinfo_v1.cmxs",)),
)


@dataclasses.dataclass(frozen=True)
class Arch:
    """What differs between the architectures that QEMU plays."""
    debian: str         # Debian's name
    make: str           # that of `make kernel`
    triplet: str
    packages: tuple     # what PACKAGES has not
    loader: str         # the dynamic linker
    compiler: str       # for what is static
    kernel: str         # what `make kernel` leaves and Xen boots
    magic: tuple        # offset and bytes by which it is known
    qemu: str
    qemu_package: str
    cpu: dict           # accelerator -> options
    report: str         # dom0's device for the report
    wiring: callable    # (xen, kernel, dom0's options, its initramfs) -> QEMU's options


# Why each: Xen idles with mwait, which TCG lacks; a Zen family has PV guests read a
# register that faults; rdtscp brings sporadic faults in user space; smap and smep crash
# a PV dom0; with xsave a PVH guest was seen to die early ("XSAVE consistency problem: size
# 832 != kernel_size 576"), and without it never; why is not known. Likewise -smp 1: with
# 2, a PVH guest was seen to triple fault with an address of Xen's in its registers.
CPU_TCG = "EPYC,family=21,+svm,+npt,-monitor,-rdtscp,-smap,-smep,-xsave"
CPU_KVM = "host,-monitor"
XEN_OPTIONS = "dom0_mem=768M,max:768M loglvl=all guest_loglvl=all dom0_max_vcpus=1"
# rdrand is named because Xen otherwise warns, and waits three seconds after a warning.
XEN_OPTIONS_X86 = f"console=com1 {XEN_OPTIONS} cpuidle=0 cpuid=rdrand"
XEN_OPTIONS_ARM64 = f"console=dtuart dtuart=/pl011@9000000 {XEN_OPTIONS}"


def wire_x86(xen, kernel, options, initrd):
    return ["-kernel", xen, "-append", XEN_OPTIONS_X86, "-initrd", f"{kernel} {options},{initrd}",
            "-serial", "stdio"]


def wire_pvh_dom0(xen, kernel, options, initrd):
    """Xen builds a PVH dom0 only where it has an IOMMU, and QEMU has one with q35."""
    wires = wire_x86(xen, kernel, options, initrd)
    wires[wires.index("-append") + 1] += " dom0=pvh"
    return ["-machine", "q35", "-device", "amd-iommu,intremap=on", *wires]


def wire_arm64(xen, kernel, options, initrd):
    """This machine's only serial port is Xen's."""
    options = options.replace(",", ",,")
    return ["-machine", "virt,virtualization=on,gic-version=2",
            "-kernel", xen, "-append", XEN_OPTIONS_ARM64,
            "-device", f"guest-loader,addr=0x50000000,kernel={kernel},bootargs={options}",
            "-device", f"guest-loader,addr=0x58000000,initrd={initrd}",
            "-device", "virtio-serial-device", "-chardev", "file,path=/dev/stdout,id=report",
            "-device", "virtserialport,chardev=report"]


X86 = Arch(
    debian="amd64", make="x86_64", triplet="x86_64-linux-gnu", packages=("xen-hypervisor-{xen}-amd64",),
    loader="lib64/ld-linux-x86-64.so.2", compiler="gcc", kernel="bzImage", magic=(0x202, b"HdrS"),
    qemu="qemu-system-x86_64", qemu_package="qemu-system-x86",
    cpu={"tcg": ["-accel", "tcg,thread=multi", "-cpu", CPU_TCG],
         "kvm": ["-accel", "kvm", "-cpu", CPU_KVM]},
    report="/dev/ttyS1", wiring=wire_x86)
X86_PVH_DOM0 = dataclasses.replace(X86, wiring=wire_pvh_dom0)
ARM64 = Arch(
    debian="arm64", make="arm64", triplet="aarch64-linux-gnu",
    packages=("xen-hypervisor-{xen}-arm64", "libfdt1"),
    loader="lib/ld-linux-aarch64.so.1", compiler="aarch64-linux-gnu-gcc", kernel="Image", magic=(0x38, b"ARM\x64"),
    qemu="qemu-system-aarch64", qemu_package="qemu-system-arm",
    cpu={"tcg": ["-accel", "tcg,thread=multi", "-cpu", "cortex-a57"]},
    report="/dev/vport0p1", wiring=wire_arm64)

TROUBLE = re.compile(r"""
    \bWARNING:\ (?!PVH\ is\ an\ experimental\ mode|This\ is\ experimental\ software) | \bBUG:\ | \bBUG\ at | kernel\ BUG | \bOops\b | Call\ Trace: |
    general\ protection\ fault | Kernel\ panic | segfault\ at | Out\ of\ memory: |
    oom-kill | invoked\ oom-killer | detected\ stall | soft\ lockup | hung_task |
    \bUBSAN:\ | \bBUG\ \S+\ \( | \blist_(?:add|del)\ (?:double\ add|corruption) |
    pagealloc:\ | kmemleak:\ (?:\d+\ new\ suspected | Memory\ pool\ empty | Cannot) |
    Kernel\ memory\ leak\ detector\ disabled | page\ dumped\ because | \bODEBUG:\  |
    refcount_t: | trying\ to\ register\ non-static | DEBUG_LOCKS_WARN_ON |
    blocked\ for\ more\ than | page\ allocation\ failure | unreferenced\ object |
    possible\ (?:circular|recursive)\ locking | inconsistent\ lock\ state |
    \bINFO:\ suspicious | DEADLOCK |
    \(XEN\).*(?: \bERROR\b | [Pp]anic | \bBUG\b | Assertion | Bad\ page | domain_crash |
                 crashed | Triple\ fault | Insn\ mismatch | [Pp]age.*invalid | FATAL | out\ of\ PoD )
""", re.VERBOSE)
FATAL = re.compile(r"Panic on CPU|Hardware Dom0 (?:crashed|halted)|Kernel panic - not syncing")


NAME = Path(sys.argv[0]).stem   # of the program, in its messages


class Trouble(Exception):
    """What is wrong and what to do about it, in one line."""


@dataclasses.dataclass(frozen=True)
class Flavour:
    """What a kernel needs that `ours` does not; see tools/config."""
    name: str
    checks: bool = True
    options: str = ""   # on its command line
    slow: int = 1       # how much longer things may take
    pv: bool = True     # whether it boots as PV; else dom0 runs `ours`


SPECIAL = (Flavour("debug", options="page_poison=1", slow=4),
           Flavour("kasan", options="kasan_multi_shot", slow=4, pv=False),
           Flavour("lockdep", checks=False, slow=4))


def flavour(name=None):
    name = name or os.environ.get("FLAVOUR") or "ours"
    return next((known for known in SPECIAL if known.name == name), Flavour(name, checks=False))


def machine_suite():
    """The suite of the release of Debian that this machine has, or another system's word for its own."""
    try:
        return platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        return ""


def find_xen():
    """The Xen that is booted: $XEN, or the one of this machine's release, or the newest."""
    wanted = os.environ.get("XEN") or next((xen.version for xen in XENS if xen.suite == machine_suite()),
                                           XENS[-1].version)
    for xen in XENS:
        if xen.version == wanted:
            return xen
    raise Trouble(f"XEN={wanted} is not known: use {' or '.join(xen.version for xen in XENS)}")


def find_xenstored():
    """The xenstore daemon of dom0: $XENSTORED, or the one in C."""
    wanted = os.environ.get("XENSTORED") or XENSTOREDS[0]
    if wanted not in XENSTOREDS:
        raise Trouble(f"XENSTORED={wanted} is not known: use {' or '.join(XENSTOREDS)}")
    return wanted


def other_xen():
    """One that find_xen() does not return."""
    return next(xen for xen in XENS if xen != find_xen())


def say(text):
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def explain(error):
    """An OSError as one line: what is wrong and what to do."""
    where = error.filename or f"{BUILD} or {CACHE.parent}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space is left for {where}: make room, then run it again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where} is not for you to use: run it as root, or give yourself access"
    return f"{where}: {error.strerror or error}: check what is there"


def entry(main):
    """Runs main as a program: every way in which it can end has one line, or none."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        sys.exit(f"{NAME}: error: {trouble}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(141)
    except OSError as error:
        sys.exit(f"{NAME}: error: {explain(error)}")


def command(*argv, **options):
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise Trouble(f"{Path(argv[0]).name} failed (see above)"
                      if "stderr" not in options else
                      f"{Path(argv[0]).name}: {done.stderr.strip()[-300:]}")
    return done.stdout


def kernel_place(name, arch=X86, pages="4k", version="7.3"):
    """The folder in which `make kernel` leaves a kernel, and the command in full."""
    made = {"KVER": (version, "7.3"), "ARCH": (arch.debian, X86.debian), "PAGES": (pages, "4k"),
            "FLAVOUR": (name, "ours")}
    words = [f"{key}={value}" for key, (value, default) in made.items() if value != default]
    parts = [value for value, default in (made["ARCH"], made["PAGES"]) if value != default]
    return BUILD / "kernel" / version / "-".join([*parts, name]), " ".join(["make kernel", *words])


def find_kernel(arch=X86, pages="4k", pv=False):
    """The kernel that guests, or if pv PV ones, run: $KERNEL or the one that was built."""
    name, given = flavour().name, os.environ.get("KERNEL")
    if pv and not flavour().pv:
        name, given = "ours", None
    folder, make = kernel_place(name, arch, pages, os.environ.get("KVER") or "7.3")
    path = Path(given or folder / arch.kernel)
    if not path.is_file():
        base = re.sub(r"^(stock.*)-\d\d$", r"\1", name)     # the last part is a patch of tools/series/fixes
        config = TOP / f"tools/config/{base.removeprefix('stock-')}.config"
        known = base in ("ours", "stock") or config.is_file()
        raise Trouble(f"no kernel at {path}: " + (
            "KERNEL names no file" if given else
            f"run `{make}`" if known else f"unknown FLAVOUR '{name}': use ours, stock, ballooned, lockdep, distro, debug or kasan"))
    offset, magic = arch.magic
    with open(path, "rb") as file:
        if file.read(offset + len(magic))[offset:] != magic:
            raise Trouble(f"{path} is not an {arch.debian} {arch.kernel}: " + (
                f"KERNEL must name the {arch.kernel} of a built kernel" if given else
                f"remove it and run `{make}`"))
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


def library(arch, packages, name):
    for folder in ("usr/lib", "lib"):
        path = packages / folder / arch.triplet / name
        if path.exists():
            return path
    raise Trouble(f"{name} is in none of the packages in {packages}")


def closure(arch, packages, programs):
    """The libraries that programs need, those that these need, and so on."""
    found = {}
    todo = list(programs) + [library(arch, packages, name) for name in LIBRARIES]
    found.update({path.name: path for path in todo[len(programs):]})
    while todo:
        dynamic = command("readelf", "-d", str(todo.pop()))
        for name in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
            if name not in found and not name.startswith("ld-linux"):
                found[name] = library(arch, packages, name)
                todo.append(found[name])
    return found.values()


def unpacked(packages, name):
    """The file of these packages, which since Debian 13 have all of /bin in /usr/bin."""
    return next((path for path in (packages / name, packages / "usr" / name) if path.exists()), packages / name)


def add_userland(root, packages, probe, tool):
    """What dom0 and the guests share: busybox, the probe, xen-balloon, mount points."""
    for name in ("bin", "proc", "sys", "dev", "run", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy(unpacked(packages, "bin/busybox"), root / "bin")
    shutil.copy(probe, root / "bin/probe")
    shutil.copy(tool, root / "bin/xen-balloon")
    # Its other names it installs itself: it may not run on this machine.
    (root / "bin/sh").symlink_to("busybox")


def build_base(arch, packages, own, programs, data, path):
    """dom0 without this run's kernel and scripts."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        add_userland(root, packages, *own)
        programs = [packages / name for name in programs]
        libraries = root / "usr/lib" / arch.triplet
        for folder in ("usr/bin", libraries, "etc/xen", "var/lock"):
            (root / folder).mkdir(parents=True)
        for file in programs + [packages / name for name in data]:
            place = root / file.relative_to(packages)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        for path_ in closure(arch, packages, programs):
            shutil.copy(path_, libraries / path_.name)
        (root / arch.loader).parent.mkdir(parents=True)
        shutil.copy(library(arch, packages, Path(arch.loader).name), root / arch.loader)
        (root / "etc/xen/xl.conf").touch()
        (root / "var/run").symlink_to("/run")
        archive(root, path)


def build_guest(packages, own, path):
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        add_userland(root, packages, *own)
        shutil.copy(HERE / "guest/init", root / "init")
        archive(root, path)


def build_probe(arch, packages, path):
    libraries = packages / "usr/lib" / arch.triplet
    command(arch.compiler, "-O2", "-Wall", "-Wextra", "-static", "-isystem", str(packages / "usr/include"),
            *map(str, PROBE_SOURCES), "-o", str(path), f"-L{libraries}",
            "-Wl,--start-group", *PROBE_LIBRARIES, "-Wl,--end-group", *NEWER_NAMES, stderr=subprocess.PIPE)


def build_tool(arch, path):
    command(arch.compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", str(TOOL_SOURCE),
            "-o", str(path), stderr=subprocess.PIPE)


def build_xen(arch, xen, packages, path):
    found = packages / "boot" / f"xen-{xen.version}-{arch.debian}"
    if found.exists():
        shutil.copy(found, path)
        return
    with gzip.open(f"{found}.gz") as packed, open(path, "wb") as out:
        shutil.copyfileobj(packed, out)


def fetch(arch, suite, names):
    """The folder of these packages."""
    done = subprocess.run([TOP / "tools/fetch", "--arch", arch.debian, "--unpack", suite, *names],
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(1)     # it has said why
    return Path(done.stdout.strip())


def build_selftest(arch, path):
    """The kernel's own test of memory hotplug, from its source, and bash, for a guest."""
    trees = [Path(os.environ["LINUX"])] if os.environ.get("LINUX") else \
        sorted((CACHE.parent / "src").glob(f"linux-{os.environ.get('KVER') or '7.3'}.*/"))
    scripts = [tree / "tools/testing/selftests/memory-hotplug/mem-on-off-test.sh" for tree in trees]
    scripts = [script for script in scripts if script.is_file()]
    if not scripts:
        raise Trouble("no kernel source has tools/testing/selftests/memory-hotplug: run `make kernel`")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "bin").mkdir()
        shutil.copy(next(fetch(arch, find_xen().suite, ["bash-static"]).rglob("bin/bash-static")), root / "bin/bash")
        shutil.copy(scripts[-1], root / "selftest.sh")
        archive(root, path)


def images(kernel, folder, arch=X86, hvm=False, selftest=False):
    """Leaves xen and dom0.cpio in folder, the latter with a device model if hvm, then
    named dom0-hvm.cpio. A changed script rebuilds only the small part."""
    for place in (folder, CACHE.parent):
        place.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place).free >> 20
        if free < 200:
            raise Trouble(f"{place} has {free} MiB free, 200 MiB are needed: make room"
                          + (", or set XEN_BALLOON_CACHE to a folder on a larger disk"
                             if place != folder else ""))
    xen = find_xen()
    programs, data = xen.names(PROGRAMS, HVM_PROGRAMS * hvm), \
        xen.names(DATA, xen.data, X86_DATA * (arch.debian == X86.debian), HVM_DATA * hvm)
    packages = fetch(arch, xen.suite, xen.names(arch.packages, PACKAGES, HVM_PACKAGES * hvm))
    probe = kept("probe-" + digest(packages, *PROBE_SOURCES, *PROBE_HEADERS),
                 lambda path: build_probe(arch, packages, path))
    tool = kept("tool-" + digest(arch.debian, TOOL_SOURCE),
                lambda path: build_tool(arch, path))
    own = (probe, tool)
    recipe = digest(packages, *own, programs, data, HERE / "rig.py")
    base = kept(f"base-{recipe}.cpio",
                lambda path: build_base(arch, packages, own, programs, data, path))
    guest = kept(f"guest-{digest(recipe, HERE / 'guest/init')}.cpio",
                 lambda path: build_guest(packages, own, path))
    image = kept("xen-" + digest(packages), lambda path: build_xen(arch, xen, packages, path))

    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        shutil.copytree(HERE / "dom0", root / "rig")
        shutil.copytree(TOP / "Documentation/ABI", root / "rig/ABI")
        shutil.copy(HERE / "dom0/init", root / "init")
        (root / "guest").mkdir()
        shutil.copy(kernel, root / "guest/kernel")
        shutil.copy(guest, root / "guest/initrd")
        if selftest:
            build_selftest(arch, root / "guest/selftest")
        archive(root, Path(scratch) / "small.cpio")
        with open(folder / ("dom0-hvm.cpio" if hvm else "dom0.cpio"), "wb") as out:
            for part in (base, Path(scratch) / "small.cpio"):
                out.write(part.read_bytes())
    shutil.copy(image, folder / "xen")
    return folder


# --- QEMU -------------------------------------------------------------------------

def write_qemu(packages, qemu, path):
    """A script that runs it with its own libraries: none of this machine's would fit."""
    program = packages / "usr/bin" / qemu
    closure(X86, packages, [program])   # complains of what is missing
    libraries = [packages / folder / X86.triplet for folder in ("usr/lib", "lib")]
    loader = library(X86, packages, Path(X86.loader).name)  # lib64 has a link to this machine's
    words = [loader, "--library-path", ":".join(map(str, libraries)), program,
             "-L", packages / "usr/share/qemu", "-L", packages / "usr/share/seabios"]
    path.write_text(f"""#!/bin/sh
export QEMU_MODULE_DIR={shlex.quote(str(libraries[0] / "qemu"))}
exec {shlex.join(map(str, words))} "$@"
""")
    path.chmod(0o755)


@functools.cache
def fetched_qemu(package, qemu):
    packages = fetch(X86, QEMU_SUITE, [package, *QEMU_PACKAGES])
    return kept(f"{qemu}-{digest(packages, HERE / 'rig.py')}", lambda path: write_qemu(packages, qemu, path))


def find_qemu(arch=X86):
    """The QEMU that runs: $QEMU or QEMU_SUITE's."""
    name = os.environ.get("QEMU") or str(fetched_qemu(arch.qemu_package, arch.qemu))
    cure = f"leave QEMU out, or name a {arch.qemu}" if os.environ.get("QEMU") else \
        f"remove {CACHE.parent}/unpacked, and it is unpacked again"
    try:
        done = subprocess.run([name, "--version"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Trouble(f"{name} cannot be run ({error.strerror}): {cure}") from None
    if done.returncode or not done.stdout.startswith(b"QEMU emulator"):
        raise Trouble(f"{name} is not a QEMU (its --version does not say so): {cure}")
    return name


def accelerator(arch=X86):
    wanted = os.environ.get("ACCEL", "tcg")
    if wanted not in ("tcg", "kvm"):
        raise Trouble(f"ACCEL={wanted} is not known: use tcg or kvm")
    if wanted not in arch.cpu:
        raise Trouble(f"{arch.debian} does not run with ACCEL={wanted}: leave ACCEL out")
    if wanted == "kvm":
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            raise Trouble("ACCEL=kvm, but /dev/kvm cannot be used: leave ACCEL out "
                          "or give yourself access to it")
    return arch.cpu[wanted]


def end_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def claimed_cpu():
    """A CPU of the host for one QEMU, and the file by which it is taken.

    QEMU 7.2 loses interrupts of Xen on x86 when its threads run on two, see
    Documentation/rig.rst; all machines are kept to one. Runners that share a cache
    take different ones as long as there are any.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    cpus = list(os.sched_getaffinity(0))
    random.shuffle(cpus)
    for cpu in cpus:
        claim = open(CACHE / f"cpu-{cpu}.lock", "w")
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cpu, claim
        claim.close()
    return cpu, claim       # all are taken, so this one is shared


class Machine:
    """One QEMU that runs one plan. Its logs are in folder."""

    def __init__(self, name, folder, shared, kernel, plan, image="dom0.cpio",
                 limit=LIMIT_S, memory_mib=MEMORY_MIB, qemu=None, arch=X86, **settings):
        """`qemu` are options in place of accelerator()'s; settings are for the plan."""
        self.name, self.folder, self.limit = name, folder, limit
        self.nonce = secrets.token_hex(8)
        self.lines = []         # the report, without consoles
        self.ended = None       # why it was stopped, if it was
        self.process = None
        self._rest = b""
        self._used, self._used_at = None, 0.0
        words = {"nonce": self.nonce, "report": arch.report, "plan": plan,
                 "xenstored": find_xenstored(), **settings}
        if flavour().slow > 1:
            words.update(slow=flavour().slow)
        switches = " ".join(filter(None, [flavour().options, os.environ.get("OPTIONS", "")]))
        if switches:
            words.update(checks=f'"{switches}"')
        # /dev/ram0 of dom0 is the guests' disk; unwritten blocks take no memory
        options = " ".join(["console=hvc0 ramdisk_size=400000", *[switches] * flavour().pv,
                            *(f"{key}={value}" for key, value in words.items())])
        self.argv = [
            find_qemu(arch), *(qemu or accelerator(arch)),
            "-smp", "1", "-m", str(memory_mib), "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-name", f"{name},process=xen-{name}",
            "-serial", f"file:{folder}/xen.log",
            *arch.wiring(f"{shared}/xen", kernel, options, f"{shared}/{image}")]

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "qemu.txt").write_text(" ".join(self.argv) + "\n")
        (self.folder / "xen.log").touch()
        cpu, self._claim = claimed_cpu()

        def prepare():
            end_with_parent()
            os.sched_setaffinity(0, {cpu})

        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=open(self.folder / "qemu.log", "wb"),
            start_new_session=True, preexec_fn=prepare)
        self.deadline = time.monotonic() + self.limit
        os.set_blocking(self.process.stdout.fileno(), False)

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process:
            self.process.wait()
            self.process.stdout.close()
            self._claim.close()

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

    def stands_still(self):
        """Whether it has used no CPU for a while."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        used = words[11:13]     # in user space and in the kernel
        if used != self._used:
            self._used, self._used_at = used, time.monotonic()
        return time.monotonic() - self._used_at > STILL_S

    def check(self):
        """Why it should not run on: too late, or dead."""
        if self.stands_still():
            return f"QEMU has used no CPU for {STILL_S} s, so Xen stands still: run it again"
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
        return self.ended or self.complaint() or "it ended without a verdict"

    def complaint(self):
        """QEMU's own, if it had one."""
        lines = [line for line in (self.folder / "qemu.log").read_text().splitlines()
                 if line and "warning:" not in line]
        if lines:
            return f"QEMU: {lines[-1]}"
        status = self.process.returncode
        return f"QEMU's exit status {status}" if status else ""

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
                    if not machine.ended and not machine.lines and machine.process.returncode:
                        raise Trouble(f"QEMU fails to start ({machine.complaint()}): try its "
                                      f"command by hand, it is in {machine.folder}/qemu.txt")
    finally:
        for machine in machines:
            machine.stop()
