# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Cases that compare the xenstore daemons: two machines at the same time, one with each."""
import re

import rig

TIMES = 1.5     # what oxenstored may take of the time under xenstored
CASES = {f"daemons-{guest}": f"{title} moves its first page under oxenstored within {TIMES} times "
                             "the time that it takes under xenstored"
         for guest, title in (("pv", "a PV guest"), ("pvh", "a PVH guest"))}
TOPIC = "xenstore"
TOOK = re.compile(r"ok \S+-prompt \| .*?(\d+) us to the first page")


def machines(folder, dom0, name):
    """In the order of rig.XENSTOREDS."""
    guest = name.split("-")[1]
    return [rig.Machine(f"{guest}-{daemon}", folder / f"{guest}-{daemon}", folder, dom0, "cases.sh",
                        limit=rig.LIMIT_S * rig.flavour().slow, cases=f"{guest}-prompt", xenstored=daemon)
            for daemon in rig.XENSTOREDS]


def judge(ended, name, report):
    took = {}
    for daemon, machine in zip(rig.XENSTOREDS, ended):
        found = [match for match in map(TOOK.match, machine.lines) if match]
        trouble = [f"{log}: {line}" for log, line in machine.trouble()]
        if not found or trouble:
            report.result(False, name, CASES[name], "; ".join(
                [f"{daemon}: {machine.verdict()}", *trouble, *(line for line in machine.lines if line.startswith("not ok"))]))
            return
        took[daemon] = int(found[0][1])
    times = took["oxenstored"] / took["xenstored"]
    report.result(times <= TIMES, name, CASES[name], f"{times:.2f} times: " + ", ".join(
        f"{us} us under {daemon}" for daemon, us in took.items()))
