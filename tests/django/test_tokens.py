"""Tokens for Django's users, and the settings behind them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from ferrauth import _core
from ferrauth.accounts.settings import ConfigurationError, Settings
from ferrauth.django import conf
from ferrauth.django.tokens import aget_user_from_token, decode_token, generate_tokens, get_user_from_token
from ferrauth.exceptions import InvalidTokenError

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create(username="ada")


def test_claims(user: Any) -> None:
    pair = generate_tokens(user)
    claims = decode_token(pair.access)
    assert claims.sub == str(user.pk)
    assert claims.exp - claims.iat == 300
    refresh = decode_token(pair.refresh, "refresh")
    assert refresh.exp - refresh.iat == 14 * 24 * 60 * 60


def test_J90_a_refresh_token_is_no_access_token(user: Any) -> None:
    pair = generate_tokens(user)
    with pytest.raises(InvalidTokenError):
        decode_token(pair.refresh)
    with pytest.raises(InvalidTokenError):
        decode_token(pair.access, "refresh")
    assert get_user_from_token(pair.refresh) is None


def test_J115_no_tokens_for_a_user_who_may_not_log_in(user: Any) -> None:
    user.is_active = False
    with pytest.raises(ValueError, match="may not log in"):
        generate_tokens(user)
    with pytest.raises(ValueError, match="not saved"):
        generate_tokens(get_user_model()(username="new"))


def test_one_query(user: Any, django_assert_num_queries: Any) -> None:
    access = generate_tokens(user).access
    with django_assert_num_queries(1):
        assert get_user_from_token(access) == user
    with django_assert_num_queries(0):
        assert get_user_from_token(access + "x") is None


@pytest.mark.django_db(transaction=True)
def test_async_twin() -> None:
    user = get_user_model().objects.create(username="ada")
    access = generate_tokens(user).access
    assert asyncio.run(aget_user_from_token(access)) == user
    assert asyncio.run(aget_user_from_token("junk")) is None


def test_user_filter(user: Any) -> None:
    access = generate_tokens(user).access
    with override_settings(FERRAUTH={"USER_FILTER": {"is_active": True, "is_staff": True}}):
        assert get_user_from_token(access) is None
        with pytest.raises(ValueError, match="may not log in"):
            generate_tokens(user)


def test_keys_follow_secret_key_and_its_fallbacks(user: Any) -> None:
    access = generate_tokens(user).access
    old = conf.django_settings.SECRET_KEY
    with override_settings(SECRET_KEY="another secret " * 5):
        assert get_user_from_token(access) is None
    with override_settings(SECRET_KEY="another secret " * 5, SECRET_KEY_FALLBACKS=[old]):
        assert get_user_from_token(access) == user
        assert generate_tokens(user).access != access


class TestSettings:
    def test_lifetimes(self, user: Any) -> None:
        with override_settings(FERRAUTH={"ACCESS_LIFETIME": timedelta(minutes=1), "REFRESH_IDLE_LIFETIME": 120}):
            claims = decode_token(generate_tokens(user).access)
            assert claims.exp - claims.iat == 60

    def test_an_unknown_name_is_an_error_with_a_suggestion(self) -> None:
        with pytest.raises(ConfigurationError, match=r"Did you mean ACCESS_LIFETIME\?"):
            Settings.from_mapping({"ACCES_LIFETIME": 300})

    def test_django_hears_of_it_as_improperly_configured(self) -> None:
        with (
            pytest.raises(ImproperlyConfigured, match="FERRAUTH: ISSUER must be"),
            override_settings(FERRAUTH={"ISSUER": 5}),
        ):
            pytest.fail("the setting was accepted")

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"ACCESS_LIFETIME": 0}, "ACCESS_LIFETIME must be from 1"),
            ({"ACCESS_LIFETIME": "300"}, "ACCESS_LIFETIME must be whole seconds"),
            ({"ACCESS_LIFETIME": True}, "ACCESS_LIFETIME must be whole seconds"),
            ({"ACCESS_LIFETIME": float("inf")}, "ACCESS_LIFETIME must be whole seconds"),
            ({"ACCESS_LIFETIME": 3600, "REFRESH_IDLE_LIFETIME": 60}, "ACCESS_LIFETIME must be shorter"),
            ({"REFRESH_IDLE_LIFETIME": timedelta(days=10_000)}, "REFRESH_IDLE_LIFETIME must be from 1"),
            ({"REFRESH_ABSOLUTE_LIFETIME": timedelta(days=1)}, "REFRESH_IDLE_LIFETIME must not be longer"),
            ({"REFRESH_ABSOLUTE_LIFETIME": 0}, "REFRESH_ABSOLUTE_LIFETIME must be from 1"),
            ({"REFRESH_GRACE": -1}, "REFRESH_GRACE must be from 0 to 60"),
            ({"REFRESH_GRACE": 61}, "REFRESH_GRACE must be from 0 to 60"),
            ({"LEEWAY": 121}, "LEEWAY must be from 0 to 120"),
            ({"REVOCATION_POLL": 0}, "REVOCATION_POLL must be from 1"),
            ({"ON_REVOCATION_FAILURE": "ignore"}, "ON_REVOCATION_FAILURE must be one of 'deny', 'degrade'"),
            ({"MAX_SESSIONS": 0}, "MAX_SESSIONS must be a whole number"),
            ({"MAX_SESSIONS": True}, "MAX_SESSIONS must be a whole number"),
            ({"COMPAT": "drf"}, "COMPAT must be one of None, 'simplejwt'"),
            ({"LOGIN_FIELD": ""}, "LOGIN_FIELD must be a non-empty string"),
            ({"ISSUER": ""}, "ISSUER must be a non-empty string"),
            ({"KEYS": []}, "KEYS must be a KeyRing"),
            ({"KEYS": ["secret"]}, "KEYS must be a KeyRing"),
            ({"USER_FILTER": {"pk__in": [1]}}, "USER_FILTER compares fields for equality"),
            ({"USER_FILTER": "is_active"}, "USER_FILTER must be a dict"),
            ({"MAX_ITERATIONS": 0}, "MAX_ITERATIONS must be a whole number"),
        ],
    )
    def test_nonsense_is_an_error_that_names_the_setting(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            Settings.from_mapping(settings)

    def test_max_iterations_reaches_the_core(self) -> None:
        with override_settings(FERRAUTH={"MAX_ITERATIONS": 5_000}):
            assert _core.max_iterations() == 5_000
        assert _core.max_iterations() == 10_000_000

    def test_J12_startproject_secret_cannot_start_without_debug(self) -> None:
        insecure = conf.INSECURE_PREFIX + "x" * 50
        with override_settings(SECRET_KEY=insecure), pytest.raises(ImproperlyConfigured, match="startproject"):
            conf.start()
        with override_settings(SECRET_KEY=insecure, DEBUG=True):
            conf.start()

    @pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
    def test_J11_a_secret_key_that_can_be_guessed_is_named(self, name: str) -> None:
        wrong = {"SECRET_KEY": "short", "SECRET_KEY_FALLBACKS": ["short"]}[name]
        message = r"SECRET_KEY.* at least 32 bytes"
        with override_settings(**{name: wrong}), pytest.raises(ImproperlyConfigured, match=message):
            conf.get_issuer()
