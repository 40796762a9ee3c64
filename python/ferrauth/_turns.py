"""Turns of an event loop: of many futures that could go on, few do in each, so that nobody else waits for them all."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import Any

__all__ = ["Delivery", "settle", "take_turn"]

Delivery = tuple[asyncio.Future[Any], object]
"""A future, and its result or its exception."""

SHARE = 0.01
"""Seconds of waiting for which one future more goes on in a turn.

So a hundred a second go on, however long the turns are that others make.
"""


def settle(waiting: deque[Delivery], since: float) -> None:
    """Give one future its result, or a few where turns are long, and the others theirs in turns to come.

    What a request does next keeps the loop for a millisecond or more: woken in one turn, sixteen of them would let
    everybody else wait for all. Runs in the loop of the futures.

    Args:
        waiting: Futures of this loop, the first to go on first.
        since: When they began to wait for this turn, of :func:`time.monotonic`.
    """
    now = time.monotonic()
    places = 1 + int((now - since) / SHARE)
    while waiting and places:
        future, value = waiting.popleft()
        if future.done():
            continue
        places -= 1
        if isinstance(value, BaseException):
            future.set_exception(value)
        else:
            future.set_result(value)
    if waiting:
        asyncio.get_running_loop().call_soon(settle, waiting, now)


class _Here(threading.local):
    """Who waits in the loop of this thread."""

    loop: asyncio.AbstractEventLoop | None = None
    waiting: deque[Delivery]


_here = _Here()


async def take_turn() -> None:
    """Go on in a turn of the event loop that is one's own, or shared with few, in the order of asking.

    A request takes the loop a millisecond to read and another to ask the database. Of a burst, all would be read and
    would ask in one turn, and keep the loop from everybody else for the sum.
    """
    loop = asyncio.get_running_loop()
    if _here.loop is not loop:
        _here.loop, _here.waiting = loop, deque()
    future = loop.create_future()
    _here.waiting.append((future, None))
    if len(_here.waiting) == 1:
        loop.call_soon(settle, _here.waiting, time.monotonic())
    await future
