"""What all flows share: the policy they follow, and steps that more than one of them takes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ferrauth.accounts import sessions
from ferrauth.accounts.effects import Allowance, Emit, Event, Flow, Opened, OpenSession, Reserve, ask
from ferrauth.accounts.errors import Throttled
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ferrauth.accounts.legacy import LegacyClaims, LegacyReader
    from ferrauth.accounts.sessions import RequestFacts, SessionRow, UserRow
    from ferrauth.accounts.settings import Settings
    from ferrauth.keys import KeyRing
    from ferrauth.tokens import Claims, TokenIssuer, TokenPair

ATTEMPTS = 5
"""How often a flow starts again because another request changed the row between its load and its commit. A lost race
is over at the second attempt; the rest is for a database that reports serialization failures."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What every flow needs and no request changes."""

    settings: Settings
    issuer: TokenIssuer
    legacy: LegacyReader | None = None
    """Reads another package's tokens while a project moves in; ``None`` refuses them."""
    secrets: KeyRing | None = None
    """Secrets that the keys of links in mails are derived from, as :meth:`KeyRing.from_secrets` takes them; ``None``
    where no mail is sent."""
    clock: Callable[[], datetime] = _utc_now


@dataclass(frozen=True)
class Authenticated:
    """Who an access token is good for."""

    user: UserRow
    session: SessionRow | None
    """``None`` for a legacy access token, which names no session."""


@dataclass(frozen=True)
class Principal:
    """Who an access token says it is for, where no database was asked.

    Everything but a revocation is as old as the token: a deactivated user, or one whose password was changed past
    ferrauth, is refused when the token expires.
    """

    user_id: str
    session_id: uuid.UUID | None
    """``None`` for a legacy access token, which names no session."""
    claims: Claims | LegacyClaims

    @property
    def is_authenticated(self) -> bool:
        """``True``, as Django's users say it."""
        return True


def reserve(reservation: Reserve) -> Flow[Allowance]:
    """Count an attempt.

    Raises:
        Throttled: There were too many.
    """
    allowance = yield from ask(reservation)
    if not allowance.allowed:
        yield from ask(
            Emit(
                event=Event.THROTTLED,
                facts=reservation.facts,
                identifier=reservation.identifier,
                user_id=reservation.user_id,
                details={"action": str(reservation.action), "limit": allowance.scope},
            )
        )
        raise Throttled(allowance.retry_after)
    return allowance


def new_session(policy: Policy, facts: RequestFacts, user: UserRow, upgraded: str | None, label: str) -> SessionRow:
    """Return the row of a new session of a user, with the stamp of the encoding that will be stored."""
    encoded = user.password if upgraded is None else upgraded
    return sessions.new_session(
        policy.settings, facts, user_id=user.id, encoded=encoded, now=policy.clock(), label=label
    )


def opening(policy: Policy, row: SessionRow, user: UserRow, *, upgraded: str | None, logged_in: bool) -> OpenSession:
    """Return the effect that opens a session for a user as it was loaded."""
    return OpenSession(
        session=row,
        verified=user.password,
        upgraded=upgraded,
        logged_in=logged_in,
        max_sessions=policy.settings.max_sessions,
    )


def note_displaced(facts: RequestFacts, row: SessionRow, opened: Opened) -> Flow[None]:
    """Record that a new session took the place of older ones, where it did."""
    if opened is Opened.DISPLACED:
        yield from ask(Emit(event=Event.SESSIONS_DISPLACED, facts=facts, user_id=row.user_id, session_id=row.id))


def tokens(policy: Policy, row: SessionRow) -> TokenPair:
    """Make the pair of a row. Every claim is computed from the row: the same row, the same claims."""
    return policy.issuer.generate_tokens(
        row.user_id,
        sid=str(row.id),
        gen=row.generation,
        issued_at=int(row.rotated_at.timestamp()),
        expires_by=int(row.absolute_expires_at.timestamp()),
    )


def decode(policy: Policy, token: str | bytes, token_type: Literal["access", "refresh"]) -> Claims:
    """Verify a token by the policy's clock.

    Raises:
        InvalidTokenError: It is no such token, whatever the cause.
    """
    return policy.issuer.decode_token(token, token_type, now=int(policy.clock().timestamp()))


def session_of(claims: Claims) -> tuple[uuid.UUID, int] | None:
    """Return the session and the generation that a token names, where it names one as ferrauth writes it."""
    if claims.sid is None or claims.gen is None:
        return None
    try:
        session_id = uuid.UUID(claims.sid)
    except ValueError:
        return None
    return (session_id, claims.gen) if str(session_id) == claims.sid else None


def legacy_claims(policy: Policy, token: str | bytes, token_type: Literal["access", "refresh"]) -> LegacyClaims | None:
    """Return what another package's token says, where ``COMPAT`` reads it."""
    try:
        return policy.legacy.decode_token(token, token_type) if policy.legacy else None
    except InvalidTokenError:
        return None
