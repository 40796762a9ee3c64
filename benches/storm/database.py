"""A database of users for the storm: ``python -m benches.storm.database PASSWORD COUNT:ITERATIONS [...]``."""

from __future__ import annotations

import sys
from pathlib import Path


def command(password: str, *users: tuple[int, int]) -> list[str]:
    """Return how a database is made.

    Args:
        password: Everyone's.
        users: How many, and the iterations of their rows; numbered from the first on.
    """
    return [
        sys.executable,
        "-m",
        f"benches.storm.{Path(__file__).stem}",
        password,
        *(f"{n}:{cost}" for n, cost in users),
    ]


def main() -> None:
    """Migrate, and make users whose rows Django's own hasher would have written."""
    import django

    django.setup()
    from backend.users.models import User
    from django.core.management import call_command

    import ferrauth
    from benches.storm.clients import email

    password, *groups = sys.argv[1:]
    call_command("migrate", verbosity=0)
    for group in groups:
        count, iterations = map(int, group.split(":"))
        row = ferrauth.make_password(password, iterations=iterations)
        first = User.objects.count()
        User.objects.bulk_create(
            User(email=email(number), password=row, is_email_verified=True) for number in range(first, first + count)
        )


if __name__ == "__main__":
    main()
