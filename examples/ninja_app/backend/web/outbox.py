"""The mails that Django's file backend has written, for the page to show in development."""

from __future__ import annotations

import email
from email.policy import default
from pathlib import Path

from django.conf import settings

MOST = 10
"""Mails that are shown."""

SEPARATOR = b"\n" + b"-" * 79 + b"\n"
"""Between two mails of one file (``django.core.mail.backends.filebased``)."""


def read_outbox() -> list[dict[str, str]]:
    """Return the newest mails, as their address, subject, date and text."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    messages: list[dict[str, str]] = []
    for file in files:
        written = [part for part in file.read_bytes().split(SEPARATOR) if part.strip()]
        messages += [_shown(part) for part in reversed(written)]
        if len(messages) >= MOST:
            break
    return messages[:MOST]


def _shown(written: bytes) -> dict[str, str]:
    message = email.message_from_bytes(written, policy=default)
    body = message.get_body(("plain",))
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "date": str(message["Date"]),
        "text": body.get_content().strip() if body else "",
    }
