"""Errors of ``manage.py check --deploy``: what a project must decide before strangers reach it.

Each has an id, lines to paste, and a section of ``docs/checks.md``. None of them stops an import or the start of a
project that uses the hasher or the tokens alone; :func:`require_shared_counters` is for the HTTP surface.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.urls import URLPattern, URLResolver, get_resolver

from ferrauth.accounts import checks as rules
from ferrauth.django.conf import NEEDS_USE_TZ, get_settings
from ferrauth.django.counters import get_counters, place
from ferrauth.django.transactions import alias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["check_shared_counters", "register_checks", "require_shared_counters"]

BACKEND = "ferrauth.django.backends.FerrauthBackend"
REWRITING_BACKENDS = frozenset(
    {
        "django.contrib.auth.backends.ModelBackend",
        "django.contrib.auth.backends.AllowAllUsersModelBackend",
    }
)
"""Backends that renew an outdated password by themselves, and so end the sessions that began with it."""

LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"

HTTPS_SETTINGS = {
    "SECURE_HSTS_SECONDS": ("W004", "60 * 60 * 24 * 365"),
    "SECURE_SSL_REDIRECT": ("W008", "True"),
    "SESSION_COOKIE_SECURE": ("W012", "True"),
    "CSRF_COOKIE_SECURE": ("W016", "True"),
}
"""Settings that keep what is secret on HTTPS, with Django's own check of each."""


REDIS = 'FERRAUTH = {"REDIS_URL": "redis://127.0.0.1:6379/0"}'
HOSTS = 'ALLOWED_HOSTS = ["www.example.com"]'


