"""Every function that reads tokens, and what all of them owe to one that is no good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forge import SECRET, token

from ferrauth import jwt
from ferrauth.accounts.legacy import LegacyReader
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = Key.from_secret(SECRET)
RING = KeyRing([KEY])
NAMED = KeyRing([Key.from_secret(SECRET, kid="a"), Key.from_secret(SECRET[::-1], kid="b")])
ISSUER = TokenIssuer(keys=KEY)
LEGACY = LegacyReader({}, secrets=[SECRET])

READERS: dict[str, Callable[[str | bytes], object]] = {
    "jwt.decode": lambda text: jwt.decode(text, SECRET, algorithms=["HS256"]),
    "jwt.decode_complete": lambda text: jwt.decode_complete(text, SECRET, algorithms=["HS256", "HS384", "HS512"]),
    "Key": KEY.decode,
    "KeyRing": RING.decode,
    "KeyRing with names": NAMED.decode,
    "TokenIssuer access": ISSUER.decode_token,
    "TokenIssuer refresh": lambda text: ISSUER.decode_token(text, "refresh"),
    "LegacyReader": lambda text: LEGACY.decode_token(text, "access"),
}


def refused(text: str | bytes) -> None:
    """Assert that every reader refuses a token, with nothing but an InvalidTokenError that does not show it."""
    for name, read in READERS.items():
        with pytest.raises(jwt.InvalidTokenError) as caught:
            read(text)
        message = str(caught.value)
        assert len(message) < 120, name
        assert caught.value.status == 401
        assert caught.value.code == "invalid_token"
        if isinstance(text, str) and len(text) > 20:
            assert text[:20] not in message, name


def signed(header: str | bytes, payload: str | bytes = '{"sub":"1"}') -> str:
    """A token with any header and payload under a right MAC."""
    return token(payload, header)
