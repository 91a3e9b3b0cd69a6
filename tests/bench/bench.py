# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Measures this driver against the one of the same kernel tree, and both against Xen
itself: instructions, hypercalls, the lock, wall-clock time. See Documentation/testing.rst."""
import argparse
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
from results import Wrong   # noqa: E402

HERE = TOP / "tests/bench"
FOLDER = rig.BUILD / "bench"
README, PICTURE = TOP / "README.md", TOP / "Documentation/bench.svg"
KVER = os.environ.get("KVER") or "7.3"
GUESTS = {"pv": ["fresh", "fragmented", "host_fragmented"],
          "pvh": ["fresh", "fragmented", "host_fragmented", "pod_boot"]}
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
XEN_HOOKS = {"switch": "context_switch", "pv": "pv_hypercall", "hvm": "hvm_hypercall"}


# --- symbols, the plugin, versions ------------------------------------------------------

def kernel_file(flavour, name):
    path = rig.BUILD / "kernel" / KVER / flavour / name
    if not path.is_file():
        raise rig.Trouble(f"no kernel at {path}: run `make kernel KVER={KVER} FLAVOUR={flavour}`")
    return path


def kernel_symbols(flavour):
    listing = rig.command("nm", str(kernel_file(flavour, "vmlinux")))
    words = [line.split() for line in listing.splitlines()]
    return {line[2]: int(line[0], 16) for line in words if len(line) == 3}


def write_xen_symbols(shared, wanted, path):
    machine = rig.Machine("symbols", FOLDER / "symbols", shared, kernel_file("ours", "bzImage"),
                          "symbols.sh", wanted=wanted)
    rig.run([machine], lambda *_: None)
    found = [line.split()[1::2] for line in machine.lines if line.startswith("symbol ")]
    if machine.verdict() != (1, 0) or not found:
        raise rig.Trouble(f"Xen's symbols cannot be read: {machine.verdict()} (see {machine.folder})")
    path.write_text("".join(f"{address} {name}\n" for address, name in found))


def xen_symbols(shared, everything):
    wanted = "." if everything else f"({'|'.join(XEN_HOOKS.values())})$"
    path = rig.kept(f"symbols-{rig.digest(shared / 'xen', wanted)}",
                    lambda path: write_xen_symbols(shared, wanted, path))
    words = [line.split() for line in path.read_text().splitlines()]
    return {name: int(address, 16) for address, name in words}


def resolve(hook, symbols, where):
    name, colon, rest = hook.partition(":")
    if name not in symbols:
        raise rig.Trouble(f"{where} has no symbol {name}: bring HOOKS in tests/bench/bench.py up to date")
    return f"{symbols[name]:x}{colon}{rest}"


def plugin():
    source = HERE / "count.c"
    return rig.kept(f"count-{rig.digest(source)}.so", lambda path: rig.command(
        "gcc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", str(source), "-o", str(path),
        stderr=subprocess.PIPE))


def counting(folder, flavour, xen, places):
    """QEMU's options for a machine whose clock is its instructions, with the plugin."""
    kernel = kernel_symbols(flavour)
    words = {"out": folder / "counts", "places": int(places)}
    words.update({name: resolve(hook, kernel, f"the kernel {flavour}")
                  for name, hook in {**HOOKS[flavour], **KERNEL_HOOKS}.items()})
    words.update({name: resolve(hook, xen, "Xen") for name, hook in XEN_HOOKS.items()})
    return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", rig.CPU_TCG,
            "-plugin", ",".join([str(plugin()), *(f"{key}={value}" for key, value in words.items())])]


def qemu_version():
    said = rig.command(rig.find_qemu(), "--version")
    version = re.search(r"version (\S+)", said).group(1)
    if not version.startswith("7.2."):
        raise rig.Trouble(f"QEMU {version} cannot be counted in: tests/bench/count.c is for Debian 12's 7.2")
    return version


def kernel_version(flavour):
    with open(kernel_file(flavour, "bzImage"), "rb") as file:
        head = file.read(0x8000)
    at = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    return head[at:at + 200].split(b"\0")[0].split()[0].decode()


def versions(machine):
    log = (machine.folder / "xen.log").read_text(errors="replace")
    xen = re.search(r"Xen version (\S+)", log)
    commit = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty", "--abbrev=12"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    return {"linux": kernel_version("ours"), "xen": xen.group(1) if xen else "unknown",
            "qemu": qemu_version(), "driver": commit or "not from git"}


# --- the machines --------------------------------------------------------------------------

