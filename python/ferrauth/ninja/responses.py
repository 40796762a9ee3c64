"""Answers as Django responses, and the way out of an operation that Ninja does not take part in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from ferrauth.accounts import cookies
from ferrauth.accounts.answers import COMMON_HEADERS

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from ferrauth.accounts.answers import Answer
    from ferrauth.accounts.settings import Settings

__all__ = ["Answered", "OwnResponse", "add_common_headers", "respond"]

JSON = "application/json; charset=utf-8"

LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
"""When a cookie that is taken away has ended, as Django's own ``delete_cookie`` has it."""


class Answered(BaseException):
    """Ends an operation with an answer, from within Ninja's own steps: authenticating, reading the request.

    It is no ``Exception``, as ``asyncio.CancelledError`` is none: Ninja hands every ``Exception`` to the API's
    handlers, which may log the password that was submitted, or answer in a shape of their own.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class OwnResponse(HttpResponse):
    """A response of this package's."""


def respond(answer: Answer, settings: Settings) -> OwnResponse:
    """Make a response of an answer."""
    response = OwnResponse(answer.content(), status=answer.status, content_type=JSON if answer.body else None)
    if answer.body is None:
        del response["Content-Type"]
    for name, value in answer.headers.items():
        response[name] = value
    if answer.cookie is not None:
        response.set_cookie(
            cookies.NAME,
            answer.cookie,
            max_age=settings.refresh_idle_lifetime if answer.cookie else 0,
            # Django would write the time of day: refusals must not differ by the second they come in (E12).
            expires=None if answer.cookie else LONG_AGO,
            path=cookies.PATH,
            secure=True,
            httponly=True,
            samesite=cookies.SAME_SITE,
        )
    return response


def add_common_headers(response: HttpResponseBase) -> None:
    """Add what every answer has, whoever made it."""
    response["Cache-Control"] = COMMON_HEADERS["Cache-Control"]
    patch_vary_headers(response, COMMON_HEADERS["Vary"].split(", "))
