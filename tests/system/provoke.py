# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Cases about kernels with checkers: a guest does what each is there to report."""
import re

import rig

# As dom0/provoke.sh has them, which knows how.
CASES = {
    "rig-lists": "a list that is damaged is trouble",
    "rig-ubsan": "an index that is out of bounds is trouble",
    "rig-poison": "a write to a page that is free is trouble",
    "rig-lockdep": "a lock that is not given back is trouble",
    "rig-sleeps": "sleeping with a lock is trouble",
    "rig-kmemleak": "memory that is lost is trouble",
    "rig-hung": "a task that hangs is trouble",
    "rig-softlockup": "a processor that hangs is trouble",
    "rig-uaf": "a read of freed memory is trouble",
    "rig-overflow": "a write behind the end of memory is trouble",
}
KASAN = ["rig-lists", "rig-uaf", "rig-overflow"]
RESULT = re.compile(r"(ok|not ok) (rig-\S+) \| (.*)")


def fit():
    """Those that this flavour has the checkers for."""
    return {"debug": set(CASES).difference(KASAN[1:]), "kasan": set(KASAN)}.get(rig.flavour().name, set())


def machine(folder, dom0, wanted):
    return rig.Machine("provoke", folder / "provoke", folder, dom0, "provoke.sh", limit=rig.LIMIT_S * rig.flavour().slow,
                       cases=":".join(wanted), guest="pv" if rig.flavour().pv else "pvh")


def judge(ended, wanted, report):
    """dom0 has found the words of the report in the guest's log: are they trouble here, too?"""
    trouble = [line for _, line in ended.trouble()]
    said = {match[2]: match for match in map(RESULT.match, ended.lines) if match}
    for name in wanted:
        if name not in said:
            report.result(False, name, CASES[name], str(ended.verdict()))
            continue
        kind, _, words = said[name].groups()
        noticed = [line for line in trouble if words in line]
        report.result(kind == "ok" and noticed, name, CASES[name],
                      noticed[0] if kind == "ok" and noticed else
                      f"printed, but not noticed: {words}" if kind == "ok" else words)
