"""Django's user table and ferrauth's tables for SQLAlchemy 2, exactly as Django's migrations make them.

One database serves both frameworks, whichever made it. A database that ``metadata.create_all`` made says, in the table
that Django looks into, which migrations it is the outcome of; so ``manage.py migrate --fake-initial`` adopts it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Uuid,
    inspect,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, has_inherited_table, mapped_column

from ferrauth.accounts.addresses import ADDRESS_LENGTH
from ferrauth.accounts.audit import IDENTIFIER_DIGEST_LENGTH
from ferrauth.accounts.emails import MAX_EMAIL
from ferrauth.accounts.sessions import LABEL_LENGTH, NETWORK_LENGTH, REQUEST_ID_LENGTH, USER_AGENT_LENGTH
from ferrauth.accounts.tables import (
    COUNTER_KEY_LENGTH,
    ERROR_LENGTH,
    EVENT_LENGTH,
    LANGUAGE_LENGTH,
    MAIL_LENGTH,
    REASON_LENGTH,
    STAMP_LENGTH,
    USER_KEY_LENGTH,
)
from ferrauth.fastapi.adoption import record, record_when_made
from ferrauth.fastapi.naming import LIKE, SHARED_TABLES, USER_TABLES, like_index
from ferrauth.fastapi.permissions import PermissionsMixin, PermissionTables
from ferrauth.fastapi.types import BigKey, Json, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table
    from sqlalchemy.types import TypeEngine

__all__ = [
    "AbstractUser",
    "AttemptCounter",
    "AuditEvent",
    "AuthUser",
    "Base",
    "EmailAddress",
    "EmailAddressMixin",
    "EmailLogin",
    "IntegerKey",
    "Models",
    "OutboxMessage",
    "PasswordLogin",
    "RefreshSession",
    "RefreshSessionMixin",
    "SoftDelete",
    "UuidKey",
    "make_tables",
    "metadata",
    "record_migrations",
]

PASSWORD_LENGTH = 128
"""Characters of Django's ``AbstractBaseUser.password``."""

USERNAME_LENGTH = 150
"""Characters of Django's ``AbstractUser.username``, and of either name."""


def _now() -> datetime:
    return datetime.now(UTC)


def _table(model: type[Any]) -> Table:
    table: Table = inspect(model).local_table
    return table


class Base(DeclarativeBase):
    """The base of the tables that Django makes."""


metadata = Base.metadata


class IntegerKey:
    """Django's ``AutoField`` as the key of a user table."""

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class UuidKey:
    """A UUID as the key of a user table."""

    id: Mapped[uuid.UUID] = mapped_column(Uuid(), primary_key=True, default=uuid.uuid4)


class PasswordLogin:
    """What Django's ``AbstractBaseUser`` has, and ``is_active``: what every user table needs here."""

    __login_field__: ClassVar[str]
    """The column that a login names a user by, as Django's ``USERNAME_FIELD``."""

    password: Mapped[str] = mapped_column(String(PASSWORD_LENGTH))
    last_login: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    is_active: Mapped[bool] = mapped_column(default=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__dict__.get('id')!r}>"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        table = cls.__dict__.get("__table__")
        if table is not None:
            USER_TABLES.add(table.name)


class EmailLogin(PasswordLogin):
    """Users who log in by a unique e-mail address."""

    __login_field__ = "email"

    email: Mapped[str] = mapped_column(String(MAX_EMAIL), unique=True)


class SoftDelete:
    """Users who are marked as deleted. ``USER_FILTER`` has to say ``{"is_active": true, "is_deleted": false}``."""

    is_deleted: Mapped[bool] = mapped_column(default=False)


