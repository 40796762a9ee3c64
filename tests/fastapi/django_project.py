"""A Django project in a process of its own, on a database whose settings come as JSON on standard input.

Run as ``python -m tests.fastapi.django_project APPS COMMAND``.
"""

from __future__ import annotations

import json
import sys

from django.conf import settings

from tests.django_settings import SECRET_KEY


def main() -> None:
    """Run one command."""
    apps, command = sys.argv[1:3]
    custom = apps != "default"
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        USE_TZ=True,
        DATABASES={"default": json.load(sys.stdin)},
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            *(["tests.sessions.user_models"] if custom else ["django.contrib.auth", "django.contrib.admin"]),
            "django.contrib.messages",
            "django.contrib.sessions",
            "ferrauth.django",
        ],
        PASSWORD_HASHERS=["ferrauth.django.hashers.PBKDF2PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        **({"AUTH_USER_MODEL": f"user_models.{apps}"} if custom else {}),
    )
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    if command == "users":
        print(*get_user_model().objects.values_list("username", flat=True))
        return
    name, *options = command.split()
    call_command(name, *options, *(["--run-syncdb"] if custom else []), verbosity=0 if name == "migrate" else 1)


if __name__ == "__main__":
    main()
