"""The example's two servers, each a process of its own, on one PostgreSQL and one Redis; every test goes both ways."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from ferrauth import passwords
from ferrauth.passwords import DEFAULT_ITERATIONS
from tests import services
from tests.http.server import HOST, free_port
from tools.demo_fastapi import EXAMPLE, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.django_db(databases=[])

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "two_servers"
PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "staple battery horse correct"
LIMIT = 4
LIMITS = {
    "login": {"account_address": f"{LIMIT}/m", "account": None, "address": None},
    "refresh": {"address": None},
    "register": {"address": None},
}
TIMEOUT = 60
"""Seconds that an answer may take on a machine that is busy with other tests."""

_numbers = itertools.count()


class Server:
    """One of the two, and what its clients do."""

    def __init__(self, name: str, url: str, prefix: str) -> None:
        self.name = name
        self.url = url
        self._client = httpx.Client(base_url=url + prefix, trust_env=False, timeout=TIMEOUT)

    def post(self, path: str, body: object = None, token: str | None = None) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self._client.post(path, json=body, headers=headers)

    def login(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", {"identifier": name, "password": password})

    def tokens(self, name: str, password: str = PASSWORD) -> dict[str, str]:
        """Log in, which must succeed."""
        answer = self.login(name, password)
        assert answer.status_code == 200, f"{self.name}: {answer.text}"
        tokens: dict[str, str] = answer.json()
        return tokens

    def refresh(self, token: str) -> httpx.Response:
        return self.post("/refresh", {"refresh_token": token})

    def me(self, token: str) -> int:
        return self._client.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code

    def register(self) -> str:
        """Register somebody new, and return the address."""
        email = f"user{next(_numbers)}@example.com"
        answer = self.post("/register", {"email": email, "password": PASSWORD})
        assert answer.status_code == 201, f"{self.name}: {answer.text}"
        return email

    def close(self) -> None:
        self._client.close()


@dataclass(frozen=True)
class Pair:
    """Both servers, one way around."""

    one: Server
    other: Server
    dsn: str

    def rows(self, query: str, *values: object) -> list[Any]:
        """Ask the database beside the servers."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query, values)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def make_user(self, iterations: int = DEFAULT_ITERATIONS) -> str:
        """Make a user beside the servers, with a row of a certain cost."""
        name = f"user{next(_numbers)}"
        self.rows(
            "INSERT INTO auth_user (username, password, first_name, last_name, email, is_staff, is_superuser,"
            " is_active, date_joined) VALUES (%s, %s, '', '', '', false, false, true, now())",
            name,
            passwords.make_password(PASSWORD, iterations=iterations),
        )
        return name

    def iterations(self, name: str) -> int:
        """Return the iterations of a user's row."""
        ((row,),) = self.rows("SELECT password FROM auth_user WHERE username = %s", name)
        return int(row.split("$")[1])


