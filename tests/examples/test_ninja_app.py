"""The reviewed Ninja application on ferrauth, over HTTP."""

from __future__ import annotations

import sqlite3
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import pytest

from tests.examples.conftest import PASSWORD, STATES, Example, running
from tools.play import change_one_character

if TYPE_CHECKING:
    import httpx

ADA = "ada@example.com"
COOKIE = "__Host-refresh_token"


def log_in(server: httpx.Client, email: str = ADA, password: str = PASSWORD) -> httpx.Response:
    return server.post("/api/auth/login", json={"email": email, "password": password})


def granted(response: httpx.Response) -> dict[str, str]:
    """Return the tokens of an answer: one is in its body, the other in its cookie."""
    cookie = SimpleCookie(response.headers["Set-Cookie"])[COOKIE]
    return {"access_token": response.json()["access_token"], "refresh_token": cookie.value}


def me(server: httpx.Client, token: str) -> httpx.Response:
    return server.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


def answer(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """All that a client can tell a response by, save when it came."""
    headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"date"]
    return response.status_code, headers, response.content


def assert_is_unauthorized(response: httpx.Response, code: str) -> None:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json().keys() == {"detail", "code"}
    assert response.json()["code"] == code


def test_right_password_gets_tokens(server: httpx.Client) -> None:
    response = log_in(server)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 60
    cookie = SimpleCookie(response.headers["Set-Cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
    assert body["access_token"] != cookie.value


def test_e_mail_is_found_in_any_case(server: httpx.Client) -> None:
    assert log_in(server, email="Ada@EXAMPLE.com").status_code == 200


@pytest.fixture(scope="session")
def refusal(server: httpx.Client) -> httpx.Response:
    """The answer to a wrong password; got once, since five a minute are answered."""
    return log_in(server, password="Tr0ub4dor&3")


def test_wrong_password_is_unauthorized(refusal: httpx.Response) -> None:
    assert_is_unauthorized(refusal, "invalid_credentials")


@pytest.mark.parametrize("email", ["nobody@example.com", "locked@example.com", "deleted@example.com", "no address"])
def test_E11_E12_every_refused_login_has_the_answer_of_a_wrong_password(
    server: httpx.Client, refusal: httpx.Response, email: str
) -> None:
    assert answer(log_in(server, email=email)) == answer(refusal)


def test_T34_T37_the_sixth_guess_is_throttled_whoever_is_meant_and_whatever_it_is(server: httpx.Client) -> None:
    throttled = []
    for email in ("guessed@example.com", "stranger@example.com"):
        assert [log_in(server, email=email, password="Tr0ub4dor&3").status_code for _ in range(5)] == [401] * 5
        throttled += [log_in(server, email=email, password=word) for word in ("Tr0ub4dor&3", PASSWORD)]
    for response in throttled:
        assert response.status_code == 429
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert response.headers["Cache-Control"] == "no-store"
        assert response.content == throttled[0].content
        assert response.json()["code"] == "throttled"


COUNT_ITERATIONS = """
import sys, django
django.setup()
from django.test import Client
from ferrauth import _core
for email in sys.argv[1:]:
    before = _core.iterations_executed()
    credentials = {"email": email, "password": "Tr0ub4dor&3"}
    response = Client(headers={"host": "localhost"}).post("/api/auth/login", credentials, "application/json")
    print(response.status_code, _core.iterations_executed() - before)
"""


def test_E02_every_refused_login_costs_the_same_iterations(example: Example) -> None:
    done = example.python(
        "-c", COUNT_ITERATIONS, ADA, "nobody@example.com", "locked@example.com", "deleted@example.com"
    )
    assert done.returncode == 0, done.stderr
    # The audit's lines are JSON objects.
    wrong, *others = (line for line in done.stdout.splitlines() if not line.startswith("{"))
    status, iterations = wrong.split()
    assert status == "401"
    assert int(iterations) >= 1_000_000  # Django 5.2's default, the lowest of the supported releases.
    assert others == [wrong] * 3


def test_me_with_a_token(server: httpx.Client) -> None:
    response = me(server, log_in(server).json()["access_token"])
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json().keys() == {"id", "email", "is_email_verified"}
    assert response.json()["email"] == ADA


def test_E12_me_refuses_every_bad_token_alike(server: httpx.Client) -> None:
    bare = server.get("/api/auth/me")
    assert_is_unauthorized(bare, "not_authenticated")
    tokens = granted(log_in(server))
    damaged = change_one_character(tokens["access_token"])
    for token in (damaged, tokens["refresh_token"], "not a token", "x" * 5_000):
        assert answer(me(server, token)) == answer(bare)


def carrying(token: str) -> dict[str, str]:
    """Return the headers with which a page of the application's own sends the cookie. httpx keeps a ``Secure`` one to
    itself, where a browser takes the loopback address for safe."""
    return {"Cookie": f"{COOKIE}={token}", "X-Requested-With": "fetch"}


def refresh(server: httpx.Client, token: str) -> httpx.Response:
    return server.post("/api/auth/refresh", headers=carrying(token))


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def test_J98_refresh_rotates_and_a_replay_ends_the_session(server: httpx.Client) -> None:
    first = granted(log_in(server))
    second = refresh(server, first["refresh_token"])
    assert second.status_code == 200
    third = granted(refresh(server, granted(second)["refresh_token"]))
    assert me(server, third["access_token"]).status_code == 200
    assert_is_unauthorized(refresh(server, first["refresh_token"]), "invalid_token")
    assert_is_unauthorized(me(server, third["access_token"]), "not_authenticated")


def test_J88_every_refused_refresh_has_one_answer(server: httpx.Client) -> None:
    tokens = granted(log_in(server))
    server.post("/api/auth/logout", headers=bearer(tokens))
    refused = [refresh(server, token) for token in (tokens["refresh_token"], tokens["access_token"], "not a token")]
    assert len({str(answer(response)) for response in refused}) == 1


@pytest.mark.parametrize("by", ["access", "refresh"])
def test_J104_logout_is_idempotent(server: httpx.Client, by: str) -> None:
    tokens, other = granted(log_in(server)), granted(log_in(server))
    for _ in range(2):
        headers = carrying(tokens["refresh_token"]) if by == "refresh" else bearer(tokens)
        response = server.post("/api/auth/logout", headers=headers)
        assert (response.status_code, response.content) == (204, b"")
    assert_is_unauthorized(me(server, tokens["access_token"]), "not_authenticated")
    assert me(server, other["access_token"]).status_code == 200


def test_sessions_are_listed_and_ended(server: httpx.Client) -> None:
    mine, other = log_in(server).json(), log_in(server).json()
    listed = server.get("/api/auth/sessions", headers=bearer(mine)).json()
    (current,) = (one for one in listed if one["is_current"])
    assert current["address"] == "127.0.0.1"
    assert current["user_agent"].startswith("python-httpx")
    ids = {one["id"] for one in server.get("/api/auth/sessions", headers=bearer(other)).json() if one["is_current"]}
    (lost,) = ids
    assert server.delete(f"/api/auth/sessions/{lost}", headers=bearer(mine)).status_code == 204
    again = server.delete(f"/api/auth/sessions/{lost}", headers=bearer(mine))
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert_is_unauthorized(me(server, other["access_token"]), "not_authenticated")
    assert server.post("/api/auth/logout/all", headers=bearer(mine)).status_code == 204
    assert_is_unauthorized(me(server, mine["access_token"]), "not_authenticated")


@pytest.mark.parametrize(
    ("email", "column", "value"), [("leaving@example.com", "is_deleted", 1), ("banned@example.com", "is_active", 0)]
)
def test_token_ends_with_its_user(server: httpx.Client, example: Example, email: str, column: str, value: int) -> None:
    assert email in STATES
    token = log_in(server, email=email).json()["access_token"]
    assert me(server, token).status_code == 200
    database = sqlite3.connect(example.data / "db.sqlite3")
    with database:
        changed = database.execute(f"UPDATE users_user SET {column} = ? WHERE email = ?", (value, email))  # noqa: S608
        assert changed.rowcount == 1
    database.close()
    assert_is_unauthorized(me(server, token), "not_authenticated")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b"", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b'{"email": "ada@example.com"}', 422, "invalid"),
        (b'{"email": "ada@example.com", "password": 5}', 422, "invalid"),
        (b'{"email": "ada@example.com", "password": "hunter2hunter2", "admin": true}', 422, "invalid"),
        (b'{"email": "a\\u0000@example.com", "password": "hunter2hunter2"}', 422, "invalid"),
        (b'{"email": "\\ud800@example.com", "password": "hunter2hunter2"}', 422, "invalid"),
        (b'{"email": "ada@example.com", "password": "hunter2hunter2\\ud800"}', 422, "invalid"),
        (b'{"email": "' + b"a" * 10_000 + b'", "password": "hunter2hunter2"}', 422, "invalid"),
        (b'{"email": "ada@example.com", "password": "' + b"hunter2" * 3_000 + b'"}', 413, "body_too_large"),
        (b"email=ada@example.com&password=hunter2hunter2", 400, "bad_request"),
    ],
)
def test_E10_E15_malformed_requests_are_the_clients_fault(
    server: httpx.Client, body: bytes, status: int, code: str
) -> None:
    response = server.post("/api/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Cache-Control"] == "no-store"
    assert "hunter2" not in response.text
    assert response.json().keys() <= {"detail", "code", "errors"}


