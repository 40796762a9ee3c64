"""What an application's own endpoints depend on: users, permissions, claims; over HTTP and WebSockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from fastapi import Depends, FastAPI, WebSocket

from ferrauth.fastapi import Auth, AuthUser, load_permissions, register_exception_handlers
from tests.fastapi.application import http_scope, in_django
from tests.fastapi.conftest import make_user

if TYPE_CHECKING:
    from tests.fastapi.application import Client, Site

VIEW, CHANGE = "auth.view_user", "auth.change_user"


@pytest.fixture
def own(site: Site) -> Site:
    """An application with endpoints of its own."""

    def extend(app: FastAPI, auth: Auth[Any]) -> None:
        def answer(name: str, dependency: Any) -> None:
            async def endpoint(found: Any = Depends(dependency)) -> Any:  # noqa: B008
                return getattr(found, "username", None) or getattr(found, "user_id", None)

            app.add_api_route(f"/{name}", endpoint)

        answer("user", auth.current_user)
        answer("optional", auth.optional_user)
        answer("claims", auth.claims)
        answer("staff", auth.require(staff=True))
        answer("superuser", auth.require(superuser=True))
        answer("view", auth.require(permission=VIEW))
        answer("change", auth.require(permission=CHANGE))

        async def both(
            user: Any = Depends(auth.current_user),  # noqa: B008
            again: Any = Depends(auth.require(permission=VIEW)),  # noqa: B008
            perhaps: Any = Depends(auth.optional_user),  # noqa: B008
        ) -> bool:
            return user is again is perhaps

        app.add_api_route("/both", both)

    site.extend = extend
    return site


def grant(name: str, *permissions: str) -> Any:
    """Give a user one permission of its own, and another through a group."""
    user = get_user_model().objects.get(username=name)
    own, through = permissions
    user.user_permissions.add(Permission.objects.get(codename=own.partition(".")[2]))
    group = Group.objects.create(name=f"{name}'s")
    group.permissions.add(Permission.objects.get(codename=through.partition(".")[2]))
    user.groups.add(group)
    return user


async def statuses(client: Client, token: str | None, *names: str) -> list[int]:
    """Return the statuses of an application's own endpoints."""
    return [(await client.send("GET", f"/{name}", token=token)).status_code for name in names]


def test_users_and_claims(own: Site) -> None:
    async def scenario(client: Client) -> None:
        token = (await client.login())["access_token"]
        assert await statuses(client, token, "user", "optional", "claims") == [200] * 3
        assert (await client.send("GET", "/user", token=token)).json() == "ada"
        assert await statuses(client, None, "user", "optional", "claims") == [401, 200, 401]
        assert await statuses(client, token[:-4] + "AAAA", "user", "optional", "claims") == [401, 200, 401]
        answer = await client.send("GET", "/user")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    own.run(scenario)


def test_permissions_have_djangos_meaning(own: Site) -> None:
    for name, fields in {"staff": {"is_staff": True}, "root": {"is_superuser": True}, "plain": {}}.items():
        make_user(name, "right", **fields)
    django_user = grant("ada", "auth.view_user", "auth.change_user")

    async def scenario(client: Client) -> None:
        names = ("staff", "superuser", "view", "change")
        expected = {"ada": [403, 403, 200, 200], "staff": [200, 403, 403, 403], "root": [403, 200, 200, 200]}
        for name, statuses_of in {**expected, "plain": [403] * 4}.items():
            token = (await client.login(name))["access_token"]
            assert await statuses(client, token, *names) == statuses_of, name
            assert await statuses(client, None, *names) == [401] * 4
        async with client.maker() as session:
            from sqlalchemy import select

            user = (await session.scalars(select(AuthUser).where(AuthUser.username == "ada"))).one()
            with pytest.raises(LookupError, match="load_permissions"):
                user.has_perm(VIEW)
            await load_permissions(session, user)
            for permission in (VIEW, CHANGE, "auth.delete_user", "auth.nothing", "view_user"):
                assert user.has_perm(permission) == await in_django(django_user.has_perm, permission)
            assert user.get_all_permissions() == {VIEW, CHANGE}
            assert user.has_perms([VIEW, CHANGE])
            assert user.has_module_perms("auth")
            assert not user.has_module_perms("shop")
            assert not user.has_perm(VIEW, obj=user)
            user.is_active = False
            assert not user.has_perm(VIEW)

    own.run(scenario)


def test_an_authenticated_request_is_one_query_and_a_stateless_one_none(own: Site) -> None:
    grant("ada", VIEW, CHANGE)

    async def scenario(client: Client) -> None:
        token = (await client.login())["access_token"]
        await statuses(client, token, "claims")  # Begins to read revocations.
        for name, queries in {"user": 1, "view": 1, "both": 1, "claims": 0}.items():
            statements = client.count_statements()
            answer = await client.send("GET", f"/{name}", token=token)
            assert (answer.status_code, len(statements)) == (200, queries), name
        assert (await client.send("GET", "/both", token=token)).json() is True

    own.settings["revocation_poll"] = 60
    own.run(scenario)


