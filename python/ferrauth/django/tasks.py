"""Sending by Django's tasks, for projects that have a worker for them (Django 6.0 and later)."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.tasks import task

from ferrauth.django import outbox

__all__ = ["send_outbox"]

logger = logging.getLogger("ferrauth.django")

MARGIN = timedelta(seconds=5)
"""How long after a mail is due the task for it runs: a worker whose clock is a little behind must find it due."""


@task
def send_outbox() -> None:
    """Send what is due. For each mail that failed, the task is enqueued once more, for when that is tried again.

    A backend that cannot put a task off leaves such mails to the next task, or to ``manage.py send_outbox``.
    """
    sent = outbox.send_due()
    if sent.retries and not send_outbox.get_backend().supports_defer:
        logger.warning(
            "%d mails wait for the next one, or for manage.py send_outbox: the backend of TASKS cannot put tasks off.",
            len(sent.retries),
        )
        return
    for due in sent.retries:
        send_outbox.using(run_after=due + MARGIN).enqueue()
