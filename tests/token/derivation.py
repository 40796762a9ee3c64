"""HKDF (RFC 5869) with SHA-256, from the standard library, and what ferrauth derives with it."""

import hashlib
import hmac

from forge import SECRET

SALT = b"ferrauth/v1"


def hkdf(secret: bytes, info: bytes, length: int, salt: bytes = SALT) -> bytes:
    """Extract and expand."""
    prk = hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()
    output, block = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha256).digest()
        output += block
    return output[:length]


def info(*parts: str) -> bytes:
    """Every part after its length in two bytes."""
    return b"".join(len(part.encode()).to_bytes(2, "big") + part.encode() for part in parts)


def derived(purpose: str, issuer: str = "", algorithm: str = "HS256", secret: str = SECRET) -> bytes:
    """The key for a purpose, an issuer and an algorithm."""
    length = {"HS256": 32, "HS384": 48, "HS512": 64}[algorithm]
    return hkdf(secret.encode(), info(purpose, issuer, algorithm), length)
