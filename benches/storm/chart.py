"""The chart of the storm, as SVG that reads on a light and on a dark page: logins a second, and the wait of others."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from benches.chart import COLOURS, text
from benches.storm.clients import quantile

if TYPE_CHECKING:
    from benches.storm.clients import Storm

WIDTH = 760
LEFT, BAR = 150, 22
GAP = 90


def draw(storms: dict[str, dict[str, Storm]], title: str) -> str:
    """Return the chart: for each server two bars of logins a second, and two of the 99th percentile of ``GET me``."""
    height = 96 + len(storms) * (2 * BAR + 26)
    rates = [found.rate for pair in storms.values() for found in pair.values()]
    waits = [quantile(found.me, 99) for pair in storms.values() for found in pair.values()]
    panel = (WIDTH - LEFT - GAP - 40) / 2
    second = LEFT + panel + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        ' font-family="system-ui, sans-serif" font-size="13">\n',
        f"<title>Logins a second, and how long others wait: ferrauth and stock, {escape(title)}</title>\n",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>\n',
        text(20, 28, "32 clients log in, others ask who they are", size=17, weight="600", fill="#0f172a"),
        text(20, 48, title, size=12),
        text(LEFT, 78, "logins a second (more is better)", size=12),
        text(second, 78, "p99 of GET me, ms (less is better)", size=12),
    ]
    y = 92.0
    for server, pair in storms.items():
        parts.append(text(20, y + BAR + 4, server, weight="600", fill="#0f172a"))
        for name, found in pair.items():
            for left, value, top in ((LEFT, found.rate, max(rates)), (second, quantile(found.me, 99), max(waits))):
                width = max(2.0, panel * value / top)
                parts.append(
                    f'<rect x="{left:.0f}" y="{y:.0f}" width="{width:.1f}" height="{BAR - 4}" rx="2" '
                    f'fill="{COLOURS[name]}"/>\n'
                )
                parts.append(text(left + width + 6, y + 13, f"{value:.1f}", size=12, fill=COLOURS[name]))
            y += BAR
        y += 26
    parts += [
        text(WIDTH - 20, 28, "ferrauth", weight="600", fill=COLOURS["ferrauth"], anchor="end"),
        text(WIDTH - 20, 46, "stock", weight="600", fill=COLOURS["stock"], anchor="end"),
    ]
    return "".join(parts) + "</svg>\n"
