"""Password hashing, as the rest of the application imports it."""

from ferrauth import acheck_password as check_password
from ferrauth import amake_password as make_password

__all__ = ["check_password", "make_password"]
