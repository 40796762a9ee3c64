"""Column types that write what Django writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, DateTime, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.operators import OperatorType
    from sqlalchemy.types import TypeEngine

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


class Json(TypeDecorator[Any]):
    """Django's ``JSONField``: ``jsonb`` where there is one."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of one database."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Compare as JSON does, so that ``details["reason"]`` is what its key is."""
        return self.impl_instance.coerce_compared_value(op, value)
