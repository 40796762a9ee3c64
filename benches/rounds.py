"""Interleaved rounds: what is compared is timed in turn, so that a machine whose speed drifts misleads nobody."""

from __future__ import annotations

import platform
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Timings = dict[str, list[float]]


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


def spread(values: list[float], unit: str = "", scale: float = 1.0) -> str:
    """Write minimum, median and maximum of some values."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return "  ".join(f"{value * scale:9.2f}{unit}" for value in (low, middle, high))


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
