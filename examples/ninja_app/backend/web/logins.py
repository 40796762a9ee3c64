"""How many logins a second this process has let in of late."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import Any

from django.contrib.auth.signals import user_logged_in

WINDOW = 5.0
"""Seconds that the figure is a mean of."""

_times: deque[float] = deque(maxlen=10_000)
_lock = Lock()


def count_logins() -> None:
    """Count every login from now on."""
    user_logged_in.connect(_count, dispatch_uid="backend.web.logins")


def recent_logins() -> float:
    """Return the logins a second, as a mean of the last seconds."""
    with _lock:
        _forget(time.monotonic())
        return round(len(_times) / WINDOW, 1)


def _count(**kwargs: Any) -> None:  # noqa: ARG001
    now = time.monotonic()
    with _lock:
        _forget(now)
        _times.append(now)


def _forget(now: float) -> None:
    while _times and _times[0] < now - WINDOW:
        _times.popleft()