def test_log_has_no_password_and_no_token(server: httpx.Client, example: Example) -> None:
    token = log_in(server).json()["access_token"]
    me(server, token)
    log_in(server, password="a wrong password of its own")
    server.get("/api/auth/me", headers={"Authorization": f"Basic {token}"})
    log = (example.data / "server.log").read_text()
    assert "/api/auth/me" in log
    assert PASSWORD not in log
    assert "a wrong password of its own" not in log
    assert token not in log


def test_api_document_names_the_bearer_scheme(server: httpx.Client) -> None:
    document = server.get("/api/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert [(scheme["type"], scheme["scheme"]) for scheme in schemes.values()] == [("http", "bearer")]
    assert "security" not in document["paths"]["/api/auth/login"]["post"]
    assert document["paths"]["/api/auth/me"]["get"]["security"] == [{name: [] for name in schemes}]


def test_api_page_needs_no_other_host(server: httpx.Client) -> None:
    page = server.get("/api/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace(str(server.base_url), "")
    assert server.get("/static/ninja/swagger-ui-bundle.js").status_code == 200


def test_token_outlives_a_restart(server: httpx.Client, example: Example) -> None:
    token = log_in(server).json()["access_token"]
    with running(example) as restarted:
        assert me(restarted, token).status_code == 200
    assert (example.data / "secret_key").stat().st_mode & 0o077 == 0


PRODUCTION = {
    "DJANGO_DEBUG": "",
    "DJANGO_SECRET_KEY": "a secret of the tests, which is long enough for every rule that there is",
    "DJANGO_ALLOWED_HOSTS": "example.com",
    "DJANGO_SITE_URL": "https://example.com",
    "DJANGO_REDIS_URL": "redis://127.0.0.1:6379/0",
    "DJANGO_DATABASE_URL": "postgresql://app:secret@127.0.0.1:1/app",
    "DJANGO_EMAIL_HOST": "mail.example.com",
    "DJANGO_EMAIL_PORT": "587",
    "DJANGO_DEFAULT_FROM_EMAIL": "accounts@example.com",
}


def test_production_settings_pass_the_deployment_checks(example: Example) -> None:
    done = example.python("manage.py", "check", "--deploy", "--fail-level", "INFO", **PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", list(PRODUCTION)[1:])
def test_production_has_no_default(example: Example, name: str) -> None:
    done = example.python("manage.py", "check", **{**PRODUCTION, name: ""})
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {name} is not set." in done.stderr


def test_migrations_are_complete(example: Example) -> None:
    done = example.python("manage.py", "makemigrations", "--check", "--dry-run", "users")
    assert done.returncode == 0, done.stdout
