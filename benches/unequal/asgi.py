"""A server that derives no key for a user who is not there."""

from __future__ import annotations

from typing import Any

from ferrauth.django import passwords
from ferrauth.django.passwords import Verification
from tests.http.ninja_project.asgi import application

__all__ = ["application"]

_equal = passwords.averify


async def _unequal(password: str | bytes, row: str | None, **options: Any) -> Verification:
    return Verification(False, False) if row is None else await _equal(password, row, **options)


passwords.averify = _unequal
