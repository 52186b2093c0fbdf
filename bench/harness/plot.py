"""One picture of a run as SVG, written by hand: Debian's matplotlib cannot be installed beside the Boost that Sluice is built with
(scipy brings another one along). `rsvg-convert` makes the PNG of it."""

import math
import subprocess
from xml.sax.saxutils import escape

from harness.goals import Figures
from harness.report import servers_of

WIDTH, PANEL_WIDTH, ROW = 1240, 590, 24
LABEL = 222  # room for names
OURS, LIMIT, PEER, GOAL, INK = "#0b6e99", "#8aa4af", "#c9b79c", "#b3261e", "#1d2327"
FONT = "font-family=\"'DejaVu Sans', Verdana, sans-serif\""


def colour_of(name):
    return OURS if name.startswith("Sluice") else LIMIT if name.startswith("yardstick") else PEER


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


class Panel:
    """Horizontal bars, one for each server, with a whisker from the lowest to the highest round and a line where the goal is."""

    def __init__(self, title, better, bars, goal=None, log=False):
        self.title, self.better, self.goal, self.log = title, better, goal, log
        self.bars = [bar for bar in bars if bar[1] is not None]  # (name, median, (low, high))

    def height(self):
        return 78 + ROW * len(self.bars)

    def scale(self, room):
        highest = max([bar[2][1] for bar in self.bars] + ([self.goal] if self.goal else []))
        if not self.log:
            return lambda value: room * value / highest
        values = [bar[1] for bar in self.bars] + ([self.goal] if self.goal else [])
        lowest = min(value for value in values if value > 0) / 2
        span = math.log(highest / lowest) or 1
        return lambda value: room * max(0, math.log(max(value, lowest) / lowest)) / span

    def draw(self, x, y):
        room = PANEL_WIDTH - LABEL - 70
        at = self.scale(room)
        left = x + LABEL
        yield f'<text x="{x}" y="{y + 18}" font-size="15" font-weight="bold" fill="{INK}">{escape(self.title)}</text>'
        scale_text = self.better + (", logarithmic" if self.log else "")
        yield f'<text x="{x}" y="{y + 36}" font-size="11" fill="#5b666c">{escape(scale_text)}</text>'
        top, bottom = y + 60, y + 60 + ROW * len(self.bars)
        yield f'<line x1="{left}" y1="{top}" x2="{left}" y2="{bottom}" stroke="{INK}" stroke-width="1"/>'
        parts = [part for i, bar in enumerate(self.bars) for part in self.draw_bar(at, left, top + ROW * i, *bar)]
        # The goal's line goes over the bars and under what is written.
        yield from (part for part in parts if part.startswith("<rect"))
        if self.goal:
            where = left + at(self.goal)
            yield f'<line x1="{where:.1f}" y1="{top - 4}" x2="{where:.1f}" y2="{bottom + 2}" stroke="{GOAL}" stroke-width="1.5" stroke-dasharray="5 3"/>'
            anchor = "end" if where > left + room * 0.8 else "middle"
            yield f'<text x="{where:.1f}" y="{top - 7}" font-size="10.5" text-anchor="{anchor}" fill="{GOAL}">goal {number(self.goal)}</text>'
        yield from (part for part in parts if not part.startswith("<rect"))

    @staticmethod
    def draw_bar(at, left, y, name, middle, ends):
        weight = ' font-weight="bold"' if name.startswith("Sluice") else ""
        yield f'<text x="{left - 8}" y="{y + 16}" font-size="11.5" text-anchor="end" fill="{INK}"{weight}>{escape(name)}</text>'
        yield f'<rect x="{left}" y="{y + 4}" width="{max(1.5, at(middle)):.1f}" height="{ROW - 8}" rx="1.5" fill="{colour_of(name)}"/>'
        end = at(middle)
        if ends[0] != ends[1]:
            low, high = left + at(ends[0]), left + at(ends[1])
            yield f'<line x1="{low:.1f}" y1="{y + 12}" x2="{high:.1f}" y2="{y + 12}" stroke="{INK}" stroke-width="1.2"/>'
            for tip in (low, high):
                yield f'<line x1="{tip:.1f}" y1="{y + 8.5}" x2="{tip:.1f}" y2="{y + 15.5}" stroke="{INK}" stroke-width="1.2"/>'
            end = max(end, at(ends[1]))
        # The goal's line may run through it.
        halo = 'stroke="white" stroke-width="3" paint-order="stroke"'
        yield f'<text x="{left + end + 6:.1f}" y="{y + 16}" font-size="11" fill="{INK}" {halo}>{number(middle)}</text>'


