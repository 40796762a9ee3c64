"""``api.add_router("/auth/", make_router())``: every account operation, and nothing else to mount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from ninja import Router

from ferrauth.accounts import cookies, schemas
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.operations import operations, select
from ferrauth.django.conf import get_settings
from ferrauth.ninja.compat import NINJA_JWT, ninja_jwt_operations
from ferrauth.ninja.security import RouterAuth
from ferrauth.ninja.views import make_view

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel

    from ferrauth.accounts.operations import Operation

__all__ = ["make_router"]

COMPATIBLE = (None, NINJA_JWT)

TAGS = ["auth"]


def make_router(
    *,
    sync: bool | None = None,
    exclude: Collection[str] = frozenset(),
    me: type[BaseModel] = schemas.AuthMe,
    register: type[BaseModel] | None = None,
    compat: str | None = None,
    operation_prefix: str = "",
) -> Router:
    """Return a router with the whole HTTP surface.

    It needs nothing else mounted: its operations shape their errors themselves, say ``auth=None`` where they are open,
    and authenticate where they are not, whatever the API's own ``auth`` and exception handlers.

    Args:
        sync: Whether the views are sync. By default they are where async ones would not do: a database has
            ``ATOMIC_REQUESTS``, or only ``WSGI_APPLICATION`` is set.
        exclude: Names of operations that the project does not want, such as ``register``; those of ``compat`` too.
        me: What ``GET me`` shows; made of the user object, by its attributes.
        register: The project's own fields of a registration, which are given to the user model by their names.
        compat: ``"ninja-jwt"`` adds ``token/pair``, ``token/refresh``, ``token/verify`` and ``token/blacklist``, with
            that package's field names.
        operation_prefix: What the operations' ids begin with, where an API has a second router: ids are unique in a
            document, and are what a generated client calls its methods.

    Raises:
        ImproperlyConfigured: A name or a setting makes no sense.
    """
    if compat not in COMPATIBLE:
        raise ImproperlyConfigured(f"make_router(compat=...) must be one of {', '.join(map(repr, COMPATIBLE))}.")
    if operation_prefix and not operation_prefix.isidentifier():
        raise ImproperlyConfigured(f"make_router: {operation_prefix!r} cannot begin the name of a client's method.")
    settings, username_field = get_settings(), get_user_model().USERNAME_FIELD
    try:
        known = operations(settings, username_field=username_field, me=me, register=register)
        if compat == NINJA_JWT:
            known += ninja_jwt_operations(username_field)
        chosen = select(known, frozenset(exclude))
    except ConfigurationError as error:
        raise ImproperlyConfigured(f"make_router: {error}") from None
    router = Router(tags=TAGS)
    is_async = not (_must_be_sync() if sync is None else sync)
    for operation in chosen:
        _add(router, operation, operation_id=operation_prefix + operation.name, is_async=is_async)
    return router


def _add(router: Router, operation: Operation, *, operation_id: str, is_async: bool) -> None:
    router.add_api_operation(
        operation.path,
        [operation.method],
        make_view(operation, is_async=is_async),
        auth=None if operation.is_open else RouterAuth(),
        response=_responses(operation),
        operation_id=operation_id,
        summary=operation.summary,
        description=operation.description,
        openapi_extra=_extra(operation),
    )


def _responses(operation: Operation) -> dict[int, Any]:
    refusals = {
        status: schemas.AuthInvalidRequest if status == 422 else schemas.AuthError for status in operation.refuses
    }
    return {**operation.gives, **dict(sorted(refusals.items()))}


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


def _must_be_sync() -> bool:
    """Say whether async views would not do: Ninja's fail under ATOMIC_REQUESTS, and under WSGI each starts a loop."""
    if any(database.get("ATOMIC_REQUESTS") for database in django_settings.DATABASES.values()):
        return True
    has_wsgi = getattr(django_settings, "WSGI_APPLICATION", None)
    return bool(has_wsgi) and not getattr(django_settings, "ASGI_APPLICATION", None)
