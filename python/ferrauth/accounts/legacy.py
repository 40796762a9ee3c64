"""Another package's tokens, as far as moving away from it needs them."""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.settings import MAX_LEEWAY
from ferrauth.exceptions import InvalidTokenError
from ferrauth.keys import Key, KeyRing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ferrauth.accounts.sessions import UserRow

__all__ = ["LegacyClaims", "LegacyReader", "legacy_user"]

MAX_JTI = 256
"""Characters of a ``jti``; both packages write 32 (``uuid4().hex``) and keep at most 255."""

SHORTEST_SECRET = 32
"""Bytes of a secret that may verify, whatever the algorithm: HS256's least (RFC 7518, section 3.2). Both packages sign
with SECRET_KEY, which has 50 characters where ``startproject`` wrote it, also where HS512 would want 64."""

FULL_SECRET = 64
"""Bytes that every HMAC algorithm takes."""


@dataclass(frozen=True, kw_only=True)
class LegacyClaims:
    """Who a legacy token is for, which one it is, and until when it is good, in seconds since 1970, leeway included."""

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
            InvalidKeyError: A secret is shorter than 32 bytes, or the key is none.
            ConfigurationError: A setting is one that cannot be honoured; the message names it.
        """
        algorithm: str = options.get("ALGORITHM", "HS256")
        if algorithm.startswith("HS"):
            given = options.get("SIGNING_KEY")
            self._keys = KeyRing([_read_secret(text, algorithm) for text in ([given] if given else secrets[:2])])
        else:
            self._keys = KeyRing([Key.from_pem(options.get("VERIFYING_KEY") or "", algorithm)])
        self._audience: str | None = options.get("AUDIENCE")
        self._issuer: str | None = options.get("ISSUER")
        self._user_id: str = options.get("USER_ID_CLAIM", "user_id")
        self._jti: str = _named_claim(options, "JTI_CLAIM", "jti")
        self._token_type: str = _named_claim(options, "TOKEN_TYPE_CLAIM", "token_type")
        self._leeway = _leeway(options.get("LEEWAY"))
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
            leeway=self._leeway,
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
        return LegacyClaims(sub=str(user_id), jti=jti, exp=exp + math.ceil(self._leeway), password_digest=digest)


def _read_secret(text: str | bytes, algorithm: str) -> Key:
    """Load a secret to verify with, also one that is too short to sign with by this algorithm.

    HMAC fills a key that is shorter than a block, of 64 bytes at least, with zeros (RFC 2104, section 2): filled here
    it is the same key.
    """
    secret = text.encode() if isinstance(text, str) else text
    if SHORTEST_SECRET <= len(secret) < FULL_SECRET:
        secret = secret.ljust(FULL_SECRET, b"\0")
    return Key.from_secret(secret, algorithm)


def _named_claim(options: Mapping[str, Any], setting: str, default: str) -> str:
    name = options.get(setting, default)
    if not isinstance(name, str) or not name:
        reason = {
            "JTI_CLAIM": "a refresh token without an id could be exchanged again and again",
            "TOKEN_TYPE_CLAIM": "without it, an access token would be as good as a refresh token",
        }[setting]
        raise ConfigurationError(
            f"COMPAT needs the other package's {setting}, which is {name!r}: {reason}. Tokens that were made without "
            f'it cannot be honoured; leave COMPAT off, or set it to "{default}" while they expire.'
        )
    return name


def _leeway(given: object) -> float:
    seconds = given.total_seconds() if isinstance(given, timedelta) else 0 if given is None else given
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_LEEWAY:
        raise ConfigurationError(
            f"COMPAT honours a LEEWAY of the other package from 0 to {MAX_LEEWAY} seconds, and no other."
        )
    return seconds


def legacy_user(claims: LegacyClaims, user: UserRow | None) -> UserRow | None:
    """Return the user whom a legacy token that was verified is good for, or ``None``."""
    if user is None or not user.eligible or user.id != claims.sub:
        return None
    if claims.password_digest is not None:
        digest = hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest().upper()
        if not hmac.compare_digest(digest, claims.password_digest):
            return None
    return user
