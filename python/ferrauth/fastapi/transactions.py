"""Which transaction a flow's statements run in, where the caller has one of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from ferrauth.fastapi.backend import begin, has_begun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["apart", "within"]

Answer = TypeVar("Answer")

PATIENCE = 5.0
"""Seconds that work apart may take before it is taken to wait for its own caller: for a lock that the caller has, or
for the last connection of the pool. It is one statement on one row, or few; Django's port is as patient."""


async def within(session: AsyncSession, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    """Run work in a savepoint of the caller's transaction."""
    await begin(session)
    async with session.begin_nested():
        return await work(session)


async def apart(
    session: AsyncSession | None,
    own: Callable[[], Awaitable[Answer]],
    work: Callable[[AsyncSession], Awaitable[Answer]],
) -> Answer:
    """Run work that must be kept whatever becomes of the caller's transaction, unless it would wait for just that.

    Where it would, it becomes a part of the caller's transaction: on SQLite, which has one writer at a time, where the
    caller is in a transaction for real; elsewhere, where nobody can see that one connection waits for another of the
    same task, where the work has not been done within :data:`PATIENCE`.

    Args:
        session: The caller's, if it has one.
        own: Runs the work in a transaction of its own.
        work: What to run.
    """
    if session is None or not session.in_transaction():
        return await own()
    if await has_begun(session):
        return await within(session, work)
    try:
        async with asyncio.timeout(PATIENCE) as patience:
            return await own()
    except TimeoutError:
        if not patience.expired():
            raise
    return await within(session, work)
