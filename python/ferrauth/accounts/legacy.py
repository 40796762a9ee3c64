"""Another package's tokens, as far as moving away from it needs them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from ferrauth.accounts.sessions import UserRow

__all__ = ["LegacyClaims", "LegacyReader", "legacy_user"]


@dataclass(frozen=True, kw_only=True)
class LegacyClaims:
    """Who a legacy token is for, which one it is, and until when it is good, in seconds since 1970."""

    sub: str
    jti: str
    exp: int
    password_digest: str | None = None
    """simplejwt's ``CHECK_REVOKE_TOKEN`` claim: MD5, in upper-case hexadecimal, of the user's stored encoding."""


class LegacyReader(Protocol):
    """Verifies tokens that another package signed."""

    def decode_token(self, token: str | bytes, token_type: Literal["access", "refresh"]) -> LegacyClaims:
        """Verify a token.

        Raises:
            InvalidTokenError: It is no such token, whatever the cause.
        """
        ...


def legacy_user(claims: LegacyClaims, user: UserRow | None) -> UserRow | None:
    """Return the user whom a legacy token that was verified is good for, or ``None``."""
    if user is None or not user.eligible or user.id != claims.sub:
        return None
    if claims.password_digest is not None:
        digest = hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest().upper()
        if not hmac.compare_digest(digest, claims.password_digest):
            return None
    return user
