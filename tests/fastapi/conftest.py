"""FastAPI applications on the databases that Django migrated, each driver after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from ferrauth import _core, passwords
from tests import databases
from tests.fastapi.application import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVERS = {"aiosqlite": "default", "asyncpg": "postgresql", "psycopg": "postgresql"}
"""SQLAlchemy's asynchronous drivers, and which of Django's databases each is about."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of this folder commit: FastAPI's connections see no transaction of Django's."""
    for item in items:
        if "tests/fastapi/" in item.path.as_posix() and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases=list(databases.ALL), transaction=True))


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every driver, on the database that the Django of the test is on too."""
    monkeypatch.setattr(databases.OneDatabase, "current", DRIVERS[request.param])
    settings.DATABASE_ROUTERS = ["tests.databases.OneDatabase"]
    return str(request.param)


def url_of(driver: str) -> str:
    """Return the URL of Django's test database."""
    settings = connections[DRIVERS[driver]].settings_dict
    if driver == "aiosqlite":
        return f"sqlite+aiosqlite:///{settings['NAME']}"
    login = f"{settings['USER']}:{settings['PASSWORD']}".rstrip(":")
    return f"postgresql+{driver}://{login}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


@pytest.fixture
def site(driver: str, cheap: int) -> Iterator[Site]:
    """An application with the whole HTTP surface, and the user ada, whose password is ``right``."""
    make_user("ada", "right")
    yield Site(url_of(driver))
    _core.set_max_wait(10)


def make_user(name: str, password: str, *, iterations: int | None = None, **fields: Any) -> Any:
    """Make a user in Django, as its admin does."""
    encoded = passwords.make_password(password, iterations=iterations or passwords.DEFAULT_ITERATIONS)
    return get_user_model().objects.create(username=name, password=encoded, **fields)
