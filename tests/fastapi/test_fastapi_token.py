"""``POST token``: the login by a form, which is a login in everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from fastapi import Depends
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ferrauth import _core
from ferrauth.accounts import cookies
from ferrauth.django.models import RefreshSession
from tests.fastapi.conftest import make_user, url_of
from tests.http.client import assert_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.fastapi.application import Client, Site

FORM = "application/x-www-form-urlencoded"
ON_SQLITE = pytest.mark.parametrize("driver", ["aiosqlite"], indirect=True)
OWN = {cookies.CSRF_HEADER: "XMLHttpRequest"}
"""What FastAPI's docs page sends with its form."""

GOOD = {"grant_type": "password", "username": "ada", "password": "right"}


async def send(client: Client, content: Any, *, kind: str = FORM, **headers: str) -> httpx.Response:
    """Send a form, or what is called one."""
    content = urlencode(content) if isinstance(content, dict) else content
    return await client.send("POST", "/auth/token", content=content, headers={"Content-Type": kind, **headers})


@pytest.mark.parametrize("more", [{}, {"grant_type": ""}, {"scope": "", "client_id": "x", "client_secret": "y"}])
def test_a_login_by_a_form(site: Site, more: dict[str, str]) -> None:
    async def scenario(client: Client) -> None:
        answer = await send(client, {**GOOD, **more})
        assert answer.status_code == 200
        assert answer.json().keys() == (await client.login()).keys()
        assert answer.headers["Cache-Control"] == "no-store"
        assert await client.me(answer.json()["access_token"]) == 200
        assert OAuth2PasswordRequestForm(**GOOD).username == "ada"  # The field names are FastAPI's own.

    site.run(scenario)
    assert RefreshSession.objects.count() == 2


@ON_SQLITE
def test_J114_the_refresh_token_is_in_the_cookie_and_another_site_cannot_send_the_form(site: Site) -> None:
    site.settings["refresh_cookie"] = True

    async def scenario(client: Client) -> None:
        answer = await send(client, GOOD, **OWN)
        assert (answer.status_code, answer.json().keys()) == (200, {"access_token", "token_type", "expires_in"})
        assert answer.headers["Set-Cookie"].startswith(f"{cookies.NAME}=")
        document = (await client.send("GET", "/openapi.json")).json()
        success = document["paths"]["/auth/token"]["post"]["responses"]["200"]
        assert "AccessToken" in str(success)
        for headers in ({}, {cookies.CSRF_HEADER: ""}, {**OWN, "Sec-Fetch-Site": "cross-site"}):
            refused = await send(client, GOOD, **headers)
            assert_error(refused, 403, "csrf_failed")
            assert "Set-Cookie" not in refused.headers

    site.run(scenario)
    assert RefreshSession.objects.count() == 1


@ON_SQLITE
def test_an_application_without_a_login_has_none_by_a_form(site: Site) -> None:
    site.options["exclude"] = {"login"}

    async def scenario(client: Client) -> None:
        assert (await send(client, GOOD)).status_code == 404
        document = (await client.send("GET", "/openapi.json")).json()
        assert "/auth/token" not in document["paths"]
        (scheme,) = document["components"]["securitySchemes"].values()
        assert scheme["type"] == "http"

    site.run(scenario)


