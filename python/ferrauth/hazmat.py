"""Dangerous parts. What is here is easy to use wrongly; prefer ``ferrauth.make_password`` and ``ferrauth.jwt``."""

from ferrauth._core import decode_unverified, pbkdf2_hmac

__all__ = ["decode_unverified", "pbkdf2_hmac"]
