"""Counters in PostgreSQL, through Django's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connections, router

from ferrauth.accounts import postgres_counters
from ferrauth.django.models import AttemptCounter
from ferrauth.django.transactions import apart

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ferrauth.accounts.effects import Allowance
    from ferrauth.accounts.postgres_counters import Statement
    from ferrauth.accounts.throttling import Counter

__all__ = ["DatabaseCounters", "alias"]

Result = TypeVar("Result")


class DatabaseCounters:
    """Counts in the table of :class:`~ferrauth.django.models.AttemptCounter`, by the database's clock."""

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none."""
        return _carry(postgres_counters.reserve(counters))

    def release(self, receipt: Any) -> None:
        """Give back what a reservation counted."""
        _carry(postgres_counters.release(receipt))

    def reset(self, keys: Sequence[str]) -> int:
        """Forget counters, and return how many there were."""
        rows = AttemptCounter._base_manager.using(alias()).filter(key__in=keys)
        return apart(lambda: rows.delete()[0], using=alias())


def alias() -> str:
    """Return the database that attempts are counted in."""
    return router.db_for_write(AttemptCounter)


def _carry(statements: Generator[Statement, Sequence[Any], Result]) -> Result:
    return apart(lambda: _execute(statements), using=alias())


def _execute(statements: Generator[Statement, Sequence[Any], Result]) -> Result:
    with connections[alias()].cursor() as cursor:
        try:
            statement = next(statements)
            while True:
                cursor.execute(statement.sql, statement.values)
                statement = statements.send(cursor.fetchall())
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
