"""simplejwt's and django-ninja-jwt's tokens, while a project moves from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured

from ferrauth import jwt
from ferrauth.accounts.legacy import LegacyClaims
from ferrauth.exceptions import InvalidKeyError, InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SimpleJWTReader"]

SETTINGS = ("SIMPLE_JWT", "NINJA_JWT")
"""The dicts that the two packages are configured by."""

MAX_JTI = 256
"""Characters of a ``jti``; both packages write 32 (``uuid4().hex``) and keep at most 255."""


class SimpleJWTReader:
    """Verifies tokens with the key, the algorithm and the names of claims that the legacy package was given.

    Either package's settings dict is read as it stands in the project, with the defaults that both share: HS256 with
    SECRET_KEY, and the claims ``token_type``, ``user_id`` and ``jti``.
    """

    def __init__(self) -> None:
        given: Mapping[str, Any] = {}
        for name in SETTINGS:
            given = given or getattr(django_settings, name, {})
        if given.get("USER_ID_FIELD", "id") not in ("id", "pk", get_user_model()._meta.pk.name):
            raise ImproperlyConfigured(
                "FERRAUTH: COMPAT reads tokens whose USER_ID_FIELD is the primary key, no others."
            )
        self._algorithm: str = given.get("ALGORITHM", "HS256")
        asymmetric = not self._algorithm.startswith("HS")
        self._key: str = (
            given.get("VERIFYING_KEY", "") if asymmetric else given.get("SIGNING_KEY", django_settings.SECRET_KEY)
        )
        self._audience: str | None = given.get("AUDIENCE")
        self._issuer: str | None = given.get("ISSUER")
        self._user_id: str = given.get("USER_ID_CLAIM", "user_id")
        self._jti: str = given.get("JTI_CLAIM", "jti")
        self._password: str = given.get("REVOKE_TOKEN_CLAIM", "hash_password")
        self._checks_password: bool = given.get("CHECK_REVOKE_TOKEN", False)
        self._token_type: str = given.get("TOKEN_TYPE_CLAIM", "token_type")
        try:
            # A key that cannot verify would make every request with a bad token a server error.
            jwt.decode("", self._key, algorithms=[self._algorithm])
        except InvalidTokenError:
            pass
        except (InvalidKeyError, TypeError) as error:
            raise ImproperlyConfigured(f"FERRAUTH: COMPAT cannot read the legacy tokens. {error}") from None

    def decode_token(self, token: str | bytes, token_type: Literal["access", "refresh"]) -> LegacyClaims:
        """Verify a token.

        Raises:
            InvalidTokenError: It is no such token, whatever the cause.
        """
        claims = jwt.decode(
            token,
            self._key,
            algorithms=[self._algorithm],
            audience=self._audience,
            issuer=self._issuer,
            options={"require": ["exp"], "verify_sub": False},
        )
        user_id, jti, exp = claims.get(self._user_id), claims.get(self._jti), claims["exp"]
        if claims.get(self._token_type) != token_type:
            raise InvalidTokenError("The token is of another type.")
        # Both packages write the key as it is or as its string, by release.
        if isinstance(user_id, bool) or not isinstance(user_id, int | str):
            raise InvalidTokenError("The token names no user.")
        if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI or isinstance(exp, bool) or not isinstance(exp, int):
            raise InvalidTokenError("The token has no id or no end.")
        digest = str(claims.get(self._password, "")) if self._checks_password else None
        return LegacyClaims(sub=str(user_id), jti=jti, exp=exp, password_digest=digest)
