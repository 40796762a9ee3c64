"""Fixtures of all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import hashers
from django.db import connections

from ferrauth import _core, passwords
from ferrauth.django.counters import get_bad_tokens, get_counters
from tests import services

if TYPE_CHECKING:
    from collections.abc import Callable

CHEAP = 2_000
"""Iterations that tests of outcomes use in place of the real default, which only tests of the default need."""


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Add a real PostgreSQL beside SQLite, when the first test asks for a database."""
    django_settings.DATABASES["postgresql"] = services.postgres().django()
    connections.settings = connections.configure_settings(django_settings.DATABASES)


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Begin every test with nothing counted in this process."""
    get_counters.cache_clear()
    get_bad_tokens.cache_clear()


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> int:
    """Lower the preferred iteration count, ours and Django's, and return it."""
    monkeypatch.setattr(passwords, "DEFAULT_ITERATIONS", CHEAP)
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "iterations", CHEAP)
    return CHEAP


@pytest.fixture
def work() -> Callable[[Callable[[], object]], int]:
    """Return a function that counts the PBKDF2 iterations which a call executes."""

    def count(call: Callable[[], object]) -> int:
        before = _core.iterations_executed()
        call()
        return _core.iterations_executed() - before

    return count
