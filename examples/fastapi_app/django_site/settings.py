"""The Django project that owns the database: the admin, and an API of Django Ninja's. For development.

Environment:
    DJANGO_SECRET_KEY: Needed. The FastAPI application has the same as ``FERRAUTH_SECRET_KEY``.
    DATA_DIR: Folder of the SQLite database. Default: ``var`` beside ``manage.py``.
"""

import os
from pathlib import Path

DATA_DIR = Path(os.environ.get("DATA_DIR", Path(__file__).resolve().parent.parent / "var"))
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = True
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ferrauth.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "django_site.urls"
ASGI_APPLICATION = "django_site.asgi.application"
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
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django_site.hashers.PBKDF2PasswordHasher"]  # At the cost that the FastAPI application has.
AUTH_PASSWORD_VALIDATORS = [  # What the FastAPI application has by default.
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["ferrauth.django.backends.FerrauthBackend"]
FERRAUTH = {"REGISTRATION": "immediate", "THROTTLE_BACKEND": "local", "OUTBOX_SENDER": "command"}
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
USE_TZ = True
STATIC_URL = "static/"
