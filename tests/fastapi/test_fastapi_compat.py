"""Moving in from simplejwt and django-ninja-jwt, whose tokens and blacklist a Django project has left behind."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from django.contrib.auth import get_user_model

from ferrauth.accounts.legacy import LegacyReader
from ferrauth.django.models import RefreshSession
from tests.django_settings import SECRET_KEY

if TYPE_CHECKING:
    from tests.fastapi.application import Client, Site


@pytest.fixture(params=["rest_framework_simplejwt", "ninja_jwt"])
def legacy(request: pytest.FixtureRequest) -> Any:
    """A refresh token of the legacy package, for ada."""
    tokens = importlib.import_module(f"{request.param}.tokens")
    return tokens.RefreshToken.for_user


@pytest.fixture
def moving(site: Site) -> Site:
    """An application that exchanges such tokens."""
    site.options["legacy"] = LegacyReader({}, secrets=[SECRET_KEY])
    return site


@pytest.mark.parametrize("blacklisted", [False, True])
def test_a_legacy_refresh_token_is_exchanged_unless_it_is_blacklisted(
    moving: Site, legacy: Any, blacklisted: bool
) -> None:
    from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

    token = legacy(get_user_model().objects.get())
    outstanding, _ = OutstandingToken.objects.get_or_create(
        jti=token["jti"], defaults={"token": str(token), "expires_at": datetime.fromtimestamp(token["exp"], UTC)}
    )
    if blacklisted:
        BlacklistedToken.objects.create(token=outstanding)

    async def scenario(client: Client) -> list[int]:
        return [(await client.post("/refresh", {"refresh_token": str(token)})).status_code for _ in range(2)]

    assert moving.run(scenario) == ([401, 401] if blacklisted else [200, 200])
    assert RefreshSession.objects.count() == (0 if blacklisted else 1)


@pytest.mark.parametrize("driver", ["aiosqlite"], indirect=True)
def test_a_database_without_a_blacklist_blocks_nothing(
    moving: Site, legacy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ferrauth.fastapi import rows

    monkeypatch.setattr(rows, "_BLACKLISTED", sa.table("nowhere", sa.column("token_id")))
    token = str(legacy(get_user_model().objects.get()))

    async def scenario(client: Client) -> int:
        return (await client.post("/refresh", {"refresh_token": token})).status_code

    assert moving.run(scenario) == 200
