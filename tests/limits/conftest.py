"""Places to count, each of them real, and attempts for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ferrauth.accounts.counters import LocalCounters
from ferrauth.accounts.redis_counters import RedisCounters
from ferrauth.accounts.throttling import Counter, Scope
from ferrauth.django.cache_counters import CacheCounters
from ferrauth.django.database_counters import DatabaseCounters
from tests import databases, services

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = ("redis", "cluster", "postgresql", "cache", "local")


def counter(name: str, limit: int, window: int = 60, scope: Scope = Scope.ADDRESS) -> Counter:
    """Return a counter with a key that a person can read."""
    return Counter(f"ferrauth:login:{scope}:{limit}/{window}:{name}", limit, window, scope)


@pytest.fixture
def make_place(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Return a function that makes a place to count, with nothing counted."""

    def make(name: str) -> Any:
        if name == "redis":
            redis = RedisCounters(services.redis())
            redis._client.flushall()
            return redis
        if name == "cluster":
            cluster = RedisCounters(services.redis_cluster())
            cluster._client.flushall(target_nodes="primaries")
            return cluster
        if name == "postgresql":
            request.getfixturevalue("transactional_db")
            request.getfixturevalue("monkeypatch").setattr(databases.OneDatabase, "current", "postgresql")
            request.getfixturevalue("settings").DATABASE_ROUTERS = ["tests.databases.OneDatabase"]
            return DatabaseCounters()
        if name == "cache":
            from django.core.cache import cache

            cache.clear()
            return CacheCounters(cache)
        return LocalCounters()

    return make


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, make_place: Callable[[str], Any]) -> Any:
    """Every place to count, one after another."""
    return make_place(request.param)
