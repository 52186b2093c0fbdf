"""A picture of the table "10, 100 and 1,000 nodes" of docs/capacity.md, beside it: plot.py PAGE writes capacity.svg, and capacity.png if
rsvg-convert is there."""

import math
import os
import re
import subprocess
import sys

INK, PALE = "#1d2327", "#5b666c"
COLOURS = {
    "one database, one prefix": "#b3261e", "one database, 64 prefixes": "#8aa4af", "2 databases, 64 prefixes": "#7a5ea8",
    "20 databases, 64 prefixes": "#0b6e99",
}
FONT = "font-family=\"'DejaVu Sans', Verdana, sans-serif\""
WIDTH, HEIGHT, LEFT, TOP, ROOM, DEEP = 1120, 400, 70, 96, 420, 240


def rows_of(text):
    """(nodes, name, offered, done, p99), in the page's order."""
    table = re.search(r"### 10, 100 and 1,000 nodes\n.*?\n((?:\|[^\n]*\n)+)", text, re.S)[1]
    for line in table.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        nodes, databases, prefixes, offered, done = map(int, cells[:5])
        name = f"{'one database' if databases == 1 else f'{databases} databases'}, {'one prefix' if prefixes == 1 else f'{prefixes} prefixes'}"
        yield nodes, name, offered, done, float(cells[5].split("/")[1])


def placed(value, lowest, highest, room):
    return room * math.log(value / lowest) / math.log(highest / lowest)


def marked(x, y, colour):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>'


def panel(left, title, unit, points, ends):
    """points: [(nodes, name, value, offered or None)]; ends: of the scale, powers of ten."""
    low, high = ends
    x_of = lambda nodes: left + 30 + placed(nodes, 10, 1000, ROOM - 60)  # noqa: E731
    y_of = lambda value: TOP + DEEP - placed(max(value, low), low, high, DEEP)  # noqa: E731
    yield f'<text x="{left}" y="{TOP - 24}" font-size="15" font-weight="bold" fill="{INK}">{title}</text>'
    value = low
    while value <= high:
        y = y_of(value)
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{left + ROOM}" y2="{y:.1f}" stroke="#dfe5e8"/>'
        yield f'<text x="{left - 8}" y="{y + 4:.1f}" font-size="11" text-anchor="end" fill="{PALE}">{value:,.0f}</text>'
        value *= 10
    for nodes in (10, 100, 1000):
        yield f'<text x="{x_of(nodes):.1f}" y="{TOP + DEEP + 18}" font-size="11" text-anchor="middle" fill="{PALE}">{nodes:,} nodes</text>'
    yield f'<text x="{left}" y="{TOP - 8}" font-size="11" fill="{PALE}">{unit}, logarithmic</text>'
    for nodes, name, value, offered in points:
        x, y = x_of(nodes), y_of(value)
        if offered:
            yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{y_of(offered):.1f}" stroke="{COLOURS[name]}" stroke-dasharray="3 3"/>'
            yield f'<line x1="{x - 11:.1f}" y1="{y_of(offered):.1f}" x2="{x + 11:.1f}" y2="{y_of(offered):.1f}" stroke="{INK}" stroke-width="2"/>'
        yield marked(x, y, COLOURS[name])
        yield f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" font-size="11" fill="{INK}">{value:,.0f}</text>'


def svg(rows):
    # What is offered to all alike comes after what grows with the nodes, and is another question.
    grows = [row for row in rows if row[2] == 40 * row[0]]
    done = [(nodes, name, done, offered) for nodes, name, offered, done, _ in grows]
    slow = [(nodes, name, p99, None) for nodes, name, _, _, p99 in grows]
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="20" y="32" font-size="19" font-weight="bold" fill="{INK}">Simulated: 40 uploads/s offered to each node</text>',
        *panel(LEFT, "Uploads finished per second", "lines across: offered; uploads/s", done, (100, 100_000)),
        *panel(LEFT + 560, "APPEND of 4 MiB, p99", "ms", slow, (10, 10_000)),
    ]
    for i, (name, colour) in enumerate(COLOURS.items()):
        x = LEFT + i * 260
        body += [marked(x, HEIGHT - 24, colour), f'<text x="{x + 12}" y="{HEIGHT - 20}" font-size="12" fill="{INK}">{name}</text>']
    return "\n".join([*body, "</svg>", ""])


def main():
    page = sys.argv[1]
    with open(page, encoding="utf-8") as file:
        rows = list(rows_of(file.read()))
    path = os.path.splitext(page)[0]
    with open(path + ".svg", "w", encoding="utf-8") as file:
        file.write(svg(rows))
    try:
        subprocess.run(["rsvg-convert", "-z", "1.5", "-o", path + ".png", path + ".svg"], check=True)
    except (OSError, subprocess.CalledProcessError):
        print("the PNG was not made: rsvg-convert is missing (librsvg2-bin)", file=sys.stderr)


if __name__ == "__main__":
    main()
