"""Log lines as JSON: one object a line, which a log collector reads without guessing."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Writes a record as a JSON object, whose escapes keep it on one line whatever a client sent (CVE-2025-48432).

    Of ferrauth's audit records the object has every field, by name. A traceback is part of its record: it names files
    and lines, never values.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        audited: dict[str, object] | None = getattr(record, "ferrauth", None)
        line |= audited if audited is not None else {"message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
