"""Passwords in Django's encoded forms. New ones are ``pbkdf2_sha256$iterations$salt$hash``.

Every row that Django has written reads: ``pbkdf2_sha256``, ``pbkdf2_sha1``, ``argon2``, ``bcrypt_sha256``, ``bcrypt``,
``scrypt``, rows that were wrapped by ``manage.py password_upgrade``, and, where a :class:`Policy` lists it, ``md5``.

Every derivation runs in Rust, detached from the interpreter, so other Python threads go on meanwhile. A check that
fails costs the same whatever it fails on: a wrong password, a row with fewer iterations than new ones have, or a row
that cannot be read at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth import _core
from ferrauth._core import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "DEFAULT_FORMATS",
    "DEFAULT_ITERATIONS",
    "FORMATS",
    "UNUSABLE_PREFIX",
    "UNUSABLE_SUFFIX_LENGTH",
    "Policy",
    "check_password",
    "check_passwords",
    "make_password",
    "make_passwords",
    "verify_and_update",
    "wrap_passwords",
]

DEFAULT_ITERATIONS = _core.DEFAULT_ITERATIONS
"""PBKDF2-HMAC-SHA256 iterations of a new password: Django 6.1's default, above OWASP's minimum of 600,000."""

FORMATS = frozenset(_core.formats())
"""Django's names of all formats that can verify."""

DEFAULT_FORMATS = FORMATS - {"md5"}
"""The formats that verify where no :class:`Policy` says otherwise: a salted MD5 is guessed a billion times a second, so
it verifies only where it is listed."""

UNUSABLE_PREFIX = "!"
"""Django's mark of a row that no password opens (``django.contrib.auth.hashers.UNUSABLE_PASSWORD_PREFIX``)."""

UNUSABLE_SUFFIX_LENGTH = 40
"""Random characters behind the mark, so that two such rows differ (Django's constant of this name)."""


def make_password(
    password: str | bytes | None,
    salt: str | None = None,
    *,
    iterations: int | None = None,
) -> str:
    """Encode a password as Django does.

    Args:
        password: The password; every byte counts, none is normalised. ``None`` makes an unusable password, which no
            password opens.
        salt: Salt to use instead of a fresh one of 22 letters and digits (130 bits).
        iterations: Iterations to use instead of :data:`DEFAULT_ITERATIONS`.

    Returns:
        ``pbkdf2_sha256$iterations$salt$hash``, which stock Django reads.

    Raises:
        TypeError: The password is neither ``str``, ``bytes`` nor ``None``.
        ValueError: The password holds a lone surrogate, the salt is empty or holds ``$``, or the iterations are not a
            whole number from 1 to the cap (10,000,000).
    """
    if password is None:
        return UNUSABLE_PREFIX + _core.random_text(UNUSABLE_SUFFIX_LENGTH)
    return _core.make_password(password, salt, _iterations(iterations))


def check_password(password: str | bytes | None, encoded: str | None, *, policy: Policy | None = None) -> bool:
    """Tell whether a password opens a stored row.

    Args:
        password: The password as it was submitted.
        encoded: The row, in one of Django's encoded forms. Anything else is refused at full cost; so is ``None``, which
            stands for a user that is not there.
        policy: What a failure costs and which formats verify; by default :data:`DEFAULT_ITERATIONS` and
            :data:`DEFAULT_FORMATS`.

    Returns:
        Whether it does. Never raises for any password or row; a lone surrogate, ``None``, a truncated, oversized or
        hostile row (Django raises for many of them) is ``False`` after a derivation at the preferred count.
    """
    return _core.check_password(password, encoded, policy or DEFAULT_ITERATIONS)[0]


def verify_and_update(
    password: str | bytes | None, encoded: str | None, *, policy: Policy | None = None
) -> tuple[bool, str | None]:
    """Check a password, and encode it anew where its row is outdated.

    Args:
        password: The password as it was submitted.
        encoded: As for :func:`check_password`.
        policy: As for :func:`check_password`.

    Returns:
        Whether the password opens the row; and a new encoding to store where it does and the row has another format,
        fewer iterations or a shorter salt than a new one, else ``None``. A row is never weakened: one with more
        iterations is kept, and so is a memory-hard one (``argon2``, ``scrypt``). Store the new one by compare-and-swap
        on the old encoding, so that a password change at the same moment is not lost.

    Raises:
        ValueError: The policy's new passwords are not ``pbkdf2_sha256``, the only format that is written here.
    """
    iterations = DEFAULT_ITERATIONS if policy is None else policy.iterations
    if iterations is None:
        raise ValueError("New passwords of this policy are not pbkdf2_sha256: check_password, then encode elsewhere.")
    verified, outdated = _core.check_password(password, encoded, policy or iterations)
    return verified, make_password(password, iterations=iterations) if outdated else None


def make_passwords(passwords: Iterable[str | bytes], *, iterations: int | None = None) -> list[str]:
    """Encode many passwords, each with a fresh salt, on every core.

    Args:
        passwords: The passwords. An empty iterable gives an empty list.
        iterations: Iterations to use instead of :data:`DEFAULT_ITERATIONS`.

    Returns:
        One encoding a password, in order.

    Raises:
        TypeError: A password is neither ``str`` nor ``bytes``; its index is named and nothing was derived.
        ValueError: A password holds a lone surrogate (its index is named, nothing was derived), or as for
            :func:`make_password`.
    """
    return _core.make_passwords(list(passwords), _iterations(iterations))


def check_passwords(
    pairs: Iterable[tuple[str | bytes | None, str | None]], *, policy: Policy | None = None
) -> list[bool]:
    """Check many passwords, each against its row, on every core.

    Args:
        pairs: ``(password, encoded)`` pairs.
        policy: As for :func:`check_password`.

    Returns:
        What :func:`check_password` says of each pair, in order.
    """
    return _core.check_passwords(list(pairs), policy or DEFAULT_ITERATIONS)


def wrap_passwords(rows: Iterable[str], *, iterations: int | None = None) -> list[str | None]:
    """Lift old rows without their passwords: PBKDF2-HMAC-SHA256 over each row's hash, on every core.

    Args:
        rows: Rows of the formats ``md5``, ``sha1`` (either also unsalted), ``pbkdf2_sha1``, ``pbkdf2_sha256``,
            ``bcrypt`` and ``bcrypt_sha256``.
        iterations: Iterations of the wrapping; :data:`DEFAULT_ITERATIONS` by default.

    Returns:
        For each row, in order, a row of the format ``pbkdf2_wrapped_<old format>`` that the same password opens;
        ``None`` for a row of another format, or one that cannot be read.

    Raises:
        ValueError: The iterations are not a whole number from 1 to the cap.

    Source:
        Django's guide "Password upgrading without requiring a login" (docs/topics/auth/passwords), whose
        ``pbkdf2_wrapped_md5`` and ``pbkdf2_wrapped_sha1`` rows are the same.
    """
    return _core.wrap_passwords(list(rows), _iterations(iterations))


def _iterations(iterations: int | None) -> int:
    return DEFAULT_ITERATIONS if iterations is None else iterations
