"""``manage.py import_emails``: give users that there are already a row in the table of addresses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from ferrauth.django.conf import get_settings
from ferrauth.django.importing import Importer
from ferrauth.django.progress import Progress
from ferrauth.django.users import email_column

if TYPE_CHECKING:
    from argparse import ArgumentParser

BATCH = 1_000
"""Users a transaction."""

SHOWN = 20
"""Users that are named of each kind that is not imported; ``--json`` names all."""


class Command(BaseCommand):
    """Imports addresses, and reports those that two users share."""

    help = (
        "Fill the table of e-mail addresses from a column of the user model, so that users who were there before "
        "ferrauth log in, and set a new password, by their address. No user's row is changed. A user that has a row "
        "is passed over, so the command may be stopped and started again. Addresses that two users share, in any "
        "spelling, and what is no address, are reported and not imported. With REGISTRATION 'verify' a user whose "
        "address is not verified cannot log in, so say which are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        verified = parser.add_mutually_exclusive_group(required=True)
        verified.add_argument("--verified", action="store_true", help="all addresses are verified")
        verified.add_argument("--unverified", action="store_true", help="none is")
        verified.add_argument("--verified-field", metavar="NAME", help="the user model's boolean that says so")
        parser.add_argument("--field", metavar="NAME", help="the column (default: the user model's EMAIL_FIELD)")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="users a transaction (default: %(default)s)")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import, and tell of it."""
        if get_settings().email_field is not None:
            raise CommandError("EMAIL_FIELD says that addresses are in the user model: there is nothing to import.")
        if options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        importer = Importer(
            column=_column(options["field"] or email_column(), "--field"),
            flag=_column(options["verified_field"], "--verified-field") if options["verified_field"] else None,
            verified=options["verified"],
            write=not options["dry_run"],
        )
        progress = Progress(importer.total(), "users")
        try:
            for done in importer.run(batch=options["batch_size"]):
                progress.update(done)
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was imported stays; run the command again to go on.")
        progress.close()
        self._tell(importer, as_json=options["json"], dry=options["dry_run"])

    def _tell(self, importer: Importer, *, as_json: bool, dry: bool) -> None:
        kinds = {"collisions": importer.collisions, "no_address": importer.unfit, "empty": importer.empty}
        if as_json:
            self.stdout.write(json.dumps({"imported": importer.imported, "dry_run": dry, **kinds}, indent=2))
            return
        self.stdout.write(f"{'Would import' if dry else 'Imported'} {importer.imported:,} addresses.")
        words = {"collisions": "share an address", "no_address": "have no valid address", "empty": "have none"}
        for kind, users in kinds.items():
            if users:
                named = ", ".join(users[:SHOWN]) + (", ..." if len(users) > SHOWN else "")
                self.stdout.write(f"{len(users):,} users {words[kind]}, by their keys: {named}")


def _column(name: str | None, option: str) -> str:
    model = get_user_model()
    try:
        field = model._meta.get_field(name or "")
    except FieldDoesNotExist:
        field = None
    if field is None or not field.concrete or field.is_relation:
        raise CommandError(f"{name!r} is no column of {model.__name__}. Say which one is: {option}.")
    return str(field.name)
