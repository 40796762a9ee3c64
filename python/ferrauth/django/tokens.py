"""Tokens for Django's users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from ferrauth.django.conf import get_issuer, get_settings
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import QuerySet

    from ferrauth.tokens import Claims, TokenPair

__all__ = ["aget_user_from_token", "decode_token", "generate_tokens", "get_user_from_token"]


def generate_tokens(user: AbstractBaseUser) -> TokenPair:
    """Make an access and a refresh token for a user.

    Args:
        user: A saved user whose fields meet ``USER_FILTER``, by default an active one.

    Returns:
        The pair, with the access token's lifetime in seconds.

    Raises:
        ValueError: The user may not log in (CVE-2024-22513: a token for an inactive user), or has no primary key.
    """
    if user.pk is None:
        raise ValueError("The user is not saved: it has no primary key.")
    if any(getattr(user, name) != value for name, value in get_settings().user_filter.items()):
        raise ValueError("The user may not log in, so there are no tokens for it.")
    return get_issuer().generate_tokens(str(user.pk))


def decode_token(token: str | bytes, token_type: Literal["access", "refresh"] = "access") -> Claims:
    """Verify a token and return its claims.

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
        The user; ``None`` where the token is not valid, or the user is gone or does not meet ``USER_FILTER``.
    """
    subject = _subject(token)
    if subject is None:
        return None
    try:
        return _same(_users().filter(pk=subject).first(), subject)
    except (ValueError, ValidationError):
        return None


async def aget_user_from_token(token: str | bytes) -> AbstractBaseUser | None:
    """As :func:`get_user_from_token`, for async callers."""
    subject = _subject(token)
    if subject is None:
        return None
    try:
        return _same(await _users().filter(pk=subject).afirst(), subject)
    except (ValueError, ValidationError):
        return None


def _subject(token: str | bytes) -> str | None:
    try:
        return decode_token(token).sub
    except InvalidTokenError:
        return None


def _users() -> QuerySet[AbstractBaseUser]:
    """Start at the default manager, so that one which hides rows goes on hiding them."""
    return get_user_model()._default_manager.filter(**get_settings().user_filter).order_by()


def _same(user: AbstractBaseUser | None, subject: str) -> AbstractBaseUser | None:
    """A database may find a row by another spelling of its key (``01`` for ``1``); a token has exactly one."""
    return user if user is not None and str(user.pk) == subject else None