def test_J97_claims_hear_of_a_revocation(own: Site) -> None:
    own.settings["revocation_poll"] = 1

    async def scenario(client: Client) -> None:
        tokens = await client.login()
        assert await statuses(client, tokens["access_token"], "claims") == [200]
        await client.post("/logout", token=tokens["access_token"])
        for _ in range(100):
            if await statuses(client, tokens["access_token"], "claims") == [401]:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the revocation was not heard of")

    own.run(scenario)


def test_J95_a_user_who_may_not_log_in_any_more_is_refused_at_once(own: Site) -> None:
    async def scenario(client: Client) -> None:
        tokens = await client.login()
        users = get_user_model().objects.filter(username="ada")
        await in_django(users.update, is_active=False)
        assert await statuses(client, tokens["access_token"], "user", "optional") == [401, 200]
        answer = await client.post("/refresh", {"refresh_token": tokens["refresh_token"]})
        assert answer.status_code == 401

    own.run(scenario)


def test_J112_one_credential_alone(own: Site) -> None:
    async def scenario(client: Client) -> None:
        token = (await client.login())["access_token"]
        for value in (f"bearer {token}", f"BEARER {token}"):
            assert (await client.send("GET", "/user", headers={"Authorization": value})).status_code == 200
        for value in (token, f"Basic {token}", "Bearer ", "Bearer", f"Bearer {token}, Bearer {token}", "Bearer a b"):
            assert (await client.send("GET", "/user", headers={"Authorization": value})).status_code == 401
        scope = http_scope("GET", "/user", *[("authorization", f"Bearer {token}")] * 2)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await client.app(scope, receive, send)
        assert sent[0]["status"] == 401

    own.run(scenario)


def test_a_websocket_knows_its_user(site: Site) -> None:
    def extend(app: FastAPI, auth: Auth[Any]) -> None:
        @app.websocket("/ws")
        async def talk(socket: WebSocket, user: Any = Depends(auth.current_user)) -> None:  # noqa: B008
            await socket.accept()
            await socket.send_text(user.username)
            await socket.close()

    site.extend = extend

    async def scenario(client: Client) -> None:
        token = (await client.login())["access_token"]

        assert await talk(client.app, token) == ["websocket.accept", "ada", "websocket.close"]
        assert "websocket.accept" not in await talk(client.app, None)

    site.run(scenario)


async def talk(app: FastAPI, token: str | None) -> list[str]:
    """Open a WebSocket, and return what comes back."""
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "websocket",
        "path": "/ws",
        "raw_path": b"/ws",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "ws",
        "subprotocols": [],
        "root_path": "",
    }
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message.get("text") or message["type"])

    await app(scope, receive, send)
    return sent


def test_the_one_shape_for_an_applications_own_endpoints(own: Site) -> None:
    before = own.extend

    def extend(app: FastAPI, auth: Auth[Any]) -> None:
        assert before is not None
        before(app, auth)
        register_exception_handlers(app, auth)

    own.extend = extend

    async def scenario(client: Client) -> None:
        own_answer, ours = await client.send("GET", "/user"), await client.send("GET", "/auth/me")
        assert (own_answer.status_code, own_answer.content) == (401, ours.content)
        assert own_answer.headers == ours.headers
        token = (await client.login())["access_token"]
        assert (await client.send("GET", "/staff", token=token)).json()["code"] == "permission_denied"

    own.run(scenario)


def test_the_docs_page_knows_how_to_log_in(site: Site) -> None:
    async def scenario(client: Client) -> None:
        document = (await client.send("GET", "/openapi.json")).json()
        (scheme,) = document["components"]["securitySchemes"].values()
        assert scheme["flows"]["password"]["tokenUrl"] == "auth/token"
        assert document["paths"]["/auth/me"]["get"]["security"]
        assert "security" not in document["paths"]["/auth/login"]["post"]
        form = "grant_type=password&username=ada&password=right"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.send("POST", "/auth/token", content=form, headers=kind)
        assert await client.me(answer.json()["access_token"]) == 200
        wrong = await client.send("POST", "/auth/token", content=form + "x", headers=kind)
        assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
        short = await client.send("POST", "/auth/token", content="username=ada", headers=kind)
        assert short.json()["errors"] == [{"field": "password", "code": "missing"}]
        json_body = await client.send("POST", "/auth/token", {"username": "ada", "password": "right"})
        assert json_body.status_code == 415

    site.run(scenario)
