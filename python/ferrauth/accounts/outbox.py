"""When a mail that waits in the outbox is tried, and for how long its row is kept. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["LEASE", "MAX_ATTEMPTS", "PRUNED", "REST", "RETENTION", "next_attempt"]

LEASE = timedelta(minutes=10)
"""How long a claimed row is its sender's: longer than any mail server takes that answers at all (RFC 5321, section
4.5.3.2.6, gives the end of the data ten minutes)."""

BACKOFF = timedelta(seconds=30)
"""How long after the first failure a mail is tried again; after each further one twice as long."""

MAX_ATTEMPTS = 8
"""After an hour in all a mail is given up: who waited for it has asked for another one."""

REST = 0.05
"""Seconds that a sender rests after each row where it shares its process with requests: a long queue takes little from
them, and answers take as long as they do without one."""

RETENTION = timedelta(days=1)
"""How long a row is kept that is done with."""

PRUNED = 100
"""Rows that are deleted at most after a round of sending."""


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """Return when a mail that could not be sent is tried again; ``None`` gives it up.

    Args:
        attempts: How often it was tried.
        now: The time.
    """
    return None if attempts >= MAX_ATTEMPTS else now + BACKOFF * 2 ** (attempts - 1)
