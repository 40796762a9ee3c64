"""The one error shape of ferrauth's HTTP surface, for the caller's own endpoints."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ninja.errors import AuthenticationError, HttpError

from ferrauth.accounts import answers
from ferrauth.exceptions import FerrauthError
from ferrauth.ninja.responses import add_common_headers

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI
    from pydantic import BaseModel

    from ferrauth.accounts.answers import Answer

__all__ = ["Refusal", "as_refusal", "register_exception_handlers"]


class Refusal(FerrauthError, HttpError):
    """What ``JWTAuth`` refuses with beyond 401: an API without our handlers answers it by its status, too.

    Attributes:
        refused: What was raised.
    """

    def __init__(self, refused: FerrauthError) -> None:
        HttpError.__init__(self, refused.status, str(refused))
        self.refused = refused


def as_refusal(error: FerrauthError) -> FerrauthError:
    """Return what ``JWTAuth`` raises of an error: the error itself, where no client shall be told of it."""
    return error if error.status == HTTPStatus.INTERNAL_SERVER_ERROR else Refusal(error)


def register_exception_handlers(api: NinjaAPI) -> None:
    """Answer what ``JWTAuth`` and the flows refuse as ferrauth's own operations do.

    An error becomes ``{"detail": ..., "code": ...}``. A 401 has ``WWW-Authenticate: Bearer`` (RFC 6750, section 3) and
    the same bytes whatever the cause; a 429 and a 503 have ``Retry-After``. A mistake in the settings or in ferrauth
    itself goes on to Django's error report, and its text to no client.

    Args:
        api: The API whose endpoints are meant.
    """

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
        return _respond(api, request, answers.not_authenticated())

    @api.exception_handler(FerrauthError)
    def refused(request: HttpRequest, error: FerrauthError) -> HttpResponse:
        return _respond(api, request, answers.refusal(error.refused if isinstance(error, Refusal) else error))


def _respond(api: NinjaAPI, request: HttpRequest, answer: Answer) -> HttpResponse:
    """Make the response with the API's own renderer: these are its endpoints."""
    body: BaseModel = answer.body  # type: ignore[assignment]  # An error always has one.
    response = api.create_response(request, body.model_dump(), status=answer.status)
    for name, value in answer.headers.items():
        response[name] = value
    add_common_headers(response)
    return response
