"""``authenticate_user``: what it costs, what it renews, and whose connection it holds meanwhile."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from django.contrib.auth import get_user_model
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ferrauth import _core, passwords
from ferrauth.fastapi import Auth, AuthSettings, AuthUser, authenticate_user
from tests.django_settings import SECRET_KEY
from tests.fastapi.conftest import make_user, url_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RENEWS = "could not be renewed"


def run(driver: str, scenario: Callable[[Any, Any], Awaitable[Any]], **options: Any) -> Any:
    """Run a scenario with an ``Auth`` and an engine that has one connection, for which nobody waits long."""

    async def main() -> Any:
        engine = create_async_engine(
            url_of(driver), **{"pool_size": 1, "max_overflow": 0, "pool_timeout": 1, **options}
        )
        settings = AuthSettings(secret_key=SECRET_KEY, throttle_backend="local")
        policy = passwords.Policy(iterations=passwords.DEFAULT_ITERATIONS)
        auth = Auth(settings, async_sessionmaker(engine), password_policy=policy)
        try:
            return await scenario(auth, engine)
        finally:
            await engine.dispose()

    return asyncio.run(main())


def iterations(name: str = "ada") -> int:
    """Return what a user's row costs."""
    return int(get_user_model().objects.get(username=name).password.split("$")[1])


@pytest.mark.parametrize("stored", ["cheaper", "equal"])
def test_P38_without_a_policy_no_row_is_renewed(driver: str, cheap: int, stored: str) -> None:
    """A project whose ``Auth`` has another cost than the default keeps a table that tells nothing of who is in it."""
    project = cheap // 2
    make_user("ada", "right", iterations=project if stored == "equal" else project // 2)

    async def scenario(_auth: Any, engine: Any) -> None:
        maker = async_sessionmaker(engine)
        policy = passwords.Policy(iterations=project)
        auth = Auth(
            AuthSettings(secret_key=SECRET_KEY, throttle_backend="local"), maker, password_policy=policy, token_url=None
        )
        async with maker.begin() as session:
            assert await authenticate_user(session, "ada", "right") is not None
        work = []
        for name in ("ada", "nobody"):
            before = _core.iterations_executed()
            async with maker() as session:
                assert await auth.authenticate_user(session, name, "wrong") is None
            work.append(_core.iterations_executed() - before)
        assert work == [project, project]
        async with maker.begin() as session:
            assert await authenticate_user(session, "ada", "right", policy=policy) is not None

    before = get_user_model().objects.get().password
    run(driver, scenario)
    assert iterations() == project
    assert (get_user_model().objects.get().password == before) == (stored == "equal")


def test_no_connection_is_held_while_a_key_is_derived(
    driver: str, cheap: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_user("ada", "right", iterations=cheap // 2)
    held: list[int] = []

    async def scenario(auth: Any, engine: Any) -> None:
        derive = passwords.averify_and_update

        async def watched(*arguments: Any, **named: Any) -> Any:
            held.append(engine.pool.checkedout())
            return await derive(*arguments, **named)

        monkeypatch.setattr(passwords, "averify_and_update", watched)
        async with auth.backend._sessionmaker() as session:
            user = await auth.authenticate_user(session, "ada", "right")
            assert user in session
            user.first_name = "Ada"
            await session.commit()
            assert await auth.authenticate_user(session, "nobody", "right") is None

    run(driver, scenario)
    assert held == [0, 0]
    assert (iterations(), get_user_model().objects.get().first_name) == (cheap, "Ada")
    assert RENEWS not in caplog.text


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_in_a_transaction_of_the_callers_the_renewal_is_a_part_of_it(
    driver: str, cheap: int, ends: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Beside it, it would wait for the one connection, for SQLite's one writer, or for the user's own row."""
    make_user("ada", "right", iterations=cheap // 2)

    async def scenario(auth: Any, engine: Any) -> None:
        async with async_sessionmaker(engine)() as session:
            await session.execute(sa.update(AuthUser).values(first_name="written"))
            session.add(AuthUser(username="new", password="!"))
            user = await auth.authenticate_user(session, "ada", "right")
            assert user.username == "ada"
            await getattr(session, ends)()

    run(driver, scenario)
    assert iterations() == (cheap if ends == "commit" else cheap // 2)
    assert get_user_model().objects.filter(username="new").exists() == (ends == "commit")
    assert RENEWS not in caplog.text


@pytest.mark.parametrize("inside", [True, False])
def test_P49_a_row_that_somebody_else_writes_is_left_for_another_time(
    driver: str, cheap: int, inside: bool, caplog: pytest.LogCaptureFixture
) -> None:
    make_user("ada", "right", iterations=cheap // 2)

    async def scenario(auth: Any, engine: Any) -> None:
        maker = async_sessionmaker(engine)
        async with maker() as other, maker() as session:
            await other.execute(sa.update(AuthUser).values(first_name="written"))
            if inside:
                await session.execute(sa.select(AuthUser.id))
            user = await auth.authenticate_user(session, "ada", "right")
            assert user.username == "ada"
            await session.commit()
            await other.rollback()

    waits = {"connect_args": {"timeout": 0.1}} if driver == "aiosqlite" else {}
    with caplog.at_level(logging.WARNING):
        run(driver, scenario, pool_size=3, **waits)
    assert iterations() == cheap // 2
    assert (RENEWS in caplog.text) == (driver == "aiosqlite")  # SQLite has no row to lock, and refuses.
