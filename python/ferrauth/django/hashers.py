"""Password hashers for Django's ``PASSWORD_HASHERS``.

Replace the stock lines, do not add to them: of two hashers with one algorithm name Django encodes with the first and
verifies with the last (``django.contrib.auth.hashers.get_hashers_by_algorithm`` is a dict)::

    PASSWORD_HASHERS = [
        "ferrauth.django.hashers.PBKDF2PasswordHasher",  # was django.contrib.auth.hashers.PBKDF2PasswordHasher
        "ferrauth.django.hashers.PBKDF2SHA1PasswordHasher",
        "ferrauth.django.hashers.Argon2PasswordHasher",
        "ferrauth.django.hashers.BCryptSHA256PasswordHasher",
        "ferrauth.django.hashers.ScryptPasswordHasher",
    ]

Every class is Django's own with the derivation alone replaced, so costs, ``decode``, ``must_update``, ``safe_summary``
and ``harden_runtime`` are those of the installed Django, and rows of either read with the other. Neither argon2-cffi
nor bcrypt need be installed.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.contrib.auth import hashers

from ferrauth import _core
from ferrauth.django.libraries import argon2, bcrypt

__all__ = [
    "Argon2PasswordHasher",
    "BCryptPasswordHasher",
    "BCryptSHA256PasswordHasher",
    "MD5PasswordHasher",
    "PBKDF2PasswordHasher",
    "PBKDF2SHA1PasswordHasher",
    "PBKDF2WrappedBCryptPasswordHasher",
    "PBKDF2WrappedBCryptSHA256PasswordHasher",
    "PBKDF2WrappedMD5PasswordHasher",
    "PBKDF2WrappedPBKDF2PasswordHasher",
    "PBKDF2WrappedPBKDF2SHA1PasswordHasher",
    "PBKDF2WrappedSHA1PasswordHasher",
    "PBKDF2WrappedUnsaltedMD5PasswordHasher",
    "PBKDF2WrappedUnsaltedSHA1PasswordHasher",
    "ScryptPasswordHasher",
]


class PBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """``pbkdf2_sha256``: PBKDF2-HMAC-SHA256."""

    def encode(self, password: str | bytes, salt: str, iterations: int | None = None) -> str:
        """Encode a password.

        Args:
            password: The password.
            salt: Not empty, without ``$``.
            iterations: The installed Django's default where it is ``None`` or 0, as in Django's own hasher.

        Returns:
            ``pbkdf2_sha256$iterations$salt$hash``.

        Raises:
            ValueError: The salt is empty or holds ``$``, the iterations exceed the cap, or the password holds a lone
                surrogate.
            TypeError: The password is neither ``str`` nor ``bytes``.
        """
        self._check_encode_args(password, salt)  # type: ignore[attr-defined]  # private, so not in the stubs
        return _core.make_password(password, salt, iterations or self.iterations, None, str(self.algorithm))


class PBKDF2SHA1PasswordHasher(hashers.PBKDF2SHA1PasswordHasher):
    """``pbkdf2_sha1``: PBKDF2-HMAC-SHA1."""

    encode = PBKDF2PasswordHasher.encode


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """``argon2``: writes argon2id, reads all variants."""

    def _load_library(self) -> Any:
        return argon2


class BCryptSHA256PasswordHasher(hashers.BCryptSHA256PasswordHasher):
    """``bcrypt_sha256``: bcrypt over the password's SHA-256."""

    def _load_library(self) -> Any:
        return bcrypt


class BCryptPasswordHasher(hashers.BCryptPasswordHasher):
    """``bcrypt``, which reads 72 bytes: a longer password is refused for a new row."""

    def _load_library(self) -> Any:
        return bcrypt

    def harden_runtime(self, password: str, encoded: str) -> None:  # noqa: ARG002
        """Bridge the gap in work; the password counts for nothing in it, and may be longer than a new row's."""
        super().harden_runtime("", encoded)


