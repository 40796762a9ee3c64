"""Users of a project's own, shaped as Django's: made by SQLAlchemy and adopted by Django, or the other way about."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import NullPool

from ferrauth import passwords
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.fastapi import Auth, AuthSettings
from ferrauth.fastapi.models import (
    AbstractUser,
    EmailAddress,
    EmailLogin,
    IntegerKey,
    RefreshSession,
    UuidKey,
    make_tables,
)
from tests.django_settings import SECRET_KEY
from tests.fastapi.application import Client
from tests.fastapi.both_schemas import DATABASES, members, new_database, shape

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db(databases=[])


class Base(DeclarativeBase):
    """The tables of the project."""


class Member(UuidKey, AbstractUser, Base):
    """A user as ``tests.fastapi.members`` has it."""

    __tablename__ = "members_member"


MODELS = make_tables(Member)

URLS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def permit(engine: sa.Engine) -> None:
    """Give the member ada a permission of its own, and one by a group."""
    tables = Member.__permission_tables__
    with Session(engine) as session:
        (member,) = session.scalars(sa.select(Member.id).where(Member.username == "ada"))
        kinds = sa.insert(tables.content_types).values(app_label="shop", model="order")
        kind = session.execute(kinds.returning(tables.content_types.c.id)).scalar_one()

        def add(table: sa.Table, **values: Any) -> Any:
            return session.execute(sa.insert(table).values(**values).returning(table.c.id)).scalar_one()

        first, second = (
            add(tables.permissions, name=name, codename=name, content_type_id=kind) for name in ("own", "shared")
        )
        group = add(tables.groups, name="staff")
        add(tables.user_permissions, member_id=member, permission_id=first)
        add(tables.group_permissions, group_id=group, permission_id=second)
        add(tables.user_groups, member_id=member, group_id=group)
        session.commit()


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize("first", ["sqlalchemy", "django"])
def test_one_user_table_of_its_own_for_both_frameworks(first: str, kind: str, tmp_path: Path, cheap: int) -> None:
    database, engine = new_database(kind, tmp_path, "fastapi_members")
    if first == "sqlalchemy":
        Base.metadata.create_all(engine)
    else:
        members("migrate", database)
        Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Member(username="ada", password=passwords.make_password("right", iterations=cheap)))
        session.commit()
    permit(engine)
    asyncio.run(use(engine.url.set(drivername=URLS[kind]), cheap))
    members("migrate --fake-initial", database)
    assert members("makemigrations --check --dry-run", database).strip() == "No changes detected"
    assert members("users", database).split() == ["ada", "shop.own", "shop.shared"]
    engine.dispose()


async def use(url: sa.URL, iterations: int) -> None:
    """Start an application, log in, and ask for what the member may."""
    engine = create_async_engine(url, poolclass=NullPool)
    maker = async_sessionmaker(engine)
    auth = Auth(
        AuthSettings(secret_key=SECRET_KEY, throttle_backend="local", audit_table=True),
        maker,
        user_model=Member,
        password_policy=passwords.Policy(iterations=iterations),
        **MODELS,
    )
    app = FastAPI(lifespan=auth.lifespan)
    app.include_router(auth.router, prefix="/auth")

    may_own, may_other = (Depends(auth.require(permission=name)) for name in ("shop.own", "shop.other"))

    @app.get("/own")
    async def own(user: Member = may_own) -> list[str]:
        return sorted(user.get_all_permissions())

    @app.get("/other")
    async def other(user: Member = may_other) -> None: ...

    async with auth.lifespan(app):
        client = Client(app, auth, maker, engine)
        token = (await client.login())["access_token"]
        assert (await client.send("GET", "/own", token=token)).json() == ["shop.own", "shop.shared"]
        assert (await client.send("GET", "/other", token=token)).status_code == 403
    await engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_the_tables_are_those_of_a_django_project_with_such_users(kind: str, tmp_path: Path) -> None:
    database, theirs = new_database(kind, tmp_path, "fastapi_members_theirs")
    _, ours = new_database(kind, tmp_path, "fastapi_members_ours")
    members("migrate", database)
    Base.metadata.create_all(ours)
    for table in Base.metadata.tables:
        assert shape(ours, table) == shape(theirs, table), table
    theirs.dispose()
    ours.dispose()


class Other(DeclarativeBase):
    """The tables of a project that has not made all that it needs."""


class Permitted(UuidKey, AbstractUser, Other):
    """A user whose permissions are nowhere."""

    __tablename__ = "members_permitted"


class Numbered(IntegerKey, EmailLogin, Other):
    """A user with the usual key."""

    __tablename__ = "members_numbered"


def test_models_of_other_users_are_refused_before_anything_runs() -> None:
    settings: Any = {"secret_key": SECRET_KEY, "throttle_backend": "local"}
    maker: Any = async_sessionmaker()

    def make(**more: Any) -> None:
        Auth(AuthSettings(**settings), maker, **more)

    with pytest.raises(ConfigurationError, match=r"RefreshSession.user_id is .*int.* the key of Member is .*UUID"):
        make(user_model=Member, email_model=MODELS["email_model"])
    with pytest.raises(ConfigurationError, match=r"EmailAddress.user_id is .*make_tables\(Member\)"):
        make(user_model=Member, session_model=MODELS["session_model"])
    with pytest.raises(ConfigurationError, match=r"call make_tables\(Permitted\)"):
        make(user_model=Permitted, **MODELS)
    make(user_model=Numbered, session_model=RefreshSession, email_model=EmailAddress)
    make(user_model=Member, **MODELS)
