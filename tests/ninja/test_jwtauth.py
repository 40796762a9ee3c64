"""``JWTAuth``: permissions, schemes, the budget of bad tokens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client
from django.urls import path
from ninja import NinjaAPI

from ferrauth.django import revocations
from ferrauth.django.tokens import generate_tokens
from ferrauth.ninja import AuthenticatedRequest, JWTAuth, register_exception_handlers
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User
    from django.http import HttpRequest

pytestmark = [pytest.mark.urls(__name__)]

NEEDED = "auth.add_group"
BUDGET = 60
"""``DEFAULT_LIMITS["token"]["address"]``."""

shaped = NinjaAPI(urls_namespace="test_jwtauth", auth=JWTAuth(), docs_url=None)
register_exception_handlers(shaped)
plain = NinjaAPI(urls_namespace="test_jwtauth_plain", auth=JWTAuth(), docs_url=None)
editors = JWTAuth(permissions=[NEEDED], openapi_name="Editors")


def view(request: AuthenticatedRequest[User]) -> dict[str, str]:
    return {"username": request.auth.username}


async def async_view(request: AuthenticatedRequest[User]) -> dict[str, str]:
    return {"username": request.auth.username}


def stateless_view(request: HttpRequest) -> dict[str, str]:
    return {}


for api in (shaped, plain):
    api.get("/sync")(view)
    api.get("/async")(async_view)
    api.get("/sync/editors", auth=editors)(view)
    api.get("/async/editors", auth=editors)(async_view)
    api.get("/stateless", auth=JWTAuth(stateless=True, openapi_name="Stateless"))(stateless_view)

urlpatterns = [path("shaped/", shaped.urls), path("plain/", plain.urls)]


def get(path: str, token: str, **extra: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    if "async" in path:
        return asyncio.run(AsyncClient().get(path, headers=headers, **extra))
    return Client().get(path, headers=headers, **extra)


@pytest.fixture(autouse=True)
def poller() -> Iterator[None]:
    """Give each test a poller of revocations of its own, which ends before the database does."""
    revocations.stop()
    yield
    revocations.stop()


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create(username="ada")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["sync", "async"])
def test_J97_permissions_are_asked_of_the_user(user: Any, form: str) -> None:
    token = generate_tokens(user).access
    refused = get(f"/shaped/{form}/editors", token)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert refused["Cache-Control"] == "no-store"
    assert get(f"/plain/{form}/editors", token).status_code == 403
    assert get(f"/shaped/{form}/editors", "bad").status_code == 401
    user.user_permissions.add(Permission.objects.get(codename="add_group"))
    assert get(f"/shaped/{form}/editors", token).json() == {"username": "ada"}


def test_two_configurations_are_two_schemes() -> None:
    document = shaped.get_openapi_schema()
    schemes = document["components"]["securitySchemes"]
    assert sorted(schemes) == ["Editors", "JWTAuth", "Stateless"]
    assert schemes["Editors"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert document["paths"]["/shaped/sync/editors"]["get"]["security"] == [{"Editors": []}]
    assert isinstance(editors, JWTAuth)


@pytest.mark.parametrize(
    "options",
    [
        {"permissions": NEEDED},
        {"permissions": [NEEDED], "stateless": True},
        {"openapi_name": "two words"},
    ],
)
def test_what_makes_no_sense_is_said_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured):
        JWTAuth(**options)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["sync", "async", "stateless"])
def test_bad_tokens_have_a_budget_before_any_database_work(
    user: Any, path: str, django_assert_num_queries: Any
) -> None:
    good, other = generate_tokens(user).access, generate_tokens(user).refresh
    with django_assert_num_queries(0):
        refused = [get(f"/shaped/{path}", other).status_code for _ in range(BUDGET)]
        over = get(f"/shaped/{path}", "not-a-token")
    assert set(refused) == {401}
    assert (over.status_code, over.json()["code"]) == (429, "throttled")
    assert 1 <= int(over["Retry-After"]) <= 60
    assert get(f"/plain/{path}", other).status_code == 429
    assert get(f"/shaped/{path}", good).status_code == 200


@pytest.mark.django_db(databases=list(databases.ALL))
def test_a_token_that_was_good_does_not_count(user: Any, settings: Any) -> None:
    revoked = generate_tokens(user).access
    user.set_password("another")
    user.save()
    assert {get("/shaped/sync", revoked).status_code for _ in range(BUDGET + 1)} == {401}
