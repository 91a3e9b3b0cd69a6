# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""From what the machines told and counted to results.json, and from that to tables."""
import bisect
import re

PAGES_PER_GIB = 1 << 18
SIDES = ("ours", "stock", "floor")
FIELDS = ("insn_per_page", "hypercalls_per_gib", "extents_per_gib", "lock_hold_max_us", "wall_s")
CASES = {
    "fresh": "fresh memory",
    "fragmented": "no free superpage in the guest",
    "host_fragmented": "no free superpage in the host",
    "cached": "memory full of page cache",
    "pod_boot": "boot with populate-on-demand",
}
GUESTS = {"pv": "PV", "pvh": "PVH", "arm64": "arm64"}
# By their numbers, the hypercalls with which a balloon driver moves memory: mmu_update,
# multicall, update_va_mapping and mmuext_op, and of memory_op the two that move.
MAPPING_CALLS = (1, 13, 14, 26)
# How far Xen's count of a guest's time may be from the plugin's of its instructions.
AGREE = 0.01


class Wrong(Exception):
    """A measurement that cannot be true."""


# --- what one machine measured --------------------------------------------------------

def read_counts(text):
    """count.c's file: mark -> {"by": vcpu, "lock": insns, "vcpus": {vcpu: counters}, "places": ...}."""
    marks, mark = {}, None
    for line in text.splitlines():
        kind, *words = line.split()
        if kind == "error:":
            raise Wrong(f"count.c: {line}")
        if kind == "mark":
            mark = {"by": int(words[2]), "lock": int(words[6]), "vcpus": {}, "places": {}}
            number = int(words[0])
        elif kind == "vcpu":
            counters = dict(zip(words[1:15:2], map(int, words[2:16:2])))
            counters["calls"] = {int(nr): int(count) for nr, count in
                                 (word.split(":") for word in words[16:])}
            mark["vcpus"][int(words[0])] = counters
        elif kind == "place":
            address = int(words[0], 16)
            mark["places"][address] = mark["places"].get(address, 0) + int(words[1])
        elif kind == "end":
            if number in marks:
                raise Wrong(f"count.c: mark {number} comes twice")
            marks[number] = mark
    return marks


def between(marks, first, last):
    """What each vcpu did between two marks."""
    for mark in (first, last):
        if mark not in marks:
            raise Wrong(f"count.c: mark {mark} is missing")
    done = {}
    for vcpu, end in marks[last]["vcpus"].items():
        start = marks[first]["vcpus"].get(vcpu, {"calls": {}})
        counters = {name: value - start.get(name, 0) for name, value in end.items() if name != "calls"}
        counters["span"] = end["span"]
        counters["calls"] = {nr: count - start["calls"].get(nr, 0) for nr, count in end["calls"].items()}
        done[vcpu] = counters
    return done


def the_guest(done, dom0, direction):
    """The one vcpu but dom0's that moved memory this way."""
    kind = {"down": "decrease", "up": "populate"}[direction]
    found = [counters for vcpu, counters in done.items() if vcpu != dom0 and counters[kind]]
    if len(found) != 1:
        raise Wrong(f"{len(found)} virtual CPUs moved memory {direction}, not one")
    return found[0]


def figures(counters, pages, insns, extents, lock_us=None, wall_s=None):
    calls = sum(counters["calls"].get(nr, 0) for nr in MAPPING_CALLS)
    calls += counters["decrease"] + counters["populate"]
    return {
        "insn_per_page": round(insns / pages, 1),
        "hypercalls_per_gib": round(calls * PAGES_PER_GIB / pages, 1),
        "extents_per_gib": round(extents * PAGES_PER_GIB / pages),
        "lock_hold_max_us": lock_us,
        "wall_s": wall_s,
    }


def of_moves(lines, marks):
    """(case, direction) -> figures, from a counted machine's report and its marks."""
    found = {}
    for words in (line.split() for line in lines):
        if words[0] != "move":
            continue
        case, direction = words[1:3]
        first, pages, cpu_ns, _ms = map(int, words[3:])
        done = the_guest(between(marks, first, first + 1), marks[first]["by"], direction)
        insns = done["insns"]
        if case == "pod_boot":
            insns = done["span"]
        elif abs(insns - cpu_ns) > AGREE * cpu_ns:
            raise Wrong(f"{case} {direction}: count.c counts {insns} instructions, Xen {cpu_ns} ns")
        if done["frames"] < pages:
            raise Wrong(f"{case} {direction}: {pages} pages moved, but the driver was seen "
                        f"asking for {done['frames']} only")
        lock = marks[first + 1]["lock"]
        if not lock:
            raise Wrong(f"{case} {direction}: the driver was not seen taking its lock")
        found[case, direction] = figures(done, pages, insns, done["extents"], round(lock / 1000))
    return found


