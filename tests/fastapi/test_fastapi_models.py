"""The mapping against databases that Django migrated, and databases that SQLAlchemy made, adopted by Django."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.orm import DeclarativeBase, Session

from ferrauth.fastapi.alembic import include_object
from ferrauth.fastapi.models import (
    AuditEvent,
    AuthUser,
    EmailAddressMixin,
    EmailLogin,
    RefreshSessionMixin,
    SoftDelete,
    UuidKey,
    metadata,
)
from tests import services

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DATABASES = ("sqlite", "postgresql")
DEFAULT_APPS = "default"

pytestmark = pytest.mark.django_db(databases=[])


def django(command: str, database: dict[str, object], *, apps: str = DEFAULT_APPS) -> str:
    """Run a command of Django's in a project of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fastapi.django_project", apps, command],
        input=json.dumps(database),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def new_database(kind: str, folder: Path, name: str) -> tuple[dict[str, object], sa.Engine]:
    """Make an empty database, and return it as Django and as SQLAlchemy name it."""
    if kind == "sqlite":
        file = folder / f"{name}.sqlite3"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}, sa.create_engine(f"sqlite:///{file}")
    with psycopg.connect(services.dsn(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[call-overload]
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    address = services.postgres()
    url = sa.URL.create("postgresql+psycopg", address.user, address.password or None, address.host, address.port, name)
    return {**address.django(), "NAME": name}, sa.create_engine(url)


@pytest.fixture(scope="module", params=DATABASES)
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database that Django migrated."""
    database, engine = new_database(request.param, tmp_path_factory.mktemp("migrated"), "fastapi_migrated")
    django("migrate", database)
    yield engine
    engine.dispose()


def shape(engine: sa.Engine, table: str) -> dict[str, Any]:
    """Return what a table is like: columns, keys, indexes; each as what it means."""
    inspector = sa.inspect(engine)
    uniques = {tuple(sorted(one["column_names"])) for one in inspector.get_unique_constraints(table)}
    indexes = {
        (one["name"], tuple(one["column_names"])) for one in inspector.get_indexes(table) if not one.get("unique")
    }
    uniques |= {tuple(sorted(one["column_names"])) for one in inspector.get_indexes(table) if one.get("unique")}
    if engine.dialect.name == "sqlite":
        uniques |= sqlite_uniques(engine, table)  # SQLAlchemy does not read those that Django writes at the column.
    foreign = {
        (tuple(one["constrained_columns"]), one["referred_table"], tuple(one["referred_columns"]))
        for one in inspector.get_foreign_keys(table)
    }
    return {
        "columns": {
            one["name"]: (type_name(one["type"], engine), one["nullable"]) for one in inspector.get_columns(table)
        },
        "key": inspector.get_pk_constraint(table)["constrained_columns"],
        "unique": uniques,
        "indexes": indexes,
        "foreign": foreign,
    }


def type_name(kind: Any, engine: sa.Engine) -> str:
    """Return a type in one word for each meaning: databases and frameworks have several."""
    text = kind.compile(dialect=engine.dialect).lower()
    if engine.dialect.name == "sqlite" and isinstance(kind, sa.Integer):
        return "integer"  # SQLite has one kind of integers, by whatever name.
    return {"bool": "boolean", "json": "text"}.get(text, text)


def sqlite_uniques(engine: sa.Engine, table: str) -> set[tuple[str, ...]]:
    """Return the columns of every unique index, also of those that a constraint made."""
    with engine.connect() as connection:
        names = [
            row[1] for row in connection.execute(sa.text(f'PRAGMA index_list("{table}")')) if row[2] and row[3] != "pk"
        ]
        return {
            tuple(sorted(row[2] for row in connection.execute(sa.text(f'PRAGMA index_info("{name}")'))))
            for name in names
        }


def made(kind: str, folder: Path) -> tuple[dict[str, object], sa.Engine]:
    """Make a database by SQLAlchemy alone."""
    database, engine = new_database(kind, folder, "fastapi_made")
    metadata.create_all(engine)
    return database, engine


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_tables_are_those_that_django_migrates(table: str, migrated: sa.Engine, tmp_path: Path) -> None:
    _database, engine = made("sqlite" if migrated.dialect.name == "sqlite" else "postgresql", tmp_path)
    try:
        assert shape(engine, table) == shape(migrated, table)
    finally:
        engine.dispose()


def test_autogenerate_has_nothing_to_say_about_djangos_tables(migrated: sa.Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include_object})
        assert compare_metadata(context, metadata) == []


def test_autogenerate_still_sees_the_projects_own_tables(migrated: sa.Engine) -> None:
    own = sa.MetaData()
    sa.Table("orders", own, sa.Column("id", sa.Integer, primary_key=True))
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include_object})
        ((word, table),) = compare_metadata(context, own)
    assert (word, table.name) == ("add_table", "orders")


@pytest.mark.parametrize("kind", DATABASES)
def test_django_adopts_what_sqlalchemy_made(kind: str, tmp_path: Path) -> None:
    database, engine = made(kind, tmp_path)
    with Session(engine) as session:
        session.add(AuthUser(username="ada", password="!"))
        session.commit()
    django("migrate --fake-initial", database)
    assert django("makemigrations --check --dry-run", database).strip() == "No changes detected"
    assert django("users", database).split() == ["ada"]
    with Session(engine) as session:
        assert session.scalars(sa.select(AuthUser.username)).all() == ["ada"]
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_custom_user_table_with_a_uuid_key(kind: str, tmp_path: Path) -> None:
    class Base(DeclarativeBase):
        pass

    class User(UuidKey, EmailLogin, SoftDelete, Base):
        __tablename__ = "user_models_uuiduser"

    class UserSession(RefreshSessionMixin, Base):
        __user_key__ = sa.Uuid()

    class UserEmail(EmailAddressMixin, Base):
        __user_key__ = sa.Uuid()

    database, engine = new_database(kind, tmp_path, "fastapi_custom")
    _, own = new_database(kind, tmp_path, "fastapi_custom_own")
    django("migrate", database, apps="UuidUser")
    Base.metadata.create_all(own)
    for table in ("ferrauth_refreshsession", "ferrauth_emailaddress"):
        assert shape(own, table) == shape(engine, table)
    theirs, ours = shape(engine, "user_models_uuiduser"), shape(own, "user_models_uuiduser")
    for name in ("id", "email", "password", "is_active", "last_login"):
        assert ours["columns"][name] == theirs["columns"][name]
    assert ours["unique"] == theirs["unique"]
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
        session.add(AuditEvent(at=at.replace(tzinfo=None), event="x"))
        with pytest.raises(sa.exc.StatementError, match="without a time zone"):
            session.flush()
