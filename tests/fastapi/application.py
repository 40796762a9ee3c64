"""An application for tests, whose every request is made in one event loop."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from django.db import connections
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from ferrauth import passwords
from ferrauth.fastapi import Auth, AuthSettings
from tests.django_settings import SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

Answer = TypeVar("Answer")

UNLIMITED: dict[str, dict[str, str | None]] = {
    "login": {"account_address": None, "account": None, "address": None},
    "refresh": {"address": None},
    "logout": {"address": None},
    "register": {"address": None},
    "reset": {"account_address": None, "account": None, "address": None},
    "verify": {"account_address": None, "account": None, "address": None},
    "token": {"address": None},
    "password_change": {"account": None, "address": None},
}
"""Limits of tests that are about something else."""


def http_scope(method: str, path: str, *headers: tuple[str, str]) -> dict[str, Any]:
    """Return the scope of a request, for a test that plays its server (ASGI 3)."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }


async def in_django(call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
    """Call something of Django's in a thread, which lets its connections go."""

    def work() -> Answer:
        try:
            return call(*arguments, **named)
        finally:
            connections.close_all()

    return await asyncio.to_thread(work)


class Site:
    """Settings for an application; :meth:`run` makes it, and everything of it ends with the call."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.settings: dict[str, Any] = {
            "secret_key": SECRET_KEY,
            "throttle_backend": "local",
            "limits": UNLIMITED,
        }
        self.options: dict[str, Any] = {}
        self.extend: Callable[[FastAPI, Auth[Any]], None] | None = None

    def run(self, scenario: Callable[[Client], Awaitable[Any]]) -> Any:
        """Run a scenario against a new application."""

        async def main() -> Any:
            async with self.open() as client:
                return await scenario(client)

        return asyncio.run(main())

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Client]:
        """Make an application, start it, and give a client of it."""
        engine = create_async_engine(self.url, poolclass=NullPool)
        maker = async_sessionmaker(engine)
        policy = passwords.Policy(iterations=passwords.DEFAULT_ITERATIONS)
        auth = Auth(AuthSettings(**self.settings), maker, **{"password_policy": policy, **self.options})
        app = FastAPI(lifespan=auth.lifespan)
        app.include_router(auth.router, prefix="/auth")
        if self.extend is not None:
            self.extend(app, auth)
        try:
            async with auth.lifespan(app):
                yield Client(app, auth, maker, engine)
        finally:
            await engine.dispose()


class Client:
    """Short cuts to the HTTP surface."""

    def __init__(self, app: FastAPI, auth: Auth[Any], maker: Any, engine: Any) -> None:
        self.app = app
        self.auth = auth
        self.maker = maker
        self.engine = engine

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        content: Any = None,
        agent: str = "phone",
        address: str = "127.0.0.1",
    ) -> httpx.Response:
        """Send one request, as a client of its own."""
        sent = {"User-Agent": agent, **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            content = json.dumps(body)
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        transport = httpx.ASGITransport(self.app, client=(address, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(method, path, content=content, headers=sent)

    async def post(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        """Post JSON below ``/auth``."""
        return await self.send("POST", f"/auth{path}", body, **more)

    async def login(self, name: str = "ada", password: str = "right", **more: Any) -> dict[str, Any]:
        """Log in, and return the tokens."""
        answer = await self.post("/login", {"identifier": name, "password": password}, **more)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def me(self, token: str) -> int:
        """Return the status of ``GET me``."""
        return (await self.send("GET", "/auth/me", token=token)).status_code

    def count_statements(self) -> list[str]:
        """Return a list that every statement is added to from now on."""
        statements: list[str] = []

        @event.listens_for(self.engine.sync_engine, "before_cursor_execute")
        def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
            statements.append(statement)

        return statements
