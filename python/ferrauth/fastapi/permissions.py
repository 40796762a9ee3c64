"""Django's groups and permissions: their tables, and whether a user has one, by Django's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Identity,
    Index,
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
from ferrauth.fastapi.types import BigKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["PermissionTables", "PermissionsMixin", "like_index", "load_permissions"]

SEPARATOR = "\x1f"
"""ASCII's unit separator, which stands between permissions that come in one value; no name of one has it."""


def like_index(table: str, column: str, digest: str) -> Index:
    """Return the index that Django makes on PostgreSQL beside that of a unique or indexed text column."""
    name = f"{table}_{column}_{digest}_like"
    return Index(name, column, postgresql_ops={column: "varchar_pattern_ops"}).ddl_if(dialect="postgresql")


def _key(target: str, name: str) -> ForeignKey:
    return ForeignKey(target, name=name, deferrable=True, initially="DEFERRED")


class PermissionTables:
    """Django's tables of groups and permissions, and those that join them to one user table.

    Args:
        metadata: Where they belong.
        user_table: The user table; Django joins by ``<user_table>_groups`` and ``<user_table>_user_permissions``.
        user_key: The type of its key.
    """

    def __init__(self, metadata: MetaData, user_table: str = "auth_user", user_key: Any = None) -> None:
        self.content_types = Table(
            "django_content_type",
            metadata,
            Column("id", Integer, Identity(), primary_key=True),
            Column("app_label", String(100), nullable=False),
            Column("model", String(100), nullable=False),
            UniqueConstraint("app_label", "model", name="django_content_type_app_label_model_76bd3d3b_uniq"),
            sqlite_autoincrement=True,
        )
        self.permissions = Table(
            "auth_permission",
            metadata,
            Column("id", Integer, Identity(), primary_key=True),
            Column("name", String(255), nullable=False),
            Column(
                "content_type_id",
                _key("django_content_type.id", "auth_permission_content_type_id_2f476e4b_fk_django_co"),
                nullable=False,
            ),
            Column("codename", String(100), nullable=False),
            UniqueConstraint(
                "content_type_id", "codename", name="auth_permission_content_type_id_codename_01ab375a_uniq"
            ),
            Index("auth_permission_content_type_id_2f476e4b", "content_type_id"),
            sqlite_autoincrement=True,
        )
        self.groups = Table(
            "auth_group",
            metadata,
            Column("id", Integer, Identity(), primary_key=True),
            Column("name", String(150), nullable=False, unique=True),
            like_index("auth_group", "name", "a6ea08ec"),
            sqlite_autoincrement=True,
        )
        self.group_permissions = _pairs(
            metadata,
            "auth_group_permissions",
            ("group_id", _key("auth_group.id", "auth_group_permissions_group_id_b120cbf9_fk_auth_group_id"), None),
            (
                "permission_id",
                _key("auth_permission.id", "auth_group_permissio_permission_id_84c5c92e_fk_auth_perm"),
                None,
            ),
            digests=("b120cbf9", "84c5c92e", "0cd325b0"),
        )
        named = user_table == "auth_user"  # Django's digests are of the table's name, and only this one's are known.
        self.user_groups = _pairs(
            metadata,
            f"{user_table}_groups",
            ("user_id", _key(f"{user_table}.id", f"{user_table}_groups_user_id_6a12ed8b_fk_{user_table}_id"), user_key),
            ("group_id", _key("auth_group.id", f"{user_table}_groups_group_id_97559544_fk_auth_group_id"), None),
            digests=("6a12ed8b", "97559544", "94350c0c") if named else None,
        )
        self.user_permissions = _pairs(
            metadata,
            f"{user_table}_user_permissions",
            (
                "user_id",
                _key(f"{user_table}.id", f"{user_table}_user_permissions_user_id_a95ead1b_fk_{user_table}_id"),
                user_key,
            ),
            (
                "permission_id",
                _key("auth_permission.id", f"{user_table}_user_permi_permission_id_1fbb5f2c_fk_auth_perm"),
                None,
            ),
            digests=("a95ead1b", "1fbb5f2c", "14a6b632") if named else None,
        )

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
        of_user = names.join(own, own.c.permission_id == self.permissions.c.id).where(own.c.user_id == user_id)
        through, groups = self.group_permissions, self.user_groups
        of_groups = (
            names.join(through, through.c.permission_id == self.permissions.c.id)
            .join(groups, groups.c.group_id == through.c.group_id)
            .where(groups.c.user_id == user_id)
        )
        return of_user.scalar_subquery(), of_groups.scalar_subquery()


def _pairs(
    metadata: MetaData,
    table: str,
    left: tuple[str, ForeignKey, Any],
    right: tuple[str, ForeignKey, Any],
    *,
    digests: tuple[str, str, str] | None,
) -> Table:
    """Return a table that joins two others many to many, as Django makes it."""
    items: list[Any] = [
        Column(name, *([kind] if kind is not None else []), key, nullable=False) for name, key, kind in (left, right)
    ]
    names = (left[0], right[0])
    unique = f"{table}_{names[0]}_{names[1]}_{digests[2]}_uniq" if digests else None
    items.append(UniqueConstraint(*names, name=unique))
    for number, name in enumerate(names):
        items.append(Index(f"{table}_{name}_{digests[number]}" if digests else f"ix_{table}_{name}", name))
    return Table(table, metadata, Column("id", BigKey, Identity(), primary_key=True), *items, sqlite_autoincrement=True)


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
