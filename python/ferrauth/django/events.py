"""What happens to a security event in Django: a line in the log, a row where ``AUDIT_TABLE`` asks for it, a signal."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import DatabaseError, router

from ferrauth.accounts import audit
from ferrauth.django import signals
from ferrauth.django.conf import get_audit_secret, get_settings
from ferrauth.django.models import AuditEvent
from ferrauth.django.transactions import apart

if TYPE_CHECKING:
    from ferrauth.accounts.audit import Fields
    from ferrauth.accounts.effects import Emit

__all__ = ["emit"]

logger = logging.getLogger("ferrauth.django")


def emit(emitted: Emit) -> None:
    """Put an event on record, and tell whoever listens."""
    fields = audit.fields_of(emitted, secret=get_audit_secret())
    audit.record(emitted.event, fields)
    if get_settings().audit_table:
        _keep(emitted, fields)
    signals.send(emitted, fields)


def _keep(emitted: Emit, fields: Fields) -> None:
    """Insert a row, committed whatever becomes of the request. A request does not fail because this does."""
    row = AuditEvent(**audit.row_of(emitted, fields, at=datetime.now(UTC)))
    using = router.db_for_write(AuditEvent)
    try:
        apart(lambda: row.save(using=using, force_insert=True), using=using)
    except DatabaseError:
        logger.exception("A security event is in the log only: its row could not be written.")
