"""One shape for every error of the API: ``{"detail": <text for people>, "code": <word for programs>}``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig
from ninja.errors import HttpError, ValidationError

from ferrauth.ninja import register_exception_handlers

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI


def register_error_handlers(api: NinjaAPI) -> None:
    """Give the API's errors their shape.

    Args:
        api: The API.
    """
    register_exception_handlers(api)  # 401, 429 and the rest, for what JWTAuth and the flows refuse.

    def error(request: HttpRequest, status: HTTPStatus, code: str, detail: str, **more: Any) -> HttpResponse:
        return api.create_response(request, {"detail": detail, "code": code, **more}, status=status)

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, _: RequestDataTooBig) -> HttpResponse:
        return error(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The request's body is too large.")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, failure: ValidationError) -> HttpResponse:
        # Where and what kind; pydantic's messages can quote the input, and the input can be a password.
        errors = [
            {"field": ".".join(str(part) for part in item["loc"]), "code": item["type"]} for item in failure.errors
        ]
        return error(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request is not valid.", errors=errors)

    @api.exception_handler(HttpError)
    def malformed(request: HttpRequest, failure: HttpError) -> HttpResponse:
        # Ninja raises this for a body that is no JSON; with DEBUG its own answer would quote the parser.
        status = HTTPStatus(failure.status_code)
        return error(request, status, status.phrase.lower().replace(" ", "_"), f"{status.phrase}.")
