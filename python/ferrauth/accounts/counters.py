"""Counting attempts: what every place to count has in common, the one in this process, and what happens when one fails.

A place to count reserves all counters of an attempt or none, in one step that no other attempt comes between, and gives
back a reservation of its own only: not what another attempt reserved after the window ended.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from ferrauth.accounts.effects import Allowance
from ferrauth.accounts.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ferrauth.accounts.throttling import Counter

__all__ = ["AsyncCounters", "AsyncGuardedCounters", "Breaker", "Counters", "GuardedCounters", "LocalCounters"]

logger = logging.getLogger("ferrauth.counters")

BREAKER_PERIOD = 5.0
"""Seconds between two tries of a place to count that failed: what a failure costs is paid once in them."""

DEGRADED_SHARE = 4
"""By which a limit is divided while every process counts for itself: with four processes it holds as it stands."""

MAX_LOCAL_COUNTERS = 100_000
"""Counters that a process holds at most, some 30 MB; what comes then shares one counter a limit (T33)."""

SWEEP_PERIOD = 1.0
"""Seconds between two looks for counters whose window has ended, while there is no room."""


class Counters(Protocol):
    """A place to count."""

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none where one of them is at its limit."""
        ...

    def release(self, receipt: Any) -> None:
        """Give back what reservations counted, where their windows have not ended. Receipts are tuples, joined."""
        ...

    def reset(self, keys: Sequence[str]) -> int:
        """Forget counters, and return how many there were."""
        ...


class AsyncCounters(Protocol):
    """A place to count, for an event loop."""

    async def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """As :meth:`Counters.reserve`."""
        ...

    async def release(self, receipt: Any) -> None:
        """As :meth:`Counters.release`."""
        ...


@dataclass
class _Window:
    count: int
    ends: float


