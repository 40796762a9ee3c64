"""The review's ``test_auth_api.py``, rebuilt: register, log in, refresh, me and log out over HTTP.

The review's own cases are known by the file's name and their number, not one by one: with ``test_jwt_handler.py`` they
are 23. Those whose names begin with ``test_gap_`` are of the four that its finding 15 asks for.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.examples.conftest import PASSWORD, UNLIMITED, Example, running
from tests.examples.test_ninja_app import ADA, answer, bearer, granted, log_in, me, refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

CLIENTS = 8
"""Copies of a client that renew one token at once."""

POLL_INTERVAL = 0.1
"""Seconds between two looks at the outbox, which a thread of the server sends from."""

MAIL_POLLS = 300
"""Looks at the outbox, also on a slow and busy machine."""


@pytest.fixture(scope="module")
def api(example: Example) -> Iterator[httpx.Client]:
    """Run the example with its limits raised: these cases are about answers, and three registrations are an hour's."""
    with running(example._replace(env=example.env | UNLIMITED)) as client:
        yield client


WEAK = {
    "4 horses": "password_too_short",
    "justinbieber": "password_too_common",
    "1029384756019": "password_entirely_numeric",
}
"""Passwords, and Django's code of the rule that each breaks."""


def register(api: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return api.post("/api/auth/register", json={"email": email, "password": password})


def mails_to(api: httpx.Client, email: str) -> list[str]:
    """Return the texts of the mails to an address, once there is one."""
    for _ in range(MAIL_POLLS):
        messages = api.get("/server/outbox.json").json()["messages"]
        if found := [message["text"] for message in messages if message["to"] == email]:
            return found
        time.sleep(POLL_INTERVAL)
    raise AssertionError(f"No mail to {email}.")


def new_address() -> str:
    return f"{uuid4()}@example.com"


def test_a_registration_is_verified_by_mail_and_logs_in_then(api: httpx.Client) -> None:
    email = new_address()
    assert register(api, email).status_code == 202
    assert log_in(api, email).status_code == 401
    (text,) = mails_to(api, email)
    found = re.search(r"#verify=(\S+)", text)
    assert found
    assert api.post("/api/auth/email/verify", json={"token": found[1]}).status_code == 204
    assert log_in(api, email).status_code == 200


def test_a_taken_address_is_answered_as_a_free_one(api: httpx.Client) -> None:
    assert answer(register(api, ADA)) == answer(register(api, new_address()))


def test_a_weak_password_is_refused(api: httpx.Client) -> None:
    for password, rule in WEAK.items():
        refused = register(api, new_address(), password)
        assert refused.status_code == 422
        assert {"field": "password", "code": rule} in refused.json()["errors"]
        assert password not in refused.text


def test_what_is_no_address_is_refused(api: httpx.Client) -> None:
    refused = register(api, "no address")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "email")


def test_a_login_gets_an_access_token_and_the_cookie(api: httpx.Client) -> None:
    response = log_in(api)
    assert response.status_code == 200
    assert "refresh_token" not in response.json()
    assert granted(response)["refresh_token"]


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(api: httpx.Client) -> None:
    wrong, unknown = log_in(api, password="Tr0ub4dor&3"), log_in(api, email=new_address())
    assert wrong.status_code == 401
    assert answer(wrong) == answer(unknown)


def test_me_shows_the_user(api: httpx.Client) -> None:
    shown = me(api, log_in(api).json()["access_token"])
    assert (shown.status_code, shown.json()["email"]) == (200, ADA)


def test_me_without_a_token_is_unauthorized(api: httpx.Client) -> None:
    refused = api.get("/api/auth/me")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_refresh_gets_new_tokens(api: httpx.Client) -> None:
    first = granted(log_in(api))
    second = granted(refresh(api, first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    assert me(api, second["access_token"]).status_code == 200


def test_an_access_token_does_not_refresh(api: httpx.Client) -> None:
    refused = refresh(api, granted(log_in(api))["access_token"])
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


def test_a_logout_ends_both_tokens(api: httpx.Client) -> None:
    tokens = granted(log_in(api))
    assert api.post("/api/auth/logout", headers=bearer(tokens)).status_code == 204
    assert me(api, tokens["access_token"]).status_code == 401
    assert refresh(api, tokens["refresh_token"]).status_code == 401


def test_gap_inactive_user(api: httpx.Client, example: Example) -> None:
    refused = log_in(api, email="locked@example.com")
    assert refused.status_code == 401
    assert answer(refused) == answer(log_in(api, password="Tr0ub4dor&3"))
    tokens = granted(log_in(api, email="frozen@example.com"))
    done = example.python(
        "-c",
        "import django; django.setup()\n"
        "from backend.users.models import User\n"
        "assert User.objects.filter(email='frozen@example.com').update(is_active=False) == 1",
    )
    assert done.returncode == 0, done.stderr
    assert me(api, tokens["access_token"]).status_code == 401
    assert refresh(api, tokens["refresh_token"]).status_code == 401


def test_gap_concurrent_refresh(api: httpx.Client) -> None:
    token = granted(log_in(api))["refresh_token"]
    with ThreadPoolExecutor(CLIENTS) as pool:
        responses = list(pool.map(lambda _: refresh(api, token), range(CLIENTS)))
    assert {response.status_code for response in responses} <= {200, 401}
    successors = [granted(response) for response in responses if response.status_code == 200]
    # Whoever is answered within the grace has the one successor: there are never two lines of one session.
    assert successors
    assert successors == [successors[0]] * len(successors)
    assert token != successors[0]["refresh_token"]
