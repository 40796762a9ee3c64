"""Django's settings as ferrauth reads them: one :class:`~ferrauth.accounts.settings.Settings` and its token issuer.

Both are made once, and anew when ``override_settings`` changes what they are made of.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from ferrauth.accounts import secrets
from ferrauth.accounts.checks import INSECURE_PREFIX, MAKE_A_SECRET
from ferrauth.accounts.core import configure_core
from ferrauth.accounts.policy import Policy
from ferrauth.accounts.settings import ConfigurationError, Settings
from ferrauth.exceptions import InvalidKeyError
from ferrauth.keys import KeyRing
from ferrauth.tokens import TokenIssuer

NEEDS_USE_TZ = "Sessions are kept in aware times, in UTC, and USE_TZ is off: nobody could log in."

SENDS_WITHIN_REQUESTS = (
    'OUTBOX_SENDER is "tasks", and the default backend of TASKS is ImmediateBackend, which runs them within the '
    "request: the time of an answer would tell who has an account."
)

TASKS_TO_PASTE = """Paste, and adapt:
    INSTALLED_APPS += ["django_tasks_db"]  # pip install django-tasks-db; python manage.py db_worker
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
Or set OUTBOX_SENDER to "thread"."""
"""One backend that has a worker."""

_SOURCES = frozenset({"FERRAUTH", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "SIMPLE_JWT", "NINJA_JWT", "USE_TZ"})


@cache
def get_settings() -> Settings:
    """Return the validated ``FERRAUTH`` settings.

    Raises:
        ImproperlyConfigured: A name is unknown or a value makes no sense.
    """
    try:
        return Settings.from_mapping(getattr(django_settings, "FERRAUTH", {}))
    except ConfigurationError as error:
        raise ImproperlyConfigured(f"FERRAUTH: {error}") from None


@cache
def get_issuer() -> TokenIssuer:
    """Return the issuer of this project's tokens.

    Its keys are ``FERRAUTH["KEYS"]``, else derived from SECRET_KEY, with SECRET_KEY_FALLBACKS still verified.

    Raises:
        ImproperlyConfigured: As for :func:`get_settings`, or SECRET_KEY is none that keys can be derived from.
    """
    settings = get_settings()
    return TokenIssuer(
        keys=settings.keys or _keys_from_secrets(),
        access_lifetime=settings.access_lifetime,
        refresh_lifetime=settings.refresh_idle_lifetime,
        issuer=settings.issuer,
        audience=settings.audience,
        leeway=settings.leeway,
    )


@cache
def get_policy() -> Policy:
    """Return what every flow of this project follows.

    Raises:
        ImproperlyConfigured: As for :func:`get_issuer`; or ``USE_TZ`` is off, and no session's times can be stored.
    """
    if not django_settings.USE_TZ:
        raise ImproperlyConfigured(NEEDS_USE_TZ)
    settings = get_settings()
    legacy = None
    if settings.compat == "simplejwt":
        from ferrauth.django.legacy import make_legacy_reader

        legacy = make_legacy_reader()
    return Policy(settings=settings, issuer=get_issuer(), legacy=legacy, secrets=_keys_from_secrets())


def login_name() -> str:
    """Return the field that logins name, where one has to be said: the user model's own, for all that mean it too."""
    name = get_settings().login_field
    return get_user_model().USERNAME_FIELD if name in (None, "either", "username") else str(name)


@cache
def get_counter_secret() -> bytes:
    """Return what the keys of counters are keyed with, so that they tell nobody an e-mail address."""
    return secrets.counter_secret(django_settings.SECRET_KEY)


@cache
def get_audit_secret() -> bytes:
    """Return what identifiers are hashed with for the audit."""
    return secrets.audit_secret(django_settings.SECRET_KEY)


def start() -> None:
    """Validate the settings when the process starts, and hand the core its share of them."""
    settings = get_settings()
    _check_user_filter(settings)
    configure_core(settings)
    setting_changed.connect(_on_setting_changed, dispatch_uid="ferrauth.conf")
    if settings.outbox_sender == "tasks":
        _check_tasks()
    if settings.compat is not None:
        get_policy()  # Reads the legacy package's settings, which may be ones that cannot be honoured.
    if not django_settings.DEBUG and settings.keys is None:
        _refuse_insecure_secret()


def sends_within_requests() -> bool:
    """Tell whether ``OUTBOX_SENDER = "tasks"`` would send within the request, by Django's own default backend.

    It runs a task where it is enqueued. So an answer would take as long as its mail, and tell who has an account (E01,
    E05, E07).
    """
    if get_settings().outbox_sender != "tasks" or find_spec("django.tasks") is None:
        return False
    from django.tasks import DEFAULT_TASK_BACKEND_ALIAS, task_backends
    from django.tasks.backends.immediate import ImmediateBackend

    return isinstance(task_backends[DEFAULT_TASK_BACKEND_ALIAS], ImmediateBackend)


def _check_tasks() -> None:
    if find_spec("django.tasks") is None:
        raise ImproperlyConfigured('FERRAUTH: OUTBOX_SENDER is "tasks", which Django has from version 6.0 on.')
    if not django_settings.DEBUG and sends_within_requests():
        raise ImproperlyConfigured(f"FERRAUTH: {SENDS_WITHIN_REQUESTS} {TASKS_TO_PASTE}")


def _check_user_filter(settings: Settings) -> None:
    model = get_user_model()
    for name in settings.user_filter:
        if not hasattr(model, name):
            raise ImproperlyConfigured(f"FERRAUTH: USER_FILTER: {name!r} is no field of {model.__name__}.")


def _refuse_insecure_secret() -> None:
    if django_settings.SECRET_KEY.startswith(INSECURE_PREFIX):
        raise ImproperlyConfigured(
            "SECRET_KEY is the one that startproject wrote, and ferrauth's signing keys would be derived from it. "
            f"Set a secret of your own, for example: {MAKE_A_SECRET}"
        )


def _keys_from_secrets() -> KeyRing:
    try:
        return KeyRing.from_secrets([django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS])
    except InvalidKeyError as error:
        raise ImproperlyConfigured(
            "SECRET_KEY, or one of SECRET_KEY_FALLBACKS, is no secret that signing keys could be derived from: "
            f"{error} Set another, for example: {MAKE_A_SECRET}"
        ) from None


def _on_setting_changed(*, setting: str, **kwargs: Any) -> None:  # noqa: ARG001
    if setting in _SOURCES:
        get_settings.cache_clear()
        get_issuer.cache_clear()
        get_policy.cache_clear()
        get_counter_secret.cache_clear()
        get_audit_secret.cache_clear()
        configure_core(get_settings())
