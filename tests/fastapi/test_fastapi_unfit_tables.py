"""Models and tables that do not fit: they are reported, and not taken for what a visitor did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from ferrauth.accounts.errors import ConfigurationError
from ferrauth.fastapi import Auth, AuthSettings
from ferrauth.fastapi.models import EmailLogin, OutboxMessage, UuidKey, make_tables
from ferrauth.fastapi.permissions import PermissionsMixin
from tests.django_settings import SECRET_KEY

if TYPE_CHECKING:
    from tests.fastapi.application import Client, Site


class PlainBase(DeclarativeBase):
    """The tables of a project with users of its own."""


class Plain(UuidKey, EmailLogin, PlainBase):
    """Users of whom nobody is staff, and nobody is permitted anything."""

    __tablename__ = "plain"


class PermittedBase(DeclarativeBase):
    """The tables of another one."""


class Permitted(UuidKey, EmailLogin, PermissionsMixin, PermittedBase):
    """Users with permissions, but none who has them all."""

    __tablename__ = "permitted"


MODELS = {Plain: make_tables(Plain), Permitted: make_tables(Permitted)}


@pytest.mark.parametrize("lacking", ["the user's", "the address's"])
def test_E06_a_column_that_nobody_fills_is_no_address_that_is_taken(site: Site, driver: str, lacking: str) -> None:
    table = "auth_user" if lacking == "the user's" else "ferrauth_emailaddress"

    async def scenario(client: Client) -> None:
        fill = f"INSERT ON {table} BEGIN INSERT INTO filled VALUES (NULL); END"  # noqa: S608 (the test's own)
        # As another's migration leaves it: every row that is there has a value, and no new one has.
        async with client.maker.begin() as session:
            if driver == "aiosqlite":
                for statement in (
                    "CREATE TABLE filled (tenant integer NOT NULL)",
                    f"CREATE TRIGGER refuse BEFORE {fill}",
                ):
                    await session.execute(sa.text(statement))
            else:
                await session.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN tenant integer DEFAULT 1 NOT NULL"))
                await session.execute(sa.text(f"ALTER TABLE {table} ALTER COLUMN tenant DROP DEFAULT"))
        body = {"email": "bob@example.com", "password": "correct horse battery"}
        try:
            with pytest.raises(IntegrityError):
                await client.post("/register", body)
            async with client.maker() as session:
                assert (await session.scalars(sa.select(OutboxMessage.mail))).all() == []
        finally:
            async with client.maker.begin() as session:
                if driver == "aiosqlite":
                    await session.execute(sa.text("DROP TRIGGER refuse"))
                    await session.execute(sa.text("DROP TABLE filled"))
                else:
                    await session.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN tenant"))
        assert (await client.post("/register", body)).status_code == 202

    site.run(scenario)


@pytest.mark.django_db(databases=[])
@pytest.mark.parametrize(
    ("users", "asked", "lacking"),
    [
        (Plain, {"staff": True}, "is_staff"),
        (Plain, {"superuser": True, "staff": True}, "is_staff, is_superuser"),
        (Plain, {"permission": "shop.change_order"}, "has_perm"),
        (Permitted, {"permission": "shop.change_order"}, "is_superuser"),
    ],
)
def test_what_a_user_model_does_not_have_cannot_be_required(
    users: type[Any], asked: dict[str, Any], lacking: str
) -> None:
    settings = AuthSettings(secret_key=SECRET_KEY, throttle_backend="local")
    maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
    auth = Auth(settings, maker, user_model=users, **MODELS[users])
    with pytest.raises(ConfigurationError, match=f"{users.__name__} has no {lacking}, "):
        auth.require(**asked)
    auth.require()