@ON_SQLITE
@pytest.mark.parametrize(
    ("content", "status", "errors"),
    [
        ("username=ada&username=eve&password=right", 422, [("username", "repeated")]),
        ("username=ada&password=right&password=right", 422, [("password", "repeated")]),
        ("username=ada&password=right&hunter2=1&hunter2=2", 422, [("", "repeated")]),
        ("grant_type=refresh_token&username=ada&password=right", 422, [("grant_type", "unsupported")]),
        ("grant_type=password&grant_type=&username=ada&password=right", 422, [("grant_type", "repeated")]),
        ("username=ada", 422, [("password", "missing")]),
        ("", 422, [("username", "missing"), ("password", "missing")]),
        ("username=hunter2%00&password=x", 422, None),
        ("username=ada&password=hunter2%00", 422, None),
        ("username=" + "a" * 400 + "&password=x", 422, None),
        ("username=ada&password=", 422, None),
        ("username=ada&password=hunter2%ED%A0%80", 400, None),
        (b"username=ada&password=hunter2\xff", 400, None),
        ("&".join(f"hunter2{number}=x" for number in range(40)), 400, None),
        ("username=ada&password=" + "hunter2" * 3_000, 413, None),
    ],
)
def test_E10_bad_input_is_refused_without_a_word_of_it(
    site: Site, content: Any, status: int, errors: list[tuple[str, str]] | None
) -> None:
    codes = {400: "bad_request", 413: "body_too_large", 422: "invalid"}

    async def scenario(client: Client) -> None:
        statements, work = client.count_statements(), _core.iterations_executed()
        answer = await send(client, content)
        assert_error(answer, status, codes[status])
        assert "hunter2" not in answer.text
        if errors is not None:
            assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == errors
        assert (statements, _core.iterations_executed()) == ([], work)

    site.run(scenario)


@ON_SQLITE
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_E15_what_is_no_form_is_not_read_as_one(site: Site, kind: str) -> None:
    async def scenario(client: Client) -> None:
        assert_error(await send(client, GOOD, kind=kind), 415, "unsupported_media_type")
        good = await send(client, GOOD, kind="Application/X-WWW-Form-URLencoded; charset=utf-8")
        assert good.status_code == 200

    site.run(scenario)


@ON_SQLITE
def test_E15_a_form_without_a_length_is_read_no_further_than_the_limit(site: Site) -> None:
    async def scenario(client: Client) -> None:
        pulled = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal pulled
            while True:
                pulled += 1_024
                yield b"x" * 1_024

        assert_error(await send(client, endless()), 413, "body_too_large")
        assert pulled <= 20_480

    site.run(scenario)


@pytest.mark.parametrize("name", ["nobody", "inactive", "ada"])
def test_P37_a_failure_is_the_one_of_the_login(site: Site, cheap: int, name: str) -> None:
    make_user("inactive", "right", is_active=False)

    async def scenario(client: Client) -> None:
        reference = await client.post("/login", {"identifier": "ada", "password": "wrong"})
        before = _core.iterations_executed()
        answer = await send(client, {"username": name, "password": "wrong" if name == "ada" else "right"})
        assert _core.iterations_executed() - before == cheap
        assert (answer.status_code, answer.content) == (401, reference.content)
        assert answer.headers == reference.headers

    site.run(scenario)


@ON_SQLITE
def test_T01_both_logins_count_in_the_same_counters(site: Site) -> None:
    site.settings["limits"] = {"login": {"account_address": "2/m", "account": None, "address": None}}

    async def scenario(client: Client) -> None:
        await client.post("/login", {"identifier": "ada", "password": "wrong"})
        await send(client, {**GOOD, "password": "wrong"})
        assert_error(await send(client, GOOD), 429, "throttled")

    site.run(scenario)


def test_where_no_connection_can_be_had_it_is_503_everywhere(site: Site, driver: str) -> None:
    """In ferrauth's operations, and in those of the application that depend on who is there."""

    async def scenario(client: Client) -> None:
        token = (await client.login())["access_token"]
        engine = create_async_engine(url_of(driver), pool_size=1, max_overflow=0, pool_timeout=0.05)
        maker = async_sessionmaker(engine)
        client.auth.backend._sessionmaker, client.auth.backend._single = maker, {}

        @client.app.get("/own")
        async def own(user: Any = Depends(client.auth.current_user)) -> None:  # noqa: B008
            """Ask who is there."""

        try:
            async with maker() as session:
                await session.execute(sa.text("SELECT 1"))
                for answer in (
                    await send(client, GOOD),
                    await client.post("/login", {"identifier": "ada", "password": "right"}),
                    await client.send("GET", "/auth/me", token=token),
                ):
                    assert_error(answer, 503, "unavailable")
                answer = await client.send("GET", "/own", token=token)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert (await client.send("GET", "/own", token=token)).status_code == 200
        finally:
            await engine.dispose()

    site.run(scenario)
