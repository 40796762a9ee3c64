"""64 wrong logins at once against a limit of 5, from 4 processes, a fresh account a round; in Redis and in PostgreSQL.

Must be: at most 5 derivations a round. As a control, the same with counters that are read and then written, as a cache
without an atomic step is often used, which must fail.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from typing import Any

from tests import services
from tests.faults import project

PROCESSES, THREADS, LIMIT = 4, 16, 5
PATIENCE = 300.0
"""Seconds that a thread waits for the others before it gives up."""

CONTEXT = multiprocessing.get_context("spawn")


def main(rounds: int) -> bool:
    """Print and judge the figure."""
    os.environ["REDIS_URL"] = services.redis()  # For the processes that guess.
    good = True
    for place in ("redis", "database"):
        ours, naive = run(place, rounds=rounds), run(place, rounds=max(1, rounds // 10), naive=True)
        print(f"  {place}: {rounds} rounds of {PROCESSES * THREADS} guesses, at most {max(ours)} derivations a round")
        print(f"  {place}, read then write: {len(naive)} rounds, up to {max(naive)} derivations (must exceed {LIMIT})")
        good = good and max(ours) <= LIMIT < max(naive)
    return good


def run(place: str, *, rounds: int, naive: bool = False) -> list[int]:
    """Return the derivations of each round."""
    _in_process(_prepare, services.postgres().django(), place)
    barrier, answers = CONTEXT.Barrier(PROCESSES * THREADS), CONTEXT.Queue()
    arguments = (services.postgres().django(), place, rounds, naive, barrier, answers)
    processes = [CONTEXT.Process(target=_guess, args=arguments) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    each = [answers.get(timeout=PATIENCE * 4) for _ in processes]
    for process in processes:
        process.join()
    return [sum(counts) for counts in zip(*each, strict=True)]


def _in_process(target: Any, *arguments: Any) -> None:
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{target.__name__} failed.")


def configure(database: dict[str, object], place: str) -> None:
    """Configure a project that counts in a place."""
    url = {"REDIS_URL": services.redis()} if place == "redis" else {}
    project.configure(database, THROTTLE_BACKEND=place, LIMITS={"login": {"account_address": f"{LIMIT}/h"}}, **url)


def _prepare(database: dict[str, object], place: str) -> None:
    configure(database, place)
    project.migrate()
    from ferrauth.django.models import AttemptCounter

    AttemptCounter.objects.all().delete()
    if place == "redis":
        services.redis_client().flushall()


def _guess(database: dict[str, object], place: str, rounds: int, naive: bool, barrier: Any, answers: Any) -> None:
    configure(database, place)
    from ferrauth import _core
    from ferrauth.accounts import flows
    from ferrauth.accounts.errors import LoginFailed, Throttled
    from ferrauth.accounts.sessions import RequestFacts
    from ferrauth.django import counters
    from ferrauth.django.conf import get_policy
    from ferrauth.django.port import carry

    if naive:
        counters._make = lambda _settings: ReadThenWrite(place)
    derivations = []

    def guess(number: int, first: bool) -> None:
        facts = RequestFacts(address="203.0.113.7", network=f"round {number}")
        barrier.wait(PATIENCE)
        before = _core.iterations_executed()
        barrier.wait(PATIENCE)
        try:
            carry(flows.login(get_policy(), facts, identifier=f"nobody{number}", password="wrong"))
        except (LoginFailed, Throttled):
            pass
        barrier.wait(PATIENCE)
        if first:
            derivations.append((_core.iterations_executed() - before) // project.ITERATIONS)

    def play(first: bool) -> None:
        for number in range(rounds):
            guess(number, first)

    threads = [threading.Thread(target=play, args=(number == 0,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(derivations)


class ReadThenWrite:
    """The control: looks, and then counts, in two steps."""

    def __init__(self, place: str) -> None:
        self._redis = services.redis_client() if place == "redis" else None

    def reserve(self, counters: Any) -> Any:
        from ferrauth.accounts.effects import Allowance

        counts = [self._read(counter.key) for counter in counters]
        if any(count >= counter.limit for counter, count in zip(counters, counts, strict=True)):
            return Allowance(False, 1)
        for counter, count in zip(counters, counts, strict=True):
            self._write(counter, count + 1)
        return Allowance(receipt=())

    def release(self, receipt: Any) -> None: ...

    def _read(self, key: str) -> int:
        if self._redis is not None:
            return int(self._redis.get(key) or 0)
        from ferrauth.django.models import AttemptCounter

        return next(iter(AttemptCounter.objects.filter(key=key).values_list("count", flat=True)), 0)

    def _write(self, counter: Any, count: int) -> None:
        if self._redis is not None:
            self._redis.set(counter.key, count, ex=counter.window)
            return
        from datetime import UTC, datetime, timedelta

        from ferrauth.django.models import AttemptCounter

        ends = datetime.now(UTC) + timedelta(seconds=counter.window)
        AttemptCounter.objects.update_or_create(key=counter.key, defaults={"count": count, "ends_at": ends})
