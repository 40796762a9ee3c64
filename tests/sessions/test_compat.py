"""Moving in from simplejwt and django-ninja-jwt, with the released packages' own tokens."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ferrauth.accounts import flows
from ferrauth.accounts.sessions import EndReason, RequestFacts, legacy_session_id
from ferrauth.django.conf import get_policy
from ferrauth.django.models import RefreshSession
from ferrauth.django.port import carry
from ferrauth.django.tokens import get_user_from_token
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Iterator

PHONE = RequestFacts(address="203.0.113.7", user_agent="phone")


@pytest.fixture(params=["rest_framework_simplejwt", "ninja_jwt"])
def legacy(request: pytest.FixtureRequest) -> Any:
    """The legacy package's module of tokens."""
    return importlib.import_module(f"{request.param}.tokens")


@pytest.fixture(autouse=True)
def compat() -> Iterator[None]:
    with override_settings(FERRAUTH={"COMPAT": "simplejwt"}):
        yield


def refresh(token: Any, *, facts: RequestFacts = PHONE) -> Any:
    return carry(flows.refresh(get_policy(), facts, str(token)))


def test_an_access_token_is_honoured(legacy: Any, user: Any, database: str, django_assert_num_queries: Any) -> None:
    access = str(legacy.AccessToken.for_user(user))
    with django_assert_num_queries(1, using=database):
        assert get_user_from_token(access) == user
    with override_settings(FERRAUTH={}):
        assert get_user_from_token(access) is None
    get_user_model().objects.update(is_active=False)
    assert get_user_from_token(access) is None


def test_an_expired_access_token_is_not(legacy: Any, user: Any) -> None:
    token = legacy.AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(seconds=-1))
    assert get_user_from_token(str(token)) is None


@pytest.mark.parametrize(
    "given", [{"SIGNING_KEY": "too short"}, {"ALGORITHM": "RS256"}, {"ALGORITHM": "ES256", "VERIFYING_KEY": None}]
)
def test_J11_a_legacy_key_that_cannot_verify_stops_the_start(given: dict[str, Any]) -> None:
    with override_settings(SIMPLE_JWT=given), pytest.raises(ImproperlyConfigured, match="FERRAUTH: "):
        get_policy()


def test_J90_the_types_are_kept_apart(legacy: Any, user: Any) -> None:
    assert get_user_from_token(str(legacy.RefreshToken.for_user(user))) is None
    with pytest.raises(InvalidTokenError):
        refresh(legacy.AccessToken.for_user(user))


def test_a_refresh_token_is_exchanged_once(legacy: Any, user: Any) -> None:
    token = legacy.RefreshToken.for_user(user)
    first = refresh(token)
    row = RefreshSession.objects.get()
    assert row.pk == legacy_session_id(token["jti"])
    assert get_user_from_token(first.access) == user
    again = refresh(token)  # A client whose answer was lost.
    assert (again.access_jti, again.refresh_jti) == (first.access_jti, first.refresh_jti)
    second = refresh(first.refresh)
    with pytest.raises(InvalidTokenError):
        refresh(token)
    assert RefreshSession.objects.get().revoked_reason == EndReason.REPLAYED
    assert get_user_from_token(second.access) is None


def test_its_row_outlives_pruning_as_long_as_the_token(legacy: Any, user: Any) -> None:
    token = legacy.RefreshToken.for_user(user)
    refresh(token)
    row = RefreshSession.objects.get()
    assert row.keep_until is not None
    assert int(row.keep_until.timestamp()) == token["exp"]


def test_a_blacklisted_refresh_token_is_refused(legacy: Any, user: Any) -> None:
    token = legacy.RefreshToken.for_user(user)
    from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

    outstanding, _ = OutstandingToken.objects.get_or_create(
        jti=token["jti"],
        defaults={"token": str(token), "expires_at": datetime.fromtimestamp(token["exp"], UTC)},
    )
    BlacklistedToken.objects.create(token=outstanding)
    with pytest.raises(InvalidTokenError):
        refresh(token)
    assert not RefreshSession.objects.exists()


def test_J104_a_legacy_refresh_token_that_logs_out_is_never_exchanged(legacy: Any, user: Any) -> None:
    token = legacy.RefreshToken.for_user(user)
    carry(flows.logout(get_policy(), PHONE, access=None, refresh=str(token)))
    with pytest.raises(InvalidTokenError):
        refresh(token)
    assert RefreshSession.objects.get().revoked_reason == EndReason.LOGOUT


@pytest.mark.parametrize("case", ["inactive", "deleted"])
def test_CVE_2024_22513_no_exchange_for_a_user_who_may_not_log_in(legacy: Any, user: Any, case: str) -> None:
    token = legacy.RefreshToken.for_user(user)
    if case == "inactive":
        get_user_model().objects.update(is_active=False)
    else:
        get_user_model().objects.all().delete()
    with pytest.raises(InvalidTokenError):
        refresh(token)


