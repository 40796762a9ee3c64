"""What must hold before the first request: checked at start-up, each with what to do about it.

The rules that Django has too are ``ferrauth.accounts.checks``'. What makes limits or signatures worthless refuses the
start, as it does in Django with DEBUG off; ``FastAPI(debug=True)`` says that it is development. What
``manage.py check --deploy`` says besides is logged as a warning. A database or a package that does not fit refuses
either way: nobody could log in.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from ferrauth import build_info
from ferrauth.accounts import checks as rules
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.exceptions import InvalidKeyError
from ferrauth.fastapi.counters import place
from ferrauth.fastapi.models import AttemptCounter, AuditEvent, OutboxMessage
from ferrauth.fastapi.permissions import PermissionsMixin
from ferrauth.fastapi.schema_check import misfits
from ferrauth.keys import KeyRing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapi import FastAPI
    from sqlalchemy import Column, Table

    from ferrauth.fastapi.backend import Backend

__all__ = ["check", "check_parts", "derive_keys"]

logger = logging.getLogger("ferrauth.fastapi")

FORWARDED = "FORWARDED_ALLOW_IPS"
"""Where uvicorn and gunicorn are told which proxies to believe; then a request has its client's address already."""


def derive_keys(secrets: Sequence[str]) -> KeyRing:
    """Return the keys that are made of the project's secrets, the signing one first.

    Args:
        secrets: SECRET_KEY and its fallbacks.

    Raises:
        ConfigurationError: One of them is too short to be one.
    """
    try:
        return KeyRing.from_secrets(list(secrets))
    except InvalidKeyError as error:
        raise ConfigurationError(f"SECRET_KEY, SECRET_KEY_FALLBACKS: {error}") from None


def check_parts(backend: Backend) -> None:
    """Check, before anything runs, that the models fit each other, and that what counts can be had.

    Args:
        backend: The project's models and settings.

    Raises:
        ConfigurationError: Something does not fit; the message says what to do.
    """
    users = backend.users.__name__
    if issubclass(backend.users, PermissionsMixin) and not hasattr(backend.users, "__permission_tables__"):
        raise ConfigurationError(f"{users} has permissions and no tables of them: call make_tables({users}) first.")
    belonging = [backend.sessions] if backend.settings.email_field is not None else [backend.sessions, backend.emails]
    for model in belonging:
        theirs, key = _kind(inspect(model).columns["user_id"]), _kind(backend.user_key)
        if None not in (theirs, key) and theirs is not key:
            raise ConfigurationError(
                f"{model.__name__}.user_id is {theirs}, and the key of {users} is {key}: use what "
                f"make_tables({users}) returns, Auth(..., user_model={users}, **make_tables({users}))."
            )
    if place(backend) == "redis" and importlib.util.find_spec("redis") is None:
        raise ConfigurationError("REDIS_URL names a Redis, and its client is not installed: ferrauth[redis].")


async def check(backend: Backend, *, app: FastAPI, secrets: Sequence[str], mails: bool) -> None:
    """Check a configuration, and log what is not as it should be.

    Args:
        backend: The project's database.
        app: The application. In debug mode what is fit for development alone is let pass.
        secrets: The secrets whose tokens are good.
        mails: Whether this process sends mails.

    Raises:
        ConfigurationError: All that is wrong, and what to do about each.
    """
    wrong = [] if app.debug else list(_errors(backend, secrets))
    wrong += await _tables(backend)
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    if not app.debug:
        for warning in _warnings(backend, app, mails=mails):
            logger.warning(warning)


def _errors(backend: Backend, secrets: Sequence[str]) -> Iterator[str]:
    if found := rules.weak_secret(backend.settings, secrets):
        yield f"{found} Set FERRAUTH_SECRET_KEY; make one: {rules.MAKE_A_SECRET}. {_see('E008')}"
    if found := rules.lonely_counters(backend.settings, place(backend), lacking=("no Redis", "no PostgreSQL")):
        yield (
            f"{found} Set FERRAUTH_REDIS_URL=redis://127.0.0.1:6379/0, or FERRAUTH_THROTTLE_BACKEND=local where one "
            f"process is meant. {_see('E001')}"
        )


def _warnings(backend: Backend, app: FastAPI, *, mails: bool) -> Iterator[str]:
    settings = backend.settings
    if found := rules.missing_links(settings):
        yield f"{found} Set FERRAUTH_BASE_URLS=https://www.example.com. {_see('E010')}"
    forwarded = os.environ.get(FORWARDED)
    # FastAPI has a root_path for a proxy alone, which takes that part of the path away.
    if found := rules.unknown_proxy(settings, "root_path" if app.root_path and forwarded is None else None):
        yield f"{found} Set FERRAUTH_TRUSTED_PROXIES=1, or the server's {FORWARDED}. {_see('E007')}"
    if forwarded == "*" and settings.trusted_proxies is None:
        yield (
            f"{FORWARDED}=* takes a client's address from what the client writes itself, so no limit by address holds. "
            f"Set FERRAUTH_TRUSTED_PROXIES=1, or name the proxies there. {_see('E007')}"
        )
    processes, threads = os.environ.get("WEB_CONCURRENCY", ""), build_info()["threads"]
    if found := rules.crowded_cores(processes, threads=threads, cores=rules.usable_cores()):
        yield f"{found} Set FERRAUTH_THREADS to cores divided by processes. {_see('W002')}"
    if not mails:
        needed = "registrations and resets" if settings.registration == "verify" else "resets"
        yield (
            f"Auth has no mailer, so the mails of {needed} wait until manage.py send_outbox of a Django project sends "
            "them: Auth(..., mailer=SmtpMailer(...))."
        )


def _see(number: str) -> str:
    return f"See docs/checks.md#ferrauth{number.lower()}."


def _kind(column: Column[Any]) -> type[Any] | None:
    """Return what a column's values are in Python; ``None`` where its type does not say."""
    try:
        return column.type.python_type
    except NotImplementedError:
        return None


async def _tables(backend: Backend) -> list[str]:
    users = _mapped(backend.users)
    needed = [*_mapped(backend.sessions), *_mapped(OutboxMessage)]
    if backend.settings.email_field is None:
        needed += _mapped(backend.emails)
    if issubclass(backend.users, PermissionsMixin):
        needed += backend.users.__permission_tables__.all
    if place(backend) == "database":
        needed += _mapped(AttemptCounter)
    if backend.settings.audit_table:
        needed += _mapped(AuditEvent)
    async with backend.single() as session:
        connection = await session.connection()
        return await connection.run_sync(misfits, users, needed)


def _mapped(model: type[Any]) -> list[Table]:
    return [table for table in inspect(model).tables if table is not None]
