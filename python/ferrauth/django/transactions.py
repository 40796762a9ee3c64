"""Which transaction a statement runs in, and what to do when the database asks to try again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import OperationalError, connections, router

from ferrauth.accounts.transactions import is_transient
from ferrauth.django.models import RefreshSession

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["alias", "apart", "in_transaction", "retried"]

Result = TypeVar("Result")


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

    Args:
        work: What to run.
        using: The database that it writes to; the sessions' where it is ``None``.
    """
    if not in_transaction(using=using):
        return work()

    def in_thread() -> Result:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ferrauth-apart") as pool:
        return pool.submit(in_thread).result()


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
