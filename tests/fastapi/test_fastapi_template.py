"""FastAPI's official template: what its project keeps, and what it is told where its session blocks the loop."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.contrib.auth import get_user_model
from fastapi import FastAPI
from sqlalchemy.orm import Session

from ferrauth.django.tokens import get_user_from_token
from ferrauth.fastapi import Auth, AuthSettings, AuthUser, authenticate_user
from tests.django_settings import SECRET_KEY
from tests.fastapi.application import in_django
from tests.fastapi.conftest import make_user, url_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.fastapi.application import Client, Site

PROJECT = Path(__file__).with_name("template_project.py")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "fastapi.md"
WAIT = 30
"""Seconds that a socket is listened to; what ends it comes long before."""


@pytest.fixture
def project(driver: str, cheap: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The template's project on one driver, with the user ada."""
    make_user("ada", "right")
    monkeypatch.setenv("DATABASE_URL", url_of(driver))
    monkeypatch.setenv("FERRAUTH_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("FERRAUTH_THROTTLE_BACKEND", "local")
    spec = spec_from_file_location("template_project", PROJECT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(project: Any, scenario: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """Run a scenario against the project's application, started as a server starts it."""

    async def main() -> Any:
        transport = httpx.ASGITransport(project.app)
        async with (
            project.app.router.lifespan_context(project.app),
            httpx.AsyncClient(transport=transport, base_url="http://testserver/api/v1") as client,
        ):
            try:
                return await scenario(client)
            finally:
                await project.engine.dispose()

    return asyncio.run(main())


def test_the_templates_project_keeps_its_dependencies_and_its_login(
    project: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        form = {"username": "ada", "password": "wrong"}
        assert (await client.post("/login/access-token", data=form)).status_code == 400
        answer = await client.post("/login/access-token", data={**form, "password": "right"})
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        assert (await client.get("/users/me")).json() == {"username": "ada", "first_name": ""}
        changed = await client.patch("/users/me", json={"first_name": "Ada"})
        assert changed.json() == {"username": "ada", "first_name": "Ada"}
        assert (await client.get("/users/")).status_code == 403
        await in_django(get_user_model().objects.update, is_superuser=True)
        assert (await client.get("/users/")).json() == ["ada"]
        user = await in_django(get_user_from_token, tokens["access_token"])
        assert user is not None
        assert user.first_name == "Ada"
        assert (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 200
        assert (await client.post("/auth/logout/all")).status_code == 204
        assert (await client.get("/users/me")).status_code == 401

    with caplog.at_level(logging.WARNING, "ferrauth"):
        run(project, scenario)
    # The form of the docs page goes to the template's own endpoint.
    assert not any("The docs page" in message for message in caplog.messages)


def test_a_session_that_blocks_the_loop_is_refused_by_its_name(site: Site) -> None:
    async def scenario(client: Client) -> None:
        user: Any = AuthUser(username="ada")
        with Session() as session:
            blocking: Any = session
            calls: list[Awaitable[Any]] = [
                authenticate_user(blocking, "ada", "right"),
                client.auth.authenticate_user(blocking, "ada", "right"),
            ]
            async with client.maker() as own:
                user = await client.auth.authenticate_user(own, "ada", "right")
            calls.append(client.auth.generate_tokens(blocking, user))
            for call in calls:
                with pytest.raises(TypeError, match=r"AsyncSession.* is a sqlalchemy\.orm\.session\.Session"):
                    await call

    site.run(scenario)


@pytest.mark.parametrize(
    ("prefix", "token_url", "warned"),
    [("/auth", "auth/token", False), ("/api/auth", "auth/token", True), ("/api/auth", "api/auth/token", False)],
)
def test_a_docs_page_that_cannot_log_in_is_told_of(
    site: Site, prefix: str, token_url: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(client: Client) -> None:
        auth = Auth(AuthSettings(**site.settings), client.maker, token_url=token_url)
        app = FastAPI()
        app.include_router(auth.router, prefix=prefix)
        caplog.clear()
        async with auth.lifespan(app):
            assert any("The docs page" in message for message in caplog.messages) is warned

    site.run(scenario)


USE = f"""
import asyncio
import sys

import httpx
from ferrauth import amake_password


async def use() -> None:
    await create_tables()
    async with sessionmaker.begin() as session:
        session.add(AuthUser(username="ada", password=await amake_password("right")))
    async with auth.lifespan(app), httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver"
    ) as client:
        form = {{"username": "ada", "password": "right"}}
        answer = await client.post("/login/access-token", data=form)
        token = answer.json()["access_token"]
        headers = {{"Authorization": "Bearer " + token}}
        answer = await client.patch("/users/me", json={{"first_name": "Ada"}}, headers=headers)
        assert answer.json() == "Ada", answer.text
        async with sessionmaker() as session:
            assert (await session.get(AuthUser, 1)).first_name == "Ada"

        messages, sent = asyncio.Queue(), asyncio.Queue()
        await messages.put({{"type": "websocket.connect"}})
        await messages.put({{"type": "websocket.receive", "text": token}})
        scope = {{"type": "websocket", "path": "/feed", "headers": [], "query_string": b"", "subprotocols": []}}
        socket = asyncio.create_task(app(scope, messages.get, sent.put))
        assert (await asyncio.wait_for(sent.get(), {WAIT}))["type"] == "websocket.accept"
        assert (await asyncio.wait_for(sent.get(), {WAIT}))["text"] == "ada"
        assert (await client.post("/auth/logout", headers=headers)).status_code == 204
        closed = await asyncio.wait_for(sent.get(), {WAIT})
        while closed["type"] == "websocket.send":  # What it said while the session was there.
            closed = await asyncio.wait_for(sent.get(), {WAIT})
        assert closed == {{"type": "websocket.close", "code": 1008, "reason": ""}}, closed
        await socket
    await engine.dispose()


asyncio.run(use())
print("ok")
"""


@pytest.mark.django_db(databases=[])
def test_the_page_of_the_docs_says_how_the_template_moves_in_and_how_sockets_end(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    program = "\n".join(blocks).replace("RECHECK = 30", "RECHECK = 0.05") + USE
    (tmp_path / "page.py").write_text(program)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FERRAUTH_", "DJANGO_"))}
    env |= {"FERRAUTH_SECRET_KEY": SECRET_KEY, "FERRAUTH_THROTTLE_BACKEND": "local"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr[-3000:]