class LocalCounters:
    """Counts in this process: for development, for a project of one process, and while another place fails.

    Args:
        capacity: Counters to hold at most.
        clock: Seconds that never go back.
    """

    def __init__(self, *, capacity: int = MAX_LOCAL_COUNTERS, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._swept = clock()
        self._lock = threading.Lock()

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none."""
        with self._lock:
            now = self._clock()
            keys = [self._key(counter, now) for counter in counters]
            for key, counter in zip(keys, counters, strict=True):
                window = self._windows.get(key)
                if window is not None and window.count >= counter.limit and window.ends > now:
                    return Allowance(False, seconds_left(window.ends - now), scope=counter.scope)
            windows = []
            for key, counter in zip(keys, counters, strict=True):
                window = self._windows.get(key)
                if window is None or window.ends <= now:
                    window = self._windows[key] = _Window(0, now + counter.window)
                window.count += 1
                windows.append(window)
        return Allowance(receipt=tuple(windows))

    def release(self, receipt: Any) -> None:
        """Give back what a reservation counted. Its windows are known by identity, so an ended one does no harm."""
        with self._lock:
            for window in receipt:
                window.count -= 1

    def reset(self, keys: Sequence[str]) -> int:
        """Forget counters, and return how many there were."""
        with self._lock:
            return sum(self._windows.pop(key, None) is not None for key in keys)

    def __len__(self) -> int:
        return len(self._windows)

    def _key(self, counter: Counter, now: float) -> str:
        if counter.key not in self._windows and len(self._windows) >= self._capacity:
            self._sweep(now)
            if len(self._windows) >= self._capacity:
                return f"full:{counter.scope}:{counter.limit}/{counter.window}"
        return counter.key

    def _sweep(self, now: float) -> None:
        if now - self._swept >= SWEEP_PERIOD:
            self._swept = now
            self._windows = {key: window for key, window in self._windows.items() if window.ends > now}


class Breaker:
    """Keeps callers from a place that failed, but for one of them once a period.

    Args:
        period: Seconds between two tries.
        clock: Seconds that never go back.
    """

    def __init__(self, *, period: float = BREAKER_PERIOD, clock: Callable[[], float] = time.monotonic) -> None:
        self.period = period
        self._clock = clock
        self._next_try: float | None = None
        self._lock = threading.Lock()

    def admits(self) -> bool:
        """Tell whether the caller may try. Where the place failed, one caller a period may."""
        if self._next_try is None:
            return True
        with self._lock:
            now = self._clock()
            if self._next_try is not None and now < self._next_try:
                return False
            self._next_try = now + self.period
            return True

    def opens(self) -> bool:
        """Note a failure, and tell whether it is the first since a success."""
        with self._lock:
            first = self._next_try is None
            self._next_try = self._clock() + self.period
            return first

    def closes(self) -> bool:
        """Note a success, and tell whether it is the first since a failure."""
        if self._next_try is None:
            return False
        with self._lock:
            self._next_try = None
            return True


class _Guard:
    """What the guards of both kinds share: when to try, what to say, and what to do instead."""

    def __init__(self, *, deny: bool, breaker: Breaker | None = None) -> None:
        self._deny = deny
        self._breaker = breaker or Breaker()
        self._local = LocalCounters()

    def _failed(self) -> None:
        """Say so, once a failure; called where the exception is at hand."""
        if self._breaker.opens():
            instead = "refused" if self._deny else "counted in each process, at a part of their limits"
            logger.exception("Attempts cannot be counted; until they can, they are %s.", instead)

    def _succeeded(self) -> None:
        if self._breaker.closes():
            logger.warning("Attempts are counted again.")

    def _instead(self, counters: Sequence[Counter]) -> Allowance:
        if self._deny:
            raise Unavailable(int(self._breaker.period))
        allowance = self._local.reserve([_reduced(counter) for counter in counters])
        return replace(allowance, receipt=_Degraded(allowance.receipt or ()))

    def _release_degraded(self, receipts: Iterable[Any]) -> tuple[Any, ...]:
        """Give back what this process counted instead, and return what the place counted, as one receipt."""
        held: tuple[Any, ...] = ()
        for receipt in receipts:
            if isinstance(receipt, _Degraded):
                self._local.release(receipt.receipt)
            else:
                held += receipt or ()
        return held


@dataclass(frozen=True)
class _Degraded:
    """Marks a receipt of the counters of this process."""

    receipt: Any


class GuardedCounters(_Guard):
    """Counts in a place that may fail: then in this process, or not at all (503). Never without a limit.

    Args:
        place: Where to count.
        deny: Whether to refuse while the place fails.
        breaker: When to try it again.
    """

    def __init__(self, place: Counters, *, deny: bool, breaker: Breaker | None = None) -> None:
        super().__init__(deny=deny, breaker=breaker)
        self.place = place

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt.

        Raises:
            Unavailable: The place fails, and so the attempt is refused.
        """
        if not counters:
            return Allowance()
        if self._breaker.admits():
            try:
                allowance = self.place.reserve(counters)
            except Exception:  # Of whatever kind: a failure to count must neither be a 500 nor lift the limits.
                self._failed()
            else:
                self._succeeded()
                return allowance
        return self._instead(counters)

    def release(self, receipts: Iterable[Any]) -> None:
        """Give reservations back. Where that fails they stay counted, until their windows end."""
        held = self._release_degraded(receipts)
        if held and self._breaker.admits():
            try:
                self.place.release(held)
            except Exception:
                self._failed()

    def reset(self, keys: Sequence[str]) -> int:
        """Forget counters; a failure is the caller's to see."""
        return self.place.reset(keys)


class AsyncGuardedCounters(_Guard):
    """As :class:`GuardedCounters`, for an event loop."""

    def __init__(self, place: AsyncCounters, *, deny: bool, breaker: Breaker | None = None) -> None:
        super().__init__(deny=deny, breaker=breaker)
        self.place = place

    async def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """As :meth:`GuardedCounters.reserve`."""
        if not counters:
            return Allowance()
        if self._breaker.admits():
            try:
                allowance = await self.place.reserve(counters)
            except Exception:
                self._failed()
            else:
                self._succeeded()
                return allowance
        return self._instead(counters)

    async def release(self, receipts: Iterable[Any]) -> None:
        """As :meth:`GuardedCounters.release`."""
        held = self._release_degraded(receipts)
        if held and self._breaker.admits():
            try:
                await self.place.release(held)
            except Exception:
                self._failed()


def seconds_left(seconds: float) -> int:
    """Return whole seconds to wait, at least one: ``Retry-After`` has no smaller unit (RFC 9110, section 10.2.3)."""
    return max(1, int(-(-seconds // 1)))


def _reduced(counter: Counter) -> Counter:
    return replace(counter, limit=max(1, counter.limit // DEGRADED_SHARE))
