"""The statements of registration and of e-mail addresses, each with its row of the outbox in one transaction."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction

from ferrauth.accounts.account_effects import ConfirmAddress, CreateAccount, Created, Creation, MoveAddress
from ferrauth.django.conf import get_settings
from ferrauth.django.drafts import unique_names
from ferrauth.django.models import EmailAddress
from ferrauth.django.outbox import insert
from ferrauth.django.receivers import own_save
from ferrauth.django.transactions import alias, retried
from ferrauth.django.users import email_column, key, owner_of, user_row

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = ["confirm_address", "create_account", "move_address", "prove"]


def create_account(effect: CreateAccount) -> Created:
    """Insert a user with its address, unless one of its unique values is taken, and the outbox row of what came of it.

    Receivers of the user model's ``post_save`` run before it is known whether the address is free.
    """
    return retried(lambda: _create_account(effect))


def _create_account(effect: CreateAccount) -> Created:
    # A copy, since an insert that fails may leave its key in the object.
    user: Any = copy.copy(effect.user.user)
    user.password = effect.encoded
    with transaction.atomic(using=alias()):
        creation = _insert_user(user, effect)
        insert(effect.messages[creation], now=effect.now)
    if creation is not Creation.CREATED:
        return Created(creation)
    return Created(creation, user_row(user, eligible=True))


def _insert_user(user: Any, effect: CreateAccount) -> Creation:
    """Try to insert, and say what came of it, by as many statements whatever that is.

    So the savepoint is made by hand: that of ``atomic()`` takes one statement to keep and two to give up.
    """
    own = get_settings().email_field is not None
    connection = connections[alias()]
    savepoint: Any = connection.savepoint()
    inserted = failed = False
    try:
        with own_save(user):
            user.save(force_insert=True, using=alias())
        inserted = True
        if not own:
            _addresses().create(user_id=user.pk, address=effect.address, canonical=effect.canonical)
    except (IntegrityError, ValidationError):
        # A model whose save() validates says there what the database would have said; the rest was validated before.
        failed = True
        connection.set_rollback(False)
        connection.savepoint_rollback(savepoint)
    else:
        connection.savepoint_commit(savepoint)
    # In the table of addresses the second insert says that it was the address. Where there is one insert only, or it
    # was the first, that is asked: the one statement more stands for the insert that was not made.
    known = _is_known(effect.address, effect.canonical) if own or not inserted else failed
    if not failed:
        return Creation.CREATED
    return Creation.EMAIL_TAKEN if known or not unique_names(user) else Creation.NAME_TAKEN


def confirm_address(effect: ConfirmAddress) -> bool:
    """Mark an address verified, if it is the user's and is not."""
    return retried(lambda: prove(effect.user_id, effect.canonical, now=effect.now))


def prove(user_id: str, canonical: str, *, now: datetime) -> bool:
    """Mark an address verified in the caller's transaction, and tell whether it was the user's and was not."""
    settings = get_settings()
    if settings.email_field is None:
        found = _addresses().filter(user_id=key(user_id), canonical=canonical, verified_at__isnull=True)
        return found.update(verified_at=now) == 1
    flag = str(settings.email_verified_field)
    conditions = {settings.email_field: canonical, flag: False}
    changed: int = _users(flag).filter(pk=key(user_id), **conditions).update(**{flag: True})
    return changed == 1


def move_address(effect: MoveAddress) -> bool:
    """Give a user another address, and tell the old one, in one transaction."""
    try:
        return retried(lambda: _move_address(effect))
    except IntegrityError:
        return False


def _move_address(effect: MoveAddress) -> bool:
    settings, column = get_settings(), email_column()
    with transaction.atomic(using=alias()):
        if settings.email_field is not None:
            flag = str(settings.email_verified_field)
            changes = {settings.email_field: effect.canonical, flag: True}
            found = _users(flag).filter(pk=key(effect.user_id), **{settings.email_field: effect.leaves})
            moved: bool = found.update(**changes) == 1
        else:
            moved = _move_row(effect)
            if moved and column is not None:
                _users(column).filter(pk=key(effect.user_id)).update(**{column: effect.address})
        if moved and effect.notice is not None:
            insert(effect.notice, now=effect.now)
    return moved


def _move_row(effect: MoveAddress) -> bool:
    columns = {"address": effect.address, "canonical": effect.canonical, "verified_at": effect.now}
    if not effect.leaves:
        _addresses().create(user_id=key(effect.user_id), **columns)
        return True
    return _addresses().filter(user_id=key(effect.user_id), canonical=effect.leaves).update(**columns) == 1


def _is_known(address: str, canonical: str) -> bool:
    own = get_settings().email_field
    if own is not None:
        return bool(_users(own).filter(**{own: canonical}).exists())
    column = email_column()
    if column is not None and getattr(get_user_model()._meta.get_field(column), "unique", False):
        # The user model's own column refuses the same address too, and knows those that are not imported yet.
        return bool(_users(column).filter(**{column: address}).exists())
    return _addresses().filter(canonical=canonical).exists()


def _addresses() -> QuerySet[EmailAddress]:
    return EmailAddress._base_manager.using(alias())


def _users(column: str) -> Any:
    return owner_of(column)._base_manager.using(alias())
