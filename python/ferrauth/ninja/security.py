"""``auth=JWTAuth()``: bearer tokens for Django Ninja's sync and async views alike."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Self, cast

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from ninja.security.base import AuthBase

from ferrauth.accounts import flows
from ferrauth.accounts.answers import not_authenticated, refusal
from ferrauth.accounts.errors import PermissionDenied
from ferrauth.accounts.policy import Authenticated
from ferrauth.django.conf import get_policy
from ferrauth.django.port import acarry, carry, request_facts
from ferrauth.exceptions import FerrauthError
from ferrauth.ninja.errors import Refusal, as_refusal
from ferrauth.ninja.requests import SCHEME, bearer_token
from ferrauth.ninja.responses import Answered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from ferrauth.accounts.effects import Flow
    from ferrauth.accounts.policy import Principal

    Found = AbstractBaseUser | Principal

__all__ = ["AsyncJWTAuth", "JWTAuth", "RouterAuth", "authenticated"]

SCHEME_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
"""What a component of an API's document may be called (OpenAPI 3.1, section 4.8.7.1)."""


class JWTAuth(AuthBase):
    """Authenticates a request by the access token in its ``Authorization`` header.

    ``request.auth`` becomes the Django user, and so does ``request.user``. Anything but a valid token of a user who
    meets ``USER_FILTER`` gives ``None``, so that the next of ``auth=[JWTAuth(), other]`` is asked; Ninja answers 401
    where there is none. One instance serves sync and async views: where an event loop runs, the query is awaited.

    No bad token reaches the database. Over ``LIMITS["token"]`` from one address in one process, such tokens are
    answered 429; a token that was signed here and is in force is let in all the same, so nobody can lock an office out.

    Ninja's own ``HttpBearer`` is not the base: with DEBUG it logs the whole header.

    Args:
        stateless: Ask no database: ``request.auth`` becomes a :class:`~ferrauth.accounts.policy.Principal` made of the
            token's claims, and ``request.user`` is left alone. A session that was revoked is refused at most
            ``REVOCATION_POLL`` seconds later; a user that was deactivated, or whose password was changed past
            ferrauth, when the token expires.
        permissions: Django permissions (``"app_label.codename"``) that the user must have, all of them; 403 where one
            is missing. They are asked of the user, never of the token (THREATS J97).
        openapi_name: What the scheme is called in the API's document: two configurations in one API need two names.

    Raises:
        ImproperlyConfigured: ``permissions`` with ``stateless``, or a name that OpenAPI does not allow.
    """

    openapi_type: str = "http"
    openapi_scheme: str = SCHEME
    openapi_bearerFormat: str = "JWT"

    def __new__(cls, *, openapi_name: str | None = None, **options: Any) -> Self:  # noqa: ARG004
        """Return an instance, of a class of the scheme's name: Ninja calls a scheme as its class is called."""
        if openapi_name is None:
            return super().__new__(cls)
        if SCHEME_NAME.fullmatch(openapi_name) is None:
            raise ImproperlyConfigured(f"JWTAuth: {openapi_name!r} is no name that OpenAPI allows.")
        named: type[Self] = type(openapi_name, (cls,), {"__module__": cls.__module__})
        return super().__new__(named)

    def __init__(
        self,
        *,
        stateless: bool = False,
        permissions: Collection[str] = (),
        openapi_name: str | None = None,  # noqa: ARG002 (read in __new__)
    ) -> None:
        super().__init__()
        if isinstance(permissions, str):
            raise ImproperlyConfigured("JWTAuth: permissions must be a list of names, not one name.")
        if stateless and permissions:
            raise ImproperlyConfigured("JWTAuth: permissions are the user's, and stateless=True loads no user.")
        self._flow = flows.authenticate_stateless if stateless else flows.authenticate
        self._permissions = tuple(permissions)
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
        """Return whom a token names, or ``None``; sync.

        Raises:
            Refusal: Too many bad tokens, a missing permission, or no answer from what is asked.
        """
        try:
            found = _accept(request, carry(self._start(request, token)))
            if found is not None:
                self._check_permissions(found)
        except FerrauthError as error:
            raise as_refusal(error) from None
        return found

    async def aauthenticate(self, request: HttpRequest, token: str) -> Found | None:
        """As :meth:`authenticate`, for async views."""
        try:
            found = _accept(request, await acarry(self._start(request, token)))
            if found is not None and self._permissions:
                await sync_to_async(self._check_permissions)(found)
        except FerrauthError as error:
            raise as_refusal(error) from None
        return found

    def _start(self, request: HttpRequest, token: str) -> Flow[Authenticated | None] | Flow[Principal | None]:
        return self._flow(get_policy(), token, facts=lambda: request_facts(request))

    def _check_permissions(self, found: Any) -> None:
        if self._permissions and not found.has_perms(self._permissions):
            raise PermissionDenied


AsyncJWTAuth = JWTAuth
"""The same class, under the name that async projects look for."""


class RouterAuth(JWTAuth):
    """:class:`JWTAuth` for the operations of ``make_router``, whose answers no handler of the API makes."""

    def __new__(cls) -> Self:
        """Return an instance, called as the API's own scheme is: they are one."""
        return super().__new__(cls, openapi_name=JWTAuth.__name__)

    def __call__(self, request: HttpRequest) -> Found | Awaitable[Found]:
        """Return the user.

        Raises:
            Answered: There is none.
        """
        try:
            found = super().__call__(request)
        except Refusal as error:
            raise Answered(refusal(error.refused)) from None
        if found is None:
            raise Answered(not_authenticated())
        return _or_answer(found) if asyncio.iscoroutine(found) else cast("Found", found)


async def _or_answer(found: Awaitable[Found | None]) -> Found:
    try:
        user = await found
    except Refusal as error:
        raise Answered(refusal(error.refused)) from None
    if user is None:
        raise Answered(not_authenticated())
    return user


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
