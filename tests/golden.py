"""Rows written by stock Django; ``tests/vectors/README.md`` says where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent / "vectors"
FILES = sorted((VECTORS / "passwords").glob("django-*.json"))
ROWS: list[dict[str, Any]] = [row for file in FILES for row in json.loads(file.read_text())["rows"]]


def name(row: dict[str, Any]) -> str:
    """Name the test of a row."""
    return str(row["id"])


def rows(*statuses: str, cheap: bool = False) -> list[dict[str, Any]]:
    """Return the rows of those statuses; with ``cheap``, only those that cost next to nothing."""
    return [row for row in ROWS if row["status"] in statuses and not (cheap and row["at_default_cost"])]
