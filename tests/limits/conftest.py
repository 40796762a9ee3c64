"""Places to count, each of them real, and attempts for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model

from ferrauth import passwords
from ferrauth.accounts import flows
from ferrauth.accounts.addresses import network_of
from ferrauth.accounts.counters import LocalCounters
from ferrauth.accounts.redis_counters import RedisCounters
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.accounts.throttling import Counter, Scope
from ferrauth.django.cache_counters import CacheCounters
from ferrauth.django.conf import get_policy
from ferrauth.django.counters import get_counters
from ferrauth.django.database_counters import DatabaseCounters
from ferrauth.django.port import carry
from ferrauth.exceptions import FerrauthError
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


BACKENDS = {
    "redis": lambda: {"THROTTLE_BACKEND": "redis", "REDIS_URL": services.redis()},
    "postgresql": lambda: {"THROTTLE_BACKEND": "database"},
}
"""Settings of the projects that share counters."""


class Project:
    """A Django project on PostgreSQL, whose settings a test may change, and logins in it."""

    def __init__(self, settings: Any, ferrauth: dict[str, Any]) -> None:
        self._settings = settings
        self._given = ferrauth
        self.configure()

    def configure(self, **more: Any) -> None:
        self._settings.FERRAUTH = {**self._given, **more}

    def login(self, password: str = "wrong", *, identifier: str = "ada", address: str = "203.0.113.7") -> str:
        """Try to log in, and return the answer in a word."""
        facts = RequestFacts(address=address, network=network_of(address, ipv6_prefix=64), user_agent="phone")
        try:
            carry(flows.login(get_policy(), facts, identifier=identifier, password=password))
        except FerrauthError as refusal:
            return refusal.code
        return "ok"

    def logins(self, times: int, **how: Any) -> list[str]:
        """Try several times."""
        return [self.login(**how) for _ in range(times)]


@pytest.fixture
def on_postgresql(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test's rows be in PostgreSQL."""
    monkeypatch.setattr(databases.OneDatabase, "current", "postgresql")
    settings.DATABASE_ROUTERS = ["tests.databases.OneDatabase"]


@pytest.fixture(params=BACKENDS)
def project(request: pytest.FixtureRequest, on_postgresql: None, settings: Any, cheap: int) -> Project:
    """Projects that count in Redis and in PostgreSQL, with the user ada, whose password is ``right``."""
    project = Project(settings, BACKENDS[request.param]())
    if request.param == "redis":
        get_counters().place._client.flushall()
    make_user("ada", "right")
    return project


def make_user(name: str, password: str) -> Any:
    """Make a user with a password that is cheap to check."""
    encoded = passwords.make_password(password, iterations=passwords.DEFAULT_ITERATIONS)
    return get_user_model().objects.create(username=name, password=encoded)
