"""Settings from the environment: ``FERRAUTH_`` and the name that Django's ``FERRAUTH`` dict has."""

from __future__ import annotations

import difflib
import json
from dataclasses import fields
from datetime import timedelta  # noqa: TC003 (Pydantic reads annotations at run time.)
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.settings import Settings
from ferrauth.keys import Key, KeyRing
from ferrauth.passwords.validators import DEFAULT_VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AuthSettings"]

OUTSIDE = frozenset({"auth_password_validators", "secret_key", "secret_key_fallbacks"})
"""What Django has outside its ``FERRAUTH`` dict."""

DJANGO_ONLY = frozenset({"compat", "cache_alias", "outbox_sender"})
"""Settings about other parts of a Django project, which mean nothing here."""

SHARED = frozenset(item.name for item in fields(Settings)) - DJANGO_ONLY
"""Settings that mean the same in both frameworks."""

_OF_THE_CORE = frozenset({"kernel", "threads"})
"""What the core reads from the environment by itself."""


class AuthSettings(BaseSettings):
    """ferrauth's settings, each by its name in lower case, or from ``FERRAUTH_`` and its name in the environment.

    What is not given has the default of :class:`~ferrauth.accounts.settings.Settings`, which says what each means.
    Durations are seconds or ``timedelta``; mappings and lists are JSON in the environment. What a ``.env`` file has
    under other prefixes is for others.

    Args:
        secret_key: Django's SECRET_KEY, where a Django project shares the database: then a token of either is good at
            both, and attempts in one count in the other. Token keys are derived from it, unless ``keys`` is set.
        secret_key_fallbacks: Earlier secrets, whose tokens are still good.
        auth_password_validators: Django's AUTH_PASSWORD_VALIDATORS, where ``Auth`` is given none; what
            ``startproject`` writes by default, and an empty list is no rule at all.

    Raises:
        ConfigurationError: A name is unknown, be it an argument's or one under the prefix in the environment or the
            ``.env`` file; the nearest known one is suggested.
        ValidationError: A value is of another type (Pydantic's).
    """

    model_config = SettingsConfigDict(
        env_prefix="FERRAUTH_", extra="ignore", arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    secret_key: SecretStr = SecretStr("")
    secret_key_fallbacks: tuple[SecretStr, ...] = ()
    auth_password_validators: list[dict[str, Any]] = [dict(one) for one in DEFAULT_VALIDATORS]
    keys: Annotated[KeyRing | None, NoDecode] = None
    """In the environment: a JSON list of private JWKs (RFC 7517), signing key first."""
    issuer: str | None = None
    audience: str | None = None
    access_lifetime: int | timedelta | None = None
    refresh_idle_lifetime: int | timedelta | None = None
    refresh_absolute_lifetime: int | timedelta | None = None
    refresh_grace: int | timedelta | None = None
    leeway: int | timedelta | None = None
    revocation_poll: int | timedelta | None = None
    on_revocation_failure: Literal["deny", "degrade"] | None = None
    max_sessions: int | None = None
    login_field: str | None = None
    email_field: str | None = None
    email_verified_field: str | None = None
    registration: Literal["verify", "immediate", "closed"] | None = None
    password_reset_lifetime: int | timedelta | None = None
    email_verify_lifetime: int | timedelta | None = None
    base_urls: dict[str, str] | str | None = None
    refresh_cookie: bool | None = None
    max_body: int | None = None
    user_filter: dict[str, Any] | None = None
    limits: dict[str, dict[str, str | None]] | None = None
    throttle_backend: str | None = None
    redis_url: str | None = None
    on_counter_failure: Literal["degrade", "deny"] | None = None
    trusted_proxies: Annotated[int | list[str] | None, NoDecode] = None
    """In the environment: a number, or networks between commas."""
    ipv6_prefix: int | None = None
    audit_table: bool | None = None
    max_iterations: int | None = None
    hasher_max_wait: int | None = None
    hasher_threads: int | None = None
    hasher_floor: int | None = None
    hasher_memory: int | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where values come from, as Pydantic has it, once each has been looked through for unknown names.

        Raises:
            ConfigurationError: There is one: a limit that is spelled wrongly must not be a limit that is off.
        """
        known = settings_cls.model_fields.keys()
        for source in (init_settings, env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                prefix = source.env_prefix.lower()
                given = (name.lower() for name in source.env_vars)
                names = (name.removeprefix(prefix) for name in given if prefix and name.startswith(prefix))
                _refuse_unknown(names, known | DJANGO_ONLY | _OF_THE_CORE, prefix=prefix.upper())
            elif isinstance(source, InitSettingsSource):
                _refuse_unknown(source.init_kwargs, known)
        return init_settings, env_settings, dotenv_settings, file_secret_settings

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_proxies(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        text = value.strip()
        if text.startswith("["):
            return json.loads(text)
        return int(text) if text.isdecimal() else [part.strip() for part in text.split(",")]

    @field_validator("keys", mode="before")
    @classmethod
    def _read_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return KeyRing([Key.from_jwk(jwk) for jwk in json.loads(value)])
        if isinstance(value, list | tuple):
            return KeyRing(list(value))
        return value

    def to_settings(self) -> Settings:
        """Return the validated settings.

        Raises:
            ConfigurationError: A value makes no sense.
        """
        given = {name: getattr(self, name) for name in type(self).model_fields if name not in OUTSIDE}
        return Settings(**{name: value for name, value in given.items() if value is not None})

    def secrets(self) -> list[str]:
        """Return the secrets that tokens are verified by, the signing one first.

        Raises:
            ConfigurationError: There is none.
        """
        if not self.secret_key.get_secret_value():
            raise ConfigurationError("SECRET_KEY is not set: FERRAUTH_SECRET_KEY, or AuthSettings(secret_key=...).")
        return [one.get_secret_value() for one in (self.secret_key, *self.secret_key_fallbacks)]


def _refuse_unknown(names: Iterable[str], known: Iterable[str], *, prefix: str = "") -> None:
    """Raise of the first name that is no setting, as ``Settings.from_mapping`` does for Django's dict."""
    for name in names:
        if name not in known:
            shown = prefix + name.upper() if prefix else name
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {prefix + near[0].upper() if prefix else near[0]}?" if near else ""
            raise ConfigurationError(f"{shown} is no ferrauth setting.{hint}")
