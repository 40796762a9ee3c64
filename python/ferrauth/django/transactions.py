"""Which transaction a statement runs in, and what to do when the database asks to try again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import OperationalError, connections, router

from ferrauth.accounts.transactions import CANCELED, is_transient, sqlstate
from ferrauth.django.models import RefreshSession

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["alias", "apart", "in_transaction", "retried"]

Result = TypeVar("Result")

PATIENCE = 5.0
"""Seconds that work apart may take on PostgreSQL before it is taken to wait for its own caller. It is one statement on
one row, so anything like that is a lock; SQLite's default of waiting for one is as long."""


def alias() -> str:
    """Return the database that sessions are written to. They are read from there too: a replica lags."""
    return router.db_for_write(RefreshSession)


def in_transaction(*, using: str | None = None) -> bool:
    """Tell whether the caller is in a transaction of its own. A test case's, which is never committed, is none.

    Args:
        using: The database that is meant; the sessions' where it is ``None``.
    """
    blocks: list[Any] = connections[using or alias()].atomic_blocks
    return any(not block._from_testcase for block in blocks)


def apart(work: Callable[[], Result], *, using: str | None = None) -> Result:
    """Run work that must commit whatever becomes of the caller's transaction, such as ``ATOMIC_REQUESTS`` begins.

    In a transaction, the work gets a thread, whose connection is another one; that costs a connection for the time.
    Where it would wait for its own caller, the work becomes a part of the caller's transaction: on SQLite, which has
    one writer at a time, where that is the caller already; on PostgreSQL, which cannot see that one connection waits
    for another in the same process, where a lock has not been had for :data:`PATIENCE`.

    Args:
        work: What to run.
        using: The database that it writes to; the sessions' where it is ``None``.
    """
    if not in_transaction(using=using):
        return work()
    name = using or alias()

    own: list[Any] = []

    def in_thread() -> Result:
        own.append(connections[name])
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ferrauth-apart") as pool:
        if connections[name].vendor == "sqlite" and pool.submit(_is_written_to, name).result() and _is_writer(name):
            return work()
        found = pool.submit(in_thread)
        if connections[name].vendor != "postgresql" or wait([found], PATIENCE).done:
            return found.result()
        if own and own[0].connection is not None:
            own[0].connection.cancel()
        try:
            return found.result()
        except OperationalError as error:
            if sqlstate(error.__cause__) != CANCELED:
                raise
        return work()


def _is_written_to(name: str) -> bool:
    """Tell whether any transaction is SQLite's writer right now; asked from a thread of its own."""
    try:
        return not _takes_lock(name, "BEGIN IMMEDIATE")
    finally:
        connections.close_all()


def _is_writer(name: str) -> bool:
    """Tell whether the caller's transaction is the writer; it becomes it, where the other one has just ended."""
    table = connections[name].ops.quote_name(RefreshSession._meta.db_table)
    return _takes_lock(name, f"UPDATE {table} SET repeats = 0 WHERE 0")  # noqa: S608 (the table's name is the model's)


def _takes_lock(name: str, statement: str) -> bool:
    """Run a statement that needs SQLite's one write lock and changes nothing; no waiting for the lock."""
    with connections[name].cursor() as cursor:
        timeout = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            cursor.execute(statement)
        except OperationalError:
            return False
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {timeout:d}")
    return True


def retried(work: Callable[[], Result]) -> Result:
    """Run work, and once more where the database rolled it back for another transaction's sake.

    Only outside the caller's transaction, which would have to begin anew.
    """
    try:
        return work()
    except OperationalError as error:
        if in_transaction() or not is_transient(error.__cause__):
            raise
    return work()
