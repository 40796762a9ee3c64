"""Dangerous parts. What is here is easy to use wrongly; prefer ``ferrauth.make_password`` and ``ferrauth.jwt``."""

from ferrauth._core import decode_unverified, export_private_jwk, export_private_pem, pbkdf2_hmac

__all__ = ["decode_unverified", "export_private_jwk", "export_private_pem", "pbkdf2_hmac"]
