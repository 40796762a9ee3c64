"""What a flow asks of the world: frozen effects, each with the type of its answer, and the two drivers.

A flow is a generator that yields effects and is sent their answers. :func:`run` carries it on a port synchronously,
:func:`arun` on an event loop; a port is whatever has ``perform``, or ``aperform``.
"""

from __future__ import annotations

import enum
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from ferrauth.accounts.sessions import RequestFacts, SessionRow, UserRow

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from ferrauth.accounts.sessions import EndReason

Answer = TypeVar("Answer")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Effect(Generic[Answer]):
    """One thing that a flow asks for; ``Answer`` is what it is sent back.

    An effect whose ``apart`` is true reads and commits beside the transaction that the caller may be in, since the
    exception that refuses the request would undo it.
    """


Flow = Generator[Effect[Any], Any, Result]
"""A flow that ends with a ``Result``."""


class Port(Protocol):
    """What carries effects synchronously."""

    def perform(self, effect: Effect[Answer]) -> Answer:
        """Carry out one effect."""
        ...


class AsyncPort(Protocol):
    """What carries effects on an event loop."""

    async def aperform(self, effect: Effect[Answer]) -> Answer:
        """Carry out one effect without blocking the loop."""
        ...


def run(flow: Flow[Result], port: Port) -> Result:
    """Carry a flow to its end on a synchronous port, and return its result."""
    with closing(flow):
        try:
            effect = next(flow)
            while True:
                effect = flow.send(port.perform(effect))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


async def arun(flow: Flow[Result], port: AsyncPort) -> Result:
    """As :func:`run`, on an event loop. Cancelling it closes the flow after the effect that is under way."""
    with closing(flow):
        try:
            effect = next(flow)
            while True:
                effect = flow.send(await port.aperform(effect))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def ask(effect: Effect[Answer]) -> Generator[Effect[Any], Any, Answer]:
    """Yield one effect and return its answer, with its type."""
    answer: Answer = yield effect
    return answer


class Action(enum.StrEnum):
    """What is counted against a limit."""

    LOGIN = "login"
    """A login, before its user is loaded."""
    LOGIN_ACCOUNT = "login_account"
    """The same login, once it is known whom it names, and before any key is derived."""
    REGISTER = "register"
    REFRESH = "refresh"
    RESET = "reset"
    VERIFY = "verify"
    TOKEN = "token"
    """A token that is no good: of a link in a mail, or of a request's header."""
    LOGOUT = "logout"
    PASSWORD_CHANGE = "password_change"
    """A password that a logged-in user gives again."""


@dataclass(frozen=True)
class Allowance:
    """Whether an attempt may go on, and what to give back if it succeeds."""

    allowed: bool = True
    retry_after: int = 0
    """Seconds until the next attempt may be made, where this one may not."""
    receipt: object = None
    """The port's own: which counters were counted up."""
    scope: str = ""
    """What kind of limit was met, where one was; for the audit, and never for the client."""


@dataclass(frozen=True, kw_only=True)
class Reserve(Effect[Allowance]):
    """Count an attempt, before any work is done for it."""

    action: Action
    facts: RequestFacts
    identifier: str | None = None
    """What the client says it is, as submitted."""
    user_id: str | None = None
    """Whom that turned out to name."""
    known: bool = False
    """Whether the user has lately been where the caller is: its account is then counted for that network alone."""


@dataclass(frozen=True, kw_only=True)
class CountBadToken(Effect[Allowance]):
    """Count a token that no key of ours signed, in this process's memory: it costs no query, and asks nobody else."""

    facts: RequestFacts


@dataclass(frozen=True, kw_only=True)
class Release(Effect[None]):
    """Give back what a successful attempt reserved, and nothing else."""

    allowances: tuple[Allowance, ...]


@dataclass(frozen=True, kw_only=True)
class LoadUser(Effect[UserRow | None]):
    """Load a user by login identifier or by key."""

    identifier: str | None = None
    user_id: str | None = None
    network: str = ""
    """Where the caller is: the answer tells whether the user has been there lately, in the same query."""


@dataclass(frozen=True)
class Loaded:
    """A session and its user, read in one query."""

    session: SessionRow
    user: UserRow


@dataclass(frozen=True, kw_only=True)
class LoadSession(Effect[Loaded | None]):
    """Load a session with its user, where ``USER_FILTER`` holds, in one query."""

    session_id: uuid.UUID
    apart: bool = False


@dataclass(frozen=True, kw_only=True)
class LoadSessions(Effect[list[SessionRow]]):
    """Load a user's sessions that are not revoked."""

    user_id: str


@dataclass(frozen=True, kw_only=True)
class IsRevoked(Effect[bool]):
    """Ask what this process remembers of the sessions that were revoked lately; no query.

    The port raises :class:`~ferrauth.accounts.errors.Unavailable` where it could not ask the database for long, unless
    the settings say to go on.
    """

    session_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class LegacyTokenBlocked(Effect[bool]):
    """Ask whether a legacy blacklist table, where there is one, names a token."""

    token_id: str


@dataclass(frozen=True, kw_only=True)
class Derive(Effect[Answer]):
    """A key derivation: the one kind of effect that is work and no wait."""


