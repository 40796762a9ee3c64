"""The Ninja example as it runs in production: HTTPS, Redis, the log, and no other site's scripts."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests import services
from tests.examples.test_ninja_app import PRODUCTION
from tools.demo import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.examples.conftest import Example

CLIENT = """
import json, sys, django
django.setup()
from django.conf import settings
from django.test import Client
client = Client(headers={"host": "example.com", "user-agent": "a browser\\n{}"})
"""

GUESS = "Tr0ub4dor&3"

IMPORT = re.compile(r'from "\./([^"]+)"')
"""A module that a script of the page loads."""


def lines(example: Example, script: str, **env: str) -> list[str]:
    """Run a script in production, on the database that the example's fixture has filled; what it printed."""
    here = {"DJANGO_DATABASE_URL": f"sqlite:///{example.data}/db.sqlite3"}
    done = example.python("-c", CLIENT + script, **PRODUCTION | here | env)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def redis_url() -> str:
    """Return the URL of a database that no other test uses."""
    return services.redis().rsplit("/", 1)[0] + "/9"


def test_plain_http_is_sent_to_https(example: Example) -> None:
    (shown,) = lines(example, 'answer = client.get("/api/auth/me"); print(answer.status_code, answer["Location"])')
    assert shown == "301 https://example.com/api/auth/me"


def test_https_answers_have_the_headers_of_it(example: Example) -> None:
    (shown,) = lines(example, 'print(json.dumps(dict(client.get("/", secure=True).headers)))')
    headers = json.loads(shown)
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"]


def test_cookies_go_over_https_alone(example: Example) -> None:
    (shown,) = lines(example, "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)")
    assert shown == "True True"


def test_the_cache_is_redis_and_attempts_are_counted_in_it(example: Example, redis_url: str) -> None:
    script = f"""
from django.core.cache import cache
from ferrauth.django.conf import get_settings
from ferrauth.django.counters import place
from redis import Redis
redis = Redis.from_url(settings.REDIS_URL)
redis.flushdb()
cache.set("kept", 1)
print(place(get_settings()), cache.get("kept"), redis.dbsize())
credentials = {{"email": "nobody@example.com", "password": "{GUESS}"}}
print(client.post("/api/auth/login", credentials, "application/json", secure=True).status_code)
print(redis.dbsize() > 1, any(b"nobody" in key for key in redis.keys()))
"""
    first, status, counted = (
        line for line in lines(example, script, DJANGO_REDIS_URL=redis_url) if not line.startswith("{")
    )
    assert first == "redis 1 1"
    assert status == "401"
    assert counted == "True False"


def test_the_audit_is_json_lines_without_a_secret(example: Example, redis_url: str) -> None:
    script = f"""
from uuid import uuid4
from backend.users.models import User
email = str(uuid4()) + "@example.com"
User.objects.create_user(email, "correct horse battery staple", is_email_verified=True)
for word in ("{GUESS}", "correct horse battery staple"):
    answer = client.post("/api/auth/login", {{"email": email, "password": word}}, "application/json", secure=True)
print("#", email, answer.json()["access_token"], client.cookies["__Host-refresh_token"].value)
"""
    *audit, secrets = lines(example, script, DJANGO_REDIS_URL=redis_url)
    events = [json.loads(line) for line in audit]
    assert [event["logger"] for event in events] == ["ferrauth.audit"] * len(events)
    assert [event["event"] for event in events] == ["login_failed", "login_succeeded"]
    for event in events:
        assert event["time"].endswith("+00:00")
        assert event["user_agent"].startswith("a browser")
    for secret in (GUESS, "correct horse", *secrets.split()[1:]):
        assert secret not in "".join(audit)


def test_other_loggers_write_json_lines_to_the_standard_error(example: Example, redis_url: str) -> None:
    script = """
import logging
try:
    raise ValueError("two\\nlines")
except ValueError:
    logging.getLogger("django.request").exception("It failed.\\nTwice.")
print("nothing else")
"""
    done = example.python("-c", CLIENT + script, **PRODUCTION)
    assert done.stdout.splitlines() == ["nothing else"]
    (line,) = map(json.loads, done.stderr.splitlines())
    assert (line["level"], line["logger"], line["message"]) == ("ERROR", "django.request", "It failed.\nTwice.")
    assert "ValueError" in line["traceback"]


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
@pytest.mark.parametrize("path", ["/api/auth/me", "/api/auth/login", "/api/auth/refresh", "/"])
def test_no_other_origin_is_allowed_anything(server: httpx.Client, method: str, path: str) -> None:
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    response = server.request(method, path, headers=asked)
    assert [name for name in response.headers if name.lower().startswith("access-control-")] == []


def test_bcrypt_rows_log_in_and_become_pbkdf2(example: Example, redis_url: str) -> None:
    script = """
from uuid import uuid4
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from backend.users.models import User
stock = BCryptSHA256PasswordHasher()
row = stock.encode("correct horse battery staple", stock.salt())
user = User.objects.create(email=str(uuid4()) + "@example.com", password=row, is_email_verified=True)
credentials = {"email": user.email, "password": "correct horse battery staple"}
print("#", client.post("/api/auth/login", credentials, "application/json", secure=True).status_code)
user.refresh_from_db()
print("#", row.split("$")[0], user.password.split("$")[0])
"""
    shown = [line for line in lines(example, script, DJANGO_REDIS_URL=redis_url) if line.startswith("#")]
    assert shown == ["# 200", "# bcrypt_sha256 pbkdf2_sha256"]


