"""A database of users for the storm: ``python -m benches.storm.database COUNT ITERATIONS PASSWORD``."""

from __future__ import annotations

import sys


def main() -> None:
    """Migrate, and make users whose rows Django's own hasher would have written."""
    import django

    django.setup()
    from backend.users.models import User
    from django.core.management import call_command

    import ferrauth
    from benches.storm.clients import email

    count, iterations, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    call_command("migrate", verbosity=0)
    row = ferrauth.make_password(password, iterations=iterations)
    User.objects.bulk_create(User(email=email(number), password=row, is_email_verified=True) for number in range(count))


if __name__ == "__main__":
    main()
