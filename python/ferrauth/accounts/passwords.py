"""What is decided about a password at a login: pure functions, shared by every entry point.

The order is always the same. Load the user; :func:`row_to_verify` says what the password is checked against; the core
checks it, once; :func:`renews` says whether the row is derived anew. The new row is stored by compare-and-swap on the
old one, and a write that fails does not fail the login.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ferrauth.accounts.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_PASSWORD", "may_log_in", "refuse_unfit", "renews", "row_to_verify"]

MAX_PASSWORD = 4_096
"""Bytes: longer ones are refused at every login too (THREATS.md P24)."""


def refuse_unfit(name: str, password: str) -> None:
    """Refuse what can be nobody's password, whatever validators there are.

    Args:
        name: What the client calls the field.
        password: The new password.

    Raises:
        InvalidInput: It is empty, no text, or too long.
    """
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        size = 0  # A lone surrogate, which is not text.
    if not 0 < size <= MAX_PASSWORD:
        raise InvalidInput(((name, "password_too_long" if size else "invalid"),))


def may_log_in(user: object, user_filter: Mapping[str, Any]) -> bool:
    """Tell whether a user's fields let it log in, whatever its password is.

    Args:
        user: A row of the user table.
        user_filter: Field values that it must have, as in the setting ``USER_FILTER``.
    """
    return all(getattr(user, name, None) == value for name, value in user_filter.items())


def row_to_verify(encoded: str | None, *, may_log_in: bool) -> str | None:
    """Return the stored row that a submitted password is checked against.

    A user that is not there and a user that may not log in are one and the same: nobody. So the right password of an
    inactive user costs what a wrong one does, is refused as that is, and its row is never renewed (P37, P43, P50).

    Args:
        encoded: The user's row; ``None`` where there is no such user.
        may_log_in: Whether this user may log in at all.

    Returns:
        The row; ``None`` for nobody's, which the core refuses at the cost of a new password.
    """
    return encoded if may_log_in else None


def renews(*, verified: bool, outdated: bool, algorithm: str, preferred: str) -> bool:
    """Tell whether a row is derived anew, now that its password is at hand.

    Args:
        verified: Whether the password was the row's: a refused one does no further work (P46).
        outdated: Whether the row is weaker than a new one. The core never calls a costlier one outdated (P52).
        algorithm: The row's format.
        preferred: The format that the operator chose for new rows. Another format is a choice, not a weakening.
    """
    return verified and (outdated or algorithm != preferred)
