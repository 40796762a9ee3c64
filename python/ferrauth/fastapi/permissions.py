"""Django's groups and permissions: their tables, and whether a user has one, by Django's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    func,
    inspect,
    select,
)

from ferrauth.fastapi.backend import execute
from ferrauth.fastapi.naming import SHARED_TABLES, django_index, django_name, like_index
from ferrauth.fastapi.types import BigKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["PermissionTables", "PermissionsMixin", "load_permissions"]

SEPARATOR = "\x1f"
"""ASCII's unit separator, which stands between permissions that come in one value; no name of one has it."""


class PermissionTables:
    """Django's tables of groups and permissions, and those that join them to one user table.

    Args:
        metadata: Where they belong.
        user_table: The user table; Django joins by ``<user_table>_groups`` and ``<user_table>_user_permissions``.
        user_key: The type of its key; ``None`` takes it from the table, which is in the same metadata.
        key_name: The name of its key.
        user_column: The column that names users in both; by default, as Django, ``<model>_id`` for a table
            ``<application>_<model>``.
    """

    def __init__(
        self,
        metadata: MetaData,
        user_table: str = "auth_user",
        user_key: Any = None,
        *,
        key_name: str = "id",
        user_column: str | None = None,
    ) -> None:
        self.content_types = Table(
            "django_content_type",
            metadata,
            Column("id", Integer, Identity(), primary_key=True),
            Column("app_label", String(100), nullable=False),
            Column("model", String(100), nullable=False),
            _unique("django_content_type", "app_label", "model"),
            sqlite_autoincrement=True,
        )
        self.permissions = Table(
            "auth_permission",
            metadata,
            Column("id", Integer, Identity(), primary_key=True),
            Column("name", String(255), nullable=False),
            _reference("auth_permission", "content_type_id", "django_content_type.id"),
            Column("codename", String(100), nullable=False),
            _unique("auth_permission", "content_type_id", "codename"),
            django_index("auth_permission", "content_type_id"),
            sqlite_autoincrement=True,
        )
        self.groups = Table(
            "auth_group",
            metadata,
            Column("id", Integer, Identity(), primary_key=True),
            Column("name", String(150), nullable=False, unique=True),
            like_index("auth_group", "name"),
            sqlite_autoincrement=True,
        )
        to_group, to_permission = ("group_id", "auth_group.id", None), ("permission_id", "auth_permission.id", None)
        column = user_column or f"{user_table.rpartition('_')[2]}_id"
        to_user = (column, f"{user_table}.{key_name}", user_key)
        self.group_permissions = _pairs(metadata, "auth_group_permissions", to_group, to_permission)
        self.user_groups = _pairs(metadata, f"{user_table}_groups", to_user, to_group)
        self.user_permissions = _pairs(metadata, f"{user_table}_user_permissions", to_user, to_permission)
        self._user_column = column
        joins = (self.group_permissions, self.user_groups, self.user_permissions)
        self.all = (self.content_types, self.permissions, self.groups, *joins)
        SHARED_TABLES.update(table.name for table in self.all)

    def of(self, user_id: Any) -> tuple[ScalarSelect[str], ScalarSelect[str]]:
        """Return subqueries of a user's own permissions and of its groups', each as one text, led by indexes.

        Args:
            user_id: The key, or the column that the subqueries are correlated by.
        """
        name = self.content_types.c.app_label + "." + self.permissions.c.codename
        names = select(func.aggregate_strings(name, SEPARATOR)).select_from(
            self.permissions.join(self.content_types, self.content_types.c.id == self.permissions.c.content_type_id)
        )
        own = self.user_permissions
        of_user = names.join(own, own.c.permission_id == self.permissions.c.id).where(
            own.c[self._user_column] == user_id
        )
        through, groups = self.group_permissions, self.user_groups
        of_groups = (
            names.join(through, through.c.permission_id == self.permissions.c.id)
            .join(groups, groups.c.group_id == through.c.group_id)
            .where(groups.c[self._user_column] == user_id)
        )
        return of_user.scalar_subquery(), of_groups.scalar_subquery()


def _reference(table: str, column: str, target: str, kind: Any = None) -> Column[Any]:
    """Return a column that is another table's key, with the constraint and its name as Django makes them."""
    name = django_name(table, column, suffix=f"_fk_{target.replace('.', '_')}")
    key = ForeignKey(target, name=name, deferrable=True, initially="DEFERRED")
    return Column(column, kind, key, nullable=False)


def _unique(table: str, *columns: str) -> UniqueConstraint:
    return UniqueConstraint(*columns, name=django_name(table, *columns, suffix="_uniq"))


def _pairs(metadata: MetaData, table: str, *sides: tuple[str, str, Any]) -> Table:
    """Return a table that joins two others many to many, as Django makes it."""
    names = [name for name, _target, _kind in sides]
    return Table(
        table,
        metadata,
        Column("id", BigKey, Identity(), primary_key=True),
        *(_reference(table, *side) for side in sides),
        _unique(table, *names),
        *(django_index(table, name) for name in names),
        sqlite_autoincrement=True,
    )


class PermissionsMixin:
    """What Django's ``PermissionsMixin`` and ``ModelBackend`` say of a user, of permissions that were loaded before.

    ``auth.current_user`` loads them with the user, in its one query; for a user from elsewhere,
    ``await load_permissions(session, user)`` does.
    """

    __permission_tables__: PermissionTables
    _ferrauth_permissions: Any = None

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Tell whether the user has a permission such as ``"shop.change_order"``.

        Args:
            perm: The application's label, a dot, the permission's codename.
            obj: As for Django's ``ModelBackend``, which knows no permissions of single objects: ``False`` for any but
                a superuser.

        Raises:
            LookupError: The permissions were not loaded.
        """
        user: Any = self
        if not user.is_active:
            return False
        return bool(user.is_superuser) or (obj is None and perm in self.get_all_permissions())

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        """Tell whether the user has all of these permissions."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Tell whether the user has any permission of an application."""
        user: Any = self
        if not user.is_active:
            return False
        named = f"{app_label}."
        return bool(user.is_superuser) or any(perm.startswith(named) for perm in self.get_all_permissions())

    def get_all_permissions(self) -> frozenset[str]:
        """Return the user's own permissions and its groups'; none of an inactive user's.

        Raises:
            LookupError: They were not loaded.
        """
        user: Any = self
        if not user.is_active:
            return frozenset()
        loaded: frozenset[str] | None = self._ferrauth_permissions
        if loaded is None:
            raise LookupError("The user's permissions were not loaded: await load_permissions(session, user).")
        return loaded

    def remember_permissions(self, *texts: str | None) -> None:
        """Keep permissions as :meth:`PermissionTables.of` selects them."""
        names = frozenset(name for text in texts if text for name in text.split(SEPARATOR))
        self._ferrauth_permissions = names


async def load_permissions(session: AsyncSession, user: Any) -> None:
    """Load a user's permissions, so that ``user.has_perm`` can answer; one query.

    Args:
        session: Where to ask.
        user: A user whose class is a :class:`PermissionsMixin`.
    """
    key = inspect(type(user)).primary_key_from_instance(user)[0]
    row = (await execute(session, select(*type(user).__permission_tables__.of(key)))).one()
    user.remember_permissions(*row)
