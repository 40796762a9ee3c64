"""Alembic beside Django: what autogenerate says of a database, and what its scripts make of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ferrauth.fastapi.alembic import include_object
from ferrauth.fastapi.models import (
    EmailLogin,
    SoftDelete,
    UuidKey,
    make_tables,
    metadata,
)
from tests.fastapi.both_schemas import DATABASES, django, new_database, shape

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db(databases=[])

ENV = """
import sqlalchemy as sa
from alembic import context

from ferrauth.fastapi import metadata
from ferrauth.fastapi.alembic import include_object, record_migrations, render_item

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=sa.pool.NullPool)
with engine.begin() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, include_object=include_object, render_item=render_item
    )
    with context.begin_transaction():
        context.run_migrations()
        record_migrations(connection)
"""


def said(engine: sa.Engine, target: sa.MetaData) -> list[tuple[str, str]]:
    """Return what autogenerate would do: a word, and the name of what it is about."""
    options = {"include_object": include_object}
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), target)
    return [(one[0], _name(one[-1])) for one in found]


def _name(thing: Any) -> str:
    return str(thing.name)


def change(engine: sa.Engine, *statements: str) -> None:
    """Change a database by hand."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize("kind", DATABASES)
def test_autogenerate_never_takes_from_djangos_tables(kind: str, tmp_path: Path) -> None:
    database, engine = new_database(kind, tmp_path, "alembic_theirs")
    django("migrate", database)
    assert said(engine, metadata) == []
    change(
        engine,
        "CREATE INDEX by_a_later_migration ON auth_user (email)",
        "ALTER TABLE auth_user ADD COLUMN phone text",
        "ALTER TABLE ferrauth_refreshsession ADD COLUMN later text",
        "CREATE UNIQUE INDEX of_groups ON auth_group (name)",
    )
    assert said(engine, metadata) == []
    # What a later version of ferrauth has and the database has not is still seen.
    change(engine, "DROP INDEX ferrauth_outbox_next", "ALTER TABLE ferrauth_refreshsession DROP COLUMN label")
    assert said(engine, metadata) == [("add_index", "ferrauth_outbox_next"), ("add_column", "label")]
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_autogenerate_sees_all_of_the_projects_own_tables(kind: str, tmp_path: Path) -> None:
    _database, engine = new_database(kind, tmp_path, "alembic_own")
    metadata.create_all(engine)
    change(
        engine,
        "CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, number text)",
        "CREATE INDEX orders_old ON orders (number)",
        "CREATE INDEX orders_number_0f1e2d3c_like ON orders (number)",  # Django's, of a table that is mapped too.
    )
    own = sa.MetaData()
    orders = sa.Table("orders", own, sa.Column("id", sa.Integer, primary_key=True), sa.Column("number", sa.Text))
    sa.Index("orders_number_uniq", orders.c.number, unique=True)
    sa.Index("orders_number_like", orders.c.number)
    sa.Table("invoices", own, sa.Column("id", sa.Integer, primary_key=True))
    assert sorted(said(engine, own)) == [
        ("add_index", "orders_number_like"),
        ("add_index", "orders_number_uniq"),
        ("add_table", "invoices"),
        ("remove_index", "orders_old"),
    ]
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_autogenerate_compares_what_is_the_projects_of_its_own_user_table(kind: str, tmp_path: Path) -> None:
    class Base(DeclarativeBase):
        pass

    class User(UuidKey, EmailLogin, SoftDelete, Base):
        __tablename__ = "user_models_uuiduser"

        nickname: Mapped[str | None] = mapped_column(sa.String(30), index=True)

    make_tables(User)
    database, engine = new_database(kind, tmp_path, "alembic_users")
    django("migrate", database, apps="UuidUser")
    # Django's deleted_at, and its index of addresses, are left; the columns of this class are missing.
    assert sorted(said(engine, Base.metadata)) == [
        ("add_column", "is_deleted"),
        ("add_column", "nickname"),
        ("add_index", "ix_user_models_uuiduser_nickname"),
    ]
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_generated_script_runs_and_django_adopts_what_it_made(kind: str, tmp_path: Path) -> None:
    database, engine = new_database(kind, tmp_path, "alembic_made")
    folder = tmp_path / "alembic"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    url = engine.url.render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.config_file_name = str(tmp_path / "alembic.ini")
    command.init(config, str(folder))
    (folder / "env.py").write_text(ENV)
    command.revision(config, "users", autogenerate=True)
    (script,) = (folder / "versions").glob("*.py")
    assert "ferrauth.fastapi" not in script.read_text()
    command.upgrade(config, "head")
    assert said(engine, metadata) == []
    _, reference = new_database(kind, tmp_path, "alembic_reference")
    metadata.create_all(reference)
    for table in metadata.tables:
        made, wanted = shape(engine, table), shape(reference, table)
        for one in (made, wanted):
            one["indexes"] = {index for index in one["indexes"] if not index[0].endswith("_like")}
        assert made == wanted
    command.upgrade(config, "head")
    django("migrate --fake-initial", database)
    assert django("makemigrations --check --dry-run", database).strip() == "No changes detected"
    engine.dispose()
    reference.dispose()
