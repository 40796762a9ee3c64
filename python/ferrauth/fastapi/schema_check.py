"""Whether a database has the tables that models are of, with their columns, and keys of their kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.types import NullType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Column, Connection, Dialect, Table
    from sqlalchemy.types import TypeEngine

__all__ = ["misfits"]

FAMILIES = {
    "integer": re.compile(r"(TINY|SMALL|MEDIUM|BIG)?INT(EGER)?\b|(SMALL|BIG)?SERIAL\b"),
    "text": re.compile(r"(N?VAR)?N?CHAR|CHARACTER|(TINY|MEDIUM|LONG|CI)?TEXT\b|CLOB"),
    "uuid": re.compile("UUID"),
    "time": re.compile("DATETIME|TIMESTAMP"),
}
"""Names of types by what they hold; of others, such as an array or a project's own, nothing is said."""


def misfits(connection: Connection, users: Sequence[Table], needed: Sequence[Table]) -> list[str]:
    """Return what a database lacks or has otherwise, each with what to do.

    Args:
        connection: The database.
        users: The tables of the users, whose columns are the project's own: of those the keys are compared.
        needed: The tables that are ferrauth's own or Django's, whose columns are all compared.
    """
    inspector = inspect(connection)
    wrong: list[str] = []
    for table in (*users, *needed):
        if not inspector.has_table(table.name, table.schema):
            wrong.append(f"The table {table.fullname} is missing. Run manage.py migrate, or metadata.create_all.")
            continue
        there = {column["name"]: column["type"] for column in inspector.get_columns(table.name, table.schema)}
        compared = list(table.primary_key) if table in users else list(table.columns)
        wrong += [
            f"The column {table.fullname}.{column.name} is missing. Run manage.py migrate."
            for column in table.columns
            if column.name not in there
        ]
        wrong += _otherwise(table, compared, there, connection.dialect)
    return wrong


def _otherwise(
    table: Table, compared: Sequence[Column[Any]], there: dict[str, TypeEngine[Any]], dialect: Dialect
) -> Iterator[str]:
    for column in compared:
        found = there.get(column.name)
        if found is None or isinstance(found, NullType):
            continue
        has, wanted = found.compile(dialect=dialect), column.type.compile(dialect=dialect)
        if None not in (_family(has), _family(wanted)) and _family(has) != _family(wanted):
            yield (
                f"The column {table.fullname}.{column.name} is {has} in the database, and the model says {wanted}: the "
                "table was made for other users. Name the models that fit it, or make it anew."
            )


def _family(name: str) -> str | None:
    """Return what kind of values a type is for, by its name."""
    return next((family for family, pattern in FAMILIES.items() if pattern.match(name.upper())), None)
