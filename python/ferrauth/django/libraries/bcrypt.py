"""The part of bcrypt's interface that ``django.contrib.auth.hashers.BCryptSHA256PasswordHasher`` calls."""

from __future__ import annotations

import re
import secrets
import string
from base64 import b64encode

from ferrauth import _core

PASSWORD_LENGTH = 72
"""Bytes of a password that bcrypt reads."""

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_ALPHABET = str.maketrans(_LETTERS + "+/", "./" + _LETTERS)
"""From base64's alphabet to bcrypt's."""

_SETTING = re.compile(r"(\$2[aby]\$)([0-9]{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})?", re.ASCII)


def gensalt(rounds: int = 12) -> bytes:
    """Return a fresh salt of 16 bytes, with the cost before it: ``$2b$12$`` and 22 characters.

    Args:
        rounds: Binary logarithm of the rounds.
    """
    salt = b64encode(secrets.token_bytes(16)).decode().rstrip("=").translate(_ALPHABET)
    return f"$2b${rounds:02}${salt}".encode()


def hashpw(password: bytes, salt: bytes) -> bytes:
    """Derive and encode.

    Args:
        password: The password.
        salt: What :func:`gensalt` returned, for a new row; or a whole row, to check it.

    Raises:
        ValueError: The salt is none, the cost is outside the caps, or the password of a new row is longer than 72
            bytes, of which the rest would not count. To check a row, the first 72 bytes are read: so it was written.
    """
    match = _SETTING.fullmatch(salt.decode("ascii"))
    if match is None:
        raise ValueError("Invalid salt")
    prefix, cost, text, row = match.groups()
    if row is None and len(password) > PASSWORD_LENGTH:
        raise ValueError("password cannot be longer than 72 bytes; bcrypt_sha256 takes longer ones")
    return f"{prefix}{cost}${text}{_core.bcrypt(password, int(cost), text)}".encode()
