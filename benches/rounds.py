"""Interleaved rounds: what is compared is timed in turn, so that a machine whose speed drifts misleads nobody."""

from __future__ import annotations

import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ferrauth

if TYPE_CHECKING:
    from collections.abc import Callable

Timings = dict[str, list[float]]

FLOORS = frozenset({"x", "of without", "or more"})
"""Units of which more is better; of any other, less is."""


@dataclass(frozen=True)
class Row:
    """A line of the table: what was reached, and what was to be."""

    what: str
    reached: float
    least: float
    aim: float
    unit: str
    unjudged: str = ""
    """Why the figure is none, where it is none: no verdict is given, and it was not reached."""

    @property
    def is_met(self) -> bool:
        """Whether what was asked at least was reached."""
        return self.verdict() in {"aim", "reached"}

    def verdict(self) -> str:
        """Tell whether a ratio or a quantity is what it was to be: ``x`` and shares are floors, the rest ceilings."""
        if self.unjudged:
            return f"NOT JUDGED: {self.unjudged}"
        is_floor = self.unit in FLOORS

        def meets(bound: float) -> bool:
            return self.reached >= bound if is_floor else self.reached <= bound

        return "aim" if meets(self.aim) else "reached" if meets(self.least) else "MISSED"


def interleave(contenders: dict[str, Callable[[], object]], rounds: int) -> Timings:
    """Time each contender once a round, in turn.

    Args:
        contenders: What to call, by name. Each is called once before the first round.
        rounds: How often.

    Returns:
        Seconds of each round, by name.
    """
    for call in contenders.values():
        call()
    timings: Timings = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            timings[name].append(time.perf_counter() - start)
    return timings


def kernels() -> str:
    """Name what derives a login, and what derives many."""
    info = ferrauth.build_info()
    alone, many = info["kernel"], info["bulk_kernel"]
    return f"kernel {alone}" if alone == many else f"kernels {alone} and, where many wait, {many}"


def spread(values: list[float], unit: str = "", scale: float = 1.0) -> str:
    """Write minimum, median and maximum of some values."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return "  ".join(f"{value * scale:9.2f}{unit}" for value in (low, middle, high))


def ratio(timings: Timings, numerator: str, denominator: str) -> float:
    """Return the median of the rounds' ratios: the two of a round met the machine in one state."""
    return statistics.median(a / b for a, b in zip(timings[numerator], timings[denominator], strict=True))


def print_rows(rows: list[Row]) -> None:
    """Print what was reached, and what was to be."""
    print(f"\n{'':64}{'reached':>16} {'at least':>9} {'aim':>7}")
    for row in rows:
        reached = f"{row.reached:.2f} {row.unit}"
        print(f"{row.what:64}{reached:>16} {row.least:>9.3g} {row.aim:>7.3g}  {row.verdict()}")


def cpu() -> str:
    """Name this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    extensions = [name for name in ("sha_ni", "avx2", "avx512f") if name in flags]
    return f"{names[0] if names else platform.machine()} x {len(names)} ({', '.join(extensions) or 'no extensions'})"
