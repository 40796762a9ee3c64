"""The names that Django gives to indexes and constraints, and the tables that both frameworks know by name."""

from __future__ import annotations

import hashlib

from sqlalchemy import Index

__all__ = ["LIKE", "SHARED_TABLES", "USER_TABLES", "django_index", "django_name", "like_index"]

NAME_LENGTH = 63
"""Bytes that PostgreSQL keeps of a name (``NAMEDATALEN`` - 1)."""

DIGEST_LENGTH = 8

LIKE = "_like"
"""How the indexes end that Django makes for ``LIKE`` on PostgreSQL."""

SHARED_TABLES: set[str] = set()
"""ferrauth's tables and those of Django that it maps: each is the same, whichever framework made it."""

USER_TABLES: set[str] = set()
"""The tables of projects' own users, which have columns that ferrauth knows nothing of."""


def django_name(table: str, *columns: str, suffix: str = "") -> str:
    """Return the name that Django gives to an index or a constraint (``BaseDatabaseSchemaEditor._create_index_name``).

    Args:
        table: Whose it is.
        columns: What it is about.
        suffix: What kind it is, such as ``"_uniq"``; none for an index.
    """
    # A digest of names, and Django's choice.
    digest = hashlib.md5("".join((table, *columns)).encode(), usedforsecurity=False).hexdigest()[:DIGEST_LENGTH]
    end, middle = digest + suffix, "_".join(columns)
    name = f"{table}_{middle}_{end}"
    if len(name) <= NAME_LENGTH:
        return name
    if len(end) > NAME_LENGTH / 3:
        end = end[: NAME_LENGTH // 3]
    each = (NAME_LENGTH - len(end)) // 2 - 1
    return f"{table[:each]}_{middle[:each]}_{end}"


def django_index(table: str, column: str) -> Index:
    """Return the index that Django makes of a column.

    Args:
        table: Whose it is.
        column: What it is about.
    """
    return Index(django_name(table, column), column)


def like_index(table: str, column: str) -> Index:
    """Return the index that Django makes on PostgreSQL beside that of a unique or indexed text column.

    Args:
        table: Whose it is.
        column: What it is about.
    """
    name = django_name(table, column, suffix=LIKE)
    return Index(name, column, postgresql_ops={column: "varchar_pattern_ops"}).ddl_if(dialect="postgresql")
