# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Measures this driver against the one of the same kernel tree, and both against Xen
itself: instructions, hypercalls, the lock, wall-clock time. See Documentation/rig.rst."""
import argparse
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/system"))
import bench        # noqa: E402
import results      # noqa: E402
import rig          # noqa: E402

README, PICTURE = TOP / "README.md", TOP / "Documentation/bench.svg"
TIMELINE = TOP / "Documentation/timeline.svg"


def draw(found, path):
    script = path.with_suffix(".gnuplot")
    script.write_text(results.gnuplot(found, path))
    rig.command("gnuplot", str(script), stderr=subprocess.PIPE)


def deliver(found):
    wrong = list(results.complaints(found))
    if wrong:
        raise results.Wrong("; ".join(wrong[:5]))
    (bench.FOLDER / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(found, bench.FOLDER / "results.svg")
    print(results.markdown(found))
    for line in results.goal_lines(found):
        print(line)
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
    timeline = bench.FOLDER / "timeline.svg"
    if not timeline.exists():
        raise rig.Trouble(f"there is no {timeline}: run `make bench`")
    README.write_text(results.with_table(README.read_text(), results.markdown(found)))
    draw(found, bench.FOLDER / "results.svg")
    PICTURE.write_bytes((bench.FOLDER / "results.svg").read_bytes())
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
    parser.add_argument("--guest", choices=bench.GUESTS, help="only this type of guest")
    parser.add_argument("--case", choices=results.CASES, help="only this case")
    instead = parser.add_argument_group("instead of measuring both drivers").add_mutually_exclusive_group()
    instead.add_argument("--quick", action="store_true",
                         help="a small move under this driver, checked against loose bounds; "
                              "part of make check, without arm64 guests")
    instead.add_argument("--places", choices=bench.FLAVOURS, metavar="FLAVOUR",
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
    if options.timeline and options.guest and not bench.GUESTS[options.guest].step_ms:
        parser.error(f"there is no time line of {options.guest}")
    if options.case and options.guest and options.case not in bench.GUESTS[options.guest].cases:
        parser.error(f"there is no case {options.case} for {options.guest}")
    return options


def chosen(options):
    """guest -> cases"""
    guests = [options.guest] if options.guest else [
        name for name, guest in bench.GUESTS.items()
        if (guest.quick or not options.quick) and (guest.step_ms or not options.timeline)]
    cases = {name: [case for case in bench.GUESTS[name].cases if options.case in (case, None)] for name in guests}
    return {name: wanted for name, wanted in cases.items() if wanted}


def find_places(flavour, guests):
    machines = {guest: bench.counted_machine(flavour, guest, cases, bench.FULL, places=True)
                for guest, cases in guests.items()}
    bench.run(list(machines.values()), 2)
    for guest, machine in machines.items():
        bench.judge(machine)
        kernel, xen = bench.all_symbols(flavour, bench.GUESTS[guest].how)
        show_places(machine, {**kernel, **{f"xen:{name}": at for name, at in xen.items()}})


def main(argv):
    options = parse(argv)
    if options.check:
        read_results(options.check)
        return 0
    if options.readme:
        return publish(bench.FOLDER / "results.json")
    if options.goals:
        for line in results.goal_lines(read_results(bench.FOLDER / "results.json")):
            print(line)
        return 0

    guests = chosen(options)
    archs = {guest.how.arch.debian: guest.how.arch for guest in map(bench.GUESTS.get, guests)}.values()
    rig.find_xen()
    for arch in archs:
        bench.qemu_version(arch)
    bench.FOLDER.mkdir(parents=True, exist_ok=True)
    lock = open(bench.FOLDER / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise rig.Trouble(f"another run uses {bench.FOLDER}: wait for it to end") from None
    started = time.monotonic()
    flavours = ["ours"] if options.quick else [options.places] if options.places else bench.FLAVOURS
    folders = []
    try:
        rig.say("preparing images")
        for arch in archs:
            for flavour in flavours:
                folders.append(bench.shared(flavour, arch))
                rig.images(bench.kernel_file(flavour, arch.kernel, arch), folders[-1], arch)
        if options.quick:
            import quick
            return quick.main(guests)
        if options.places:
            find_places(options.places, guests)
            return 0
        import timeline
        if not options.timeline:
            deliver(bench.measure(guests, bench.FULL))
        if not options.case:
            timeline.main(guests)
        rig.say(f"took {(time.monotonic() - started) / 60:.0f} min; logs in {os.path.relpath(bench.FOLDER)}")
        return 0
    except results.Wrong as wrong:
        raise rig.Trouble(f"the measurement contradicts itself: {wrong}") from None
    finally:
        for folder in folders:
            for name in ("dom0.cpio", "xen"):
                (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    rig.entry(main)
