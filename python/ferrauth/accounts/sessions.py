"""What a session is, and what a presented token leads to. Pure: rows, claims and the time in, a decision out.

A login makes one row. Its refresh token names the row (``sid``) and the row's generation (``gen``); every refresh adds
one to it. So a token of an older generation is a replay and ends the session, but for the generation just left: within
a short grace window it gets the same successor again, since a client whose answer was lost must ask twice.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ferrauth.accounts.addresses import ADDRESS_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ferrauth.accounts.settings import Settings

__all__ = [
    "ENDED_IN_PEACE",
    "NOWHERE",
    "PRUNED_BY_THE_WAY",
    "PRUNE_EVERY",
    "RETENTION",
    "Decision",
    "EndReason",
    "RequestFacts",
    "SessionRow",
    "UserRow",
    "Verdict",
    "judge_refresh",
    "judge_use",
    "legacy_session_id",
    "live_sessions",
    "new_session",
    "password_stamp",
    "prunes",
    "rotated",
]

CLOCK_SKEW = timedelta(seconds=5)
"""How far one server's clock may lag another's: a row rotated that little in the future was rotated just now."""

MAX_REPEATS = 3
"""How often one generation's successor is handed out again (THREATS J100b): a client that races itself does not need
more, and one that shadows another shows up three times in the audit."""

USER_AGENT_LENGTH = 200
"""Characters of a user agent that a row keeps."""

REQUEST_ID_LENGTH = 100
"""Characters of a request's id that the audit keeps: two UUIDs and what joins them fit."""

LABEL_LENGTH = 100
"""Characters of a device's name that a row keeps."""

KNOWN_CALLER = timedelta(days=30)
"""How long a user's session makes its network known: the account's limit is then counted there for itself, so that
nobody can lock a user out of where it works from (OWASP on account lockout; NIST SP 800-63B, section 3.2.2)."""

NOWHERE = "-"
"""A network that no session has: what an unknown one is compared as, so that every login is the same query."""

RETENTION = timedelta(days=1)
"""How long an ended session is kept: as a trace for whoever investigates, and for stateless processes, which must hear
of a revocation for as long as an access token lives (a day at most)."""

PRUNED_BY_THE_WAY = 100
"""Ended sessions that a login which prunes deletes at most: several times what is made until the next one does."""

PRUNE_EVERY = 16
"""Of so many logins one prunes: to look for what has ended costs a query, and may cost SQLite's write lock."""

NETWORK_LENGTH = 49
"""Characters of the longest network: an IPv6 address, and ``/64``."""

LEGACY_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:ferrauth:legacy-refresh-token")
"""The UUIDv5 namespace (RFC 9562, section 5.5) of sessions that a legacy refresh token was exchanged for."""


class EndReason(enum.StrEnum):
    """Why a session ended, as its row says it."""

    LOGOUT = "logout"
    LOGOUT_ALL = "logout_all"
    ENDED = "ended"  # By its owner, from the list of devices.
    REPLAYED = "replayed"
    PASSWORD_CHANGED = "password_changed"
    TOO_MANY = "too_many_sessions"
    ADMINISTRATOR = "administrator"


ENDED_IN_PEACE = (EndReason.LOGOUT, EndReason.LOGOUT_ALL, EndReason.TOO_MANY)
"""Ends that leave a session's network known: none of them was for cause."""


