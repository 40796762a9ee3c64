"""Progress of a long command: a bar on a terminal where tqdm or rich is installed, plain lines elsewhere."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any, TextIO

INTERVAL = 2.0
"""Seconds between two plain lines."""


class Progress:
    """Tells how much is done, the rate, and the time left, on standard error."""

    def __init__(self, total: int, unit: str, *, stream: TextIO | None = None) -> None:
        """Start.

        Args:
            total: How much there is to do.
            unit: What is counted, in the plural.
            stream: Where to tell it.
        """
        self.total, self.unit = total, unit
        self.stream = stream or sys.stderr
        self.start = time.monotonic()
        self.told = self.start
        self.done = 0
        self.bar = _bar(total, unit, self.stream) if self.stream.isatty() else None

    def update(self, done: int) -> None:
        """Tell that so much is done."""
        advance, self.done = done - self.done, done
        if self.bar is not None:
            self.bar.update(advance)
        elif time.monotonic() - self.told >= INTERVAL:
            self.told = time.monotonic()
            self.stream.write(f"{self._line()}\n")
            self.stream.flush()

    def close(self) -> float:
        """End, and return the seconds that it took."""
        if self.bar is not None:
            self.bar.close()
        return time.monotonic() - self.start

    def _line(self) -> str:
        rate = self.done / max(time.monotonic() - self.start, 1e-9)
        left = f"{_clock((self.total - self.done) / rate)} left" if rate else "..."
        share = 100 * self.done // self.total if self.total else 100
        return f"{self.done:,} of {self.total:,} {self.unit} ({share} %), {rate:,.0f} a second, {left}"


class _RichBar:
    def __init__(self, rich: Any, total: int, unit: str) -> None:
        self.progress = rich.Progress(*rich.Progress.get_default_columns(), rich.MofNCompleteColumn())
        self.progress.start()
        self.task = self.progress.add_task(unit, total=total)

    def update(self, advance: int) -> None:
        self.progress.update(self.task, advance=advance)

    def close(self) -> None:
        self.progress.stop()


def _bar(total: int, unit: str, stream: TextIO) -> Any:
    try:
        return importlib.import_module("tqdm").tqdm(total=total, unit=f" {unit}", file=stream)
    except ImportError:
        pass
    try:
        return _RichBar(importlib.import_module("rich.progress"), total, unit)
    except ImportError:
        return None


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
