"""The one error shape of ferrauth's HTTP surface, for the application's own endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ferrauth.accounts.answers import refusal
from ferrauth.exceptions import FerrauthError
from ferrauth.fastapi.dependencies import Refused
from ferrauth.fastapi.router import respond

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from ferrauth.fastapi.auth import Auth

__all__ = ["register_exception_handlers"]


def register_exception_handlers(app: FastAPI, auth: Auth[Any]) -> None:
    """Answer what ``auth``'s dependencies and flows refuse as ferrauth's own operations do.

    An error becomes ``{"detail": ..., "code": ...}``. A 401 has ``WWW-Authenticate: Bearer`` (RFC 6750, section 3) and
    the same bytes whatever the cause; a 429 and a 503 have ``Retry-After``.

    Args:
        app: The application whose endpoints are meant.
        auth: For its settings.
    """

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:  # noqa: ARG001
        return respond(error.answer, auth.config)

    @app.exception_handler(FerrauthError)
    async def failed(request: Request, error: FerrauthError) -> Response:  # noqa: ARG001
        return respond(refusal(error), auth.config)