def check_shared_counters(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E001: each process counts attempts for itself.

    Or the place to count that was asked for cannot be had, which every login would answer with a server error.
    """
    settings = get_settings()
    try:
        get_counters()
    except ImproperlyConfigured as error:
        return [_error(1, f"Login attempts cannot be counted. {error}", REDIS)]
    backend = django_settings.CACHES.get(settings.cache_alias, {}).get("BACKEND", "none")
    cache = f"no cache {settings.cache_alias!r} that can count ({backend})"
    wrong = rules.lonely_counters(settings, place(settings), lacking=("no Redis", "no PostgreSQL", cache))
    if wrong is None:
        return []
    return [_error(1, wrong, REDIS, note='Or "THROTTLE_BACKEND": "local", where one process is meant.')]


def check_rehash_writers(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E002: another backend beside ferrauth's renews passwords, without the sessions that belong to them."""
    backends = list(django_settings.AUTHENTICATION_BACKENDS)
    others = [backend for backend in backends if backend in REWRITING_BACKENDS]
    if BACKEND not in backends or not others:
        return []
    kept = [backend for backend in backends if backend not in others]
    message = f"{', '.join(others)} renews passwords too, and a login through it ends the user's sessions."
    return [_error(2, message, f"AUTHENTICATION_BACKENDS = {kept!r}")]


def check_migrations(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E003: a migration of ferrauth is not applied. Asked of a database, so only with ``--database``."""
    if alias() not in (databases or ()):
        return []
    try:
        executor = MigrationExecutor(connections[alias()])
    except DatabaseError:
        return []  # It cannot be asked; what is wrong with it others say.
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "ferrauth"]
    missing = [migration.name for migration, _backwards in executor.migration_plan(targets) if _is_ours(migration)]
    if not missing:
        return []
    return [_error(3, f"Migrations are not applied: {', '.join(missing)}.", "python manage.py migrate ferrauth")]


def _is_ours(migration: Any) -> bool:
    return bool(migration.app_label == "ferrauth")


def check_https(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E004: tokens and passwords may travel without encryption. Django has a warning for each part of it."""
    missing = {name: found for name, found in HTTPS_SETTINGS.items() if not getattr(django_settings, name)}
    if not missing:
        return []
    warnings = ", ".join(f"security.{number}" for number, _line in missing.values())
    return [
        _error(
            4,
            f"Passwords and tokens may travel without HTTPS: see Django's {warnings}.",
            *(f"{name} = {value}" for name, (_number, value) in missing.items()),
        )
    ]


def check_login_required(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E005: a middleware sends whoever has no session cookie to a login page, and so every API client."""
    if LOGIN_REQUIRED not in django_settings.MIDDLEWARE:
        return []
    if all(not getattr(view, "login_required", True) for view in _ninja_views()):
        return []
    return [
        _error(
            5,
            "LoginRequiredMiddleware redirects API clients, which have a token and no session, to a login page.",
            f'MIDDLEWARE.remove("{LOGIN_REQUIRED}")',
        )
    ]


def check_atomic_requests(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E006: Django answers async views with a server error where a database has ``ATOMIC_REQUESTS``."""
    atomic = [name for name, database in django_settings.DATABASES.items() if database.get("ATOMIC_REQUESTS")]
    if not atomic or not any(inspect.iscoroutinefunction(view) for view in _ninja_views()):
        return []
    message = f"The API has async views, and ATOMIC_REQUESTS of {', '.join(map(repr, atomic))} refuses to run them."
    return [_error(6, message, *(f'DATABASES["{name}"]["ATOMIC_REQUESTS"] = False' for name in atomic))]


def check_proxies(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E007: there is a proxy that limits do not know."""
    behind = [name for name in ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST") if getattr(django_settings, name)]
    wrong = rules.unknown_proxy(get_settings(), behind[0] if behind else None)
    if wrong is None:
        return []
    note = "Or the proxies' networks, where their number differs from request to request."
    return [_error(7, wrong, 'FERRAUTH["TRUSTED_PROXIES"] = 1', note=note)]


def check_secret_key(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E008: the signing keys are derived from a secret that can be known or guessed."""
    wrong = rules.weak_secret(get_settings(), [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS])
    if wrong is None:
        return []
    lines = ("import os", 'SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]')
    return [_error(8, wrong, *lines, note=f"Make one: {rules.MAKE_A_SECRET}.")]


def check_hosts(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E009: any name, or none, is this server's; a poisoned ``Host`` reaches caches and mail (E09)."""
    if django_settings.ALLOWED_HOSTS and "*" not in django_settings.ALLOWED_HOSTS:
        return []
    return [_error(9, "ALLOWED_HOSTS does not say by which names this server is called.", HOSTS)]


def check_base_urls(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E010: mails have no links, or ones that travel without encryption."""
    wrong = rules.missing_links(get_settings())
    if wrong is None:
        return []
    note = 'Or one URL each: {"verify": "https://.../?token={token}", "reset": ...}.'
    return [_error(10, wrong, 'FERRAUTH["BASE_URLS"] = "https://www.example.com"', note=note)]


def check_time_zone(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E011: no session can be stored. The first login says so too; a project that only hashes is left in peace."""
    return [] if django_settings.USE_TZ else [_error(11, NEEDS_USE_TZ, "USE_TZ = True")]


def register_checks() -> None:
    """Register the errors of ``check --deploy``."""
    checks: tuple[Callable[..., list[CheckMessage]], ...] = (
        check_shared_counters,
        check_rehash_writers,
        check_https,
        check_login_required,
        check_atomic_requests,
        check_proxies,
        check_secret_key,
        check_hosts,
        check_base_urls,
        check_time_zone,
    )
    for check in checks:
        register(check, Tags.security, deploy=True)
    register(check_migrations, Tags.database, deploy=True)


def require_shared_counters() -> None:
    """Refuse to serve logins whose limits hold in each process only.

    Raises:
        ImproperlyConfigured: DEBUG is off, and attempts would be counted by each process for itself.
    """
    if django_settings.DEBUG:
        return
    for message in check_shared_counters():
        raise ImproperlyConfigured(f"{message.msg} {message.hint}")


def _error(number: int, message: str, *lines: str, note: str = "") -> Error:
    """Make an error with lines to paste, and perhaps a sentence after them."""
    pasted = "\n".join(f"    {line}" for line in lines)
    after = f"{note} " if note else ""
    return Error(
        message,
        hint=f"Paste, and adapt:\n{pasted}\n{after}See docs/checks.md#ferrauthe{number:03}.",
        id=f"ferrauth.E{number:03}",
    )


def _ninja_views() -> Iterator[Any]:
    """Yield the views of Django Ninja that the URL configuration names."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return
    waiting: list[Any] = list(get_resolver().url_patterns)
    while waiting:
        pattern = waiting.pop()
        if isinstance(pattern, URLResolver):
            waiting += pattern.url_patterns
        elif isinstance(pattern, URLPattern) and getattr(pattern.callback, "__module__", "").startswith("ninja."):
            yield pattern.callback
