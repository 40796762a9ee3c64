"""Refusals that nothing a client sends brings about: of what is busy, away or closed, of a race, of a permission."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.http.client import Client, assert_error
from tests.http.fastapi_server import LAUNCHES as FASTAPI
from tests.http.ninja_server import LAUNCHES as NINJA
from tests.http.server import PASSWORD, Server, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from tests.http.server import Launch

ASYNC = {"ninja-async": NINJA["ninja-async"], **FASTAPI}
"""Servers that refuse to wait; a sync view has a thread of its own to wait in."""
SLOW = "2000000"
"""Iterations of a hash: some tenths of a second, in which other requests come."""
AT_ONCE = 6
NEW_PASSWORD = "another horse, another battery"
GRANT = """
INSERT INTO auth_user_user_permissions (user_id, permission_id)
SELECT auth_user.id, auth_permission.id FROM auth_user, auth_permission
WHERE auth_user.username = '%s' AND codename = 'add_group'
"""
OVERTAKE = """
CREATE TRIGGER overtake_%(username)s BEFORE UPDATE OF password ON auth_user WHEN OLD.username = '%(username)s'
BEGIN SELECT RAISE(IGNORE); END
"""
"""Lets an update of the user's row find nothing, as where another one has been first, each time."""


@pytest.fixture(scope="session")
def strained_server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that nobody can register at, and whose Redis is away."""
    settings = {
        "REGISTRATION": "closed",
        "THROTTLE_BACKEND": "redis",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
        "ON_COUNTER_FAILURE": "deny",
    }
    with launch(tmp_path_factory.mktemp("strained"), settings) as running:
        yield running


@pytest.fixture
def strained(strained_server: Server, connect: Callable[[Server], Client]) -> Client:
    """Return a client of it."""
    return connect(strained_server)


def test_registration_may_be_closed(strained: Client) -> None:
    body = {"email": f"{strained.address}@closed.example.com", "password": PASSWORD}
    assert_error(strained.post("register", body), 403, "registration_closed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("login", {"identifier": "nobody@example.com", "password": PASSWORD}),
        ("password/reset", {"email": "nobody@example.com"}),
        ("refresh", {"refresh_token": "bad"}),
    ],
)
def test_T27_what_counts_attempts_is_away(strained: Client, path: str, body: dict[str, str]) -> None:
    response = strained.post(path, body)
    assert_error(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("name", ASYNC)
def test_P53_too_much_waiting_work_is_busy_whoever_is_meant(
    name: str, tmp_path: Path, connect: Callable[[Server], Client]
) -> None:
    launch = partial(ASYNC[name], env={"HTTP_TEST_ITERATIONS": SLOW})  # type: ignore[call-arg]
    with launch(tmp_path, {"HASHER_MAX_WAIT": 0}) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        for email in ("nobody@example.com", server.user().email):
            refused = overload(pool, [connect(server) for _ in range(AT_ONCE)], email)
            assert_error(refused, 503, "busy")
            assert int(refused.headers["Retry-After"]) >= 1


def overload(pool: ThreadPoolExecutor, clients: list[Client], email: str) -> httpx.Response:
    """Log in at once with wrong passwords until one is refused, and return that."""
    body = {"identifier": email, "password": "Tr0ub4dor&3 and more"}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for response in pool.map(lambda client: client.post("login", body), clients):
            if response.status_code == 503:
                return response
            assert response.status_code in (401, 429)
    raise AssertionError("No login is ever refused.")


def test_an_account_that_changes_at_the_same_moment_is_a_conflict(server: Server, client: Client) -> None:
    user = server.user()
    me = client.as_user(client.log_in(user.email, user.password))
    server.sql(OVERTAKE % {"username": user.username})
    assert_error(client.post("login", {"identifier": user.email, "password": user.password}), 409, "conflict")
    change = {"old_password": user.password, "new_password": NEW_PASSWORD}
    assert_error(me.post("password/change", change), 409, "conflict")
    assert me.get("me").status_code == 200
    server.sql(f"DROP TRIGGER overtake_{user.username}")
    client.log_in(user.email, user.password)


def test_J97_a_permission_is_asked_of_the_user(server: Server, client: Client) -> None:
    user = server.user()
    own = replace(client, base_url=server.own_url)
    assert_error(own.get("editors"), 401, "not_authenticated")
    editor = own.as_user(client.log_in(user.email, user.password))
    assert_error(editor.get("editors"), 403, "permission_denied")
    server.sql(GRANT % user.username)
    assert editor.get("editors").json() == {"hello": "editor"}