@dataclass(frozen=True, kw_only=True)
class CheckPassword(Derive[tuple[bool, str | None]]):
    """Check a password. The answer: whether it is right, and a new encoding where the stored one is outdated."""

    password: str = field(repr=False)
    encoded: str | None = field(repr=False)
    """The stored encoding, as ``accounts.passwords.row_to_verify`` gives it; ``None`` costs as much and is wrong."""


@dataclass(frozen=True, kw_only=True)
class MakePassword(Derive[str]):
    """Encode a new password."""

    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ValidatePassword(Effect[None]):
    """Hold a new password against the project's validators; the port raises what the framework answers with."""

    password: str = field(repr=False)
    user: UserRow
    name: str = "new_password"
    """What the client calls the field."""


class Opened(enum.Enum):
    """What came of :class:`OpenSession`."""

    OPENED = "opened"
    DISPLACED = "displaced"
    """Opened, and the user's sessions that were too many have ended."""
    STALE = "stale"
    """The user's row is no longer the one that was loaded: load it again."""
    EXISTS = "exists"
    """There is a session with this key already."""

    @property
    def succeeded(self) -> bool:
        """Whether there is a new session."""
        return self in (Opened.OPENED, Opened.DISPLACED)


@dataclass(frozen=True, kw_only=True)
class OpenSession(Effect[Opened]):
    """In one transaction: hold the user to the encoding that was verified, upgrade it, insert the session.

    The user's row is updated on the condition that its encoding is ``verified``. So a password change at the same
    moment is not lost (THREATS P47), and no session begins with the stamp of a password that is no more.
    """

    session: SessionRow
    verified: str = field(repr=False)
    upgraded: str | None = field(default=None, repr=False)
    """The encoding to store instead; sessions that bear the stamp of ``verified`` get the new one's."""
    logged_in: bool
    """Whether this is a login, which the user's row notes."""
    max_sessions: int


@dataclass(frozen=True, kw_only=True)
class Rotate(Effect[bool]):
    """The one conditional update. The answer: whether this request is the one that rotated."""

    apart: ClassVar[bool] = True
    presented: int
    successor: SessionRow


@dataclass(frozen=True, kw_only=True)
class CountRepeat(Effect[bool]):
    """Count a repeat of a generation, up to a limit. The answer: whether it was within it."""

    apart: ClassVar[bool] = True
    session: SessionRow
    limit: int


@dataclass(frozen=True)
class Ended:
    """What a revocation met."""

    ended: int
    """Sessions that it ended."""
    found: bool
    """Whether there was any session that it names, ended before or now."""


@dataclass(frozen=True, kw_only=True)
class Revoke(Effect[Ended]):
    """End one session of a user, or all of them."""

    user_id: str
    session_id: uuid.UUID | None
    reason: EndReason
    now: datetime
    apart: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangePassword(Effect[bool]):
    """In one transaction: swap the encoding for a new one, restamp the session that goes on, end the others.

    The answer: whether the stored encoding was still ``verified``.
    """

    user_id: str
    verified: str = field(repr=False)
    encoded: str = field(repr=False)
    keep: uuid.UUID | None
    now: datetime
    proves: str = ""
    """The canonical address that a link was sent to: verified now, if it was not and is the user's still."""


class Event(enum.StrEnum):
    """Security events, by the name that the audit gives them."""

    LOGIN_SUCCEEDED = "login_succeeded"
    SESSION_OPENED = "session_opened"
    """A session for a user whom the caller authenticated by other means."""
    LOGIN_FAILED = "login_failed"
    THROTTLED = "throttled"
    HASH_UPGRADED = "hash_upgraded"
    REFRESHED = "refreshed"
    REFRESH_REPEATED = "refresh_repeated"
    REFRESH_REPLAYED = "refresh_replayed"
    REFRESH_REFUSED = "refresh_refused"
    LEGACY_EXCHANGED = "legacy_exchanged"
    LOGGED_OUT = "logged_out"
    REVOKED = "revoked"
    REVOCATION_UNMATCHED = "revocation_unmatched"
    SESSIONS_DISPLACED = "sessions_displaced"
    """A login ended sessions of its user's, since there were more than ``MAX_SESSIONS``."""
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_REFUSED = "password_refused"
    """A logged-in user's own password, asked for once more, was wrong."""
    REGISTERED = "registered"
    REGISTRATION_TAKEN = "registration_taken"
    """A registration with an address, or a name, that an account has."""
    EMAIL_REQUESTED = "email_requested"
    """A link to verify an address, or to move to one, was asked for."""
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGED = "email_changed"
    RESET_REQUESTED = "reset_requested"
    PASSWORD_RESET = "password_reset"
    LINK_REFUSED = "link_refused"
    """A token from a link that was no good."""


@dataclass(frozen=True, kw_only=True)
class Emit(Effect[None]):
    """Put a security event on record. It never holds a secret."""

    event: Event
    facts: RequestFacts
    user_id: str | None = None
    identifier: str | None = None
    """What a client said it is; recorded as a keyed hash only."""
    user: object = field(default=None, repr=False)
    """The framework's own user object, where a login has it at hand."""
    session_id: uuid.UUID | None = None
    details: Mapping[str, str | int] = field(default_factory=dict)
