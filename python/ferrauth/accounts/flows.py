"""Every account flow, written once: generators of effects, which decide by the rules of ``accounts``.

A flow never waits, reads or writes by itself: it yields an effect and is sent the answer. So the order of steps
(reserve, load, derive, commit, emit) exists in one place, for both frameworks, sync and async. Carry a flow with
:func:`~ferrauth.accounts.effects.run` or :func:`~ferrauth.accounts.effects.arun` on a port.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ferrauth.accounts import sessions
from ferrauth.accounts.effects import (
    Action,
    Allowance,
    ChangePassword,
    CheckPassword,
    CountBadToken,
    Emit,
    Event,
    Flow,
    IsRevoked,
    LoadSession,
    LoadSessions,
    LoadUser,
    MakePassword,
    Release,
    Reserve,
    Revoke,
    ValidatePassword,
    ask,
)
from ferrauth.accounts.errors import Conflict, LoginFailed, SessionNotFound, Throttled, WrongPassword
from ferrauth.accounts.legacy import legacy_user
from ferrauth.accounts.passwords import refuse_unfit, row_to_verify
from ferrauth.accounts.policy import (
    ATTEMPTS,
    Authenticated,
    Policy,
    Principal,
    decode,
    legacy_claims,
    new_session,
    note_displaced,
    opening,
    reserve,
    session_of,
    tokens,
)
from ferrauth.accounts.recovery import confirm_password_reset, request_password_reset
from ferrauth.accounts.registration import change_email, register, resend_verification, verify_email
from ferrauth.accounts.rotation import close_legacy, refresh
from ferrauth.accounts.sessions import EndReason, RequestFacts, SessionRow, UserRow
from ferrauth.exceptions import ExpiredSignatureError, InvalidTokenError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from ferrauth.tokens import TokenPair

__all__ = [
    "Authenticated",
    "Policy",
    "Principal",
    "authenticate",
    "authenticate_stateless",
    "change_email",
    "change_password",
    "confirm_password_reset",
    "end_session",
    "list_sessions",
    "login",
    "logout",
    "logout_all",
    "open_session",
    "refresh",
    "register",
    "request_password_reset",
    "resend_verification",
    "verify_email",
]


def login(policy: Policy, facts: RequestFacts, *, identifier: str, password: str, label: str = "") -> Flow[TokenPair]:
    """Log in with a password.

    Raises:
        LoginFailed: Whatever the cause, after the same work.
        Throttled: Too many attempts; nothing was loaded or derived.
    """
    first = yield from reserve(Reserve(action=Action.LOGIN, facts=facts, identifier=identifier))
    account: Allowance | None = None
    for _ in range(ATTEMPTS):
        user = yield from ask(LoadUser(identifier=identifier, network=facts.network))
        if account is None:
            account = yield from _reserve_account(facts, identifier, user)
        verified, upgraded = yield from ask(CheckPassword(password=password, encoded=_row(user)))
        if user is None or not verified:
            reason = "unknown user" if user is None else "wrong password" if user.eligible else "may not log in"
            yield from ask(
                Emit(event=Event.LOGIN_FAILED, facts=facts, identifier=identifier, details={"reason": reason})
            )
            raise LoginFailed
        row = new_session(policy, facts, user, upgraded, label)
        opened = yield from ask(opening(policy, row, user, upgraded=upgraded, logged_in=True))
        if opened.succeeded:
            yield from ask(Release(allowances=(first, account)))
            if upgraded is not None:
                yield from ask(Emit(event=Event.HASH_UPGRADED, facts=facts, user_id=user.id))
            yield from ask(
                Emit(event=Event.LOGIN_SUCCEEDED, facts=facts, user_id=user.id, session_id=row.id, user=user.user)
            )
            yield from note_displaced(facts, row, opened)
            return tokens(policy, row)
    raise Conflict


def open_session(policy: Policy, facts: RequestFacts, *, user_id: str, label: str = "") -> Flow[TokenPair]:
    """Open a session for a user whom the caller has authenticated by other means.

    Raises:
        LoginFailed: There is no such user, or it may not log in (CVE-2024-22513).
    """
    for _ in range(ATTEMPTS):
        user = yield from ask(LoadUser(user_id=user_id))
        if user is None or not user.eligible:
            raise LoginFailed
        row = new_session(policy, facts, user, None, label)
        opened = yield from ask(opening(policy, row, user, upgraded=None, logged_in=False))
        if opened.succeeded:
            yield from ask(Emit(event=Event.SESSION_OPENED, facts=facts, user_id=user.id, session_id=row.id))
            yield from note_displaced(facts, row, opened)
            return tokens(policy, row)
    raise Conflict


def authenticate(
    policy: Policy, token: str | bytes, *, facts: Callable[[], RequestFacts] | None = None
) -> Flow[Authenticated | None]:
    """Say whom an access token is good for, in one query, and ``None`` where it is not.

    Args:
        policy: The policy.
        token: The token, as it was presented.
        facts: Makes the request's facts, which bad tokens are counted by; without it none is.

    Raises:
        Throttled: Too many tokens that were not signed here; this is one more. No query was made.
    """
    try:
        claims = decode(policy, token, "access")
    except InvalidTokenError as error:
        legacy = legacy_claims(policy, token, "access")
        if legacy is None:
            yield from _count_bad_token(error, facts)
            return None
        user = legacy_user(legacy, (yield from ask(LoadUser(user_id=legacy.sub))))
        return Authenticated(user, None) if user is not None else None
    named = session_of(claims)
    if named is None:
        return None
    session_id, generation = named
    loaded = yield from ask(LoadSession(session_id=session_id))
    if loaded is None:
        return None
    user = sessions.judge_use(
        loaded.session, loaded.user, subject=claims.sub, generation=generation, now=policy.clock()
    )
    return Authenticated(user, loaded.session) if user is not None else None


def authenticate_stateless(
    policy: Policy, token: str | bytes, *, facts: Callable[[], RequestFacts] | None = None
) -> Flow[Principal | None]:
    """Say whom an access token is for without a query, and ``None`` where it is not good or its session was revoked.

    Args:
        policy: The policy.
        token: The token, as it was presented.
        facts: As for :func:`authenticate`.

    Raises:
        Throttled: As for :func:`authenticate`.
        Unavailable: The database has been away for long, and the settings do not say to go on.
    """
    try:
        claims = decode(policy, token, "access")
    except InvalidTokenError as error:
        legacy = legacy_claims(policy, token, "access")
        if legacy is None:
            yield from _count_bad_token(error, facts)
            return None
        return Principal(legacy.sub, None, legacy)
    named = session_of(claims)
    if named is None or (yield from ask(IsRevoked(session_id=named[0]))):
        return None
    return Principal(claims.sub, named[0], claims)


def logout(
    policy: Policy, facts: RequestFacts, *, access: str | bytes | None, refresh: str | bytes | None
) -> Flow[None]:
    """End the session that either token names, so an expired access token does not matter.

    Idempotent: a token that is no good, or whose session has ended, is as good as logged out (RFC 7009, section 2.2).
    A refresh token of another user than the access token's is left alone. A revocation that matches no session is
    recorded as ``revocation_unmatched``.

    Raises:
        Throttled: Too many tokens that were no good.
    """
    allowance = yield from reserve(Reserve(action=Action.LOGOUT, facts=facts))
    named: dict[uuid.UUID, str] = {}
    for owner in (
        _owner(policy, access, "access"),
        _owner(policy, refresh, "refresh"),
        (yield from close_legacy(policy, facts, refresh)),
    ):
        if owner is not None and set(named.values()) <= {owner[1]}:
            named[owner[0]] = owner[1]
    for session_id, user_id in named.items():
        yield from _end(policy, facts, user_id=user_id, session_id=session_id, reason=EndReason.LOGOUT)
    if named:
        yield from ask(Release(allowances=(allowance,)))


def logout_all(policy: Policy, facts: RequestFacts, *, user_id: str) -> Flow[int]:
    """End every session of a user, and return how many there were."""
    return (yield from _end(policy, facts, user_id=user_id, session_id=None, reason=EndReason.LOGOUT_ALL))


def end_session(policy: Policy, facts: RequestFacts, *, user_id: str, session_id: uuid.UUID) -> Flow[None]:
    """End one session of a user's.

    Raises:
        SessionNotFound: The user has no such session, or it has ended.
    """
    if not (yield from _end(policy, facts, user_id=user_id, session_id=session_id, reason=EndReason.ENDED)):
        raise SessionNotFound


def list_sessions(policy: Policy, *, user: UserRow) -> Flow[list[SessionRow]]:
    """Return a user's sessions that have not ended, the most recently used first."""
    rows = yield from ask(LoadSessions(user_id=user.id))
    return sessions.live_sessions(rows, user, now=policy.clock())


