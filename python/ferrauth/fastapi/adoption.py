"""Django's record of migrations, for tables that SQLAlchemy made: so that a Django project can come later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Identity, MetaData, String, Table, event, insert, inspect, select

from ferrauth.fastapi.types import BigKey, UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["MIGRATIONS", "RECORD", "record", "record_when_made"]

RECORD = Table(
    "django_migrations",
    MetaData(),
    Column("id", BigKey, Identity(), primary_key=True),
    Column("app", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("applied", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
"""Django's record of the migrations that a database is the outcome of. No metadata of a project has it."""

MIGRATIONS = {
    # Of Django 5.2 to 6.1, which have made these tables alike.
    "contenttypes": ("0001_initial", "0002_remove_content_type_name"),
    "auth": (
        "0001_initial",
        "0002_alter_permission_name_max_length",
        "0003_alter_user_email_max_length",
        "0004_alter_user_username_opts",
        "0005_alter_user_last_login_null",
        "0006_require_contenttypes_0002",
        "0007_alter_validators_add_error_messages",
        "0008_alter_user_username_max_length",
        "0009_alter_user_last_name_max_length",
        "0010_alter_group_name_max_length",
        "0011_update_proxy_permissions",
        "0012_alter_user_first_name_max_length",
    ),
    "ferrauth": ("0001_initial", "0002_limits_and_audit", "0003_email_and_outbox"),
}
"""The migrations whose outcome the tables are."""

TABLES = {
    "contenttypes": ("django_content_type",),
    # Users are another application's where a project has its own.
    "auth": ("auth_permission", "auth_group", "auth_group_permissions"),
    "ferrauth": (
        "ferrauth_refreshsession",
        "ferrauth_attemptcounter",
        "ferrauth_auditevent",
        "ferrauth_emailaddress",
        "ferrauth_outboxmessage",
    ),
}
"""What each application's migrations make for all projects."""

FIRST = "0001_initial"
"""How ``manage.py makemigrations`` names the first migration of an application."""


def record(connection: Connection, users: Table) -> None:
    """Add to Django's record what is missing of the migrations whose tables are there.

    Django's own applications are left alone where Django has recorded any of their migrations: it applies the rest.

    Args:
        connection: Whose transaction the rows are written in.
        users: The user table, whose metadata has the others too. The first migration of its application is recorded
            with the rest, since ferrauth's depend on it.
    """
    RECORD.create(connection, checkfirst=True)
    recorded = {(row.app, row.name) for row in connection.execute(select(RECORD.c.app, RECORD.c.name))}
    begun = {app for app, _name in recorded}
    missing = [
        (app, name)
        for app, names in MIGRATIONS.items()
        if (app == "ferrauth" or app not in begun) and _are_there(connection, users.metadata, TABLES[app])
        for name in names
        if (app, name) not in recorded
    ]
    application = users.name.rpartition("_")[0]
    own = application and application not in MIGRATIONS and application not in begun
    if own and _are_there(connection, users.metadata, [users.name]):
        missing.append((application, FIRST))
    if missing:
        now = datetime.now(UTC)
        connection.execute(insert(RECORD), [{"app": app, "name": name, "applied": now} for app, name in missing])


def record_when_made(users: Table) -> None:
    """Have :func:`record` called whenever ``create_all`` has made tables of ferrauth's.

    Args:
        users: The user table.
    """

    def after_create(_metadata: MetaData, connection: Any, *, tables: Collection[Table], **_more: Any) -> None:
        # Where statements are printed and not executed, nobody can be asked what is there.
        if isinstance(connection, Connection) and any(table.name in TABLES["ferrauth"] for table in tables):
            record(connection, users)

    event.listen(users.metadata, "after_create", after_create)


def _are_there(connection: Connection, metadata: MetaData, names: Collection[str]) -> bool:
    """Tell whether tables are there with all columns, as the last migration leaves them."""
    inspector = inspect(connection)
    for name in names:
        table = metadata.tables.get(name)
        if table is None or not inspector.has_table(name):
            return False
        if {column.name for column in table.columns} - {column["name"] for column in inspector.get_columns(name)}:
            return False
    return True
