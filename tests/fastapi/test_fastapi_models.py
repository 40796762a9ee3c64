"""The mapping against databases that Django migrated, and databases that SQLAlchemy made, adopted by Django."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from django.db import connections
from sqlalchemy.orm import DeclarativeBase, Session

from ferrauth.fastapi.adoption import RECORD
from ferrauth.fastapi.models import (
    AuditEvent,
    AuthUser,
    EmailLogin,
    RefreshSession,
    SoftDelete,
    UuidKey,
    make_tables,
    metadata,
    record_migrations,
)
from ferrauth.fastapi.naming import django_name
from tests.fastapi.both_schemas import DATABASES, django, new_database, shape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.django_db(databases=[])

NO_CHANGES = "No changes detected"


@pytest.fixture(scope="module", params=DATABASES)
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database that Django migrated."""
    database, engine = new_database(request.param, tmp_path_factory.mktemp("migrated"), "fastapi_migrated")
    django("migrate", database)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def made(migrated: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database of the same kind that SQLAlchemy made."""
    _database, engine = new_database(migrated.dialect.name, tmp_path_factory.mktemp("made"), "fastapi_made")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def recorded(engine: sa.Engine) -> set[tuple[str, str]]:
    """Return what Django's record says."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(RECORD.c.app, RECORD.c.name)).all()
    assert len(set(rows)) == len(rows)
    return {(app, name) for app, name in rows}


@pytest.mark.parametrize("table", sorted([*metadata.tables, RECORD.name]))
def test_the_tables_are_those_that_django_migrates(table: str, migrated: sa.Engine, made: sa.Engine) -> None:
    assert shape(made, table) == shape(migrated, table)


@pytest.mark.parametrize(
    ("table", "columns", "suffix"),
    [
        ("auth_user", ("username",), "_like"),
        ("auth_user_groups", ("user_id", "group_id"), "_uniq"),
        ("auth_permission", ("content_type_id",), "_fk_django_content_type_id"),
        ("an_application_with_a_long_name_member_user_permissions", ("permission_id",), ""),
        ("an_application_with_a_long_name_member_user_permissions", ("member_id", "permission_id"), "_uniq"),
    ],
)
def test_names_of_indexes_are_djangos(table: str, columns: tuple[str, ...], suffix: str) -> None:
    editor = connections["postgresql"].schema_editor()
    assert django_name(table, *columns, suffix=suffix) == editor._create_index_name(table, columns, suffix)


@pytest.mark.parametrize("kind", DATABASES)
def test_django_adopts_what_sqlalchemy_made(kind: str, tmp_path: Path) -> None:
    database, engine = new_database(kind, tmp_path, "fastapi_adopted")
    metadata.create_all(engine)
    with Session(engine) as session:
        session.add(AuthUser(username="ada", password="!"))
        session.commit()
    django("migrate --fake-initial", database)
    assert django("makemigrations --check --dry-run", database).strip() == NO_CHANGES
    assert django("users", database).split() == ["ada"]
    with Session(engine) as session:
        assert session.scalars(sa.select(AuthUser.username)).all() == ["ada"]
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_django_project_takes_over_the_tables_that_sqlalchemy_made_beside_its_own(kind: str, tmp_path: Path) -> None:
    database, engine = new_database(kind, tmp_path, "fastapi_beside")
    django("migrate auth", database)  # A project that did not have ferrauth yet.
    metadata.create_all(engine)
    django("migrate", database)
    assert django("makemigrations --check --dry-run", database).strip() == NO_CHANGES
    engine.dispose()


def test_only_what_is_there_as_a_whole_is_recorded_and_once(tmp_path: Path) -> None:
    database, engine = new_database("sqlite", tmp_path, "parts")
    django("migrate auth 0011", database)
    before = recorded(engine)
    metadata.create_all(engine, tables=[sa.inspect(RefreshSession).local_table])
    assert recorded(engine) == before  # Four of ferrauth's tables are missing.
    metadata.create_all(engine)
    ours = {("ferrauth", name) for name in ("0001_initial", "0002_limits_and_audit", "0003_email_and_outbox")}
    # The last migration of auth changes a length, which Django has to do itself.
    assert recorded(engine) == before | ours
    with engine.begin() as connection:
        connection.execute(sa.delete(RECORD).where(RECORD.c.name == "0003_email_and_outbox"))
        record_migrations(connection)
        record_migrations(connection)
    assert recorded(engine) == before | ours
    with engine.begin() as connection:
        connection.execute(sa.delete(RECORD).where(RECORD.c.app == "ferrauth"))
        connection.execute(sa.text("ALTER TABLE ferrauth_refreshsession DROP COLUMN network"))
        record_migrations(connection)
    assert recorded(engine) == before
    engine.dispose()


def test_statements_can_be_printed_where_there_is_no_database() -> None:
    printed: list[str] = []

    def note(statement: Any, *more: object, **named: object) -> None:
        printed.append(str(statement.compile(dialect=engine.dialect)))

    engine = sa.create_mock_engine("postgresql://", note)
    metadata.create_all(engine, checkfirst=False)
    assert any("CREATE TABLE ferrauth_refreshsession" in one for one in printed)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_user_table_with_a_uuid_key_and_all_tables_beside_it(kind: str, tmp_path: Path) -> None:
    class Base(DeclarativeBase):
        pass

    class User(UuidKey, EmailLogin, SoftDelete, Base):
        __tablename__ = "user_models_uuiduser"

    make_tables(User)
    database, engine = new_database(kind, tmp_path, "fastapi_custom")
    owned, own = new_database(kind, tmp_path, "fastapi_custom_own")
    django("migrate", database, apps="UuidUser")
    Base.metadata.create_all(own)
    names = [name for name in metadata.tables if name.startswith("ferrauth_")]
    assert len(names) == 5
    for table in names:
        assert shape(own, table) == shape(engine, table)
    theirs, ours = shape(engine, "user_models_uuiduser"), shape(own, "user_models_uuiduser")
    for name in ("id", "email", "password", "is_active", "last_login"):
        assert ours["columns"][name] == theirs["columns"][name]
    assert ours["unique"] == theirs["unique"]
    with own.begin() as connection:
        connection.execute(sa.text("ALTER TABLE user_models_uuiduser ADD COLUMN deleted_at timestamp"))
    django("migrate --fake-initial", owned, apps="UuidUser")
    engine.dispose()
    own.dispose()


def test_datetimes_come_back_aware_and_naive_ones_are_refused(migrated: sa.Engine) -> None:
    at = datetime(2026, 11, 22, 23, 30, 0, 250_000, tzinfo=timezone(timedelta(hours=5)))
    with Session(migrated) as session:
        row = AuditEvent(at=at, event="x", session_id=uuid.uuid4(), details={"reason": "y"})
        session.add(row)
        session.flush()
        session.expire(row)
        assert (row.at, row.at.tzinfo, row.details) == (at, UTC, {"reason": "y"})
        found = sa.select(AuditEvent.id).where(AuditEvent.details["reason"].as_string() == "y")
        assert session.scalars(found).all() == [row.id]
        session.add(AuditEvent(at=at.replace(tzinfo=None), event="x"))
        with pytest.raises(sa.exc.StatementError, match="without a time zone"):
            session.flush()
