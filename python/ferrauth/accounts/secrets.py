"""Secrets that are derived from the framework's one, the same in every framework that has it."""

from __future__ import annotations

import hmac

__all__ = ["audit_secret", "counter_secret"]


def counter_secret(secret_key: str) -> bytes:
    """Return what the keys of counters are keyed with, so that they tell nobody an e-mail address.

    Args:
        secret_key: Django's SECRET_KEY. Two frameworks that share it count in the same counters.
    """
    return _derive(secret_key, b"ferrauth counters")


def audit_secret(secret_key: str) -> bytes:
    """Return what identifiers are hashed with for the audit.

    Args:
        secret_key: As for :func:`counter_secret`.
    """
    return _derive(secret_key, b"ferrauth audit")


def _derive(secret_key: str, purpose: bytes) -> bytes:
    return hmac.digest(secret_key.encode(), purpose, "sha256")
