"""The outbox, sent by Django's tasks: each mail has one, and what failed another for when it is tried again."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from ferrauth.django import conf
from ferrauth.django.account_checks import check_tasks
from ferrauth.django.models import OutboxMessage
from tests.emails import tasks
from tests.emails.conftest import ON_COMMIT, later
from tests.mailing import use_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emails.conftest import Site


class TestTasks:
    """Where Django has tasks they are Django's, and wait for a worker; before, ``tests.emails.tasks`` stands in."""

    @pytest.fixture
    def queue(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
        monkeypatch.delitem(sys.modules, "ferrauth.django.tasks", raising=False)
        if not tasks.HAS_TASKS:
            monkeypatch.setitem(sys.modules, "django.tasks", tasks.stand_in())
        tasks.use(settings, "Queue")
        yield tasks.queue
        tasks.queue.clear()

    @ON_COMMIT
    def test_a_worker_sends_after_the_commit(self, site: Site, queue: list[Any], database: str) -> None:
        site.configure(OUTBOX_SENDER="tasks")
        with transaction.atomic(using=database):
            site.register()
            assert not queue
        assert tasks.work() == 1
        assert [one.to for one in mail.outbox] == [["Ada@example.com"]]
        assert not queue

    @ON_COMMIT
    def test_E05_a_mail_that_failed_has_a_task_for_when_it_is_tried_again(
        self, site: Site, queue: list[Any], down: None, settings: Any
    ) -> None:
        site.configure(OUTBOX_SENDER="tasks")
        site.register()
        assert tasks.work() == 1
        due = OutboxMessage.objects.get().next_attempt_at
        assert due is not None
        [again] = queue
        assert timedelta(0) < again.run_after - due < timedelta(minutes=1)
        assert tasks.work() == 0  # Not before its time.
        site.register("grace@example.com")
        assert tasks.work() == 1
        assert len(queue) == 2  # One a failure, and no chain of them: what is not due is not counted once more.
        use_backend(settings)
        later()
        assert tasks.work(now=again.run_after + timedelta(minutes=1)) == 2
        assert sorted(one.to[0] for one in mail.outbox) == ["Ada@example.com", "grace@example.com"]
        assert not queue

    @ON_COMMIT
    def test_E05_a_backend_that_cannot_wait_says_so(
        self, site: Site, queue: list[Any], down: None, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        tasks.use(settings, "QueueWithoutDelay")
        site.configure(OUTBOX_SENDER="tasks")
        site.register()
        assert tasks.work() == 1
        assert "cannot put tasks off" in caplog.text
        assert not queue

    def test_E01_E05_E07_a_backend_that_runs_tasks_in_the_request_is_refused(
        self, site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.configure(OUTBOX_SENDER="tasks")
        if tasks.HAS_TASKS:
            tasks.use(settings, None)  # What a project has that says nothing.
            with pytest.raises(ImproperlyConfigured, match=r"ImmediateBackend(.|\n)*TASKS = "):
                conf.start()
            [error] = check_tasks()
            assert error.id == "ferrauth.E012"
            assert "TASKS = " in str(error.hint)
            settings.DEBUG = True  # A project that is being written may have it so; check --deploy says it.
            conf.start()
            assert len(check_tasks()) == 1
            settings.DEBUG = False
            tasks.use(settings, "QueueWithoutDelay")
            conf.start()
            assert [one.id for one in check_tasks()] == ["ferrauth.W004"]
            tasks.use(settings, "Queue")
        else:
            with pytest.raises(ImproperlyConfigured, match=r"6\.0"):
                conf.start()
            assert not check_tasks()
            monkeypatch.setattr(conf, "_check_tasks", lambda: None)
        conf.start()
        assert not check_tasks()
        site.configure(OUTBOX_SENDER="thread")
        assert not check_tasks()

    @ON_COMMIT
    def test_E05_a_queue_that_is_down_changes_no_answer(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse() -> None:
            raise ConnectionRefusedError

        task = SimpleNamespace(enqueue=refuse)
        monkeypatch.setitem(sys.modules, "ferrauth.django.tasks", SimpleNamespace(send_outbox=task))
        site.configure(OUTBOX_SENDER="tasks")
        assert site.register() is None
        assert "ConnectionRefusedError" in caplog.text

    def test_a_django_without_tasks_does_not_start(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        site.configure(OUTBOX_SENDER="tasks")
        monkeypatch.setattr(conf, "find_spec", lambda _name: None)
        with pytest.raises(ImproperlyConfigured, match="OUTBOX_SENDER"):
            conf.start()