def by_function(start, end, symbols):
    """[(function, instructions)] between two marks, the most first."""
    names = sorted((address, name) for name, address in symbols.items())
    addresses = [address for address, _ in names]
    total = {}
    for address, insns in end["places"].items():
        insns -= start["places"].get(address, 0)
        at = bisect.bisect_right(addresses, address) - 1
        name = names[at][1] if at >= 0 and address - addresses[at] < 1 << 20 else "user space"
        total[name] = total.get(name, 0) + insns
    return sorted(total.items(), key=lambda item: -item[1])


def of_floors(lines, marks):
    """The same of what the probe moved without a driver."""
    found = {}
    for words in (line.split() for line in lines):
        if words[0] != "floor":
            continue
        case, wanted = words[1:3]
        _order, first, pages, calls, extents, _up, _down = map(int, words[3:])
        for at, direction, kind in ((first, "down", "decrease"), (first + 1, "up", "populate")):
            done = between(marks, at, at + 1)[marks[at]["by"]]
            if wanted not in (direction, "both"):
                continue
            if done[kind] != calls:
                raise Wrong(f"floor of {case} {direction}: {done[kind]} calls, not {calls}")
            found[case, direction] = figures(done, pages, done["insns"], extents)
    return found


def of_times(lines):
    """(case, direction, "move" or "floor") -> seconds, from a machine that was not counted."""
    found = {}
    for words in (line.split() for line in lines):
        if words[0] == "move":
            found[words[1], words[2], "move"] = int(words[6]) / 1000
        elif words[0] == "floor":
            for direction, us in (("up", words[8]), ("down", words[9])):
                if words[2] in (direction, "both"):
                    found[words[1], direction, "floor"] = round(int(us) / 1e6, 3)
    return found


# --- results.json -----------------------------------------------------------------------

def quotient(stock, ours):
    return round(stock / ours, 2) if stock is not None and ours else None


def assemble(guest, measured, versions):
    """The objects of one guest; measured is side -> (case, direction) -> figures."""
    out = []
    for case, direction in measured["ours"]:
        sides = {side: measured[side].get((case, direction)) for side in SIDES}
        if not sides["stock"]:
            raise Wrong(f"{guest} {case} {direction}: nothing of the stock driver")
        out.append({
            "guest": guest, "case": case, "direction": direction, **sides,
            "ratio": {name: quotient(sides["stock"][name], sides["ours"][name]) for name in FIELDS},
            "versions": versions,
        })
    return out


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e15


def complaints(results):
    """What is wrong with a results.json, in words."""
    if not isinstance(results, list) or not results:
        yield "it is no list of results"
        return
    seen = set()
    for at, result in enumerate(results):
        where = f"result {at}"
        if not isinstance(result, dict):
            yield f"{where} is no object"
            continue
        key = tuple(result.get(name) for name in ("guest", "case", "direction"))
        where = " ".join(map(str, key))
        if key[0] not in GUESTS or key[1] not in CASES or key[2] not in ("down", "up"):
            yield f"{where}: unknown guest, case or direction"
        if key in seen:
            yield f"{where} is there twice"
        seen.add(key)
        if not isinstance(result.get("versions"), dict) or not all(
                isinstance(result["versions"].get(name), str) and result["versions"][name]
                for name in ("linux", "xen", "qemu", "driver")):
            yield f"{where}: versions are not given"
        for side in (*SIDES, "ratio"):
            part = result.get(side, False)
            if part is None and side == "floor" and key[1] == "pod_boot":
                continue
            if not isinstance(part, dict):
                yield f"{where}: no {side}"
                continue
            for name in FIELDS:
                if side == "floor" and name == "lock_hold_max_us":
                    continue
                if not number(part.get(name)):
                    yield f"{where}: {side} {name} is {part.get(name)!r}"
        for name in FIELDS:
            try:
                good = result["ratio"][name] == quotient(result["stock"][name], result["ours"][name])
            except (KeyError, TypeError):
                continue
            if not good:
                yield f"{where}: the ratio of {name} is not stock's by ours"


# --- what is to be reached ---------------------------------------------------------------

def goals(result):
    """(what, reached, wanted, met) for each goal that applies."""
    guest, case, down = result["guest"], result["case"], result["direction"] == "down"
    if case == "pod_boot":
        return
    fewer = ((1.8, 3) if guest == "pv" else (2.3, 20)) if case == "fresh" else (1.3, 1.3)
    wanted = fewer[0] if down else fewer[1]
    got = result["ratio"]["insn_per_page"]
    yield "times fewer instructions", got, wanted, got >= wanted
    got, wanted = result["ratio"]["hypercalls_per_gib"], 50 if case == "fresh" else 8
    yield "times fewer hypercalls", got, wanted, got >= wanted
    got = quotient(result["ours"]["insn_per_page"], result["floor"]["insn_per_page"])
    wanted = 1.15 if down else 1.5
    yield "times Xen alone", got, wanted, got <= wanted


