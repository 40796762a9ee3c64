"""Passwords in Django's encoded form, ``pbkdf2_sha256$iterations$salt$hash``.

Every derivation runs in Rust, detached from the interpreter, so other Python threads go on meanwhile. A check that
fails costs the same whatever it fails on: a wrong password, a row with fewer iterations than new ones have, or a row
that cannot be read at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth import _core

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "DEFAULT_ITERATIONS",
    "UNUSABLE_PREFIX",
    "UNUSABLE_SUFFIX_LENGTH",
    "check_password",
    "check_passwords",
    "make_password",
    "make_passwords",
    "verify_and_update",
]

DEFAULT_ITERATIONS = _core.DEFAULT_ITERATIONS
"""PBKDF2-HMAC-SHA256 iterations of a new password: Django 6.1's default, above OWASP's minimum of 600,000."""

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


def check_password(password: str | bytes | None, encoded: str) -> bool:
    """Tell whether a password opens a stored row.

    Args:
        password: The password as it was submitted.
        encoded: The row, in Django's encoded form. Anything else is refused at full cost.

    Returns:
        Whether it does. Never raises for any password or row; a lone surrogate, ``None``, a truncated, oversized or
        hostile row (Django raises for many of them) is ``False`` after a derivation at the preferred count.
    """
    return _core.check_password(password, encoded, DEFAULT_ITERATIONS)[0]


def verify_and_update(password: str | bytes | None, encoded: str) -> tuple[bool, str | None]:
    """Check a password, and encode it anew where its row is outdated.

    Args:
        password: The password as it was submitted.
        encoded: The row, in Django's encoded form.

    Returns:
        Whether the password opens the row; and a new encoding to store where it does and the row has fewer iterations
        or a shorter salt than :func:`make_password` gives, else ``None``. A row with more iterations is kept. Store
        it by compare-and-swap on the old encoding, so that a password change at the same moment is not lost.
    """
    verified, outdated = _core.check_password(password, encoded, DEFAULT_ITERATIONS)
    return verified, make_password(password) if outdated else None


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


def check_passwords(pairs: Iterable[tuple[str | bytes | None, str]]) -> list[bool]:
    """Check many passwords, each against its row, on every core.

    Args:
        pairs: ``(password, encoded)`` pairs.

    Returns:
        What :func:`check_password` says of each pair, in order.
    """
    return _core.check_passwords(list(pairs), DEFAULT_ITERATIONS)


def _iterations(iterations: int | None) -> int:
    return DEFAULT_ITERATIONS if iterations is None else iterations
