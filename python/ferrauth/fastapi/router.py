"""``auth.router``: every account operation as a FastAPI route, none of which decides anything."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from ferrauth.accounts import answers, cookies, flows, schemas
from ferrauth.accounts.answers import COMMON_HEADERS, Answer
from ferrauth.accounts.bodies import declared_too_large, refuse_body
from ferrauth.accounts.errors import InvalidInput, Unavailable
from ferrauth.accounts.operations import Call
from ferrauth.exceptions import FerrauthError
from ferrauth.fastapi.dependencies import Refused
from ferrauth.fastapi.requests import bearer_token, read_body, request_facts, until_gone, with_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ferrauth.accounts.operations import Operation
    from ferrauth.accounts.settings import Settings
    from ferrauth.fastapi.auth import Auth

    Handler = Callable[[Request], Awaitable[Response]]

__all__ = ["make_router", "respond"]

TAGS = ["auth"]

POOL_RETRY = 5
"""Seconds after which it is worth to try again where no connection could be had."""

FORM_TYPE = "application/x-www-form-urlencoded"

FORM_FIELDS = 10
"""Fields of a password form (RFC 6749, section 4.3.2, has six)."""

FORM_NAMES = {"identifier": "username", "password": "password"}
"""What the form calls the fields of a login."""

TOKEN_PATH = "/token"


def respond(answer: Answer, settings: Settings) -> Response:
    """Return an answer as a response."""
    response = Response(answer.content(), answer.status, headers={**COMMON_HEADERS, **answer.headers})
    if answer.body is not None:
        response.headers["Content-Type"] = "application/json"
    if answer.cookie is not None:
        # A cookie that is taken away ends at once, and is otherwise the one that was set.
        age = settings.refresh_idle_lifetime if answer.cookie else 0
        response.set_cookie(
            cookies.NAME,
            answer.cookie,
            max_age=age,
            path=cookies.PATH,
            secure=True,
            httponly=True,
            samesite=cookies.SAME_SITE,  # type: ignore[arg-type]  # In lower case, says the stub.
        )
    return response


def make_router(auth: Auth[Any]) -> APIRouter:
    """Return a router with the whole HTTP surface."""
    router = APIRouter(tags=[*TAGS])
    for operation in auth.operations:
        _add(router, auth, operation)
    if auth.token_url is not None:
        router.routes.append(_token_route(auth))
    return router


def _add(router: APIRouter, auth: Auth[Any], operation: Operation) -> None:
    (status, gives), *_ = operation.gives.items()
    router.add_api_route(
        operation.path,
        _endpoint(auth, operation),
        methods=[operation.method],
        route_class_override=_route_class(auth, operation),
        name=operation.name,
        operation_id=operation.name,
        summary=operation.summary,
        description=operation.description,
        status_code=status,
        response_model=gives,
        responses=_responses(operation),
        openapi_extra=_extra(operation),
    )


def _endpoint(auth: Auth[Any], operation: Operation) -> Callable[..., Awaitable[Response]]:
    async def endpoint(
        request: Request, body: object = None, session_id: UUID | None = None, found: Any = None
    ) -> Response:
        call = Call(
            policy=auth.policy,
            facts=request_facts(request, auth.config),
            body=body,
            session_id=session_id,
            access=bearer_token(request),
            cookie=request.cookies.get(cookies.NAME),
            found=found,
        )
        try:
            gone = partial(until_gone, request)
            result = await auth.carry(operation.flow(call), gone=gone) if operation.flow else None
            return respond(operation.answer(call, result), auth.config)
        except FerrauthError as error:
            return respond(operation.refused(error), auth.config)

    endpoint.__signature__ = _signature(auth, operation)  # type: ignore[attr-defined]
    return endpoint


def _signature(auth: Auth[Any], operation: Operation) -> inspect.Signature:
    """Return the parameters that FastAPI shall fill."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("request", keyword, annotation=Request)]
    if operation.takes is not None:
        takes: Any = operation.takes | None if operation.takes_nothing else operation.takes
        default = Body(None) if operation.takes_nothing else Body()
        parameters.append(inspect.Parameter("body", keyword, default=default, annotation=takes))
    if "{session_id}" in operation.path:
        parameters.append(inspect.Parameter("session_id", keyword, annotation=Annotated[UUID, Path()]))
    if not operation.is_open:
        parameters.append(inspect.Parameter("found", keyword, default=Depends(auth.authentication), annotation=Any))
    return inspect.Signature(parameters)


