# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The part of the benchmark that `make check` runs: a small move of each type of guest
under this driver, and what the benchmark itself must not take for a figure."""
import copy
import os
import xml.etree.ElementTree as ElementTree

import bench
import picture
import results
import rig
import timeline
from report import Report

# Instructions per page, and hypercalls per GiB: above this driver's, below those of the
# tree's (pv 3,200 and 3,500, pvh 10,900 and 8,900, arm64 3,600 and 2,800; 262,656 hypercalls
# on PV, else 512).
BOUNDS = {
    ("pv", "down"): (2600, 8192), ("pv", "up"): (1500, 8192),
    ("pvh", "down"): (6500, 256), ("pvh", "up"): (1500, 256),
    ("arm64", "down"): (3000, 256), ("arm64", "up"): (1500, 256),
}


# --- the benchmark's own code ---------------------------------------------------------

def sample():
    """A results.json of one result without a fault."""
    side = dict.fromkeys(results.FIELDS, 2.0)
    return [{"guest": "pvh", "case": "fresh", "direction": "up", "ours": side,
             "stock": dict(side, insn_per_page=40.0), "floor": dict(side, lock_hold_max_us=None),
             "ratio": {**dict.fromkeys(results.FIELDS, 1.0), "insn_per_page": 20.0},
             "versions": dict.fromkeys(("linux", "xen", "qemu", "driver"), "1")}]


DAMAGE = {
    "no result": lambda r: r.clear(),
    "no object": lambda r: r.append(1),
    "an unknown guest": lambda r: r[0].update(guest="vm"),
    "an unknown case": lambda r: r[0].update(case="fast"),
    "a direction that is none": lambda r: r[0].update(direction="left"),
    "a result twice": lambda r: r.append(copy.deepcopy(r[0])),
    "a side left out": lambda r: r[0].pop("stock"),
    "a floor left out": lambda r: r[0].update(floor=None),
    "a field left out": lambda r: r[0]["ours"].pop("wall_s"),
    "a field of the floor left out": lambda r: r[0]["floor"].pop("wall_s"),
    "nothing measured": lambda r: r[0]["ours"].update(hypercalls_per_gib=0),
    "no lock": lambda r: r[0]["stock"].update(lock_hold_max_us=None),
    "a number in words": lambda r: r[0]["ours"].update(wall_s="2"),
    "no number": lambda r: r[0]["ours"].update(wall_s=float("nan")),
    "another's ratio": lambda r: r[0]["ratio"].update(insn_per_page=21.0),
    "no versions": lambda r: r[0]["versions"].update(xen=""),
}


def accepted(damage):
    results_ = copy.deepcopy(sample())
    damage(results_)
    return not list(results.complaints(results_))


COUNTS = """mark 0 by 1 insns 100 lock 0
vcpu 1 insns 50 continued 0 decrease 0 populate 0 extents 0 frames 0 span 0 calls 12:1
vcpu 2 insns 50 continued 0 decrease 1 populate 0 extents 4 frames 4 span 0 calls 12:1
end
mark 1 by 1 insns 2200 lock 3000
vcpu 1 insns 150 continued 0 decrease 0 populate 0 extents 0 frames 0 span 0 calls 12:2
vcpu 2 insns 2050 continued 1 decrease 3 populate 0 extents 14 frames 14 span 1000 calls 1:5 12:9
end
"""
MOVE = "move fresh down 0 10 2000 1"
CONTRADICTIONS = {
    "a guest's time that Xen does not confirm": (COUNTS, "move fresh down 0 10 2100 1"),
    "more pages moved than asked for": (COUNTS, "move fresh down 0 11 2000 1"),
    "a mark that is missing": (COUNTS, "move fresh down 1 10 2000 1"),
    "memory that nobody moved": (COUNTS, "move fresh up 0 10 2000 1"),
    "memory that two moved": (COUNTS.replace("vcpu 1 insns 150 continued 0 decrease 0",
                                             "vcpu 3 insns 150 continued 0 decrease 1"), MOVE),
    "a lock that was never taken": (COUNTS.replace("lock 3000", "lock 0"), MOVE),
    "an error of the plugin": (COUNTS + "error: more than 64 virtual CPUs\n", MOVE),
    "a mark that comes twice": (COUNTS + COUNTS, MOVE),
}


def contradicts(text, move):
    try:
        results.of_moves([move], results.read_counts(text))
    except results.Wrong:
        return True
    return False


def check_code(report):
    expected = {"insn_per_page": 200.0, "hypercalls_per_gib": 7 * results.PAGES_PER_GIB / 10,
                "extents_per_gib": results.PAGES_PER_GIB, "lock_hold_max_us": 3, "wall_s": None}
    got = results.of_moves([MOVE], results.read_counts(COUNTS))["fresh", "down"]
    good = got == expected and accepted(lambda _: None)
    report.result(good, "bench-code", "what was counted becomes a result, and a good one is accepted",
                  "" if good else str(got))
    taken = [name for name, damage in DAMAGE.items() if accepted(damage)]
    report.result(not taken, "bench-refuses", f"{len(DAMAGE)} kinds of damage to results.json are refused",
                  ", ".join(taken))
    taken = [name for name, case in CONTRADICTIONS.items() if not contradicts(*case)]
    report.result(not taken, "bench-contradicts",
                  f"{len(CONTRADICTIONS)} measurements that contradict themselves give no figure",
                  ", ".join(taken))


# A guest's memory over time: at first all of it, then each target, with the way there.
SAMPLES = [f"sample {us} {asked} {current} 5" for us, asked, current in (
    (0, 1310720, 1310720), (10000, 262144, 700000), (20000, 262144, 262144), (30000, 1228800, 1228800),
    (40000, 786432, 1000000), (50000, 786432, 786432))]


def refused(lines):
    try:
        timeline.read_samples(lines, "a machine")
    except rig.Trouble:
        return True
    return False


def check_timeline(report):
    samples = timeline.read_samples(SAMPLES, "a machine")
    path = bench.FOLDER / "quick.svg"
    picture.timeline([timeline.panel("pv", {"ours": samples, "stock": samples})], timeline.WORDS,
                     timeline.MEMORY_MIB, path)
    drawn = {element.get("class") for element in ElementTree.parse(path).iter()
             if element.tag.endswith(("polyline", "polygon"))}
    report.result(drawn == set(picture.KINDS), "bench-timeline", "samples of both drivers become a picture",
                  ", ".join(sorted(set(picture.KINDS) - drawn)))
    taken = [at for at in range(1, len(SAMPLES)) if at not in (1, 4) and not refused(SAMPLES[:at] + SAMPLES[at + 1:])]
    report.result(refused([]) and not taken, "bench-timeline-refuses",
                  "a target that was not reached in its time gives no picture",
                  ", ".join(map(str, taken)))


# --- a small move ---------------------------------------------------------------------

def check_machine(report, guest, machine):
    try:
        bench.judge(machine)
        moves, floors = bench.counted_figures(machine)
    except (rig.Trouble, results.Wrong) as trouble:
        report.result(False, f"bench-{guest}", "a small move is measured", str(trouble))
        return
    for direction in ("down", "up"):
        ours, least = moves["fresh", direction], floors["fresh", direction]
        insns, calls = BOUNDS[guest, direction]
        detail = (f"{ours['insn_per_page']:.0f} instructions per page (bound {insns}, Xen alone "
                  f"{least['insn_per_page']:.0f}), {ours['hypercalls_per_gib']:.0f} hypercalls per GiB "
                  f"(bound {calls}), lock held {ours['lock_hold_max_us'] / 1000:.1f} ms at most")
        good = all(results.number(part[name]) for part in (ours, least) for name in results.FIELDS[:3]) \
            and least["insn_per_page"] < ours["insn_per_page"] <= insns \
            and ours["hypercalls_per_gib"] <= calls
        report.result(good, f"bench-{guest}-{direction}", f"a {results.GUESTS[guest]} guest moves 256 MiB "
                      f"{direction} at no more than its bounds", detail)
    missed = [line for line in machine.lines if line.startswith("missed ")]
    report.result(len(missed) == 1 and missed[0].endswith("256 are asked for"), f"bench-{guest}-missed",
                  "a target that is missed gives no figure", "; ".join(missed))


def main(guests):
    report = Report(bench.FOLDER / "quick.txt")
    check_code(report)
    check_timeline(report)
    machines = {guest: bench.counted_machine("ours", guest, ["quick"], bench.QUICK) for guest in guests}
    bench.run(list(machines.values()), 2)
    for guest, machine in machines.items():
        check_machine(report, guest, machine)
    rig.say(f"logs in {os.path.relpath(bench.FOLDER)}")
    return report.total()
