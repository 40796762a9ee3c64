"""One background thread a process, which runs a piece of work after somebody asked for it, and ends when idle."""

from __future__ import annotations

import logging
import os
import random
import threading
from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["wake"]

logger = logging.getLogger("ferrauth.django")

MAX_DELAY = 1.0
"""Seconds that the work is put off at most, by chance: what a request leads to must not slow down the ones right after
it, whose time somebody may be taking."""

IDLE = 5.0
"""Seconds after which a thread with nothing to do ends."""

MAX_WAIT = 60.0
"""Seconds between two looks while something is to be tried again later."""

MAX_FAILURES = 60
"""Rounds in a row that may fail as a whole, such as while the database is away: an hour, at one a minute."""


class _Sender:
    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.asked = threading.Event()
        self.thread: threading.Thread | None = None
        self.failures = 0

    def wake(self, work: Callable[[], float | None]) -> None:
        with self.lock:
            self.asked.set()
            if self.thread is None:
                self.thread = threading.Thread(target=self.run, args=(work,), name="ferrauth-sender", daemon=True)
                self.thread.start()

    def run(self, work: Callable[[], float | None]) -> None:
        next_in: float | None = None
        while True:
            wait = IDLE if next_in is None else min(max(next_in, IDLE), MAX_WAIT)
            if self.asked.wait(wait):
                threading.Event().wait(random.uniform(0, MAX_DELAY))  # noqa: S311 (a delay, and no secret)
                self.asked.clear()
            elif next_in is None and self.end():
                return
            next_in = self.attempt(work)

    def attempt(self, work: Callable[[], float | None]) -> float | None:
        try:
            next_in = work()
        except Exception:
            logger.exception("Mails could not be sent; they wait in the outbox.")
            self.failures += 1
            return MAX_WAIT if self.failures < MAX_FAILURES else None
        else:
            self.failures = 0
            return next_in
        finally:
            # An idle thread holds no connection.
            connections.close_all()

    def end(self) -> bool:
        with self.lock:
            if self.asked.is_set():
                return False
            self.thread = None
            self.failures = 0
            return True


_sender = _Sender()


def wake(work: Callable[[], float | None]) -> None:
    """Have work done soon in this process's thread, which is started if there is none.

    Args:
        work: What to do. It returns the seconds after which it wants to be done again, or ``None``.
    """
    global _sender
    # Compared before any lock is touched: in a forked child the parent's may be held by a thread that is not there.
    if _sender.process != os.getpid():
        _sender = _Sender()
    _sender.wake(work)
