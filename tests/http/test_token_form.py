"""``POST token`` behind a real server: the login by a form that FastAPI has and Django Ninja has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.http.client import Client, answer, assert_error
from tests.http.fastapi_server import launch as launch_fastapi
from tests.http.server import PASSWORD, Server
from tests.http.test_browser import NAME, OWN, cookie
from tests.http.test_operations import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any


def launch_with_form(directory: Path, settings: Mapping[str, Any]) -> AbstractContextManager[Server]:
    """Start the project with ``POST token``."""
    return launch_fastapi(directory, settings, env={"HTTP_TEST_TOKEN_URL": "auth/token"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with the defaults."""
    with launch_with_form(tmp_path_factory.mktemp("server"), {}) as running:
        yield running


@pytest.fixture(scope="module")
def browser_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose refresh token is in a cookie."""
    with launch_with_form(tmp_path_factory.mktemp("browser"), {"REFRESH_COOKIE": True}) as running:
        yield running


def test_a_form_logs_in(server: Server, client: Client) -> None:
    user = server.user()
    for name in (user.email, user.username):
        form = {"grant_type": "password", "username": name, "password": user.password}
        response = client.post("token", data=form)
        assert (response.status_code, response.json().keys()) == (200, TOKENS)
        assert response.headers["Cache-Control"] == "no-store"
        assert client.as_user(response.json()).get("me").json()["email"] == user.email


def test_P37_every_failure_is_the_one_of_a_login(server: Server, client: Client) -> None:
    refused = [client.post("login", {"identifier": "nobody@example.com", "password": PASSWORD})]
    for name, password in (
        (server.user().email, "wrong"),
        (server.user(is_active=False).email, PASSWORD),
        ("nobody@example.com", PASSWORD),
    ):
        refused.append(client.post("token", data={"username": name, "password": password}))
    assert_error(refused[0], 401, "invalid_credentials")
    assert len({str(answer(response)) for response in refused}) == 1


def test_J114_the_cookie_is_set_for_the_projects_own_pages_alone(browser_server: Server, browser: Client) -> None:
    user = browser_server.user()
    form = {"username": user.email, "password": user.password}
    assert_error(browser.post("token", data=form), 403, "csrf_failed")
    response = browser.post("token", data=form, headers=OWN)
    assert response.json().keys() == TOKENS - {"refresh_token"}
    refreshed = browser.post("refresh", headers={"Cookie": f"{NAME}={cookie(response).value}", **OWN})
    assert refreshed.status_code == 200
