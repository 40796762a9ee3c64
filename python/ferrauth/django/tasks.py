"""Sending by Django's tasks, for projects that have a worker for them (Django 6.0 and later)."""

from __future__ import annotations

from django.tasks import task

from ferrauth.django import outbox

__all__ = ["send_outbox"]


@task
def send_outbox() -> None:
    """Send what is due. A mail that fails is tried again with the next one, or by ``manage.py send_outbox``."""
    outbox.send_due()
