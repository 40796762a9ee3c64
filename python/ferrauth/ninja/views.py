"""Operations as Ninja views: one function makes the sync form, one the async form, and neither decides anything."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from ninja.decorators import decorate_view
from ninja.params.models import Body, Path
from pydantic import ValidationError, WrapValidator

from ferrauth.accounts import cookies
from ferrauth.accounts.answers import error as answer_error
from ferrauth.accounts.answers import invalid
from ferrauth.accounts.operations import Call
from ferrauth.accounts.schemas import AuthFieldError, field_errors
from ferrauth.django.conf import get_policy, get_settings
from ferrauth.django.port import acarry, carry, request_facts
from ferrauth.exceptions import FerrauthError
from ferrauth.ninja.privacy import hide_variables
from ferrauth.ninja.requests import bearer_token, check_request
from ferrauth.ninja.responses import Answered, OwnResponse, add_common_headers, respond

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http.response import HttpResponseBase
    from pydantic import ValidatorFunctionWrapHandler

    from ferrauth.accounts.answers import Answer
    from ferrauth.accounts.operations import Operation

    Run = Callable[..., HttpResponseBase]
    AsyncRun = Callable[..., Awaitable[HttpResponseBase]]

__all__ = ["make_view"]

SESSION_ID = "session_id"
"""The one parameter that a path has."""

TOO_MANY = 429


def make_view(operation: Operation, *, is_async: bool) -> Callable[..., Any]:
    """Return an operation's view function, as Ninja wants it: typed, and decorated with what shapes its answers."""
    view: Any = _async_view(operation) if is_async else _sync_view(operation)
    view.__name__ = view.__qualname__ = operation.name
    view.__doc__ = operation.description
    view.__signature__ = _signature(operation)
    shape: Callable[..., Any] = _shape_async(operation) if is_async else _shape(operation)
    decorated: Callable[..., Any] = decorate_view(shape)(view)
    return decorated


def _sync_view(operation: Operation) -> Callable[..., HttpResponseBase]:
    def view(request: HttpRequest, **values: Any) -> HttpResponseBase:
        call = _call(request, **values)
        try:
            result = carry(operation.flow(call)) if operation.flow else None
            return _respond(operation.answer(call, result))
        except FerrauthError as error:
            return _respond(operation.refused(error))

    return view


def _async_view(operation: Operation) -> Callable[..., Awaitable[HttpResponseBase]]:
    answer = sync_to_async(operation.answer) if operation.asks_database else None

    async def view(request: HttpRequest, **values: Any) -> HttpResponseBase:
        call = _call(request, **values)
        try:
            result = await acarry(operation.flow(call)) if operation.flow else None
            return _respond(await answer(call, result) if answer else operation.answer(call, result))
        except FerrauthError as error:
            return _respond(operation.refused(error))

    return view


def _call(request: HttpRequest, body: object = None, session_id: UUID | None = None) -> Call:
    return Call(
        policy=get_policy(),
        facts=request_facts(request),
        body=body,
        session_id=session_id,
        access=bearer_token(request),
        cookie=request.COOKIES.get(cookies.NAME),
        found=getattr(request, "ferrauth", None),
    )


def _respond(answer: Answer) -> OwnResponse:
    return respond(answer, get_settings())


def _signature(operation: Operation) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)]
    if operation.takes is not None:
        takes: Any = operation.takes | None if operation.takes_nothing else operation.takes
        default = Body(None if operation.takes_nothing else ...)
        body: Any = Annotated[takes, WrapValidator(_validate)]
        parameters.append(inspect.Parameter("body", keyword, default=default, annotation=body))
    if f"{{{SESSION_ID}}}" in operation.path:
        named: Any = Annotated[UUID, WrapValidator(_validate_session_id)]
        parameters.append(inspect.Parameter(SESSION_ID, keyword, default=Path(...), annotation=named))
    return inspect.Signature(parameters)


def _validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    try:
        return handler(value)
    except ValidationError as error:
        raise Answered(invalid(field_errors(error.errors(include_url=False, include_input=False)))) from None


def _validate_session_id(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    try:
        return handler(value)
    except ValidationError as error:
        codes = [str(one["type"]) for one in error.errors(include_url=False, include_input=False)]
        raise Answered(invalid([AuthFieldError(field=SESSION_ID, code=code) for code in codes])) from None


def _shape(operation: Operation) -> Callable[[Run], Run]:
    """Return what stands around Ninja's whole run of an operation: its authentication, its parsing, and the view.

    The run is a method of Ninja's own operation, and the operation is some API's.
    """

    def decorate(run: Run) -> Run:
        @wraps(run)
        def shaped(request: HttpRequest, **values: Any) -> HttpResponseBase:
            try:
                _check(request, operation, run)
                return _finish(run(request, **values))
            except Answered as answered:
                return _finish(_respond(answered.answer))

        return shaped

    return decorate


def _shape_async(operation: Operation) -> Callable[[AsyncRun], AsyncRun]:
    """As :func:`_shape`, for async operations."""

    def decorate(run: AsyncRun) -> AsyncRun:
        @wraps(run)
        async def shaped(request: HttpRequest, **values: Any) -> HttpResponseBase:
            try:
                _check(request, operation, run)
                return _finish(await run(request, **values))
            except Answered as answered:
                return _finish(_respond(answered.answer))

        return shaped

    return decorate


def _check(request: HttpRequest, operation: Operation, run: Any) -> None:
    hide_variables(request)
    check_request(request, operation, get_settings(), run.__self__.api.parser)


def _finish(response: HttpResponseBase) -> HttpResponseBase:
    """Give a response the common headers, and the one shape if it is from a throttle that the API has of its own."""
    if response.status_code == TOO_MANY and not isinstance(response, OwnResponse):
        headers = {"Retry-After": response["Retry-After"]} if "Retry-After" in response else None
        detail = "Too many attempts. Try again later."
        response = _respond(answer_error(TOO_MANY, "throttled", detail, headers))
    add_common_headers(response)
    return response