def make_machine(kind, flavour, guest, cases, size, qemu=None):
    name = f"{kind}-{flavour}-{guest}"
    return rig.Machine(name, FOLDER / name, FOLDER / flavour, kernel_file(flavour, "bzImage"),
                       "bench.sh", memory_mib=MACHINE_MIB, limit=3600, qemu=qemu, guest=guest,
                       cases=":".join(cases), memory=size["memory"], small=size["small"],
                       floor=int(flavour == "ours"))


def counted_machine(flavour, guest, cases, size, xen, places=False):
    folder = FOLDER / f"counted-{flavour}-{guest}"
    return make_machine("counted", flavour, guest, cases, size, counting(folder, flavour, xen, places))


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


def measure(guests, cases, size, xen):
    """The objects for results.json."""
    counted, timed = {}, {}
    for guest in guests:
        wanted = [case for case in GUESTS[guest] if case in cases]
        for flavour in FLAVOURS:
            counted[flavour, guest] = counted_machine(flavour, guest, wanted, size, xen)
            timed[flavour, guest] = make_machine("timed", flavour, guest, wanted, size)
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
        out += results.assemble(guest, measured, versions(counted["ours", guest]))
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
    for line in results.target_lines(found):
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
    README.write_text(results.with_table(README.read_text(), results.markdown(found)))
    draw(found, FOLDER / "results.svg")
    PICTURE.write_bytes((FOLDER / "results.svg").read_bytes())
    rig.say(f"wrote {os.path.relpath(README)} and {os.path.relpath(PICTURE)}")
    return 0


def show_places(machine, symbols, count=30):
    """Where the instructions of each move went, all of the machine's, by function."""
    marks = results.read_counts((machine.folder / "counts").read_text())
    for line in machine.lines:
        words = line.split()
        if words[0] != "move":
            continue
        first, pages = int(words[3]), int(words[4])
        print(f"\n{machine.name} {words[1]} {words[2]}: instructions per page")
        for name, insns in results.by_function(marks[first], marks[first + 1], symbols)[:count]:
            print(f"{insns / pages:10.1f}  {name}")


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description=__doc__,
        epilog="environment: KVER (default 7.3; kernels as `make kernel` leaves them), QEMU. "
               "Leaves results.json and results.svg in build/bench, a folder of logs for each machine too.")
    parser.add_argument("--quick", action="store_true",
                        help="a small move under this driver, checked against loose bounds; part of make check")
    parser.add_argument("--guest", choices=GUESTS, help="only this type of guest")
    parser.add_argument("--case", choices=results.CASES, help="only this case")
    parser.add_argument("--places", choices=FLAVOURS, metavar="FLAVOUR",
                        help="instead, where one kernel (ours or stock) spends its instructions, by function")
    parser.add_argument("--check", type=Path, metavar="FILE", help="only say whether FILE is a valid results.json")
    parser.add_argument("--targets", action="store_true", help="only print what build/bench/results.json reaches")
    parser.add_argument("--readme", action="store_true",
                        help="only put build/bench/results.json into README.md and Documentation/bench.svg")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    if options.check:
        read_results(options.check)
        return 0
    if options.readme:
        return publish(FOLDER / "results.json")
    if options.targets:
        for line in results.target_lines(read_results(FOLDER / "results.json")):
            print(line)
        return 0

    qemu_version()
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = open(FOLDER / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise rig.Trouble(f"another run uses {FOLDER}: wait for it to end") from None
    flavours = ["ours"] if options.quick else [options.places] if options.places else FLAVOURS
    guests = [options.guest] if options.guest else list(GUESTS)
    cases = [options.case] if options.case else list(results.CASES)
    try:
        rig.say("preparing images")
        for flavour in {"ours", *flavours}:
            rig.images(kernel_file(flavour, "bzImage"), FOLDER / flavour)
        xen = xen_symbols(FOLDER / "ours", bool(options.places))
        if options.quick:
            import quick
            return quick.main(guests, xen)
        if options.places:
            machines = [counted_machine(options.places, guest, [case for case in GUESTS[guest] if case in cases],
                                        FULL, xen, places=True) for guest in guests]
            run(machines, 2)
            for machine in machines:
                judge(machine)
                show_places(machine, {**kernel_symbols(options.places),
                                      **{f"xen:{name}": at for name, at in xen.items()}})
            return 0
        deliver(measure(guests, cases, FULL, xen))
        return 0
    except Wrong as wrong:
        raise rig.Trouble(f"the measurement contradicts itself: {wrong}") from None
    finally:
        for flavour in FLAVOURS:
            for name in ("dom0.cpio", "xen"):
                (FOLDER / flavour / name).unlink(missing_ok=True)


if __name__ == "__main__":
    rig.entry(main)
