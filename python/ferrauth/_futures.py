"""The asyncio side of the pool: a derivation is a future, and its awaiting holds no thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ferrauth import _core

    Delivery = tuple[asyncio.Future[Any], object]

__all__ = ["deliver", "result"]


async def result(start: Callable[..., _core.Job], *arguments: object) -> Any:
    """Start a job and await its result. Cancelled, it gives the job's lane back.

    Args:
        start: Starts the job, whose result goes to the future that is its first argument.
        arguments: Its other arguments.

    Raises:
        HasherBusy: More work waits than the job may have to wait for.
        RuntimeError: No asyncio event loop runs here, or the interpreter shuts down.
    """
    future = asyncio.get_running_loop().create_future()
    job = start(future, *arguments)
    # Many thousands may wait here: what is not needed any more is not kept, the password least of all.
    del arguments
    try:
        return await future
    finally:
        job.cancel()


def deliver(deliveries: Sequence[Delivery]) -> None:
    """Give futures their results, with one call for each event loop. Called by the core's notifier thread."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Delivery]] = {}
    for delivery in deliveries:
        by_loop.setdefault(delivery[0].get_loop(), []).append(delivery)
    for loop, its_own in by_loop.items():
        # RuntimeError: the loop is closed, so nobody awaits these any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, iter(its_own))


def _settle(deliveries: Iterator[Delivery]) -> None:
    """Give one future its result, and the others theirs in turns of the loop to come.

    Derivations that share lanes end together, and what a login does next keeps the loop for a millisecond or more:
    woken in one turn, sixteen of them would let everybody else wait for all.
    """
    for future, value in deliveries:
        if future.done():
            continue
        if isinstance(value, BaseException):
            future.set_exception(value)
        else:
            future.set_result(value)
        future.get_loop().call_soon(_settle, deliveries)
        return
