"""The databases that tests run on: one at a time, chosen by a router, so that no test names it."""

from __future__ import annotations

from typing import Any

ALL = ("default", "postgresql")
IDS = ("sqlite", "postgresql")


class OneDatabase:
    """Routes every read and write to the database that the running test is about."""

    current = "default"

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return self.current

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return self.current

    def allow_relation(self, *args: Any, **hints: Any) -> bool:
        return True
