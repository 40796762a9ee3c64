"""Django Ninja on ferrauth: the ``auth=`` backend."""

from ferrauth.ninja.errors import register_exception_handlers
from ferrauth.ninja.security import AsyncJWTAuth, JWTAuth, authenticated, bearer_token

__all__ = ["AsyncJWTAuth", "JWTAuth", "authenticated", "bearer_token", "register_exception_handlers"]
