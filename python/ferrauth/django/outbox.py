"""The outbox: rows that requests insert, and mails that are made of them later.

A sender claims a row by a conditional update before it sends, so that of any number one does. A claim is a lease: where
its sender dies, another tries again after it. What a row leads to is decided by ``accounts.letters``.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction
from django.db.models import F, Min
from django.utils.translation import get_language

from ferrauth.accounts.account_effects import Mail, Message
from ferrauth.accounts.effects import run
from ferrauth.accounts.letters import write_letter
from ferrauth.accounts.outbox import LEASE, PRUNED, REST, RETENTION, next_attempt
from ferrauth.accounts.tables import ERROR_LENGTH, LANGUAGE_LENGTH
from ferrauth.django import mails, sender
from ferrauth.django.conf import get_policy, get_settings
from ferrauth.django.models import OutboxMessage
from ferrauth.django.transactions import alias
from ferrauth.django.users import load_account

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from ferrauth.accounts.account_effects import Enqueue

__all__ = ["Sent", "enqueue", "insert", "send_due"]

logger = logging.getLogger("ferrauth.django")


@dataclass
class Sent:
    """What a round of sending came to."""

    sent: int = 0
    empty: int = 0
    """Rows that led to no mail."""
    failed: int = 0
    next_in: float | None = None
    """Seconds until a row is due again; ``None`` where none waits."""
    retries: list[datetime] = field(default_factory=list)
    """When those that failed are tried again; none for what is given up."""


def enqueue(effect: Enqueue) -> None:
    """Insert a row, and have it sent after the commit."""
    insert(effect.message, now=effect.now)


def insert(message: Message, *, now: datetime) -> None:
    """Insert a row in the caller's transaction, and have it sent after the commit."""
    OutboxMessage._base_manager.using(alias()).create(
        mail=message.mail,
        user_id=message.user_id,
        address=message.address,
        canonical=message.canonical,
        language=(get_language() or "")[:LANGUAGE_LENGTH],
        created_at=now,
        next_attempt_at=now,
    )
    # Robust: a thread that cannot start, or a queue that is down, is logged. The row waits for the next sender.
    transaction.on_commit(_wake, using=alias(), robust=True)


def send_due(*, limit: int | None = None, rest: float = 0.0) -> Sent:
    """Send what is due, one mail after another, and delete what is done with.

    Args:
        limit: Rows at most.
        rest: Seconds to do nothing for after each row.
    """
    result = Sent()
    while limit is None or result.sent + result.empty + result.failed < limit:
        row = _claim(datetime.now(UTC))
        if row is None:
            break
        _send(row, result)
        time.sleep(rest)
    _prune(datetime.now(UTC))
    due = _rows().aggregate(due=Min("next_attempt_at"))["due"]
    result.next_in = None if due is None else max(0.0, (due - datetime.now(UTC)).total_seconds())
    return result


def _wake() -> None:
    """Have the mails sent, by what the settings name."""
    how = get_settings().outbox_sender
    if how == "thread":
        sender.wake(lambda: send_due(rest=REST).next_in)
    elif how == "tasks":
        from ferrauth.django.tasks import send_outbox

        send_outbox.enqueue()


def _claim(now: datetime) -> OutboxMessage | None:
    """Make the row that is due for longest this sender's, and return it as it was."""
    due = _rows().filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    if not connections[alias()].features.has_select_for_update_skip_locked:
        while (row := due.first()) is not None:
            if _take(row, now):
                return row
        return None
    with transaction.atomic(using=alias()):
        row = due.select_for_update(skip_locked=True).first()
        return row if row is not None and _take(row, now) else None


def _take(row: OutboxMessage, now: datetime) -> bool:
    taken = _rows().filter(pk=row.pk, attempts=row.attempts, next_attempt_at=row.next_attempt_at)
    row.attempts += 1
    return taken.update(attempts=F("attempts") + 1, next_attempt_at=now + LEASE) == 1


def _send(row: OutboxMessage, result: Sent) -> None:
    mine = _rows().filter(pk=row.pk, attempts=row.attempts)
    try:
        # A kind that is unknown here may be one that a newer release of ferrauth, which runs beside, knows.
        mail = Mail(row.mail)
        message = Message(mail=mail, address=row.address, canonical=row.canonical, user_id=row.user_id)
        letter = run(write_letter(get_policy(), message), _Accounts())
        if letter is not None:
            mails.send(letter, language=row.language)
    except Exception as error:
        result.failed += 1
        later = _postpone(mine, row, type(error).__name__)
        result.retries += [] if later is None else [later]
    else:
        if letter is None:
            result.empty += 1
            mine.delete()  # It is about nobody: nothing of it is kept.
        else:
            result.sent += 1
            mine.update(sent_at=datetime.now(UTC), next_attempt_at=None, last_error="")


def _postpone(mine: QuerySet[OutboxMessage], row: OutboxMessage, error: str) -> datetime | None:
    """Try a mail again later, or give it up. What the mail server said may quote addresses, so it is not kept."""
    later = next_attempt(row.attempts, datetime.now(UTC))
    mine.update(next_attempt_at=later, last_error=error[:ERROR_LENGTH])
    level, fate = (logging.ERROR, "is given up") if later is None else (logging.WARNING, "will be tried again")
    logger.log(level, "The mail %s (%s) could not be sent and %s: %s.", row.pk, row.mail, fate, error)
    return later


def _prune(now: datetime) -> None:
    done = _rows().filter(next_attempt_at__isnull=True, created_at__lt=now - RETENTION)
    keys = list(done.values_list("pk", flat=True)[:PRUNED])
    if keys:
        _rows().filter(pk__in=keys).delete()


def _rows() -> QuerySet[OutboxMessage]:
    return OutboxMessage._base_manager.using(alias())


class _Accounts:
    """A port that loads accounts, which is all that a letter asks for."""

    def perform(self, effect: Any) -> Any:
        return load_account(effect)
