"""The part of argon2-cffi's interface that ``django.contrib.auth.hashers.Argon2PasswordHasher`` calls."""

from __future__ import annotations

import enum
from base64 import b64encode
from dataclasses import dataclass

from ferrauth import _core

DEFAULT_RANDOM_SALT_LENGTH = 16
"""Bytes (RFC 9106, section 3.1). Django makes its own salts; it only compares this number with itself."""

DEFAULT_HASH_LENGTH = 32
"""Bytes of a key: argon2-cffi's default since 21.2, RFC 9106's recommendation (section 4)."""


class exceptions:
    """The exceptions."""

    class VerificationError(Exception):
        """The password is not the row's."""


class low_level:
    """The functions that take bytes."""

    ARGON2_VERSION = 19
    """0x13, that of RFC 9106."""

    class Type(enum.Enum):
        """The variants, by their number in RFC 9106, section 3.2."""

        D = 0
        I = 1  # noqa: E741
        ID = 2

    @staticmethod
    def hash_secret(
        secret: bytes,
        salt: bytes,
        time_cost: int,
        memory_cost: int,
        parallelism: int,
        hash_len: int,
        type: Type,
    ) -> bytes:
        """Derive and encode, as the reference implementation does.

        Args:
            secret: The password.
            salt: 8 to 64 bytes.
            time_cost: Passes.
            memory_cost: KiB.
            parallelism: Lanes.
            hash_len: Bytes of the key.
            type: The variant.

        Raises:
            ValueError: The cost is outside the caps.
        """
        variety = f"argon2{type.name.lower()}"
        key = _core.argon2(
            secret,
            salt,
            variety=variety,
            version=low_level.ARGON2_VERSION,
            memory_cost=memory_cost,
            time_cost=time_cost,
            parallelism=parallelism,
            length=hash_len,
        )
        cost = f"v={low_level.ARGON2_VERSION}$m={memory_cost},t={time_cost},p={parallelism}"
        return f"${variety}${cost}${_unpadded(salt)}${_unpadded(key)}".encode()


@dataclass
class Parameters:
    """What a row was derived with. Not frozen: ``must_update`` of Django's hasher sets ``salt_len``."""

    type: low_level.Type
    version: int
    salt_len: int
    hash_len: int
    time_cost: int
    memory_cost: int
    parallelism: int


def extract_parameters(hash: str) -> Parameters:
    """Read the parameters of ``$argon2id$v=19$m=102400,t=2,p=8$salt$key``.

    Raises:
        ValueError: It is no such text.
    """
    _, variety, *version, costs, salt, key = hash.split("$")
    cost = dict(item.split("=", 1) for item in costs.split(","))
    try:
        return Parameters(
            type=low_level.Type[variety.removeprefix("argon2").upper()],
            # Version 16 is what a row without a version has.
            version=int(version[0].removeprefix("v=")) if version else 16,
            salt_len=len(salt) * 3 // 4,
            hash_len=len(key) * 3 // 4,
            time_cost=int(cost["t"]),
            memory_cost=int(cost["m"]),
            parallelism=int(cost["p"]),
        )
    except KeyError:
        raise ValueError("This is no encoded argon2 hash.") from None


class PasswordHasher:
    """The checker."""

    def verify(self, hash: str, password: str | bytes) -> bool:
        """Return ``True``.

        Raises:
            exceptions.VerificationError: The password is not the row's, or the row is none.
        """
        if not _core.matches(password, f"argon2{hash}"):
            raise exceptions.VerificationError
        return True


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")
