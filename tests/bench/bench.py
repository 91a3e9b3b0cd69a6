# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The machines of the benchmark, counted and timed, and the figures that come out."""
import dataclasses
import os
import re
import subprocess
import time
from pathlib import Path

import results
import rig
import symbols

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
FOLDER = rig.BUILD / "bench"
KVER = os.environ.get("KVER") or "7.3"


@dataclasses.dataclass(frozen=True)
class Counting:
    """How the machines of an architecture are counted in."""
    arch: rig.Arch
    cpu: str            # of which QEMU plays one
    hooks: dict         # count.c's name -> Xen's function
    table: tuple        # symbols.of_xen()'s arguments


X86 = Counting(
    rig.X86, rig.CPU_TCG, {"switch": "context_switch", "pv": "pv_hypercall", "hvm": "hvm_hypercall"},
    ("I", 4, 0xffff82d040000000))
ARM64 = Counting(
    rig.ARM64, "cortex-a57", {"switch": "context_switch", "hvc": "traps.c#do_trap_hypercall"},
    ("Q", 256, 0))


@dataclasses.dataclass(frozen=True)
class Guest:
    how: Counting
    cases: tuple = ("fresh", "fragmented", "host_fragmented", "cached")
    quick: bool = True      # part of make check
    step_ms: int = 0        # time for each target of the time line; 0: it has none


GUESTS = {"pv": Guest(X86, step_ms=1000),
          "pvh": Guest(X86, (*Guest.cases, "pod_boot"), step_ms=3200),
          "arm64": Guest(ARM64, quick=False)}
FLAVOURS = ("ours", "stock")
QUICK = {"memory": 640, "small": 384}
FULL = {"memory": 1280, "small": 256}
MACHINE_MIB = 3072
# Of each driver, where count.c looks: see there.
HOOKS = {
    "ours": {"up": "xenmem_populate:1:2", "down": "xenmem_release:1:2", "lock": "xen_balloon"},
    "stock": {"up": "xenmem_reservation_increase:0:-", "down": "xenmem_reservation_decrease:0:-",
              "lock": "balloon_mutex"},
}
KERNEL_HOOKS = {"take": "mutex_lock", "drop": "mutex_unlock"}


# --- symbols, the plugin, versions ------------------------------------------------------

def kernel_file(flavour, name, arch=rig.X86):
    folder, make = rig.kernel_place(flavour, arch, version=KVER)
    if not (folder / name).is_file():
        raise rig.Trouble(f"no kernel at {folder / name}: run `{make}`")
    return folder / name


def shared(flavour, arch):
    """The folder of what the machines with this kernel boot."""
    return FOLDER / f"{arch.debian}-{flavour}"


def resolve(hook, addresses, where):
    name, colon, rest = hook.partition(":")
    if name not in addresses:
        raise rig.Trouble(f"{where} has no symbol {name}: bring the hooks in tests/bench/bench.py up to date")
    return f"{addresses[name]:x}{colon}{rest}"


def plugin():
    source = HERE / "count.c"
    return rig.kept(f"count-{rig.digest(source)}.so", lambda path: rig.command(
        "gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", str(source), "-o", str(path),
        stderr=subprocess.PIPE))


def all_symbols(flavour, how):
    """(the kernel's, Xen's)"""
    image = (shared(flavour, how.arch) / "xen").read_bytes()
    return symbols.of_kernel(kernel_file(flavour, "vmlinux", how.arch)), symbols.of_xen(image, *how.table)


def clock(how):
    """QEMU's options for a machine whose clock is its instructions."""
    return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", how.cpu]


def counting(folder, flavour, how, places):
    """The same, with the plugin."""
    kernel, xen = all_symbols(flavour, how)
    words = {"out": folder / "counts", "places": int(places)}
    words.update({name: resolve(hook, kernel, f"the kernel {flavour}")
                  for name, hook in {**HOOKS[flavour], **KERNEL_HOOKS}.items()})
    words.update({name: resolve(hook, xen, "Xen") for name, hook in how.hooks.items()})
    return [*clock(how), "-plugin", ",".join([str(plugin()), *(f"{key}={value}" for key, value in words.items())])]


