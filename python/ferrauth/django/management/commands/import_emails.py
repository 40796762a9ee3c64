"""``manage.py import_emails``: have the addresses of users that there are already found by ferrauth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from ferrauth.django.conf import get_settings
from ferrauth.django.importing import Importer, Rewriter
from ferrauth.django.progress import Progress
from ferrauth.django.users import email_column

if TYPE_CHECKING:
    from argparse import ArgumentParser

BATCH = 1_000
"""Users a transaction."""

SHOWN = 20
"""Users that are named of each kind that is not imported; ``--json`` names all."""

KINDS = {
    "not_canonical": "have an address in another form than its canonical one",
    "collisions": "share an address",
    "no_address": "have no valid address",
    "empty": "have none",
}
"""Lists of the report, in words."""


class Command(BaseCommand):
    """Imports addresses, or rewrites the user model's own, and reports those that two users share."""

    help = (
        "Fill the table of e-mail addresses from a column of the user model, so that users who were there before "
        "ferrauth, or were written past Django, log in, and set a new password, by their address. No user's row is "
        "changed. A user that has a row is passed over, so the command may be stopped and started again. Addresses "
        "that two users share, in any spelling, and what is no address, are reported and not imported. With "
        "REGISTRATION 'verify' a user whose address is not verified cannot log in, so say which are. Where EMAIL_FIELD "
        "says that addresses are in the user model: report those that are not in their canonical form, in which "
        "ferrauth finds them; with --rewrite, write them so."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        verified = parser.add_mutually_exclusive_group()
        verified.add_argument("--verified", action="store_true", help="all addresses are verified")
        verified.add_argument("--unverified", action="store_true", help="none is")
        verified.add_argument("--verified-field", metavar="NAME", help="the user model's boolean that says so")
        parser.add_argument("--field", metavar="NAME", help="the column (default: the user model's EMAIL_FIELD)")
        parser.add_argument("--rewrite", action="store_true", help="where EMAIL_FIELD is set: write canonical forms")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="users a transaction (default: %(default)s)")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import or rewrite, and tell of it."""
        if options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        walk = _importer(options) if get_settings().email_field is None else _rewriter(options)
        progress = Progress(walk.total(), "users")
        try:
            for done in walk.run(batch=options["batch_size"]):
                progress.update(done)
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was written stays; run the command again to go on.")
        progress.close()
        self._tell(walk, as_json=options["json"])

    def _tell(self, walk: Importer | Rewriter, *, as_json: bool) -> None:
        found = {"collisions": walk.collisions, "no_address": walk.unfit, "empty": walk.empty}
        if isinstance(walk, Importer):
            name, count, done, would = "imported", walk.imported, "Imported", "Would import"
        else:
            found = {"not_canonical": walk.other, **found}
            name, count, done, would = "rewritten", walk.rewritten, "Rewrote", "Would rewrite"
            count = count if walk.write else len(walk.other)
        if as_json:
            self.stdout.write(json.dumps({name: count, "dry_run": not walk.write, **found}, indent=2))
            return
        self.stdout.write(f"{done if walk.write else would} {count:,} addresses.")
        for kind, users in found.items():
            if users:
                named = ", ".join(users[:SHOWN]) + (", ..." if len(users) > SHOWN else "")
                self.stdout.write(f"{len(users):,} users {KINDS[kind]}, by their keys: {named}")


def _importer(options: dict[str, Any]) -> Importer:
    flag = options["verified_field"]
    if not (flag or options["verified"] or options["unverified"]):
        raise CommandError("Say which addresses are verified: --verified, --unverified or --verified-field NAME.")
    if options["rewrite"]:
        raise CommandError("--rewrite is for projects with EMAIL_FIELD, whose user model has the addresses.")
    return Importer(
        column=_column(options["field"] or email_column(), "--field"),
        flag=_column(flag, "--verified-field") if flag else None,
        verified=options["verified"],
        write=not options["dry_run"],
    )


def _rewriter(options: dict[str, Any]) -> Rewriter:
    if any(options[name] for name in ("verified", "unverified", "verified_field", "field")):
        raise CommandError(
            "EMAIL_FIELD says that addresses are in the user model: there is nothing to import. Without options, those "
            "that are not in their canonical form are reported; with --rewrite, rewritten."
        )
    return Rewriter(column=_column(email_column(), "EMAIL_FIELD"), write=options["rewrite"] and not options["dry_run"])


def _column(name: str | None, option: str) -> str:
    model = get_user_model()
    try:
        field = model._meta.get_field(name or "")
    except FieldDoesNotExist:
        field = None
    if field is None or not field.concrete or field.is_relation:
        raise CommandError(f"{name!r} is no column of {model.__name__}. Say which one is: {option}.")
    return str(field.name)
