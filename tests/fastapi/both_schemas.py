"""Databases that Django and SQLAlchemy each know by a name of their own, and what their tables are like."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from tests import services

ROOT = Path(__file__).resolve().parents[2]
DATABASES = ("sqlite", "postgresql")


def django(command: str, database: dict[str, object], *, apps: str = "default") -> str:
    """Run a command of Django's in a project of its own."""
    return _run("tests.fastapi.django_project", apps, command, database=database)


def members(command: str, database: dict[str, object]) -> str:
    """Run a command of a Django project whose users are its own."""
    return _run("tests.fastapi.members", command, database=database)


def _run(module: str, *arguments: str, database: dict[str, object]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
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
