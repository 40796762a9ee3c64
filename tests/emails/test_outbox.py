"""The outbox: mails are sent after the commit, once, again where the server was down, and by whoever is there."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections, transaction

from ferrauth.accounts import flows
from ferrauth.accounts import outbox as rules
from ferrauth.django import mails, outbox, sender
from ferrauth.django.models import OutboxMessage
from tests.emails.conftest import ON_COMMIT, later
from tests.mailing import use_backend

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emails.conftest import Site


def join_senders() -> None:
    """Wait until the background threads that there are have ended."""
    for thread in threading.enumerate():
        if thread.name == "ferrauth-sender":
            thread.join(60)
            assert not thread.is_alive()


def test_E05_a_server_that_is_down_changes_no_answer(
    site: Site, down: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert site.register() is None
    with caplog.at_level(logging.WARNING, logger="ferrauth.django"):
        sent = outbox.send_due()
    row = OutboxMessage.objects.get()
    assert (sent.sent, sent.failed, row.attempts, row.last_error) == (0, 1, 1, "ConnectionRefusedError")
    assert "ConnectionRefusedError" in caplog.text
    assert "example.com" not in caplog.text
    assert not site.mails()  # It is not due yet.
    use_backend(settings)
    later()
    assert site.carry(flows.verify_email, token=site.token()) is None
    row.refresh_from_db()
    assert (row.attempts, row.last_error, row.next_attempt_at) == (2, "", None)
    assert row.sent_at is not None


def test_E05_each_wait_is_twice_as_long_and_then_it_is_given_up(
    site: Site, down: None, caplog: pytest.LogCaptureFixture
) -> None:
    site.register()
    waits = []
    for _ in range(rules.MAX_ATTEMPTS):
        before = datetime.now(UTC)
        outbox.send_due()
        row = OutboxMessage.objects.get()
        if row.next_attempt_at is not None:
            waits.append(round((row.next_attempt_at - before) / rules.BACKOFF))
        later()
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    assert (row.next_attempt_at, row.sent_at, row.attempts) == (None, None, rules.MAX_ATTEMPTS)
    assert [record.levelname for record in caplog.records][-1] == "ERROR"
    assert outbox.send_due() == outbox.Sent()


def test_a_template_that_fails_is_a_mail_that_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise ZeroDivisionError

    site.register()
    monkeypatch.setattr(mails, "send", fail)
    assert outbox.send_due().failed == 1


def test_what_is_done_is_deleted_after_a_day(site: Site) -> None:
    site.register()
    site.mails()
    outbox.send_due()
    assert OutboxMessage.objects.count() == 1
    OutboxMessage.objects.update(created_at=datetime.now(UTC) - outbox.RETENTION - timedelta(minutes=1))
    outbox.send_due()
    assert not OutboxMessage.objects.exists()


def test_a_claim_is_a_lease(site: Site) -> None:
    site.register()
    now = datetime.now(UTC)
    assert outbox._claim(now) is not None
    assert outbox._claim(now) is None
    assert outbox._claim(now + outbox.LEASE) is not None


def test_a_sender_that_lost_its_lease_does_not_touch_the_row(site: Site, down: None) -> None:
    site.register()
    first = outbox._claim(datetime.now(UTC))
    second = outbox._claim(datetime.now(UTC) + outbox.LEASE)
    assert first is not None
    assert second is not None
    outbox._send(first, outbox.Sent())
    assert OutboxMessage.objects.get().last_error == ""


def test_the_language_of_the_request_is_the_mails(site: Site, settings: Any) -> None:
    from django.utils import translation

    with translation.override("de"):
        site.register()
    assert OutboxMessage.objects.get().language == "de"
    [sent] = site.mails()
    assert '<html lang="de">' in sent.alternatives[0][0]
    with translation.override(None):  # As a management command runs that asks for no translation.
        site.register("grace@example.com")
        assert OutboxMessage.objects.latest("pk").language == ""
        settings.LANGUAGE_CODE = "fr"
        [other] = site.mails()
    assert '<html lang="fr">' in other.alternatives[0][0]
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_project_overrides_templates(site: Site, settings: Any, tmp_path: Any) -> None:
    folder = tmp_path / "ferrauth" / "mail"
    folder.mkdir(parents=True)
    (folder / "verify_subject.txt").write_text("Welcome\nto us\n")
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [str(tmp_path)]}]
    site.register()
    [sent] = site.mails()
    assert sent.subject == "Welcome to us"
    assert "Confirm the address" in sent.alternatives[0][0]


def test_a_project_without_a_template_engine_sends_mail(site: Site, settings: Any) -> None:
    settings.TEMPLATES = []
    site.register()
    [sent] = site.mails()
    assert sent.subject == "Confirm your e-mail address"
    assert "good for 24 hours" in sent.body


def test_every_mail_has_its_words(site: Site) -> None:
    from ferrauth.accounts.account_effects import Mail
    from ferrauth.accounts.letters import Letter

    for one in Mail:
        mails.send(Letter(mail=one, to="a@example.com", token="t<o>ken", lifetime=3_600), language="")
        sent = mail.outbox[-1]
        assert sent.subject
        assert "t<o>ken" in sent.body or one in (Mail.MOVED, Mail.NAME_TAKEN)
        assert "<o>" not in sent.alternatives[0][0]
        assert "\n\n\n\n" not in sent.body


@ON_COMMIT
def test_E05_no_mail_for_what_is_rolled_back(site: Site, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[object] = []
    monkeypatch.setattr(sender, "wake", woken.append)
    site.configure(OUTBOX_SENDER="thread")
    with transaction.atomic(using=database):
        site.register()
        transaction.set_rollback(True, using=database)
    assert not woken
    assert not OutboxMessage.objects.exists()
    with transaction.atomic(using=database):
        site.register()
        assert not woken
    assert len(woken) == 1


@ON_COMMIT
def test_two_senders_never_send_one_mail_twice(site: Site) -> None:
    for number in range(12):
        site.register(f"user{number}@example.com")
    together = threading.Barrier(4)

    def work() -> int:
        together.wait(30)
        try:
            return outbox.send_due().sent
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = sum(future.result() for future in [pool.submit(work) for _ in range(4)])
    assert sent == 12
    assert sorted(one.to[0] for one in mail.outbox) == sorted(f"user{number}@example.com" for number in range(12))


@ON_COMMIT
def test_the_thread_sends_and_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "MAX_DELAY", 0.0)
    monkeypatch.setattr(sender, "IDLE", 0.05)
    monkeypatch.setattr(sender, "_sender", sender._Sender())
    rests: list[float] = []
    monkeypatch.setattr(outbox, "time", SimpleNamespace(sleep=rests.append))
    site.configure(OUTBOX_SENDER="thread")
    site.register()
    join_senders()
    assert [one.to for one in mail.outbox] == [["Ada@example.com"]]
    for address in ("ada@example.com", "nobody@example.com"):
        site.carry(flows.request_password_reset, email=address)
    join_senders()
    assert len(mail.outbox) == 2
    assert rests == [rules.REST] * 3  # After every row alike, whether a mail came of it or not.


class TestThread:
    def test_E05_work_that_raises_is_logged_and_tried_again(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(sender, "MAX_DELAY", 0.0)
        monkeypatch.setattr(sender, "IDLE", 0.01)
        monkeypatch.setattr(sender, "MAX_WAIT", 0.01)
        one = sender._Sender()
        answers: list[float | Exception | None] = [
            OperationalError(),
            0.0,
            OperationalError(),
            OperationalError(),
            None,
        ]

        def work() -> float | None:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        one.wake(work)
        join_senders()
        assert not answers
        assert (one.thread, one.failures) == (None, 0)
        assert caplog.text.count("wait in the outbox") == 3

    def test_work_that_raises_for_ever_ends_the_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sender, "MAX_DELAY", 0.0)
        monkeypatch.setattr(sender, "IDLE", 0.01)
        monkeypatch.setattr(sender, "MAX_WAIT", 0.01)
        monkeypatch.setattr(sender, "MAX_FAILURES", 3)
        one = sender._Sender()
        tried: list[None] = []

        def work() -> float | None:
            tried.append(None)
            raise OperationalError

        for times in (3, 6):  # Whoever asks for it once more has it tried once more.
            one.wake(work)
            join_senders()
            assert len(tried) == times

    def test_work_that_wants_to_be_done_again_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sender, "MAX_DELAY", 0.0)
        monkeypatch.setattr(sender, "IDLE", 0.01)
        answers = iter([0.0, 0.0, None])
        done: list[float | None] = []

        def work() -> float | None:
            done.append(next(answers))
            return done[-1]

        one = sender._Sender()
        one.wake(work)
        join_senders()
        assert done == [0.0, 0.0, None]

    def test_J111_a_forked_child_has_a_thread_of_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sender, "MAX_DELAY", 0.0)
        parent = sender._Sender()
        parent.process = os.getpid() - 1  # As the child of a fork finds it: another process's, its lock held.
        parent.lock.acquire()
        monkeypatch.setattr(sender, "_sender", parent)
        done = threading.Event()

        def work() -> None:
            done.set()

        sender.wake(work)
        assert done.wait(30)


class TestCommand:
    def test_once(self, site: Site) -> None:
        site.register()
        site.register("grace@example.com")
        said = StringIO()
        call_command("send_outbox", "--limit", "1", stdout=said)
        call_command("send_outbox", stdout=said)
        assert said.getvalue().count("Sent 1, failed 0, nothing to send for 0.") == 2

    @pytest.mark.parametrize("options", [["--loop", "0"], ["--limit", "0"], ["--loop", "1", "--limit", "1"]])
    def test_options_that_make_no_sense(self, options: list[str]) -> None:
        with pytest.raises(CommandError):
            call_command("send_outbox", *options)

    def test_the_loop_goes_on_while_the_database_is_away(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        from ferrauth.django.management.commands import send_outbox as command

        rounds: list[Callable[[], Any]] = [
            lambda: outbox.Sent(sent=1),
            self._away(OperationalError),
            self._away(KeyboardInterrupt),
        ]
        monkeypatch.setattr(command, "send_due", lambda: rounds.pop(0)())
        monkeypatch.setattr(command.connections, "close_all", lambda: None)
        said, warned = StringIO(), StringIO()
        call_command("send_outbox", "--loop", "0.001", stdout=said, stderr=warned)
        assert "Sent 1" in said.getvalue()
        assert "OperationalError" in warned.getvalue()
        assert not rounds

    @staticmethod
    def _away(error: type[BaseException]) -> Callable[[], Any]:
        def fail() -> None:
            raise error

        return fail