def test_a_changed_password_where_the_legacy_package_checked_it(user: Any) -> None:
    from rest_framework_simplejwt.tokens import AccessToken
    from rest_framework_simplejwt.utils import get_md5_hash_password

    token = AccessToken.for_user(user)
    token["hash_password"] = get_md5_hash_password(user.password)  # As its for_user() does with this setting at import.
    access = str(token)
    with override_settings(SIMPLE_JWT={"CHECK_REVOKE_TOKEN": True}):
        assert get_user_from_token(access) == user
        user.set_password("better")
        user.save()
        assert get_user_from_token(access) is None


def test_settings_of_the_legacy_package_are_followed(user: Any) -> None:
    import jwt as pyjwt

    key = "another key of the legacy package " * 2
    claims = {"kind": "access", "uid": user.pk, "id": "1" * 32, "exp": 4_000_000_000, "iss": "https://legacy.example"}
    token = pyjwt.encode(claims, key, algorithm="HS512")
    given = {
        "ALGORITHM": "HS512",
        "SIGNING_KEY": key,
        "ISSUER": "https://legacy.example",
        "USER_ID_CLAIM": "uid",
        "JTI_CLAIM": "id",
        "TOKEN_TYPE_CLAIM": "kind",
    }
    assert get_user_from_token(token) is None
    with override_settings(NINJA_JWT=given):
        assert get_user_from_token(token) == user


def test_J11_its_leeway_is_honoured_and_no_more(legacy: Any, user: Any) -> None:
    late, later = legacy.AccessToken.for_user(user), legacy.AccessToken.for_user(user)
    late.set_exp(lifetime=timedelta(seconds=-20))
    later.set_exp(lifetime=timedelta(seconds=-3_600))
    for leeway in (120, 90.5, timedelta(seconds=60)):
        with override_settings(SIMPLE_JWT={"LEEWAY": leeway}):
            assert get_user_from_token(str(late)) == user
            assert get_user_from_token(str(later)) is None
    assert get_user_from_token(str(late)) is None


def test_J104_the_row_of_a_token_is_kept_for_the_leeway_too(legacy: Any, user: Any) -> None:
    token = legacy.RefreshToken.for_user(user)
    with override_settings(SIMPLE_JWT={"LEEWAY": 60}):
        refresh(token)
    kept = RefreshSession.objects.get().keep_until
    assert kept is not None
    assert int(kept.timestamp()) == token["exp"] + 60


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"JTI_CLAIM": None}, "JTI_CLAIM"),
        ({"TOKEN_TYPE_CLAIM": None}, "TOKEN_TYPE_CLAIM"),
        ({"LEEWAY": 121}, "LEEWAY"),
        ({"LEEWAY": -1}, "LEEWAY"),
        ({"LEEWAY": timedelta(minutes=5)}, "LEEWAY"),
        ({"LEEWAY": "10"}, "LEEWAY"),
        ({"LEEWAY": True}, "LEEWAY"),
    ],
)
def test_settings_that_cannot_be_honoured_are_said_at_the_start(given: dict[str, Any], words: str) -> None:
    with override_settings(SIMPLE_JWT=given), pytest.raises(ImproperlyConfigured, match=f"COMPAT.*{words}"):
        get_policy()


@pytest.mark.filterwarnings("ignore:The HMAC key is")  # What PyJWT says of the same key.
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_J11_a_secret_key_that_signed_by_a_longer_algorithm_still_verifies(user: Any, algorithm: str) -> None:
    import jwt as pyjwt

    secret = "k" * 50  # As long as the one that startproject writes.
    claims = {"token_type": "access", "user_id": str(user.pk), "jti": "1" * 32, "exp": 4_000_000_000}
    token = pyjwt.encode(claims, secret, algorithm=algorithm)
    with override_settings(SIMPLE_JWT={"ALGORITHM": algorithm}, SECRET_KEY=secret):
        assert get_user_from_token(token) == user
        assert get_user_from_token(pyjwt.encode(claims, "j" * 50, algorithm=algorithm)) is None
    short = override_settings(SIMPLE_JWT={"ALGORITHM": algorithm, "SIGNING_KEY": "k" * 31})
    with short, pytest.raises(ImproperlyConfigured, match="COMPAT cannot verify"):
        get_policy()


def test_tokens_that_name_users_by_another_field_are_refused_at_the_start() -> None:
    with override_settings(SIMPLE_JWT={"USER_ID_FIELD": "username"}), pytest.raises(ImproperlyConfigured):
        get_policy()
