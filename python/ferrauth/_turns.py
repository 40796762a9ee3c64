"""Turns of an event loop: of many that could go on, few do in each, so that nobody else waits for them all."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Delivery", "Turns", "take_turn"]

Delivery = tuple[asyncio.Future[Any], object]
"""A future, and its result or its exception."""

SHARE = 0.01
"""Seconds that others keep the loop for which one future more goes on in a turn.

So a hundred a second go on, however long the turns are that others make.
"""


class Turns:
    """Futures of one loop that go on one a turn, or a few where others make turns long.

    What a request does next keeps the loop for a millisecond or more: woken in one turn, sixteen of them would let
    everybody else wait for all.

    Args:
        waiting: Those that wait, the first to go on first.
    """

    def __init__(self, waiting: Iterable[Delivery] = ()) -> None:
        self._waiting = deque(waiting)
        self._is_taken = False
        self._since = time.monotonic()
        self._until: float | None = None

    async def take(self) -> None:
        """Go on at once if nobody has taken this turn, and otherwise after all who asked before."""
        loop = asyncio.get_running_loop()
        if self._is_taken:
            future = loop.create_future()
            self._waiting.append((future, None))
            await future
            return
        self._is_taken, self._since, self._until = True, time.monotonic(), None
        # In a context of its own: this one's variables would live for as long as somebody waits.
        loop.call_soon(self.settle, context=Context())

    def settle(self) -> None:
        """Give those whose turn is the next their results. Runs in the loop of the futures."""
        now = time.monotonic()
        # Without the time of those who were woken: a slow step would wake ever more.
        others = (now if self._until is None else self._until) - self._since
        self._since, self._until = now, None
        self._is_taken = bool(self._waiting)
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        loop.call_soon(self._others_are_done)
        try:
            self._wake(1 + int(others / SHARE))
        finally:
            loop.call_soon(self.settle)

    def _wake(self, places: int) -> None:
        while self._waiting and places:
            future, value = self._waiting.popleft()
            if future.done():
                continue
            places -= 1
            if isinstance(value, BaseException):
                future.set_exception(value)
            else:
                future.set_result(value)

    def _others_are_done(self) -> None:
        """Note when those who were woken begin."""
        self._until = time.monotonic()


class _Here(threading.local):
    """The turns of the loop that runs in this thread."""

    loop: asyncio.AbstractEventLoop | None = None
    turns: Turns


_here = _Here()


async def take_turn() -> None:
    """Go on in a turn of the event loop that nobody else has who asked here, in the order of asking.

    A request takes the loop a millisecond to read and another to ask the database. Of a burst, all would be read and
    would ask in one turn, and keep the loop from everybody else for the sum.
    """
    loop = asyncio.get_running_loop()
    if _here.loop is not loop:
        _here.loop, _here.turns = loop, Turns()
    await _here.turns.take()
