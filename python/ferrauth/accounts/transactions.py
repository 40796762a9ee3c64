"""When a database asks to try again."""

from __future__ import annotations

__all__ = ["CANCELED", "TRANSIENT", "is_transient", "sqlstate"]

TRANSIENT = frozenset({"40001", "40P01"})
"""SQLSTATEs of a serialization failure and a deadlock: the transaction was rolled back, and may be tried again
(PostgreSQL's documentation, section 13.5)."""

CANCELED = "57014"
"""The SQLSTATE of a statement that was canceled."""


def is_transient(cause: BaseException | None) -> bool:
    """Tell whether a driver's exception says to try again."""
    return sqlstate(cause) in TRANSIENT


def sqlstate(cause: BaseException | None) -> str | None:
    """Return what a driver's exception says went wrong, by the standard's five characters."""
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
