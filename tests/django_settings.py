"""Settings of the Django tests that need no project of their own."""

import os
import tempfile
from pathlib import Path

from tests.mailing import HAS_MAILERS, mail_settings

SECRET_KEY = "a secret of the tests, which is long enough for every rule that there is"
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        # A file, as in production: threads that share a database in memory do not wait for each other's locks.
        "TEST": {"NAME": Path(tempfile.gettempdir()) / f"ferrauth-tests-{os.getpid()}.sqlite3"},
        "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"},
    }
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.admin",
    "django.contrib.messages",
    "django.contrib.sessions",
    "ferrauth.django",
    "rest_framework_simplejwt.token_blacklist",  # What a project that moves in has.
    "axes",  # What a project that counts failed logins has; it is off but in its own test.
]
PASSWORD_HASHERS = ["ferrauth.django.hashers.PBKDF2PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "tests.django_settings"
urlpatterns: list[object] = []
SIMPLE_JWT: dict[str, object] = {}
NINJA_JWT: dict[str, object] = {}
AXES_ENABLED = False
if HAS_MAILERS:
    MAILERS = mail_settings()["MAILERS"]
SILENCED_SYSTEM_CHECKS = ["axes.W001", "axes.W002", "axes.W003"]  # Axes without its middleware and its backend.