def shown(example: Example, *names: str, **env: str) -> list[object]:
    """Return settings of production, as they are with ``env``."""
    script = f"""
import json
from django.conf import settings
print(json.dumps([getattr(settings, name) for name in {names}], default=str))
"""
    done = example.python("-c", script, **PRODUCTION | env)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_no_environment_turns_the_limits_off(example: Example) -> None:
    (ferrauth,) = shown(example, "FERRAUTH", DJANGO_MEASURING="1")
    assert isinstance(ferrauth, dict)
    assert "LIMITS" not in ferrauth
    assert "THROTTLE_BACKEND" not in ferrauth


@pytest.mark.parametrize(
    ("port", "user", "ssl", "tls"), [("465", "app", True, False), ("587", "app", False, True), ("25", "", False, False)]
)
def test_mail_goes_where_the_environment_says_and_a_password_over_tls(
    example: Example, port: str, user: str, ssl: bool, tls: bool
) -> None:
    env = {"DJANGO_EMAIL_PORT": port, "DJANGO_EMAIL_HOST_USER": user, "DJANGO_EMAIL_HOST_PASSWORD": user}
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_SSL", "EMAIL_USE_TLS", "DEFAULT_FROM_EMAIL")
    expected = ["mail.example.com", int(port), ssl, tls, "accounts@example.com"]
    assert shown(example, *names, **env) == expected


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DJANGO_EMAIL_HOST_USER": "app"}, "DJANGO_EMAIL_HOST_PASSWORD is not set."),
        ({"DJANGO_EMAIL_PORT": "smtp"}, "DJANGO_EMAIL_PORT is no port"),
        ({"DJANGO_EMAIL_PORT": "65536"}, "DJANGO_EMAIL_PORT is no port"),
        ({"DJANGO_DATABASE_URL": "mysql://app:hunter2@db/app"}, "DJANGO_DATABASE_URL is neither"),
        ({"DJANGO_DATABASE_URL": "postgresql://app:hunter2@db"}, "DJANGO_DATABASE_URL is neither"),
    ],
)
def test_what_makes_no_sense_is_refused_without_repeating_it(example: Example, env: dict[str, str], said: str) -> None:
    done = example.python("manage.py", "check", **PRODUCTION | env)
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {said}" in done.stderr
    assert "hunter2" not in done.stderr.splitlines()[-1]


def test_the_database_is_what_its_url_says(example: Example) -> None:
    url = "postgresql://app:p%40ss%2Fword@db.example.com:6432/accounts?sslmode=verify-full"
    (databases,) = shown(example, "DATABASES", DJANGO_DATABASE_URL=url)
    assert isinstance(databases, dict)
    chosen = databases["default"]
    assert chosen["ENGINE"] == "django.db.backends.postgresql"
    assert [chosen[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "app",
        "p@ss/word",
        "db.example.com",
        "6432",
        "accounts",
    ]
    assert chosen["OPTIONS"] == {"sslmode": "verify-full"}
    assert chosen["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize("url", ["postgresql://app@db.example.com/accounts", "sqlite:////var/lib/app/db.sqlite3"])
def test_a_thread_of_wsgi_keeps_its_connection(example: Example, url: str) -> None:
    (databases,) = shown(example, "DATABASES", DJANGO_DATABASE_URL=url, DJANGO_INTERFACE="wsgi")
    assert isinstance(databases, dict)
    assert databases["default"]["CONN_MAX_AGE"] == 60


def test_a_login_on_postgresql(example: Example, redis_url: str) -> None:
    address = services.postgres()
    url = f"postgresql://{address.user}:{quote(address.password, safe='')}@{address.host}:{address.port}/{address.name}"
    script = """
from django.core.management import call_command
from django.db import connection
from backend.users.models import User
call_command("migrate", verbosity=0)
User.objects.create_user("ada@example.com", "correct horse battery staple", is_email_verified=True)
credentials = {"email": "ada@example.com", "password": "correct horse battery staple"}
print("#", connection.vendor, client.post("/api/auth/login", credentials, "application/json", secure=True).status_code)
"""
    name = f"example_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            own = url.rpartition("/")[0] + f"/{name}"
            found = lines(example, script, DJANGO_DATABASE_URL=own, DJANGO_REDIS_URL=redis_url)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    assert [line for line in found if line.startswith("#")] == ["# postgresql 200"]


def test_collectstatic_gathers_what_the_page_loads(example: Example, tmp_path: Path) -> None:
    done = example.python("manage.py", "collectstatic", "--noinput", **PRODUCTION, DJANGO_STATIC_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr
    (page,) = lines(example, 'print(json.dumps(client.get("/", secure=True).content.decode()))')
    wanted = re.findall(r'/static/([^"]+)', json.loads(page))
    assert len(wanted) == 3
    modules = [module for file in (tmp_path / "web").glob("*.js") for module in IMPORT.findall(file.read_text())]
    assert modules
    for file in (*wanted, *(f"web/{module}" for module in modules), "ninja/swagger-ui-bundle.js"):
        assert (tmp_path / file).is_file()


def test_gunicorn_takes_the_readmes_line(example: Example) -> None:
    (line,) = re.findall(r"^gunicorn (.+)$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    done = example.python("-m", "gunicorn", "--check-config", *shlex.split(line), **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_nothing_of_development_is_served(example: Example) -> None:
    script = """
for path in ("lanes.json", "outbox.json", "crowd"):
    answers = [send("/server/" + path, secure=True) for send in (client.get, client.post)]
    print(path, *(answer.status_code for answer in answers))
page = client.get("/", secure=True)
print([word for word in ("strip", "outbox", "csrf", "crowd") if word in page.content.decode()], dict(client.cookies))
"""
    found = lines(example, script)
    assert found == ["lanes.json 404 404", "outbox.json 404 404", "crowd 404 404", "[] {}"]
