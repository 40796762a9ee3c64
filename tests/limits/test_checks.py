"""System checks: what a project must decide, in the words that it is told."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import path
from ninja import NinjaAPI

from ferrauth.django import account_checks, deploy_checks
from ferrauth.django.conf import get_policy, get_settings, start
from ferrauth.django.counters import get_counters, place
from tests import services

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
ERROR = re.compile(r"\(ferrauth\.(E[0-9]{3})\)")
PASTED = re.compile(r"(?m)^ {4}(\S.+)$")


class Fresh:
    """What ``startproject`` makes, with ferrauth added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "site_of_a_newcomer" / "settings.py"

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env={**clean, **env}, capture_output=True, text=True, check=False, timeout=120
        )

    def add(self, text: str) -> None:
        with self.settings.open("a") as file:
            file.write(f"\n{text}\n")


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    fresh = Fresh(tmp_path)
    done = fresh.run("-m", "django", "startproject", "site_of_a_newcomer", ".")
    assert done.returncode == 0, done.stderr
    fresh.add('INSTALLED_APPS += ["ferrauth.django"]')
    return fresh


def test_a_fresh_project_is_told_what_to_decide_and_how(fresh: Fresh) -> None:
    told = fresh.run("manage.py", "check", "--deploy")
    assert told.returncode == 1
    # Counters, HTTPS, the key, the hosts, and where mails link to; nothing else.
    assert sorted(ERROR.findall(told.stderr)) == ["E001", "E004", "E008", "E009", "E010"]
    lines = PASTED.findall(told.stderr)
    assert len(lines) == 9
    fresh.add("\n".join(lines))
    if "MAILERS" in fresh.settings.read_text():
        # Django 6.1 writes a mailer for development into a new project, and refuses it by a check of its own.
        fresh.add('MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}}')
    done = fresh.run("manage.py", "check", "--deploy", DJANGO_SECRET_KEY=secrets.token_urlsafe(64))
    assert done.returncode == 0, done.stderr
    assert "ferrauth" not in done.stderr


def test_a_fresh_project_starts_and_develops_in_peace(fresh: Fresh) -> None:
    done = fresh.run("manage.py", "check", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert fresh.run("manage.py", "migrate").returncode == 0


def test_E003_migrations_that_are_not_applied(fresh: Fresh) -> None:
    fresh.run("manage.py", "migrate", "ferrauth", "0001")
    told = fresh.run("manage.py", "check", "--deploy", "--database", "default")
    assert "E003" in ERROR.findall(told.stderr)
    assert "0002_limits_and_audit" in told.stderr
    fresh.run("manage.py", "migrate")
    assert "E003" not in fresh.run("manage.py", "check", "--deploy", "--database", "default").stderr


@pytest.mark.parametrize(
    "backend",
    [
        LOCMEM,
        *(
            f"django.core.cache.backends.{name}"
            for name in ("dummy.DummyCache", "filebased.FileBasedCache", "db.DatabaseCache")
        ),
    ],
)
def test_T02_T04_T29_caches_that_cannot_count_for_all(settings: Any, backend: str) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "/nowhere"}}
    (error,) = deploy_checks.check_shared_counters()
    assert error.id == "ferrauth.E001"
    assert backend in error.msg


@pytest.mark.parametrize(
    ("ferrauth", "backend", "counted"),
    [
        ({}, LOCMEM, "local"),
        ({"REDIS_URL": "redis://localhost"}, LOCMEM, "redis"),
        ({}, "django.core.cache.backends.redis.RedisCache", "redis"),
        ({}, "django_redis.cache.RedisCache", "redis"),
        ({}, "django.core.cache.backends.memcached.PyMemcacheCache", "cache"),
        ({"THROTTLE_BACKEND": "local", "REDIS_URL": "redis://localhost"}, LOCMEM, "local"),
    ],
)
def test_auto_takes_the_first_place_that_there_is(
    settings: Any, monkeypatch: pytest.MonkeyPatch, ferrauth: Any, backend: str, counted: str
) -> None:
    monkeypatch.setattr(deploy_checks, "get_counters", lambda: None)  # Not all of these can be had here.
    settings.CACHES = {"default": {"BACKEND": backend}}
    settings.FERRAUTH = ferrauth
    assert place(get_settings()) == counted
    assert bool(deploy_checks.check_shared_counters()) == (counted == "local" and not ferrauth)


@pytest.mark.parametrize(
    "ferrauth",
    [
        {"THROTTLE_BACKEND": "redis"},
        {"THROTTLE_BACKEND": "database"},
        {"THROTTLE_BACKEND": "cache"},
        {"THROTTLE_BACKEND": "redis", "REDIS_URL": "http://localhost"},
        {"REDIS_URL": "redis+sentinel://localhost"},
        {"REDIS_URL": "redis+sentinel://localhost/service/x"},
        {"REDIS_URL": "redis+cluster://,"},
        {"REDIS_URL": "redis+sentinel://localhost:secret/service"},
        {"REDIS_URL": "redis://:sec/ret@localhost"},
        {"REDIS_URL": "redis://[::1"},
    ],
)
def test_T40_a_place_that_cannot_be_had_is_an_error_and_not_no_limit(settings: Any, ferrauth: Any) -> None:
    settings.FERRAUTH = ferrauth
    with pytest.raises(ImproperlyConfigured, match=r"FERRAUTH: (THROTTLE_BACKEND|REDIS_URL)") as caught:
        get_counters()
    assert "sec" not in str(caught.value)
    (error,) = deploy_checks.check_shared_counters()
    assert error.id == "ferrauth.E001"
    settings.DEBUG = False
    with pytest.raises(ImproperlyConfigured, match="cannot be counted"):
        deploy_checks.require_shared_counters()


