"""Backends of Django's tasks that put them into a list, and a worker that runs them; and a stand-in for Django 5.2."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from django.db import connections

HAS_TASKS = find_spec("django.tasks") is not None

queue: list[Any] = []
"""Tasks that wait, each with ``run_after`` and ``call``."""


def work(*, now: datetime | None = None) -> int:
    """Run what is due, each in a thread of its own as a worker would, and return how many tasks there were."""
    now = now or datetime.now(UTC)
    due = [task for task in queue if task.run_after is None or task.run_after <= now]
    for task in due:
        queue.remove(task)
        failed: list[BaseException] = []
        thread = threading.Thread(target=_call, args=(task, failed))
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        assert not failed, failed
    return len(due)


def use(settings: Any, backend: str | None) -> None:
    """Make a backend of this module the default one; ``None`` is what Django has for projects that name none."""
    path = "django.tasks.backends.immediate.ImmediateBackend" if backend is None else f"{__name__}.{backend}"
    settings.TASKS = {"default": {"BACKEND": path}}
    _StandIn.supports_defer = backend == "Queue"


def stand_in() -> SimpleNamespace:
    """Return what stands for ``django.tasks`` where Django has none."""
    return SimpleNamespace(task=_StandIn)


def _call(task: Any, failed: list[BaseException]) -> None:
    try:
        task.call()
    except BaseException as error:
        failed.append(error)
    finally:
        connections.close_all()


class _StandIn:
    """A task, and its backend, with the names of Django's."""

    supports_defer = False

    def __init__(self, function: Any, run_after: datetime | None = None) -> None:
        self.call, self.run_after = function, run_after

    def using(self, *, run_after: datetime) -> _StandIn:
        return _StandIn(self.call, run_after)

    def get_backend(self) -> type[_StandIn]:
        return _StandIn

    def enqueue(self) -> None:
        queue.append(self)


if HAS_TASKS:
    from django.tasks import TaskResult, TaskResultStatus
    from django.tasks.backends.base import BaseTaskBackend

    class QueueWithoutDelay(BaseTaskBackend):
        """Keeps tasks for a worker."""

        def enqueue(self, task: Any, args: Any, kwargs: Any) -> TaskResult:
            self.validate_task(task)
            queue.append(task)
            times = dict.fromkeys(("enqueued_at", "started_at", "finished_at", "last_attempted_at"))
            return TaskResult(
                task=task,
                id=str(len(queue)),
                status=TaskResultStatus.READY,
                args=list(args),
                kwargs=kwargs,
                backend=self.alias,
                errors=[],
                worker_ids=[],
                **times,
            )

    class Queue(QueueWithoutDelay):
        """Keeps them until they are due."""

        supports_defer = True
