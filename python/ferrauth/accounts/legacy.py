"""Another package's tokens, as far as moving away from it needs them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ferrauth.exceptions import InvalidTokenError
from ferrauth.keys import Key, KeyRing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ferrauth.accounts.sessions import UserRow

__all__ = ["LegacyClaims", "LegacyReader", "legacy_user"]

MAX_JTI = 256
"""Characters of a ``jti``; both packages write 32 (``uuid4().hex``) and keep at most 255."""


@dataclass(frozen=True, kw_only=True)
class LegacyClaims:
    """Who a legacy token is for, which one it is, and until when it is good, in seconds since 1970."""

    sub: str
    jti: str
    exp: int
    password_digest: str | None = None
    """simplejwt's ``CHECK_REVOKE_TOKEN`` claim: MD5, in upper-case hexadecimal, of the user's stored encoding."""


class LegacyReader:
    """Verifies tokens of djangorestframework-simplejwt and django-ninja-jwt, whose settings are alike.

    Nothing here writes such tokens. Their ``typ`` is exactly ``JWT``, so a token of ferrauth's own is none of them.
    """

    def __init__(self, options: Mapping[str, Any], *, secrets: Sequence[str | bytes]) -> None:
        """Load the keys.

        Args:
            options: The package's settings as they stand in the project, with the defaults that both share: HS256,
                and the claims ``token_type``, ``user_id`` and ``jti``.
            secrets: What is signed with where the options name no key: the secret, then the ones before it, of which
                one still verifies. These tokens do not name their key, so few are tried (J23).

        Raises:
            InvalidKeyError: A secret is shorter than RFC 7518 (section 3.2) asks for, or the key is none.
        """
        algorithm: str = options.get("ALGORITHM", "HS256")
        if algorithm.startswith("HS"):
            given = options.get("SIGNING_KEY")
            self._keys = KeyRing([Key.from_secret(text, algorithm) for text in ([given] if given else secrets[:2])])
        else:
            self._keys = KeyRing([Key.from_pem(options.get("VERIFYING_KEY") or "", algorithm)])
        self._audience: str | None = options.get("AUDIENCE")
        self._issuer: str | None = options.get("ISSUER")
        self._user_id: str = options.get("USER_ID_CLAIM", "user_id")
        self._jti: str = options.get("JTI_CLAIM", "jti")
        self._token_type: str = options.get("TOKEN_TYPE_CLAIM", "token_type")
        self._password: str | None = None
        if options.get("CHECK_REVOKE_TOKEN", False):
            self._password = options.get("REVOKE_TOKEN_CLAIM", "hash_password")

    def decode_token(
        self, token: str | bytes, token_type: Literal["access", "refresh"], *, now: int | None = None
    ) -> LegacyClaims:
        """Verify a token.

        Args:
            token: The token.
            token_type: The kind it must be of.
            now: Seconds since 1970 in place of the clock.

        Raises:
            InvalidTokenError: It is no such token, whatever the cause.
        """
        claims = self._keys.decode(
            token,
            audience=self._audience,
            issuer=self._issuer,
            options={"require": ["exp"], "verify_sub": False},
            typ="JWT",
            now=now,
        )
        user_id, jti, exp = claims.get(self._user_id), claims.get(self._jti), claims["exp"]
        if claims.get(self._token_type) != token_type:
            raise InvalidTokenError("The token is of another type.")
        # Both packages write the key as it is or as its string, by release.
        if isinstance(user_id, bool) or not isinstance(user_id, int | str) or user_id == "":
            raise InvalidTokenError("The token names no user.")
        if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI or not isinstance(exp, int):
            raise InvalidTokenError("The token has no id or no whole end.")
        digest = str(claims.get(self._password, "")) if self._password is not None else None
        return LegacyClaims(sub=str(user_id), jti=jti, exp=exp, password_digest=digest)


def legacy_user(claims: LegacyClaims, user: UserRow | None) -> UserRow | None:
    """Return the user whom a legacy token that was verified is good for, or ``None``."""
    if user is None or not user.eligible or user.id != claims.sub:
        return None
    if claims.password_digest is not None:
        digest = hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest().upper()
        if not hmac.compare_digest(digest, claims.password_digest):
            return None
    return user
