"""What must hold before the first request: checked at start-up, each with what to do about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.fastapi.counters import place
from ferrauth.fastapi.models import AttemptCounter, AuditEvent, OutboxMessage
from ferrauth.fastapi.permissions import PermissionsMixin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

    from ferrauth.fastapi.backend import Backend

__all__ = ["check"]

logger = logging.getLogger("ferrauth.fastapi")

INSECURE_PREFIX = "django-insecure-"
"""How a SECRET_KEY starts that ``startproject`` wrote into a file (``django.core.management.utils``)."""


async def check(backend: Backend, *, secret: str, debug: bool) -> None:
    """Check a configuration.

    Args:
        backend: The project's database.
        secret: The secret that signs.
        debug: Whether what is fit for development alone is let pass.

    Raises:
        ConfigurationError: All that is wrong, and what to do about each.
    """
    wrong = [] if debug else [*_secret(backend, secret), *_counters(backend)]
    wrong += await _tables(backend)
    if wrong:
        raise ConfigurationError("\n".join(wrong))


def _secret(backend: Backend, secret: str) -> Iterator[str]:
    if backend.settings.keys is None and secret.startswith(INSECURE_PREFIX):
        yield (
            "SECRET_KEY is the one that startproject wrote, and the keys that sign tokens are derived from it. Make "
            'one: python -c "import secrets; print(secrets.token_urlsafe(64))"'
        )


def _counters(backend: Backend) -> Iterator[str]:
    if backend.settings.throttle_backend == "auto" and place(backend) == "local":
        yield (
            "Login attempts would be counted by each process for itself: there is no Redis and no PostgreSQL. Set "
            "FERRAUTH_REDIS_URL=redis://127.0.0.1:6379/0, or FERRAUTH_THROTTLE_BACKEND=local where one process is "
            "meant."
        )


async def _tables(backend: Backend) -> list[str]:
    needed = [*_mapped(backend.users), *_mapped(backend.sessions), *_mapped(OutboxMessage)]
    if backend.settings.email_field is None:
        needed += _mapped(backend.emails)
    if issubclass(backend.users, PermissionsMixin):
        tables = backend.users.__permission_tables__
        needed += [tables.content_types, tables.permissions, tables.group_permissions]
        needed += [tables.user_groups, tables.user_permissions]
    if place(backend) == "database":
        needed += _mapped(AttemptCounter)
    if backend.settings.audit_table:
        needed += _mapped(AuditEvent)
    async with backend.single() as session:
        connection = await session.connection()
        return await connection.run_sync(_missing, needed)


def _mapped(model: type[Any]) -> list[Table]:
    return [table for table in inspect(model).tables if table is not None]


def _missing(connection: Connection, needed: list[Table]) -> list[str]:
    inspector = inspect(connection)
    missing = []
    for table in needed:
        if not inspector.has_table(table.name, table.schema):
            missing.append(f"The table {table.fullname} is missing. Run manage.py migrate, or metadata.create_all.")
            continue
        there = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
        missing += [
            f"The column {table.fullname}.{column.name} is missing. Run manage.py migrate."
            for column in table.columns
            if column.name not in there
        ]
    return missing
