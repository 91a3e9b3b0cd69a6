# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The time line: memory of guests over time, as an SVG."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 860, 190, 56, 16, 60, 66
# name -> how it is drawn (area, line, or steps: it holds up to the next sample), its style.
KINDS = {
    "has": ("area", "fill:#b9d6f2;stroke:#2b6cb0"),
    "other": ("line", "fill:none;stroke:#5c6670;stroke-width:1.5"),
    "free": ("line", "fill:none;stroke:#2f9e63;stroke-width:1.5"),
    "otherfree": ("line", "fill:none;stroke:#2f9e63;stroke-width:1.5;stroke-dasharray:1.5 2.5"),
    "asked": ("steps", "fill:none;stroke:#d9480f;stroke-width:1.5;stroke-dasharray:5 3"),
}
TICKS_MS = [scale * ms for scale in (100, 1000, 10000, 100000) for ms in (1, 2, 5)]


def thinned(points):
    """Without those between two of the same height."""
    return [point for at, point in enumerate(points)
            if at in (0, len(points) - 1)
            or not points[at - 1][1] == point[1] == points[at + 1][1]]


def stepped(points):
    """Each height up to the next point."""
    out = points[:1]
    for x, y in points[1:]:
        out += [(x, out[-1][1]), (x, y)]
    return out


class Panel:
    """One guest's, with axes of its own. Its sides, in pixels; samples in ms and KiB."""

    def __init__(self, title, series, base, most_mib):
        self.title, self.base, self.most_mib = title, base, most_mib
        self.begin = min(points[0][0] for _, points in series)
        self.end = max(points[-1][0] for _, points in series)
        self.parts = list(self.axes())
        for name, points in series:
            self.parts.append(self.shape(name, points))

    def x(self, ms):
        return LEFT + (ms - self.begin) * (WIDTH - LEFT - RIGHT) / max(self.end - self.begin, 1)

    def y(self, kib):
        return self.base - kib * HEIGHT / (self.most_mib * 1024)

    def axes(self):
        yield f'<text class="title" x="{LEFT}" y="{self.base - HEIGHT - 10}">{self.title}</text>'
        for quarter in range(5):
            mib = quarter * self.most_mib // 4
            y = self.y(mib * 1024)
            yield (f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                   f'<text class="axis" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{mib}</text>')
        length = int(self.end - self.begin)
        step = next((tick for tick in TICKS_MS if length // tick < 12), TICKS_MS[-1])
        for ms in range(0, length + 1, step):
            yield (f'<text class="axis" x="{self.x(self.begin + ms):.1f}" y="{self.base + 18}" '
                   f'text-anchor="middle">{ms / 1000:g} s</text>')

    def shape(self, name, points):
        drawn = thinned([(round(self.x(ms), 1), round(self.y(kib), 1)) for ms, kib in points])
        if KINDS[name][0] == "steps":
            drawn = stepped(drawn)
        if KINDS[name][0] == "area":
            drawn = [(drawn[0][0], self.base), *drawn, (drawn[-1][0], self.base)]
        element = "polygon" if KINDS[name][0] == "area" else "polyline"
        return f'<{element} class="{name}" points="{" ".join(f"{x:g},{y:g}" for x, y in drawn)}"/>'


def legend(words):
    """A line of it: name -> words."""
    x = LEFT
    for name, text in words.items():
        yield (f'<svg x="{x}" y="10" width="26" height="14" viewBox="0 0 26 14">' + (
               f'<rect class="{name}" x="1" y="2" width="24" height="10"/>' if KINDS[name][0] == "area"
               else f'<line class="{name}" x1="0" x2="26" y1="7" y2="7"/>')
               + f'</svg><text class="axis" x="{x + 32}" y="21">{text}</text>')
        x += 32 + round(6.6 * len(text)) + 22


def timeline(panels, words, most_mib, path):
    """
    Writes the picture. `panels`: (title, [(name, [(ms, KiB), ...]), ...]), drawn in that
    order; names are of KINDS, and `words` has what each is called.
    """
    parts = list(legend(words))
    for index, (title, series) in enumerate(panels):
        parts += Panel(title, series, TOP + HEIGHT + index * (HEIGHT + GAP), most_mib).parts
    height = TOP + len(panels) * (HEIGHT + GAP) - GAP + 30
    styles = " ".join(f".{name}{{{style}}}" for name, (_, style) in KINDS.items())
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">\n<style>rect.page{fill:#fff} .grid{stroke:#ddd} '
        f".axis{{fill:#555}} .title{{font-weight:bold}} {styles}</style>\n"
        '<rect class="page" width="100%" height="100%"/>\n' + "\n".join(parts) + "\n</svg>\n")