class AbstractUser(PasswordLogin, PermissionsMixin):
    """All that Django's ``AbstractUser`` has: a username and names, an e-mail address, staff, superusers, permissions.

    A class of it has a key besides, ``__tablename__``, and ``__permission_tables__``, which :func:`make_tables` gives
    it.
    """

    __login_field__ = "username"
    __tablename__: str

    is_superuser: Mapped[bool] = mapped_column(default=False)
    username: Mapped[str] = mapped_column(String(USERNAME_LENGTH), unique=True)
    first_name: Mapped[str] = mapped_column(String(USERNAME_LENGTH), default="")
    last_name: Mapped[str] = mapped_column(String(USERNAME_LENGTH), default="")
    email: Mapped[str] = mapped_column(String(MAX_EMAIL), default="")
    is_staff: Mapped[bool] = mapped_column(default=False)
    date_joined: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """The index of look-ups; a class that adds to the mapped one, as a project's own user does, has its table."""
        if has_inherited_table(cls):
            return ()
        return (like_index(cls.__tablename__, "username"), {"sqlite_autoincrement": True})


class AuthUser(IntegerKey, AbstractUser, Base):
    """Django's ``auth_user``."""

    __tablename__ = "auth_user"
    __permission_tables__ = PermissionTables(metadata)


class RefreshSessionMixin:
    """One login, as ``ferrauth.django.models.RefreshSession``. It holds no token.

    :func:`make_tables` makes the one of a project's own user table.
    """

    __tablename__ = "ferrauth_refreshsession"
    __user_key__: ClassVar[TypeEngine[Any]] = Integer()

    id: Mapped[uuid.UUID] = mapped_column(Uuid(), primary_key=True, default=uuid.uuid4)
    generation: Mapped[int] = mapped_column(BigInteger, default=0)
    repeats: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rotated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    absolute_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_stamp: Mapped[str] = mapped_column(String(STAMP_LENGTH))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    revoked_reason: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")
    keep_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_LENGTH), default="")
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), default="")
    network: Mapped[str] = mapped_column(String(NETWORK_LENGTH), default="")
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH), default="")

    @declared_attr
    @classmethod
    def user_id(cls) -> Mapped[Any]:
        """The user's key, without a constraint, as Django's model has it."""
        return mapped_column(cls.__user_key__, nullable=False)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """The constraints and indexes."""
        table: Any = cls
        return (
            CheckConstraint("generation >= 0", name="ferrauth_refreshsession_generation_check"),
            CheckConstraint("repeats >= 0", name="ferrauth_refreshsession_repeats_check"),
            Index("ferrauth_refreshsession_user_id_9b691fe4", "user_id"),
            Index("ferrauth_session_idle", "idle_expires_at"),
            Index(
                "ferrauth_session_live",
                "user_id",
                postgresql_where=table.revoked_at.is_(None),
                sqlite_where=table.revoked_at.is_(None),
            ),
            Index(
                "ferrauth_session_revoked",
                "revoked_at",
                postgresql_where=table.revoked_at.is_not(None),
                sqlite_where=table.revoked_at.is_not(None),
            ),
        )


class RefreshSession(RefreshSessionMixin, Base):
    """One login of an :class:`AuthUser`."""


class AttemptCounter(Base):
    """One counter of attempts, where PostgreSQL counts them; written by statements of its own, committed apart."""

    __tablename__ = "ferrauth_attemptcounter"

    key: Mapped[str] = mapped_column(String(COUNTER_KEY_LENGTH), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("count >= 0", name="ferrauth_attemptcounter_count_check"),
        Index("ferrauth_attemptcounter_ends_at_9faaee0f", "ends_at"),
        like_index("ferrauth_attemptcounter", "key"),
    )


class AuditEvent(Base):
    """One security event, where ``AUDIT_TABLE`` asks for them. It holds no secret, and nothing a client typed."""

    __tablename__ = "ferrauth_auditevent"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(EVENT_LENGTH))
    user_id: Mapped[str] = mapped_column(String(USER_KEY_LENGTH), default="")
    identifier_hash: Mapped[str] = mapped_column(String(IDENTIFIER_DIGEST_LENGTH), default="")
    session_id: Mapped[uuid.UUID | None] = mapped_column(Uuid(), default=None)
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), default="")
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_LENGTH), default="")
    request_id: Mapped[str] = mapped_column(String(REQUEST_ID_LENGTH), default="")
    details: Mapped[dict[str, Any]] = mapped_column(Json(), default=dict)

    __table_args__ = (
        Index("ferrauth_auditevent_at_f604137b", "at"),
        Index("ferrauth_auditevent_user_id_c920b3b9", "user_id"),
        like_index("ferrauth_auditevent", "user_id"),
        {"sqlite_autoincrement": True},
    )


