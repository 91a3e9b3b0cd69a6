# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The memory of a guest over time under this driver and mainline's, in machines whose
clock is the number of their instructions (1 ns each), with no plugin and no marks."""
import os

import bench
import picture
import results
import rig

MEMORY_MIB = 1280
# The second is below what a PVH guest sees of its memory: more would be hotplug.
TARGETS_MIB = (256, 1200, 768)
PERIOD_MS = 10
# For each driver what is drawn, and the column of a sample.
SERIES = {"ours": {"has": 2, "free": 3, "asked": 1}, "stock": {"other": 2, "otherfree": 3}}
WORDS = {"asked": "asked", "has": "has, this driver", "other": "has, mainline's",
         "free": "free, this driver", "otherfree": "free, mainline's"}


def make_machine(flavour, guest):
    name, how = f"timeline-{flavour}-{guest}", bench.GUESTS[guest].how
    return rig.Machine(name, bench.FOLDER / name, bench.shared(flavour, how.arch),
                       bench.kernel_file(flavour, how.arch.kernel, how.arch), "timeline.sh",
                       memory_mib=bench.MACHINE_MIB, limit=1800, qemu=bench.clock(how), arch=how.arch, guest=guest,
                       memory=MEMORY_MIB, period=PERIOD_MS, step=bench.GUESTS[guest].step_ms,
                       targets=":".join(str(mib * 1024) for mib in TARGETS_MIB))


def read_samples(lines, name):
    """[(ms, asked, current, free)], KiB, of a machine's report. Each target was reached in time."""
    samples = [tuple(map(int, line.split()[1:])) for line in lines if line.startswith("sample ")]
    last = [before for before, after in zip(samples, [*samples[1:], (0, 0)]) if before[1] != after[1]]
    reached = tuple(asked // 1024 for _, asked, current, _ in last[1:] if asked == current)
    if reached != TARGETS_MIB:
        raise rig.Trouble(f"{name}: of the targets {TARGETS_MIB} MiB only {reached} were reached in time")
    return [(us / 1000, *sizes) for us, *sizes in samples]


def panel(guest, samples):
    """For the picture; samples of each flavour."""
    series = {kind: [(row[0], row[column]) for row in samples[flavour]]
              for flavour, columns in SERIES.items() for kind, column in columns.items()}
    return (f"{results.GUESTS[guest]} guest, MiB over time (a second is 10⁹ instructions)",
            [(kind, series[kind]) for kind in picture.KINDS])


def main(guests):
    """Leaves timeline.svg, of those guests that have one."""
    machines = {(guest, flavour): make_machine(flavour, guest)
                for guest in guests if bench.GUESTS[guest].step_ms for flavour in bench.FLAVOURS}
    if not machines:
        return
    rig.say(f"{len(machines)} machines for the picture over time, two at a time")
    bench.run(list(machines.values()), 2)
    samples = {}
    for (guest, flavour), machine in machines.items():
        bench.judge(machine)
        samples.setdefault(guest, {})[flavour] = read_samples(machine.lines, machine.name)
    path = bench.FOLDER / "timeline.svg"
    picture.timeline([panel(*item) for item in samples.items()], WORDS, MEMORY_MIB, path)
    rig.say(f"wrote {os.path.relpath(path)}")
