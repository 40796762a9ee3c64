"""First-party access and refresh tokens, told apart by ``typ``, by ``token_type`` and by a key of their own."""

from ferrauth._core import Claims, TokenIssuer, TokenPair

__all__ = ["Claims", "TokenIssuer", "TokenPair"]
