"""What is kept, and what is not, where a flow runs in a transaction of the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from django.contrib.auth import get_user_model
from fastapi import Depends, FastAPI, Request
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ferrauth.accounts import flows
from ferrauth.django.models import AuditEvent, RefreshSession
from ferrauth.exceptions import InvalidTokenError
from ferrauth.fastapi import Auth, AuthUser, transactions
from ferrauth.fastapi.models import RefreshSession as Row
from ferrauth.fastapi.requests import request_facts
from tests.fastapi.application import UNLIMITED
from tests.fastapi.conftest import url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fastapi.application import Client, Site


@pytest.fixture
def own(site: Site) -> Site:
    """An application that refreshes in its own request's transaction, which never ends well."""

    def extend(app: FastAPI, auth: Auth[Any]) -> None:
        async def get_session() -> AsyncIterator[Any]:
            async with auth.backend._sessionmaker.begin() as session:
                yield session

        @app.post("/refresh")
        async def refresh(
            request: Request,
            token: str,
            writes: bool,
            session: Any = Depends(get_session),  # noqa: B008
        ) -> None:
            if writes:
                await session.execute(sa.update(AuthUser).values(first_name="lost"))
            else:
                await session.execute(sa.select(AuthUser.id))
            await auth.carry(flows.refresh(auth.policy, request_facts(request, auth.config), token), session=session)
            raise RuntimeError("refreshed")

    site.extend = extend
    site.settings |= {"limits": UNLIMITED, "refresh_grace": 0, "audit_table": True}
    return site


@pytest.mark.parametrize("writes", [False, True])
def test_J98_a_replay_ends_the_session_whatever_becomes_of_the_requests_transaction(
    own: Site, driver: str, writes: bool
) -> None:
    """But on SQLite, which has one writer, where that is the request already: nobody waits there for himself."""

    async def scenario(client: Client) -> None:
        stolen = (await client.login())["refresh_token"]
        await client.post("/refresh", {"refresh_token": stolen})
        with pytest.raises(InvalidTokenError):
            await client.send("POST", f"/refresh?writes={writes}&token={stolen}")

    own.run(scenario)
    kept = not (writes and driver == "aiosqlite")
    assert RefreshSession.objects.get().revoked_reason == ("replayed" if kept else "")
    assert AuditEvent.objects.filter(event="refresh_replayed").count() == int(kept)
    assert get_user_model().objects.get().first_name == ""


@pytest.mark.parametrize("writes", [False, True])
def test_J99_a_rotation_is_kept_whatever_becomes_of_the_requests_transaction(
    own: Site, driver: str, writes: bool
) -> None:
    async def scenario(client: Client) -> None:
        token = (await client.login())["refresh_token"]
        with pytest.raises(RuntimeError, match="refreshed"):
            await client.send("POST", f"/refresh?writes={writes}&token={token}")

    own.run(scenario)
    assert RefreshSession.objects.get().generation == (0 if writes and driver == "aiosqlite" else 1)
    assert get_user_model().objects.get().first_name == ""


@pytest.mark.parametrize("holds", ["the session's row", "the last connection"])
def test_nobody_waits_for_himself(own: Site, driver: str, holds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where work apart would wait for its caller, it becomes a part of the caller's transaction."""
    monkeypatch.setattr(transactions, "PATIENCE", 0.2)

    async def scenario(client: Client) -> None:
        token = (await client.login())["refresh_token"]
        options = {"pool_size": 1, "max_overflow": 0} if holds == "the last connection" else {}
        engine = create_async_engine(url_of(driver), **options)
        maker = async_sessionmaker(engine)
        auth = client.auth
        monkeypatch.setattr(auth.backend, "_sessionmaker", maker)
        monkeypatch.setattr(auth.backend, "_single", {})
        try:
            async with maker.begin() as session:
                if holds == "the last connection":
                    await session.execute(sa.select(AuthUser.id))
                else:
                    await session.execute(sa.update(Row).values(label="mine"))
                await auth.carry(flows.refresh(auth.policy, request_facts(None, auth.config), token), session=session)
        finally:
            await engine.dispose()

    own.run(scenario)
    row = RefreshSession.objects.get()
    assert (row.generation, row.label) == (1, "" if holds == "the last connection" else "mine")


def test_an_error_of_the_work_itself_is_the_callers(own: Site) -> None:
    async def scenario(client: Client) -> None:
        async def fails() -> None:
            raise TimeoutError("the database's own")

        async def never(session: Any) -> None:
            raise AssertionError(session)

        async with client.maker.begin() as session:
            with pytest.raises(TimeoutError, match="the database's own"):
                await transactions.apart(session, fails, never)

    own.run(scenario)
