"""For ``env.py``: keeps Alembic's autogenerate silent about what Django makes, and its scripts free of ferrauth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from ferrauth.fastapi.models import record_migrations
from ferrauth.fastapi.naming import SHARED_TABLES, USER_TABLES
from ferrauth.fastapi.types import Json, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

__all__ = ["include_object", "record_migrations", "render_item"]

DJANGO_NAME = re.compile(r"_[0-9a-f]{8}_(like|uniq)")
"""How the names end of the indexes that Django makes for ``LIKE`` on PostgreSQL, and for uniqueness on SQLite."""

LOGIN_COLUMNS = frozenset({"email", "username"})
"""The unique columns of ferrauth's mixins. Of those SQLAlchemy does not see on SQLite whether they are unique there:
Django writes it at the column."""


def include_object(
    obj: SchemaItem, name: str | None, type_: str, reflected: bool, compare_to: SchemaItem | None
) -> bool:
    """Tell Alembic whether to compare something: ``context.configure(include_object=include_object, ...)``.

    With ``target_metadata = [Base.metadata, ferrauth.fastapi.metadata]``, autogenerate makes ferrauth's tables where
    there are none, and leaves alone what Django's migrations made of them. What only the database has is never dropped
    where it may be Django's: a table, and a column, an index or a constraint of a user table, of ferrauth's tables and
    of Django's.

    Args:
        obj: The table, column, index or constraint.
        name: Its name.
        type_: ``"table"``, ``"column"``, ``"index"``, ``"unique_constraint"`` or ``"foreign_key_constraint"``.
        reflected: Whether it is the database's.
        compare_to: What it is compared with; ``None`` where only one side has it.
    """
    of_the_database_alone = reflected and compare_to is None
    if type_ == "table":
        return not of_the_database_alone
    item: Any = obj
    digest = DJANGO_NAME.search(name or "")
    if item.table.name in SHARED_TABLES | USER_TABLES and digest is not None and digest[1] == "like":
        return False  # Alembic would make it on every database, where it is PostgreSQL's alone.
    if item.table.name in SHARED_TABLES:
        # SQLite does not tell all of constraints, nor their names; and a type has two names, such as char(32) and uuid.
        return type_ in {"column", "index"} and compare_to is None and not reflected
    if item.table.name in USER_TABLES:
        unseen = type_ == "unique_constraint" and {column.name for column in item.columns} <= LOGIN_COLUMNS
        return not of_the_database_alone and not unseen
    return not of_the_database_alone or digest is None


def render_item(type_: str, obj: Any, autogen_context: Any) -> str | Literal[False]:
    """Write ferrauth's types as SQLAlchemy's: ``context.configure(render_item=render_item, ...)``.

    Args:
        type_: ``"type"``, or what else it is.
        obj: The type, or something else that the script needs.
        autogen_context: Alembic's, which gathers what the script imports.

    Returns:
        Python; ``False`` where Alembic knows how to write it.
    """
    if type_ != "type":
        return False
    prefix = autogen_context.opts.get("sqlalchemy_module_prefix") or ""
    if isinstance(obj, UtcDateTime):
        return f"{prefix}DateTime(timezone=True)"
    if isinstance(obj, Json):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return f"{prefix}JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False
