"""One task beside the requests, which is only ever interrupted while it waits, and never within a statement."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["Background"]

Outcome = TypeVar("Outcome")


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
        """Start it, unless it runs."""
        if self._task is None:
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
        """End it: at once where it waits, else after the step that it is at."""
        task, self._task = self._task, None
        if task is None:
            return
        self.stopping = True
        if self._waits:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
