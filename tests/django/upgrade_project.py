"""A project for one process of ``password_upgrade``, on the database that standard input names."""

from __future__ import annotations

import json
import sys

from django.conf import settings

ITERATIONS = 20_000
HASHERS = ["PBKDF2", "PBKDF2WrappedMD5", "MD5"]

if __name__ == "__main__":
    settings.configure(
        SECRET_KEY="a secret of the tests, which is long enough for every rule that there is",
        USE_TZ=True,
        DATABASES={"default": json.load(sys.stdin)},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "ferrauth.django"],
        PASSWORD_HASHERS=[f"ferrauth.django.hashers.{name}PasswordHasher" for name in HASHERS],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    import django

    django.setup()
    from django.core.management import call_command

    print("started", flush=True)
    call_command("password_upgrade", "--iterations", str(ITERATIONS), "--batch-size", "5")
