"""Log in, and see who is logged in. What stood in ``jwt_handler.py`` and ``middleware.py`` is ferrauth's now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.views.decorators.cache import cache_control
from ninja import Router

from backend.api.auth.schemas import Credentials, Error, InvalidRequest, Me, Tokens
from backend.api.errors import InvalidCredentials
from ferrauth.django.tokens import generate_tokens

if TYPE_CHECKING:
    from backend.users.models import User


class AuthenticatedRequest(HttpRequest):
    """A request that ``JWTAuth`` let through."""

    auth: User


router = Router(tags=["auth"])
# Around the whole operation, so that errors have the header too.
router.add_decorator(cache_control(no_store=True), mode="view")


@router.post(
    "/login",
    auth=None,
    operation_id="login",
    response={200: Tokens, 400: Error, 401: Error, 413: Error, 422: InvalidRequest},
)
def login(request: HttpRequest, credentials: Credentials) -> Tokens:
    """Exchange an e-mail address and a password for tokens.

    A wrong password, an unknown address, a locked and a deleted account get the same answer after the same work:
    Django's `authenticate` derives a hash for each of them.
    """
    user = authenticate(request, email=credentials.email, password=credentials.password)
    if user is None:
        raise InvalidCredentials
    tokens = generate_tokens(user)
    return Tokens(access_token=tokens.access, refresh_token=tokens.refresh, expires_in=tokens.expires_in)


@router.get("/me", operation_id="me", response={200: Me, 401: Error})
def me(request: AuthenticatedRequest) -> User:
    """Show the user whom the token names."""
    return request.auth