def goal_lines(results):
    for result in results:
        for what, got, wanted, met in goals(result):
            yield (f"{'reached' if met else 'missed '} {result['guest']:5} {result['case']:15} "
                   f"{result['direction']:4}  {got:8.2f} {what}, wanted: {wanted}")


# --- tables and the picture ----------------------------------------------------------------

def shown(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times(value):
    return f"{value:.0f}×" if value >= 10 else f"{value:.1f}×"


def title(result):
    return f"{GUESTS[result['guest']]}, {CASES[result['case']]}, {result['direction']}"


def said_versions(results):
    """A sentence, or one for each set of guests if they differ."""
    guests = {}
    for result in results:
        text = "Linux {linux}, Xen {xen}, QEMU {qemu}, driver {driver}.".format(**result["versions"])
        guests.setdefault(text, []).append(GUESTS[result["guest"]])
    if len(guests) == 1:
        return text
    return "\n".join(f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in guests.items())


def markdown(results):
    lines = ["| | instructions per page: mainline's | this driver | fewer | Xen alone | hypercalls per GiB: "
             "mainline's | this driver | lock held at most, ms: mainline's | this driver |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for result in results:
        ours, stock, floor = (result[side] or {} for side in SIDES)
        lines.append("| " + " | ".join([
            title(result), shown(stock["insn_per_page"]), shown(ours["insn_per_page"]),
            times(result["ratio"]["insn_per_page"]), shown(floor.get("insn_per_page")),
            shown(stock["hypercalls_per_gib"]), shown(ours["hypercalls_per_gib"]),
            shown(stock["lock_hold_max_us"] / 1000), shown(ours["lock_hold_max_us"] / 1000)]) + " |")
    return "\n".join([*lines, "", said_versions(results)]) + "\n"


MARKERS = ("<!-- from `tests/bench/run --readme` -->\n", "<!-- end of that -->\n")


def with_table(readme, table):
    begin, end = map(re.escape, MARKERS)
    new, count = re.subn(f"(?<={begin}).*?(?={end})", lambda _: table, readme, flags=re.DOTALL)
    if count != 1:
        raise Wrong("README.md does not have the two markers of the table")
    return new


def gnuplot(results, svg):
    """A gnuplot script that draws results.json's two main figures."""
    def block(name, field):
        rows = [f"${name} << END"]
        for result in results:
            label = f"{GUESTS[result['guest']]}\\n{result['case'].replace('_', ' ')}"
            values = [(result[side] or {}).get(field) for side in ("stock", "ours", "floor")]
            rows.append(f"\"{label}\\n{result['direction']}\" " + " ".join(
                "NaN" if value is None else str(value) for value in values))
        return "\n".join([*rows, "END"])

    def panel(name, heading):
        parts = []
        for at, (side, colour) in enumerate((("mainline's", "#8a96a3"), ("this driver", "#2b6cb0"),
                                             ("Xen alone", "#2f9e63"))):
            column, shift = at + 2, (at - 1) * 0.28
            tics = ":xtic(1)" if side == "this driver" else ""
            parts.append(f"${name} using ($0 + {shift}):{column}:(0.26){tics} with boxes "
                         f"lc rgb '{colour}' title \"{side}\"")
            parts.append(f"${name} using ($0 + {shift}):{column}:(sprintf('%.0f', ${column})) "
                         "with labels offset 0,0.5 font ',8' notitle")
        return f"set title \"{heading}\" font ',13'\nplot " + ", \\\n  ".join(parts)

    return "\n".join([
        block("insns", "insn_per_page"), block("calls", "hypercalls_per_gib"),
        f"set terminal svg size {140 + 96 * len(results)},780 font 'sans-serif,10' background 'white'",
        f"set output '{svg}'", "set multiplot layout 2,1", "set style fill solid 1.0 noborder",
        "set logscale y", "set grid ytics lc rgb '#dddddd'", "set border 3", "set tics nomirror",
        f"set xrange [-0.6:{len(results) - 0.4}]", "set key outside top right horizontal",
        "set bmargin 5", "set xtics font ',9'", "set yrange [10:40000]",
        panel("insns", "Instructions per 4 KiB page (logarithmic; less is better)"),
        "set yrange [0.5:1000000]",
        panel("calls", "Hypercalls per GiB (logarithmic; less is better)"),
        "unset multiplot", ""])