def change_password(
    policy: Policy, facts: RequestFacts, *, user_id: str, session_id: uuid.UUID | None, old: str, new: str
) -> Flow[None]:
    """Change a user's password. Its other sessions end, the one named goes on.

    Raises:
        InvalidInput: ``new`` is refused.
        WrongPassword: ``old`` is not the user's password, or the user may not log in.
        Throttled: Too many attempts.
        Conflict: The password was changed at the same moment.
    """
    allowance = yield from reserve(Reserve(action=Action.PASSWORD_CHANGE, facts=facts, user_id=user_id))
    refuse_unfit("new_password", new)
    for _ in range(ATTEMPTS):
        user = yield from ask(LoadUser(user_id=user_id))
        verified, _upgraded = yield from ask(CheckPassword(password=old, encoded=_row(user)))
        if user is None or not verified:
            yield from ask(Emit(event=Event.PASSWORD_REFUSED, facts=facts, user_id=user_id, session_id=session_id))
            raise WrongPassword
        yield from ask(ValidatePassword(password=new, user=user))
        made = yield from ask(MakePassword(password=new))
        change = ChangePassword(
            user_id=user.id, verified=user.password, encoded=made, keep=session_id, now=policy.clock()
        )
        if (yield from ask(change)):
            yield from ask(Release(allowances=(allowance,)))
            yield from ask(Emit(event=Event.PASSWORD_CHANGED, facts=facts, user_id=user.id, session_id=session_id))
            return
    raise Conflict


