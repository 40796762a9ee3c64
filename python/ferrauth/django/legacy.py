"""simplejwt's and django-ninja-jwt's settings, as they stand in a project that moves from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.legacy import LegacyReader
from ferrauth.exceptions import InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["make_legacy_reader"]

SETTINGS = ("SIMPLE_JWT", "NINJA_JWT")
"""The dicts that the two packages are configured by."""


def make_legacy_reader() -> LegacyReader:
    """Return a reader of the tokens that this project signed with either package.

    Raises:
        ImproperlyConfigured: The package names users by another field than the primary key, its key is none that may
            verify, or another of its settings cannot be honoured.
    """
    given: Mapping[str, Any] = {}
    for name in SETTINGS:
        given = given or getattr(django_settings, name, {})
    if given.get("USER_ID_FIELD", "id") not in ("id", "pk", get_user_model()._meta.pk.name):
        raise ImproperlyConfigured("FERRAUTH: COMPAT reads tokens whose USER_ID_FIELD is the primary key, no others.")
    try:
        return LegacyReader(given, secrets=[django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS])
    except ConfigurationError as error:
        raise ImproperlyConfigured(f"FERRAUTH: {error}") from None
    except InvalidKeyError as error:
        raise ImproperlyConfigured(f"FERRAUTH: COMPAT cannot verify with the other package's key. {error}") from None
