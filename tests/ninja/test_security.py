"""``JWTAuth`` on Ninja: who gets in, who falls through, what is never logged."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from ninja import NinjaAPI

from ferrauth.django.tokens import generate_tokens
from ferrauth.ninja import AsyncJWTAuth, JWTAuth, register_exception_handlers

if TYPE_CHECKING:
    from django.http import HttpRequest

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

api = NinjaAPI(auth=JWTAuth(), urls_namespace="test_security")
register_exception_handlers(api)


@api.get("/sync")
def sync_view(request: HttpRequest) -> dict[str, Any]:
    return {"pk": request.auth.pk, "user": request.user.pk}  # type: ignore[attr-defined]


@api.get("/async")
async def async_view(request: HttpRequest) -> dict[str, Any]:
    return {"pk": request.auth.pk, "user": request.user.pk}  # type: ignore[attr-defined]


def api_key(request: HttpRequest) -> str | None:
    return request.headers.get("X-Api-Key")


@api.get("/either", auth=[JWTAuth(), api_key])
def either_view(request: HttpRequest) -> dict[str, str]:
    return {"auth": type(request.auth).__name__}  # type: ignore[attr-defined]


urlpatterns = [path("", api.urls)]


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create(username="ada")


@pytest.fixture
def access(user: Any) -> str:
    return generate_tokens(user).access


def get(path: str, authorization: str | None = None, **headers: str) -> Any:
    if authorization is not None:
        headers["Authorization"] = authorization
    return Client().get(path, headers=headers)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_sync_view(user: Any, access: str, scheme: str) -> None:
    response = get("/sync", f"{scheme} {access}")
    assert (response.status_code, response.json()) == (200, {"pk": user.pk, "user": user.pk})


@pytest.mark.django_db(transaction=True)
def test_async_view() -> None:
    user = get_user_model().objects.create(username="ada")
    access = generate_tokens(user).access

    async def call(authorization: str) -> Any:
        return await AsyncClient().get("/async", headers={"Authorization": authorization})

    assert asyncio.run(call(f"Bearer {access}")).json() == {"pk": user.pk, "user": user.pk}
    assert asyncio.run(call(f"Bearer {access}x")).status_code == 401
    assert asyncio.run(call("Bearer")).status_code == 401


def test_J88_one_answer_whatever_the_cause(user: Any, access: str) -> None:
    pair = generate_tokens(user)
    inactive = get_user_model().objects.create(username="gone")
    of_inactive = generate_tokens(inactive).access
    get_user_model().objects.filter(pk=inactive.pk).update(is_active=False)
    of_deleted = generate_tokens(doomed := get_user_model().objects.create(username="doomed")).access
    doomed.delete()
    changed = access[:-1] + ("A" if access[-1] != "A" else "B")
    answers = [
        get("/sync"),
        *(
            get("/sync", value)
            for value in (
                "",
                "Bearer",
                "Bearer ",
                f"Bearer {changed}",
                f"Bearer  {access}",
                f"Basic {access}",
                f"Bearer {pair.refresh}",
                f"Bearer {of_inactive}",
                f"Bearer {of_deleted}",
                "Bearer not.a.token",
                "Bearer " + "a." * 5_000,
                "Bearer tök.en.é",
            )
        ),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert answers[0].json()["code"] == "not_authenticated"


def test_none_falls_through_to_the_next(user: Any, access: str) -> None:
    assert get("/either", f"Bearer {access}").json() == {"auth": "User"}
    assert get("/either", "Bearer junk", **{"X-Api-Key": "key"}).json() == {"auth": "str"}
    assert get("/either", "Bearer junk").status_code == 401


def test_an_inactive_user_is_refused(user: Any, access: str) -> None:
    user.is_active = False
    user.save()
    assert get("/sync", f"Bearer {access}").status_code == 401


def test_P36_the_header_is_never_logged(access: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with override_settings(DEBUG=True):
        get("/sync", f"Token {access}")
        get("/sync", f"Bearer {access}x")
    assert access not in caplog.text


def test_one_class_under_both_names() -> None:
    assert AsyncJWTAuth is JWTAuth


def test_openapi_scheme() -> None:
    (scheme,) = api.get_openapi_schema()["components"]["securitySchemes"].values()
    assert scheme == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
