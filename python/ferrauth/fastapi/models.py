"""Django's user table and ferrauth's tables for SQLAlchemy 2, exactly as Django's migrations make them.

One database serves both frameworks, whichever made it. A database that ``metadata.create_all`` made says, in the table
that Django looks into, which migrations it is the outcome of; so ``manage.py migrate --fake-initial`` adopts it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Uuid,
    event,
    insert,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

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
from ferrauth.fastapi.permissions import PermissionsMixin, PermissionTables, like_index
from ferrauth.fastapi.types import BigKey, Json, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.types import TypeEngine

__all__ = [
    "AttemptCounter",
    "AuditEvent",
    "AuthUser",
    "Base",
    "EmailAddress",
    "EmailAddressMixin",
    "EmailLogin",
    "IntegerKey",
    "OutboxMessage",
    "PasswordLogin",
    "RefreshSession",
    "RefreshSessionMixin",
    "SoftDelete",
    "UuidKey",
    "metadata",
]

PASSWORD_LENGTH = 128
"""Characters of Django's ``AbstractBaseUser.password``."""

USERNAME_LENGTH = 150
"""Characters of Django's ``AbstractUser.username``, and of either name."""


def _now() -> datetime:
    return datetime.now(UTC)


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


class EmailLogin(PasswordLogin):
    """Users who log in by a unique e-mail address."""

    __login_field__ = "email"

    email: Mapped[str] = mapped_column(String(MAX_EMAIL), unique=True)


class SoftDelete:
    """Users who are marked as deleted. ``USER_FILTER`` has to say ``{"is_active": true, "is_deleted": false}``."""

    is_deleted: Mapped[bool] = mapped_column(default=False)


class AuthUser(IntegerKey, PasswordLogin, PermissionsMixin, Base):
    """Django's ``auth_user``."""

    __tablename__ = "auth_user"
    __login_field__ = "username"
    __permission_tables__ = PermissionTables(metadata)

    is_superuser: Mapped[bool] = mapped_column(default=False)
    username: Mapped[str] = mapped_column(String(USERNAME_LENGTH), unique=True)
    first_name: Mapped[str] = mapped_column(String(USERNAME_LENGTH), default="")
    last_name: Mapped[str] = mapped_column(String(USERNAME_LENGTH), default="")
    email: Mapped[str] = mapped_column(String(MAX_EMAIL), default="")
    is_staff: Mapped[bool] = mapped_column(default=False)
    date_joined: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    __table_args__ = (like_index("auth_user", "username", "6821ab7c"), {"sqlite_autoincrement": True})


class RefreshSessionMixin:
    """One login, as ``ferrauth.django.models.RefreshSession``. It holds no token.

    A project whose user table has another key declares its own::

        class UserSession(RefreshSessionMixin, Base):
            __user_key__ = Uuid()
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
        like_index("ferrauth_attemptcounter", "key", "a484f405"),
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
        like_index("ferrauth_auditevent", "user_id", "c920b3b9"),
        {"sqlite_autoincrement": True},
    )


class EmailAddressMixin:
    """A user's e-mail address, as ``ferrauth.django.models.EmailAddress``.

    A project whose user table has another key declares its own, as for :class:`RefreshSessionMixin`.
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
        return (like_index("ferrauth_emailaddress", "canonical", "825f8a32"), {"sqlite_autoincrement": True})


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


class Migration(Base):
    """Django's record of the migrations that a database is the outcome of."""

    __tablename__ = "django_migrations"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    app: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    applied: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = ({"sqlite_autoincrement": True},)


MIGRATIONS = {
    # Of Django 5.2 to 6.1, which have made these tables alike.
    "contenttypes": ("0001_initial", "0002_remove_content_type_name"),
    "auth": (
        "0001_initial",
        "0002_alter_permission_name_max_length",
        "0003_alter_user_email_max_length",
        "0004_alter_user_username_opts",
        "0005_alter_user_last_login_null",
        "0006_require_contenttypes_0002",
        "0007_alter_validators_add_error_messages",
        "0008_alter_user_username_max_length",
        "0009_alter_user_last_name_max_length",
        "0010_alter_group_name_max_length",
        "0011_update_proxy_permissions",
        "0012_alter_user_first_name_max_length",
    ),
    "ferrauth": ("0001_initial", "0002_limits_and_audit", "0003_email_and_outbox"),
}
"""The migrations whose outcome the tables of :data:`metadata` are."""


@event.listens_for(Migration.__table__, "after_create")
def _record_migrations(target: Any, connection: Connection, **kwargs: Any) -> None:  # noqa: ARG001
    applied = _now()
    rows = [{"app": app, "name": name, "applied": applied} for app, names in MIGRATIONS.items() for name in names]
    connection.execute(insert(target), rows)
