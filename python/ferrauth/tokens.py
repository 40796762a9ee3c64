"""First-party access and refresh tokens, told apart by ``typ``, by ``token_type`` and by a key of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ferrauth._core import Claims, TokenIssuer, TokenPair

if TYPE_CHECKING:
    from datetime import timedelta

    from ferrauth.keys import Key, KeyRing

__all__ = ["Claims", "Compat", "TokenIssuer", "TokenPair"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compat:
    """How another library's tokens are told, so that a live system changes over with nobody logged out.

    The defaults are those of djangorestframework-simplejwt and django-ninja-jwt; ``compat="simplejwt"`` means them.
    """

    keys: KeyRing | Key | None = None
    """The keys; by default the issuer's first two secrets as they are, which have to be long enough for that."""

    user_id_claim: str = "user_id"
    """The claim that names the user. A number is read as its string."""

    issuer: str | None = None
    """``iss``."""

    audience: str | None = None
    """``aud``."""

    access_lifetime: float | timedelta | None = None
    """The most seconds that an access token may live; no limit by default."""

    refresh_lifetime: float | timedelta | None = None
    """The most seconds that a refresh token may live; no limit by default."""
