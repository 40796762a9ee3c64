"""Password hashers for Django's ``PASSWORD_HASHERS``.

Replace the stock line, do not add to it: of two hashers with one algorithm name Django encodes with the first and
verifies with the last (``django.contrib.auth.hashers.get_hashers_by_algorithm`` is a dict)::

    PASSWORD_HASHERS = [
        "ferrauth.django.hashers.PBKDF2PasswordHasher",  # was django.contrib.auth.hashers.PBKDF2PasswordHasher
        ...
    ]
"""

from __future__ import annotations

from django.contrib.auth import hashers

from ferrauth import _core

__all__ = ["PBKDF2PasswordHasher"]


class PBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """Django's PBKDF2-HMAC-SHA256 hasher, derived in Rust and detached from the interpreter.

    Only :meth:`encode` is ferrauth's; the iteration count, ``verify``, ``must_update``, ``harden_runtime`` and
    ``safe_summary`` are those of the installed Django, so rows of either read with the other.
    """

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
        return _core.make_password(password, salt, iterations or self.iterations)
