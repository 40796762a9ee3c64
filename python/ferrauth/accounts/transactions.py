"""When a database asks to try again."""

from __future__ import annotations

__all__ = ["TRANSIENT", "is_transient"]

TRANSIENT = frozenset({"40001", "40P01"})
"""SQLSTATEs of a serialization failure and a deadlock: the transaction was rolled back, and may be tried again
(PostgreSQL's documentation, section 13.5)."""


def is_transient(cause: BaseException | None) -> bool:
    """Tell whether a driver's exception says to try again."""
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return state in TRANSIENT
