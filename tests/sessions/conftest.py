"""Every test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from ferrauth import passwords
from tests import databases


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of this folder that have no mark of their own a transaction on every database."""
    for item in items:
        if "tests/sessions/" in item.path.as_posix() and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases=list(databases.ALL)))


@pytest.fixture(params=databases.ALL, ids=databases.IDS)
def database(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose the database."""
    monkeypatch.setattr(databases.OneDatabase, "current", request.param)
    settings.DATABASE_ROUTERS = ["tests.databases.OneDatabase"]
    return str(request.param)


@pytest.fixture(autouse=True)
def on_each_database(database: str, cheap: int) -> None:
    """Run on each database, with cheap derivations."""


@pytest.fixture
def user(db: None) -> Any:
    """A user whose password is ``correct horse``."""
    return make_user("ada")


def make_user(name: str) -> Any:
    """Make a user whose password is ``correct horse``."""
    return get_user_model().objects.create(
        username=name, password=passwords.make_password("correct horse", iterations=passwords.DEFAULT_ITERATIONS)
    )
