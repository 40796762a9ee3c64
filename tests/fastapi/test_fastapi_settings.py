"""Settings from the environment and from a ``.env`` file: what is read, and what is refused as a slip of the pen."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import async_sessionmaker

from ferrauth.accounts.errors import ConfigurationError, InvalidInput
from ferrauth.fastapi import Auth, AuthSettings, AuthUser
from tests.django_settings import SECRET_KEY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db(databases=[])


def test_a_file_that_the_whole_project_shares_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"DATABASE_URL=sqlite://\nPROJECT_NAME=x\nFERRAUTH_SECRET_KEY={SECRET_KEY}\nferrauth_issuer=me\n")
    settings = AuthSettings(_env_file=file)
    assert (settings.secrets(), settings.issuer) == ([SECRET_KEY], "me")


@pytest.mark.parametrize("where", ["environment", "file", "arguments"])
@pytest.mark.parametrize(("wrong", "right"), [("LIMIT", "LIMITS"), ("ACCES_LIFETIME", "ACCESS_LIFETIME")])
def test_a_name_that_is_no_setting_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, wrong: str, right: str
) -> None:
    given: dict[str, Any] = {"secret_key": SECRET_KEY}
    expected = f"FERRAUTH_{wrong} is no ferrauth setting. Did you mean FERRAUTH_{right}?"
    if where == "environment":
        monkeypatch.setenv(f"FERRAUTH_{wrong}", "{}")
    elif where == "file":
        (tmp_path / ".env").write_text(f"FERRAUTH_{wrong}={{}}\n")
        given["_env_file"] = tmp_path / ".env"
    else:
        given[wrong.lower()] = {}
        expected = f"{wrong.lower()} is no ferrauth setting. Did you mean {right.lower()}?"
    with pytest.raises(ConfigurationError) as error:
        AuthSettings(**given)
    assert str(error.value) == expected


def test_what_others_read_under_the_prefix_is_let_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("THREADS", "KERNEL", "COMPAT", "CACHE_ALIAS", "OUTBOX_SENDER"):
        monkeypatch.setenv(f"FERRAUTH_{name}", "2")
    assert AuthSettings(secret_key=SECRET_KEY).to_settings().hasher_threads is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
        ("10.0.0.0/8, 192.0.2.1", (ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32"))),
        ('["10.0.0.0/8"]', (ip_network("10.0.0.0/8"),)),
    ],
)
def test_T19_proxies_are_written_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: object
) -> None:
    monkeypatch.setenv("FERRAUTH_TRUSTED_PROXIES", text)
    assert AuthSettings(secret_key=SECRET_KEY).to_settings().trusted_proxies == expected


@pytest.mark.parametrize("text", ["", "the proxy", "10.0.0.0/8,", '["10.0.0.0/8"', "0.0.0.0/0"])
def test_T19_proxies_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FERRAUTH_TRUSTED_PROXIES", text)
    with pytest.raises((ConfigurationError, ValidationError), match=r"(?i)trusted_proxies"):
        AuthSettings(secret_key=SECRET_KEY).to_settings()


def test_P34_the_rules_for_passwords_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**options: Any) -> tuple[tuple[str, str], ...]:
        auth = Auth(AuthSettings(secret_key=SECRET_KEY), async_sessionmaker(), **options)
        try:
            auth.validate_password("12345", AuthUser(username="ada"))
        except InvalidInput as error:
            assert "12345" not in str(error)
            return error.errors
        return ()

    default = ("password_too_short", "password_too_common", "password_entirely_numeric")
    assert refused() == tuple(("password", code) for code in default)
    name = "django.contrib.auth.password_validation.NumericPasswordValidator"
    monkeypatch.setenv("FERRAUTH_AUTH_PASSWORD_VALIDATORS", f'[{{"NAME": "{name}"}}]')
    assert refused() == (("password", "password_entirely_numeric"),)
    assert refused(password_validators=[]) == ()
    monkeypatch.setenv("FERRAUTH_AUTH_PASSWORD_VALIDATORS", "[]")
    assert refused() == ()


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 4_097])
def test_P24_what_can_be_nobodys_password_is_refused_without_any_rule(password: str) -> None:
    auth = Auth(AuthSettings(secret_key=SECRET_KEY), async_sessionmaker(), password_validators=[])
    with pytest.raises(InvalidInput):
        auth.validate_password(password)
