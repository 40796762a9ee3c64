"""The chart of the storm, as SVG that reads on a light and on a dark page: logins a second, and the wait of others.

It has a card of its own behind it, since a picture in a README is not told which theme the page around it has.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from benches.chart import COLOURS, text
from benches.closed_loop import CLIENTS, quantile

if TYPE_CHECKING:
    from benches.closed_loop import Storm

WIDTH = 860
EDGE = 28
GAP = 44
"""Between the two panels."""
BAR, BETWEEN = 20, 5
VALUE = 78
"""Room for the figure behind the longest bar."""
HEAD, GROUP, LINE = 134, 136, 19
"""Heights: of what is above the first group, of a group, and of a line of small text."""
INK, FAINT = "#0f172a", "#e2e8f0"


def draw(storms: dict[str, dict[str, Storm]], title: str) -> str:
    """Return the chart: for each server two bars of logins a second, two of the 99th percentile of ``GET me``, and in
    words what else was measured.

    Args:
        storms: By server, then by contender.
        title: Processor and settings, for the second line.
    """
    height = HEAD + len(storms) * GROUP - 10
    panel = (WIDTH - 2 * EDGE - GAP) / 2
    second = EDGE + panel + GAP
    rates = max(found.rate for pair in storms.values() for found in pair.values())
    waits = max(quantile(found.me, 99) for pair in storms.values() for found in pair.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        ' font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif" font-size="13">\n',
        f"<title>{escape(_in_words(storms))}</title>\n",
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10" fill="#ffffff" stroke="{FAINT}"/>\n',
        text(EDGE, 36, f"{CLIENTS} clients log in while others ask who they are", size=18, weight="600", fill=INK),
        text(EDGE, 58, title, size=12),
        _legend(WIDTH - EDGE, 36, tuple(next(iter(storms.values())))),
        *_heading(EDGE, panel, "Logins a second", "longer is better"),
        *_heading(second, panel, "p99 of GET me meanwhile, ms", "shorter is better"),
        f'<line x1="{EDGE}" x2="{WIDTH - EDGE}" y1="108.5" y2="108.5" stroke="{FAINT}"/>\n',
    ]
    for number, (server, pair) in enumerate(storms.items()):
        y = HEAD + number * GROUP
        parts.append(text(EDGE, y, server, weight="600", fill=INK))
        for place, (name, found) in enumerate(pair.items()):
            top = y + 10 + place * (BAR + BETWEEN)
            parts += _bar(EDGE, top, panel, found.rate, rates, name)
            parts += _bar(second, top, panel, quantile(found.me, 99), waits, name)
            below = y + 10 + len(pair) * (BAR + BETWEEN) + 15 + place * LINE
            parts.append(text(EDGE, below, name, size=12, weight="600", fill=COLOURS[name]))
            parts.append(text(EDGE + 70, below, _also(found), size=12))
    return "".join(parts) + "</svg>\n"


def _heading(left: float, panel: float, what: str, better: str) -> list[str]:
    return [
        text(left, 96, what, weight="600", fill=INK),
        text(left + panel, 96, better, size=12, anchor="end"),
    ]


def _bar(left: float, top: float, panel: float, value: float, most: float, name: str) -> list[str]:
    width = max(2.0, (panel - VALUE) * value / most)
    colour = COLOURS[name]
    return [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR}" rx="3" fill="{colour}"/>\n',
        text(left + width + 8, top + BAR - 5, _figure(value), weight="600", fill=colour),
    ]


def _legend(right: float, y: float, names: tuple[str, ...]) -> str:
    """Return the contenders in one line that ends at ``right``: one text, so that nobody's width is guessed at."""
    spans = "".join(
        f'<tspan dx="{18 * (place > 0)}" fill="{COLOURS[name]}">\u25a0 {escape(name)}</tspan>'
        for place, name in enumerate(names)
    )
    return f'<text x="{right}" y="{y}" font-size="13" font-weight="600" text-anchor="end">{spans}</text>\n'


def _also(found: Storm) -> str:
    """Return in words what else was measured of one."""
    login, me = (
        " / ".join(f"{quantile(times, percent):,.0f}" for percent in (50, 99)) for times in (found.logins, found.me)
    )
    used = f"CPU {found.cpu:.2f} cores  ·  RSS {found.rss / 2**20:.0f} MiB"
    return f"p50 / p99: login {login} ms, GET me {me} ms  ·  {used}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _in_words(storms: dict[str, dict[str, Storm]]) -> str:
    """Return what the chart shows, for who does not see it."""
    told = [
        f"{server}, {name}: {found.rate:.1f} logins a second, p99 of GET me {quantile(found.me, 99):.0f} ms"
        for server, pair in storms.items()
        for name, found in pair.items()
    ]
    return "; ".join(told)
