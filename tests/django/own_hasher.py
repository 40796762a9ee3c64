"""Hashers as a project may have of its own."""

from __future__ import annotations

from django.contrib.auth.hashers import BasePasswordHasher


class ReversedPasswordHasher(BasePasswordHasher):
    """``reversed$salt$drowssap``."""

    algorithm = "reversed"

    def verify(self, password: str, encoded: str) -> bool:
        return encoded.rsplit("$", 1)[1] == password[::-1]


class RaisingPasswordHasher(BasePasswordHasher):
    """Raises for every row."""

    algorithm = "raising"

    def verify(self, password: str, encoded: str) -> bool:
        raise RuntimeError(f"{password} is none of my business")
