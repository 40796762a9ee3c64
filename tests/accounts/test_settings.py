"""Settings of accounts and mail: what is refused, and what they become."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.settings import Settings

LINK = "https://example.com/verify?token={token}"


def test_defaults() -> None:
    settings = Settings()
    assert (settings.registration, settings.outbox_sender, settings.refresh_cookie) == ("verify", "thread", False)
    assert (settings.password_reset_lifetime, settings.email_verify_lifetime) == (3_600, 86_400)
    assert (settings.max_body, settings.hasher_max_wait, settings.hasher_threads) == (16_384, 10, None)
    assert dict(settings.base_urls) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("registration", "open"),
        ("outbox_sender", "smtp"),
        ("password_reset_lifetime", 0),
        ("password_reset_lifetime", 86_401),
        ("password_reset_lifetime", "1h"),
        ("email_verify_lifetime", 8 * 86_400),
        ("email_verify_lifetime", timedelta(milliseconds=1)),
        ("refresh_cookie", "yes"),
        ("max_body", 10),
        ("max_body", 2**30),
        ("max_body", "16k"),
        ("max_body", None),
        ("hasher_max_wait", -1),
        ("hasher_max_wait", 3_600),
        ("hasher_threads", 0),
        ("hasher_threads", True),
        ("login_field", ""),
        ("email_field", 1),
    ],
)
def test_a_value_that_makes_no_sense_names_its_setting(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name.upper()):
        Settings(**{name: value})


def test_an_email_field_and_its_flag_go_together() -> None:
    with pytest.raises(ConfigurationError, match="EMAIL_FIELD and EMAIL_VERIFIED_FIELD"):
        Settings(email_field="email")
    assert Settings(email_field="email", email_verified_field="is_email_verified").email_field == "email"


def test_E09_one_base_url_is_the_base_of_both_links() -> None:
    urls = Settings(base_urls="https://app.example.com/").base_urls
    assert dict(urls) == {
        "verify": "https://app.example.com/email/verify?token={token}",
        "reset": "https://app.example.com/password/reset?token={token}",
    }


@pytest.mark.parametrize(
    "value",
    [
        7,
        {"login": LINK},
        {"verify": "https://example.com/verify"},
        {"verify": LINK + "{token}"},
        {"verify": "//example.com/?token={token}"},
        {"verify": "javascript:alert('{token}')"},
        {"verify": "https://{token}.example.com/"},
        {"verify": "https://example.com/?token={token}\r\nBcc: x"},
        {"verify": "https://[::1/?token={token}"},
        {"verify": None},
        "example.com",
    ],
)
def test_E09_base_urls_that_are_no_links(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="BASE_URLS"):
        Settings(base_urls=value)
