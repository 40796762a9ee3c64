"""One frozen :class:`Settings`, validated when it is made.

Django's ``FERRAUTH`` dict becomes it through :meth:`Settings.from_mapping`. A name that is not a setting is an error
with a suggestion: a limit that is spelled wrongly must not be a limit that is off.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ferrauth.accounts.addresses import TrustedProxies, parse_trusted_proxies
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.throttling import DEFAULT_LIMITS, parse_limits
from ferrauth.keys import Key, KeyRing

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigurationError", "Settings"]

MAX_ACCESS_LIFETIME = 24 * 60 * 60
"""Seconds. Until it expires, an access token opens every door that asks no database; RFC 9700 (section 4.14) wants it
short, and a day is the longest that is not surely a mistake for a refresh lifetime."""

MAX_REFRESH_LIFETIME = 366 * 24 * 60 * 60
"""Seconds: a year, the longest that a login lasts without a password anywhere in the field."""

MAX_REFRESH_GRACE = 60
"""Seconds in which the last generation may be presented again: the most that providers allow (Amazon Cognito). A thief
who races its owner has as long."""

MAX_REVOCATION_POLL = 60
"""Seconds between two looks at what was revoked, for principals that ask no database."""

MAX_LEEWAY = 120
"""Seconds: RFC 7519 (section 4.1.4) allows "no more than a few minutes" for clocks that differ."""

COMPATIBLE = (None, "simplejwt")
"""Packages whose tokens can be honoured while a project moves in; django-ninja-jwt's are simplejwt's."""

ON_REVOCATION_FAILURE = ("deny", "degrade")

THROTTLE_BACKENDS = ("auto", "redis", "database", "cache", "local")

ON_COUNTER_FAILURE = ("degrade", "deny")

IPV6_PREFIXES = range(32, 65)
"""Bits of an IPv6 address that one client may share: from what a provider is given (RFC 6177) to one network's /64."""

