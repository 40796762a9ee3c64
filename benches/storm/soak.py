"""``make soak``: the example under mixed traffic for ten minutes, and what grows meanwhile.

Logins, refreshes, replays, logouts, wrong passwords, and clients that hang up while their login is derived, under
uvicorn with two workers and a Redis that is restarted now and then. What the server and its workers take (memory,
threads, files) is read from ``/proc`` every few seconds; the second half must not have grown, and no answer but a
declared 503 may be a 5xx.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path

from benches.rounds import cpu
from benches.storm.clients import PASSWORD, USERS, email
from benches.storm.servers import PROXIED, Taken, environment, serve, taken
from benches.wire import Connection
from tests.services import RedisServer

MINUTES = 10.0
ITERATIONS = 20_000
"""Few, so that the soak is of requests and not of derivations."""
CLIENTS = 16
EVERY = 2.0
"""Seconds between two readings of what the server takes."""
OUTAGE_EVERY, OUTAGE = 60.0, 3.0
"""Seconds between two restarts of Redis, and that it is away."""
COOKIE = "__Host-refresh_token"
MOST_GROWTH = 1.0
"""Per cent that memory may grow over the second half."""
FLUCTUATION = 4
"""Threads or files by which one reading may differ from another: requests are under way in each."""
WARM_UP = 0.1
"""Share of the soak whose errors of starting caches are not looked at."""


@dataclass
class Record:
    """What has happened."""

    statuses: Counter[str] = field(default_factory=Counter)
    hung_up: int = 0
    restarts: int = 0
    readings: list[Taken] = field(default_factory=list)

    def note(self, what: str, status: int, code: str) -> None:
        """Count an answer; one that is a server error by its code, too."""
        self.statuses[f"{status}" if status < 500 else f"{status} {code} ({what})"] += 1


class Client:
    """One client: does one thing after another, at random."""

    def __init__(self, number: int, port: int, record: Record) -> None:
        self._dice = random.Random(number)  # noqa: S311
        self._connection = Connection(port, {**PROXIED, "X-Forwarded-For": f"10.0.0.{number}"})
        self._port, self._record, self._number = port, record, number
        self._access = self._refresh = ""

    async def run(self, ends: float) -> None:
        """Go on until then."""
        steps = (self._log_in, self._ask, self._ask, self._renew, self._replay, self._fail, self._leave, self._hang_up)
        while time.monotonic() < ends:
            try:
                await self._dice.choice(steps)()
            except (OSError, asyncio.IncompleteReadError):
                self._connection.close()
                self._record.statuses["connection lost"] += 1
            await asyncio.sleep(self._dice.random() * 0.1)
        self._connection.close()

    async def _send(self, what: str, method: str, path: str, body: object = None, **headers: str) -> int:
        content = b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answered, got = await self._connection.send(method, f"/api/auth/{path}", content, headers=named)
        answer = json.loads(got) if got.startswith(b"{") else {}
        self._record.note(what, status, str(answer.get("code", "")))
        if status == 200 and "access_token" in answer:
            self._access = answer["access_token"]
            self._refresh = SimpleCookie(answered["set-cookie"])[COOKIE].value
        return status

    def _cookie(self, token: str) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={token}", "X_Requested_With": "soak"}

    def _credentials(self, password: str = PASSWORD) -> dict[str, str]:
        return {"email": email(self._number), "password": password}

    async def _log_in(self) -> None:
        await self._send("login", "POST", "login", self._credentials())

    async def _ask(self) -> None:
        await self._send("me", "GET", "me", Authorization=f"Bearer {self._access}")

    async def _renew(self) -> None:
        await self._send("refresh", "POST", "refresh", **self._cookie(self._refresh))

    async def _replay(self) -> None:
        stolen = self._refresh
        await self._renew()
        await self._renew()
        await self._send("replay", "POST", "refresh", **self._cookie(stolen))

    async def _fail(self) -> None:
        await self._send("wrong password", "POST", "login", self._credentials("wrong"))

    async def _leave(self) -> None:
        await self._send("logout", "POST", "logout", **self._cookie(self._refresh))

    async def _hang_up(self) -> None:
        """Begin a login, and go away while it is derived."""
        other = Connection(self._port, PROXIED)
        with_login = asyncio.ensure_future(
            other.send("POST", "/api/auth/login", json.dumps(self._credentials()).encode())
        )
        await asyncio.sleep(self._dice.random() * 0.01)
        with_login.cancel()
        await asyncio.wait([with_login])
        other.close()
        self._record.hung_up += 1


def main() -> int:
    """Soak, and say what has grown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long (default: %(default)s)")
    options = parser.parse_args()
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}; {CLIENTS} clients, {options.minutes:g} minutes; make soak")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        redis = RedisServer()
        redis.start()
        env = environment(data, "ferrauth", DJANGO_REDIS_URL=redis.url)
        make = [sys.executable, "-m", "benches.storm.database", str(USERS), str(ITERATIONS), PASSWORD]
        subprocess.run(make, env=env, check=True)
        try:
            with serve("uvicorn", env, data / "log") as (port, pid):
                record = asyncio.run(_soak(port, pid, redis, options.minutes * 60))
        finally:
            redis.remove()
    return _report(record)


