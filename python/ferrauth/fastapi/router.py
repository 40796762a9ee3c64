"""``auth.router``: every account operation as a FastAPI route, none of which decides anything."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ferrauth._turns import take_turn
from ferrauth.accounts import answers, cookies, schemas
from ferrauth.accounts.answers import COMMON_HEADERS
from ferrauth.accounts.bodies import declared_too_large, refuse_body
from ferrauth.accounts.errors import InvalidInput
from ferrauth.accounts.operations import Call
from ferrauth.exceptions import FerrauthError
from ferrauth.fastapi.dependencies import Refused
from ferrauth.fastapi.requests import bearer_token, read_body, request_facts, until_gone, with_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ferrauth.accounts.answers import Answer
    from ferrauth.accounts.operations import Operation
    from ferrauth.accounts.settings import Settings
    from ferrauth.fastapi.auth import Auth

    Handler = Callable[[Request], Awaitable[Response]]

__all__ = ["make_router", "respond"]

TAGS = ["auth"]

FORM_TYPE = "application/x-www-form-urlencoded"

FORM_FIELDS = 10
"""Fields of a password form (RFC 6749, section 4.3.2, has six)."""

FORM_NAMES = {"identifier": "username", "password": "password"}
"""What the form calls the fields of a login."""

GRANT = "grant_type"
"""The field that says which of OAuth 2's grants is meant; the password's is the only one here, and need not be said."""


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
        _add(router, auth, operation, _endpoint(auth, operation), _extra(operation))
        if operation.name == "login" and auth.token_url is not None:
            form = _form_login(operation)
            _add(router, auth, form, _form_endpoint(auth, form), _form_extra())
    return router


def _add(
    router: APIRouter,
    auth: Auth[Any],
    operation: Operation,
    endpoint: Callable[..., Awaitable[Response]],
    extra: dict[str, Any] | None,
) -> None:
    (status, gives), *_ = operation.gives.items()
    router.add_api_route(
        operation.path,
        endpoint,
        methods=[operation.method],
        route_class_override=_route_class(auth, operation),
        name=operation.name,
        operation_id=operation.name,
        summary=operation.summary,
        description=operation.description,
        status_code=status,
        response_model=gives,
        responses=_responses(operation),
        openapi_extra=extra,
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
        return await _answered(auth, operation, call, request)

    endpoint.__signature__ = _signature(auth, operation)  # type: ignore[attr-defined]
    return endpoint


def _form_endpoint(auth: Auth[Any], operation: Operation) -> Callable[..., Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await _read_form(request, auth.config)
        call = Call(policy=auth.policy, facts=request_facts(request, auth.config), body=body)
        return await _answered(auth, operation, call, request)

    return endpoint


async def _answered(auth: Auth[Any], operation: Operation, call: Call, request: Request) -> Response:
    gone = partial(until_gone, request)
    result = await auth.carry(operation.flow(call), gone=gone) if operation.flow else None
    return respond(operation.answer(call, result), auth.config)


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
            checked = await _checked(request, operation, auth.config)
            # Not before the body is read: who sends and closes at once is served too.
            await take_turn()
            return await handler(checked)
        except Refused as refused:
            answer = refused.answer
        except RequestValidationError as error:
            answer = answers.invalid(schemas.field_errors(error.errors(), skip=1))
        except FerrauthError as error:
            answer = operation.refused(error)
        except HTTPException:
            answer = answers.bad_request()  # FastAPI could not read the body.
        except ClientDisconnect:
            answer = answers.bad_request()  # Its client has gone before the end of it, and reads no answer.
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


def _form_login(login: Operation) -> Operation:
    """Return ``POST token``: the login by the form of OAuth 2's password flow, which FastAPI's docs page sends."""
    return replace(
        login,
        name="token",
        path="/token",
        summary="Log in with a form",
        description="OAuth 2's password flow (RFC 6749, section 4.3), for the form of the docs page.",
        takes=None,
        refuses=(*login.refuses, HTTPStatus.FORBIDDEN),
    )


def _form_extra() -> dict[str, Any]:
    field = {"type": "string"}
    form = {
        "type": "object",
        "required": ["username", "password"],
        "properties": {"username": field, "password": {**field, "format": "password"}, "grant_type": field},
    }
    return {"requestBody": {"required": True, "content": {FORM_TYPE: {"schema": form}}}}


async def _read_form(request: Request, settings: Settings) -> schemas.AuthCredentials:
    """Return the credentials of a password form, held to the same bounds as those of a login.

    Raises:
        Refused: It is no such form; or, where the refresh token goes into a cookie, another site could have sent it.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused(answers.error(415, "unsupported_media_type", f"The request's body must be {FORM_TYPE}."))
    # A page of another site can send a form, and so log somebody in as somebody else; FastAPI's docs page has the
    # header that it cannot send (THREATS J114).
    if settings.refresh_cookie and not _is_own(request):
        raise Refused(answers.csrf_failed(cookies.CSRF_HEADER))
    try:
        text = (await request.body()).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS)
    except ValueError:
        raise Refused(answers.error(400, "bad_request", "The request's body is no form.")) from None
    form = dict(pairs)
    if repeated := {name for name, count in Counter(name for name, _ in pairs).items() if count > 1}:
        # RFC 6749, section 3.2: which one is meant is anybody's guess.
        known = repeated & {*FORM_NAMES.values(), GRANT} or {""}
        raise Refused(answers.invalid([schemas.AuthFieldError(field=name, code="repeated") for name in sorted(known)]))
    if form.get(GRANT) not in (None, "", "password"):
        raise Refused(answers.invalid([schemas.AuthFieldError(field=GRANT, code="unsupported")]))
    try:
        return schemas.AuthCredentials.model_validate(
            {own: form[name] for own, name in FORM_NAMES.items() if name in form}
        )
    except ValidationError as error:
        found = schemas.field_errors(error.errors(include_url=False, include_input=False))
        errors = [schemas.AuthFieldError(field=FORM_NAMES[one.field], code=one.code) for one in found]
        raise Refused(answers.invalid(errors)) from None