class ScryptPasswordHasher(hashers.ScryptPasswordHasher):
    """``scrypt``. Memory is bounded by ferrauth's own caps, not by ``maxmem``."""

    def encode(
        self, password: str | bytes, salt: str, n: int | None = None, r: int | None = None, p: int | None = None
    ) -> str:
        """Encode a password.

        Args:
            password: The password.
            salt: Not empty, without ``$``.
            n: N of RFC 7914, ``work_factor`` by default.
            r: Block size, ``block_size`` by default.
            p: Parallelization, ``parallelism`` by default.

        Returns:
            ``scrypt$n$salt$r$p$hash``.

        Raises:
            ValueError: The salt is empty or holds ``$``, the cost is outside the caps, or the password holds a lone
                surrogate.
        """
        self._check_encode_args(password, salt)  # type: ignore[attr-defined]  # private, so not in the stubs
        n, r, p = n or self.work_factor, r or self.block_size, p or self.parallelism
        key = _core.scrypt(password, salt, n=n, r=r, p=p)
        return f"{self.algorithm}${n}${salt}${r}${p}${b64encode(key).decode()}"


class MD5PasswordHasher(hashers.MD5PasswordHasher):
    """``md5``, salted: a format to leave (``manage.py password_upgrade``), and a fast one for test suites."""

    def encode(self, password: str | bytes, salt: str) -> str:
        """Encode a password.

        Args:
            password: The password.
            salt: Not empty, without ``$``.

        Returns:
            ``md5$salt$hash``.

        Raises:
            ValueError: The salt is empty or holds ``$``, or the password holds a lone surrogate.
        """
        self._check_encode_args(password, salt)  # type: ignore[attr-defined]  # private, so not in the stubs
        return f"{self.algorithm}${salt}${_core.md5(password, salt)}"


class _Wrapped(PBKDF2PasswordHasher):
    """PBKDF2-HMAC-SHA256 over an old row's hash, as ``manage.py password_upgrade`` writes it.

    List it behind the preferred hasher, and a wrapped row opens; at its owner's login it becomes a plain one. The
    salt holds what the old derivation needs, so these classes encode only with the salt of an existing row.
    """


class PBKDF2WrappedMD5PasswordHasher(_Wrapped):
    """Over ``md5$salt$hash``; the rows of Django's own guide on upgrading without requiring a login."""

    algorithm = "pbkdf2_wrapped_md5"


class PBKDF2WrappedSHA1PasswordHasher(_Wrapped):
    """Over ``sha1$salt$hash``; the rows of that guide before Django 5.1."""

    algorithm = "pbkdf2_wrapped_sha1"


class PBKDF2WrappedUnsaltedMD5PasswordHasher(_Wrapped):
    """Over 32 hexadecimal digits, or ``md5$$hash``."""

    algorithm = "pbkdf2_wrapped_unsalted_md5"


class PBKDF2WrappedUnsaltedSHA1PasswordHasher(_Wrapped):
    """Over ``sha1$$hash``."""

    algorithm = "pbkdf2_wrapped_unsalted_sha1"


class PBKDF2WrappedPBKDF2SHA1PasswordHasher(_Wrapped):
    """Over ``pbkdf2_sha1``."""

    algorithm = "pbkdf2_wrapped_pbkdf2_sha1"


class PBKDF2WrappedPBKDF2PasswordHasher(_Wrapped):
    """Over ``pbkdf2_sha256`` with fewer iterations."""

    algorithm = "pbkdf2_wrapped_pbkdf2_sha256"


class PBKDF2WrappedBCryptPasswordHasher(_Wrapped):
    """Over ``bcrypt``."""

    algorithm = "pbkdf2_wrapped_bcrypt"


class PBKDF2WrappedBCryptSHA256PasswordHasher(_Wrapped):
    """Over ``bcrypt_sha256``."""

    algorithm = "pbkdf2_wrapped_bcrypt_sha256"
