"""Django Ninja on ferrauth: the router with every account operation, and the ``auth=`` backend."""

from ferrauth.ninja.errors import register_exception_handlers
from ferrauth.ninja.requests import AuthenticatedRequest, bearer_token
from ferrauth.ninja.router import make_router
from ferrauth.ninja.security import AsyncJWTAuth, JWTAuth, authenticated

__all__ = [
    "AsyncJWTAuth",
    "AuthenticatedRequest",
    "JWTAuth",
    "authenticated",
    "bearer_token",
    "make_router",
    "register_exception_handlers",
]
