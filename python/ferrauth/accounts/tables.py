"""Lengths of columns that both frameworks' models have."""

from __future__ import annotations

__all__ = [
    "COUNTER_KEY_LENGTH",
    "ERROR_LENGTH",
    "EVENT_LENGTH",
    "LANGUAGE_LENGTH",
    "MAIL_LENGTH",
    "REASON_LENGTH",
    "STAMP_LENGTH",
    "USER_KEY_LENGTH",
]

STAMP_LENGTH = 64
"""SHA-256 in hexadecimal."""

REASON_LENGTH = 32
"""Characters of an :class:`~ferrauth.accounts.sessions.EndReason`, with room for longer words."""

COUNTER_KEY_LENGTH = 100
"""Characters of a counter's key: its longest names and numbers make 82."""

EVENT_LENGTH = 32
"""Characters of an :class:`~ferrauth.accounts.effects.Event`, with room for longer words."""

USER_KEY_LENGTH = 64
"""Characters of a user's key as text: a UUID's 36, and room for what others make up."""

MAIL_LENGTH = 16
"""Characters of a :class:`~ferrauth.accounts.account_effects.Mail`, with room for longer words."""

LANGUAGE_LENGTH = 16
"""Characters of a language's code, such as ``zh-hans``; longer ones are as good as none."""

ERROR_LENGTH = 64
"""Characters of an exception's class that an unsent mail keeps."""