def bars(book, field, scale=1.0, **wanted):
    figures = Figures(book)
    for server in servers_of(book, **wanted):
        middle = figures.median(field, server=server, **wanted)
        low, high = figures.spread(field, server=server, **wanted) or (0, 0)
        yield server, None if middle is None else middle * scale, (low * scale, high * scale)


def goal_of(book, field, factor, **wanted):
    value = Figures(book).median(field, **wanted)
    return None if value is None else value * factor


def panels(book):
    ingest = {"section": "ingest", "fs": "ext4"}
    memory = {"section": "ingest", "fs": "tmpfs"}
    yield Panel(
        "Ingest on ext4: CPU seconds per GiB", "4 MiB chunks, 8 connections; less is better", bars(book, "cpu_s_per_gib", **ingest),
        goal_of(book, "cpu_s_per_gib", 1.35, server="yardstick, direct + fdatasync", **ingest),
    )
    yield Panel(
        "Small uploads per second", "INIT + 100 KiB + FINALIZE, 64 connections, one core, ext4; more is better",
        bars(book, "uploads_per_s", section="small"), 5000,
    )
    yield Panel(
        "Ingest on tmpfs: CPU seconds per GiB", "4 MiB chunks, 8 connections; less is better", bars(book, "cpu_s_per_gib", **memory),
        goal_of(book, "cpu_s_per_gib", 1.10, server="yardstick, page cache", **memory),
    )
    yield Panel(
        "STATUS: CPU µs per request", "50 connections, closed loop; less is better", bars(book, "cpu_us_per_request", section="status"),
        goal_of(book, "cpu_us_per_request", 1.25, section="status", server="nginx"), log=True,
    )
    yield Panel(
        "STATUS beside 40 uploads: p99 in ms", "300/s, open loop, ext4; less is better", bars(book, "busy.p99_us", 1e-3, section="overload"),
        2, log=True,
    )
    yield Panel(
        "Memory of each further stalled upload in KiB", "silent after 64 KiB of a 4 MiB chunk; less is better",
        bars(book, "further_rss_kib_each", section="memory", hold="stalled"), 8,
    )


def svg(book, caption):
    shown = [panel for panel in panels(book) if panel.bars]
    body, y = [], 78
    for i in range(0, len(shown), 2):
        pair = shown[i : i + 2]
        for column, panel in enumerate(pair):
            body += panel.draw(20 + column * (PANEL_WIDTH + 20), y)
        y += max(panel.height() for panel in pair) + 24
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" {FONT}>',
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>',
        f'<text x="20" y="32" font-size="20" font-weight="bold" fill="{INK}">Sluice, what the machine can do, and its peers, in one run</text>',
        f'<text x="20" y="54" font-size="11.5" fill="#5b666c">{escape(caption)}</text>',
    ]
    x = WIDTH - 330
    for name, colour in (("Sluice", OURS), ("yardstick", LIMIT), ("peers", PEER)):
        head.append(f'<rect x="{x}" y="22" width="12" height="12" fill="{colour}"/><text x="{x + 17}" y="32" font-size="12" fill="{INK}">{name}</text>')
        x += 100
    return "\n".join([*head, *body, "</svg>", ""])


def write(book, caption, path):
    """path.svg, and path.png if rsvg-convert is there."""
    with open(path + ".svg", "w", encoding="utf-8") as file:
        file.write(svg(book, caption))
    try:
        subprocess.run(["rsvg-convert", "-z", "1.5", "-o", path + ".png", path + ".svg"], check=True)
    except (OSError, subprocess.CalledProcessError):
        book.note("the PNG was not made: rsvg-convert is missing (librsvg2-bin)")