class EmailAddressMixin:
    """A user's e-mail address, as ``ferrauth.django.models.EmailAddress``.

    :func:`make_tables` makes the one of a project's own user table.
    """

    __tablename__ = "ferrauth_emailaddress"
    __user_key__: ClassVar[TypeEngine[Any]] = Integer()

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    address: Mapped[str] = mapped_column(String(MAX_EMAIL))
    canonical: Mapped[str] = mapped_column(String(MAX_EMAIL), unique=True)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

    @declared_attr
    @classmethod
    def user_id(cls) -> Mapped[Any]:
        """The user's key, without a constraint, as Django's model has it."""
        return mapped_column(cls.__user_key__, nullable=False, unique=True)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """The index of look-ups."""
        return (like_index("ferrauth_emailaddress", "canonical"), {"sqlite_autoincrement": True})


class EmailAddress(EmailAddressMixin, Base):
    """The e-mail address of an :class:`AuthUser`."""


class OutboxMessage(Base):
    """A mail that is to be sent, or perhaps none: that is found out then, and its token made then."""

    __tablename__ = "ferrauth_outboxmessage"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    mail: Mapped[str] = mapped_column(String(MAIL_LENGTH))
    user_id: Mapped[str] = mapped_column(String(USER_KEY_LENGTH), default="")
    address: Mapped[str] = mapped_column(String(MAX_EMAIL))
    canonical: Mapped[str] = mapped_column(String(MAX_EMAIL))
    language: Mapped[str] = mapped_column(String(LANGUAGE_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str] = mapped_column(String(ERROR_LENGTH), default="")

    __table_args__ = (
        CheckConstraint("attempts >= 0", name="ferrauth_outboxmessage_attempts_check"),
        Index(
            "ferrauth_outbox_next",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
            sqlite_where=text("next_attempt_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )


SHARED_TABLES.update(metadata.tables)
record_when_made(_table(AuthUser))


class Models(TypedDict):
    """What ``Auth(settings, sessionmaker, user_model=User, **models)`` takes."""

    session_model: type[Any]
    email_model: type[Any]


def make_tables(user_model: type[Any]) -> Models:
    """Add ferrauth's tables to the metadata of a project's own user table, and return the models of two of them.

    They have the users' key. A :class:`~ferrauth.fastapi.permissions.PermissionsMixin` gets its tables of groups and
    permissions too. ``create_all`` of that metadata then makes all that ferrauth needs, and Alembic sees it.

    Args:
        user_model: The users, a mapped class; :class:`AuthUser` has its tables already.
    """
    users, key = _table(user_model), inspect(user_model).primary_key[0]

    class Own(DeclarativeBase):
        metadata = users.metadata

    class UserSession(RefreshSessionMixin, Own):
        __user_key__ = key.type

    class UserEmail(EmailAddressMixin, Own):
        __user_key__ = key.type

    for model in (AttemptCounter, AuditEvent, OutboxMessage):
        for index in _table(model).to_metadata(users.metadata).indexes:
            if str(index.name).endswith(LIKE):
                index.ddl_if(dialect="postgresql")  # A copy forgets it.
    if issubclass(user_model, PermissionsMixin) and not hasattr(user_model, "__permission_tables__"):
        tables = PermissionTables(users.metadata, users.name, key.type, key_name=key.name)
        user_model.__permission_tables__ = tables
    record_when_made(users)
    return Models(session_model=UserSession, email_model=UserEmail)


def record_migrations(connection: Connection, user_model: type[Any] = AuthUser) -> None:
    """Tell a Django project that comes later which of its migrations the tables are the outcome of.

    ``create_all`` does it by itself. This is for tables that something else made of the same metadata, such as Alembic,
    after it made them; what is recorded already, or not made yet, is left out.

    Args:
        connection: Whose transaction the rows are written in.
        user_model: The users.
    """
    record(connection, _table(user_model))
