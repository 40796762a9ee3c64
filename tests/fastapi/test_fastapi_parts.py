"""Settings, validators, mails and user tables of another shape."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from ferrauth import passwords
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.accounts.settings import Settings
from ferrauth.fastapi import Auth, AuthSettings, ConsoleMailer, OutgoingMail, SmtpMailer, metadata
from ferrauth.fastapi.models import (
    EmailAddressMixin,
    EmailLogin,
    OutboxMessage,
    RefreshSessionMixin,
    SoftDelete,
    UuidKey,
)
from ferrauth.fastapi.settings import OUTSIDE, SHARED
from ferrauth.keys import Key
from ferrauth.passwords import validators
from tests.django_settings import SECRET_KEY
from tests.fastapi.application import Client, Site

if TYPE_CHECKING:
    from pathlib import Path

no_database = pytest.mark.django_db(databases=[])


@no_database
def test_every_setting_that_both_frameworks_have_can_be_given() -> None:
    assert set(AuthSettings.model_fields) - OUTSIDE == SHARED
    assert AuthSettings(secret_key=SECRET_KEY).to_settings() == Settings()


@no_database
def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Key.generate("HS256")
    from ferrauth import hazmat

    values = {
        "SECRET_KEY": SECRET_KEY,
        "SECRET_KEY_FALLBACKS": '["an older one"]',
        "ACCESS_LIFETIME": "120",
        "LIMITS": '{"login": {"address": "30/m", "global": null}}',
        "USER_FILTER": '{"is_active": true}',
        "TRUSTED_PROXIES": "2",
        "BASE_URLS": '{"verify": "https://example.com/v?token={token}", "reset": "https://example.com/r?token={token}"}',
        "KEYS": json.dumps([hazmat.export_private_jwk(key)]),
        "REFRESH_COOKIE": "true",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"FERRAUTH_{name}", value)
    given = AuthSettings()
    settings = given.to_settings()
    assert given.secrets() == [SECRET_KEY, "an older one"]
    assert (settings.access_lifetime, settings.trusted_proxies, settings.refresh_cookie) == (120, 2, True)
    assert settings.keys is not None
    assert SECRET_KEY not in repr(given)
    assert AuthSettings(access_lifetime=timedelta(minutes=1)).to_settings().access_lifetime == 60
    with pytest.raises(ConfigurationError, match="ACCESS_LIFETIME"):
        AuthSettings(access_lifetime=-1).to_settings()
    monkeypatch.delenv("FERRAUTH_SECRET_KEY")
    with pytest.raises(ConfigurationError, match="FERRAUTH_SECRET_KEY"):
        AuthSettings().secrets()


PASSWORDS = (
    "12345678",
    "password",
    "PassWord ",
    "short",
    "",
    "adalovelace1",
    "Lovelace",
    "ada@example.com",
    "correct horse battery",
    "99999999999999999999",
    "x" * 4_000,
    "٣" * 12,
)


@no_database
@pytest.mark.parametrize("password", PASSWORDS)
def test_P34_the_four_rules_are_djangos(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validators, "_django_is_configured", lambda: False)
    user = User(username="adalovelace", first_name="Ada", last_name="Lovelace", email="ada@example.com")
    own = validators.make_validators(validators.DEFAULT_VALIDATORS)
    assert {type(one).__module__ for one in own} == {"ferrauth.passwords.validators"}
    names = [{"NAME": one["NAME"]} for one in validators.DEFAULT_VALIDATORS]
    try:
        theirs = password_validation.get_password_validators(names)
        password_validation.validate_password(password, user, theirs)
        expected = []
    except ValidationError as error:
        expected = [one.code for one in error.error_list]
    assert validators.refusals(own, password, user) == expected


@no_database
def test_P34_djangos_own_are_used_where_django_is_configured() -> None:
    (found,) = validators.make_validators(
        [{"NAME": validators.DJANGO + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}}]
    )
    assert type(found) is password_validation.MinimumLengthValidator
    assert validators.refusals([found], "eleven char", None) == ["password_too_short"]
    with pytest.raises(ImportError):
        validators.make_validators([{"NAME": "ferrauth.passwords.validators.Nothing"}])


class Server:
    """A mail server that keeps what it is sent."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.left = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 test")
        while word := (await reader.readline()).decode().rstrip("\r\n").upper():
            if word.startswith("DATA"):
                await self.read_data(reader, say)
            else:
                say("221 bye" if word.startswith("QUIT") else "250 ok")
        writer.close()
        self.left.set()

    async def read_data(self, reader: asyncio.StreamReader, say: Any) -> None:
        say("354 go on")
        while (line := (await reader.readline()).decode().rstrip("\r\n")) != ".":
            self.lines.append(line)
        say("250 kept")