@dataclass(frozen=True, kw_only=True)
class RequestFacts:
    """What a flow may know of the request that started it.

    Control characters, among them the NUL that PostgreSQL refuses, become spaces, and long values are cut.
    """

    address: str = ""
    user_agent: str = ""
    network: str = ""
    """What a limit counts as one client: the IPv4 address, or the IPv6 network; empty where there is none."""
    request_id: str = ""
    request: object = field(default=None, repr=False, compare=False)
    """The framework's own object, handed through and never looked into."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", _printable(self.address, ADDRESS_LENGTH))
        object.__setattr__(self, "request_id", _printable(self.request_id, REQUEST_ID_LENGTH))
        object.__setattr__(self, "user_agent", _printable(self.user_agent, USER_AGENT_LENGTH))


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """A user as the flows need it: the key as text, the stored encoding, and whether ``USER_FILTER`` holds."""

    id: str
    password: str
    eligible: bool
    user: object = None
    """The framework's own object, handed through and never looked into."""
    known: bool = False
    """Whether it has lately been where the caller is."""

    def __repr__(self) -> str:
        return f"UserRow(id={self.id!r}, eligible={self.eligible!r})"


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """One login. Every datetime is aware, in UTC."""

    id: uuid.UUID
    user_id: str
    generation: int
    created_at: datetime
    rotated_at: datetime
    idle_expires_at: datetime
    """When it ends unless it is refreshed; never after ``absolute_expires_at``."""
    absolute_expires_at: datetime
    password_stamp: str
    repeats: int = 0
    """How often this generation was handed out again."""
    revoked_at: datetime | None = None
    revoked_reason: str = ""
    keep_until: datetime | None = None
    """Until when the row is the lock of a legacy token and must not be pruned."""
    user_agent: str = ""
    address: str = ""
    network: str = ""
    label: str = ""


class Verdict(enum.Enum):
    """What a refresh token leads to."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    """The same successor again."""
    REFUSE = "refuse"
    END = "end"
    """Refuse, and revoke the session."""


@dataclass(frozen=True)
class Decision:
    """A verdict, and for the audit the word that says why. A client is never told the reason."""

    verdict: Verdict
    reason: str = ""
    ends: EndReason | None = None
    """What the session's row says, where the verdict is to end it."""


def password_stamp(user_id: str, encoded: str) -> str:
    """Return the fingerprint of a user's stored password encoding.

    Args:
        user_id: The user's key as text.
        encoded: The stored encoding. A new one has a new salt, so even setting the same password again changes it.

    Returns:
        SHA-256 in hexadecimal, over the length-prefixed key and the encoding.
    """
    key = user_id.encode()
    return hashlib.sha256(b"%d:%b%b" % (len(key), key, encoded.encode())).hexdigest()


def new_session(
    settings: Settings,
    facts: RequestFacts,
    *,
    user_id: str,
    encoded: str,
    now: datetime,
    label: str = "",
) -> SessionRow:
    """Return the row of a new login, generation 0.

    Args:
        settings: For the idle and the absolute lifetime.
        facts: The request that logs in.
        user_id: The user's key as text.
        encoded: The password encoding that is stored when the session begins.
        now: The time.
        label: What the client calls its device.
    """
    absolute = now + timedelta(seconds=settings.refresh_absolute_lifetime)
    return SessionRow(
        id=uuid.uuid4(),
        user_id=user_id,
        generation=0,
        created_at=now,
        rotated_at=now,
        idle_expires_at=_idle_expiry(settings, now, absolute),
        absolute_expires_at=absolute,
        password_stamp=password_stamp(user_id, encoded),
        user_agent=facts.user_agent,
        address=facts.address,
        network=facts.network,
        label=_printable(label, LABEL_LENGTH),
    )


def prunes(session_id: uuid.UUID) -> bool:
    """Tell whether the login that made a session deletes ended ones by the way; the key, which is random, decides."""
    return session_id.int % PRUNE_EVERY == 0


def legacy_session_id(jti: str) -> uuid.UUID:
    """Return the key of the session that a legacy refresh token is exchanged for: one ``jti``, one key."""
    return uuid.uuid5(LEGACY_NAMESPACE, jti)


def rotated(row: SessionRow, settings: Settings, facts: RequestFacts, *, now: datetime) -> SessionRow:
    """Return a row as it is after a rotation at ``now``."""
    return replace(
        row,
        generation=row.generation + 1,
        rotated_at=now,
        idle_expires_at=_idle_expiry(settings, now, row.absolute_expires_at),
        repeats=0,
        user_agent=facts.user_agent,
        address=facts.address,
        network=facts.network,
    )


