# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shows two guests under real Xen while the real xl moves their memory."""
import argparse
import itertools
import os
import shutil
import sys
import time

import picture
import rig

STEPS_KIB = [196608, 524288, 333332, 131076, 444444, 262144]
GUESTS = {"pv": "PV", "pvh": "PVH"}
MAX_KIB = 524288
FRAME_S = 0.1
COLOURS = {"used": "34", "free": "36", "given": "90", "mark": "1;33", "good": "32",
           "bad": "1;31", "dim": "90", "bold": "1"}


class Screen:
    """Lines that stay, and below them a frame that is redrawn in place."""

    def __init__(self):
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.live and not os.environ.get("NO_COLOR")
        self.height = 0

    @property
    def width(self):
        return max(40, min(shutil.get_terminal_size((80, 24)).columns - 1, 110))

    def paint(self, text, role):
        return f"\033[{COLOURS[role]}m{text}\033[0m" if self.colour and text else text

    def _erase(self):
        return f"\033[{self.height}F\033[J" if self.height else ""

    def draw(self, lines):
        if self.live:
            sys.stdout.write("\033[?25l" + self._erase() + "".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
            self.height = len(lines)

    def keep(self, line=""):
        """A line that stays above the frame."""
        sys.stdout.write(self._erase() if self.live else "")
        self.height = 0
        print(line, flush=True)

    def close(self):
        self.height = 0
        if self.live:
            sys.stdout.write("\033[?25h")
            sys.stdout.flush()


def mib(kib):
    return f"{kib / 1024:.2f}"


class Show:
    """What is known so far, and how it looks."""

    def __init__(self, screen):
        self.screen = screen
        self.started = self.stage_started = time.monotonic()
        self.stage = None
        self.sizes = {}         # guest -> (asked, current, free), KiB
        self.samples = []       # (ms, guest, asked, current, free)
        self.moves = []         # dictionaries, in the order of arrival
        self.lost = []
        self.command = ""
        self.drawn = self.printed = 0.0
        self.last = []          # of plain()

    # progress before there is anything to draw

    def begin(self, stage):
        self.finish()
        self.stage, self.stage_started = stage, time.monotonic()
        if not self.screen.live:
            self.screen.keep(f"  {stage} ...")

    def finish(self):
        if self.stage and self.screen.live:
            took = time.monotonic() - self.stage_started
            self.screen.keep(f"  {self.screen.paint('✓', 'good')} {self.stage}"
                             + self.screen.paint(f"  {took:.1f} s", "dim"))
        self.stage = None

    # the report

    def on_line(self, _machine, line):
        kind, *words = line.split()
        if kind == "hello":
            self.begin("dom0 starts a PV and a PVH guest of 512 MiB")
        elif kind == "up":
            guest, tot, own = words[0], int(words[1]), int(words[2])
            self.sizes[guest] = (MAX_KIB, tot * 4, 0)
            self.screen.keep(f"  {self.screen.paint('✓', 'good')} {GUESTS[guest]} guest is up: "
                             f"Xen counts {tot} pages, it counts {own} itself")
        elif kind == "lost":
            self.lost.append(" ".join(words))
        elif kind == "asked":
            self.finish()
            self.command = f"xl mem-set pv {words[0]}k; xl mem-set pvh {words[0]}k"
            if not self.screen.live:
                self.screen.keep(f"  {self.command}")
        elif kind == "sample":
            ms, guest, *sizes = words
            asked, current, free = map(int, sizes)
            free = min(free, current)
            self.sizes[guest] = (asked, current, free)
            self.samples.append((int(ms), guest, asked, current, free))
        elif kind == "moved":
            guest, *numbers = words
            keys = ("want", "tot", "own", "hidden", "came", "ms")
            move = dict(zip(keys, map(int, numbers)), guest=guest)
            move["exact"] = move["tot"] == move["want"] == move["own"] + move["hidden"]
            self.moves.append(move)

    def tick(self):
        now = time.monotonic()
        if not self.screen.live:
            if self.command and self.sizes and now - self.printed >= 1:
                self.printed = now
                lines = list(self.plain())
                for line in lines:
                    if line not in self.last:
                        self.screen.keep(line)
                self.last = lines
        elif now - self.drawn >= FRAME_S:
            self.drawn = now
            if self.stage:
                dots = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(now * 10) % 10]
                self.screen.draw([f"  {self.screen.paint(dots, 'mark')} {self.stage}"
                                  f"  {now - self.stage_started:.1f} s"])
            elif self.sizes:
                self.screen.draw(self.frame())

    # pictures

    def plain(self):
        for guest, (asked, current, free) in sorted(self.sizes.items()):
            yield (f"    {GUESTS[guest]:4} asked {mib(asked):>7}  has {mib(current):>7}  "
                   f"free {mib(free):>7} MiB")

    def bar(self, asked, current, free, width):
        cells = [("used", "█")] * width
        for cell in range(width):
            kib = (cell + 0.5) * MAX_KIB / width
            if kib > current:
                cells[cell] = ("given", "·")
            elif kib > current - free:
                cells[cell] = ("free", "▒")
        cells[min(width - 1, int(asked * width / MAX_KIB))] = ("mark", "┃")
        return "".join(self.screen.paint("".join(char for _, char in run), role)
                       for role, run in itertools.groupby(cells, lambda cell: cell[0]))

    def frame(self):
        paint, width = self.screen.paint, self.screen.width
        lines = ["", "  " + paint(self.command[:width - 4], "bold")]
        for guest, (asked, current, free) in sorted(self.sizes.items()):
            numbers = f"asked {mib(asked)}  has {mib(current)}  free {mib(free)} MiB"
            last = next((m for m in reversed(self.moves) if m["guest"] == guest), None)
            done = current == asked and last and last["exact"]
            lines += ["", f"  {GUESTS[guest]:4}{self.bar(asked, current, free, width - 8)}",
                      "      " + numbers[:width - 10] + (paint("  exact", "good") if done else "")]
        legend = [("used", "█ used"), ("free", "▒ free in the guest"),
                  ("given", "· given to Xen"), ("mark", "┃ asked")]
        if width >= 64:
            lines += ["", "      " + "   ".join(paint(text, role) for role, text in legend)]
        return lines

    def table(self):
        head = (f"  {'guest':5}  {'asked':>11}  {'Xen counts':>11}  {'guest counts':>12}  "
                f"{'time':>7}  {'rate':>10}  exact")
        unit = f"  {'':5}  {'pages':>11}  {'pages':>11}  {'pages':>12}  {'s':>7}  {'MiB/s':>10}"
        yield self.screen.paint(head, "bold")
        yield self.screen.paint(unit, "dim")
        for move in sorted(self.moves, key=lambda m: m["guest"] != "pv"):
            rate = abs(move["tot"] - move["came"]) / 0.256 / max(move["ms"], 1)
            exact = (self.screen.paint("yes", "good") if move["exact"]
                     else self.screen.paint(f"no: {move['tot'] - move['want']:+d} pages", "bad"))
            yield (f"  {GUESTS[move['guest']]:5}  {move['want']:11}  {move['tot']:11}  "
                   f"{move['own']:12}  {move['ms'] / 1000:7.2f}  {rate:10.0f}  {exact}")
        hidden = {move["guest"]: move["hidden"] for move in self.moves}
        if any(hidden.values()):
            yield self.screen.paint(
                f"  A PVH guest does not see {max(hidden.values())} of its pages "
                "(firmware's and Xen's), so it counts fewer.", "dim")


