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
from urllib.parse import urlsplit

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

REGISTRATION = ("verify", "immediate", "closed")

OUTBOX_SENDERS = ("thread", "tasks", "command")

MAX_RESET_LIFETIME = 24 * 60 * 60
"""Seconds: a link that sets a password is short-lived (OWASP, Forgot Password Cheat Sheet); a day is the longest that
providers give one."""

MAX_VERIFY_LIFETIME = 7 * 24 * 60 * 60
"""Seconds: a week, for whoever reads mail on Sundays. Such a link opens no account."""

MAX_HASHER_WAIT = 60
"""Seconds: clients and proxies give up after a minute (nginx's ``proxy_read_timeout``)."""

MAX_HASHER_THREADS = 1024
"""More cores than a machine has."""

BODY_SIZES = range(1024, 1024 * 1024 + 1)
"""Bytes of a request: from what the longest registration needs, to what no account endpoint has a use for."""

LINKS = {"verify": "/email/verify?token={token}", "reset": "/password/reset?token={token}"}
"""What mails link to, and the path that each has where ``BASE_URLS`` is one URL."""

TOKEN_MARK = "{token}"
"""Where a link has its token."""

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
    """What a login identifier is: ``"email"``, ``"username"`` (the user model's ``USERNAME_FIELD``), a field's name, or
    ``"either"`` of the first two, which ``None`` means too."""
    email_field: str | None = None
    """The user model's own unique e-mail field, where it has one with a flag; ``None`` keeps addresses in a table of
    ferrauth's."""
    email_verified_field: str | None = None
    """The user model's boolean field that says whether ``email_field`` is verified; the two go together."""
    registration: str = "verify"
    """``"verify"``: the same answer for every address, and a mail; ``"immediate"``: tokens at once, and so an answer
    that tells which addresses are taken; ``"closed"``."""
    password_reset_lifetime: int = 60 * 60
    """Seconds in which a link sets a new password, from when its mail is sent."""
    email_verify_lifetime: int = 24 * 60 * 60
    """Seconds in which a link verifies an address, from when its mail is sent."""
    base_urls: Any = field(default_factory=lambda: MappingProxyType({}))
    """Where the links of mails lead: ``{"verify": "https://example.com/verify?token={token}", "reset": ...}``, or one
    URL, the base of both. Never the request's ``Host``. Without it, mails have the token and no link."""
    outbox_sender: str = "thread"
    """What sends mails: a ``"thread"`` of the web process, Django's ``"tasks"``, or ``manage.py send_outbox`` alone
    (``"command"``)."""
    refresh_cookie: bool = False
    """Whether the refresh token is in a cookie that scripts cannot read, and not in the body."""
    max_body: int = 16_384
    """Bytes that a request to an account endpoint may have."""
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
    hasher_max_wait: int | None = 10
    """Seconds that a login may have to wait for the hasher before it is refused (503); ``None`` waits for ever."""
    hasher_threads: int | None = None
    """Threads that derive; ``None`` is one a core. The environment's ``FERRAUTH_THREADS`` goes before it."""
    hasher_memory: int | None = None
    """Bytes that argon2 and scrypt derivations may take at once; one may always run. ``None`` is a quarter of the
    smaller of the control group's limit and the RAM."""

    def __post_init__(self) -> None:
        for name, longest in (
            ("access_lifetime", MAX_ACCESS_LIFETIME),
            ("refresh_idle_lifetime", MAX_REFRESH_LIFETIME),
            ("refresh_absolute_lifetime", MAX_REFRESH_LIFETIME),
            ("revocation_poll", MAX_REVOCATION_POLL),
            ("password_reset_lifetime", MAX_RESET_LIFETIME),
            ("email_verify_lifetime", MAX_VERIFY_LIFETIME),
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
            ("registration", REGISTRATION),
            ("outbox_sender", OUTBOX_SENDERS),
            ("refresh_cookie", (False, True)),
        ):
            if getattr(self, name) not in words:
                raise ConfigurationError(f"{name.upper()} must be one of {', '.join(map(repr, words))}.")
        if type(self.max_sessions) is not int or self.max_sessions < 1:
            raise ConfigurationError("MAX_SESSIONS must be a whole number of at least 1.")
        for name in ("issuer", "audience", "login_field", "email_field", "email_verified_field", "redis_url"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ConfigurationError(f"{name.upper()} must be a non-empty string or None.")
        if (self.email_field is None) is not (self.email_verified_field is None):
            raise ConfigurationError("EMAIL_FIELD and EMAIL_VERIFIED_FIELD go together: a field, and its flag.")
        object.__setattr__(self, "base_urls", _base_urls(self.base_urls))
        self._check_work()
        object.__setattr__(self, "keys", _ring(self.keys))
        object.__setattr__(self, "user_filter", _user_filter(self.user_filter))
        object.__setattr__(self, "limits", parse_limits(self.limits))
        object.__setattr__(self, "trusted_proxies", parse_trusted_proxies(self.trusted_proxies))
        if not isinstance(self.cache_alias, str) or not self.cache_alias:
            raise ConfigurationError("CACHE_ALIAS must be the name of a cache.")
        if type(self.ipv6_prefix) is not int or self.ipv6_prefix not in IPV6_PREFIXES:
            raise ConfigurationError(f"IPV6_PREFIX must be from {IPV6_PREFIXES[0]} to {IPV6_PREFIXES[-1]}.")

    def _check_work(self) -> None:
        if self.hasher_max_wait is not None:
            wait = _seconds("hasher_max_wait", self.hasher_max_wait, shortest=0, longest=MAX_HASHER_WAIT)
            object.__setattr__(self, "hasher_max_wait", wait)
        for name, most in (("max_body", BODY_SIZES[-1]), ("hasher_threads", MAX_HASHER_THREADS)):
            value, least = getattr(self, name), BODY_SIZES[0] if name == "max_body" else 1
            if name == "hasher_threads" and value is None:
                continue
            if type(value) is not int or not least <= value <= most:
                raise ConfigurationError(f"{name.upper()} must be a whole number from {least} to {most}.")
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


def _base_urls(value: object) -> Mapping[str, str]:
    """Return the link of each kind, with a mark where its token goes."""
    if isinstance(value, str):
        value = {name: value.rstrip("/") + path for name, path in LINKS.items()}
    if not isinstance(value, dict | MappingProxyType):
        raise ConfigurationError("BASE_URLS must be a URL, or a dict of URLs.")
    for name, url in value.items():
        if name not in LINKS:
            raise ConfigurationError(f"BASE_URLS: {name!r} is no kind of link. Known: {', '.join(LINKS)}.")
        if not isinstance(url, str) or not _is_link(url):
            raise ConfigurationError(
                f"BASE_URLS[{name!r}] must be an http or https URL with {TOKEN_MARK} in it once, after its host."
            )
    return MappingProxyType(dict(value))


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        return False
    return url.count(TOKEN_MARK) == 1 and TOKEN_MARK not in parts.netloc
