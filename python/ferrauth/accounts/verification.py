"""The flow that says whether a token is good, and for what it would be let in it does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth.accounts import sessions
from ferrauth.accounts.effects import Action, Flow, LoadSession, Release, Reserve, ask
from ferrauth.accounts.policy import decode, reserve, session_of
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from ferrauth.accounts.policy import Policy
    from ferrauth.accounts.sessions import RequestFacts, UserRow
    from ferrauth.tokens import Claims

__all__ = ["verify_token"]


def verify_token(policy: Policy, facts: RequestFacts, *, token: str) -> Flow[UserRow]:
    """Return the user of an access token, or of a refresh token that was not exchanged yet.

    Raises:
        InvalidTokenError: It is no such token, or its session has ended.
        Throttled: Too many tokens that were no good.
    """
    allowance = yield from reserve(Reserve(action=Action.TOKEN, facts=facts))
    claims, exact = _decode(policy, token)
    named = session_of(claims)
    loaded = (yield from ask(LoadSession(session_id=named[0]))) if named else None
    if named is None or loaded is None or (exact and loaded.session.generation != named[1]):
        raise InvalidTokenError
    user = sessions.judge_use(loaded.session, loaded.user, subject=claims.sub, generation=named[1], now=policy.clock())
    if user is None:
        raise InvalidTokenError
    yield from ask(Release(allowances=(allowance,)))
    return user


def _decode(policy: Policy, token: str) -> tuple[Claims, bool]:
    """Return a token's claims, and whether it is good for one generation only, as a refresh token is."""
    try:
        return decode(policy, token, "access"), False
    except InvalidTokenError:
        return decode(policy, token, "refresh"), True
