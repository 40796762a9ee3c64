"""Settings of the example. Production is the default; ``DJANGO_DEBUG=1`` asks for development.

Environment:
    DJANGO_DEBUG: ``1`` for development on this machine.
    DJANGO_SECRET_KEY: Needed in production, and there is no default. In development a random one is kept in
        DJANGO_DATA_DIR.
    DJANGO_ALLOWED_HOSTS: Needed in production: host names, separated by commas.
    DJANGO_SITE_URL: Needed in production: where people reach the page, for the links in mails.
    DJANGO_BEHIND_TLS_PROXY: ``1`` where a proxy ends TLS and always sets or strips ``X-Forwarded-Proto``.
    DJANGO_REDIS_URL: Needed in production: the cache, where login attempts are counted for all processes. In
        development each process counts for itself without it.
    DJANGO_DATABASE_URL: Needed in production: ``postgresql://user:password@host:port/name``. In development there is a
        SQLite file in DJANGO_DATA_DIR without it.
    DJANGO_DATA_DIR: Folder of what the application writes. Default: ``var`` beside ``manage.py``.
    DJANGO_STATIC_ROOT: Folder that ``collectstatic`` fills and the web server serves. Default: ``static`` in
        DJANGO_DATA_DIR.
    DJANGO_EMAIL_HOST, DJANGO_EMAIL_PORT, DJANGO_DEFAULT_FROM_EMAIL: Needed in production: the mail server, and whom
        mails are from. In development mails are files in DJANGO_DATA_DIR, which the page shows.
    DJANGO_EMAIL_HOST_USER, DJANGO_EMAIL_HOST_PASSWORD: Where the mail server wants a login, both; over TLS alone.
    DJANGO_INTERFACE: ``wsgi`` makes views that are sync. ``backend.config.wsgi`` sets it by itself.
"""

import os
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from backend.config.database import database, sqlite
from backend.config.secret_key import development_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("DJANGO_DATA_DIR", BASE_DIR / "var"))
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = os.environ.get("DJANGO_DEBUG") == "1"

MAX_PORT = 65_535
SMTPS_PORT = 465
"""The port on which TLS comes first (RFC 8314, section 3.3); on others it is asked for (RFC 3207)."""


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. (For development, set DJANGO_DEBUG=1.)")
    return value


def _required_port(name: str) -> int:
    text = _required(name)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PORT):
        raise ImproperlyConfigured(f"{name} is no port: a whole number from 1 to {MAX_PORT}.")
    return int(text)


if DEBUG:
    SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or development_secret_key(DATA_DIR / "secret_key")
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    SITE_URL = os.environ.get("DJANGO_SITE_URL", "http://127.0.0.1:8000")
    REDIS_URL = os.environ.get("DJANGO_REDIS_URL", "")
else:
    SECRET_KEY = _required("DJANGO_SECRET_KEY")
    ALLOWED_HOSTS = [host.strip() for host in _required("DJANGO_ALLOWED_HOSTS").split(",")]
    SITE_URL = _required("DJANGO_SITE_URL")
    REDIS_URL = _required("DJANGO_REDIS_URL")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",  # Serves the API page's scripts from here; without it the page loads them from a CDN.
    "ferrauth.django",
    "backend.users",
    "backend.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "backend.config.urls"
# The one that serves: make_router() makes its views to fit. Async ones under WSGI would start an event loop each time.
IS_WSGI = os.environ.get("DJANGO_INTERFACE") == "wsgi"
if IS_WSGI:
    WSGI_APPLICATION = "backend.config.wsgi.application"
else:
    ASGI_APPLICATION = "backend.config.asgi.application"

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

if DEBUG and not os.environ.get("DJANGO_DATABASE_URL"):
    DATABASES = {"default": sqlite(DATA_DIR / "db.sqlite3")}
else:
    DATABASES = {"default": database(_required("DJANGO_DATABASE_URL"))}
