"""Migrate the database and fill it with the users that are on standard input, as JSON."""

from __future__ import annotations

import json
import sys

import django


def main() -> None:
    """Read users, each with ``email``, ``username``, ``password`` and ``is_active``, and store them."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        for fields in json.load(sys.stdin):
            get_user_model().objects.create_user(**fields)


if __name__ == "__main__":
    main()
