"""``manage.py send_outbox``: send the mails that wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connections

from ferrauth.django.outbox import Sent, send_due

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Sends what is due, once or again and again."""

    help = (
        "Send the mails of registrations, verifications and password resets that wait in the outbox. Any number may "
        "run at once, also beside the web processes' own threads: each mail is claimed before it is sent. A mail that "
        "fails is tried again, each time after a longer wait, and given up after an hour."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--loop", type=float, metavar="SECONDS", help="go on, and look again every so many seconds")
        parser.add_argument("--limit", type=int, help="send so many at most, then stop")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Send, and tell of it."""
        pause, limit = options["loop"], options["limit"]
        if pause is not None and not pause > 0:
            raise CommandError("--loop must be more than 0 seconds.")
        if limit is not None and (limit < 1 or pause is not None):
            raise CommandError("--limit must be at least 1, and is for one run.")
        if pause is None:
            self._tell(send_due(limit=limit))
            return
        try:
            while True:
                self._round()
                time.sleep(pause)
        except KeyboardInterrupt:
            self.stderr.write("Stopped.")

    def _round(self) -> None:
        """Send once; a database that is away for a while does not end the loop."""
        try:
            sent = send_due()
        except Error as error:
            self.stderr.write(f"The outbox could not be read ({type(error).__name__}).")
            connections.close_all()
        else:
            if sent.sent or sent.failed:
                self._tell(sent)

    def _tell(self, sent: Sent) -> None:
        self.stdout.write(f"Sent {sent.sent:,}, failed {sent.failed:,}, nothing to send for {sent.empty:,}.")
