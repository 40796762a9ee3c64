"""A crowd that logs in at once, so that the lanes can be watched at work. In development alone."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from uuid import uuid4

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.db import connections

from backend.users.models import User

CROWD = 16
"""Logins at once: as many as the widest kernel has lanes."""

_one_at_a_time = Lock()


def let_in() -> dict[str, float]:
    """Log a passing user in as often as the crowd is large, all at once.

    Each is ``authenticate()`` and Django's signal, as the admin logs in: a password is derived at its whole cost. No
    session begins, and the user is gone afterwards; nobody ever knew its password.

    Returns:
        How many were let in, and the seconds that all of them took.
    """
    password = secrets.token_urlsafe()
    with _one_at_a_time:
        user = User.objects.create_user(f"crowd-{uuid4()}@example.com", password, is_email_verified=True)
        try:
            started = time.monotonic()
            with ThreadPoolExecutor(CROWD) as threads:
                let_in = sum(threads.map(lambda _: _log_in(user.email, password), range(CROWD)))
            return {"let_in": let_in, "seconds": round(time.monotonic() - started, 2)}
        finally:
            user.delete()


def _log_in(email: str, password: str) -> bool:
    try:
        user = authenticate(None, email=email, password=password)
        if user is not None:
            user_logged_in.send(sender=type(user), request=None, user=user)
        return user is not None
    finally:
        connections.close_all()  # This thread's own, which would stay open as long as it is remembered.