async def _soak(port: int, pid: int, redis: RedisServer, seconds: float) -> Record:
    record = Record()
    ends = time.monotonic() + seconds
    clients = [asyncio.ensure_future(Client(number, port, record).run(ends)) for number in range(CLIENTS)]
    restarts = asyncio.ensure_future(_restart(redis, record, ends))
    while (left := ends - time.monotonic()) > 0:
        record.readings.append(taken(pid))
        _progress(record, seconds - left, seconds)
        await asyncio.sleep(min(EVERY, left))
    await asyncio.gather(*clients, restarts)
    return record


async def _restart(redis: RedisServer, record: Record, ends: float) -> None:
    while time.monotonic() + OUTAGE_EVERY < ends:
        await asyncio.sleep(OUTAGE_EVERY)
        redis.kill()
        await asyncio.sleep(OUTAGE)
        redis.start()
        record.restarts += 1


def _progress(record: Record, done: float, whole: float) -> None:
    if sys.stderr.isatty():
        answers = sum(record.statuses.values())
        print(f"\r{done:4.0f} of {whole:.0f} s, {answers:,} answers", end="", file=sys.stderr, flush=True)


def _report(record: Record) -> int:
    print(
        f"\n{sum(record.statuses.values()):,} answers, {record.hung_up:,} clients hung up, Redis restarted "
        f"{record.restarts} times"
    )
    for status, count in sorted(record.statuses.items()):
        print(f"  {status:40}{count:9,}")
    readings = record.readings[int(len(record.readings) * WARM_UP) :]
    middle = len(readings) // 2
    good = True
    print(f"\n{'':10}{'first half':>12}{'second half':>13}{'its growth':>12}")
    for name, scale in (("rss", 2**20), ("threads", 1), ("files", 1)):
        values = [getattr(one, name) / scale for one in readings]
        first, second = values[:middle], values[middle:]
        growth = _growth(second)
        print(f"{name:10}{statistics.median(first):12.1f}{statistics.median(second):13.1f}{growth:11.2f} %")
        flat = growth <= MOST_GROWTH or (name != "rss" and second[-1] - second[0] <= FLUCTUATION)
        good = good and flat
    # What the API's document declares: 503, with a code.
    undeclared = {status for status in record.statuses if status[0] == "5" and not status.startswith("503 ")}
    good = good and not undeclared
    print("\nFlat, and no 5xx but declared ones." if good else "\nNOT as it must be.")
    return 0 if good else 1


def _growth(values: list[float]) -> float:
    """Return by how many per cent values have grown: the last quarter's median over the first quarter's."""
    quarter = max(1, len(values) // 4)
    start, end = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
    return (end - start) / start * 100


if __name__ == "__main__":
    sys.exit(main())
