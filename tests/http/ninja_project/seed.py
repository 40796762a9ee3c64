"""Migrate the database and fill it with the users that are on standard input, as JSON."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import django


def main() -> None:
    """Read users, each with ``email``, ``username``, ``password`` and ``is_active``, and store them."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import transaction

    from ferrauth.django.models import EmailAddress

    call_command("migrate", verbosity=0)
    model = get_user_model()
    now = datetime.now(UTC)
    with transaction.atomic():
        for fields in json.load(sys.stdin):
            user = model.objects.create_user(**fields)
            EmailAddress.objects.create(user=user, address=user.email, canonical=user.email, verified_at=now)


if __name__ == "__main__":
    main()
