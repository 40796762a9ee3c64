"""Bad input: refused in the one shape, alike for everybody, and never echoed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.client import Client, answer, assert_error
from tests.http.server import PASSWORD, Server, wait_for_mail

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter2hunter2"
TAKES_BODY = [
    "register",
    "login",
    "refresh",
    "logout",
    "password/reset",
    "password/reset/confirm",
    "email/verify",
    "email/verify/resend",
]
"""Open operations that take a body."""
CLOSED = [
    ("POST", "logout/all"),
    ("POST", "password/change"),
    ("POST", "email/change"),
    ("GET", "me"),
    ("GET", "sessions"),
    ("DELETE", "sessions/00000000-0000-4000-8000-000000000000"),
]
"""Operations of those who are logged in."""


def send(client: Client, path: str, content: bytes | Iterator[bytes], content_type: str = "application/json") -> Any:
    return client.post(path, content=content, headers={"Content-Type": content_type})


@pytest.mark.parametrize("path", TAKES_BODY)
def test_E15_malformed_requests_have_the_one_shape(client: Client, path: str) -> None:
    secret = json.dumps({"password": SECRET}).encode()
    assert_error(send(client, path, b"{"), 400, "bad_request")
    assert_error(send(client, path, b"\xff\xfe"), 400, "bad_request")
    assert_error(send(client, path, b"[" * 10_000), 400, "bad_request")
    assert_error(send(client, path, b"[]"), 422, "invalid")
    assert_error(send(client, path, b'"text"'), 422, "invalid")
    form = send(client, path, f"password={SECRET}".encode(), "application/x-www-form-urlencoded")
    assert_error(form, 415, "unsupported_media_type")
    for content_type in ("text/plain", "application/jsonp", "multipart/form-data; boundary=x", ""):
        assert_error(send(client, path, secret, content_type), 415, "unsupported_media_type")
    large = send(client, path, b'{"password": "%s"}' % (SECRET.encode() * 2_000))
    assert_error(large, 413, "body_too_large")
    assert SECRET not in large.text


@pytest.mark.parametrize("path", [path for path in TAKES_BODY if path != "logout"])
def test_an_empty_body_lacks_its_fields(client: Client, path: str) -> None:
    assert_error(send(client, path, b""), 422, "invalid")
    empty = send(client, path, b"{}")
    assert_error(empty, 422, "invalid")
    assert {error["code"] for error in empty.json()["errors"]} == {"missing"}


@pytest.mark.parametrize("path", TAKES_BODY)
def test_unknown_fields_are_refused_and_not_named(client: Client, path: str) -> None:
    response = client.post(path, {SECRET: SECRET, "is_superuser": True})
    assert_error(response, 422, "invalid")
    assert {"field": "", "code": "extra_forbidden"} in response.json()["errors"]
    assert SECRET not in response.text
    assert "is_superuser" not in response.text


def test_E15_a_body_without_a_length_is_cut_off(client: Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 1_024

    without_length = send(client, "login", chunks())
    if without_length.status_code == 422:  # Django under WSGI reads nothing that has no length.
        assert without_length.json()["errors"] == [{"field": "", "code": "missing"}]
    else:
        assert_error(without_length, 413, "body_too_large")


def test_E15_a_body_that_says_it_is_large_is_not_read(client: Client) -> None:
    assert_error(send(client, "login", b" " * 65_536), 413, "body_too_large")


def test_a_charset_and_letter_case_do_not_make_another_type(server: Server, client: Client) -> None:
    user = server.user()
    body = json.dumps({"identifier": user.email, "password": user.password}).encode()
    assert send(client, "login", body, "Application/JSON; charset=utf-8").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"password": 5},
        {"password": None},
        {"password": [SECRET]},
        {"password": ""},
        {"password": SECRET + "\0"},
        {"password": SECRET + "\ud800"},
        {"password": SECRET * 300},
        {"admin": True},
    ],
)
def test_E10_bad_passwords_are_refused_alike_for_everybody(
    server: Server, client: Client, change: dict[str, object]
) -> None:
    users = [server.user().email, server.user(is_active=False).email, "nobody@example.com"]
    bodies = [json.dumps({"identifier": user, "password": SECRET, **change}).encode() for user in users]
    responses = [send(client, "login", body) for body in bodies]
    assert_error(responses[0], 422, "invalid")
    assert len({str(answer(response)) for response in responses}) == 1
    assert SECRET not in responses[0].text


@pytest.mark.parametrize("identifier", ["a\0@example.com", "\ud800@example.com", "a" * 10_000, "", 5, None, {}])
def test_E10_bad_identifiers_are_refused(client: Client, identifier: object) -> None:
    response = send(client, "login", json.dumps({"identifier": identifier, "password": SECRET}).encode())
    assert_error(response, 422, "invalid")
    assert SECRET not in response.text


@pytest.mark.parametrize("email", ["", "no address", "a@b@c", "a\r\nBcc: x@example.com", "@", "a" * 250 + "@b.example"])
def test_bad_addresses_are_refused_at_registration(client: Client, email: str) -> None:
    response = client.post("register", {"email": email, "password": PASSWORD})
    assert_error(response, 422, "invalid")
    assert {error["field"] for error in response.json()["errors"]} == {"email"}


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_closed_operations_ask_for_a_token_before_they_read_the_body(client: Client, method: str, path: str) -> None:
    options = {"json": {"password": 5}} if method == "POST" else {}
    response = client.request(method, path, **options)
    assert_error(response, 401, "not_authenticated")


def test_P36_neither_answers_nor_the_log_have_a_secret(server: Server, client: Client) -> None:
    user = server.user()
    tokens = client.log_in(user.email, user.password)
    secrets = [*tokens.values(), "a wrong password of its own", "a new password of its own"]
    me = client.as_user(tokens)
    refused = [
        client.post("login", {"identifier": user.email, "password": secrets[-2]}),
        me.post("password/change", {"old_password": secrets[-2], "new_password": secrets[-1]}),
        client.post("register", {"email": "not an address", "password": secrets[-1]}),
        client.get("me", headers={"Authorization": f"Token {tokens['access_token']}"}),
        client.as_user({"access_token": tokens["refresh_token"]}).get("me"),
        send(client, "login", b'{"password": "%s"' % secrets[-1].encode()),
    ]
    assert client.post("password/reset", {"email": user.email}).status_code == 202
    wait_for_mail(server, user.email)
    log = server.log()
    for secret in [one for one in secrets if isinstance(one, str) and one != "bearer"]:
        assert secret not in log
        assert all(secret not in response.text for response in refused)
    assert user.password not in log


def test_paths_and_methods_that_are_not_there(client: Client) -> None:
    assert client.get("login").status_code == 405
    assert client.post("nothing").status_code == 404
