"""What runs beside requests: it goes on whatever happens, and ends when the application does."""

from __future__ import annotations

import asyncio
import gc
import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn

from ferrauth import _core, passwords
from ferrauth.accounts.errors import Unavailable
from ferrauth.django.models import OutboxMessage as DjangoRow
from ferrauth.fastapi import OutgoingMail, background, outbox
from ferrauth.fastapi.background import Background
from ferrauth.fastapi.models import OutboxMessage
from tests.http.server import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fastapi.application import Client, Site

no_database = pytest.mark.django_db(databases=[])
WAITING = 40
"""Logins that wait when a server stops."""

ON_SQLITE = pytest.mark.parametrize("driver", ["aiosqlite"], indirect=True)


class Kept:
    """A mailer that keeps what it is to send, and may be told to hang."""

    def __init__(self, *, hangs: bool = False, stubborn: bool = False) -> None:
        self.sent: list[str] = []
        self.called = asyncio.Event()
        self._hangs = hangs
        self._stubborn = stubborn

    async def send(self, mail: OutgoingMail) -> None:
        self.called.set()
        while self._hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not self._stubborn:
                    raise
        self.sent.append(mail.to)

    async def close(self) -> None:
        if self._hangs:
            await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put nothing off, and wait for nothing long."""
    monkeypatch.setattr(outbox, "MAX_DELAY", 0)
    monkeypatch.setattr(outbox, "MAX_WAIT", 0.05)
    for module in (outbox, background):
        monkeypatch.setattr(module, "STOP_WAIT", 0.2)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that comes; a test that it does not come to ends by its own timeout."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def register(client: Client, email: str) -> None:
    body = {"email": email, "password": "correct horse battery"}
    assert (await client.post("/register", body)).status_code == 202


def test_E05_a_kind_of_mail_that_is_unknown_here_stops_no_other(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    mailer = Kept()
    site.options["mailer"] = mailer

    async def scenario(client: Client) -> None:
        now = datetime.now(UTC)
        values = {"address": "x@example.com", "canonical": "x@example.com", "created_at": now, "next_attempt_at": now}
        async with client.maker.begin() as session:
            session.add(OutboxMessage(mail="of_release_9", **values))
        await register(client, "bob@example.com")
        await until(lambda: mailer.sent)

    with caplog.at_level(logging.WARNING):
        site.run(scenario)
    row = DjangoRow.objects.get(mail="of_release_9")
    assert (row.attempts, row.last_error, row.sent_at) == (1, "ValueError", None)
    assert row.next_attempt_at is not None
    assert "of_release_9" in caplog.text
    assert mailer.sent == ["bob@example.com"]


@ON_SQLITE
def test_the_outbox_outlives_any_error(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    mailer = Kept()
    site.options["mailer"] = mailer

    async def scenario(client: Client) -> None:
        box = client.auth._outbox
        claim, failed = box._claim, asyncio.Event()

        async def fails(now: datetime) -> Any:
            failed.set()
            raise RuntimeError("a driver's own")

        monkeypatch.setattr(box, "_claim", fails)
        await register(client, "bob@example.com")
        await asyncio.wait_for(failed.wait(), 30)
        monkeypatch.setattr(box, "_claim", claim)
        await until(lambda: mailer.sent)

    site.run(scenario)
    assert "wait in the outbox" in caplog.text


@ON_SQLITE
def test_J97_claims_hear_of_revocations_again_after_any_error(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    site.settings["revocation_poll"] = 1

    async def scenario(client: Client) -> None:
        known = client.auth._services.revocations
        read, failed = known._rows.revoked_since, asyncio.Event()

        async def fails(*_: Any) -> Any:
            failed.set()
            raise RuntimeError("the database system is starting up")

        monkeypatch.setattr(known._rows, "revoked_since", fails)
        asking = asyncio.create_task(known.is_revoked(uuid.uuid4()))
        await asyncio.wait_for(failed.wait(), 30)
        monkeypatch.setattr(known._rows, "revoked_since", read)
        with pytest.raises(Unavailable):
            await asking
        tokens = await client.login()
        await client.post("/logout", token=tokens["access_token"])
        async with client.maker() as session:
            (ended,) = (await session.execute(sa.text("SELECT id FROM ferrauth_refreshsession"))).scalars()
        async with asyncio.timeout(30):
            while not await hears(known, uuid.UUID(ended)):
                await asyncio.sleep(0.05)

    site.run(scenario)
    assert "the last answer stands" in caplog.text


async def hears(known: Any, session_id: Any) -> bool:
    """Tell whether a revocation has been heard of; what cannot be told yet has not."""
    try:
        return bool(await known.is_revoked(session_id))
    except Unavailable:
        return False


@no_database
def test_a_task_that_has_ended_is_started_again_and_stopping_raises_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        runs = 0

        async def work() -> None:
            nonlocal runs
            runs += 1
            raise ValueError("of the work")

        task = Background("work", work)
        for expected in (1, 2):
            task.start()
            await until(lambda expected=expected: runs == expected)  # type: ignore[misc]
            await asyncio.sleep(0)
        await task.stop()
        await task.stop()

    asyncio.run(main())
    assert "of the work" in caplog.text


@ON_SQLITE
@pytest.mark.parametrize("stubborn", [False, True])
def test_an_application_stops_although_its_mailer_hangs(site: Site, stubborn: bool, caplog: Any) -> None:
    mailer = Kept(hangs=True, stubborn=stubborn)
    site.options["mailer"] = mailer

    async def main() -> None:
        async with site.open() as client:
            await register(client, "bob@example.com")
            await asyncio.wait_for(mailer.called.wait(), 30)
        mailer._stubborn = False  # Or asyncio.run() would wait for it.

    asyncio.run(main())
    assert "is cancelled" in caplog.text
    assert "The mailer could not be closed" in caplog.text
    row = DjangoRow.objects.get()
    assert (row.attempts, row.sent_at) == (1, None)
    assert row.next_attempt_at is not None


@ON_SQLITE
def test_P53_a_server_that_stops_answers_the_logins_that_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    mailer = Kept(hangs=True)
    site.options["mailer"] = mailer
    derive, stopping = passwords.averify_and_update, asyncio.Event()

    async def late(*arguments: Any, **named: Any) -> Any:
        await stopping.wait()
        return await derive(*arguments, **named)

    monkeypatch.setattr(passwords, "averify_and_update", late)

    async def main() -> list[int]:
        async with site.open() as client:
            url = f"http://{HOST}:{free_port()}"
            server = uvicorn.Server(uvicorn.Config(client.app, port=int(url.rpartition(":")[2]), log_level="critical"))
            serving = asyncio.create_task(server.serve())
            await until(lambda: server.started)
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
                mailed = {"email": "bob@example.com", "password": "correct horse battery"}
                await http.post("/auth/register", json=mailed)
                await asyncio.wait_for(mailer.called.wait(), 30)
                body = {"identifier": "nobody", "password": "x"}
                logins = [asyncio.create_task(http.post("/auth/login", json=body)) for _ in range(WAITING)]
                await until(lambda: len(server.server_state.tasks) == WAITING)
                server.should_exit = True
                stopping.set()
                answers = [(await one).status_code for one in logins]
            await asyncio.wait_for(serving, 30)
            return answers

    assert asyncio.run(main()) == [401] * WAITING
    assert _core.pool_counters()["reserved"] == 0
    assert DjangoRow.objects.get().sent_at is None


@ON_SQLITE
def test_the_sender_rests_after_every_row_alike(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    async def scenario(client: Client) -> None:
        for address in ("bob@example.com", "nobody@example.com"):
            await client.post("/password/reset", {"email": address})
        monkeypatch.setattr(outbox.asyncio, "sleep", sleep)
        await client.auth._outbox.send_due()
        monkeypatch.undo()

    site.settings["base_urls"] = "https://example.com"
    site.run(scenario)
    assert rests == [outbox.REST] * 2


@ON_SQLITE
def test_what_start_up_made_is_no_work_for_the_garbage_collector_until_the_end(site: Site) -> None:
    async def scenario(client: Client) -> None:
        assert gc.get_freeze_count() > before

    before = gc.get_freeze_count()
    site.run(scenario)
    assert gc.get_freeze_count() == 0