@no_database
def test_mails_go_by_smtp() -> None:
    async def main() -> str:
        kept = Server()
        server = await asyncio.start_server(kept.talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        mailer = SmtpMailer("127.0.0.1", port=port, sender="accounts@example.com", start_tls=False, password="hidden")
        assert "hidden" not in repr(mailer)
        mailer._options["password"] = None
        await mailer.send(OutgoingMail(to="ada@example.com", subject="Hello", text="A link"))
        await mailer.close()
        await kept.left.wait()
        server.close()
        return "\n".join(kept.lines)

    sent = asyncio.run(main())
    for line in ("From: accounts@example.com", "To: ada@example.com", "Subject: Hello", "Auto-Submitted", "A link"):
        assert line in sent


def test_E05_a_mail_that_cannot_be_sent_waits_and_changes_no_answer(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def send(self, mail: OutgoingMail) -> None:
            raise OSError(f"the server says: {mail.to}")

        async def close(self) -> None:
            """Hold nothing."""

    site.options["mailer"] = Broken()

    async def scenario(client: Client) -> None:
        body = {"email": "bob@example.com", "password": "correct horse battery"}
        assert (await client.post("/register", body)).status_code == 202
        await client.auth._outbox.send_due()

    with caplog.at_level(logging.WARNING):
        site.run(scenario)
    from ferrauth.django.models import OutboxMessage as DjangoRow

    row = DjangoRow.objects.get()
    assert (row.attempts, row.last_error, row.sent_at) == (1, "OSError", None)
    assert row.next_attempt_at is not None
    assert "bob@example.com" not in caplog.text


def test_E08_a_reset_by_mail_ends_all_sessions_and_works_once(site: Site) -> None:
    stream = io.StringIO()
    site.options["mailer"] = ConsoleMailer(stream)
    site.settings["base_urls"] = "https://example.com"
    site.settings["registration"] = "immediate"

    async def scenario(client: Client) -> None:
        body = {"email": "bob@example.com", "password": "correct horse battery"}
        tokens = (await client.post("/register", body)).json()
        assert (await client.post("/password/reset", {"email": "BOB@example.com"})).status_code == 202
        assert (await client.post("/password/reset", {"email": "nobody@example.com"})).status_code == 202
        await client.auth._outbox.send_due()
        text = stream.getvalue()
        assert "nobody@example.com" not in text
        link = next(line for line in text.splitlines() if line.startswith("https://example.com/") and "reset" in line)
        reset = {"token": link.rpartition("=")[2], "password": "staple battery horse"}
        assert (await client.post("/password/reset/confirm", reset)).status_code == 204
        again = await client.post("/password/reset/confirm", reset)
        assert (again.status_code, again.json()["code"]) == (400, "invalid_link")
        assert await client.me(tokens["access_token"]) == 401
        await client.login("bob@example.com", "staple battery horse")

    site.run(scenario)
    assert get_user_model().objects.filter(email="bob@example.com").count() == 1


class Base(DeclarativeBase):
    """The tables of a project with users of its own."""


class OwnUser(UuidKey, EmailLogin, SoftDelete, Base):
    """Users with a UUID for a key, who log in by e-mail and are deleted by a mark."""

    __tablename__ = "own_user"


class OwnSession(RefreshSessionMixin, Base):
    """Their sessions."""

    __user_key__ = sa.Uuid()


class OwnEmail(EmailAddressMixin, Base):
    """Their addresses."""

    __user_key__ = sa.Uuid()


@no_database
def test_a_user_table_of_another_shape(tmp_path: Path, cheap: int) -> None:
    async def main() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'db.sqlite3'}")
        maker = async_sessionmaker(engine)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await connection.run_sync(metadata.create_all, tables=[OutboxMessage.__table__])
        auth = Auth(
            AuthSettings(
                secret_key=SECRET_KEY,
                throttle_backend="local",
                user_filter={"is_active": True, "is_deleted": False},
                registration="immediate",
            ),
            maker,
            user_model=OwnUser,
            session_model=OwnSession,
            email_model=OwnEmail,
            password_policy=passwords.Policy(iterations=cheap),
        )
        app = FastAPI()
        app.include_router(auth.router, prefix="/auth")
        async with auth.lifespan(app):
            client = Client(app, auth, maker, engine)
            body = {"email": "ada@example.com", "password": "correct horse battery"}
            tokens = (await client.post("/register", body)).json()
            me = (await client.send("GET", "/auth/me", token=tokens["access_token"])).json()
            assert me["email"] == "ada@example.com"
            answer = await client.post("/login", body)
            assert (answer.status_code, await client.me(answer.json()["access_token"])) == (200, 200)
            async with maker.begin() as session:
                await session.execute(sa.update(OwnUser).values(is_deleted=True))
            assert await client.me(tokens["access_token"]) == 401
            assert (await client.post("/login", body)).status_code == 401
        await engine.dispose()

    asyncio.run(main())


@no_database
def test_models_that_do_not_fit_are_refused() -> None:
    maker: Any = async_sessionmaker()
    for settings, word in (
        ({"login_field": "nickname"}, "nickname"),
        ({"user_filter": {"is_deleted": False}}, "is_deleted"),
        ({"throttle_backend": "redis"}, "REDIS_URL"),
        ({"throttle_backend": "cache"}, "Django"),
        ({"throttle_backend": "database"}, "PostgreSQL"),
    ):
        with pytest.raises(ConfigurationError, match=word):
            Auth(AuthSettings(secret_key=SECRET_KEY, **settings), maker)
