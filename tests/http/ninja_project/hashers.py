"""A hasher that is cheap: what is tested here is what is answered, not what it costs."""

from ferrauth.django.hashers import PBKDF2PasswordHasher


class CheapHasher(PBKDF2PasswordHasher):
    """Ours, with few iterations."""

    iterations = 1_000
