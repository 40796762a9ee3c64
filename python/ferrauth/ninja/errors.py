"""The one error shape of ferrauth's HTTP surface, for the caller's own endpoints."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ninja.errors import AuthenticationError

from ferrauth.accounts.errors import InvalidInput
from ferrauth.exceptions import FerrauthError, InvalidTokenError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI

__all__ = ["register_exception_handlers"]


def register_exception_handlers(api: NinjaAPI) -> None:
    """Answer what ``JWTAuth`` and the flows refuse as ferrauth's own operations do.

    An error becomes ``{"detail": ..., "code": ...}``. A 401 has ``WWW-Authenticate: Bearer`` (RFC 6750, section 3) and
    the same bytes whatever the cause; a 429 and a 503 have ``Retry-After``.

    Args:
        api: The API whose endpoints are meant.
    """

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
        detail = "Authentication credentials were not provided or are not valid."
        return _answer(api, request, HTTPStatus.UNAUTHORIZED, "not_authenticated", detail)

    @api.exception_handler(InvalidTokenError)
    def invalid_token(request: HttpRequest, error: InvalidTokenError) -> HttpResponse:  # noqa: ARG001
        # The exception says what was wrong with the token; the answer does not.
        detail = "The token is not valid."
        return _answer(api, request, HTTPStatus.UNAUTHORIZED, InvalidTokenError.code, detail)

    @api.exception_handler(FerrauthError)
    def refused(request: HttpRequest, error: FerrauthError) -> HttpResponse:
        more: dict[str, Any] = {}
        if isinstance(error, InvalidInput):
            more["errors"] = [{"field": field, "code": code} for field, code in error.errors]
        response = _answer(api, request, HTTPStatus(error.status), error.code, str(error), **more)
        if (seconds := getattr(error, "retry_after", None)) is not None:
            response["Retry-After"] = str(math.ceil(seconds))
        return response


def _answer(
    api: NinjaAPI, request: HttpRequest, status: HTTPStatus, code: str, detail: str, **more: Any
) -> HttpResponse:
    response = api.create_response(request, {"detail": detail, "code": code, **more}, status=status)
    if status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    response["Cache-Control"] = "no-store"
    return response
