"""Security events, on record as one structured line each. None of them holds a secret."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from ferrauth.accounts.effects import Event

if TYPE_CHECKING:
    from ferrauth.accounts.effects import Emit

__all__ = ["record"]

logger = logging.getLogger("ferrauth.audit")

SUSPICIOUS = frozenset({Event.REFRESH_REPEATED, Event.REFRESH_REPLAYED, Event.REVOCATION_UNMATCHED, Event.THROTTLED})
"""Events that somebody should look at."""


def record(emitted: Emit) -> None:
    """Log one event.

    The message is the event's name and a JSON object, whose escapes keep a line one line (CVE-2025-48432); handlers
    find the same fields in the record's ``ferrauth``. What a client said it is stays out: people type passwords there.
    """
    fields: dict[str, str | int | None] = {
        "user_id": emitted.user_id,
        "session_id": str(emitted.session_id) if emitted.session_id else None,
        "address": emitted.facts.address,
        "user_agent": emitted.facts.user_agent,
        **emitted.details,
    }
    level = logging.WARNING if emitted.event in SUSPICIOUS else logging.INFO
    logger.log(level, "%s %s", emitted.event, json.dumps(fields), extra={"ferrauth": fields})
