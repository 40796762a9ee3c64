"""``manage.py password_upgrade``: lift old password rows without waiting for their owners."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from ferrauth import _core
from ferrauth.django.progress import Progress
from ferrauth.django.tables import OLD, Upgrade, default_iterations, wrapped_formats

if TYPE_CHECKING:
    from argparse import ArgumentParser

BATCH = 250
"""Rows a transaction: at a million iterations a few seconds of work on a small machine, for which the owner of a row
that is in it may have to wait to log in."""


class Command(BaseCommand):
    """Wraps old rows; a wrapped row becomes a plain one at its owner's next login."""

    help = (
        "Lift old password rows without waiting for their owners to log in. The hash that is stored is hashed again, "
        "with PBKDF2 at today's cost ('wrapped'): the same password still opens the row, but a stolen table is as "
        "costly to guess at as a new one. At its owner's next login a wrapped row becomes a plain one. "
        "Each old format needs its wrapped hasher in PASSWORD_HASHERS, below the preferred one; the command names "
        "what is missing. It may be stopped at any time and started again: every row is either old or new, and both "
        "open. On PostgreSQL several machines may run it at once. Memory-hard rows (argon2, scrypt) are left alone. "
        "Look first: password_report, or --dry-run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--dry-run", action="store_true", help="count what would be done, and write nothing")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="rows a transaction (default: %(default)s)")
        parser.add_argument("--limit", type=int, help="lift so many rows at most, then stop")
        parser.add_argument(
            "--iterations", type=int, help="PBKDF2 iterations of the wrapping (default: those of a new password)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Lift, and tell of it."""
        for name in ("batch_size", "limit"):
            if options[name] is not None and options[name] < 1:
                raise CommandError(f"--{name.replace('_', '-')} must be at least 1.")
        iterations = default_iterations() if options["iterations"] is None else options["iterations"]
        if not 1 <= iterations <= _core.max_iterations():
            raise CommandError(f"--iterations must be from 1 to {_core.max_iterations()}.")
        upgrade = Upgrade(iterations=iterations, batch=options["batch_size"])
        candidates = upgrade.candidates()
        facts: dict[str, Any] = {"iterations": iterations, "candidates": dict(candidates)}
        if options["dry_run"]:
            self._say(options, facts, f"Would lift {_list(candidates)} to {iterations:,} iterations.")
            return
        _check_listed(set(candidates))
        seconds = self._run(upgrade, sum(candidates.values()), options["limit"])
        facts |= {
            "wrapped": upgrade.wrapped,
            "overtaken": upgrade.overtaken,
            "held": upgrade.held,
            "unfit": upgrade.unfit,
            "seconds": seconds,
        }
        rate = upgrade.wrapped / seconds if seconds else 0.0
        text = f"Lifted {upgrade.wrapped:,} rows in {seconds:,.1f} s ({rate:,.0f} a second)."
        if upgrade.overtaken:
            text += f" {upgrade.overtaken:,} were changed by their owners meanwhile, and left alone."
        if upgrade.held:
            text += f" {upgrade.held:,} were held by other transactions: run the command again, to be sure of them."
        if upgrade.unfit:
            text += f" {upgrade.unfit:,} cannot be read, or would not fit into the column, and were left alone."
        self._say(options, facts, text)

    def _run(self, upgrade: Upgrade, total: int, limit: int | None) -> float:
        progress = Progress(total if limit is None else min(total, limit), "rows")
        try:
            for done in upgrade.run(limit):
                progress.update(done)
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was lifted stays lifted; run the command again to go on.")
        return progress.close()

    def _say(self, options: dict[str, Any], facts: dict[str, Any], text: str) -> None:
        self.stdout.write(json.dumps(facts, indent=2) if options["json"] else text)


def _check_listed(formats: set[str]) -> None:
    missing = sorted(formats - wrapped_formats())
    if missing:
        lines = "\n".join(f'    "ferrauth.django.hashers.PBKDF2Wrapped{OLD[name]}PasswordHasher",' for name in missing)
        raise CommandError(
            f"Nothing was written: nobody could log in with the new rows. PASSWORD_HASHERS lacks\n{lines}"
        )


def _list(candidates: dict[str, int]) -> str:
    return ", ".join(f"{count:,} rows of {name}" for name, count in sorted(candidates.items())) or "no row"
