"""Ended sessions are deleted in small batches, by the way and by ``manage.py prune_sessions``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, transaction
from django.db.models import Exists, OuterRef, Q

from ferrauth.accounts.sessions import PRUNED_BY_THE_WAY, RETENTION
from ferrauth.django.models import RefreshSession
from ferrauth.django.transactions import alias

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = ["prune", "prune_by_the_way", "prune_orphans"]

logger = logging.getLogger("ferrauth.django")


def prune(now: datetime, *, batch: int) -> int:
    """Delete up to ``batch`` sessions that ended long ago, and return how many.

    Args:
        now: The time.
        batch: Rows to delete at most, in one short transaction.
    """
    before = now - RETENTION
    ended = Q(idle_expires_at__lt=before) | Q(revoked_at__lt=before)
    # The row of a legacy token is the lock that keeps it from being exchanged again, until it has expired.
    unlocked = Q(keep_until__isnull=True) | Q(keep_until__lt=before)
    return _delete(_sessions().filter(ended & unlocked), batch)


def prune_orphans(*, batch: int) -> int:
    """Delete up to ``batch`` sessions whose user is gone, and return how many. Reads the whole table."""
    users = get_user_model()._base_manager.using(alias()).filter(pk=OuterRef("user_id"))
    return _delete(_sessions().filter(~Exists(users)), batch)


def prune_by_the_way(now: datetime) -> None:
    """Delete a few ended sessions. A login does not fail because this does."""
    try:
        prune(now, batch=PRUNED_BY_THE_WAY)
    except DatabaseError:
        logger.warning("Ended sessions could not be pruned.", exc_info=True)


def _sessions() -> QuerySet[RefreshSession]:
    return RefreshSession._base_manager.using(alias())


def _delete(found: QuerySet[RefreshSession], batch: int) -> int:
    if not connections[alias()].features.has_select_for_update_skip_locked:
        keys = list(found.values_list("pk", flat=True)[:batch])
        return _sessions().filter(pk__in=keys).delete()[0] if keys else 0
    with transaction.atomic(using=alias()):
        # Two that prune at once take different rows, and neither waits for the other.
        keys = list(found.select_for_update(skip_locked=True).values_list("pk", flat=True)[:batch])
        return _sessions().filter(pk__in=keys).delete()[0] if keys else 0
