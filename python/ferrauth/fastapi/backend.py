"""Where the rows are: the project's sessionmaker, its models, and which transaction a statement runs in."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Integer, SmallInteger, Uuid, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Session

from ferrauth._turns import take_turn
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.transactions import is_transient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import ColumnElement, Executable, Table
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

    from ferrauth.accounts.settings import Settings

__all__ = ["Backend", "begin", "execute", "has_begun", "is_storable", "retried"]

Outcome = TypeVar("Outcome")

INTEGER_LIMIT = 2**31
"""PostgreSQL's ``integer`` ends below this; a greater key is nobody's, and the driver refuses it."""

BIG_INTEGER_LIMIT = 2**63
"""The same for ``bigint``, and for SQLite's integers."""


class Backend:
    """A project's database, as ferrauth sees it.

    Args:
        sessionmaker: Makes the project's sessions.
        settings: The settings.
        user_model: The users.
        session_model: Their sessions.
        email_model: Their e-mail addresses.

    Raises:
        ConfigurationError: The models do not fit together, or not the settings.
    """

    def __init__(
        self,
        sessionmaker: async_sessionmaker[Any],
        settings: Settings,
        *,
        user_model: type[Any],
        session_model: type[Any],
        email_model: type[Any],
    ) -> None:
        self.settings = settings
        self.users = user_model
        self.sessions = session_model
        self.emails = email_model
        self.user_key = inspect(user_model).primary_key[0]
        # The table that has the password: of a model that is spread over two, one is updated.
        self.password_table: Table = inspect(user_model).columns["password"].table
        self.username_field = self._username_field()
        self.email_column = self._email_column()
        self.user_filter = self._user_filter()
        self._sessionmaker = sessionmaker
        bind = sessionmaker.kw.get("bind")
        self._engine = bind if isinstance(bind, AsyncEngine) else None
        # One statement needs no BEGIN and no COMMIT, which are round trips.
        self._single: dict[str, Any] = (
            {"bind": bind.execution_options(isolation_level="AUTOCOMMIT")} if isinstance(bind, AsyncEngine) else {}
        )

    @property
    def engine(self) -> AsyncEngine | None:
        """The engine of the project's sessions, where they have one."""
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Give a session of ferrauth's own, whose transaction is committed whatever becomes of the caller's."""
        await take_turn()
        async with self._sessionmaker(expire_on_commit=False) as session, session.begin():
            await begin(session)
            yield session

    @asynccontextmanager
    async def single(self) -> AsyncIterator[AsyncSession]:
        """Give a session of ferrauth's own for one statement, which commits by itself."""
        await take_turn()
        async with self._sessionmaker(expire_on_commit=False, **self._single) as session:
            yield session
            await session.commit()

    def key(self, user_id: str) -> Any:
        """Return a user's key in the type of its column; ``None`` where the text can be nobody's."""
        kind = self.user_key.type
        try:
            if isinstance(kind, Integer):
                number = int(user_id)
                small = isinstance(kind, SmallInteger) or type(kind) is Integer
                return number if 0 <= number < (INTEGER_LIMIT if small else BIG_INTEGER_LIMIT) else None
            if isinstance(kind, Uuid):
                return uuid.UUID(user_id)
        except ValueError:
            return None
        return user_id if is_storable(user_id) else None

    def _username_field(self) -> str:
        """Return the column that names users, as Django's ``USERNAME_FIELD``."""
        name, columns = getattr(self.users, "__login_field__", None), inspect(self.users).columns
        if name is None or name not in columns:
            raise ConfigurationError(f"{self.users.__name__} needs a __login_field__: the column that names its users.")
        wanted = self.settings.login_field
        if wanted not in (None, "either", "username", "email") and wanted not in columns:
            raise ConfigurationError(f"LOGIN_FIELD: {self.users.__name__} has no column {wanted!r}.")
        return str(name)

    def _email_column(self) -> str | None:
        """Return the users' column for an address, whether it is where addresses are kept or a copy."""
        columns, own = inspect(self.users).columns, self.settings.email_field
        if own is not None and {own, self.settings.email_verified_field} - set(columns.keys()):
            raise ConfigurationError(f"EMAIL_FIELD, EMAIL_VERIFIED_FIELD: {self.users.__name__} lacks such columns.")
        return own if own is not None else "email" if "email" in columns else None

    def _user_filter(self) -> list[ColumnElement[bool]]:
        columns = inspect(self.users).columns
        conditions = []
        for name, value in self.settings.user_filter.items():
            if name in columns:
                conditions.append(getattr(self.users, name) == value)
            elif getattr(self.users, name, None) != value:
                raise ConfigurationError(f"USER_FILTER: {self.users.__name__} has no column {name!r}.")
        return conditions


def is_storable(text: str) -> bool:
    """Tell whether a text can be in a database: PostgreSQL's holds no NUL, and none a lone surrogate."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


async def execute(session: AsyncSession, statement: Executable, values: Any = None) -> Any:
    """Execute a statement in a session of any class: SQLModel's warns of its own ``execute``.

    Args:
        session: The session.
        statement: The statement.
        values: Of its parameters.
    """
    return await session.run_sync(Session.execute, statement, values)


async def begin(session: AsyncSession) -> None:
    """Begin a transaction on SQLite for real, as one that will write.

    Python's driver begins none before a savepoint, whose end would then be a commit; and one that begins with a read
    cannot write while another does.
    """
    if _is_sqlite(session) and not await has_begun(session):
        await (await session.connection()).execute(text("BEGIN IMMEDIATE"))


async def has_begun(session: AsyncSession) -> bool:
    """Tell whether a session is in a transaction of SQLite's for real: it has written there, or has said ``BEGIN``."""
    if not _is_sqlite(session):
        return False
    raw: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    begun: bool = raw.in_transaction
    return begun


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"  # No connection is taken to tell.


async def retried(work: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Run a transaction of ferrauth's own, and once more where the database rolled it back for another's sake."""
    try:
        return await work()
    except DBAPIError as error:
        if not is_transient(error.orig):
            raise
    return await work()
