"""What a request's body must be before anything is made of it: small, said to be JSON, and JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ferrauth.accounts import answers
from ferrauth.accounts.schemas import AuthFieldError

if TYPE_CHECKING:
    from ferrauth.accounts.answers import Answer
    from ferrauth.accounts.operations import Operation

__all__ = ["declared_too_large", "refuse_body"]

JSON_TYPE = "application/json"


def declared_too_large(content_length: str | None, limit: int) -> bool:
    """Say whether a request says itself that its body is too large, so that none of it need be read (THREATS E15).

    Args:
        content_length: The header, as it was sent.
        limit: ``MAX_BODY``, in bytes.
    """
    text = content_length or ""
    # A number of more digits than the limit is larger, and is not parsed.
    return text.isascii() and text.isdecimal() and (len(text) > len(str(limit)) + 1 or int(text) > limit)


def refuse_body(operation: Operation, content_type: str | None, body: bytes, *, limit: int) -> Answer | None:
    """Return the answer to a body that an operation cannot take, or ``None``.

    The order is fixed, and nothing of it depends on who is meant: size, type, JSON.

    Args:
        operation: Which has a body, or none.
        content_type: The header, as it was sent.
        body: The body, or as much more than the limit of it as was read.
        limit: ``MAX_BODY``, in bytes.
    """
    if len(body) > limit:
        return answers.body_too_large()
    if operation.takes is None:
        return None
    if not body:
        return None if operation.takes_nothing else answers.invalid([AuthFieldError(field="", code="missing")])
    if (content_type or "").partition(";")[0].strip().lower() != JSON_TYPE:
        return answers.unsupported_media_type()
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return answers.bad_request()
    return None
