"""Reading a request: its body within bounds, its one credential, its cookie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from ninja.parser import Parser

from ferrauth.accounts import cookies
from ferrauth.accounts.answers import bad_request, body_too_large, csrf_failed
from ferrauth.accounts.bodies import declared_too_large, refuse_body
from ferrauth.ninja.responses import Answered

if TYPE_CHECKING:
    from ferrauth.accounts.operations import Operation
    from ferrauth.accounts.settings import Settings

__all__ = ["AuthenticatedRequest", "bearer_token", "check_request"]

SCHEME = "bearer"
"""RFC 6750, section 2.1; compared without case (RFC 9110, section 11.1)."""

TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)
"""``b64token`` (RFC 6750, section 2.1). Two headers that a server joined have a comma, and so are no token."""

User = TypeVar("User")


class AuthenticatedRequest(HttpRequest, Generic[User]):
    """A request that ``JWTAuth`` let in, for annotations: ``request: AuthenticatedRequest[User]`` types ``auth``."""

    auth: User


def bearer_token(request: HttpRequest) -> str | None:
    """Return the token of a request's ``Authorization: Bearer`` header, if it has exactly one (THREATS J112)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != SCHEME or TOKEN.fullmatch(token) is None or _repeats(request):
        return None
    return token


def check_request(request: HttpRequest, operation: Operation, settings: Settings, parser: Parser) -> None:
    """Hold a request against what an operation can take, before Ninja reads it.

    Args:
        request: The request.
        operation: Which it is for.
        settings: ``MAX_BODY``.
        parser: The API's own, which Ninja will read the body with.

    Raises:
        Answered: It cannot take this.
    """
    if declared_too_large(request.META.get("CONTENT_LENGTH"), settings.max_body):
        raise Answered(body_too_large())
    body = _read(request, settings.max_body)
    if (answer := refuse_body(operation, request.META.get("CONTENT_TYPE"), body, limit=settings.max_body)) is not None:
        raise Answered(answer)
    if body and operation.takes is not None:
        _refuse_unparsed(request, parser)
    if operation.uses_cookie and cookies.NAME in request.COOKIES and not _is_own(request):
        raise Answered(csrf_failed(cookies.CSRF_HEADER))


def _read(request: Any, limit: int) -> bytes:
    """Return a request's body, or a byte more than the limit of it: what sends no length is not believed to be short.

    A middleware may have read it before. What is read here is put where ``HttpRequest.body`` keeps it, for Ninja.
    """
    if not hasattr(request, "_body"):
        request._body = request.read(limit + 1)
    body: bytes = request._body
    return body


def _refuse_unparsed(request: HttpRequest, parser: Parser) -> None:
    """Refuse a body that a parser of the project's own does not take, such as one that is stricter than Python's.

    Ninja would hand its error, which may have the whole body in it, to the API's handlers, and its text to the client.
    """
    if type(parser) is Parser:
        return  # It is ``json.loads``, which has read the body already.
    try:
        parser.parse_body(request)
    except Exception:
        raise Answered(bad_request()) from None


def _is_own(request: HttpRequest) -> bool:
    return cookies.is_own(request.headers.get(cookies.CSRF_HEADER), request.headers.get(cookies.FETCH_SITE_HEADER))


def _repeats(request: HttpRequest) -> bool:
    if not isinstance(request, ASGIRequest):
        return False
    headers: list[tuple[bytes, bytes]] = request.scope["headers"]
    return sum(name.lower() == b"authorization" for name, _ in headers) > 1
