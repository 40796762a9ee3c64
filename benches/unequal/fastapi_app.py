"""A FastAPI server that derives no key for a user who is not there."""

from __future__ import annotations

from typing import Any

from ferrauth import passwords
from tests.http.fastapi_project.app import app

__all__ = ["app"]

_equal = passwords.averify_and_update


async def _unequal(password: str, encoded: str | None, **options: Any) -> tuple[bool, str | None]:
    return (False, None) if encoded is None else await _equal(password, encoded, **options)


passwords.averify_and_update = _unequal