# A thread of a WSGI server keeps its connection, for less time than firewalls and balancers forget one after. Under
# ASGI each request has a thread of its own, and a connection that it kept would be in nobody's hands.
DATABASES["default"] |= {"CONN_MAX_AGE": 60 if IS_WSGI else 0, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
# Django's default list, each line replaced: rows of every format are read, and need no other package. No stock hasher
# is listed beside ours: of two of one algorithm name, Django verifies with the later one (system check ferrauth.W001).
PASSWORD_HASHERS = [
    "ferrauth.django.hashers.PBKDF2PasswordHasher",
    "ferrauth.django.hashers.PBKDF2SHA1PasswordHasher",
    "ferrauth.django.hashers.Argon2PasswordHasher",
    "ferrauth.django.hashers.BCryptSHA256PasswordHasher",
    "ferrauth.django.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
FERRAUTH: dict[str, object] = {
    # In development a minute, so that the page can be watched renewing it.
    "ACCESS_LIFETIME": timedelta(minutes=1 if DEBUG else 5),
    # Out of reach of the page's scripts.
    "REFRESH_COOKIE": True,
    # The token is behind the "#": no browser sends that to a server, or tells it the next page.
    "BASE_URLS": {kind: f"{SITE_URL}/#{kind}={{token}}" for kind in ("verify", "reset")},
    "USER_FILTER": {"is_active": True, "is_deleted": False},
    # The user has its own unique address and its own mark, so no table of ferrauth's is asked.
    "EMAIL_FIELD": "email",
    "EMAIL_VERIFIED_FIELD": "is_email_verified",
}
if REDIS_URL:
    # ferrauth counts attempts in the Redis of the default cache, by a client and a script of its own.
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    FERRAUTH["THROTTLE_BACKEND"] = "local"
if DEBUG:
    # On a development machine everybody is one address: who plays `make demo`, then signs up on the page, and again.
    # What an account and a guess are held to stays as it is in production.
    FERRAUTH["LIMITS"] = {action: {"address": "300/h"} for action in ("register", "reset", "verify")}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

if DEBUG:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "outbox"
    DEFAULT_FROM_EMAIL = "accounts@localhost"
else:
    EMAIL_HOST = _required("DJANGO_EMAIL_HOST")
    EMAIL_PORT = _required_port("DJANGO_EMAIL_PORT")
    EMAIL_HOST_USER = os.environ.get("DJANGO_EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = _required("DJANGO_EMAIL_HOST_PASSWORD") if EMAIL_HOST_USER else ""
    EMAIL_USE_SSL = EMAIL_PORT == SMTPS_PORT
    # A password goes over TLS or not at all.
    EMAIL_USE_TLS = bool(EMAIL_HOST_USER) and not EMAIL_USE_SSL
    DEFAULT_FROM_EMAIL = SERVER_EMAIL = _required("DJANGO_DEFAULT_FROM_EMAIL")
EMAIL_TIMEOUT = 10

# Every line is a JSON object. The audit is apart, on the standard output, and holds no secret: identifiers are keyed
# hashes, and ferrauth logs no password, hash or token.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "backend.config.logs.JsonLines"}},
    "handlers": {
        "audit": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"},
        "errors": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"},
    },
    "root": {"handlers": ["errors"], "level": "WARNING"},
    "loggers": {
        # In place of Django's own handlers, of which production has only the one that mails.
        "django": {"handlers": ["errors"], "level": "INFO", "propagate": False},
        "ferrauth.audit": {"handlers": ["audit"], "level": "INFO", "propagate": False},
    },
}

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("DJANGO_STATIC_ROOT", DATA_DIR / "static"))

# The page and the API have one origin, so there is nothing to allow to another: no response has an
# Access-Control-Allow-Origin header, and a browser keeps answers from the scripts of other sites.
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = True
    # A preload list is hard to leave again: joining it is for the owner of the domain to decide.
    SILENCED_SYSTEM_CHECKS = ["security.W021"]
    if os.environ.get("DJANGO_BEHIND_TLS_PROXY") == "1":
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        FERRAUTH["TRUSTED_PROXIES"] = 1