Duration = int | timedelta


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, by its lower-case name; durations are whole seconds.

    Raises:
        ConfigurationError: A value makes no sense. The message names the setting.
    """

    keys: KeyRing | None = None
    """Signing and verifying keys; ``None`` derives them from the framework's secret."""
    issuer: str | None = None
    """``iss`` of every token, required of every token."""
    audience: str | None = None
    """``aud`` of every token, required of every token."""
    access_lifetime: int = 300
    """Seconds an access token lives."""
    refresh_idle_lifetime: int = 14 * 24 * 60 * 60
    """Seconds a refresh token lives, and a session that is not refreshed."""
    refresh_absolute_lifetime: int = 90 * 24 * 60 * 60
    """Seconds a session lives, however often it is refreshed."""
    refresh_grace: int = 10
    """Seconds in which the refresh token just used gets the same successor again; 0 makes every repeat a replay."""
    leeway: int = 0
    """Seconds that the clocks of those who make and who verify tokens may differ."""
    revocation_poll: int = 2
    """Seconds between two looks at what was revoked, where ``JWTAuth(stateless=True)`` asks no database."""
    on_revocation_failure: str = "deny"
    """What a stateless principal is answered while the database has been away for long: ``"deny"`` (503), or
    ``"degrade"``, which goes on with what is known."""
    max_sessions: int = 20
    """Sessions a user may have at once; beyond it the least recently used one ends."""
    compat: str | None = None
    """``"simplejwt"`` honours simplejwt's and django-ninja-jwt's tokens until they expire."""
    login_field: str | None = None
    """The field that a login identifier names; ``None`` is the user model's ``USERNAME_FIELD``."""
    user_filter: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({"is_active": True}))
    """Field values that a user must have to log in and to use a token; equality only."""
    limits: Any = field(default_factory=lambda: DEFAULT_LIMITS)
    """Attempts in a window, by action and scope: ``{"login": {"account_address": "5/m"}}``; what is not named keeps its
    default, ``None`` is no limit."""
    throttle_backend: str = "auto"
    """Where attempts are counted: ``"redis"``, ``"database"`` (PostgreSQL), ``"cache"``, ``"local"`` (this process
    alone), or ``"auto"``, the first of them that the project has."""
    redis_url: str | None = field(default=None, repr=False)
    """``redis://``, ``rediss://``, ``unix://``, ``redis+sentinel://`` or ``redis+cluster://``; ``None`` is the cache
    alias's LOCATION."""
    cache_alias: str = "default"
    """The cache that counts attempts, or whose Redis does."""
    on_counter_failure: str = "degrade"
    """What happens while nothing can be counted: ``"degrade"`` to a part of each limit in each process, or ``"deny"``
    (503)."""
    trusted_proxies: TrustedProxies = None
    """How many proxies append to ``X-Forwarded-For``, or their networks; ``None`` ignores the header."""
    ipv6_prefix: int = 64
    """Bits of an IPv6 address that are one client."""
    audit_table: bool = False
    """Whether security events are kept in the database too."""
    max_iterations: int = 10_000_000
    """The highest iteration count that a stored row may ask for."""
    hasher_floor: int = 0
    """The least work of a failed login, in PBKDF2-HMAC-SHA256 iterations. 0 is the work of a new password; set it to
    the costliest row's (``manage.py password_report`` prints it) where rows cost more than new ones, or are of formats
    that do."""
    hasher_memory: int | None = None
    """Bytes that argon2 and scrypt derivations may take at once; one may always run. ``None`` is a quarter of the
    smaller of the control group's limit and the RAM."""

    def __post_init__(self) -> None:
        for name, longest in (
            ("access_lifetime", MAX_ACCESS_LIFETIME),
            ("refresh_idle_lifetime", MAX_REFRESH_LIFETIME),
            ("refresh_absolute_lifetime", MAX_REFRESH_LIFETIME),
            ("revocation_poll", MAX_REVOCATION_POLL),
        ):
            object.__setattr__(self, name, _seconds(name, getattr(self, name), longest=longest))
        for name, longest in (("refresh_grace", MAX_REFRESH_GRACE), ("leeway", MAX_LEEWAY)):
            object.__setattr__(self, name, _seconds(name, getattr(self, name), shortest=0, longest=longest))
        if self.access_lifetime >= self.refresh_idle_lifetime:
            raise ConfigurationError("ACCESS_LIFETIME must be shorter than REFRESH_IDLE_LIFETIME.")
        if self.refresh_idle_lifetime > self.refresh_absolute_lifetime:
            raise ConfigurationError("REFRESH_IDLE_LIFETIME must not be longer than REFRESH_ABSOLUTE_LIFETIME.")
        for name, words in (
            ("compat", COMPATIBLE),
            ("on_revocation_failure", ON_REVOCATION_FAILURE),
            ("throttle_backend", THROTTLE_BACKENDS),
            ("on_counter_failure", ON_COUNTER_FAILURE),
            ("audit_table", (False, True)),
        ):
            if getattr(self, name) not in words:
                raise ConfigurationError(f"{name.upper()} must be one of {', '.join(map(repr, words))}.")
        if type(self.max_sessions) is not int or self.max_sessions < 1:
            raise ConfigurationError("MAX_SESSIONS must be a whole number of at least 1.")
        for name in ("issuer", "audience", "login_field", "redis_url"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ConfigurationError(f"{name.upper()} must be a non-empty string or None.")
        object.__setattr__(self, "keys", _ring(self.keys))
        object.__setattr__(self, "user_filter", _user_filter(self.user_filter))
        object.__setattr__(self, "limits", parse_limits(self.limits))
        object.__setattr__(self, "trusted_proxies", parse_trusted_proxies(self.trusted_proxies))
        if not isinstance(self.cache_alias, str) or not self.cache_alias:
            raise ConfigurationError("CACHE_ALIAS must be the name of a cache.")
        if type(self.ipv6_prefix) is not int or self.ipv6_prefix not in IPV6_PREFIXES:
            raise ConfigurationError(f"IPV6_PREFIX must be from {IPV6_PREFIXES[0]} to {IPV6_PREFIXES[-1]}.")
        if type(self.max_iterations) is not int or not 1 <= self.max_iterations < 2**32:
            raise ConfigurationError("MAX_ITERATIONS must be a whole number of at least 1.")
        if type(self.hasher_floor) is not int or not 0 <= self.hasher_floor <= self.max_iterations:
            raise ConfigurationError("HASHER_FLOOR must be a whole number from 0 to MAX_ITERATIONS.")
        if self.hasher_memory is not None and (type(self.hasher_memory) is not int or self.hasher_memory < 1):
            raise ConfigurationError("HASHER_MEMORY must be a whole number of bytes, at least 1, or None.")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Settings:
        """Make settings from a mapping with upper-case names, as Django's ``FERRAUTH`` has.

        Args:
            mapping: Names and values; what is missing has its default. Durations are seconds or ``timedelta``.

        Raises:
            ConfigurationError: A name is unknown (the nearest known one is suggested) or a value makes no sense.
        """
        known = {item.name.upper() for item in fields(cls)}
        for name in mapping:
            if name not in known:
                near = difflib.get_close_matches(str(name).upper(), known, n=1)
                hint = f" Did you mean {near[0]}?" if near else f" Known: {', '.join(sorted(known))}."
                raise ConfigurationError(f"{name} is no ferrauth setting.{hint}")
        return cls(**{name.lower(): value for name, value in mapping.items()})


def _seconds(name: str, value: object, *, longest: int, shortest: int = 1) -> int:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not float(seconds).is_integer():
        raise ConfigurationError(f"{name.upper()} must be whole seconds or a timedelta of whole seconds.")
    if not shortest <= seconds <= longest:
        raise ConfigurationError(f"{name.upper()} must be from {shortest} to {longest} seconds, not {int(seconds)}.")
    return int(seconds)


def _ring(value: object) -> KeyRing | None:
    if value is None or isinstance(value, KeyRing):
        return value
    keys = [value] if isinstance(value, Key) else value
    if not isinstance(keys, list | tuple) or not keys or not all(isinstance(key, Key) for key in keys):
        raise ConfigurationError("KEYS must be a KeyRing, or a list of ferrauth.keys.Key, signing key first.")
    return KeyRing(keys)


def _user_filter(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict | MappingProxyType):
        raise ConfigurationError("USER_FILTER must be a dict of field names and values.")
    for name in value:
        if not isinstance(name, str) or "__" in name:
            raise ConfigurationError(f"USER_FILTER compares fields for equality; {name!r} is no field name.")
    return MappingProxyType(dict(value))
