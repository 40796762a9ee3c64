"""Queries of an authenticated request, through HTTP."""

from __future__ import annotations

import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

from tests import services
from tests.faults import project

EXPECTED = {"/me": 1, "/stateless": 0}
CONTEXT = multiprocessing.get_context("spawn")


def main() -> bool:
    """Count on both databases, print, and tell whether all is as it must be."""
    good = True
    with tempfile.TemporaryDirectory(prefix="ferrauth-queries-") as folder:
        sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder) / "db.sqlite3")}
        for name, database in (("SQLite", sqlite), ("PostgreSQL", services.postgres().django())):
            queue: Any = CONTEXT.Queue()
            process = CONTEXT.Process(target=_count, args=(database, queue))
            process.start()
            counts = queue.get(timeout=60)
            process.join()
            good = good and counts == EXPECTED
            print(f"{name:<12}with the session {counts['/me']}, stateless {counts['/stateless']}")
    return good


def _count(database: dict[str, object], queue: Any) -> None:
    project.configure(database)
    project.migrate()
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from ferrauth.django.tokens import generate_tokens

    user, _ = get_user_model().objects.get_or_create(username="ada", defaults={"password": "!"})
    client = Client(headers={"Authorization": f"Bearer {generate_tokens(user).access}"})
    counts = {}
    for path in EXPECTED:
        client.get(path)  # The first stateless request of a process waits for its thread's query.
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}")
        counts[path] = len(captured.captured_queries)
    queue.put(counts)
