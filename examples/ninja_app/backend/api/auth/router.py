"""Log in, and see who is logged in. What stood in ``jwt_handler.py`` and ``middleware.py`` is ferrauth's now."""

from __future__ import annotations

from django.http import HttpRequest
from django.views.decorators.cache import cache_control
from ninja import Router

from backend.api.auth.schemas import Credentials, Error, InvalidRequest, Me, Tokens
from backend.users.models import User
from ferrauth.accounts import flows
from ferrauth.django.conf import get_policy
from ferrauth.django.port import carry, request_facts


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
    response={200: Tokens, 400: Error, 401: Error, 413: Error, 422: InvalidRequest, 429: Error},
)
def login(request: HttpRequest, credentials: Credentials) -> Tokens:
    """Exchange an e-mail address and a password for tokens.

    A wrong password, an unknown address, a locked and a deleted account get the same answer after the same work. After
    too many of them the answer is 429, whoever is meant, before any work is done.
    """
    email = User.objects.normalize_email(credentials.email)
    flow = flows.login(get_policy(), request_facts(request), identifier=email, password=credentials.password)
    tokens = carry(flow)
    return Tokens(access_token=tokens.access, refresh_token=tokens.refresh, expires_in=tokens.expires_in)


@router.get("/me", operation_id="me", response={200: Me, 401: Error})
def me(request: AuthenticatedRequest) -> User:
    """Show the user whom the token names."""
    return request.auth
