"""The flow of a refresh token: rotate, repeat, replay, refuse; and the exchange of another package's token, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ferrauth.accounts import sessions
from ferrauth.accounts.effects import (
    Action,
    CountRepeat,
    Emit,
    Event,
    Flow,
    LegacyTokenBlocked,
    LoadSession,
    LoadUser,
    Opened,
    Release,
    Reserve,
    Revoke,
    Rotate,
    ask,
)
from ferrauth.accounts.errors import Conflict
from ferrauth.accounts.legacy import legacy_user
from ferrauth.accounts.policy import (
    ATTEMPTS,
    decode,
    legacy_claims,
    new_session,
    note_displaced,
    opening,
    reserve,
    session_of,
    tokens,
)
from ferrauth.accounts.sessions import EndReason, RequestFacts, SessionRow, UserRow, Verdict
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    import uuid

    from ferrauth.accounts.legacy import LegacyClaims
    from ferrauth.accounts.policy import Policy
    from ferrauth.tokens import TokenPair

__all__ = ["close_legacy", "refresh"]


def refresh(policy: Policy, facts: RequestFacts, token: str | bytes) -> Flow[TokenPair]:
    """Exchange a refresh token for the next pair.

    Raises:
        InvalidTokenError: Whatever the cause; a replay has ended the session before this is raised.
        Throttled: Too many attempts.
    """
    allowance = yield from reserve(Reserve(action=Action.REFRESH, facts=facts))
    pair = yield from _refresh(policy, facts, token)
    # What is left counted are tokens that were no good, so that an office behind one address can refresh.
    yield from ask(Release(allowances=(allowance,)))
    return pair


def _refresh(policy: Policy, facts: RequestFacts, token: str | bytes) -> Flow[TokenPair]:
    try:
        claims = decode(policy, token, "refresh")
    except InvalidTokenError:
        legacy = legacy_claims(policy, token, "refresh")
        if legacy is None:
            raise
        return (yield from _exchange(policy, facts, legacy))
    named = session_of(claims)
    if named is None:
        raise InvalidTokenError
    session_id, generation = named
    return (yield from _rotate(policy, facts, subject=claims.sub, session_id=session_id, generation=generation))


def _rotate(
    policy: Policy, facts: RequestFacts, *, subject: str, session_id: uuid.UUID, generation: int
) -> Flow[TokenPair]:
    for _ in range(ATTEMPTS):
        loaded = yield from ask(LoadSession(session_id=session_id, apart=True))
        row, user = (loaded.session, loaded.user) if loaded else (None, None)
        now = policy.clock()
        decision = sessions.judge_refresh(
            row,
            user,
            facts,
            subject=subject,
            generation=generation,
            grace=timedelta(seconds=policy.settings.refresh_grace),
            now=now,
        )
        if row is None or decision.verdict is Verdict.REFUSE:
            yield from ask(_refused(facts, subject, session_id, decision.reason))
            raise InvalidTokenError
        if decision.verdict is Verdict.END and decision.ends is not None:
            yield from ask(Revoke(user_id=row.user_id, session_id=row.id, reason=decision.ends, now=now, apart=True))
            yield from ask(_replayed(facts, row, decision))
            raise InvalidTokenError
        if decision.verdict is Verdict.ROTATE:
            successor = sessions.rotated(row, policy.settings, facts, now=now)
            if (yield from ask(Rotate(presented=generation, successor=successor))):
                yield from ask(Emit(event=Event.REFRESHED, facts=facts, user_id=subject, session_id=row.id))
                return tokens(policy, successor)
        elif (yield from ask(CountRepeat(session=row, limit=sessions.MAX_REPEATS))):
            yield from ask(_repeated(facts, row))
            return tokens(policy, row)
    raise Conflict


def _exchange(policy: Policy, facts: RequestFacts, legacy: LegacyClaims) -> Flow[TokenPair]:
    """Exchange another package's refresh token, once: its ``jti`` is the session's key, and generation 0 is the token.

    So what follows is decided as for any other refresh token of generation 0: its successor again within the grace
    window, and a replay after it.
    """
    session_id = sessions.legacy_session_id(legacy.jti)
    for _ in range(ATTEMPTS):
        if (yield from ask(LegacyTokenBlocked(token_id=legacy.jti))):
            yield from ask(_refused(facts, legacy.sub, session_id, "the legacy token is blacklisted"))
            raise InvalidTokenError
        user = legacy_user(legacy, (yield from ask(LoadUser(user_id=legacy.sub))))
        if user is None:
            yield from ask(_refused(facts, legacy.sub, session_id, "no such user, or it may not log in"))
            raise InvalidTokenError
        row = _legacy_session(policy, facts, user, legacy)
        opened = yield from ask(opening(policy, row, user, upgraded=None, logged_in=False))
        if opened.succeeded:
            yield from ask(Emit(event=Event.LEGACY_EXCHANGED, facts=facts, user_id=user.id, session_id=row.id))
            yield from note_displaced(facts, row, opened)
            return tokens(policy, row)
        if opened is Opened.EXISTS:
            return (yield from _rotate(policy, facts, subject=legacy.sub, session_id=session_id, generation=0))
    raise Conflict


def close_legacy(policy: Policy, facts: RequestFacts, token: str | bytes | None) -> Flow[tuple[uuid.UUID, str] | None]:
    """Make sure that a legacy refresh token has a session, which can then be ended, and so can never be exchanged.

    Returns:
        The session and its user, where the token is a legacy one.
    """
    legacy = legacy_claims(policy, token, "refresh") if token is not None else None
    user = (yield from ask(LoadUser(user_id=legacy.sub))) if legacy else None
    if legacy is None or user is None or user.id != legacy.sub:
        return None
    row = _legacy_session(policy, facts, user, legacy)
    yield from ask(opening(policy, row, user, upgraded=None, logged_in=False))
    return row.id, user.id


def _legacy_session(policy: Policy, facts: RequestFacts, user: UserRow, legacy: LegacyClaims) -> SessionRow:
    return replace(
        new_session(policy, facts, user, None, ""),
        id=sessions.legacy_session_id(legacy.jti),
        generation=1,
        keep_until=datetime.fromtimestamp(legacy.exp, UTC),
    )


def _refused(facts: RequestFacts, user_id: str, session_id: uuid.UUID, reason: str) -> Emit:
    return Emit(
        event=Event.REFRESH_REFUSED,
        facts=facts,
        user_id=user_id,
        session_id=session_id,
        details={"reason": reason},
    )


def _replayed(facts: RequestFacts, row: SessionRow, decision: sessions.Decision) -> Emit:
    event = Event.REFRESH_REPLAYED if decision.ends is EndReason.REPLAYED else Event.REVOKED
    return Emit(
        event=event,
        facts=facts,
        user_id=row.user_id,
        session_id=row.id,
        details={"reason": decision.reason, "rotated_by": row.address, "rotated_with": row.user_agent},
    )


def _repeated(facts: RequestFacts, row: SessionRow) -> Emit:
    """Both addresses and agents are on record, since this is all that is seen of a thief in the window (J100b)."""
    return Emit(
        event=Event.REFRESH_REPEATED,
        facts=facts,
        user_id=row.user_id,
        session_id=row.id,
        details={
            "generation": row.generation,
            "rotated_by": row.address,
            "rotated_with": row.user_agent,
        },
    )
