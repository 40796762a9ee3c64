"""Whom the storm's clients log in as, and what its servers answer."""

from __future__ import annotations

import json

from benches.closed_loop import Target
from benches.storm.servers import PROXIED

PASSWORD = "correct horse battery staple"
API = "/api/auth"


def email(number: int) -> str:
    """Return the address of a user."""
    return f"user{number}@example.com"


def credentials(number: int, password: str = PASSWORD) -> bytes:
    """Return the body of a user's login."""
    return json.dumps({"email": email(number), "password": password}).encode()


def target(port: int, pid: int) -> Target:
    """Return one of the storm's servers, to be loaded."""
    return Target(port, pid, API, credentials, PASSWORD, lambda number: ("email", email(number)), PROXIED)
