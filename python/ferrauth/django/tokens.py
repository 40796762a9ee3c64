"""Tokens for Django's users: module-level functions, sync and async twins.

Every token belongs to a session, one row of :class:`~ferrauth.django.models.RefreshSession`. What ends the session ends
its tokens: logout, a password change by any path, deactivation, deletion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from ferrauth.accounts import flows
from ferrauth.accounts.errors import LoginFailed
from ferrauth.django.conf import get_issuer, get_policy, get_settings
from ferrauth.django.port import acarry, carry, request_facts

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from ferrauth.accounts.effects import Flow
    from ferrauth.accounts.policy import Authenticated
    from ferrauth.tokens import Claims, TokenPair

__all__ = ["agenerate_tokens", "aget_user_from_token", "decode_token", "generate_tokens", "get_user_from_token"]

NOT_ALLOWED = "The user may not log in, so there are no tokens for it."


def generate_tokens(user: AbstractBaseUser, *, request: HttpRequest | None = None, label: str = "") -> TokenPair:
    """Open a session for a user, and make its access and refresh token.

    In a transaction of the caller's the session is part of it.

    Args:
        user: A saved user whose fields meet ``USER_FILTER``, by default an active one.
        request: Whose address and user agent the session keeps.
        label: What the client calls its device.

    Returns:
        The pair, with the access token's lifetime in seconds.

    Raises:
        ValueError: The user may not log in (CVE-2024-22513: a token for an inactive user), or is not saved.
    """
    try:
        return carry(_opening(user, request, label))
    except LoginFailed:
        raise ValueError(NOT_ALLOWED) from None


async def agenerate_tokens(user: AbstractBaseUser, *, request: HttpRequest | None = None, label: str = "") -> TokenPair:
    """As :func:`generate_tokens`, for async callers."""
    try:
        return await acarry(_opening(user, request, label))
    except LoginFailed:
        raise ValueError(NOT_ALLOWED) from None


def decode_token(token: str | bytes, token_type: Literal["access", "refresh"] = "access") -> Claims:
    """Verify a token and return its claims, without a look at its session.

    Args:
        token: The token.
        token_type: The kind it must be of.

    Raises:
        InvalidTokenError: It is no such token, whatever the cause.
    """
    return get_issuer().decode_token(token, token_type)


def get_user_from_token(token: str | bytes) -> AbstractBaseUser | None:
    """Return the user whom an access token names, in one query.

    Args:
        token: The access token.

    Returns:
        The user; ``None`` where the token is not valid, its session has ended, or the user is gone or does not meet
        ``USER_FILTER``.
    """
    return _user(carry(flows.authenticate(get_policy(), token)))


async def aget_user_from_token(token: str | bytes) -> AbstractBaseUser | None:
    """As :func:`get_user_from_token`, for async callers."""
    return _user(await acarry(flows.authenticate(get_policy(), token)))


def _opening(user: AbstractBaseUser, request: HttpRequest | None, label: str) -> Flow[TokenPair]:
    if user.pk is None:
        raise ValueError("The user is not saved: it has no primary key.")
    # The row decides, in the flow; an object that is already known to be refused is refused unsaved, too.
    if any(getattr(user, name) != value for name, value in get_settings().user_filter.items()):
        raise ValueError(NOT_ALLOWED)
    return flows.open_session(get_policy(), request_facts(request), user_id=str(user.pk), label=label)


def _user(authenticated: Authenticated | None) -> AbstractBaseUser | None:
    return cast("AbstractBaseUser", authenticated.user.user) if authenticated else None
