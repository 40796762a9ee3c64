"""``make_router()``: which form it takes, what it leaves out, and that its answers are its own in any API."""

from __future__ import annotations

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import path
from django.views.debug import ExceptionReporter
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.throttling import AnonRateThrottle
from pydantic import BaseModel

from ferrauth.accounts import answers
from ferrauth.accounts.answers import Answer
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.django import port
from ferrauth.django.tokens import generate_tokens
from ferrauth.exceptions import HasherBusy
from ferrauth.keys import Key
from ferrauth.ninja import JWTAuth, make_router, register_exception_handlers
from ferrauth.ninja.privacy import hide_variables
from ferrauth.ninja.router import _must_be_sync

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

PASSWORD = "hunter2hunter2"
seen: list[Exception] = []


def own_handler(request: HttpRequest, error: Exception) -> HttpResponse:
    """Stand for a project's handler, which may log what it is given and answer as it likes."""
    seen.append(error)
    return HttpResponse(f"own: {error}", status=418)


class MySchema(Schema):
    """A project's own view of its user."""

    username: str
    groups: list[str]

    @staticmethod
    def resolve_groups(user: Any) -> list[str]:
        return [group.name for group in user.groups.all()]


class Extra(BaseModel):
    """A project's own fields of a registration."""

    first_name: str


def api_with(name: str, **options: Any) -> NinjaAPI:
    return NinjaAPI(urls_namespace=f"test_router_{name}", docs_url=None, **options)


bare = api_with("bare")
bare.add_router("/auth/", make_router(sync=True, me=MySchema, register=Extra))
bare_async = api_with("async")
bare_async.add_router("/auth/", make_router(sync=False, me=MySchema))
closed = api_with("closed", auth=JWTAuth())
register_exception_handlers(closed)
closed.add_router("/auth/", make_router(sync=True))
handled = api_with("handled", auth=JWTAuth())
for kind in (Exception, HttpError, ValidationError, AuthenticationError):
    handled.add_exception_handler(kind, own_handler)
handled.add_router("/auth/", make_router(sync=True))
throttled = api_with("throttled", throttle=[AnonRateThrottle("1/h")])
throttled.add_router("/auth/", make_router(sync=True))
nested = api_with("nested")
nested.add_router("/v1/auth/", make_router(sync=True, exclude={"register", "jwks"}))

urlpatterns = [
    path("bare/", bare.urls),
    path("async/", bare_async.urls),
    path("closed/", closed.urls),
    path("handled/", handled.urls),
    path("throttled/", throttled.urls),
    path("nested/", nested.urls),
]
APIS = ["bare", "async", "closed", "handled"]


def post(path: str, body: object, content_type: str = "application/json") -> Any:
    return Client(raise_request_exception=False).post(path, body, content_type)


@pytest.fixture(autouse=True)
def forget() -> None:
    seen.clear()


@pytest.fixture
def user(cheap: int) -> Any:
    return get_user_model().objects.create_user("ada", "ada@example.com", PASSWORD)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (json.dumps({"identifier": "ada", "password": "wrong"}), "application/json", 401, "invalid_credentials"),
        (json.dumps({"identifier": "ada", "password": [PASSWORD]}), "application/json", 422, "invalid"),
        ("{", "application/json", 400, "bad_request"),
        ("", "application/json", 422, "invalid"),
        (PASSWORD, "text/plain", 415, "unsupported_media_type"),
        (PASSWORD * 2_000, "application/json", 413, "body_too_large"),
    ],
)
def test_E12_a_routers_errors_are_the_same_bytes_in_every_api(
    user: Any, api: str, debug: bool, body: str, content_type: str, status: int, code: str, settings: Any
) -> None:
    settings.DEBUG = debug
    response = post(f"/{api}/auth/login", body, content_type)
    reference = post("/bare/auth/login", body, content_type)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (list(response.headers.items()), response.content) == (list(reference.headers.items()), reference.content)
    assert response["Cache-Control"] == "no-store"
    assert PASSWORD not in response.content.decode()
    assert not seen


@pytest.mark.parametrize("api", APIS)
def test_closed_operations_authenticate_themselves(user: Any, api: str) -> None:
    refused = Client().get(f"/{api}/auth/sessions")
    assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
    assert (refused["WWW-Authenticate"], refused["Cache-Control"]) == ("Bearer", "no-store")
    access = generate_tokens(user).access
    listed = Client().get(f"/{api}/auth/sessions", headers={"Authorization": f"Bearer {access}"})
    assert (listed.status_code, len(listed.json())) == (200, 1)
    assert not seen


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("api", ["bare", "async"])
def test_a_schema_of_the_projects_own_may_ask_the_database(user: Any, api: str) -> None:
    user.groups.create(name="editors")
    headers = {"Authorization": f"Bearer {generate_tokens(user).access}"}
    if api == "async":
        response: Any = asyncio.run(AsyncClient().get(f"/{api}/auth/me", headers=headers))
    else:
        response = Client().get(f"/{api}/auth/me", headers=headers)
    assert response.json() == {"username": "ada", "groups": ["editors"]}


def test_a_registration_may_have_fields_of_the_projects_own(cheap: int, settings: Any) -> None:
    settings.FERRAUTH = {"REGISTRATION": "immediate"}
    body = {"email": "grace@example.com", "password": PASSWORD}
    assert post("/bare/auth/register", body).json()["errors"] == [{"field": "first_name", "code": "missing"}]
    post("/bare/auth/register", {**body, "first_name": "Grace"})
    assert get_user_model().objects.get(email="grace@example.com").first_name == "Grace"


