"""Every operation, as a client uses it."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.client import Client, answer, assert_error
from tests.http.server import PASSWORD, Server, wait_for_mail

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = {"access_token", "refresh_token", "token_type", "expires_in"}
NEW_PASSWORD = "another horse, another battery"
TOKEN = re.compile(r"[\w-]+(?:\.[\w-]+){2,}|[\w-]{40,}(?::[\w-]+)*")
"""A token in a mail: what is too long and too strange for a word."""


def token_of(text: str) -> str:
    """Return the token that a mail has."""
    (token,) = set(TOKEN.findall(text))
    return str(token)


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def test_log_in_and_look(server: Server, client: Client) -> None:
    user = server.user()
    response = client.post("login", {"identifier": user.email, "password": user.password})
    assert response.status_code == 200
    assert response.json().keys() == TOKENS
    assert response.json()["token_type"] == "bearer"
    assert response.json()["expires_in"] == 300
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    me = client.as_user(response.json()).get("me")
    assert me.status_code == 200
    assert me.json()["email"] == user.email
    assert me.json()["id"] == claims(response.json()["access_token"])["sub"]
    assert me.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("field", ["identifier", "email", "username"])
def test_either_identifier_logs_in_by_any_of_its_names(server: Server, client: Client, field: str) -> None:
    user = server.user()
    for identifier in (user.email, user.username):
        assert client.post("login", {field: identifier, "password": user.password}).status_code == 200
    both = {"email": user.email, "username": user.username, "password": user.password}
    assert_error(client.post("login", both), 422, "invalid")


def test_J98_refresh_rotates_and_a_replay_ends_the_session(server: Server, client: Client) -> None:
    user = server.user()
    first = client.log_in(user.email, user.password)
    second = client.post("refresh", {"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json().keys() == TOKENS
    third = client.post("refresh", {"refresh_token": second.json()["refresh_token"]}).json()
    assert client.as_user(third).get("me").status_code == 200
    assert_error(client.post("refresh", {"refresh_token": first["refresh_token"]}), 401, "invalid_token")
    assert_error(client.as_user(third).get("me"), 401, "not_authenticated")


@pytest.mark.parametrize("by", ["access", "refresh", "both"])
def test_J104_logout_is_idempotent(server: Server, client: Client, by: str) -> None:
    user = server.user()
    mine, other = (client.log_in(user.email, user.password) for _ in range(2))
    caller = client if by == "refresh" else client.as_user(mine)
    body = None if by == "access" else {"refresh_token": mine["refresh_token"]}
    for _ in range(2):
        response = caller.post("logout", body)
        assert (response.status_code, response.content) == (204, b"")
    assert_error(client.as_user(mine).get("me"), 401, "not_authenticated")
    assert_error(client.post("refresh", {"refresh_token": mine["refresh_token"]}), 401, "invalid_token")
    assert client.as_user(other).get("me").status_code == 200
    assert client.post("logout", {}).status_code == 204
    assert client.post("logout", {"refresh_token": "not a token"}).status_code == 204


def test_sessions_are_listed_and_ended(server: Server, client: Client) -> None:
    user = server.user()
    mine, other = (client.log_in(user.email, user.password) for _ in range(2))
    listed = client.as_user(mine).get("sessions").json()
    assert [one["is_current"] for one in listed].count(True) == 1
    assert {one["address"] for one in listed} == {client.address}
    assert {one["user_agent"] for one in listed} == {"tests"}
    (lost,) = (one["id"] for one in listed if not one["is_current"])
    ended = client.as_user(mine).request("DELETE", f"sessions/{lost}")
    assert (ended.status_code, ended.content) == (204, b"")
    assert_error(client.as_user(mine).request("DELETE", f"sessions/{lost}"), 404, "not_found")
    assert_error(client.as_user(other).get("me"), 401, "not_authenticated")


def test_nobody_ends_another_users_session(server: Server, client: Client) -> None:
    user, other = server.user(), server.user()
    mine, theirs = (client.log_in(one.email, one.password) for one in (user, other))
    (session,) = client.as_user(theirs).get("sessions").json()
    missing = client.as_user(mine).request("DELETE", "sessions/00000000-0000-4000-8000-000000000000")
    assert answer(client.as_user(mine).request("DELETE", f"sessions/{session['id']}")) == answer(missing)
    assert_error(missing, 404, "not_found")
    assert_error(client.as_user(mine).request("DELETE", "sessions/first"), 422, "invalid")
    assert client.as_user(theirs).get("me").status_code == 200


def test_log_out_everywhere(server: Server, client: Client) -> None:
    user = server.user()
    pairs = [client.log_in(user.email, user.password) for _ in range(3)]
    response = client.as_user(pairs[0]).post("logout/all")
    assert (response.status_code, response.content) == (204, b"")
    for pair in pairs:
        assert_error(client.as_user(pair).get("me"), 401, "not_authenticated")


def test_J93_a_changed_password_ends_the_other_sessions(server: Server, client: Client) -> None:
    user = server.user()
    mine, other = (client.log_in(user.email, user.password) for _ in range(2))
    me = client.as_user(mine)
    wrong = me.post("password/change", {"old_password": "not it at all", "new_password": NEW_PASSWORD})
    assert_error(wrong, 400, "wrong_password")
    short = me.post("password/change", {"old_password": user.password, "new_password": "short"})
    assert_error(short, 422, "invalid")
    assert short.json()["errors"] == [{"field": "new_password", "code": "password_too_short"}]
    changed = me.post("password/change", {"old_password": user.password, "new_password": NEW_PASSWORD})
    assert (changed.status_code, changed.content) == (204, b"")
    assert me.get("me").status_code == 200
    assert_error(client.as_user(other).get("me"), 401, "not_authenticated")
    assert_error(client.post("login", {"identifier": user.email, "password": PASSWORD}), 401, "invalid_credentials")
    client.log_in(user.email, NEW_PASSWORD)


def test_register_verify_and_log_in(server: Server, client: Client) -> None:
    email = f"{client.address}@new.example.com"
    registered = client.post("register", {"email": email, "password": PASSWORD})
    assert (registered.status_code, registered.content) == (202, b"")
    token = token_of(wait_for_mail(server, email).text)
    verified = client.post("email/verify", {"token": token})
    assert (verified.status_code, verified.content) == (204, b"")
    tokens = client.log_in(email, PASSWORD)
    assert client.as_user(tokens).get("me").json()["email"] == email
    assert_error(client.post("email/verify", {"token": token}), 400, "invalid_link")


def test_the_link_is_sent_again(server: Server, client: Client) -> None:
    email = f"{client.address}@again.example.com"
    assert client.post("register", {"email": email, "password": PASSWORD}).status_code == 202
    wait_for_mail(server, email)
    again = client.post("email/verify/resend", {"email": email})
    assert (again.status_code, again.content) == (202, b"")
    token = token_of(wait_for_mail(server, email, count=2).text)
    assert client.post("email/verify", {"token": token}).status_code == 204


def test_E07_a_reset_sets_a_password_once_and_ends_all_sessions(server: Server, client: Client) -> None:
    user = server.user()
    tokens = client.log_in(user.email, user.password)
    asked = client.post("password/reset", {"email": user.email})
    assert (asked.status_code, asked.content) == (202, b"")
    token = token_of(wait_for_mail(server, user.email).text)
    short = client.post("password/reset/confirm", {"token": token, "password": "short"})
    assert_error(short, 422, "invalid")
    confirmed = client.post("password/reset/confirm", {"token": token, "password": NEW_PASSWORD})
    assert (confirmed.status_code, confirmed.content) == (204, b"")
    again = client.post("password/reset/confirm", {"token": token, "password": NEW_PASSWORD})
    assert_error(again, 400, "invalid_link")
    assert_error(client.as_user(tokens).get("me"), 401, "not_authenticated")
    client.log_in(user.email, NEW_PASSWORD)


def test_an_address_is_changed_once_its_link_was_followed(server: Server, client: Client) -> None:
    user = server.user()
    me = client.as_user(client.log_in(user.email, user.password))
    email = f"{client.address}@changed.example.com"
    assert_error(me.post("email/change", {"password": "not it at all", "email": email}), 400, "wrong_password")
    changed = me.post("email/change", {"password": user.password, "email": email})
    assert (changed.status_code, changed.content) == (202, b"")
    mail = wait_for_mail(server, email)
    client.log_in(user.email, user.password)
    assert client.post("email/verify", {"token": token_of(mail.text)}).status_code == 204
    client.log_in(email, user.password)
    assert_error(
        client.post("login", {"identifier": user.email, "password": user.password}), 401, "invalid_credentials"
    )


def test_secrets_have_no_public_keys(client: Client) -> None:
    response = client.get("jwks.json")
    assert (response.status_code, response.json()) == (200, {"keys": []})


def test_J112_one_credential_in_the_header_and_nowhere_else(server: Server, client: Client) -> None:
    user = server.user()
    access = client.log_in(user.email, user.password)["access_token"]
    url = f"{client.base_url}/me"
    assert client.http.get(url, headers={"Authorization": f"bearer {access}"}).status_code == 200
    refused = [
        client.http.get(url, headers=[("Authorization", f"Bearer {access}")] * 2),
        client.http.get(url, headers=[("Authorization", "Basic eDp5"), ("Authorization", f"Bearer {access}")]),
        client.http.get(url, params={"access_token": access}),
        client.http.get(url, headers={"Cookie": f"access_token={access}"}),
        client.http.get(url, headers={"Authorization": f"Bearer {access}, Bearer {access}"}),
        client.http.get(url, headers={"Authorization": f"Basic {access}"}),
        client.http.get(url, headers={"Authorization": "Bearer"}),
        client.http.get(url),
    ]
    assert_error(refused[0], 401, "not_authenticated")
    assert len({str(answer(response)) for response in refused}) == 1


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(server: Server, client: Client) -> None:
    user = server.user()
    tokens = client.log_in(user.email, user.password)
    assert_error(client.post("refresh", {"refresh_token": tokens["access_token"]}), 401, "invalid_token")
    swapped = {"access_token": tokens["refresh_token"]}
    assert_error(client.as_user(swapped).get("me"), 401, "not_authenticated")


def test_bad_tokens_have_a_budget_that_good_ones_do_not_meet(
    server: Server, client: Client, connect: Callable[[Server], Client]
) -> None:
    user = server.user()
    tokens = client.log_in(user.email, user.password)
    good = client.as_user(tokens)
    head, body, signature = tokens["access_token"].split(".")
    bad = client.as_user({"access_token": f"{head}.{body}.{signature[::-1]}"})
    deadline = time.monotonic() + 60
    while (response := bad.get("me")).status_code != 429:
        assert_error(response, 401, "not_authenticated")
        assert time.monotonic() < deadline, "The budget is never used up."
    assert_error(response, 429, "throttled")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert good.get("me").status_code == 200
    assert connect(server).as_user({"access_token": "bad"}).get("me").status_code == 401
