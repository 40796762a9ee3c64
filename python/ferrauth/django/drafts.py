"""A user that is about to register: its fields, and what is wrong with them. Nothing here asks who else there is."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError

from ferrauth.accounts.drafts import NAME_LENGTH, PRIVILEGES
from ferrauth.accounts.errors import InvalidInput
from ferrauth.accounts.sessions import UserRow
from ferrauth.django.conf import get_settings
from ferrauth.django.users import email_column

if TYPE_CHECKING:
    from ferrauth.accounts.account_effects import DraftUser

__all__ = ["draft_user", "unique_names"]


def draft_user(effect: DraftUser) -> UserRow:
    """Make a user that is not stored.

    Raises:
        InvalidInput: A field is unknown, one that nobody gives itself, or has a value that is none of its own.
    """
    model: Any = get_user_model()
    settings = get_settings()
    column = email_column()
    values: dict[str, Any] = {}
    errors: list[tuple[str, str]] = []
    for name, value in effect.fields.items():
        try:
            attribute, cleaned = _value(model, name, value)
        except ValidationError as error:
            errors.append((name, error.code or "invalid"))
        else:
            values[attribute] = cleaned
    if column is not None:
        values[column] = effect.canonical if settings.email_field else effect.address
    if model.USERNAME_FIELD not in values:
        values[model.USERNAME_FIELD] = _made_up(model)
    user = model(**values)
    given = {field.name for field in model._meta.concrete_fields if field.attname in values}
    refused = {name for name, _code in errors}
    errors += [(name, "required") for name in _missing(user) if name not in given | refused]
    try:
        user.clean_fields(exclude={field.name for field in model._meta.fields} - given | refused)
    except ValidationError as error:
        errors += [
            ("email" if name == column else name, one.code or "invalid")
            for name, found in error.error_dict.items()
            for one in found
        ]
    if errors:
        raise InvalidInput(tuple(errors))
    return UserRow(id="", password="", eligible=True, user=user)


def unique_names(user: Any) -> list[str]:
    """Return the fields, besides the key and the address, whose values another user may have taken."""
    others = (field for field in user._meta.concrete_fields if not field.primary_key and field.name != email_column())
    return [field.name for field in others if field.unique]


def _value(model: Any, name: str, value: object) -> tuple[str, Any]:
    settings = get_settings()
    refused = PRIVILEGES | {*settings.user_filter, email_column(), settings.email_verified_field}
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        raise ValidationError("", code="unknown") from None
    if name in refused or not field.concrete or field.many_to_many or field.primary_key or not field.editable:
        raise ValidationError("", code="unknown")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
            raise ValidationError("", code="invalid")  # No database takes them.
        if name == model.USERNAME_FIELD:
            value = model.normalize_username(value)
    return field.attname, field.to_python(value)


def _missing(user: Any) -> list[str]:
    """Return the fields without a value that the database would refuse, and so say that something is taken."""
    return [
        field.name
        for field in user._meta.concrete_fields
        if user.__dict__.get(field.attname, "") is None
        and not (field.null or field.blank or field.primary_key or field.name == "password")
    ]


def _made_up(model: Any) -> str:
    """Make up a name, which tells nothing and nobody has."""
    length = model._meta.get_field(model.USERNAME_FIELD).max_length or NAME_LENGTH
    return secrets.token_hex(NAME_LENGTH // 2)[: min(length, NAME_LENGTH)]
