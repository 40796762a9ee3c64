"""``manage.py prune_sessions``: delete sessions that ended long ago, and those whose user is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from ferrauth.django.pruning import prune, prune_orphans

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

BATCH = 1_000
"""Rows a transaction: some milliseconds of work."""


class Command(BaseCommand):
    """Logins prune a few rows each; this prunes all, and looks for orphans."""

    help = "Delete sessions that ended more than a day ago, and sessions whose user is gone, in small batches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--batch``."""
        parser.add_argument("--batch", type=int, default=BATCH, help="rows a transaction (default: %(default)s)")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:  # noqa: ARG002
        """Prune until nothing is left to prune."""
        if batch < 1:
            raise CommandError("--batch must be at least 1.")
        now = datetime.now(UTC)
        ended = _until_none(lambda: prune(now, batch=batch))
        orphans = _until_none(lambda: prune_orphans(batch=batch))
        self.stdout.write(f"Deleted {ended} ended sessions and {orphans} whose user is gone.")


def _until_none(delete: Callable[[], int]) -> int:
    total = 0
    while deleted := delete():
        total += deleted
    return total
