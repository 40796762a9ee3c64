"""The API's document: it is valid, a client can be made of it, and nothing that it allows brings the server down."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openapi_spec_validator import validate

from ferrauth.accounts.throttling import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.http.client import Client
    from tests.http.server import Launch, Server

EXAMPLES = 20
"""Requests that are made up for an operation; there are fifteen operations."""
FUZZ_TIMEOUT = 300
PACKAGE = "ferrauth_test_client"
NO_LIMITS = {action: dict.fromkeys(scopes) for action, scopes in DEFAULT_LIMITS.items()}
ENDS_SESSIONS = ("logout", "logout_all", "end_session")
OPERATIONS = {
    "change_email",
    "change_password",
    "confirm_password_reset",
    "end_session",
    "jwks",
    "login",
    "logout",
    "logout_all",
    "me",
    "refresh",
    "register",
    "request_password_reset",
    "resend_verification",
    "sessions",
    "verify_email",
}


@pytest.fixture
def document(server: Server) -> dict[str, Any]:
    """Return the API's document."""
    found: dict[str, Any] = httpx.get(server.openapi_url, trust_env=False).json()
    return found


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


@pytest.fixture(params=["immediate", "cookie", "both"])
def other_document(request: pytest.FixtureRequest, launch: Launch, tmp_path: Path) -> dict[str, Any]:
    """Return the document of a server with other operations than the default ones."""
    cookie, immediate = {"REFRESH_COOKIE": True}, {"REGISTRATION": "immediate"}
    settings = {"immediate": immediate, "cookie": cookie, "both": {**cookie, **immediate}}[request.param]
    with launch(tmp_path, settings) as running:
        found: dict[str, Any] = httpx.get(running.openapi_url, trust_env=False).json()
    return found


def test_the_document_is_valid_with_other_settings(other_document: dict[str, Any], tmp_path: Path) -> None:
    validate(other_document)
    by_id = {operation["operationId"]: operation for operation in operations(other_document)}
    assert by_id.keys() == OPERATIONS
    known = other_document["components"]["schemas"]
    in_cookie = "AuthAccessToken" in known
    assert in_cookie != ("AuthTokens" in known)
    assert ("requestBody" in by_id["refresh"]) != in_cookie
    names = [one["name"] for one in by_id["refresh"].get("parameters", [])]
    assert names == (["X-Requested-With"] if in_cookie else [])
    generate(other_document, tmp_path)


def test_the_document_is_valid_and_complete(document: dict[str, Any]) -> None:
    validate(document)
    assert {operation["operationId"] for operation in operations(document)} == OPERATIONS
    schemes = document["components"]["securitySchemes"]
    assert [(one["type"], one["scheme"], one["bearerFormat"]) for one in schemes.values()] == [
        ("http", "bearer", "JWT")
    ]


def test_open_operations_are_said_to_be_open(document: dict[str, Any]) -> None:
    closed = {operation["operationId"] for operation in operations(document) if operation.get("security")}
    assert closed == {"logout_all", "change_password", "change_email", "me", "sessions", "end_session"}
    assert all("401" in one["responses"] for one in operations(document) if one["operationId"] in closed)


def test_every_operation_declares_its_errors(document: dict[str, Any]) -> None:
    for operation in operations(document):
        assert operation["summary"]
        for status, response in operation["responses"].items():
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]["$ref"]
                assert schema.endswith("/AuthInvalidRequest" if status == "422" else "/AuthError")
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= operation["responses"].keys()


@pytest.fixture
def unlimited(launch: Launch, tmp_path: Path) -> Iterator[Server]:
    """Run a server that counts nothing, so that no request is refused for the number of those before it."""
    with launch(tmp_path, {"LIMITS": NO_LIMITS}) as running:
        yield running


def test_no_request_that_can_be_made_up_is_a_server_error(
    unlimited: Server, connect: Callable[[Server], Client], tmp_path: Path
) -> None:
    user = unlimited.user()
    access = connect(unlimited).log_in(user.email, user.password)["access_token"]
    excluded = [f"--exclude-operation-id={name}" for name in ENDS_SESSIONS]
    fuzz(unlimited, unlimited.openapi_url, tmp_path, "--header", f"Authorization: Bearer {access}", *excluded)
    fuzz(unlimited, unlimited.openapi_url, tmp_path, *(f"--include-operation-id={name}" for name in ENDS_SESSIONS))


def fuzz(server: Server, url: str, directory: Path, *options: str) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", url]
    command += ["--checks=not_a_server_error", f"--max-examples={EXAMPLES}", "--phases=examples,fuzzing"]
    command += ["--mode=all", "--seed=1", "--no-color", "--suppress-health-check=all", *options]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=FUZZ_TIMEOUT)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.log()[-4_000:]}"


def test_a_generated_client_logs_in_and_refreshes(
    server: Server, document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(document, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    log_in_and_refresh(server)


def generate(document: dict[str, Any], directory: Path) -> None:
    """Make a client of a document, which no warning may say to be less than whole."""
    source = directory / "openapi.json"
    source.write_text(json.dumps(document))
    config = directory / "config.json"
    config.write_text(json.dumps({"package_name_override": PACKAGE, "post_hooks": []}))
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source)]
    command += ["--config", str(config), "--meta", "none", "--output-path", str(directory / PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout, done.stdout


def log_in_and_refresh(server: Server) -> None:
    def module(name: str) -> Any:
        return importlib.import_module(f"{PACKAGE}.{name}")

    user = server.user()
    options = {"base_url": server.base_url.removesuffix("/auth"), "httpx_args": {"trust_env": False}}
    models = module("models")
    with module("client").Client(**options) as client:
        wrong = models.AuthCredentials(identifier=user.email, password="wrong")
        refused = module("api.auth.login").sync(client=client, body=wrong)
        assert isinstance(refused, models.AuthError)
        assert refused.code == "invalid_credentials"
        right = models.AuthCredentials(identifier=user.email, password=user.password)
        tokens = module("api.auth.login").sync(client=client, body=right)
        assert isinstance(tokens, models.AuthTokens)
        presented = models.AuthRefresh(refresh_token=tokens.refresh_token)
        renewed = module("api.auth.refresh").sync(client=client, body=presented)
        assert isinstance(renewed, models.AuthTokens)
        assert renewed.refresh_token != tokens.refresh_token
    with module("client").AuthenticatedClient(token=renewed.access_token, **options) as client:
        assert module("api.auth.me").sync(client=client).email == user.email
