"""Makes tokens by hand, well-formed or not, with nothing but the standard library: the tests' own attacker."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

SECRET = "a secret of exactly as many bytes as its use asks for: sixty-four"
NOW = 1_800_000_000
PAIRS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")

_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def b64(data: bytes | str) -> str:
    """Base64url without padding."""
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def dumps(value: Any) -> str:
    """Compact JSON; text is taken as it is, so that a test may write what no encoder would."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def tag(message: str, secret: str | bytes = SECRET, algorithm: str = "HS256") -> bytes:
    """The HMAC of a message."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, message.encode(), _HASHES[algorithm]).digest()


def token(
    payload: Any = None,
    header: Any = None,
    secret: str | bytes = SECRET,
    algorithm: str = "HS256",
) -> str:
    """A token whose MAC is right, whatever its header and its payload are."""
    header = {"alg": algorithm, "typ": "JWT"} if header is None else header
    payload = {"sub": "1"} if payload is None else payload
    header_bytes = header if isinstance(header, bytes) else dumps(header).encode()
    payload_bytes = payload if isinstance(payload, bytes) else dumps(payload).encode()
    signed = f"{b64(header_bytes)}.{b64(payload_bytes)}"
    return f"{signed}.{b64(tag(signed, secret, algorithm))}"


def soon() -> int:
    """A minute from now."""
    return int(time.time()) + 60