def test_T29_a_cache_without_its_client_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymemcache", None)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache"}}
    assert place(get_settings()) == "cache"
    (error,) = deploy_checks.check_shared_counters()
    assert "pymemcache" in error.msg


def test_T27_a_client_that_is_not_installed_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FERRAUTH = {"REDIS_URL": "redis://localhost"}
    monkeypatch.setattr("ferrauth.django.counters.importlib.util.find_spec", lambda _name: None)
    (error,) = deploy_checks.check_shared_counters()
    assert "ferrauth[redis]" in error.msg


def test_T30_counters_are_in_the_primary(settings: Any) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    locations = [services.redis(), "redis://127.0.0.1:1/0"]
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": locations, "OPTIONS": {"db": 3}}}
    client = get_counters().place._client
    assert client.connection_pool.connection_kwargs["port"] == int(locations[0].split(":")[2].split("/")[0])
    assert client.ping()


def test_T02_what_stops_the_http_surface(settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(ImproperlyConfigured, match="each process for itself"):
        deploy_checks.require_shared_counters()
    for allowed in ({"THROTTLE_BACKEND": "local"}, {"REDIS_URL": "redis://localhost"}):
        settings.FERRAUTH = allowed
        deploy_checks.require_shared_counters()
    settings.FERRAUTH = {}
    settings.DEBUG = True
    deploy_checks.require_shared_counters()


@pytest.fixture
def api(settings: Any) -> Callable[[bool], None]:
    """Return a function that makes the project have an API of one view."""

    def make(is_async: bool) -> None:
        api = NinjaAPI(urls_namespace=secrets.token_hex(4))

        def sync_view(request: Any) -> HttpResponse:
            return HttpResponse()

        async def async_view(request: Any) -> HttpResponse:
            return HttpResponse()

        api.get("/it")(async_view if is_async else sync_view)
        module = type(sys)("urls_of_a_test")
        module.urlpatterns = [path("api/", api.urls)]  # type: ignore[attr-defined]
        settings.ROOT_URLCONF = module

    return make


def test_E005_a_middleware_that_redirects_api_clients(settings: Any, api: Callable[[bool], None]) -> None:
    settings.MIDDLEWARE = [deploy_checks.LOGIN_REQUIRED]
    assert not deploy_checks.check_login_required()
    api(False)
    (error,) = deploy_checks.check_login_required()
    assert error.id == "ferrauth.E005"


def test_E006_async_views_under_atomic_requests(
    settings: Any, monkeypatch: pytest.MonkeyPatch, api: Callable[[bool], None]
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    api(False)
    assert not deploy_checks.check_atomic_requests()
    api(True)
    (error,) = deploy_checks.check_atomic_requests()
    assert error.id == "ferrauth.E006"


def test_E002_two_that_renew_passwords(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [deploy_checks.BACKEND]
    assert not deploy_checks.check_rehash_writers()
    settings.AUTHENTICATION_BACKENDS += ["django.contrib.auth.backends.ModelBackend"]
    (error,) = deploy_checks.check_rehash_writers()
    assert error.id == "ferrauth.E002"


def test_E007_a_proxy_that_limits_do_not_know(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    (error,) = deploy_checks.check_proxies()
    assert error.id == "ferrauth.E007"
    settings.FERRAUTH = {"TRUSTED_PROXIES": 1}
    assert not deploy_checks.check_proxies()


def test_E011_sessions_need_aware_times(settings: Any) -> None:
    assert not deploy_checks.check_time_zone()
    settings.USE_TZ = False
    (error,) = deploy_checks.check_time_zone()
    assert error.id == "ferrauth.E011"
    with pytest.raises(ImproperlyConfigured, match="USE_TZ"):
        get_policy()


def test_a_user_filter_on_what_is_no_field_stops_the_start(settings: Any) -> None:
    settings.FERRAUTH = {"USER_FILTER": {"is_actve": True}}
    with pytest.raises(ImproperlyConfigured, match="'is_actve' is no field of User"):
        start()


def test_every_error_has_its_section() -> None:
    source = "".join(Path(str(module.__file__)).read_text() for module in (deploy_checks, account_checks))
    numbers = {int(number) for number in re.findall(r'"""E([0-9]{3}):', source)}
    sections = {
        int(number) for number in re.findall(r"(?m)^## ferrauth\.E([0-9]{3})$", (ROOT / "docs/checks.md").read_text())
    }
    assert numbers == sections == set(range(1, 13))
