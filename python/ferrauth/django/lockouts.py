"""What django-axes, where a project has it, says of a login before any work is done for it.

Axes counts by Django's signals, which ferrauth sends; but it refuses in an authentication backend of its own, and no
backend is asked here. So the port asks what that backend asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from ferrauth.accounts.sessions import RequestFacts

__all__ = ["seconds_locked"]

WITHOUT_END = 24 * 60 * 60
"""Seconds that a client is told to wait where ``AXES_COOLOFF_TIME`` is unset: somebody has to unlock the account."""


def seconds_locked(facts: RequestFacts, identifier: str | None) -> int:
    """Return for how long axes refuses a login; 0 where it does not, or is not installed.

    Args:
        facts: The request's.
        identifier: What the client says it is.
    """
    if not (apps.is_installed("axes") and settings.AXES_ENABLED and isinstance(facts.request, HttpRequest)):
        return 0
    from axes.handlers.proxy import AxesProxyHandler
    from axes.helpers import get_cool_off, get_credentials

    if AxesProxyHandler.is_allowed(facts.request, get_credentials(username=identifier)):
        return 0
    cool_off = get_cool_off(facts.request)
    return WITHOUT_END if cool_off is None else int(cool_off.total_seconds()) or 1
