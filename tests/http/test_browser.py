"""The refresh token in a cookie, and accounts at once."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.client import Client, answer, assert_error
from tests.http.server import PASSWORD, Server

if TYPE_CHECKING:
    import httpx

NAME = "__Host-refresh_token"
OWN = {"X-Requested-With": "fetch"}


def cookie(response: httpx.Response) -> Any:
    """Return the one cookie that a response sets."""
    (header,) = response.headers.get_list("Set-Cookie")
    (morsel,) = SimpleCookie(header).values()
    assert morsel.key == NAME
    return morsel


def with_cookie(token: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return the options of a request with the cookie, which httpx would send over HTTPS only."""
    return {"headers": {"Cookie": f"{NAME}={token}", **headers}}


def log_in(client: Client, server: Server) -> tuple[str, dict[str, Any]]:
    user = server.user()
    response = client.post("login", {"identifier": user.email, "password": user.password})
    assert response.status_code == 200
    return cookie(response).value, response.json()


def test_J114_the_refresh_token_is_in_a_cookie_that_scripts_and_other_sites_do_not_have(
    browser_server: Server, browser: Client
) -> None:
    user = browser_server.user()
    response = browser.post("login", {"identifier": user.email, "password": user.password})
    assert response.json().keys() == {"access_token", "token_type", "expires_in"}
    morsel = cookie(response)
    assert morsel.value
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert morsel["secure"]
    assert morsel["httponly"]
    assert morsel["samesite"] == "Strict"
    assert int(morsel["max-age"]) == 14 * 24 * 60 * 60
    assert "Cookie" in response.headers["Vary"]


def test_refresh_and_logout_by_cookie(browser_server: Server, browser: Client) -> None:
    token, _ = log_in(browser, browser_server)
    refreshed = browser.post("refresh", **with_cookie(token, OWN))
    assert refreshed.status_code == 200
    successor = cookie(refreshed).value
    assert successor != token
    assert browser.as_user(refreshed.json()).get("me").status_code == 200
    left = browser.post("logout", **with_cookie(successor, OWN))
    assert left.status_code == 204
    assert (cookie(left).value, cookie(left)["max-age"]) == ("", "0")
    assert_error(browser.as_user(refreshed.json()).get("me"), 401, "not_authenticated")


@pytest.mark.parametrize("path", ["refresh", "logout"])
@pytest.mark.parametrize(
    "headers", [{}, {"X-Requested-With": ""}, {**OWN, "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_J114_a_request_that_a_form_could_send_is_refused(
    browser_server: Server, browser: Client, path: str, headers: dict[str, str]
) -> None:
    token, tokens = log_in(browser, browser_server)
    assert_error(browser.post(path, **with_cookie(token, headers)), 403, "csrf_failed")
    assert browser.as_user(tokens).get("me").status_code == 200
    for site in ("same-origin", "same-site"):
        response = browser.post("refresh", **with_cookie(token, {**OWN, "Sec-Fetch-Site": site}))
        assert response.status_code == 200


def test_J114_a_login_cannot_be_sent_by_a_form(browser_server: Server, browser: Client) -> None:
    user = browser_server.user()
    body = f'{{"identifier": "{user.email}", "password": "{user.password}"}}'
    response = browser.post("login", content=body, headers={"Content-Type": "text/plain"})
    assert_error(response, 415, "unsupported_media_type")
    assert "Set-Cookie" not in response.headers


def test_E12_every_failed_refresh_takes_the_cookie_away_alike(browser_server: Server, browser: Client) -> None:
    token, tokens = log_in(browser, browser_server)
    browser.as_user(tokens).post("logout")
    responses = [
        browser.post("refresh", headers=OWN),
        *(browser.post("refresh", **with_cookie(bad, OWN)) for bad in (token, "x", "a.b.c", tokens["access_token"])),
    ]
    assert_error(responses[0], 401, "invalid_token")
    assert cookie(responses[0])["max-age"] == "0"
    # What tells the time of day would differ from second to second.
    assert cookie(responses[0])["expires"] in ("", "Thu, 01 Jan 1970 00:00:00 GMT")
    assert len({str(answer(response)) for response in responses}) == 1


def test_the_body_is_no_place_for_the_token_then(browser_server: Server, browser: Client) -> None:
    token, _ = log_in(browser, browser_server)
    assert_error(browser.post("refresh", {"refresh_token": token}, headers=OWN), 401, "invalid_token")


def test_immediate_registration_gives_tokens_and_tells_who_is_there(browser_server: Server, browser: Client) -> None:
    email = f"{browser.address}@new.example.com"
    response = browser.post("register", {"email": email, "password": PASSWORD})
    assert response.status_code == 201
    assert response.json().keys() == {"access_token", "token_type", "expires_in"}
    assert cookie(response).value
    assert browser.as_user(response.json()).get("me").json()["email"] == email
    assert_error(browser.post("register", {"email": email, "password": PASSWORD}), 409, "email_taken")
