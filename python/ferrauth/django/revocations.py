"""What stateless principals know: the sessions revoked within the life of an access token, kept by each process.

One thread a process reads them by one indexed query every ``REVOCATION_POLL`` seconds. The database is the truth and no
cache is involved, so a revocation is heard of at most that much later (and the query's time). The thread starts at the
first question, not at import; a forked child starts its own; it ends with the process.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connections

from ferrauth.accounts.revocations import STALE_AFTER, Memory, revoked_since
from ferrauth.django.conf import get_settings
from ferrauth.django.models import RefreshSession
from ferrauth.django.transactions import alias

if TYPE_CHECKING:
    import uuid

__all__ = ["is_known", "is_revoked", "stop"]

logger = logging.getLogger("ferrauth.django")

STOP_TIMEOUT = 5.0
"""Seconds that a process which ends waits for the thread's last query."""


class _Poller:
    """One process's memory, and the thread that renews it."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._tried = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ferrauth-revocations", daemon=True)
        self._thread.start()

    @property
    def is_known(self) -> bool:
        return self._tried.is_set()

    def is_revoked(self, session_id: uuid.UUID) -> bool:
        self._tried.wait(STALE_AFTER)
        return self.memory.is_revoked(session_id, get_settings())

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(STOP_TIMEOUT)

    def _run(self) -> None:
        try:
            while True:
                self._read()
                self._tried.set()
                if self._stopping.wait(get_settings().revocation_poll):
                    return
        finally:
            connections.close_all()

    def _read(self) -> None:
        asked_at = time.monotonic()
        try:
            since = revoked_since(get_settings(), datetime.now(UTC))
            recent = RefreshSession._base_manager.using(alias()).filter(revoked_at__gte=since)
            self.memory.remember(recent.values_list("pk", flat=True), asked_at=asked_at)
        except Exception:  # Of whatever kind: without this thread no revocation is heard of any more.
            logger.warning("Revoked sessions could not be read; the last answer stands.", exc_info=True)
            with contextlib.suppress(Exception):
                connections[alias()].close()


_poller: _Poller | None = None
_lock = threading.Lock()


def is_revoked(session_id: uuid.UUID) -> bool:
    """Tell whether a session was revoked lately, as far as this process has heard.

    Raises:
        Unavailable: The database has not answered for long, and ``ON_REVOCATION_FAILURE`` is ``"deny"``.
    """
    return _current().is_revoked(session_id)


def is_known() -> bool:
    """Tell whether :func:`is_revoked` answers without waiting for the process's first query."""
    return _poller is not None and _poller.is_known


def stop() -> None:
    """End the thread. The next question starts another."""
    global _poller
    with _lock:
        poller, _poller = _poller, None
    if poller is not None:
        poller.stop()


def _current() -> _Poller:
    global _poller
    if _poller is None:
        with _lock:
            _poller = _poller or _Poller()
    return _poller


def _forget() -> None:
    """Forget the parent's thread, which a forked child does not have, and its lock, which some thread may have held."""
    global _poller, _lock
    _poller, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
atexit.register(stop)
