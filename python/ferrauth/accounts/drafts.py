"""Which fields a registration may not give, in either framework."""

from __future__ import annotations

__all__ = ["NAME_LENGTH", "PRIVILEGES"]

PRIVILEGES = frozenset(
    {"password", "last_login", "date_joined", "is_active", "is_staff", "is_superuser", "groups", "user_permissions"}
)
"""Fields of Django's users that nobody gives itself; those of ``USER_FILTER`` and of the address come on top."""

NAME_LENGTH = 32
"""Characters of a name that is made up: 128 bits in hexadecimal, where the field has room for them."""
