"""System checks of what registration and mail rest on: the sender of mails, and the spelling of stored addresses."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError
from django.db.models import F
from django.db.models.functions import Lower

from ferrauth.django.conf import (
    SENDS_WITHIN_REQUESTS,
    TASKS_TO_PASTE,
    get_settings,
    sends_within_requests,
)
from ferrauth.django.transactions import alias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_stored_addresses", "check_tasks"]


def check_tasks(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E012: mails are sent within the request, so that its time tells who has an account (E01, E05, E07).

    W004: the backend of tasks cannot put one off, so that a mail that failed waits for the next one.
    """
    if sends_within_requests():
        hint = f"{TASKS_TO_PASTE} See docs/checks.md#ferrauthe012."
        return [Error(SENDS_WITHIN_REQUESTS, hint=hint, id="ferrauth.E012")]
    if get_settings().outbox_sender != "tasks" or find_spec("django.tasks") is None:
        return []
    from django.tasks import DEFAULT_TASK_BACKEND_ALIAS, task_backends

    if task_backends[DEFAULT_TASK_BACKEND_ALIAS].supports_defer:
        return []
    return [
        Warning(
            "The default backend of TASKS cannot put a task off, so a mail that could not be sent waits for the next.",
            hint="Run this beside it: python manage.py send_outbox --loop 60. See docs/checks.md#ferrauthw004.",
            id="ferrauth.W004",
        )
    ]


def check_stored_addresses(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W005: the user model's own addresses are not all as ferrauth writes and finds them, so one may have two accounts.

    Asked of a database, so only with ``--database``; and of case alone, which one query can tell.
    """
    column = get_settings().email_field
    if column is None or alias() not in (databases or ()):
        return []
    users = get_user_model()._base_manager.using(alias())
    try:
        found = users.exclude(**{column: Lower(F(column))}).exists()
    except DatabaseError:
        return []  # It cannot be asked, or there is no such table yet; what is wrong with it others say.
    if not found:
        return []
    return [
        Warning(
            f"{get_user_model().__name__}.{column} has addresses with capital letters: they are not found by another "
            "spelling, and can be registered once more in small letters.",
            hint="See which, and rewrite them: python manage.py import_emails --dry-run, then --rewrite. "
            "See docs/checks.md#ferrauthw005.",
            id="ferrauth.W005",
        )
    ]
