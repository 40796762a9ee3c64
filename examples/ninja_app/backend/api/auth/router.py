"""Log in, stay logged in, log out. What stood in ``jwt_handler.py`` and ``middleware.py`` is ferrauth's now.

Refresh, logout and the list of devices are ferrauth's flows: which steps they take in which order is written there,
once, and what they refuse becomes an answer in ``register_exception_handlers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003 (Ninja reads the annotations when the application starts)

from django.http import HttpRequest
from django.views.decorators.cache import cache_control
from ninja import Router

from backend.api.auth.schemas import Credentials, Error, InvalidRequest, Logout, Me, Refresh, Session, Tokens
from backend.users.models import User
from ferrauth.accounts import flows
from ferrauth.django.conf import get_policy
from ferrauth.django.port import carry, request_facts
from ferrauth.ninja import authenticated, bearer_token

if TYPE_CHECKING:
    from ferrauth.tokens import TokenPair


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
    return _tokens(carry(flow))


@router.post(
    "/refresh", auth=None, operation_id="refresh", response={200: Tokens, 401: Error, 422: InvalidRequest, 429: Error}
)
def refresh(request: HttpRequest, body: Refresh) -> Tokens:
    """Exchange a refresh token for the next tokens. One that was used before ends its session."""
    return _tokens(carry(flows.refresh(get_policy(), request_facts(request), body.refresh_token)))


@router.post("/logout", auth=None, operation_id="logout", response={204: None, 422: InvalidRequest, 429: Error})
def logout(request: HttpRequest, body: Logout) -> tuple[int, None]:
    """End the session that the access token or the refresh token names. The access token may have expired."""
    flow = flows.logout(get_policy(), request_facts(request), access=bearer_token(request), refresh=body.refresh_token)
    carry(flow)
    return 204, None


@router.post("/logout/all", operation_id="logout_all", response={204: None, 401: Error})
def logout_all(request: AuthenticatedRequest) -> tuple[int, None]:
    """End all sessions of the user."""
    carry(flows.logout_all(get_policy(), request_facts(request), user_id=str(request.auth.pk)))
    return 204, None


@router.get("/sessions", operation_id="sessions", response={200: list[Session], 401: Error})
def sessions(request: AuthenticatedRequest) -> list[Session]:
    """Show where the user is logged in, the most recently used first."""
    found = authenticated(request)
    current = found.session.id if found.session else None
    rows = carry(flows.list_sessions(get_policy(), user=found.user))
    return [
        Session(
            id=row.id,
            created_at=row.created_at,
            last_used_at=row.rotated_at,
            address=row.address,
            user_agent=row.user_agent,
            is_current=row.id == current,
        )
        for row in rows
    ]


@router.delete("/sessions/{session_id}", operation_id="end_session", response={204: None, 401: Error, 404: Error})
def end_session(request: AuthenticatedRequest, session_id: UUID) -> tuple[int, None]:
    """Log one device out."""
    flow = flows.end_session(get_policy(), request_facts(request), user_id=str(request.auth.pk), session_id=session_id)
    carry(flow)
    return 204, None


@router.get("/me", operation_id="me", response={200: Me, 401: Error})
def me(request: AuthenticatedRequest) -> User:
    """Show the user whom the token names."""
    return request.auth


def _tokens(pair: TokenPair) -> Tokens:
    return Tokens(access_token=pair.access, refresh_token=pair.refresh, expires_in=pair.expires_in)
