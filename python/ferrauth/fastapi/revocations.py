"""What stateless principals know: the sessions revoked lately, read every other second by one task of the loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ferrauth.accounts.revocations import STALE_AFTER, Memory, revoked_since
from ferrauth.fastapi.background import Background

if TYPE_CHECKING:
    import uuid

    from ferrauth.fastapi.backend import Backend
    from ferrauth.fastapi.rows import Rows

__all__ = ["Revocations"]

logger = logging.getLogger("ferrauth.fastapi")


class Revocations:
    """One loop's memory, and the task that renews it, which starts at the first question."""

    def __init__(self, backend: Backend, rows: Rows) -> None:
        self._backend = backend
        self._rows = rows
        self._memory = Memory()
        self._tried = asyncio.Event()
        self._background = Background("ferrauth-revocations", self._run)

    async def is_revoked(self, session_id: uuid.UUID) -> bool:
        """Tell whether a session was revoked lately, as far as this process has heard.

        Raises:
            Unavailable: The database has not answered for long, and ``ON_REVOCATION_FAILURE`` is ``"deny"``.
        """
        self._background.start()
        if not self._tried.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._tried.wait(), STALE_AFTER)
        return self._memory.is_revoked(session_id, self._backend.settings)

    async def stop(self) -> None:
        """End the task. The next question starts another."""
        await self._background.stop()

    async def _run(self) -> None:
        while not self._background.stopping:
            await self._read()
            self._tried.set()
            await self._background.wait(asyncio.sleep(self._backend.settings.revocation_poll))

    async def _read(self) -> None:
        asked_at = time.monotonic()
        since = revoked_since(self._backend.settings, datetime.now(UTC))
        try:
            async with self._backend.single() as session:
                revoked = await self._rows.revoked_since(session, since)
        except Exception:  # A driver's own errors too, which SQLAlchemy does not wrap while it connects.
            logger.warning("Revoked sessions could not be read; the last answer stands.", exc_info=True)
        else:
            self._memory.remember(revoked, asked_at=asked_at)
