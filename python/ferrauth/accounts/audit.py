"""Security events, on record as one structured line each. None of them holds a secret, or what a client typed."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

from ferrauth.accounts.effects import Event
from ferrauth.accounts.tables import USER_KEY_LENGTH
from ferrauth.accounts.throttling import canonical_identifier

if TYPE_CHECKING:
    from datetime import datetime

    from ferrauth.accounts.effects import Emit

__all__ = ["IDENTIFIER_DIGEST_LENGTH", "Fields", "fields_of", "identifier_hash", "record", "row_of"]

logger = logging.getLogger("ferrauth.audit")

Fields = dict[str, str | int | None]
"""What is on record of an event, by name."""

IDENTIFIER_DIGEST_LENGTH = 32
"""Hexadecimal digits of an identifier's keyed hash: enough to find the same one again."""

COLUMNS = ("user_id", "identifier_hash", "session_id", "address", "user_agent", "request_id")
"""Fields that a row has columns for."""

SUSPICIOUS = frozenset(
    {
        Event.PASSWORD_REFUSED,
        Event.REFRESH_REPEATED,
        Event.REFRESH_REPLAYED,
        Event.REVOCATION_UNMATCHED,
        Event.THROTTLED,
    }
)
"""Events that somebody should look at."""


def identifier_hash(secret: bytes, identifier: str) -> str:
    """Return the keyed hash of what a client said it is: people type passwords there.

    Args:
        secret: Without it, a hash of an e-mail address is found by trying addresses.
        identifier: As it was submitted; spellings of one identifier have one hash.
    """
    name = canonical_identifier(identifier).encode("utf-8", "surrogatepass")
    return hmac.new(secret, name, hashlib.sha256).hexdigest()[:IDENTIFIER_DIGEST_LENGTH]


def fields_of(emitted: Emit, *, secret: bytes) -> Fields:
    """Return what is on record of an event.

    Args:
        emitted: The event.
        secret: Keys the hash of the identifier.
    """
    identifier = emitted.identifier
    return {
        "user_id": emitted.user_id,
        "identifier_hash": identifier_hash(secret, identifier) if identifier is not None else None,
        "session_id": str(emitted.session_id) if emitted.session_id else None,
        "address": emitted.facts.address,
        "user_agent": emitted.facts.user_agent,
        "request_id": emitted.facts.request_id,
        **emitted.details,
    }


def row_of(emitted: Emit, fields: Fields, *, at: datetime) -> dict[str, Any]:
    """Return the values of an event's row, by column; what is not known keeps its column's default.

    Args:
        emitted: The event.
        fields: What :func:`fields_of` says of it.
        at: The time.
    """
    known = {name: fields[name] for name in COLUMNS if fields[name] is not None}
    row = {"at": at, "event": str(emitted.event), "details": dict(emitted.details), **known}
    if emitted.user_id is not None:
        # A natural key may be longer; the log has all of it.
        row["user_id"] = emitted.user_id[:USER_KEY_LENGTH]
    return row if emitted.session_id is None else {**row, "session_id": emitted.session_id}


def record(event: Event, fields: Fields) -> None:
    """Log one event.

    The message is the event's name and a JSON object, whose escapes keep a line one line (CVE-2025-48432); handlers
    find the same fields in the record's ``ferrauth``.
    """
    level = logging.WARNING if event in SUSPICIOUS else logging.INFO
    logger.log(level, "%s %s", event, json.dumps(fields), extra={"ferrauth": {"event": str(event), **fields}})