def _count_bad_token(error: InvalidTokenError, facts: Callable[[], RequestFacts] | None) -> Flow[None]:
    """Count a token that was never good. One that has expired was, and every client has one every few minutes."""
    if facts is None or isinstance(error, ExpiredSignatureError):
        return
    allowance = yield from ask(CountBadToken(facts=facts()))
    if not allowance.allowed:
        raise Throttled(allowance.retry_after)


def _reserve_account(facts: RequestFacts, identifier: str, user: UserRow | None) -> Flow[Allowance]:
    """Count a login against its account; from where its user has been lately, against the account there.

    So who tries passwords from elsewhere meets the account's limit, and cannot lock the user out (T10); and from any
    one network an account runs out after as many attempts, whether there is one or not (T34).
    """
    named = Reserve(action=Action.LOGIN_ACCOUNT, facts=facts, identifier=identifier)
    if user is not None:
        named = replace(named, user_id=user.id, known=user.known)
    return (yield from reserve(named))


def _row(user: UserRow | None) -> str | None:
    return None if user is None else row_to_verify(user.password, may_log_in=user.eligible)


def _end(
    policy: Policy, facts: RequestFacts, *, user_id: str, session_id: uuid.UUID | None, reason: EndReason
) -> Flow[int]:
    ended = yield from ask(Revoke(user_id=user_id, session_id=session_id, reason=reason, now=policy.clock()))
    if ended.found and not ended.ended:
        return 0  # It had ended before: that is on record already.
    event = Event.LOGGED_OUT if ended.found else Event.REVOCATION_UNMATCHED
    details: dict[str, str | int] = {"reason": str(reason), "ended": ended.ended}
    yield from ask(Emit(event=event, facts=facts, user_id=user_id, session_id=session_id, details=details))
    return ended.ended


def _owner(
    policy: Policy, token: str | bytes | None, token_type: Literal["access", "refresh"]
) -> tuple[uuid.UUID, str] | None:
    """Return the session and the user that a token names, if it is one."""
    if token is None:
        return None
    try:
        claims = decode(policy, token, token_type)
    except InvalidTokenError:
        return None
    named = session_of(claims)
    return (named[0], claims.sub) if named else None
