"""A Django project with these users, on a database whose settings come as JSON on standard input.

Run as ``python -m tests.fastapi.members COMMAND``.
"""

from __future__ import annotations

import json
import sys

from django.conf import settings

from tests.django_settings import SECRET_KEY


def main() -> None:
    """Run one command."""
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        USE_TZ=True,
        DATABASES={"default": json.load(sys.stdin)},
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.admin",
            "django.contrib.messages",
            "tests.fastapi.members",
            "ferrauth.django",
        ],
        AUTH_USER_MODEL="members.Member",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    name, *options = sys.argv[1].split()
    if name == "users":
        for user in get_user_model().objects.all():
            print(user.username, *sorted(user.get_all_permissions()))
        return
    call_command(name, *options, verbosity=0 if name == "migrate" else 1)


if __name__ == "__main__":
    main()
