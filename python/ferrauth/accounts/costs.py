"""What rows cost beside what a failed login costs: where a row costs more, the time of a failure tells whose it is.

Two servers that share a user table and give new passwords two costs are such a case: whoever logs in at the dearer one
can be told from nobody at the other (THREATS P40). Both look at a few rows when they start. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth import _core

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

__all__ = ["SAMPLE", "costliest", "reveals"]

SAMPLE = 100
"""Rows that are looked at, the newest: those that are written now."""


def costliest(rows: Iterable[str | None], formats: Container[str]) -> int:
    """Return the work of the costliest row, in PBKDF2-HMAC-SHA256 iterations; 0 where none can be opened.

    Args:
        rows: Stored rows.
        formats: Names of the formats that verify: any other row is refused at the cost of a failure.
    """
    facts = [_core.work_of(row) for row in rows]
    return max((work for name, work in filter(None, facts) if name in formats), default=0)


def reveals(work: int, floor: int) -> str | None:
    """Say what a row of a certain work reveals, if anything.

    Args:
        work: The costliest row's, as :func:`costliest` returns it.
        floor: The work of a failed login.

    Returns:
        A sentence for whoever runs the server; ``None`` where a failure hides such a row.
    """
    if work <= floor:
        return None
    return (
        f"Users have passwords that cost {work:,} iterations, and a failed login here costs {floor:,}: its time tells "
        "which of them exist. Where two servers share the table, give both one cost."
    )
