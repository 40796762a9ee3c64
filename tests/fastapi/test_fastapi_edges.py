"""Bad input, clients that go, transactions of the caller's, checks at start-up, and imports."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from django.contrib.auth import get_user_model
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession as SQLModelSession

from ferrauth import _core, passwords
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.django.models import RefreshSession
from ferrauth.fastapi import Auth, AuthSettings, AuthUser, authenticate_user, metadata
from tests import services
from tests.django_settings import SECRET_KEY
from tests.fastapi.application import http_scope, in_django
from tests.fastapi.conftest import make_user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fastapi.application import Client, Site

LIMIT = 16_384


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ('{"identifier": "ada", "password": ["hunter2-secret"]}', 422),
        ('{"identifier": "ada", "password": "hunter2-secret", "more": 1}', 422),
        ('{"identifier": "hunter2-secret\\u0000", "password": "x"}', 422),
        ('{"identifier": "ada", "password": "hunter2-secret\\ud800"}', 422),
        ('{"identifier": "' + "a" * 400 + '", "password": "hunter2-secret"}', 422),
        ('{"identifier": "ada", "password": "hunter2-secret"', 400),
        ("[" * 5_000, 400),
        ('{"identifier": "ada", "password": "' + "x" * LIMIT + '"}', 413),
    ],
)
def test_E10_bad_input_is_refused_without_a_word_of_it(site: Site, content: str, status: int) -> None:
    async def scenario(client: Client) -> None:
        statements = client.count_statements()
        answer = await client.send("POST", "/auth/login", content=content)
        assert answer.status_code == status
        assert "hunter2" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json().keys() >= {"detail", "code"}
        assert statements == []

    site.run(scenario)


def test_E15_a_body_without_a_length_is_read_no_further_than_the_limit(site: Site) -> None:
    async def scenario(client: Client) -> None:
        pulled = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal pulled
            while True:
                pulled += 1_024
                yield b"x" * 1_024

        answer = await client.send("POST", "/auth/login", content=endless())
        assert answer.status_code == 413
        assert LIMIT < pulled <= LIMIT + 4_096

    site.run(scenario)


def test_P53_a_client_that_goes_gives_its_lane_back(site: Site) -> None:
    site.options["password_policy"] = passwords.Policy(iterations=10_000_000)

    async def scenario(client: Client) -> None:
        before = _core.iterations_executed()
        body = json.dumps({"identifier": "nobody", "password": "x"}).encode()
        waiting: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            if waiting:
                return waiting.pop()
            while _core.iterations_executed() == before and _core.pool_counters()["running"] == 0:
                await asyncio.sleep(0.001)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = http_scope("POST", "/auth/login", ("content-type", "application/json"))
        await client.app(scope, receive, send)
        assert sent[0]["status"] == 499
        assert _core.iterations_executed() - before < 10_000_000

    site.run(scenario)


def test_P53_too_much_waiting_work_is_503(site: Site) -> None:
    site.settings["hasher_max_wait"] = 0
    site.options["password_policy"] = passwords.Policy(iterations=200_000)

    async def scenario(client: Client) -> None:
        body = {"identifier": "nobody", "password": "x"}
        answers = await asyncio.gather(*(client.post("/login", body) for _ in range(60)))
        refused = [one for one in answers if one.status_code == 503]
        assert refused
        assert {one.json()["code"] for one in refused} == {"busy"}
        assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)
        assert {one.status_code for one in answers} == {401, 503}
        while _core.pool_counters()["lanes_busy"] or _core.pool_counters()["reserved"]:
            await asyncio.sleep(0.01)
        assert (await client.post("/login", body)).status_code == 401

    site.run(scenario)


@pytest.mark.parametrize("kind", ["unknown", "wrong", "inactive", "unusable", "right"])
def test_P37_authenticate_user_is_falsy_after_equal_work(driver: str, cheap: int, kind: str) -> None:
    from tests.fastapi.conftest import url_of

    make_user("ada", "right", is_active=kind != "inactive")
    if kind == "unusable":
        get_user_model().objects.update(password="!")

    async def main() -> Any:
        engine = create_async_engine(url_of(driver))
        try:
            async with AsyncSession(engine) as session:
                before = _core.iterations_executed()
                name, password = ("nobody" if kind == "unknown" else "ada"), ("x" if kind == "wrong" else "right")
                found = await authenticate_user(session, name, password)
                return found, _core.iterations_executed() - before
        finally:
            await engine.dispose()

    found, work = asyncio.run(main())
    assert (found.username if found else None) == ("ada" if kind == "right" else None)
    assert work == cheap


def test_tokens_of_a_callers_transaction_are_undone_with_it(site: Site) -> None:
    async def scenario(client: Client) -> None:
        auth = client.auth
        async with client.maker() as session:
            user = (await session.scalars(sa.select(AuthUser))).one()
            lost = await auth.generate_tokens(session, user)
            await session.rollback()
        assert await client.me(lost.access) == 401
        async with client.maker.begin() as session:
            user = (await session.scalars(sa.select(AuthUser))).one()
            kept = await auth.generate_tokens(session, user)
        assert await client.me(kept.access) == 200
        await in_django(get_user_model().objects.update, is_active=False)
        async with client.maker.begin() as session:
            with pytest.raises(ValueError, match="may not log in"):
                await auth.generate_tokens(session, user)

    site.run(scenario)


def test_a_requests_own_transaction_ends_as_the_request_does(site: Site) -> None:
    def extend(app: FastAPI, auth: Auth[Any]) -> None:
        async def get_session() -> AsyncIterator[Any]:
            async with auth.backend._sessionmaker.begin() as session:
                yield session

        @app.post("/fail")
        async def fail(session: Any = Depends(get_session), user: Any = Depends(auth.current_user)) -> None:  # noqa: B008
            await session.execute(sa.update(AuthUser).values(first_name="lost"))
            raise RuntimeError

        @app.post("/keep")
        async def keep(session: Any = Depends(get_session), user: Any = Depends(auth.current_user)) -> None:  # noqa: B008
            mine = await session.merge(user, load=False)
            mine.first_name = "kept"

    site.extend = extend

    async def scenario(client: Client) -> None:
        tokens = await client.login()
        with pytest.raises(RuntimeError):
            await client.send("POST", "/fail", token=tokens["access_token"])
        assert await client.me(tokens["access_token"]) == 200
        assert (await client.send("POST", "/keep", token=tokens["access_token"])).status_code == 200

    site.run(scenario)
    assert get_user_model().objects.get().first_name == "kept"
    assert RefreshSession.objects.count() == 1


def test_sqlmodels_session_will_do(site: Site) -> None:
    async def scenario(client: Client) -> None:
        maker = async_sessionmaker(client.engine, class_=SQLModelSession)
        settings = AuthSettings(secret_key=SECRET_KEY, throttle_backend="local")
        auth = Auth(settings, maker, password_policy=passwords.Policy(iterations=passwords.DEFAULT_ITERATIONS))
        async with maker() as session:
            user = await auth.authenticate_user(session, "ada", "right")
            assert user is not None
            assert user.username == "ada"
            assert await auth.authenticate_user(session, "ada", "wrong") is None

    site.run(scenario)


def test_T27_a_redis_that_is_gone_lifts_no_limit(site: Site) -> None:
    server = services.RedisServer()
    server.start()
    site.settings |= {
        "throttle_backend": "redis",
        "redis_url": server.url,
        "limits": {"login": {"account_address": "8/m", "account": None, "address": None}},
    }

    async def scenario(client: Client) -> list[int]:
        body = {"identifier": "ada", "password": "wrong"}
        assert (await client.post("/login", body)).status_code == 401
        server.kill()
        return [(await client.post("/login", body)).status_code for _ in range(4)]

    try:
        assert site.run(scenario) == [401, 401, 429, 429]
    finally:
        server.remove()


@pytest.mark.django_db(databases=[])
def test_start_up_says_what_the_database_lacks(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ferrauth_refreshsession DROP COLUMN label"))
        connection.execute(sa.text("DROP TABLE ferrauth_emailaddress"))
    engine.dispose()
    said = start(tmp_path, throttle_backend="local", secret_key=SECRET_KEY)
    assert "The column ferrauth_refreshsession.label is missing" in said
    assert "The table ferrauth_emailaddress is missing" in said


@pytest.mark.django_db(databases=[])
def test_start_up_refuses_what_is_unsafe(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    metadata.create_all(engine)
    engine.dispose()
    assert "SECRET_KEY is the one that startproject wrote" in start(
        tmp_path, throttle_backend="local", secret_key="django-insecure-" + "x" * 50
    )
    assert "FERRAUTH_REDIS_URL" in start(tmp_path, secret_key=SECRET_KEY)
    assert start(tmp_path, secret_key=SECRET_KEY, throttle_backend="local") == ""


def start(folder: Path, **settings: Any) -> str:
    """Start an application, and return why it refuses."""

    async def main() -> str:
        engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'db.sqlite3'}")
        auth = Auth(AuthSettings(**settings), async_sessionmaker(engine))
        try:
            async with auth.lifespan(FastAPI()):
                return ""
        except ConfigurationError as error:
            return str(error)
        finally:
            await engine.dispose()

    return asyncio.run(main())


@pytest.mark.django_db(databases=[])
def test_fastapi_imports_no_django() -> None:
    program = (
        "import sys, ferrauth.fastapi, ferrauth.fastapi.alembic, ferrauth.passwords.validators\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] in ('django', 'ninja', 'asgiref')]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
