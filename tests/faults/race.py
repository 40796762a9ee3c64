"""64 threads in 4 processes refresh one token at the same moment, a fresh session a round.

Must be: one new generation; every 200 carries one and the same ``jti``; no 5xx. As controls, the same race with a
rotation as it is often written, which must fail: an update that joins the user, and a read followed by a write.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import services
from tests.faults import project

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES, THREADS = 4, 16
PATIENCE = 300.0
"""Seconds that a thread waits for the others before it gives up."""
LOCK_TIMEOUT = 60
"""Seconds that SQLite waits for a lock: 64 writers queue up, and its waiting is not fair."""

CONTEXT = multiprocessing.get_context("spawn")


@dataclass
class Outcome:
    """What a race came to."""

    rounds: int
    statuses: dict[int, int]
    most_winners: int
    """Rotations that won, in the round that had most."""
    most_ids: int
    """Different ``jti`` pairs of one round's answers."""
    most_generations: int
    """Generations that a round added, in the round that added most."""
    fewest_winners: int

    @property
    def holds(self) -> bool:
        return self.fewest_winners == self.most_winners == self.most_ids == self.most_generations == 1 and not any(
            status >= 500 for status in self.statuses
        )


def run(database: dict[str, object], *, grace: int, rounds: int, rotation: str = "ours") -> Outcome:
    """Race."""
    with tempfile.TemporaryDirectory(prefix="ferrauth-race-") as folder:
        arguments = (database, grace, rounds, rotation, folder)
        _in_process(_prepare, *arguments)
        barrier = CONTEXT.Barrier(PROCESSES * THREADS)
        racers = [CONTEXT.Process(target=_race, args=(*arguments, number, barrier)) for number in range(PROCESSES)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        if any(racer.exitcode for racer in racers):
            raise SystemExit("a racing process failed")
        _in_process(_collect, *arguments)
        return _judge(Path(folder), rounds)


def _in_process(target: Any, *arguments: Any) -> None:
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{target.__name__} failed")


def _prepare(database: dict[str, object], grace: int, rounds: int, _rotation: str, folder: str) -> None:
    project.configure(database, REFRESH_GRACE=grace, MAX_SESSIONS=rounds + 1)
    project.migrate()
    from django.contrib.auth import get_user_model

    from ferrauth.django.models import RefreshSession
    from ferrauth.django.tokens import generate_tokens

    RefreshSession.objects.all().delete()
    user, _ = get_user_model().objects.get_or_create(username="ada", defaults={"password": "!"})
    tokens = [generate_tokens(user).refresh for _ in range(rounds)]
    (Path(folder) / "tokens.json").write_text(json.dumps(tokens))


def _race(
    database: dict[str, object], grace: int, rounds: int, rotation: str, folder: str, number: int, barrier: Any
) -> None:
    project.configure(database, REFRESH_GRACE=grace, MAX_SESSIONS=rounds + 1)
    winners = _count_winners(rotation)
    tokens = json.loads((Path(folder) / "tokens.json").read_text())
    answers: list[tuple[int, int, list[str]]] = []

    def racer() -> None:
        from django.db import connection
        from django.test import Client

        from ferrauth.django.tokens import decode_token

        client = Client(raise_request_exception=False, headers={"User-Agent": "racer"})
        for round_, token in enumerate(tokens):
            barrier.wait(PATIENCE)
            local.round = round_
            response = client.post("/refresh", {"token": token}, content_type="application/json")
            ids: list[str] = []
            if response.status_code == 200:
                pair = response.json()
                ids = [decode_token(pair["access"]).jti, decode_token(pair["refresh"], "refresh").jti]
            answers.append((round_, response.status_code, ids))
        connection.close()

    threads = [threading.Thread(target=racer) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) != THREADS * rounds:
        os._exit(1)
    (Path(folder) / f"{number}.json").write_text(json.dumps({"answers": answers, "winners": winners}))


local = threading.local()


def _count_winners(rotation: str) -> list[int]:
    """Put a rotation in place that notes in which round it won."""
    from ferrauth.django.port import DjangoPort

    rotate = {"ours": DjangoPort.rotate, "joined update": _joined_update, "read, then write": _read_then_write}[
        rotation
    ]
    won: list[int] = []

    def counting(effect: Any) -> bool:
        if rotate(effect):
            won.append(local.round)
            return True
        return False

    DjangoPort.rotate = staticmethod(counting)  # type: ignore[method-assign]
    return won


def _joined_update(effect: Any) -> bool:
    """A control: the condition on the user makes Django write ``WHERE id IN (SELECT ...)``."""
    from django.db.models import F

    from ferrauth.django.models import RefreshSession

    row = effect.successor
    return bool(
        RefreshSession.objects.filter(
            pk=row.id, generation=effect.presented, revoked_at__isnull=True, user__is_active=True
        ).update(generation=F("generation") + 1, rotated_at=row.rotated_at, user_agent=row.user_agent)
    )


def _read_then_write(effect: Any) -> bool:
    """A control: what is written was true when it was read."""
    from ferrauth.django.models import RefreshSession

    session = RefreshSession.objects.get(pk=effect.successor.id)
    if session.generation != effect.presented or session.revoked_at is not None:
        return False
    session.generation += 1
    session.rotated_at = effect.successor.rotated_at
    session.user_agent = effect.successor.user_agent
    session.save()
    return True


def _collect(database: dict[str, object], grace: int, rounds: int, _rotation: str, folder: str) -> None:
    project.configure(database, REFRESH_GRACE=grace, MAX_SESSIONS=rounds + 1)
    from ferrauth.django.models import RefreshSession
    from ferrauth.django.tokens import decode_token

    tokens = json.loads((Path(folder) / "tokens.json").read_text())
    generations = [RefreshSession.objects.get(pk=decode_token(token, "refresh").sid).generation for token in tokens]
    (Path(folder) / "generations.json").write_text(json.dumps(generations))


def _judge(folder: Path, rounds: int) -> Outcome:
    statuses: dict[int, int] = defaultdict(int)
    ids: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    winners = [0] * rounds
    for number in range(PROCESSES):
        noted = json.loads((folder / f"{number}.json").read_text())
        for round_, status, pair in noted["answers"]:
            statuses[status] += 1
            if status == 200:
                ids[round_].add(tuple(pair))
        for round_ in noted["winners"]:
            winners[round_] += 1
    return Outcome(
        rounds,
        dict(sorted(statuses.items())),
        max(winners),
        max((len(pairs) for pairs in ids.values()), default=0),
        max(json.loads((folder / "generations.json").read_text())),
        min(winners),
    )


def main(rounds: int) -> bool:
    """Run every race and its controls, print a table, and tell whether all is as it must be."""
    print(f"{PROCESSES * THREADS} threads in {PROCESSES} processes, {rounds} rounds each, a fresh session a round")
    print(f"{'database':<12}{'rotation':<18}{'grace':>6}{'winners':>10}{'jti':>5}{'new gen.':>10}  statuses")
    good = True
    for name, database, rotation, grace, control in _races():
        outcome = run(database, grace=grace, rounds=rounds, rotation=rotation)
        verdict = (
            ("fails, as it must" if not outcome.holds else "HOLDS, and must not")
            if control
            else ("holds" if outcome.holds else "FAILS")
        )
        good = good and outcome.holds is not control
        winners = f"{outcome.fewest_winners}-{outcome.most_winners}"
        print(
            f"{name:<12}{rotation:<18}{grace:>6}{winners:>10}{outcome.most_ids:>5}{outcome.most_generations:>10}"
            f"  {outcome.statuses} {verdict}",
            flush=True,
        )
    return good


def _races() -> Iterator[tuple[str, dict[str, object], str, int, bool]]:
    with tempfile.TemporaryDirectory(prefix="ferrauth-race-") as folder:
        sqlite: dict[str, object] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(folder) / "db.sqlite3"),
            "OPTIONS": {"timeout": LOCK_TIMEOUT, "init_command": "PRAGMA journal_mode=WAL"},
        }
        postgresql = services.postgres().django()
        for name, database in (("SQLite", sqlite), ("PostgreSQL", postgresql)):
            for grace in (10, 0):
                yield name, database, "ours", grace, False
            yield name, database, "read, then write", 10, True
        # SQLite has one writer at a time, so that a joined update is right there.
        yield "PostgreSQL", postgresql, "joined update", 10, True
