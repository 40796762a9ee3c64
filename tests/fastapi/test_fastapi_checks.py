"""What start-up refuses and warns of: the rules that Django's system checks have too, and the tables."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.fastapi import Auth, AuthSettings, ConsoleMailer, metadata
from ferrauth.fastapi.models import EmailLogin, UuidKey, make_tables
from tests.django_settings import SECRET_KEY
from tests.fastapi.both_schemas import DATABASES, new_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db(databases=[])

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}

DECIDED: dict[str, Any] = {
    "secret_key": SECRET_KEY,
    "throttle_backend": "local",
    "base_urls": "https://www.example.com",
}
"""Settings of a project that has decided what there is to decide."""


def start(engine: sa.Engine, *, app: FastAPI | None = None, options: dict[str, Any] | None = None, **more: Any) -> str:
    """Start an application, and return why it refuses."""

    async def main() -> str:
        url = engine.url.set(drivername=DRIVERS[engine.dialect.name])
        asynchronous = create_async_engine(url, poolclass=NullPool)
        try:
            auth = Auth(AuthSettings(**DECIDED | more), async_sessionmaker(asynchronous), **(options or {}))
            async with auth.lifespan(app or FastAPI()):
                return ""
        except ConfigurationError as error:
            return str(error)
        finally:
            await asynchronous.dispose()

    return asyncio.run(main())


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    """A database that has all tables."""
    _database, engine = new_database("sqlite", tmp_path, "checks")
    metadata.create_all(engine)
    engine.dispose()
    return engine


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, engine: sa.Engine) -> Callable[..., list[str]]:
    """Return a function that starts an application, and returns the numbers of what it is warned of."""

    def find(app: FastAPI | None = None, *, mailer: Any = None, **more: Any) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.WARNING, "ferrauth.fastapi"):
            assert start(engine, app=app, options={"mailer": mailer, "token_url": None}, **more) == ""
        said = [record.getMessage() for record in caplog.records]
        return [one.rpartition("#ferrauth")[2].rstrip(".") if "#" in one else one.partition(",")[0] for one in said]

    return find


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"secret_key": "ab" * 40}, "can be guessed"),
        ({"secret_key": "django-insecure-" + SECRET_KEY}, "startproject"),
        ({"secret_key_fallbacks": ["ab" * 40]}, "can be guessed"),
        ({"throttle_backend": "auto"}, "each process for itself: there is no Redis and no PostgreSQL"),
    ],
)
def test_T02_T40_what_makes_limits_or_signatures_worthless_stops_the_start(
    engine: sa.Engine, settings: dict[str, Any], word: str
) -> None:
    assert word in start(engine, **settings)
    assert start(engine, app=FastAPI(debug=True), **settings) == ""
    assert start(engine) == ""


@pytest.mark.parametrize("settings", [{"secret_key": "x"}, {"secret_key_fallbacks": ["an older one"]}])
def test_T40_a_secret_that_is_too_short_is_refused_by_its_name(engine: sa.Engine, settings: dict[str, Any]) -> None:
    for app in (None, FastAPI(debug=True)):
        assert "SECRET_KEY, SECRET_KEY_FALLBACKS: An HS256 secret" in start(engine, app=app, **settings)


def test_T27_a_redis_without_its_client_is_refused(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "ferrauth[redis]" in start(engine, redis_url="redis://127.0.0.1:1/0", throttle_backend="auto")
    assert start(engine, redis_url="redis://127.0.0.1:1/0") == ""  # It counts in this process, and says so.


def test_a_project_that_has_decided_is_warned_of_nothing(warnings: Callable[..., list[str]]) -> None:
    assert warnings(mailer=ConsoleMailer()) == []


def test_E010_mails_without_links_are_warned_of(warnings: Callable[..., list[str]]) -> None:
    for urls in ({}, "http://www.example.com"):
        assert warnings(mailer=ConsoleMailer(), base_urls=urls) == ["e010"]
    only_reset = {"reset": "https://www.example.com/{token}"}
    assert warnings(mailer=ConsoleMailer(), base_urls=only_reset) == ["e010"]
    assert warnings(mailer=ConsoleMailer(), base_urls=only_reset, registration="closed") == []
    assert warnings(FastAPI(debug=True), base_urls={}) == []


def test_mails_that_nobody_here_sends_are_warned_of(warnings: Callable[..., list[str]]) -> None:
    assert warnings() == ["Auth has no mailer"]


def test_E007_a_proxy_that_limits_do_not_know(
    warnings: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = FastAPI()
    behind.root_path = "/api"
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    assert warnings(behind, mailer=ConsoleMailer()) == ["e007"]
    assert warnings(behind, mailer=ConsoleMailer(), trusted_proxies=1) == []
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.1")
    assert warnings(behind, mailer=ConsoleMailer()) == []


def test_E007_a_server_that_lets_clients_write_their_address(
    warnings: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # uvicorn then takes the first address of X-Forwarded-For.
    assert warnings(mailer=ConsoleMailer()) == ["e007"]
    assert warnings(mailer=ConsoleMailer(), trusted_proxies=1) == []


def test_W002_processes_that_each_take_all_cores(
    warnings: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "1000")
    monkeypatch.setenv("FERRAUTH_THREADS", "2")
    assert warnings(mailer=ConsoleMailer()) == ["w002"]


class Base(DeclarativeBase):
    """The tables of a project with users of its own."""


class User(UuidKey, EmailLogin, Base):
    """Users with a UUID for a key."""

    __tablename__ = "checked_user"


MODELS = make_tables(User)


@pytest.mark.parametrize("kind", DATABASES)
def test_tables_that_were_made_for_other_users_are_named(kind: str, tmp_path: Path) -> None:
    _database, engine = new_database(kind, tmp_path, "checks_other")
    metadata.create_all(engine)
    Base.metadata.create_all(engine)
    said = start(engine, options={"user_model": User, **MODELS})
    wanted = "CHAR(32)" if kind == "sqlite" else "UUID"
    for table in ("ferrauth_refreshsession", "ferrauth_emailaddress"):
        assert f"The column {table}.user_id is INTEGER in the database, and the model says {wanted}" in said
    assert start(engine) == ""
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE checked_user"))
        connection.execute(sa.text("CREATE TABLE checked_user (id integer, email text, password text)"))
    said = start(engine, options={"user_model": User, **MODELS})
    assert f"The column checked_user.id is INTEGER in the database, and the model says {wanted}" in said
    assert "The column checked_user.is_active is missing" in said
    engine.dispose()
