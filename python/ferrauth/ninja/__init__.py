"""Django Ninja on ferrauth: the ``auth=`` backend."""

from ferrauth.ninja.errors import register_exception_handlers
from ferrauth.ninja.security import AsyncJWTAuth, JWTAuth

__all__ = ["AsyncJWTAuth", "JWTAuth", "register_exception_handlers"]
