"""Settings: what ``startproject`` writes, and ferrauth.

Environment:
    HTTP_TEST_DIR: The folder of the database and of the mails.
    HTTP_TEST_FERRAUTH: ``FERRAUTH``, as JSON.
    HTTP_TEST_INTERFACE: ``asgi`` or ``wsgi``, which decides whether the views are async.
    HTTP_TEST_ITERATIONS: Of a password hash; 1,000 by default.
    HTTP_TEST_LOG_LEVEL: ``DEBUG`` by default.
    HTTP_TEST_SMTP_PORT: Of a mail server on this machine; by default mails are files in the folder.
"""

import json
import os
from pathlib import Path

DIRECTORY = Path(os.environ["HTTP_TEST_DIR"])
INTERFACE = os.environ["HTTP_TEST_INTERFACE"]

SECRET_KEY = "a secret of the tests, which is long enough for every rule that there is"
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "tests.http.ninja_project.urls"
if INTERFACE == "asgi":
    ASGI_APPLICATION = "tests.http.ninja_project.asgi.application"
else:
    WSGI_APPLICATION = "tests.http.ninja_project.wsgi.application"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
INSTALLED_APPS += ["ferrauth.django"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DIRECTORY / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
            "timeout": 20,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["tests.http.ninja_project.hashers.CheapHasher"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(DIRECTORY / "mails")
if "HTTP_TEST_SMTP_PORT" in os.environ:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["HTTP_TEST_SMTP_PORT"])
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("HTTP_TEST_LOG_LEVEL", "DEBUG")},
}
FERRAUTH = json.loads(os.environ["HTTP_TEST_FERRAUTH"])
