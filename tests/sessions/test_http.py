"""What ``JWTAuth`` and the flows' refusals are over HTTP: one shape, one answer, nothing kept by caches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import path
from ninja import NinjaAPI

from ferrauth.accounts import errors
from ferrauth.django.tokens import generate_tokens
from ferrauth.exceptions import ExpiredSignatureError, FerrauthError, HasherBusy, InvalidTokenError
from ferrauth.ninja import JWTAuth, authenticated, register_exception_handlers
from tests import databases

if TYPE_CHECKING:
    from django.http import HttpRequest

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(databases=list(databases.ALL))]

api = NinjaAPI(auth=JWTAuth(), urls_namespace="test_sessions_http")
register_exception_handlers(api)
refusals: dict[str, FerrauthError] = {
    "invalid": InvalidTokenError(),
    "expired": ExpiredSignatureError("Signature has expired"),
    "login": errors.LoginFailed(),
    "missing": errors.SessionNotFound(),
    "throttled": errors.Throttled(42),
    "busy": HasherBusy(1.2),
    "away": errors.Unavailable(2),
    "input": errors.InvalidInput((("new_password", "password_too_short"),)),
}


@api.get("/me")
def me(request: HttpRequest) -> dict[str, str]:
    found = authenticated(request)
    return {"user": found.user.id, "session": str(found.session.id) if found.session else ""}


@api.get("/refuse/{name}", auth=None)
def refuse(request: HttpRequest, name: str) -> None:
    raise refusals[name]


@api.get("/open", auth=None)
def open_(request: HttpRequest) -> dict[str, str]:
    with pytest.raises(LookupError):
        authenticated(request)
    return {}


urlpatterns = [path("", api.urls)]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer {0}, Bearer {0}",
        "Bearer {0},Bearer {0}",
        "Bearer {0} {0}",
        "Bearer",
        "Bearer ",
        "",
        "{0}",
        "Basic {0}",
        "Bearer " + "a" * 1_000_000,
    ],
)
def test_J112_exactly_one_credential(user: Any, header: str) -> None:
    access = generate_tokens(user).access
    assert Client().get("/me", headers={"Authorization": f"bearer {access}"}).status_code == 200
    assert Client().get("/me", headers={"Authorization": header.format(access)}).status_code == 401
    assert Client().get("/me", {"access_token": access}).status_code == 401
    assert Client().get("/me", {"token": access}).status_code == 401


@pytest.mark.parametrize(
    ("name", "status", "code", "header"),
    [
        ("invalid", 401, "invalid_token", ("WWW-Authenticate", "Bearer")),
        ("login", 401, "invalid_credentials", ("WWW-Authenticate", "Bearer")),
        ("missing", 404, "not_found", None),
        ("throttled", 429, "throttled", ("Retry-After", "42")),
        ("busy", 503, "busy", ("Retry-After", "2")),
        ("away", 503, "unavailable", ("Retry-After", "2")),
        ("input", 422, "invalid", None),
    ],
)
def test_J113_refusals_have_one_shape_and_are_not_stored(
    name: str, status: int, code: str, header: tuple[str, str] | None
) -> None:
    response = Client().get(f"/refuse/{name}")
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    assert response.headers["Cache-Control"] == "no-store"
    assert body.keys() == {"detail", "code"} | ({"errors"} if name == "input" else set())
    if header:
        assert response.headers[header[0]] == header[1]


def test_J88_a_client_is_not_told_what_was_wrong_with_a_token() -> None:
    assert Client().get("/refuse/invalid").content == Client().get("/refuse/expired").content


def test_authenticated_is_for_requests_that_were_let_in(user: Any) -> None:
    pair = generate_tokens(user)
    assert Client().get("/me", headers={"Authorization": f"Bearer {pair.access}"}).json()["user"] == str(user.pk)
    assert Client().get("/open").status_code == 200


WITHOUT_THE_APPLICATION = """
from django.conf import settings
settings.configure(SECRET_KEY="x" * 50, INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
import django
django.setup()
import ferrauth.django.hashers
import ferrauth.django.tokens
"""


@pytest.mark.django_db(databases=[])
def test_J106_tokens_cannot_be_had_without_the_session_table_s_application(database: str) -> None:
    command = [sys.executable, "-c", WITHOUT_THE_APPLICATION]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 1
    assert "INSTALLED_APPS" in done.stderr
