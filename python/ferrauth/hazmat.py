"""Dangerous parts. What is here is easy to use wrongly; prefer ``ferrauth.make_password`` and ``ferrauth.jwt``."""

from ferrauth._core import pbkdf2_hmac

__all__ = ["pbkdf2_hmac"]
