"""The words of a letter: templates that a project may override, through Django's mail API."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.template import TemplateDoesNotExist
from django.template.backends.django import DjangoTemplates
from django.template.loader import get_template
from django.utils import translation

if TYPE_CHECKING:
    from ferrauth.accounts.letters import Letter

__all__ = ["send"]

TEMPLATES = Path(__file__).parent / "templates"

MINUTES_AN_HOUR = 60


def send(letter: Letter, *, language: str) -> None:
    """Write a letter and send it.

    Args:
        letter: What it says.
        language: The language's code; empty is the project's.
    """
    minutes = letter.lifetime // 60
    context = {
        "link": letter.link,
        "token": letter.token,
        "address": letter.to,
        "user": letter.account.user.user if letter.account is not None else None,
        "minutes": minutes if minutes < 2 * MINUTES_AN_HOUR else 0,
        "hours": minutes // MINUTES_AN_HOUR,
    }
    with translation.override(language or settings.LANGUAGE_CODE):
        subject, text, html = (
            _render(f"ferrauth/mail/{letter.mail}{end}", context) for end in ("_subject.txt", ".txt", ".html")
        )
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text,
        to=[letter.to],
        headers={"Auto-Submitted": "auto-generated"},  # So that no out-of-office note answers (RFC 3834, section 5).
    )
    mail.attach_alternative(html, "text/html")
    mail.send()


def _render(name: str, context: dict[str, Any]) -> str:
    try:
        template: Any = get_template(name)
    except (TemplateDoesNotExist, ImproperlyConfigured):
        # A project that is an API alone may have no template engine, or one that looks into no application.
        template = _engine().get_template(name)
    return str(template.render(context))


@cache
def _engine() -> DjangoTemplates:
    return DjangoTemplates({"NAME": "ferrauth", "DIRS": [str(TEMPLATES)], "APP_DIRS": False, "OPTIONS": {}})
