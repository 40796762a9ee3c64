"""What a password costs here: what it costs in the FastAPI application, whatever this Django's own default is.

Where one server's rows were dearer than the other's failures, the time of a failed login would tell which users exist.
"""

from ferrauth.django import hashers
from ferrauth.passwords import DEFAULT_ITERATIONS


class PBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """``pbkdf2_sha256`` at the one cost of both servers."""

    iterations = DEFAULT_ITERATIONS
