"""Logins a second against concurrent clients: Django's own ``check_password`` with the stock hasher and with ours."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.contrib.auth import hashers as stock

from ferrauth.django.hashers import PBKDF2PasswordHasher

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENTS = [1, 2, 4, 8, 16, 32]
"""Threads that log in one time after another, as the workers of a synchronous server do."""

ITERATIONS: int = stock.PBKDF2PasswordHasher.iterations
"""The installed Django's own count."""


class Points(TypedDict):
    """Logins a second for each number of clients."""

    clients: list[int]
    ferrauth: list[float]
    stock: list[float]


def measure(seconds: float) -> Points:
    """Measure each hasher with each number of clients, in turn, for so many seconds each."""
    if not settings.configured:
        settings.configure(PASSWORD_HASHERS=[])
    row = stock.PBKDF2PasswordHasher().encode("correct horse battery staple", "saltsaltsaltsaltsaltsa")
    ours, theirs = PBKDF2PasswordHasher(), stock.PBKDF2PasswordHasher()
    assert ours.verify("correct horse battery staple", row)
    points: Points = {"clients": CLIENTS, "ferrauth": [], "stock": []}
    for clients in CLIENTS:
        points["ferrauth"].append(rate(lambda: ours.verify("correct horse battery staple", row), clients, seconds))
        points["stock"].append(rate(lambda: theirs.verify("correct horse battery staple", row), clients, seconds))
    return points


def rate(login: Callable[[], bool], clients: int, seconds: float) -> float:
    """Return the logins a second of so many clients. Every client ends the login it has begun."""
    done = []
    start = time.perf_counter()

    def client() -> None:
        while time.perf_counter() - start < seconds:
            assert login()
            done.append(None)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done) / (time.perf_counter() - start)
