"""Where a FastAPI project counts attempts: the same Redis, or the same table in PostgreSQL, as Django's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from ferrauth.accounts import postgres_counters
from ferrauth.accounts.counters import AsyncGuardedCounters, LocalCounters
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.fastapi.backend import execute

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ferrauth.accounts.effects import Allowance
    from ferrauth.accounts.postgres_counters import Statement
    from ferrauth.accounts.throttling import Counter
    from ferrauth.fastapi.backend import Backend

__all__ = ["AsyncDatabaseCounters", "AsyncLocalCounters", "make_counters", "place"]

Result = TypeVar("Result")


def place(backend: Backend) -> str:
    """Return where attempts are counted: ``"redis"``, ``"database"`` or ``"local"``.

    Raises:
        ConfigurationError: ``THROTTLE_BACKEND`` names what this project does not have.
    """
    settings = backend.settings
    in_postgres = backend.engine is not None and backend.engine.dialect.name == "postgresql"
    match settings.throttle_backend:
        case "auto":
            return "redis" if settings.redis_url else "database" if in_postgres else "local"
        case "redis" if not settings.redis_url:
            raise ConfigurationError('THROTTLE_BACKEND is "redis", and REDIS_URL is not set.')
        case "database" if not in_postgres:
            raise ConfigurationError('THROTTLE_BACKEND: "database" counts in PostgreSQL, and this database is another.')
        case "cache":
            raise ConfigurationError('THROTTLE_BACKEND: "cache" is a cache of Django\'s. Use "redis" here.')
    return settings.throttle_backend


def make_counters(backend: Backend) -> AsyncGuardedCounters:
    """Return the project's counters.

    Raises:
        ConfigurationError: As for :func:`place`.
    """
    settings, where = backend.settings, place(backend)
    counters: Any
    if where == "redis":
        from ferrauth.accounts.redis_counters import AsyncRedisCounters

        counters = AsyncRedisCounters(settings.redis_url or "")
    elif where == "database":
        counters = AsyncDatabaseCounters(backend)
    else:
        counters = AsyncLocalCounters()
    return AsyncGuardedCounters(counters, deny=settings.on_counter_failure == "deny")


class AsyncLocalCounters:
    """Counts in this process alone."""

    def __init__(self) -> None:
        self._counters = LocalCounters()

    async def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none."""
        return self._counters.reserve(counters)

    async def release(self, receipt: Any) -> None:
        """Give back what a reservation counted."""
        self._counters.release(receipt)


class AsyncDatabaseCounters:
    """Counts in the table of :class:`~ferrauth.fastapi.models.AttemptCounter`, by the database's clock."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none."""
        return await self._carry(postgres_counters.reserve(counters))

    async def release(self, receipt: Any) -> None:
        """Give back what a reservation counted."""
        await self._carry(postgres_counters.release(receipt))

    async def _carry(self, statements: Generator[Statement, Sequence[Any], Result]) -> Result:
        async with self._backend.single() as session:
            try:
                statement = next(statements)
                while True:
                    sql = text(statement.sql % postgres_counters.NAMES)
                    rows = (await execute(session, sql, statement.values)).all()
                    statement = statements.send(rows)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
