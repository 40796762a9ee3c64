"""The state machine on both databases, for as many steps as are asked for; and on rules that were broken on purpose."""

from __future__ import annotations

import multiprocessing
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import services
from tests.faults import project

STEPS_A_RUN = 50
BROKEN = "any generation repeats"
CONTEXT = multiprocessing.get_context("spawn")


def main(steps: int) -> bool:
    """Run, print, and tell whether all is as it must be."""
    good = True
    with tempfile.TemporaryDirectory(prefix="ferrauth-machine-") as folder:
        # Nothing is killed here, so nothing has to reach the disk.
        sqlite = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(folder) / "db.sqlite3"),
            "OPTIONS": {"init_command": "PRAGMA synchronous=OFF"},
        }
        postgresql = {**services.postgres().django(), "OPTIONS": {"options": "-c synchronous_commit=off"}}
        for name, database, broken in (
            ("SQLite", sqlite, False),
            ("PostgreSQL", postgresql, False),
            ("SQLite", sqlite, True),
        ):
            queue: Any = CONTEXT.Queue()
            process = CONTEXT.Process(target=_run, args=(database, steps, broken, queue))
            process.start()
            process.join()
            if queue.empty():
                raise SystemExit("the process of the state machine failed")
            done, divergence = queue.get()
            good = good and bool(divergence) is broken
            rules = f"control: {BROKEN}" if broken else "our rules"
            verdict = f"diverges: {divergence}" if divergence else "no divergence"
            print(f"{name:<12}{rules:<34}{done:>7} steps  {verdict}", flush=True)
    return good


def _run(database: dict[str, object], steps: int, broken: bool, queue: Any) -> None:
    project.configure(database)
    project.migrate()
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis.stateful import run_state_machine_as_test

    from ferrauth.accounts import sessions
    from tests.sessions.test_machine import SessionsInDjango

    if broken:
        judge = sessions.judge_refresh

        def lenient(row: Any, *arguments: Any, generation: int, **more: Any) -> Any:
            if row is not None and generation < row.generation:
                row = replace(row, repeats=0)
                generation = row.generation - 1
            return judge(row, *arguments, generation=generation, **more)

        sessions.judge_refresh = lenient
    divergence = ""
    quick = settings(
        max_examples=10,
        stateful_step_count=STEPS_A_RUN,
        deadline=None,
        database=None,
        print_blob=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        while SessionsInDjango.steps < steps and not divergence:
            run_state_machine_as_test(SessionsInDjango, settings=quick)
    except AssertionError as error:
        divergence = type(error).__name__
    queue.put((SessionsInDjango.steps, divergence))