def manage(env: Mapping[str, str], *arguments: str) -> None:
    """Run a command of the Django project."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server, str]]:
    """Django and FastAPI, on a database that Django migrated, with the superuser ``root``."""
    folder = tmp_path_factory.mktemp("two_servers")
    with psycopg.connect(services.dsn(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')  # type: ignore[call-overload]
        connection.execute(f'CREATE DATABASE "{DATABASE}"')  # type: ignore[call-overload]
    address = services.postgres()
    url = sa.URL.create(
        "postgresql+asyncpg", address.user, address.password or None, address.host, address.port, DATABASE
    )
    secret = "a secret of the two servers, which is long enough for every rule"
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "FERRAUTH_"))},
        "PYTHONPATH": os.pathsep.join([str(EXAMPLE), str(ROOT), *filter(None, sys.path)]),
        "DATA_DIR": str(folder),
        "DJANGO_SECRET_KEY": secret,
        "DJANGO_SETTINGS_MODULE": "tests.fastapi.two_servers_settings",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "TWO_SERVERS_DATABASE": json.dumps({**address.django(), "NAME": DATABASE}),
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "FERRAUTH_SECRET_KEY": secret,
        "FERRAUTH_REDIS_URL": services.redis(),
        "FERRAUTH_REGISTRATION": "immediate",
        "FERRAUTH_LIMITS": json.dumps(LIMITS),
    }
    manage(env, "migrate", "--verbosity", "0")
    manage(env, "createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com")
    with ExitStack() as stack:
        found = []
        for name, application, ready, prefix in (
            ("Django", "django_site.asgi:application", "/api/openapi.json", "/api/auth"),
            ("FastAPI", "app.main:app", "/openapi.json", "/auth"),
        ):
            port = free_port()
            stack.enter_context(serve(application, port, ready=ready, log=folder / f"{name}.log", env=env))
            server = Server(name, f"http://{HOST}:{port}", prefix)
            stack.callback(server.close)
            found.append(server)
        django, fast = found
        yield django, fast, services.dsn().replace(f"dbname={address.name}", f"dbname={DATABASE}")


@pytest.fixture(params=["django to fastapi", "fastapi to django"])
def pair(request: pytest.FixtureRequest, servers: tuple[Server, Server, str]) -> Pair:
    """The two servers, first one way around, then the other; with nothing counted yet."""
    services.redis_client().flushall()
    django, fast, dsn = servers
    return Pair(django, fast, dsn) if request.param.startswith("django") else Pair(fast, django, dsn)


def test_a_user_made_in_the_admin_logs_in_at_both(servers: tuple[Server, Server, str]) -> None:
    django, fast, _ = servers
    services.redis_client().flushall()
    name = f"admin{next(_numbers)}"
    with httpx.Client(base_url=django.url, trust_env=False, timeout=TIMEOUT, follow_redirects=True) as browser:

        def submit(path: str, **fields: str) -> httpx.Response:
            (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path).text)[:1]
            return browser.post(path, data={"csrfmiddlewaretoken": token, **fields}, headers={"Referer": django.url})

        submit("/admin/login/", username="root", password=PASSWORD, next="/admin/")
        page = submit(
            "/admin/auth/user/add/", username=name, password1=PASSWORD, password2=PASSWORD, usable_password="true"
        )
    assert "/admin/auth/user/" in str(page.url)
    assert "was added successfully" in page.text
    for server in (fast, django):
        server.tokens(name)


def test_who_registers_at_one_logs_in_at_the_other(pair: Pair) -> None:
    email = pair.one.register()
    tokens = pair.other.tokens(email)
    assert pair.one.me(tokens["access_token"]) == 200
    taken = pair.other.post("/register", {"email": email.upper(), "password": PASSWORD})
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")


def test_a_token_of_one_is_good_and_is_refreshed_at_the_other(pair: Pair) -> None:
    first = pair.one.tokens(pair.make_user())
    assert pair.other.me(first["access_token"]) == 200
    second = pair.other.refresh(first["refresh_token"])
    assert second.status_code == 200
    assert [server.me(second.json()["access_token"]) for server in (pair.one, pair.other)] == [200, 200]
    third = pair.one.refresh(second.json()["refresh_token"])
    assert third.status_code == 200
    assert pair.other.me(third.json()["access_token"]) == 200


def test_a_logout_at_one_ends_the_session_at_both(pair: Pair) -> None:
    tokens = pair.other.tokens(pair.make_user())
    assert pair.one.post("/logout", token=tokens["access_token"]).status_code == 204
    assert [server.me(tokens["access_token"]) for server in (pair.one, pair.other)] == [401, 401]
    assert [server.refresh(tokens["refresh_token"]).status_code for server in (pair.one, pair.other)] == [401, 401]


def test_J98_a_replay_at_one_ends_the_session_at_both(pair: Pair) -> None:
    stolen = pair.other.tokens(pair.make_user())["refresh_token"]
    second = pair.other.refresh(stolen).json()
    third = pair.other.refresh(second["refresh_token"]).json()
    assert [server.me(third["access_token"]) for server in (pair.one, pair.other)] == [200, 200]
    assert pair.one.refresh(stolen).status_code == 401
    assert [server.me(third["access_token"]) for server in (pair.one, pair.other)] == [401, 401]


def test_J93_a_password_change_at_one_ends_the_sessions_of_both(pair: Pair) -> None:
    name = pair.make_user()
    here, there = pair.one.tokens(name), pair.other.tokens(name)
    change = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert pair.one.post("/password/change", change, token=here["access_token"]).status_code == 204
    assert [server.me(there["access_token"]) for server in (pair.one, pair.other)] == [401, 401]
    assert pair.other.refresh(there["refresh_token"]).status_code == 401
    assert pair.other.me(here["access_token"]) == 200
    assert pair.other.login(name).status_code == 401
    assert pair.other.login(name, NEW_PASSWORD).status_code == 200


def test_P46_a_hash_that_one_upgrades_is_read_by_the_other(pair: Pair) -> None:
    name = pair.make_user(iterations=DEFAULT_ITERATIONS // 10)
    before = pair.one.tokens(name)
    assert pair.iterations(name) == DEFAULT_ITERATIONS
    ((row,),) = pair.rows("SELECT password FROM auth_user WHERE username = %s", name)
    pair.other.tokens(name)
    assert pair.rows("SELECT password FROM auth_user WHERE username = %s", name) == [(row,)]  # At one cost, it is kept.
    assert pair.other.me(before["access_token"]) == 200


def test_T13_failed_attempts_at_one_count_at_the_other(pair: Pair) -> None:
    name = pair.make_user()
    spellings = [name, name.upper(), f" {name}"]
    answers = [
        server.login(spelling, "wrong").json()["code"]
        for _, server, spelling in zip(
            range(LIMIT), itertools.cycle([pair.one, pair.other]), itertools.cycle(spellings), strict=False
        )
    ]
    assert answers == ["invalid_credentials"] * LIMIT
    for server in (pair.one, pair.other):
        refused = server.login(name)  # With the right password, too.
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
        assert int(refused.headers["Retry-After"]) > 0
    assert pair.other.login(pair.make_user()).status_code == 200


def test_P37_an_unknown_user_and_a_wrong_password_are_one_answer_of_both(pair: Pair) -> None:
    name = pair.make_user()
    answers = [server.login(who, "wrong") for server in (pair.one, pair.other) for who in (name, "nobody")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
