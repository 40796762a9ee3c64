"""The one error shape of ferrauth's HTTP surface, for the caller's own endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja.errors import AuthenticationError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI

__all__ = ["register_exception_handlers"]


def register_exception_handlers(api: NinjaAPI) -> None:
    """Answer what ``JWTAuth`` refuses as ferrauth's own operations do.

    A 401 becomes ``{"detail": ..., "code": "not_authenticated"}`` with ``WWW-Authenticate: Bearer`` (RFC 6750,
    section 3), the same bytes whatever the cause.

    Args:
        api: The API whose endpoints are meant.
    """

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
        response = api.create_response(
            request,
            {
                "detail": "Authentication credentials were not provided or are not valid.",
                "code": "not_authenticated",
            },
            status=401,
        )
        response["WWW-Authenticate"] = "Bearer"
        response["Cache-Control"] = "no-store"
        return response
