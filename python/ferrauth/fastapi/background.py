"""One task beside the requests, which outlives what goes wrong in it, and ends within a bounded time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["STOP_WAIT", "Background"]

Outcome = TypeVar("Outcome")

logger = logging.getLogger("ferrauth.fastapi")

STOP_WAIT = 5.0
"""Seconds that a step under way has to end by itself once the application stops; then it is cancelled. Half of what
servers and ``docker stop`` leave a process."""


class Background:
    """A task that is started when there is work, and stopped with the application.

    Args:
        name: Of the task.
        work: What it does, until :attr:`stopping`.
    """

    def __init__(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.stopping = False
        self._name = name
        self._work = work
        self._task: asyncio.Task[None] | None = None
        self._waits = False

    def start(self) -> None:
        """Start it, unless it runs; one that has ended, whatever of, is started anew."""
        if self._task is None or self._task.done():
            self.stopping = False
            self._task = asyncio.create_task(self._work(), name=self._name)

    async def wait(self, awaited: Awaitable[Outcome]) -> Outcome:
        """Await something that may be given up at any time; called by the work."""
        self._waits = True
        try:
            return await awaited
        finally:
            self._waits = False

    async def stop(self) -> None:
        """End it: at once where it waits, else after the step that it is at, for which it has :data:`STOP_WAIT`.

        A step that hangs is cancelled, and one that does not even heed that is left behind. Whatever the task ended
        of is logged: an application that stops has no use for it.
        """
        task, self._task = self._task, None
        if task is None:
            return
        self.stopping = True
        if self._waits:
            task.cancel()
        elif not (await asyncio.wait({task}, timeout=STOP_WAIT))[0]:
            logger.warning("%s did not end within %g seconds, and is cancelled.", self._name, STOP_WAIT)
            task.cancel()
        await asyncio.wait({task}, timeout=STOP_WAIT)
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s had ended before it was stopped.", self._name, exc_info=error)
