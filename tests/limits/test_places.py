"""What every place to count does alike: Redis, a cluster of three, PostgreSQL, a cache, this process."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from ferrauth.accounts.redis_counters import AsyncRedisCounters
from ferrauth.accounts.throttling import Scope
from ferrauth.django import cache_counters
from tests import databases, services
from tests.limits.conftest import counter

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

A, B = counter("a", 3), counter("b", 5)

HOUR = 3_600


@pytest.fixture
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no window of the cache end during a test: they end by the clock, at every full minute and hour."""
    begun = time.time() // HOUR * HOUR
    monkeypatch.setattr(cache_counters, "time", SimpleNamespace(time=lambda: begun))


@pytest.mark.usefixtures("one_window")
def test_T01_two_hundred_at_once_let_the_limit_in(place: Any) -> None:
    limits = [counter("account", 5, scope=Scope.ACCOUNT_ADDRESS), counter("address", 60), counter("all", 500)]

    def attempt(_: int) -> bool:
        try:
            return bool(place.reserve(limits).allowed)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        allowed = sum(pool.map(attempt, range(200)))
    assert allowed == 5


@pytest.mark.usefixtures("one_window")
def test_a_refused_attempt_is_counted_nowhere(place: Any) -> None:
    for _ in range(3):
        assert place.reserve([A, B]).allowed
    for _ in range(4):
        refused = place.reserve([A, B])
        assert not refused.allowed
        assert refused.scope is Scope.ADDRESS
        assert 1 <= refused.retry_after <= 60
    # Two are left of B: what A refused did not count against it.
    assert [place.reserve([B]).allowed for _ in range(3)] == [True, True, False]


@pytest.mark.usefixtures("one_window")
def test_T08_a_success_gives_back_its_own_reservation_only(place: Any) -> None:
    first, second = place.reserve([A, B]), place.reserve([A, B])
    place.release(first.receipt + second.receipt)
    failed = place.reserve([B])
    for _ in range(4):
        place.release(place.reserve([A, B]).receipt)
    assert failed.allowed
    assert [place.reserve([B]).allowed for _ in range(5)] == [True] * 4 + [False]


def test_a_release_after_the_window_takes_nothing_from_the_next(place: Any) -> None:
    short = counter("short", 2, 1)
    old = place.reserve([short])
    time.sleep(1.1)
    assert place.reserve([short]).allowed
    place.release(old.receipt)
    attempts = [place.reserve([short]).allowed for _ in range(2)]
    # A key a window of the cache may begin a new one at any moment; it is never fewer than the limit allows.
    assert attempts in ([True, False], [True, True])


def test_T05_going_on_does_not_make_a_window_longer(place: Any) -> None:
    short = counter("short", 1, 2)
    assert place.reserve([short]).allowed
    deadline = time.monotonic() + 4.5
    while not place.reserve([short]).allowed:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.usefixtures("one_window")
def test_T07_two_windows_do_not_share_a_counter(place: Any) -> None:
    limits = [counter("same", 2, 60), counter("same", 3, HOUR)]
    assert [place.reserve(limits).allowed for _ in range(3)] == [True, True, False]
    assert place.reserve(limits[1:]).allowed
    refused = place.reserve(limits[1:])
    assert not refused.allowed
    assert refused.retry_after > 60


@pytest.mark.usefixtures("one_window")
def test_reset_forgets(place: Any) -> None:
    one = counter("one", 1, HOUR)
    assert [place.reserve([one]).allowed for _ in range(2)] == [True, False]
    assert place.reset([one.key, B.key]) == 1
    assert place.reserve([one]).allowed


def test_T03_T39_a_key_without_an_end_gets_one(make_place: Any) -> None:
    redis = make_place("redis")
    redis._client.set(A.key, 3)
    assert not redis.reserve([A]).allowed
    assert 0 < redis._client.pttl(A.key) <= 60_000
    redis._client.set(B.key, 1)
    assert redis.reserve([B]).allowed
    assert 0 < redis._client.pttl(B.key) <= 60_000


def test_T41_values_are_plain_integers(make_place: Any) -> None:
    redis = make_place("redis")
    redis.reserve([A, B])
    assert redis._client.mget(A.key, B.key) == [b"1", b"1"]


@pytest.mark.parametrize("name", ["redis", "cluster"])
def test_asyncio_counts_with_the_others(make_place: Any, name: str) -> None:
    threads = make_place(name)
    url = services.redis() if name == "redis" else services.redis_cluster()

    async def attempt() -> list[bool]:
        place = AsyncRedisCounters(url)
        attempts = [await place.reserve([A, B]) for _ in range(4)]
        await place.release(attempts[0].receipt)
        await place.close()
        return [one.allowed for one in attempts]

    assert asyncio.run(attempt()) == [True, True, True, False]
    assert [threads.reserve([A, B]).allowed for _ in range(2)] == [True, False]
