"""Clients of the storm: some log in one time after another, others ask who they are."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from dataclasses import dataclass

from benches.storm.servers import PROXIED, Taken, taken
from benches.wire import Connection

PASSWORD = "correct horse battery staple"
USERS = 64
CLIENTS = 32
READERS = 4
PAUSE = 0.05
"""Seconds between two requests of a reader."""


@dataclass
class Storm:
    """What one server did."""

    logins: list[float]
    """Seconds of each."""
    me: list[float]
    """Seconds of each."""
    elapsed: float
    cpu: float
    """Cores in use, by the server and its workers."""
    rss: int
    """Bytes, at the end."""

    @property
    def rate(self) -> float:
        """Logins a second."""
        return len(self.logins) / self.elapsed


def quantile(times: list[float], percent: int) -> float:
    """Return a percentile, in milliseconds."""
    return statistics.quantiles(times, n=100)[percent - 1] * 1e3


def email(number: int) -> str:
    """Return the address of a user."""
    return f"user{number}@example.com"


async def log_in(connection: Connection, number: int, password: str = PASSWORD) -> tuple[int, dict[str, str], bytes]:
    """Log a user in."""
    body = json.dumps({"email": email(number), "password": password}).encode()
    return await connection.send("POST", "/api/auth/login", body)


async def storm(port: int, pid: int, *, seconds: float) -> Storm:
    """Let clients log in, and others ask who they are, for so long. Every login that has begun is ended."""
    token = await _prove(port)
    before: Taken = taken(pid)
    started = time.perf_counter()
    ends = started + seconds
    logins: list[float] = []
    asked: list[float] = []

    async def client(number: int) -> None:
        connection = Connection(port, PROXIED)
        while time.perf_counter() < ends:
            begun = time.perf_counter()
            status, _, body = await log_in(connection, number)
            assert status == 200, body
            logins.append(time.perf_counter() - begun)
        connection.close()

    async def reader() -> None:
        connection = Connection(port, PROXIED)
        while time.perf_counter() < ends:
            begun = time.perf_counter()
            status, _, body = await connection.send("GET", "/api/auth/me", headers={"Authorization": f"Bearer {token}"})
            assert status == 200, body
            asked.append(time.perf_counter() - begun)
            await asyncio.sleep(PAUSE)
        connection.close()

    reading = asyncio.gather(*(reader() for _ in range(READERS)))
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    elapsed = time.perf_counter() - started
    await reading
    after = taken(pid)
    return Storm(logins, asked, elapsed, (after.cpu - before.cpu) / (time.perf_counter() - started), after.rss)


async def _prove(port: int) -> str:
    """See a right and a wrong password answered as they must be, and return a token that is good."""
    connection = Connection(port, PROXIED)
    number = USERS - 1
    assert (await log_in(connection, number, "wrong"))[0] == 401
    status, _, body = await log_in(connection, number)
    assert status == 200, body
    token: str = json.loads(body)["access_token"]
    status, _, body = await connection.send("GET", "/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert (status, json.loads(body)["email"]) == (200, email(number))
    assert (await connection.send("GET", "/api/auth/me", headers={"Authorization": f"Bearer {token}x"}))[0] == 401
    connection.close()
    return token
