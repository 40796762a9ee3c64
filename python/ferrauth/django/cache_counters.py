"""Counters in memcached, through Django's cache: a key for each window, which a leftover of an ended one cannot touch.

The cache has no step that looks and counts. So an attempt is counted first, and taken back where that was too much:
among attempts at once some may be refused that had room, and none is let in that had not.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ferrauth.accounts.counters import seconds_left
from ferrauth.accounts.effects import Allowance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.cache import BaseCache

    from ferrauth.accounts.throttling import Counter

__all__ = ["CacheCounters"]

CLOCKS_APART = 60
"""Seconds that a key outlives its window, for servers whose clocks differ."""

TRIES = 2
"""How often a key is made that the cache dropped between its making and its counting."""


class CacheCounters:
    """Counts by a cache's ``add`` and ``incr``; values are plain integers, which no cache pickles.

    Args:
        cache: A cache whose ``incr`` is one step.
    """

    def __init__(self, cache: BaseCache) -> None:
        self._cache = cache

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none."""
        now = time.time()
        held: list[str] = []
        for counter in counters:
            key, ends = _window(counter.key, counter.window, now)
            if self._count(key, counter.window) > counter.limit:
                self.release([*held, key])
                return Allowance(False, seconds_left(ends - now), scope=counter.scope)
            held.append(key)
        return Allowance(receipt=tuple(held))

    def release(self, receipt: Any) -> None:
        """Give back what a reservation counted."""
        for key in receipt:
            try:
                self._cache.decr(key)
            except ValueError:
                continue  # Its window has ended, and the cache has dropped it.

    def reset(self, keys: Sequence[str]) -> int:
        """Forget the counters of this window, and return how many there were."""
        now = time.time()
        return sum(self._cache.delete(_window(key, window_of(key), now)[0]) for key in keys)

    def _count(self, key: str, window: int) -> int:
        for _ in range(TRIES):
            self._cache.add(key, 0, timeout=window + CLOCKS_APART)
            try:
                return int(self._cache.incr(key))
            except ValueError:
                continue
        raise LookupError("The cache does not keep what it is given.")


def window_of(key: str) -> int:
    """Return the seconds of a counter's window, which its key names."""
    return int(key.split(":")[3].partition("/")[2])


def _window(key: str, window: int, now: float) -> tuple[str, float]:
    number = int(now // window)
    return f"{key}:{number}", float((number + 1) * window)
