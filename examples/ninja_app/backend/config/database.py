"""Which database: a URL, as most hosts hand one out, read without another package."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from pathlib import Path


def sqlite(path: Path | str) -> dict[str, object]:
    """Return the settings of a SQLite file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            # A transaction takes its write lock at the start. Taken at the first write after a read, SQLite refuses
            # it at once ("database is locked") where another connection has written in between.
            "transaction_mode": "IMMEDIATE",
            # Readers go on while one writes.
            "init_command": "PRAGMA journal_mode=WAL",
        },
    }


def database(url: str) -> dict[str, object]:
    """Return the settings of the database that a URL names.

    Args:
        url: ``postgresql://user:password@host:port/name?sslmode=verify-full``, whose query goes to libpq as it is, or
            ``sqlite:////var/lib/app/db.sqlite3``, with the whole path after three slashes.

    Raises:
        ImproperlyConfigured: It is neither. What was given is not repeated, since it may hold a password.
    """
    parts = urlsplit(url)
    name = unquote(parts.path[1:])
    if parts.scheme == "sqlite" and not parts.netloc and name:
        return sqlite(name)
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise ImproperlyConfigured(
            "DJANGO_DATABASE_URL is neither postgresql://user:password@host/name nor sqlite:///path."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {},
    }
