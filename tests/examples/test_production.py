"""The Ninja example as it runs in production: HTTPS, Redis, the log, and no other site's scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import services
from tests.examples.test_ninja_app import PRODUCTION

if TYPE_CHECKING:
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


def lines(example: Example, script: str, **env: str) -> list[str]:
    done = example.python("-c", CLIENT + script, **{**PRODUCTION, **env})
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
