"""What is answered does not tell who has an account: the E rows, by their names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.http.client import Client, answer, assert_error
from tests.http.server import PASSWORD, Server, wait_for_mail

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

WRONG = "Tr0ub4dor&3 and more"


def alike(responses: list[httpx.Response]) -> bool:
    """Say whether no client can tell the responses apart, headers and their order included."""
    return len({str(answer(response)) for response in responses}) == 1


def test_E11_E12_every_failed_login_is_answered_alike(server: Server, client: Client) -> None:
    active, inactive = server.user(), server.user(is_active=False)
    submitted = [
        (active.email, WRONG),
        (active.username, WRONG),
        (inactive.email, WRONG),
        (inactive.email, PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("no address at all", PASSWORD),
        ("' OR 1=1; DROP TABLE auth_user; --", PASSWORD),
        ("\u200bädmïn\N{KELVIN SIGN}@example.com", PASSWORD),
    ]
    responses = [client.post("login", {"identifier": name, "password": word}) for name, word in submitted]
    assert_error(responses[0], 401, "invalid_credentials")
    assert alike(responses)


def test_J88_every_failed_refresh_is_answered_alike(server: Server, client: Client) -> None:
    user = server.user()
    tokens = client.log_in(user.email, user.password)
    client.post("logout", {"refresh_token": tokens["refresh_token"]})
    bad = [tokens["refresh_token"], tokens["access_token"], "not a token", "a.b.c", "é.ü.ö", "x" * 8_000]
    responses = [client.post("refresh", {"refresh_token": token}) for token in bad]
    assert_error(responses[0], 401, "invalid_token")
    assert alike(responses)


def test_E12_every_failed_authentication_is_answered_alike(server: Server, client: Client) -> None:
    user = server.user()
    tokens = client.log_in(user.email, user.password)
    client.as_user(tokens).post("logout")
    bad = [tokens["access_token"], tokens["refresh_token"], "not-a-token", "a.b.c", "x" * 8_000]
    responses = [client.get("me"), *(client.as_user({"access_token": token}).get("me") for token in bad)]
    assert_error(responses[0], 401, "not_authenticated")
    assert alike(responses)


def test_E01_E04_registration_is_answered_alike_and_the_owner_is_told(server: Server, client: Client) -> None:
    taken, free = server.user(), f"{client.address}@free.example.com"
    spelled = taken.email.replace("user", "USER").replace("example", "Example")
    responses = [client.post("register", {"email": email, "password": PASSWORD}) for email in (free, spelled)]
    assert responses[0].status_code == 202
    assert alike(responses)
    assert wait_for_mail(server, taken.email).subject != wait_for_mail(server, free).subject
    client.log_in(taken.email, taken.password)


def test_E03_two_registrations_at_once_are_answered_alike(server: Server, connect: Callable[[Server], Client]) -> None:
    clients = [connect(server) for _ in range(4)]
    email = f"{clients[0].address}@race.example.com"
    with ThreadPoolExecutor(len(clients)) as pool:
        sent = [pool.submit(one.post, "register", {"email": email, "password": PASSWORD}) for one in clients]
        responses = [one.result() for one in sent]
    assert {response.status_code for response in responses} == {202}
    assert alike(responses)


@pytest.mark.parametrize("path", ["password/reset", "email/verify/resend"])
def test_E07_asking_for_a_link_is_answered_alike(server: Server, client: Client, path: str) -> None:
    emails = [server.user().email, server.user(is_active=False).email, "nobody@example.com"]
    responses = [client.post(path, {"email": email}) for email in emails]
    assert (responses[0].status_code, responses[0].content) == (202, b"")
    assert alike(responses)


def test_E01_changing_to_a_taken_address_is_answered_alike(server: Server, client: Client) -> None:
    user, other = server.user(), server.user()
    me = client.as_user(client.log_in(user.email, user.password))
    emails = [f"{client.address}@other.example.com", other.email]
    responses = [me.post("email/change", {"password": user.password, "email": email}) for email in emails]
    assert responses[0].status_code == 202
    assert alike(responses)


def test_E06_a_weak_password_is_refused_before_the_address_is_looked_up(server: Server, client: Client) -> None:
    emails = [server.user().email, f"{client.address}@weak.example.com"]
    responses = [client.post("register", {"email": email, "password": "short"}) for email in emails]
    assert_error(responses[0], 422, "invalid")
    assert responses[0].json()["errors"] == [{"field": "password", "code": "password_too_short"}]
    assert alike(responses)


@pytest.mark.parametrize("path", ["password/reset/confirm", "email/verify"])
def test_E07_every_bad_link_is_answered_alike(client: Client, path: str) -> None:
    extra = {"password": PASSWORD} if path.endswith("confirm") else {}
    bad = ["x", "a.b.c", "x" * 8_000, "é", "1:2:3"]
    responses = [client.post(path, {"token": token, **extra}) for token in bad]
    assert_error(responses[0], 400, "invalid_link")
    assert alike(responses)


def test_T34_T35_T37_the_sixth_guess_is_throttled_whoever_is_meant(
    server: Server, connect: Callable[[Server], Client]
) -> None:
    throttled = []
    for email in (server.user().email, "nobody-at-all@example.com"):
        client = connect(server)
        guesses = [client.post("login", {"identifier": email, "password": WRONG}) for _ in range(5)]
        assert {guess.status_code for guess in guesses} == {401}
        throttled += [client.post("login", {"identifier": email, "password": word}) for word in (WRONG, PASSWORD)]
    for response in throttled:
        assert_error(response, 429, "throttled")
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert response.content == throttled[0].content


@pytest.mark.parametrize(
    ("path", "body", "limit"),
    [
        ("register", {"email": "t38@example.com", "password": PASSWORD}, 3),
        ("password/reset", {"email": "t38@example.com"}, 3),
        ("email/verify/resend", {"email": "t38@example.com"}, 3),
        ("refresh", {"refresh_token": "bad"}, 30),
        ("email/verify", {"token": "bad"}, 60),
        ("logout", {"refresh_token": "bad"}, 60),
    ],
)
def test_T38_every_open_operation_has_a_budget(client: Client, path: str, body: dict[str, str], limit: int) -> None:
    responses = [client.post(path, body) for _ in range(limit + 1)]
    assert 429 not in {response.status_code for response in responses[:-1]}
    assert_error(responses[-1], 429, "throttled")


def test_T19_without_the_proxy_nobody_chooses_its_address(client: Client) -> None:
    """The suite's own addresses are what the one trusted proxy appended; what stands before them is a client's."""
    headers = [{"X-Forwarded-For": f"192.0.2.{number}, {client.address}"} for number in range(4)]
    responses = [client.post("password/reset", {"email": "t19@example.com"}, headers=one) for one in headers]
    assert [response.status_code for response in responses] == [202, 202, 202, 429]
