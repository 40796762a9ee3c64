"""``manage.py password_load``: create users in bulk from a CSV or JSON Lines file."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import router, transaction

from ferrauth.django.loading import BadFile, Loader, read_csv, read_json_lines
from ferrauth.django.progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser

BATCH = 500
"""Lines a transaction."""


class _Refused(Exception):
    """Undoes a load of all or nothing."""


class Command(BaseCommand):
    """Creates users; a line that is refused is reported with its number, and the rest goes on."""

    help = (
        "Create users from a file. A CSV file has a header line that names the user model's fields; a JSON Lines file "
        "has one object a line. Beside fields, each line has either 'password', a plain password that is hashed as at "
        "a registration, or 'encoded', a row as Django stores it ('pbkdf2_sha256$...'), which is kept as it is. "
        "A bad line is reported with its number, nothing of it is kept, and the rest goes on; with --atomic one bad "
        "line keeps everything out. Passwords are hashed on all cores at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file and the options."""
        parser.add_argument("file", type=Path, help="the file, in UTF-8; its name ends in .csv, .jsonl or .ndjson")
        parser.add_argument("--format", choices=("csv", "jsonl"), help="what it is, if its name does not say so")
        parser.add_argument("--atomic", action="store_true", help="load all lines, or none")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="lines a transaction (default: %(default)s)")
        parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:  # noqa: ARG002
        """Load, and tell of it.

        Raises:
            CommandError: The file cannot be read, or lines were refused; the exit status is 1.
        """
        if options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        form = options["format"] or {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(file.suffix.lower())
        if form is None:
            raise CommandError(f"{file.name}: say --format csv or --format jsonl.")
        loader = Loader(batch=options["batch_size"])
        try:
            self._load(loader, file, form, atomic=options["atomic"])
        except (OSError, UnicodeDecodeError, BadFile) as error:
            raise CommandError(f"{file.name}: {_reason(error)} Nothing of what follows was loaded.") from None
        facts = {
            "loaded": loader.loaded,
            "refused": [{"line": number, "reason": reason} for number, reason in loader.refused],
        }
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2))
        else:
            for number, reason in loader.refused:
                self.stderr.write(f"line {number}: {reason}")
            self.stdout.write(f"Loaded {loader.loaded:,} users; {len(loader.refused):,} lines were refused.")
        if loader.refused:
            raise CommandError("Lines were refused.")

    def _load(self, loader: Loader, file: Path, form: str, *, atomic: bool) -> None:
        read = read_csv if form == "csv" else read_json_lines
        with file.open(encoding="utf-8-sig", newline="") as lines:
            total = sum(1 for _ in lines)
            lines.seek(0)
            progress = Progress(total, "lines")
            whole = (
                transaction.atomic(using=router.db_for_write(get_user_model())) if atomic else contextlib.nullcontext()
            )
            with contextlib.suppress(_Refused), whole:
                for done in loader.load(read(lines)):
                    progress.update(done)
                if atomic and loader.refused:
                    loader.loaded = 0
                    raise _Refused
            progress.close()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror}."
    return "It is not UTF-8." if isinstance(error, UnicodeDecodeError) else str(error)
