"""What a project has of its own in the same API: schemas, another router, a parser, handlers."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.parser import Parser

from ferrauth.accounts import schemas
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.operations import operations
from ferrauth.accounts.settings import Settings
from ferrauth.exceptions import FerrauthError
from ferrauth.ninja import JWTAuth, make_router, register_exception_handlers, security
from ferrauth.ninja.compat import ninja_jwt_operations

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

SECRET = "hunter2hunter2"
INTERNAL = "db7.internal"
seen: list[Exception] = []


class Error(Schema):
    """A project's own."""

    message: str


class Session(Schema):
    """Of a cinema."""

    room: int


class StrictParser(Parser):
    """Refuses what JSON allows and no text can have, as orjson does, and quotes it."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = json.loads(request.body)
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError(request.body.decode()) from None
        return body


def note(request: HttpRequest, error: Exception) -> HttpResponse:
    """Stand for a project's handler."""
    seen.append(error)
    return HttpResponse(f"own: {error}", status=418)


def api_with(name: str, **options: Any) -> NinjaAPI:
    return NinjaAPI(urls_namespace=f"test_beside_{name}", docs_url=None, **options)


mixed = api_with("mixed")
mixed.add_router("/auth/", make_router(sync=True, compat="ninja-jwt"))


@mixed.get("/cinema", response={200: Session, 404: Error})
def cinema(request: HttpRequest) -> Any:
    return {"room": 1}


twice = api_with("twice")
twice.add_router("/v1/", make_router(sync=True))
twice.add_router("/v2/", make_router(sync=True, operation_prefix="v2_", exclude={"register"}))
strict = api_with("strict", parser=StrictParser())
strict.add_router("/auth/", make_router(sync=True))
strict_async = api_with("strict_async", parser=StrictParser())
strict_async.add_router("/auth/", make_router(sync=False))
handled = api_with("handled", parser=StrictParser())
handled.add_exception_handler(HttpError, note)
handled.add_exception_handler(Exception, note)
handled.add_router("/auth/", make_router(sync=True))
shaped = api_with("shaped")
register_exception_handlers(shaped)
plain = api_with("plain")


@shaped.get("/misconfigured")
def misconfigured(request: HttpRequest) -> None:
    raise ConfigurationError(f"the server {INTERNAL} is not set up")


for api in (shaped, plain):
    api.get("/closed", auth=JWTAuth(openapi_name="Closed"))(misconfigured)

urlpatterns = [
    path("mixed/", mixed.urls),
    path("twice/", twice.urls),
    path("strict/", strict.urls),
    path("strict_async/", strict_async.urls),
    path("handled/", handled.urls),
    path("shaped/", shaped.urls),
    path("plain/", plain.urls),
]


@pytest.fixture(autouse=True)
def forget() -> None:
    seen.clear()


def named(document: dict[str, Any]) -> list[str]:
    return [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]


def test_a_projects_schemas_keep_their_names() -> None:
    document = mixed.get_openapi_schema()
    known = document["components"]["schemas"]
    assert known["Error"]["properties"].keys() == {"message"}
    assert known["Session"]["properties"].keys() == {"room"}
    assert {name for name in known if not name.startswith("Auth")} == {"Error", "Session"}
    refused = document["paths"]["/mixed/auth/login"]["post"]["responses"][401]
    assert refused["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/AuthError"}
    assert known["AuthError"]["properties"].keys() == {"detail", "code"}


def test_every_schema_of_a_document_has_the_prefix() -> None:
    all_operations = [
        *operations(Settings(), username_field="username"),
        *operations(Settings.from_mapping({"REFRESH_COOKIE": True}), username_field="email", register=Session),
        *ninja_jwt_operations("username"),
    ]
    for operation in all_operations:
        for schema in filter(None, [operation.takes, *operation.gives.values()]):
            assert getattr(schema, "__args__", [schema])[0].__name__.startswith("Auth"), schema
    assert schemas.AuthInvalidRequest.model_json_schema()["$defs"].keys() == {"AuthFieldError"}


def test_a_router_may_be_mounted_twice() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ids = named(twice.get_openapi_schema())
    assert len(set(ids)) == len(ids)
    first = {name for name in ids if not name.startswith("v2_")}
    assert {name.removeprefix("v2_") for name in ids if name.startswith("v2_")} == first - {"register"}


@pytest.mark.parametrize("prefix", ["v2-", "2_", "of the second "])
def test_a_prefix_must_make_names(prefix: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="method"):
        make_router(operation_prefix=prefix)


def test_compatible_operations_can_be_excluded() -> None:
    api = api_with("excluded")
    api.add_router("/", make_router(sync=True, compat="ninja-jwt", exclude={"token_verify", "me"}))
    ids = set(named(api.get_openapi_schema(path_prefix="/")))
    assert {"token_obtain_pair", "token_refresh", "token_blacklist", "login"} <= ids
    assert not ids & {"token_verify", "me"}
    with pytest.raises(ImproperlyConfigured, match="token_verify"):
        make_router(exclude={"token_verify"})


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("api", ["strict", "strict_async", "handled"])
def test_E12_P36_a_parser_of_the_projects_own_changes_no_answer(api: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    body = '{"identifier": "\\ud800", "password": "%s"}' % SECRET
    response = Client().post(f"/{api}/auth/login", body, "application/json")
    no_json = Client().post("/mixed/auth/login", "{", "application/json")
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert (list(response.headers.items()), response.content) == (list(no_json.headers.items()), no_json.content)
    assert not seen


def test_what_the_parser_takes_is_taken() -> None:
    response = Client().post("/strict/auth/login", {"identifier": "ada", "password": SECRET}, "application/json")
    assert (response.status_code, response.json()["code"]) == (401, "invalid_credentials")


@pytest.mark.parametrize("debug", [False, True])
def test_P36_a_mistake_in_the_settings_is_djangos_to_report(debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    with pytest.raises(ConfigurationError, match=INTERNAL):
        Client().get("/shaped/misconfigured")


@pytest.mark.parametrize("api", ["shaped", "plain"])
def test_P36_so_is_one_that_JWTAuth_meets(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*arguments: object) -> None:
        raise FerrauthError(f"the server {INTERNAL} is not set up")

    monkeypatch.setattr(security, "carry", mistaken)
    response = Client(raise_request_exception=False).get(
        f"/{api}/closed", headers={"Authorization": "Bearer one.two.three"}
    )
    assert response.status_code == 500
    assert INTERNAL not in response.content.decode()
