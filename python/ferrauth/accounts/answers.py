"""What an operation answers over HTTP, before a framework makes a response of it: one shape, one place.

Every error is ``{"detail": <text for people>, "code": <word for programs>}``, with ``errors`` where fields are meant. A
401 says which scheme to use (RFC 6750, section 3), a 429 and a 503 say when to come back. Nothing is kept by caches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ferrauth.accounts.errors import InvalidInput
from ferrauth.accounts.schemas import AuthError, AuthFieldError, AuthInvalidRequest
from ferrauth.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ferrauth.exceptions import FerrauthError

__all__ = [
    "COMMON_HEADERS",
    "Answer",
    "bad_request",
    "body_too_large",
    "csrf_failed",
    "error",
    "invalid",
    "not_authenticated",
    "refusal",
    "unsupported_media_type",
]

COMMON_HEADERS: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store", "Vary": "Authorization, Cookie"})
"""Of every answer, errors too (RFC 6749, section 5.1; THREATS J113)."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response, whatever the framework."""

    status: int = 200
    body: BaseModel | Sequence[BaseModel] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = field(default=None, repr=False)
    """The refresh token to put into the cookie; the empty string takes the cookie away, ``None`` leaves it alone."""

    def content(self) -> bytes:
        """Return the body as JSON, the same bytes in every framework; none where there is no body."""
        if self.body is None:
            return b""
        if isinstance(self.body, BaseModel):
            return self.body.model_dump_json().encode()
        return b"[" + b",".join(one.model_dump_json().encode() for one in self.body) + b"]"


def error(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error in the one shape."""
    more = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        more["WWW-Authenticate"] = "Bearer"
    return Answer(status=status, body=AuthError(detail=detail, code=code), headers=more)


def invalid(errors: Sequence[AuthFieldError]) -> Answer:
    """Return the answer to input that cannot be taken."""
    body = AuthInvalidRequest(detail=str(InvalidInput(())), code=InvalidInput.code, errors=list(errors))
    return Answer(status=InvalidInput.status, body=body)


def refusal(refused: FerrauthError) -> Answer:
    """Return the answer to what a flow refuses. It never tells causes apart that the error does not.

    Raises:
        FerrauthError: It is no refusal but a mistake, a setting's or ours: the server's to report, and not to tell.
    """
    if refused.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise refused
    if isinstance(refused, InvalidInput):
        return invalid([AuthFieldError(field=name, code=code) for name, code in refused.errors])
    headers = {}
    if (seconds := getattr(refused, "retry_after", None)) is not None:
        headers["Retry-After"] = str(math.ceil(seconds))
    # The exception says what was wrong with a token; the answer does not (THREATS J88).
    detail = "The token is not valid." if isinstance(refused, InvalidTokenError) else str(refused)
    code = InvalidTokenError.code if isinstance(refused, InvalidTokenError) else refused.code
    return error(refused.status, code, detail, headers)


def not_authenticated() -> Answer:
    """Return the answer to a request that needs a token, and has none that is good."""
    detail = "Authentication credentials were not provided or are not valid."
    return error(HTTPStatus.UNAUTHORIZED, "not_authenticated", detail)


def bad_request() -> Answer:
    """Return the answer to a body that is no JSON."""
    return error(HTTPStatus.BAD_REQUEST, "bad_request", "The request's body is no JSON.")


def body_too_large() -> Answer:
    """Return the answer to a body over ``MAX_BODY``, of which no more was read than that."""
    return error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The request's body is too large.")


def unsupported_media_type() -> Answer:
    """Return the answer to a body that is not said to be JSON. No form can be: so no other site's form is let in."""
    detail = "The request's body must be application/json."
    return error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)


def csrf_failed(header: str) -> Answer:
    """Return the answer to a request that comes with the cookie and without the header that no other site can send."""
    return error(HTTPStatus.FORBIDDEN, "csrf_failed", f"A request with the cookie needs the header {header}.")
