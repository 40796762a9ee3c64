"""Which mail backend tests have: Django 6.1 names it in ``MAILERS``, and warns of the setting that did before."""

from __future__ import annotations

from typing import Any

import django

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"

HAS_MAILERS = django.VERSION >= (6, 1)


def mail_settings(backend: str = LOCMEM) -> dict[str, Any]:
    """Return the settings that make a backend the default one."""
    return {"MAILERS": {"default": {"BACKEND": backend}}} if HAS_MAILERS else {"EMAIL_BACKEND": backend}


def use_backend(settings: Any, backend: str = LOCMEM) -> None:
    """Make a backend the default one, by pytest-django's ``settings``."""
    for name, value in mail_settings(backend).items():
        setattr(settings, name, value)
