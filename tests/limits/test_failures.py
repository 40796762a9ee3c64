"""What happens while nothing can be counted: limits at a part, or 503; never a server error, never no limit."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ferrauth.accounts.counters import (
    BREAKER_PERIOD,
    DEGRADED_SHARE,
    AsyncGuardedCounters,
    Breaker,
    GuardedCounters,
    LocalCounters,
)
from ferrauth.accounts.errors import Unavailable
from ferrauth.accounts.redis_counters import TIMEOUT, AsyncRedisCounters, RedisCounters
from tests import services
from tests.limits.conftest import counter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 20
ATTEMPTS = [counter("login", LIMIT)]
DEGRADED = LIMIT // DEGRADED_SHARE


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[services.RedisServer]:
    """A Redis of the test's own, to be mistreated."""
    server = services.RedisServer()
    server.start()
    yield server
    server.answer_again()
    server.remove()


def guarded(url: str, clock: Clock, *, deny: bool = False) -> GuardedCounters:
    return GuardedCounters(RedisCounters(url), deny=deny, breaker=Breaker(clock=clock))


def allowed(counters: GuardedCounters, times: int = 2 * LIMIT) -> int:
    return sum(counters.reserve(ATTEMPTS).allowed for _ in range(times))


FAULTS = ("refused", "silent", "out of memory", "read-only", "another type")


def break_it(server: services.RedisServer, fault: str) -> None:
    client = server.client()
    if fault == "refused":
        server.kill()
    elif fault == "silent":
        server.stop_answering()
    elif fault == "out of memory":
        client.config_set("maxmemory", 1)
    elif fault == "read-only":
        client.replicaof("127.0.0.1", services.free_port())
    else:
        client.delete(ATTEMPTS[0].key)
        client.lpush(ATTEMPTS[0].key, 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_T27_T28_T31_a_failure_degrades_to_a_part_of_the_limit(
    server: services.RedisServer, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    counters = guarded(server.url, clock)
    assert counters.reserve(ATTEMPTS).allowed
    break_it(server, fault)
    tries = []
    place = counters.place.reserve
    counters.place.reserve = lambda asked: tries.append(asked) or place(asked)  # type: ignore[method-assign, func-returns-value]
    assert allowed(counters) == DEGRADED
    # One attempt waits for the server; what comes within the breaker's period does not.
    assert len(tries) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "cannot be counted" in caplog.text


@pytest.mark.parametrize("fault", FAULTS)
def test_T27_denying_is_503(server: services.RedisServer, fault: str) -> None:
    counters = guarded(server.url, Clock(), deny=True)
    assert counters.reserve(ATTEMPTS).allowed
    break_it(server, fault)
    for _ in range(3):
        with pytest.raises(Unavailable) as raised:
            counters.reserve(ATTEMPTS)
        assert (raised.value.status, raised.value.retry_after) == (503, int(BREAKER_PERIOD))


def test_T27_what_failed_is_tried_once_a_period_and_counts_again(server: services.RedisServer) -> None:
    clock = Clock()
    counters = guarded(server.url, clock)
    server.kill()
    assert allowed(counters) == DEGRADED
    server.start()
    assert allowed(counters) == 0
    clock.now += BREAKER_PERIOD
    assert allowed(counters) == LIMIT


def test_T28_one_of_many_tries_what_failed() -> None:
    class Place(LocalCounters):
        tries = 0

        def reserve(self, counters: Any) -> Any:
            self.tries += 1
            raise TimeoutError

    clock = Clock()
    place = Place()
    counters = GuardedCounters(place, deny=False, breaker=Breaker(clock=clock))
    counters.reserve(ATTEMPTS)
    clock.now += BREAKER_PERIOD
    threads = [threading.Thread(target=counters.reserve, args=(ATTEMPTS,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.tries == 2


def test_T32_a_flush_resets_the_attempts_and_nothing_else(server: services.RedisServer) -> None:
    counters = guarded(server.url, Clock())
    held = counters.reserve(ATTEMPTS)
    server.client().flushall()
    counters.release([held.receipt])
    assert server.client().dbsize() == 0
    assert allowed(counters) == LIMIT


def test_a_release_that_fails_is_no_error(server: services.RedisServer) -> None:
    counters = guarded(server.url, Clock())
    held = counters.reserve(ATTEMPTS)
    server.kill()
    counters.release([held.receipt])
    degraded = counters.reserve(ATTEMPTS)
    counters.release([degraded.receipt, held.receipt])
    assert allowed(counters) == DEGRADED


@pytest.mark.parametrize("fault", ["refused", "silent"])
def test_T06_T28_asyncio_degrades_without_blocking_the_loop(server: services.RedisServer, fault: str) -> None:
    async def attempts() -> tuple[int, int]:
        place = AsyncRedisCounters(server.url)
        counters = AsyncGuardedCounters(place, deny=False, breaker=Breaker(clock=Clock()))
        first = await counters.reserve(ATTEMPTS)
        await counters.release([first.receipt])
        break_it(server, fault)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(TIMEOUT / 20)
                ticks += 1

        ticking = asyncio.create_task(tick())
        count = sum([(await counters.reserve(ATTEMPTS)).allowed for _ in range(2 * LIMIT)])
        ticking.cancel()
        return count, ticks

    count, ticks = asyncio.run(attempts())
    assert count == DEGRADED
    if fault == "silent":
        assert ticks > 1


def test_T33_a_process_holds_so_many_counters_and_no_more() -> None:
    clock = Clock()
    counters = LocalCounters(capacity=100, clock=clock)
    allowed = [counters.reserve([counter(f"user{number}", 5)]).allowed for number in range(1_000)]
    # What has no room shares one counter: it is limited all the more.
    assert sum(allowed) == 105
    assert len(counters) == 101
    clock.now += 61
    assert counters.reserve([counter("later", 5)]).allowed
    assert len(counters) == 1


def test_T33_every_key_ends(server: services.RedisServer) -> None:
    place = RedisCounters(server.url)
    for number in range(200):
        place.reserve([counter(f"user{number}", 5, 3600), counter("address", 1_000)])
    client = server.client()
    assert client.dbsize() == 201
    assert all(0 < client.pttl(key) <= 3_600_000 for key in client.scan_iter())


def test_sentinel_finds_the_primary(server: services.RedisServer, tmp_path: Path) -> None:
    port = services.free_port()
    config = tmp_path / "sentinel.conf"
    config.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor primary 127.0.0.1 {server.port} 1\n")
    process = subprocess.Popen([str(services.find_redis()), str(config), "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        services.wait_for(port)
        place = RedisCounters(f"redis+sentinel://127.0.0.1:{port}/primary/1")
        assert place.reserve(ATTEMPTS).allowed
        assert server.client().info("keyspace")["db1"]["keys"] == 1
    finally:
        process.terminate()
        process.wait()
