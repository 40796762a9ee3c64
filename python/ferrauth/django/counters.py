"""Where a Django project counts attempts: Redis, PostgreSQL, another shared cache, or this process."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.cache.backends.base import InvalidCacheBackendError
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import connections

from ferrauth.accounts.counters import GuardedCounters, LocalCounters
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.django.conf import get_settings

if TYPE_CHECKING:
    from ferrauth.accounts.settings import Settings

__all__ = ["get_bad_tokens", "get_counters", "place"]

REDIS_CACHES = frozenset({"django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"})

ATOMIC_CACHES = frozenset(
    {
        "django.core.cache.backends.memcached.PyMemcacheCache",
        "django.core.cache.backends.memcached.PyLibMCCache",
    }
)
"""Caches that add to a number in one step. Django's others read it and then write it (``BaseCache.incr``, T04)."""

MAX_BAD_TOKEN_COUNTERS = 10_000
"""Addresses whose bad tokens a process counts, some 3 MB; what comes then shares one counter."""

_CLIENT_OPTIONS = ("username", "password", "db")
"""Options of a Redis cache that say how to reach the server; its pools and serializers are its own."""

_SOURCES = frozenset({"FERRAUTH", "CACHES", "DATABASES"})


def place(settings: Settings) -> str:
    """Return where attempts are counted: ``"redis"``, ``"database"``, ``"cache"`` or ``"local"``.

    Args:
        settings: ``"auto"`` is the first of these that the project has.
    """
    if settings.throttle_backend != "auto":
        return settings.throttle_backend
    backend = _cache(settings).get("BACKEND")
    if settings.redis_url or backend in REDIS_CACHES:
        return "redis"
    if _counts_in_postgres():
        return "database"
    return "cache" if backend in ATOMIC_CACHES else "local"


@cache
def get_counters() -> GuardedCounters:
    """Return the project's counters.

    Raises:
        ImproperlyConfigured: What ``THROTTLE_BACKEND`` names cannot be had.
    """
    settings = get_settings()
    try:
        return GuardedCounters(_make(settings), deny=settings.on_counter_failure == "deny")
    except (ConfigurationError, InvalidCacheBackendError, ImportError) as error:
        raise ImproperlyConfigured(f"FERRAUTH: {error}") from None


@cache
def get_bad_tokens() -> LocalCounters:
    """Return where bad access tokens are counted: in this process, since each costs less than asking another would."""
    return LocalCounters(capacity=MAX_BAD_TOKEN_COUNTERS)


def _make(settings: Settings) -> Any:
    where = place(settings)
    if where == "redis":
        if importlib.util.find_spec("redis") is None:
            raise ConfigurationError(
                "REDIS_URL or the cache names a Redis, and its client is not installed: ferrauth[redis]."
            )
        from ferrauth.accounts.redis_counters import RedisCounters

        url, options = _redis(settings)
        return RedisCounters(url, options=options)
    if where == "database":
        if not _counts_in_postgres():
            raise ConfigurationError('THROTTLE_BACKEND: "database" counts in PostgreSQL, and this database is another.')
        from ferrauth.django.database_counters import DatabaseCounters

        return DatabaseCounters()
    if where == "cache":
        if _cache(settings).get("BACKEND") not in ATOMIC_CACHES:
            raise ConfigurationError('THROTTLE_BACKEND: "cache" counts in memcached; other caches cannot count.')
        from ferrauth.django.cache_counters import CacheCounters

        return CacheCounters(caches[settings.cache_alias])
    return LocalCounters()


def _redis(settings: Settings) -> tuple[str, dict[str, Any]]:
    if settings.redis_url:
        return settings.redis_url, {}
    cache_settings = _cache(settings)
    if cache_settings.get("BACKEND") not in REDIS_CACHES:
        raise ConfigurationError("REDIS_URL is not set, and the cache that CACHE_ALIAS names is no Redis.")
    location = cache_settings.get("LOCATION", "")
    if isinstance(location, str):
        location = location.replace(";", ",").split(",")
    options = cache_settings.get("OPTIONS", {})
    # The first server is the one that is written to; the others are replicas, which lag (T30).
    return location[0], {name.lower(): options[name] for name in options if name.lower() in _CLIENT_OPTIONS}


def _cache(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = django_settings.CACHES.get(settings.cache_alias, {})
    return found


def _counts_in_postgres() -> bool:
    from ferrauth.django.database_counters import alias

    return connections[alias()].vendor == "postgresql"


def _on_setting_changed(*, setting: str, **kwargs: Any) -> None:  # noqa: ARG001
    if setting in _SOURCES:
        get_counters.cache_clear()
        get_bad_tokens.cache_clear()


setting_changed.connect(_on_setting_changed, dispatch_uid="ferrauth.counters")