# --- what stays ---------------------------------------------------------------------

def write_csv(samples, path):
    start = samples[0][0] if samples else 0
    with open(path, "w") as out:
        out.write("ms,guest,asked_kib,current_kib,free_kib\n")
        for ms, *rest in samples:
            out.write(",".join(map(str, (ms - start, *rest))) + "\n")


def draw_timeline(samples, path):
    """(ms, guest, asked, current, free) -> an SVG."""
    begin = samples[0][0]
    columns = {"has": 3, "free": 4, "asked": 2}
    panels = [(f"{title} guest, MiB", [(name, [(row[0] - begin, row[column]) for row in samples if row[1] == guest])
                                       for name, column in columns.items()])
              for guest, title in GUESTS.items()]
    picture.timeline(panels, {"asked": "asked by xl", "has": "has, as Xen counts", "free": "free in the guest"},
                     MAX_KIB // 1024, path)


def leave(show, folder):
    """timeline.csv, timeline.svg and demo.txt, all without colours."""
    show.screen.colour = False
    last, table = show.frame(), list(show.table())
    (folder / "demo.txt").write_text("\n".join(last + [""] + table) + "\n")
    write_csv(show.samples, folder / "timeline.csv")
    if show.samples:
        draw_timeline(show.samples, folder / "timeline.svg")


def main(argv):
    argparse.ArgumentParser(
        prog="tests/system/demo", description=__doc__,
        epilog="environment: KERNEL, FLAVOUR (ours or stock), XEN (4.17 or 4.20), ACCEL (tcg or kvm), NO_COLOR. "
               "Leaves timeline.svg, timeline.csv and demo.txt in build/demo."
    ).parse_args(argv)
    rig.find_xen()
    rig.find_qemu()
    kernel, folder = rig.find_kernel(), rig.BUILD / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("report.log", "guest-pv.log", "guest-pvh.log",
                 "timeline.csv", "timeline.svg", "demo.txt"):
        (folder / name).unlink(missing_ok=True)

    screen = Screen()
    show = Show(screen)
    try:
        screen.keep(screen.paint("Xen balloon driver: two guests, one hypervisor, all real", "bold"))
        show.begin(f"images: Xen {rig.find_xen().version}, its tools, busybox, this kernel")
        rig.images(kernel, folder)
        machine = rig.Machine("demo", folder, folder, kernel, "demo.sh", beat=200,
                              steps=":".join(map(str, STEPS_KIB)))
        show.begin("QEMU boots Xen, Xen boots dom0")
        rig.run([machine], show.on_line, on_tick=show.tick)
        show.finish()

        if show.sizes and screen.live:
            screen.draw(show.frame())
            screen.height = 0
        screen.keep()
        for line in show.table():
            screen.keep(line)
        expected = len(STEPS_KIB) * len(GUESTS)
        verdict, trouble = machine.verdict(), list(machine.trouble())
        exact = sum(move["exact"] for move in show.moves)
        screen.keep()
        if show.lost or isinstance(verdict, str):
            screen.keep("  " + screen.paint(
                "; ".join(show.lost) or f"no verdict: {verdict}", "bad"))
        for log, line in trouble[:5]:
            screen.keep("  " + screen.paint(f"{log}: {line}", "bad"))
        good = exact == expected and not trouble and not isinstance(verdict, str)
        screen.keep("  " + screen.paint(f"{exact} of {expected} targets met to the page",
                                        "good" if good else "bad")
                    + f", {time.monotonic() - show.started:.0f} s in all. "
                    f"Picture: {os.path.relpath(folder / 'timeline.svg')}")
        if show.sizes:
            leave(show, folder)
        return 0 if good else 1
    finally:
        screen.close()
        for name in ("dom0.cpio", "xen"):
            (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    rig.entry(main)
