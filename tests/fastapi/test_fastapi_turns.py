"""A burst of requests, which the event loop serves one by one."""

from __future__ import annotations

import asyncio
import math

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

from ferrauth import _turns
from ferrauth.fastapi import Auth, AuthSettings
from tests.django_settings import SECRET_KEY
from tests.fastapi.application import http_scope
from tests.test_turns import TurnCount

BURST = 5


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all turns be short, whatever the machine does meanwhile."""
    monkeypatch.setattr(_turns, "SHARE", math.inf)


@pytest.fixture
def auth() -> Auth:
    """Return one whose database is never asked."""
    return Auth(AuthSettings(secret_key=SECRET_KEY, throttle_backend="local"), async_sessionmaker())


@pytest.mark.parametrize("kind", ["single", "transaction"])
def test_one_a_turn_begins_to_ask_the_database(kind: str, auth: Auth) -> None:
    async def main() -> list[int]:
        turns = TurnCount()

        def begin(**_: object) -> None:
            turns.note()
            raise LookupError

        auth.backend._sessionmaker = begin

        async def ask() -> None:
            with pytest.raises(LookupError):
                async with getattr(auth.backend, kind)():
                    pass

        await turns.until_done(*(asyncio.ensure_future(ask()) for _ in range(BURST)))
        return turns.taken

    taken = asyncio.run(main())
    assert len(taken) == len(set(taken)) == BURST


def test_one_request_a_turn_goes_on(auth: Auth) -> None:
    async def main() -> list[int]:
        app, turns = FastAPI(), TurnCount()
        app.include_router(auth.router, prefix="/auth")

        async def ask(client: httpx.AsyncClient) -> None:
            assert (await client.get("/auth/me")).status_code == 401
            turns.note()

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            await turns.until_done(*(asyncio.ensure_future(ask(client)) for _ in range(BURST)))
        return turns.taken

    taken = asyncio.run(main())
    assert len(taken) == len(set(taken)) == BURST


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        pytest.param([{"type": "http.request", "body": b"", "more_body": False}], 401, id="after the end of its body"),
        pytest.param([{"type": "http.request", "body": b"{", "more_body": True}], 400, id="before the end of its body"),
    ],
)
def test_who_sends_and_closes_is_served_all_the_same(auth: Auth, messages: list[object], status: int) -> None:
    async def main() -> list[int]:
        app = FastAPI()
        app.include_router(auth.router, prefix="/auth")

        async def ask() -> int:
            waiting, sent = iter(messages), []
            asyncio.get_running_loop().call_soon(lambda: [*waiting])  # As uvicorn, which forgets what was not read.

            async def receive() -> object:
                return next(waiting, {"type": "http.disconnect"})

            async def send(message: dict[str, int]) -> None:
                sent.append(message)

            await app(http_scope("GET", "/auth/me"), receive, send)
            return sent[0]["status"]

        return await asyncio.gather(*(ask() for _ in range(BURST)))

    assert asyncio.run(main()) == [status] * BURST
