"""``make soak``: the example under mixed traffic for ten minutes, and what grows meanwhile.

Logins, refreshes, replays, logouts, wrong passwords, and clients that hang up while their login is derived, under
uvicorn with two workers and a Redis that is restarted now and then. Every answer must be the one that its step expects;
but while Redis is away a declared refusal may come instead. What the server and its workers take (memory, threads,
files) is read from ``/proc`` every few seconds, of the same processes throughout; the second half must not have grown.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benches.rounds import cpu
from benches.storm import database
from benches.storm.clients import PASSWORD
from benches.storm.few_iterations import ITERATIONS
from benches.storm.servers import environment, serve, taken
from benches.storm.soakers import AFTERMATH, CLIENTS, KINDS, Client, Record
from tests.services import RedisServer, children

MINUTES = 10.0
SLOW_ITERATIONS = 1_000_000
"""Of the users that hang up: a tenth of a second in which to go away."""
EVERY = 2.0
"""Seconds between two readings of what the server takes."""
OUTAGE_EVERY, OUTAGE = 60.0, 3.0
"""Seconds between two restarts of Redis, and that it is away."""
ARENA_MAX = "MALLOC_ARENA_MAX"
ARENAS = "2"
"""Heaps of a server's process, unless the environment says another number. Under ASGI, Django gives every request a
thread, and glibc gives threads up to eight heaps a core, of which each keeps what its own busiest moment took. That is
no leak, but long it looks like one: until each has had its busiest moment."""
MOST_GROWTH = 1.0
"""Per cent that memory may grow over the second half."""
FLUCTUATION = 4
"""Threads or files that are no growth: as many as a request has, and requests are under way at every reading."""
WARM_UP = 0.1
"""Share of the soak whose errors of starting caches are not looked at."""
FEWEST = 20
"""Answers of each kind, as they must be, a minute: a server that does nothing has no leak."""
PARTS = 10
"""Of the curve of the memory that is printed."""


def main() -> int:
    """Soak, say what has grown and what was not as it must be, and return 0 if nothing was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long (default: %(default)s)")
    minutes = parser.parse_args().minutes
    arenas = os.environ.get(ARENA_MAX, ARENAS)
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}; {CLIENTS} clients, {minutes:g} minutes; {ARENA_MAX}={arenas}")
    print("command: make soak", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        redis = RedisServer()
        redis.start()
        settings = {"DJANGO_SETTINGS_MODULE": "benches.storm.soak_settings", "DJANGO_REDIS_URL": redis.url}
        env = environment(data, "ferrauth", **settings, **{ARENA_MAX: arenas})
        users = ((CLIENTS, ITERATIONS), (CLIENTS, SLOW_ITERATIONS))
        try:
            subprocess.run(database.command(PASSWORD, *users), env=env, check=True)
            with serve("uvicorn", env, data / "log") as (port, pid):
                record = asyncio.run(_soak(port, pid, redis, minutes * 60))
        finally:
            redis.remove()
    return _report(record, minutes)


async def _soak(port: int, pid: int, redis: RedisServer, seconds: float) -> Record:
    record = Record()
    clients = [Client(number, port, record) for number in range(CLIENTS)]
    for client in clients:
        await client.measure()
    ends = time.monotonic() + seconds
    running = [asyncio.ensure_future(client.run(ends)) for client in clients]
    restarts = asyncio.ensure_future(_restart(redis, record, ends))
    while (left := ends - time.monotonic()) > 0:
        record.readings.append(taken(pid))
        record.workers.append(frozenset(children(pid)))
        _progress(record, seconds - left, seconds)
        await asyncio.sleep(min(EVERY, left))
    await asyncio.gather(*running, restarts)
    return record


async def _restart(redis: RedisServer, record: Record, ends: float) -> None:
    while time.monotonic() + OUTAGE_EVERY < ends:
        await asyncio.sleep(OUTAGE_EVERY)
        record.away_until = ends
        await asyncio.to_thread(redis.kill)
        await asyncio.sleep(OUTAGE)
        await asyncio.to_thread(redis.start)
        record.away_until = time.monotonic() + AFTERMATH
        record.restarts += 1


def _progress(record: Record, done: float, whole: float) -> None:
    if sys.stderr.isatty():
        answers = sum(record.good.values())
        print(f"\r{done:4.0f} of {whole:.0f} s, {answers:,} answers", end="", file=sys.stderr, flush=True)


def _report(record: Record, minutes: float) -> int:
    answers = sum((record.good + record.refused + record.bad).values())
    print(f"\n{answers:,} answers, Redis restarted {record.restarts} times")
    fewest = int(FEWEST * minutes)
    faults = []
    for kind in KINDS:
        print(f"  {kind:44}{record.good[kind]:9,}")
        if record.good[kind] < fewest:
            faults.append(f"{kind}: {record.good[kind]:,} times, and {fewest:,} are the fewest")
    print("Refused while Redis was away, with a code and Retry-After" + ("" if record.refused else ": none"))
    for what, count in sorted(record.refused.items()):
        print(f"  {what:44}{count:9,}")
    faults += [f"not as it must be: {what}, {count:,} times" for what, count in sorted(record.bad.items())]
    if len(set(record.workers)) > 1:
        faults.append("a worker ended and another began, so that the memory is not of the same processes")
    faults += _grown(record)
    print("\n" + "\n".join(faults or ["Every answer as it must be, and nothing has grown."]))
    return 1 if faults else 0


def _grown(record: Record) -> list[str]:
    """Print what the server has taken, and return what has grown."""
    readings = record.readings[int(len(record.readings) * WARM_UP) :]
    middle = len(readings) // 2
    faults = []
    print(f"\n{'':10}{'first half':>12}{'second half':>13}{'its growth':>12}")
    for name, scale in (("rss", 2**20), ("threads", 1), ("files", 1)):
        values = [getattr(one, name) / scale for one in readings]
        first, second = values[:middle], values[middle:]
        growth = _growth(second)
        print(f"{name:10}{statistics.median(first):12.1f}{statistics.median(second):13.1f}{growth:11.2f} %")
        if growth > MOST_GROWTH and (name == "rss" or growth / 100 * second[0] > FLUCTUATION):
            faults.append(f"{name} grew {growth:.2f} % in the second half, and {MOST_GROWTH:g} % is the most")
    sizes = [one.rss / 2**20 for one in record.readings]
    parts = [sizes[len(sizes) * part // PARTS : len(sizes) * (part + 1) // PARTS] for part in range(PARTS)]
    print("rss by tenths of the time, MiB: " + " ".join(f"{statistics.median(part):.1f}" for part in parts if part))
    return faults


def _growth(values: list[float]) -> float:
    """Return by how many per cent values have grown: the last quarter's median over the first quarter's."""
    quarter = max(1, len(values) // 4)
    start, end = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
    return (end - start) / start * 100


if __name__ == "__main__":
    sys.exit(main())
