"""Limits: how they are written, what each counts, and under which key. Pure.

A limit is a number of attempts in a fixed window. An attempt is reserved before any work is done for it, and a success
gives back what it reserved itself. A window is fixed, so that nobody can make another's longer by going on; its length
and its limit are part of the key, so that two windows never share a counter (THREATS T05, T07).
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ferrauth.accounts.effects import Action
from ferrauth.accounts.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ferrauth.accounts.effects import Reserve

__all__ = ["DEFAULT_LIMITS", "Counter", "Limit", "Limits", "Scope", "canonical_identifier", "counters", "parse_limits"]

SECONDS = MappingProxyType({"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60})
"""Seconds of the units in which a window is written."""

MAX_WINDOW = 7 * SECONDS["d"]
"""Seconds: a week. Counters are no memory of what somebody did long ago."""

MAX_COUNT = 1_000_000
"""Attempts a window: what is beyond is surely no limit."""

MAX_IDENTIFIER = 320
"""Characters of an identifier that are counted, cut before normalising, whose cost grows faster than the text
(CVE-2023-46695): 64 of a local part, an ``@``, 255 of a domain (RFC 3696, errata 1690)."""

KEY_PREFIX = "ferrauth:"

DIGEST_LENGTH = 32
"""Hexadecimal digits of a key's HMAC: 128 bits, so that no two counters of a deployment meet by chance."""

UNKNOWN_ADDRESS = "unknown"
"""The one client that everybody is whose address is not known (T23): behind a Unix socket, in some serverless hosts."""

_LIMIT = re.compile(r"([0-9]{1,7})/([0-9]{0,5})([smhd])", re.ASCII)


class Scope(enum.StrEnum):
    """Whom a counter is about."""

    ACCOUNT_ADDRESS = "account_address"
    """One account, tried from one network."""
    ADDRESS = "address"
    GLOBAL = "global"
    ACCOUNT = "account"
    """One account, wherever it is tried from."""


@dataclass(frozen=True, order=True)
class Limit:
    """So many attempts in so many seconds."""

    count: int
    window: int

    def __str__(self) -> str:
        return f"{self.count}/{self.window}"


Limits = Mapping[Action, Mapping[Scope, tuple[Limit, ...]]]
"""Every action's limits, as :func:`counters` takes them."""

DEFAULT_LIMITS: Mapping[str, Mapping[str, str | None]] = MappingProxyType(
    {
        # What ASVS 5.0 (6.3.1) and OWASP's authentication page ask for: few guesses an account, and more an address,
        # behind which there may be an office. A network that an account knows has its limit for itself (T10).
        Action.LOGIN: {"account_address": "5/m", "account": "20/h", "address": "60/m", "global": None},
        # The account of a registration is the address that it names: whoever's it is gets a mail each time.
        Action.REGISTER: {"account": "5/h", "address": "3/h"},
        Action.REFRESH: {"address": "30/m"},
        # Links that were sent stay good for an hour, so who meets the account's limit has one in the mail.
        Action.RESET: {"account_address": "3/h", "account": "10/h", "address": "20/h"},
        Action.VERIFY: {"account_address": "3/h", "account": "10/h", "address": "20/h"},
        Action.TOKEN: {"address": "60/m"},
        Action.LOGOUT: {"address": "60/m"},
        Action.PASSWORD_CHANGE: {"account": "5/m", "address": "60/m"},
    }
)

LOGIN_STEPS: Mapping[Action, tuple[Action, tuple[Scope, ...]]] = MappingProxyType(
    {
        Action.LOGIN: (Action.LOGIN, (Scope.ACCOUNT_ADDRESS, Scope.ADDRESS, Scope.GLOBAL)),
        Action.LOGIN_ACCOUNT: (Action.LOGIN, (Scope.ACCOUNT,)),
    }
)
"""A login is counted in two steps: before its user is loaded, and then against the account it turned out to name."""


NAMELESS = frozenset({Action.REFRESH, Action.LOGOUT, Action.TOKEN})
"""Actions that are counted before it is known whose they are."""


@dataclass(frozen=True)
class Counter:
    """One counter that an attempt is counted in."""

    key: str
    limit: int
    window: int
    """Seconds."""
    scope: Scope


