"""Column types that write what Django writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, DateTime, Integer
from sqlalchemy.types import JSON, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

__all__ = ["BigKey", "Json", "UtcDateTime"]

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""Django's ``BigAutoField``; SQLite counts up columns of the type ``INTEGER`` alone."""


class UtcDateTime(TypeDecorator[datetime]):
    """Django's ``DateTimeField`` under ``USE_TZ``: an aware datetime in Python, on every database.

    SQLite has no time zones; there the text is UTC, as Django writes it. A naive datetime is refused: which time it
    means, nobody can say.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the driver is given.

        Raises:
            ValueError: The datetime is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a time zone cannot be stored: use datetime.now(UTC).")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def Json() -> JSON:
    """Return the type of Django's ``JSONField``: ``jsonb`` where there is one."""
    from sqlalchemy.dialects.postgresql import JSONB

    return JSON().with_variant(JSONB(), "postgresql")
