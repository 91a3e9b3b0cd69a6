# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Measures this driver against the one of the same kernel tree, and both against Xen
itself: instructions, hypercalls, the lock, wall-clock time. See Documentation/testing.rst."""
import argparse
import dataclasses
import fcntl
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/system"))
import rig          # noqa: E402
import results      # noqa: E402
import symbols      # noqa: E402
from results import Wrong   # noqa: E402

HERE = TOP / "tests/bench"
FOLDER = rig.BUILD / "bench"
README, PICTURE = TOP / "README.md", TOP / "Documentation/bench.svg"
TIMELINE = TOP / "Documentation/timeline.svg"
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
    cases: tuple = ("fresh", "fragmented", "host_fragmented")
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


def draw(found, path):
    script = path.with_suffix(".gnuplot")
    script.write_text(results.gnuplot(found, path))
    rig.command("gnuplot", str(script), stderr=subprocess.PIPE)


def deliver(found):
    wrong = list(results.complaints(found))
    if wrong:
        raise Wrong("; ".join(wrong[:5]))
    (FOLDER / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(found, FOLDER / "results.svg")
    print(results.markdown(found))
    for line in results.goal_lines(found):
        print(line)


# --- commands ------------------------------------------------------------------------------

def read_results(path):
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise rig.Trouble(f"there is no {path}: run `make bench`") from None
    except ValueError as error:
        raise rig.Trouble(f"{path} is no JSON ({error}): run `make bench`") from None
    wrong = list(results.complaints(found))
    if wrong:
        raise rig.Trouble(f"{path}: {'; '.join(wrong[:5])}: run `make bench`")
    return found


def publish(path):
    """The table in README.md and the picture beside the documentation."""
    found = read_results(path)
    timeline = FOLDER / "timeline.svg"
    if not timeline.exists():
        raise rig.Trouble(f"there is no {timeline}: run `make bench`")
    README.write_text(results.with_table(README.read_text(), results.markdown(found)))
    draw(found, FOLDER / "results.svg")
    PICTURE.write_bytes((FOLDER / "results.svg").read_bytes())
    TIMELINE.write_bytes(timeline.read_bytes())
    rig.say(f"wrote {os.path.relpath(README)}, {os.path.relpath(PICTURE)} and {os.path.relpath(TIMELINE)}")
    return 0


def show_places(machine, addresses, count=30):
    """Where the instructions of each move went, all of the machine's, by function."""
    marks = results.read_counts((machine.folder / "counts").read_text())
    for line in machine.lines:
        words = line.split()
        if words[0] != "move":
            continue
        first, pages = int(words[3]), int(words[4])
        print(f"\n{machine.name} {words[1]} {words[2]}: instructions per page")
        for name, insns in results.by_function(marks[first], marks[first + 1], addresses)[:count]:
            print(f"{insns / pages:10.1f}  {name}")


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description=__doc__,
        epilog="environment: KVER (default 7.3; kernels as `make kernel` leaves them), XEN (4.17 or 4.20), QEMU. "
               "Leaves results.json, results.svg and timeline.svg in build/bench, a folder of logs for each "
               "machine too.")
    parser.add_argument("--guest", choices=GUESTS, help="only this type of guest")
    parser.add_argument("--case", choices=results.CASES, help="only this case")
    instead = parser.add_argument_group("instead of measuring both drivers").add_mutually_exclusive_group()
    instead.add_argument("--quick", action="store_true",
                         help="a small move under this driver, checked against loose bounds; "
                              "part of make check, without arm64 guests")
    instead.add_argument("--places", choices=FLAVOURS, metavar="FLAVOUR",
                         help="where one kernel (ours or stock) spends its instructions, by function")
    instead.add_argument("--timeline", action="store_true",
                         help="only draw timeline.svg, the memory of a PV and a PVH guest over time")
    instead.add_argument("--check", type=Path, metavar="FILE",
                         help="say whether FILE is a valid results.json")
    instead.add_argument("--goals", action="store_true", help="print what build/bench/results.json reaches")
    instead.add_argument("--readme", action="store_true",
                         help="put what build/bench has into README.md, Documentation/bench.svg and timeline.svg")
    options = parser.parse_args(argv)
    if (options.guest or options.case) and (options.check or options.goals or options.readme):
        parser.error("--guest and --case are for measuring, and this is of all that was measured")
    if (options.quick or options.timeline) and options.case:
        parser.error("--quick and --timeline have a case of their own")
    if options.timeline and options.guest and not GUESTS[options.guest].step_ms:
        parser.error(f"there is no time line of {options.guest}")
    if options.case and options.guest and options.case not in GUESTS[options.guest].cases:
        parser.error(f"there is no case {options.case} for {options.guest}")
    return options


def chosen(options):
    """guest -> cases"""
    guests = [options.guest] if options.guest else [
        name for name, guest in GUESTS.items()
        if (guest.quick or not options.quick) and (guest.step_ms or not options.timeline)]
    cases = {name: [case for case in GUESTS[name].cases if options.case in (case, None)] for name in guests}
    return {name: wanted for name, wanted in cases.items() if wanted}


def find_places(flavour, guests):
    machines = {guest: counted_machine(flavour, guest, cases, FULL, places=True)
                for guest, cases in guests.items()}
    run(list(machines.values()), 2)
    for guest, machine in machines.items():
        judge(machine)
        kernel, xen = all_symbols(flavour, GUESTS[guest].how)
        show_places(machine, {**kernel, **{f"xen:{name}": at for name, at in xen.items()}})


def main(argv):
    options = parse(argv)
    if options.check:
        read_results(options.check)
        return 0
    if options.readme:
        return publish(FOLDER / "results.json")
    if options.goals:
        for line in results.goal_lines(read_results(FOLDER / "results.json")):
            print(line)
        return 0

    guests = chosen(options)
    archs = {guest.how.arch.debian: guest.how.arch for guest in map(GUESTS.get, guests)}.values()
    rig.find_xen()
    for arch in archs:
        qemu_version(arch)
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = open(FOLDER / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise rig.Trouble(f"another run uses {FOLDER}: wait for it to end") from None
    started = time.monotonic()
    flavours = ["ours"] if options.quick else [options.places] if options.places else FLAVOURS
    folders = []
    try:
        rig.say("preparing images")
        for arch in archs:
            for flavour in flavours:
                folders.append(shared(flavour, arch))
                rig.images(kernel_file(flavour, arch.kernel, arch), folders[-1], arch)
        if options.quick:
            import quick
            return quick.main(guests)
        if options.places:
            find_places(options.places, guests)
            return 0
        import timeline
        if not options.timeline:
            deliver(measure(guests, FULL))
        if not options.case:
            timeline.main(guests)
        rig.say(f"took {(time.monotonic() - started) / 60:.0f} min; logs in {os.path.relpath(FOLDER)}")
        return 0
    except Wrong as wrong:
        raise rig.Trouble(f"the measurement contradicts itself: {wrong}") from None
    finally:
        for folder in folders:
            for name in ("dom0.cpio", "xen"):
                (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    rig.entry(main)
