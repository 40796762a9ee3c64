"""The chart of logins a second against concurrent clients, as SVG that reads on a light and on a dark page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benches.logins import Points

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 110, 64, 56
"""Room for the axes' numbers, the lines' names, the title and the axis' name, in pixels."""

COLOURS = {"ferrauth": "#c2410c", "stock": "#64748b"}
NAMES = {"ferrauth": "ferrauth", "stock": "stock hasher"}
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Distances between the lines of the grid, of which the smallest that gives at most six is taken."""


def draw(points: Points, title: str) -> str:
    """Return the chart.

    Args:
        points: Logins a second of each hasher, for each number of clients.
        title: Processor and settings, for the second line.
    """
    clients = points["clients"]
    highest = max(*points["ferrauth"], *points["stock"])
    step = next((step for step in STEPS if highest / step <= 6), STEPS[-1])
    top = step * (int(highest / step) + 1)

    def x(index: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * index / (len(clients) - 1)

    def y(rate: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * rate / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        ' font-family="system-ui, sans-serif" font-size="13">\n',
        f"<title>Logins a second: ferrauth and the stock hasher, {escape(title)}</title>\n",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>\n',
        text(LEFT, 28, "Logins a second", size=17, weight="600", fill="#0f172a"),
        text(LEFT, 48, title, size=12),
    ]
    for rate in range(0, top + 1, step):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(rate):.1f}" y2="{y(rate):.1f}" stroke="#e2e8f0"/>\n'
        )
        parts.append(text(LEFT - 10, y(rate) + 4, str(rate), anchor="end"))
    for index, count in enumerate(clients):
        parts.append(text(x(index), HEIGHT - BOTTOM + 20, str(count), anchor="middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(text(middle, HEIGHT - 12, "concurrent clients", anchor="middle"))
    for name, rates in (("ferrauth", points["ferrauth"]), ("stock", points["stock"])):
        path = " ".join(f"{x(index):.1f},{y(rate):.1f}" for index, rate in enumerate(rates))
        colour = COLOURS[name]
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>\n')
        parts += [
            f'<circle cx="{x(i):.1f}" cy="{y(rate):.1f}" r="3.5" fill="{colour}"/>\n' for i, rate in enumerate(rates)
        ]
        label = WIDTH - RIGHT + 12
        parts.append(text(label, y(rates[-1]) - 2, NAMES[name], weight="600", fill=colour))
        parts.append(text(label, y(rates[-1]) + 14, f"{rates[-1]:.1f}", fill=colour))
    return "".join(parts) + "</svg>\n"


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: int = 13,
    weight: str = "400",
    fill: str = "#475569",
    anchor: str = "start",
) -> str:
    """Return one line of text."""
    style = f'font-size="{size}" font-weight="{weight}" fill="{fill}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(content)}</text>\n'