def test_registration_may_be_closed(settings: Any) -> None:
    settings.FERRAUTH = {"REGISTRATION": "closed"}
    response = post("/closed/auth/register", {"email": "grace@example.com", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (403, "registration_closed")


@pytest.mark.parametrize("retry_after", [0.2, 7.4])
def test_HasherBusy_is_503_with_retry_after(user: Any, monkeypatch: pytest.MonkeyPatch, retry_after: float) -> None:
    def busy(*arguments: object, **options: object) -> None:
        raise HasherBusy(retry_after)

    monkeypatch.setattr(port.passwords, "verify", busy)
    response = post("/handled/auth/login", {"identifier": "ada", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (503, "busy")
    assert response["Retry-After"] == str(-int(-retry_after // 1))
    assert not seen


def test_what_nobody_foresaw_is_the_projects_to_answer(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(port.passwords, "verify", broken)
    response = post("/handled/auth/login", {"identifier": "ada", "password": PASSWORD})
    assert (response.status_code, response["Cache-Control"]) == (418, "no-store")
    assert [str(error) for error in seen] == ["the disk is gone"]
    assert post("/bare/auth/login", {"identifier": "ada", "password": PASSWORD}).status_code == 500


def test_a_mistake_in_the_settings_is_no_answer_to_a_client(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def misconfigured(*arguments: object, **options: object) -> None:
        raise ConfigurationError("the name of a server")

    monkeypatch.setattr(port.passwords, "verify", misconfigured)
    response = post("/bare/auth/login", {"identifier": "ada", "password": PASSWORD})
    assert response.status_code == 500
    assert "the name of a server" not in response.content.decode()


def test_P36_error_reports_show_no_values(user: Any) -> None:
    request = RequestFactory().post("/auth/login", {"password": PASSWORD})
    hide_variables(request)

    def fail(password: str) -> None:
        raise OSError("the disk is gone")

    try:
        fail(PASSWORD)
    except OSError as error:
        reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
    for debug in (False, True):
        with override_settings(DEBUG=debug):
            html, text = reporter.get_traceback_html(), reporter.get_traceback_text()
            assert "the disk is gone" in html
            assert PASSWORD not in html.replace("PASSWORD", "")
            assert PASSWORD not in text


def test_a_throttle_of_the_apis_own_has_the_one_shape(user: Any) -> None:
    responses = [Client().get("/throttled/auth/jwks.json") for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 429]
    assert responses[1].json()["code"] == "throttled"
    assert responses[1]["Cache-Control"] == "no-store"


def test_excluded_operations_are_not_there(user: Any) -> None:
    assert post("/nested/v1/auth/register", {}).status_code == 404
    assert Client().get("/nested/v1/auth/jwks.json").status_code == 404
    assert Client().get("/nested/v1/auth/me").status_code == 401
    paths = nested.get_openapi_schema()["paths"]
    assert len(paths) == 13


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"exclude": {"registration"}}, "registration"),
        ({"compat": "simplejwt"}, "ninja-jwt"),
        ({"register": type("Bad", (BaseModel,), {"__annotations__": {"email": str}})}, "email"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=word):
        make_router(**options)


@pytest.mark.parametrize(
    ("changes", "is_sync"),
    [
        ({}, False),
        ({"ASGI_APPLICATION": "a.b"}, False),
        ({"ASGI_APPLICATION": "a.b", "WSGI_APPLICATION": "a.b"}, False),
        ({"WSGI_APPLICATION": "a.b"}, True),
        ({"ASGI_APPLICATION": "a.b", "DATABASES": {"other": {"ATOMIC_REQUESTS": True}}}, True),
    ],
)
def test_views_are_sync_where_async_ones_would_not_do(
    changes: dict[str, Any], is_sync: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"WSGI_APPLICATION": None, "DATABASES": {"default": {}}, **changes}
    monkeypatch.setattr("ferrauth.ninja.router.django_settings", SimpleNamespace(**known))
    assert _must_be_sync() is is_sync


def test_public_keys_are_public(settings: Any) -> None:
    key = Key.generate("ES256", kid="one")
    settings.FERRAUTH = {"KEYS": [key]}
    response = Client().get("/bare/auth/jwks.json")
    assert response.json() == {"keys": [key.to_jwk()]}
    assert "d" not in response.json()["keys"][0]


def test_every_open_operation_says_so_and_the_document_has_one_scheme(user: Any) -> None:
    document = closed.get_openapi_schema()
    assert list(document["components"]["securitySchemes"]) == ["JWTAuth"]
    assert "security" not in document["paths"]["/closed/auth/login"]["post"]
    assert document["paths"]["/closed/auth/me"]["get"]["security"] == [{"JWTAuth": []}]
    assert post("/closed/auth/login", {"identifier": "ada", "password": PASSWORD}).status_code == 200


def test_every_error_of_the_answers_has_the_shape() -> None:
    makers: list[Callable[[], Answer]] = [
        answers.bad_request,
        answers.body_too_large,
        answers.not_authenticated,
        answers.unsupported_media_type,
    ]
    for make in makers:
        assert json.loads(make().content()).keys() == {"detail", "code"}
    assert Answer(status=204).content() == b""


def test_P36_nothing_is_logged_of_what_was_submitted(user: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post("/bare/auth/login", json.dumps({"identifier": "ada", "password": [PASSWORD]}))
    post("/bare/auth/login", f'{{"password": "{PASSWORD}"')
    post("/bare/auth/login", {"identifier": "ada", "password": PASSWORD + "x"})
    assert PASSWORD not in caplog.text
