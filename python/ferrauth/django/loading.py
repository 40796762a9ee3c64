"""Users out of a file, in bulk: each line is made a user, or refused with its number."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import Error, router, transaction

from ferrauth import _core
from ferrauth.accounts.passwords import MAX_PASSWORD
from ferrauth.django.passwords import is_known
from ferrauth.passwords import UNUSABLE_PREFIX, make_passwords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["BadFile", "Line", "Loader", "read_csv", "read_json_lines"]

PASSWORD, ENCODED = "password", "encoded"
"""The names of the two columns that are no fields: a plain password, or a row as Django stores it."""


class BadFile(Exception):
    """The file as a whole cannot be read."""


class Line(NamedTuple):
    """A line of the file."""

    number: int
    """Counted from 1, as editors do."""
    values: dict[str, Any] | None
    """``None`` where it could not be read."""


def read_csv(lines: Iterable[str]) -> Iterator[Line]:
    """Read CSV with a header line (RFC 4180).

    Raises:
        BadFile: There is no header, or a name is in it twice.
    """
    rows = csv.reader(lines, strict=True)
    try:
        header = next(rows)
    except (StopIteration, csv.Error):
        raise BadFile("The file has no header line.") from None
    if len(set(header)) != len(header):
        raise BadFile("The header names a column twice.")
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield Line(number, None)
            continue
        if row:
            yield Line(number, dict(zip(header, row, strict=True)) if len(row) == len(header) else None)


def read_json_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Read one JSON object a line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):  # The second of a line that is nested without end.
            values = None
        yield Line(number, values if isinstance(values, dict) else None)


@dataclass
class Loader:
    """Makes users in bulk. What is wrong with a line is told without its values: one of them is a password."""

    batch: int
    loaded: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Line numbers, and why."""

    def load(self, lines: Iterable[Line]) -> Iterator[int]:
        """Load lines, and yield how many have been dealt with after each batch."""
        waiting: list[tuple[int, Any, str | None]] = []
        for line in lines:
            try:
                waiting.append((line.number, *_user(line.values)))
            except ValidationError as error:
                self.refused.append((line.number, "; ".join(_messages(error))))
            if len(waiting) >= self.batch:
                self._create(waiting)
                waiting = []
                yield self.loaded + len(self.refused)
        if waiting:
            self._create(waiting)
        yield self.loaded + len(self.refused)

    def _create(self, waiting: list[tuple[int, Any, str | None]]) -> None:
        plain = [(user, password) for _, user, password in waiting if password is not None]
        for (user, _), row in zip(plain, _encode([password for _, password in plain]), strict=True):
            user.password = row
        users = get_user_model()._base_manager.using(_database())
        try:
            with transaction.atomic(using=_database()):
                users.bulk_create([user for _, user, _ in waiting])
        except (Error, ValueError):
            # One of them is refused by the database: then each for itself, so that the rest goes on.
            for number, user, _ in waiting:
                self._create_one(number, user)
        else:
            self.loaded += len(waiting)

    def _create_one(self, number: int, user: Any) -> None:
        try:
            with transaction.atomic(using=_database()):
                user.save(force_insert=True, using=_database())
        except (Error, ValueError) as error:
            # The database's own words quote values.
            self.refused.append((number, f"the database refused it ({type(error).__name__})"))
        else:
            self.loaded += 1


def _user(values: dict[str, Any] | None) -> tuple[Any, str | None]:
    """Make a user that is not saved, and return it with its plain password, if that is what the line has."""
    if values is None:
        raise ValidationError("it cannot be read")
    fields = dict(values)
    password, encoded = fields.pop(PASSWORD, None) or None, fields.pop(ENCODED, None) or None
    if (password is None) == (encoded is None):
        raise ValidationError(f"it needs either {PASSWORD!r} or {ENCODED!r}")
    model: Any = get_user_model()
    user = model(**dict(_attribute(model, name, value) for name, value in fields.items()))
    user.password = UNUSABLE_PREFIX if encoded is None else _encoded(encoded)
    user.clean_fields(exclude=["password"] if encoded is None else [])
    user.clean()  # Writes name and address in the one spelling that Django's login form looks for.
    return user, None if password is None else _plain(password)


def _attribute(model: Any, name: str, value: Any) -> tuple[str, Any]:
    """Return what a column sets on the model; for a foreign key that is the key it holds."""
    try:
        model_field = model._meta.get_field(name)
    except FieldDoesNotExist:
        raise ValidationError(f"{name!r} is no field of {model.__name__}") from None
    if not model_field.concrete or model_field.many_to_many:
        raise ValidationError(f"{name!r} cannot be loaded from a file")
    try:
        return model_field.attname, model_field.to_python(value)
    except (TypeError, ValueError, OverflowError):
        # Fields expect text, and some fail on a number or a list of JSON's. The exception would quote the value.
        raise ValidationError(f"{name!r} is of another kind than the field") from None


def _plain(password: Any) -> str:
    if not isinstance(password, str):
        raise ValidationError(f"{PASSWORD!r} must be text")
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise ValidationError(f"{PASSWORD!r} holds a lone surrogate, which is not text") from None
    if size > MAX_PASSWORD:
        raise ValidationError(f"{PASSWORD!r} is longer than {MAX_PASSWORD:,} bytes")
    return password


def _encoded(encoded: Any) -> str:
    if not isinstance(encoded, str):
        raise ValidationError(f"{ENCODED!r} must be text")
    if encoded.startswith(UNUSABLE_PREFIX):
        return encoded
    try:
        known = is_known(identify_hasher(encoded))
    except ValueError:
        raise ValidationError(f"{ENCODED!r} is of a format that PASSWORD_HASHERS does not list") from None
    if known and _core.work_of(encoded) is None:
        raise ValidationError(f"{ENCODED!r} is malformed, or costlier than this project accepts")
    return encoded


def _encode(passwords: list[str]) -> list[str]:
    preferred: Any = get_hasher()
    if is_known(preferred) and preferred.algorithm == "pbkdf2_sha256":
        return make_passwords(passwords, iterations=preferred.iterations)
    return [make_password(password) for password in passwords]


def _messages(error: ValidationError) -> list[str]:
    """Say which field is wrong and how, without the value that it has."""
    if not hasattr(error, "error_dict"):
        return [_worded(one) for one in error.error_list]
    return [f"{name}: {_worded(one)}" for name, errors in error.error_dict.items() for one in errors]


def _worded(error: ValidationError) -> str:
    if not error.params:
        return str(error.message)
    # The message may be one that waits for its parameters to choose between singular and plural.
    message: Any = error.message
    return str(message % {**error.params, "value": "the value"})


def _database() -> str:
    return router.db_for_write(get_user_model())