def parse_limits(value: object) -> Limits:
    """Read ``LIMITS``: for each action, for each scope, a limit such as ``"5/m"`` or ``"10/m, 100/h"``.

    What is not named keeps its default, so that a limit is only turned off by ``None`` in its own place.

    Args:
        value: A mapping as :data:`DEFAULT_LIMITS`.

    Raises:
        ConfigurationError: An action, a scope or a limit makes no sense.
    """
    given = _mapping("LIMITS", value)
    for action in given:
        if action not in DEFAULT_LIMITS:
            raise ConfigurationError(f"LIMITS: {action!r} is no action. Known: {', '.join(DEFAULT_LIMITS)}.")
    limits: dict[Action, Mapping[Scope, tuple[Limit, ...]]] = {}
    for action, defaults in DEFAULT_LIMITS.items():
        scopes = {**defaults, **_mapping(f"LIMITS[{str(action)!r}]", given.get(action, {}))}
        for scope in scopes:
            if scope not in set(Scope):
                raise ConfigurationError(f"LIMITS[{str(action)!r}]: {scope!r} is no scope. Known: {', '.join(Scope)}.")
            if action in NAMELESS and scope in (Scope.ACCOUNT, Scope.ACCOUNT_ADDRESS) and scopes[scope] is not None:
                raise ConfigurationError(
                    f"LIMITS[{str(action)!r}]: {str(scope)!r} would never count: it is not known yet whose token it is."
                )
        limits[Action(action)] = MappingProxyType(
            {Scope(scope): _parse(f"LIMITS[{str(action)!r}][{str(scope)!r}]", text) for scope, text in scopes.items()}
        )
    return MappingProxyType(limits)


def counters(limits: Limits, secret: bytes, reservation: Reserve) -> tuple[Counter, ...]:
    """Return the counters of an attempt, in the order in which they are asked.

    Args:
        limits: As :func:`parse_limits` gives them.
        secret: Keys the HMACs, so that who reads the counters' keys learns no e-mail address from them (T18).
        reservation: The attempt.
    """
    action, scopes = LOGIN_STEPS.get(reservation.action, (reservation.action, tuple(Scope)))
    return tuple(
        _counter(secret, action, scope, limit, parts)
        for scope in scopes
        for limit in limits[action].get(scope, ())
        for parts in _parts(scope, reservation)
    )


def canonical_identifier(identifier: str) -> str:
    """Return the one spelling of an identifier that is counted: NFKC and case folded (T13, T15)."""
    text = unicodedata.normalize("NFKC", identifier[:MAX_IDENTIFIER]).casefold()
    return unicodedata.normalize("NFKC", text).strip()


def _parts(scope: Scope, reservation: Reserve) -> Sequence[tuple[str, ...]]:
    """Return what identifies the counters of a scope: none where it is not about this attempt, two for an account.

    An account is counted by what was typed, and by the user that it turned out to name: two spellings that a database
    takes for one share the second (CVE-2026-97764). Where it names nobody, what was typed stands in for the user.
    Where the user has lately been in the caller's network, that network is counted for itself: guesses from elsewhere
    do not lock the user out of it (T10), and its own run out as those at an unknown account do (T34).
    """
    network = reservation.facts.network or UNKNOWN_ADDRESS
    if scope is Scope.GLOBAL:
        return [()]
    if scope is Scope.ADDRESS:
        return [(network,)]
    names = []
    if reservation.identifier is not None:
        typed = canonical_identifier(reservation.identifier)
        names = [("typed", typed), ("nobody", typed)]
    if reservation.user_id is not None:
        names = [*names[:1], ("user", reservation.user_id)]
    if scope is Scope.ACCOUNT:
        return [(*name, network) for name in names] if reservation.known else names
    return [(*name, network) for name in names[:1]]


def _counter(secret: bytes, action: Action, scope: Scope, limit: Limit, parts: tuple[str, ...]) -> Counter:
    named = f"{action}:{scope}:{limit}"
    # Each part after its length, so that no two lists of parts are one text (CVE-2026-6873).
    encoded = [part.encode("utf-8", "surrogatepass") for part in (named, *parts)]
    message = b"".join(b"%d:%b" % (len(part), part) for part in encoded)
    digest = hmac.new(secret, message, hashlib.sha256).hexdigest()[:DIGEST_LENGTH]
    return Counter(f"{KEY_PREFIX}{named}:{digest}", limit.count, limit.window, scope)


def _mapping(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict | MappingProxyType):
        raise ConfigurationError(f"{name} must be a dict.")
    return value


def _parse(name: str, text: object) -> tuple[Limit, ...]:
    if text is None:
        return ()
    if not isinstance(text, str):
        raise ConfigurationError(f'{name} must be a limit such as "5/m", or None.')
    # The same limit twice, perhaps as "60/h" and "60/60m", would be one counter, counted twice.
    return tuple(dict.fromkeys(_limit(name, part.strip()) for part in text.split(",")))


def _limit(name: str, text: str) -> Limit:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise ConfigurationError(f'{name}: {text!r} is no limit. Write "5/m", "100/15m" or "3/h" (s, m, h, d).')
    count, window = int(match[1]), int(match[2] or 1) * SECONDS[match[3]]
    if not 1 <= count <= MAX_COUNT or not 1 <= window <= MAX_WINDOW:
        raise ConfigurationError(f"{name}: {text!r} must be from 1 to {MAX_COUNT} attempts, in a week at most.")
    return Limit(count, window)
