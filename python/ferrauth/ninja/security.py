"""``auth=JWTAuth()``: bearer tokens for Django Ninja's sync and async views alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from ninja.security.base import AuthBase

from ferrauth.accounts import flows
from ferrauth.accounts.policy import Authenticated
from ferrauth.django.conf import get_policy
from ferrauth.django.port import acarry, carry

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from ferrauth.accounts.policy import Principal

    Found = AbstractBaseUser | Principal

__all__ = ["AsyncJWTAuth", "JWTAuth", "authenticated", "bearer_token"]

SCHEME = "bearer"
"""RFC 6750, section 2.1; compared without case (RFC 9110, section 11.1)."""


class JWTAuth(AuthBase):
    """Authenticates a request by the access token in its ``Authorization`` header.

    ``request.auth`` becomes the Django user, and so does ``request.user``. Anything but a valid token of a user who
    meets ``USER_FILTER`` gives ``None``, so that the next of ``auth=[JWTAuth(), other]`` is asked; Ninja answers 401
    where there is none. One instance serves sync and async views: where an event loop runs, the query is awaited.

    Ninja's own ``HttpBearer`` is not the base: with DEBUG it logs the whole header.

    Args:
        stateless: Ask no database: ``request.auth`` becomes a :class:`~ferrauth.accounts.policy.Principal` made of the
            token's claims, and ``request.user`` is left alone. A session that was revoked is refused at most
            ``REVOCATION_POLL`` seconds later; a user that was deactivated, or whose password was changed past
            ferrauth, when the token expires.
    """

    openapi_type: str = "http"
    openapi_scheme: str = SCHEME
    openapi_bearerFormat: str = "JWT"

    def __init__(self, *, stateless: bool = False) -> None:
        super().__init__()
        self._flow = flows.authenticate_stateless if stateless else flows.authenticate
        # Ninja then awaits what an async view's call returns, and takes what a sync view's call returns.
        self.is_async = True

    def __call__(self, request: HttpRequest) -> Found | Awaitable[Found | None] | None:
        """Return the user or principal, ``None``, or where an event loop runs an awaitable of either."""
        token = bearer_token(request)
        if token is None:
            return None
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self.authenticate(request, token)
        return self.aauthenticate(request, token)

    def authenticate(self, request: HttpRequest, token: str) -> Found | None:
        """Return whom a token names, or ``None``; sync."""
        return _accept(request, carry(self._flow(get_policy(), token)))

    async def aauthenticate(self, request: HttpRequest, token: str) -> Found | None:
        """Return whom a token names, or ``None``; async."""
        return _accept(request, await acarry(self._flow(get_policy(), token)))


AsyncJWTAuth = JWTAuth
"""The same class, under the name that async projects look for."""


def bearer_token(request: HttpRequest) -> str | None:
    """Return the token of a request's ``Authorization: Bearer`` header, if it has one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if token and scheme.lower() == SCHEME else None


def authenticated(request: HttpRequest) -> Authenticated:
    """Return the user and the session that :class:`JWTAuth` let a request in for.

    Raises:
        LookupError: Another authenticator let it in, or none was asked.
    """
    try:
        return cast("Authenticated", request.ferrauth)  # type: ignore[attr-defined]
    except AttributeError:
        raise LookupError("JWTAuth did not authenticate this request.") from None


def _accept(request: HttpRequest, found: Authenticated | Principal | None) -> AbstractBaseUser | Principal | None:
    if isinstance(found, Authenticated):
        user = cast("AbstractBaseUser", found.user.user)
        request.user = user  # type: ignore[assignment]
        request.ferrauth = found  # type: ignore[attr-defined]
        return user
    return found
