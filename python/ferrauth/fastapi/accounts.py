"""The statements of registration and of e-mail addresses, each with its row of the outbox in one transaction.

The same as ``ferrauth.django.emails`` and ``drafts``: the unique key of the canonical address decides between two at
once, and a registration takes as many statements whatever comes of it.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, insert, inspect, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from ferrauth.accounts.account_effects import Created, Creation
from ferrauth.accounts.drafts import NAME_LENGTH, PRIVILEGES
from ferrauth.accounts.errors import InvalidInput
from ferrauth.accounts.sessions import UserRow
from ferrauth.accounts.transactions import sqlstate
from ferrauth.fastapi.backend import execute, is_storable
from ferrauth.fastapi.models import OutboxMessage
from ferrauth.fastapi.users import user_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from ferrauth.accounts.account_effects import (
        ConfirmAddress,
        CreateAccount,
        DraftUser,
        Message,
        MoveAddress,
    )
    from ferrauth.fastapi.backend import Backend

__all__ = ["Accounts"]

USERNAME = re.compile(r"[\w.@+-]+")
"""What a ``username`` may be made of (Django's ``UnicodeUsernameValidator``)."""


UNFIT = frozenset({"23502", "23514", "SQLITE_CONSTRAINT_NOTNULL", "SQLITE_CONSTRAINT_CHECK"})
"""What PostgreSQL (appendix A) and SQLite (result codes) call a value that is missing, and one that a table forbids."""


class Accounts:
    """The statements of one backend. Each method runs in the session that it is given."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._settings = backend.settings
        self._emails = backend.emails.__table__
        self._columns = inspect(backend.users).columns
        self._unique = [
            column.key
            for column in self._columns
            if column.unique and not column.primary_key and column.key != backend.email_column
        ]

    def draft_user(self, effect: DraftUser) -> UserRow:
        """Make a user that is not stored.

        Raises:
            InvalidInput: A field is unknown, one that nobody gives itself, or has a value that is none of its own.
        """
        backend, settings = self._backend, self._settings
        errors = [(name, code) for name, value in effect.fields.items() if (code := self._refused(name, value))]
        if errors:
            raise InvalidInput(tuple(errors))
        values = dict(effect.fields)
        if backend.email_column is not None:
            values[backend.email_column] = effect.canonical if settings.email_field else effect.address
        name = backend.username_field
        if name in values:
            values[name] = unicodedata.normalize("NFKC", str(values[name]))
        else:
            length = getattr(self._columns[name].type, "length", None) or NAME_LENGTH
            values[name] = secrets.token_hex(NAME_LENGTH // 2)[: min(length, NAME_LENGTH)]
        return UserRow(id="", password="", eligible=True, user=backend.users(**values))

    def _refused(self, name: str, value: object) -> str | None:
        """Return what is wrong with a field of a registration."""
        backend, settings = self._backend, self._settings
        refused = PRIVILEGES | {*settings.user_filter, backend.email_column, settings.email_verified_field}
        if name in refused or name not in self._columns or self._columns[name].primary_key:
            return "unknown"
        kind = self._columns[name].type
        if value is None:
            return None if self._columns[name].nullable else "null"
        if not isinstance(value, kind.python_type):
            return "invalid"
        if isinstance(kind, String) and isinstance(value, str):
            if kind.length is not None and len(value) > kind.length:
                return "max_length"
            if not is_storable(value) or (name == "username" and USERNAME.fullmatch(value) is None):
                return "invalid"
        return None

    async def create_account(self, session: AsyncSession, effect: CreateAccount) -> Created:
        """Insert a user with its address, unless one of its unique values is taken, and the outbox row of what came
        of it.

        Raises:
            IntegrityError: A column has no value that must have one, or one that the table forbids: it is not the
                table that the models say.
        """
        draft: Any = effect.user.user
        given = inspect(draft).dict
        # A new object, since an insert that fails may leave its key in it.
        user = self._backend.users(**{key: given[key] for key in self._columns.keys() if key in given})  # noqa: SIM118
        user.password = effect.encoded
        creation = await self._insert_user(session, user, effect)
        await self.enqueue(session, effect.messages[creation], now=effect.now)
        if creation is not Creation.CREATED:
            return Created(creation)
        return Created(creation, user_row(user, effect.encoded, eligible=True))

    async def _insert_user(self, session: AsyncSession, user: Any, effect: CreateAccount) -> Creation:
        own = self._settings.email_field is not None
        inserted = failed = False
        savepoint = await session.begin_nested()
        try:
            session.add(user)
            await session.flush()
            inserted = True
            if not own:
                (key,) = inspect(user).identity
                values = {"user_id": key, "address": effect.address, "canonical": effect.canonical}
                await execute(session, insert(self._emails).values(**values))
        except IntegrityError as error:
            failed = True
            await savepoint.rollback()
            if _is_unfit(error):
                raise
        else:
            await savepoint.commit()
        # In the table of addresses the second insert says that it was the address. Where there is one insert only, or
        # it was the first, that is asked: the one statement more stands for the insert that was not made.
        known = await self._is_known(session, effect) if own or not inserted else failed
        if not failed:
            return Creation.CREATED
        return Creation.EMAIL_TAKEN if known or not self._unique else Creation.NAME_TAKEN

    async def _is_known(self, session: AsyncSession, effect: CreateAccount) -> bool:
        backend, own = self._backend, self._settings.email_field
        column = backend.email_column
        if own is not None:
            condition = getattr(backend.users, own) == effect.canonical
        elif column is not None and self._columns[column].unique:
            # The user model's own column refuses the same address too, and knows those that are not imported yet.
            condition = getattr(backend.users, column) == effect.address
        else:
            condition = self._emails.c.canonical == effect.canonical
        return (await execute(session, select(literal_column("1")).where(condition).limit(1))).first() is not None

    async def confirm_address(self, session: AsyncSession, effect: ConfirmAddress) -> bool:
        """Mark an address verified, if it is the user's and is not."""
        return await self.prove(session, effect.user_id, effect.canonical, now=effect.now)

    async def prove(self, session: AsyncSession, user_id: str, canonical: str, *, now: datetime) -> bool:
        """Mark an address verified, and tell whether it was the user's and was not."""
        settings, key = self._settings, self._backend.key(user_id)
        if settings.email_field is not None:
            flag = str(settings.email_verified_field)
            found = {settings.email_field: canonical, flag: False}
            return await self._update_user(session, key, found, {flag: True})
        table = self._emails.c
        statement = update(self._emails).where(
            table.user_id == key, table.canonical == canonical, table.verified_at.is_(None)
        )
        return await _changed(session, statement.values(verified_at=now)) == 1

    async def move_address(self, session: AsyncSession, effect: MoveAddress) -> bool:
        """Give a user another address, and tell the old one.

        Raises:
            IntegrityError: Somebody has the address.
        """
        settings, key, column = self._settings, self._backend.key(effect.user_id), self._backend.email_column
        if settings.email_field is not None:
            changes = {settings.email_field: effect.canonical, str(settings.email_verified_field): True}
            moved = await self._update_user(session, key, {settings.email_field: effect.leaves}, changes)
        else:
            moved = await self._move_row(session, key, effect)
            if moved and column is not None:
                await self._update_user(session, key, {}, {column: effect.address})
        if moved and effect.notice is not None:
            await self.enqueue(session, effect.notice, now=effect.now)
        return moved

    async def _move_row(self, session: AsyncSession, key: Any, effect: MoveAddress) -> bool:
        table = self._emails
        columns = {"address": effect.address, "canonical": effect.canonical, "verified_at": effect.now}
        if not effect.leaves:
            await execute(session, insert(table).values(user_id=key, **columns))
            return True
        found = (table.c.user_id == key, table.c.canonical == effect.leaves)
        return await _changed(session, update(table).where(*found).values(**columns)) == 1

    async def enqueue(self, session: AsyncSession, message: Message, *, now: datetime) -> None:
        """Insert a row of the outbox."""
        values = {
            "mail": str(message.mail),
            "user_id": message.user_id,
            "address": message.address,
            "canonical": message.canonical,
            "created_at": now,
            "next_attempt_at": now,
        }
        await execute(session, insert(OutboxMessage), [values])

    async def _update_user(
        self, session: AsyncSession, key: Any, found: dict[str, Any], changes: dict[str, Any]
    ) -> bool:
        """Update a user's row where it has these values, in the table that has the columns."""
        names = {name: self._columns[name] for name in {*found, *changes}}
        table = next(iter(names.values())).table
        (own_key,) = table.primary_key
        conditions = [names[name] == value for name, value in found.items()]
        values = {names[name].name: value for name, value in changes.items()}
        return await _changed(session, update(table).where(own_key == key, *conditions).values(**values)) == 1


def _is_unfit(error: IntegrityError) -> bool:
    """Tell whether a row could not be inserted whatever else is in the table.

    Only what databases look at before they look for rows of the same values, so that it says nothing of those.
    """
    cause: Any = error.orig
    return sqlstate(cause) in UNFIT or getattr(cause, "sqlite_errorname", None) in UNFIT


async def _changed(session: AsyncSession, statement: Any) -> int:
    result: Any = await execute(session, statement)
    rows: int = result.rowcount
    return rows
