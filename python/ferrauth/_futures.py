"""The asyncio side of the pool: a derivation is a future, and its awaiting holds no thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ferrauth._turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ferrauth import _core
    from ferrauth._turns import Delivery

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
            loop.call_soon_threadsafe(Turns(its_own).settle)
