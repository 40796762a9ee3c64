"""For ``env.py``: keeps Alembic's autogenerate silent about what Django makes and SQLAlchemy does not map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ferrauth.fastapi.models import metadata

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

__all__ = ["include_object"]

LIKE = "_like"
"""How the indexes end that Django makes for ``LIKE`` on PostgreSQL."""

MIGRATIONS = "django_migrations"
"""Django's own record, which it makes itself."""

UNIQUE = "_uniq"
"""How unique constraints end that Django writes as indexes on SQLite."""


def include_object(
    obj: SchemaItem, name: str | None, type_: str, reflected: bool, compare_to: SchemaItem | None
) -> bool:
    """Tell Alembic whether to compare something: ``context.configure(include_object=include_object, ...)``.

    With ``target_metadata = [Base.metadata, ferrauth.fastapi.metadata]``, autogenerate makes ferrauth's tables where
    there are none, and leaves alone what Django's migrations made of them. A table that no metadata has is another
    Django application's, and is never dropped.

    Args:
        obj: The table, column, index or constraint.
        name: Its name.
        type_: ``"table"``, ``"column"``, ``"index"``, ``"unique_constraint"`` or ``"foreign_key_constraint"``.
        reflected: Whether it is the database's.
        compare_to: What it is compared with; ``None`` where only one side has it.
    """
    if type_ == "table":
        return name != MIGRATIONS and not (reflected and compare_to is None)
    if type_ in {"index", "unique_constraint"} and name is not None and name.endswith((LIKE, UNIQUE)):
        return False
    table: Any = getattr(obj, "table", None)
    if table is None or table.name not in metadata.tables:
        return True
    # SQLite does not tell all of constraints, nor their names; and a type has two names, such as char(32) and uuid.
    return type_ in {"column", "index"} and compare_to is None