def qemu_version(arch):
    said = rig.command(rig.find_qemu(arch), "--version")
    version = re.search(r"version (\S+)", said).group(1)
    if not version.startswith("7.2."):
        raise rig.Trouble(f"QEMU {version} cannot be counted in: tests/bench/count.c is for 7.2, leave QEMU out")
    return version


def kernel_version(arch):
    found = re.search(rb"Linux version (\S+) \(", kernel_file("ours", "vmlinux", arch).read_bytes())
    return found[1].decode()


def versions(machine, arch):
    log = (machine.folder / "xen.log").read_text(errors="replace")
    xen = re.search(r"Xen version (\S+)", log)
    commit = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty", "--abbrev=12"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    return {"linux": kernel_version(arch), "xen": xen.group(1) if xen else "unknown",
            "qemu": qemu_version(arch), "driver": commit or "not from git"}


# --- the machines --------------------------------------------------------------------------

def make_machine(kind, flavour, guest, cases, size, qemu=None):
    name, arch = f"{kind}-{flavour}-{guest}", GUESTS[guest].how.arch
    return rig.Machine(name, FOLDER / name, shared(flavour, arch), kernel_file(flavour, arch.kernel, arch),
                       "bench.sh", memory_mib=MACHINE_MIB, limit=3600, qemu=qemu, arch=arch, guest=guest,
                       cases=":".join(cases), memory=size["memory"], small=size["small"],
                       floor=int(flavour == "ours"))


def counted_machine(flavour, guest, cases, size, places=False):
    folder = FOLDER / f"counted-{flavour}-{guest}"
    return make_machine("counted", flavour, guest, cases, size,
                        counting(folder, flavour, GUESTS[guest].how, places))


def prepare(machines):
    for machine in machines:
        machine.folder.mkdir(parents=True, exist_ok=True)
        for old in machine.folder.iterdir():
            old.unlink()


def run(machines, at_once):
    prepare(machines)
    started = time.monotonic()

    def on_line(machine, line):
        if line.split(" ")[0] in ("move", "floor", "lost"):
            rig.say(f"{time.monotonic() - started:4.0f} s, {machine.name}: {line}")

    rig.run(machines, on_line, at_once=at_once)


def judge(machine, allowed=()):
    """A machine in which anything went wrong gives no figures."""
    lost = [line for line in machine.lines if line.startswith("lost ")
            and line.split()[1] not in allowed]
    verdict = machine.verdict()
    if isinstance(verdict, str):
        lost.insert(0, verdict)
    lost += [f"{log}: {line}" for log, line in machine.trouble()]
    if lost:
        raise rig.Trouble(f"{machine.name}: {lost[0]} (see {os.path.relpath(machine.folder)})")


def counted_figures(machine):
    marks = results.read_counts((machine.folder / "counts").read_text())
    return results.of_moves(machine.lines, marks), results.of_floors(machine.lines, marks)


def add_times(figures, times, what):
    for (case, direction), values in figures.items():
        values["wall_s"] = times.get((case, direction, what))


def measure(guests, size):
    """The objects for results.json; guests is guest -> cases."""
    counted, timed = {}, {}
    for guest, cases in guests.items():
        for flavour in FLAVOURS:
            counted[flavour, guest] = counted_machine(flavour, guest, cases, size)
            timed[flavour, guest] = make_machine("timed", flavour, guest, cases, size)
    rig.say(f"{len(counted)} machines whose clock is the instructions, two at a time")
    run(list(counted.values()), 2)
    figures = {}
    for key, machine in counted.items():
        judge(machine)
        figures[key] = counted_figures(machine)
    rig.say(f"{len(timed)} machines for the wall-clock, one at a time")
    for machine in timed.values():
        run([machine], 1)
        judge(machine)

    out = []
    for guest in guests:
        measured = {}
        for flavour in FLAVOURS:
            measured[flavour], floors = figures[flavour, guest]
            times = results.of_times(timed[flavour, guest].lines)
            add_times(measured[flavour], times, "move")
            if flavour == "ours":
                add_times(floors, times, "floor")
                measured["floor"] = floors
        out += results.assemble(guest, measured, versions(counted["ours", guest], GUESTS[guest].how.arch))
    return out
