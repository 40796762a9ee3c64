"""``make_router(compat="ninja-jwt")``: a client that was written for that package goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from openapi_spec_validator import validate

from tests.http.client import Client, assert_error
from tests.http.ninja_server import LAUNCHES as NINJA
from tests.http.test_document import NO_LIMITS, OPERATIONS, fuzz, generate, operations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.http.ninja_server import NinjaServer
    from tests.http.server import Launch, Server


COMPATIBLE = {"token_obtain_pair", "token_refresh", "token_verify", "token_blacklist"}


@pytest.fixture(scope="session", params=NINJA)
def launch(request: pytest.FixtureRequest) -> Launch:
    """Return what starts a server of Ninja's: the paths are that package's."""
    return NINJA[request.param]


@pytest.fixture(scope="session")
def server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server: the suite's own may still be one of FastAPI's, which has no such paths."""
    with launch(tmp_path_factory.mktemp("legacy"), {}) as running:
        yield running


@pytest.fixture
def old(server: Server, client: Client) -> Client:
    """Return a client of the legacy paths."""
    return replace(client, base_url=cast("NinjaServer", server).legacy_url)


def obtain(server: Server, old: Client) -> dict[str, str]:
    user = server.user()
    response = old.post("token/pair", {"username": user.username, "password": user.password, "device": "phone"})
    assert response.status_code == 200
    assert response.json().keys() == {"username", "refresh", "access"}
    assert response.json()["username"] == user.username
    pair: dict[str, str] = response.json()
    return pair


def test_pair_and_refresh(server: Server, client: Client, old: Client) -> None:
    pair = obtain(server, old)
    assert client.as_user({"access_token": pair["access"]}).get("me").status_code == 200
    renewed = old.post("token/refresh", {"refresh": pair["refresh"]})
    assert renewed.status_code == 200
    assert renewed.json().keys() == {"refresh", "access"}
    assert client.as_user({"access_token": renewed.json()["access"]}).get("me").status_code == 200


def test_verify_takes_either_token_while_it_is_good(server: Server, old: Client) -> None:
    pair = obtain(server, old)
    for token in (pair["access"], pair["refresh"]):
        verified = old.post("token/verify", {"token": token})
        assert (verified.status_code, verified.json()) == (200, {})
    old.post("token/refresh", {"refresh": pair["refresh"]})
    assert old.post("token/verify", {"token": pair["access"]}).status_code == 200
    for token in (pair["refresh"], "not a token"):
        assert_error(old.post("token/verify", {"token": token}), 401, "invalid_token")


def test_blacklist_ends_the_session(server: Server, client: Client, old: Client) -> None:
    pair = obtain(server, old)
    for _ in range(2):
        ended = old.post("token/blacklist", {"refresh": pair["refresh"]})
        assert (ended.status_code, ended.json()) == (200, {})
    for token in pair["access"], pair["refresh"]:
        assert_error(old.post("token/verify", {"token": token}), 401, "invalid_token")
    assert_error(old.post("token/refresh", {"refresh": pair["refresh"]}), 401, "invalid_token")
    assert_error(client.as_user({"access_token": pair["access"]}).get("me"), 401, "not_authenticated")


def test_the_document_is_valid_and_nothing_it_allows_is_a_server_error(launch: Launch, tmp_path: Path) -> None:
    with launch(tmp_path, {"LIMITS": NO_LIMITS}) as running:
        url = f"{cast('NinjaServer', running).legacy_url}/openapi.json"
        document = httpx.get(url, trust_env=False).json()
        validate(document)
        assert {operation["operationId"] for operation in operations(document)} == OPERATIONS | COMPATIBLE
        generate(document, tmp_path)
        fuzz(running, url, tmp_path, *(f"--include-operation-id={name}" for name in COMPATIBLE))


def test_errors_have_the_one_shape(server: Server, old: Client) -> None:
    wrong = {"username": server.user().username, "password": "wrong"}
    assert_error(old.post("token/pair", wrong), 401, "invalid_credentials")
    assert_error(old.post("token/pair", {"password": "wrong"}), 422, "invalid")
    assert_error(old.post("token/refresh", {}), 422, "invalid")
