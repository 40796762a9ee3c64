"""Keeps addresses in step with the user model, wherever a project saves its users: the admin, a shell, a form.

What the user model's ``EMAIL_FIELD`` says is trusted, as Django's own password reset trusts it: whoever may write it
may say where a user's mail goes. ferrauth's own flows write the row themselves, and are passed over here.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.signals import post_save, pre_save

from ferrauth.accounts.audit import identifier_hash
from ferrauth.accounts.emails import Email, parse_email
from ferrauth.accounts.errors import InvalidInput
from ferrauth.django.conf import get_audit_secret, get_settings
from ferrauth.django.models import EmailAddress
from ferrauth.django.transactions import alias
from ferrauth.django.users import email_column, owner_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["connect", "own_save"]

logger = logging.getLogger("ferrauth.django")

STORED = "_ferrauth_stored_email"
"""What an instance is given between its two signals: the address that the database had."""

_own: ContextVar[Any] = ContextVar("ferrauth_own_save", default=None)


def connect() -> None:
    """Listen to saves of the user model, and of its proxies and children, which send signals of their own."""
    for model in apps.get_models():
        if issubclass(model, get_user_model()):
            pre_save.connect(_before, sender=model, dispatch_uid="ferrauth.addresses")
            post_save.connect(_after, sender=model, dispatch_uid="ferrauth.addresses")


@contextmanager
def own_save(user: Any) -> Iterator[None]:
    """Pass over what saves this user meanwhile, receivers of the project's own among it: its row is written here."""
    token = _own.set(user)
    try:
        yield
    finally:
        _own.reset(token)


def _before(*, instance: Any, raw: bool, using: str, update_fields: Any, **kwargs: Any) -> None:  # noqa: ARG001
    column = _column(raw=raw, using=using, update_fields=update_fields)
    if column is None:
        return
    if get_settings().email_field is not None:
        _write_canonically(instance, column, using=using)
    elif not instance._state.adding:
        stored = owner_of(column)._base_manager.using(using).filter(pk=instance.pk)
        instance.__dict__[STORED] = stored.values_list(column, flat=True).first()


def _after(*, instance: Any, created: bool, raw: bool, using: str, update_fields: Any, **kwargs: Any) -> None:  # noqa: ARG001
    column = _column(raw=raw, using=using, update_fields=update_fields)
    stored = instance.__dict__.pop(STORED, None)
    if column is None or get_settings().email_field is not None or _is_own(instance):
        return
    text = instance.__dict__.get(column)
    if text == stored and not created:
        return
    email = _parse(text)
    if email is not None:
        _store(instance.pk, email, created=created, using=using)


def _column(*, raw: bool, using: str, update_fields: Any) -> str | None:
    """Return the column of addresses, where this save may have changed it in the database that they are kept in."""
    if raw or using != alias():
        return None
    column = email_column()
    return None if update_fields is not None and column not in update_fields else column


def _is_own(instance: Any) -> bool:
    own = _own.get()
    return own is not None and own.pk == instance.pk


def _store(user_id: Any, email: Email, *, created: bool, using: str) -> None:
    """Give a user its row, or move the one that it has. A user's save does not fail because this does."""
    rows = EmailAddress._base_manager.using(using)
    values = {"address": email.address, "canonical": email.canonical, "verified_at": datetime.now(UTC)}
    try:
        with transaction.atomic(using=using):
            mine = rows.filter(user_id=user_id)
            # The same address in another spelling is as verified as it was.
            if not created and mine.filter(canonical=email.canonical).update(address=email.address):
                return
            if created or not mine.update(**values):
                rows.create(user_id=user_id, **values)
    except IntegrityError:
        _tell_of_collision(user_id, email)
    except DatabaseError as error:
        # Its words may quote the address. There may be no such table, in a project that uses the hasher alone.
        name = type(error).__name__
        logger.warning("The e-mail address of user %s could not be kept (%s): run import_emails.", user_id, name)


def _write_canonically(user: Any, column: str, *, using: str) -> None:
    """Have the user model's own column hold the form that is unique, unless another user has it."""
    text = user.__dict__.get(column)
    email = _parse(text)
    if email is None or email.canonical == text:
        return
    others = owner_of(column)._base_manager.using(using).filter(**{column: email.canonical}).exclude(pk=user.pk)
    if others.exists():
        _tell_of_collision(user.pk, email)
    else:
        setattr(user, column, email.canonical)


def _tell_of_collision(user_id: Any, email: Email) -> None:
    digest = identifier_hash(get_audit_secret(), email.canonical)
    logger.warning(
        "The e-mail address of user %s is another user's, who keeps it; its identifier_hash is %s.", user_id, digest
    )


def _parse(text: Any) -> Email | None:
    """Read an address; ``None`` is for what is none, which leaves everything as it was."""
    try:
        return parse_email(text) if isinstance(text, str) else None
    except InvalidInput:
        return None