def _route_class(auth: Auth[Any], operation: Operation) -> type[APIRoute]:
    """Return a route class that holds requests against an operation before FastAPI reads them, and shapes refusals."""

    class AuthRoute(APIRoute):
        def get_route_handler(self) -> Any:
            return _shaped(auth, operation, super().get_route_handler())

    return AuthRoute


def _shaped(auth: Auth[Any], operation: Operation, handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(await _checked(request, operation, auth.config))
        except Refused as refused:
            answer = refused.answer
        except RequestValidationError as error:
            answer = answers.invalid(schemas.field_errors(error.errors(), skip=1))
        except FerrauthError as error:
            answer = operation.refused(error)
        except PoolTimeout:
            answer = answers.refusal(Unavailable(POOL_RETRY))  # Every connection to the database is in use.
        except HTTPException:
            answer = answers.bad_request()  # FastAPI could not read the body.
        return respond(answer, auth.config)

    return handle


async def _checked(request: Request, operation: Operation, settings: Settings) -> Request:
    """Hold a request against what an operation can take.

    Raises:
        Refused: It cannot take this.
    """
    limit = settings.max_body
    if declared_too_large(request.headers.get("content-length"), limit):
        raise Refused(answers.body_too_large())
    body = await read_body(request, limit)
    if (answer := refuse_body(operation, request.headers.get("content-type"), body, limit=limit)) is not None:
        raise Refused(answer)
    if operation.uses_cookie and cookies.NAME in request.cookies and not _is_own(request):
        raise Refused(answers.csrf_failed(cookies.CSRF_HEADER))
    return with_body(request, body)


def _is_own(request: Request) -> bool:
    return cookies.is_own(request.headers.get(cookies.CSRF_HEADER), request.headers.get(cookies.FETCH_SITE_HEADER))


def _responses(operation: Operation) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"model": schemas.AuthInvalidRequest if status == InvalidInput.status else schemas.AuthError}
        for status in sorted(operation.refuses)
    }


def _extra(operation: Operation) -> dict[str, Any] | None:
    if not operation.uses_cookie:
        return None
    return {
        "parameters": [
            {
                "in": "header",
                "name": cookies.CSRF_HEADER,
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "description": "Any value: a form of another site cannot send it.",
            }
        ]
    }


def _token_route(auth: Auth[Any]) -> APIRoute:
    """Return ``POST token``: a login by the form of OAuth 2's password flow, which FastAPI's docs page sends."""

    async def token(request: Request) -> Response:
        try:
            given = await _read_form(request, auth.config)
            flow = flows.login(
                auth.policy,
                request_facts(request, auth.config),
                identifier=given.identifier,
                password=given.password,
            )
            pair = await auth.carry(flow, gone=partial(until_gone, request))
        except Refused as refused:
            return respond(refused.answer, auth.config)
        except FerrauthError as error:
            return respond(answers.refusal(error), auth.config)
        return respond(Answer(body=schemas.AuthTokens.of(pair)), auth.config)

    field = {"type": "string"}
    form = {
        "type": "object",
        "required": ["username", "password"],
        "properties": {"username": field, "password": {**field, "format": "password"}, "grant_type": field},
    }
    return APIRoute(
        TOKEN_PATH,
        token,
        methods=["POST"],
        name="token",
        operation_id="token",
        summary="Log in with a form",
        description="OAuth 2's password flow (RFC 6749, section 4.3), for the form of the docs page.",
        tags=[*TAGS],
        response_model=schemas.AuthTokens,
        responses={status: {"model": schemas.AuthError} for status in (401, 413, 415, 422, 429, 503)},
        openapi_extra={"requestBody": {"required": True, "content": {FORM_TYPE: {"schema": form}}}},
    )


async def _read_form(request: Request, settings: Settings) -> schemas.AuthCredentials:
    """Return the credentials of a password form, held to the same bounds as those of a login.

    Raises:
        Refused: It is no such form.
    """
    if declared_too_large(request.headers.get("content-length"), settings.max_body):
        raise Refused(answers.body_too_large())
    body = await read_body(request, settings.max_body)
    if len(body) > settings.max_body:
        raise Refused(answers.body_too_large())
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused(answers.unsupported_media_type())
    async with with_body(request, body).form(max_files=0, max_fields=FORM_FIELDS) as form:
        given = {own: form[name] for own, name in FORM_NAMES.items() if name in form}
    try:
        return schemas.AuthCredentials.model_validate(given)
    except ValidationError as error:
        found = schemas.field_errors(error.errors(include_url=False, include_input=False))
        errors = [schemas.AuthFieldError(field=FORM_NAMES[one.field], code=one.code) for one in found]
        raise Refused(answers.invalid(errors)) from None
