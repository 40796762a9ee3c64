"""The soak's hasher: the example's own, with so few iterations that requests are soaked and not derivations."""

from __future__ import annotations

from ferrauth.django.hashers import PBKDF2PasswordHasher

ITERATIONS = 20_000


class FewIterations(PBKDF2PasswordHasher):
    """``pbkdf2_sha256``. Rows of the example's own hasher would be derived anew, at full cost, at the first login."""

    iterations = ITERATIONS
