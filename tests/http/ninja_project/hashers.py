"""A hasher that is cheap: what is tested here is what is answered, not what it costs."""

import os

from ferrauth.django.hashers import PBKDF2PasswordHasher


class CheapHasher(PBKDF2PasswordHasher):
    """Ours, with few iterations: ``HTTP_TEST_ITERATIONS`` of them."""

    iterations = int(os.environ.get("HTTP_TEST_ITERATIONS", "1000"))
