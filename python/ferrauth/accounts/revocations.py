"""What a process remembers of the sessions that were revoked lately, and what it says while it cannot ask. No I/O."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ferrauth.accounts.errors import Unavailable

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from ferrauth.accounts.settings import Settings

__all__ = ["STALE_AFTER", "Memory", "revoked_since"]

STALE_AFTER = 30.0
"""Seconds without an answer of the database, after which ``ON_REVOCATION_FAILURE`` decides."""

MARGIN = timedelta(seconds=60)
"""How much longer than a token lives its revocation is read: clocks differ, and a revocation may commit late."""


def revoked_since(settings: Settings, now: datetime) -> datetime:
    """Return from when on revocations must be known: older ones name no token that is still good."""
    return now - timedelta(seconds=settings.access_lifetime + settings.leeway) - MARGIN


class Memory:
    """Sessions that were revoked lately, and when the database was last asked."""

    def __init__(self) -> None:
        self._revoked: frozenset[uuid.UUID] = frozenset()
        self._read_at = float("-inf")

    def remember(self, revoked: Iterable[uuid.UUID], *, asked_at: float) -> None:
        """Take an answer of the database.

        Args:
            revoked: Every session that was revoked since :func:`revoked_since`.
            asked_at: When it was asked, by the monotonic clock.
        """
        self._revoked = frozenset(revoked)
        self._read_at = asked_at

    def is_revoked(self, session_id: uuid.UUID, settings: Settings) -> bool:
        """Tell whether a session was revoked lately, as far as this process has heard.

        Raises:
            Unavailable: The database has not answered for long, and ``ON_REVOCATION_FAILURE`` is ``"deny"``.
        """
        if time.monotonic() - self._read_at > STALE_AFTER and settings.on_revocation_failure == "deny":
            raise Unavailable(settings.revocation_poll)
        return session_id in self._revoked