def judge_refresh(
    row: SessionRow | None,
    user: UserRow | None,
    facts: RequestFacts,
    *,
    subject: str,
    generation: int,
    grace: timedelta,
    now: datetime,
) -> Decision:
    """Decide what a refresh token that was verified leads to.

    Args:
        row: The session it names, if there is one.
        user: The session's user, if there is one and ``USER_FILTER`` holds.
        facts: The request that presents it.
        subject: The token's ``sub``.
        generation: The token's ``gen``.
        grace: ``REFRESH_GRACE``; zero turns repeats off.
        now: The time.
    """
    if (refusal := _judge_session(row, user, subject=subject, now=now)) is not None:
        return refusal
    assert row is not None  # noqa: S101 (for the type checker: no row is refused above)
    if generation == row.generation:
        return Decision(Verdict.ROTATE)
    if generation > row.generation:
        # No token of ours is ahead of its row, unless the database was set back to a backup.
        return Decision(Verdict.REFUSE, "generation is ahead of the session")
    if generation < row.generation - 1:
        return Decision(Verdict.END, "an older generation", EndReason.REPLAYED)
    if not _in_grace(row, grace, now):
        return Decision(Verdict.END, "the last generation, after the grace window", EndReason.REPLAYED)
    if facts.user_agent != row.user_agent:
        return Decision(Verdict.END, "the last generation, from another user agent", EndReason.REPLAYED)
    if row.repeats >= MAX_REPEATS:
        return Decision(Verdict.REFUSE, "repeated too often")
    return Decision(Verdict.REPEAT)


def judge_use(
    row: SessionRow | None, user: UserRow | None, *, subject: str, generation: int, now: datetime
) -> UserRow | None:
    """Decide whether an access token that was verified opens the door.

    Args:
        row: The session it names, if there is one.
        user: The session's user, if there is one and ``USER_FILTER`` holds.
        subject: The token's ``sub``.
        generation: The token's ``gen``; an older one is good until the token expires.
        now: The time.

    Returns:
        The user, or ``None``.
    """
    if row is None or _judge_session(row, user, subject=subject, now=now) is not None:
        return None
    return user if generation <= row.generation else None


def live_sessions(rows: Iterable[SessionRow], user: UserRow, *, now: datetime) -> list[SessionRow]:
    """Return those of a user's sessions that have not ended, the most recently used first."""
    live = (row for row in rows if _judge_session(row, user, subject=user.id, now=now) is None)
    return sorted(live, key=lambda row: row.rotated_at, reverse=True)


def _judge_session(row: SessionRow | None, user: UserRow | None, *, subject: str, now: datetime) -> Decision | None:
    """Return why a session is no good, the same for every use of it."""
    if row is None or user is None or not user.eligible:
        return Decision(Verdict.REFUSE, "no such session, or its user may not log in")
    # A database may find a row by another spelling of its key (01 for 1); a token has exactly one.
    if not row.user_id == user.id == subject:
        return Decision(Verdict.REFUSE, "another user's session")
    if row.revoked_at is not None:
        return Decision(Verdict.REFUSE, "revoked")
    if not hmac.compare_digest(row.password_stamp, password_stamp(user.id, user.password)):
        return Decision(Verdict.END, "the password was changed", EndReason.PASSWORD_CHANGED)
    if int(now.timestamp()) >= int(min(row.idle_expires_at, row.absolute_expires_at).timestamp()):
        # In whole seconds, as tokens have them: a session in its last fraction of one has no room for a token.
        return Decision(Verdict.REFUSE, "expired")
    return None


def _in_grace(row: SessionRow, grace: timedelta, now: datetime) -> bool:
    elapsed = now - row.rotated_at
    if -CLOCK_SKEW <= elapsed < timedelta(0):
        elapsed = timedelta(0)
    return timedelta(0) <= elapsed < grace


def _idle_expiry(settings: Settings, now: datetime, absolute: datetime) -> datetime:
    return min(now + timedelta(seconds=settings.refresh_idle_lifetime), absolute)


def _printable(text: str, length: int) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:length])
