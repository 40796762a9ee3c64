"""A flood: thousands of logins at once, of which most would wait longer than anyone may.

What has to wait longer than ``HASHER_MAX_WAIT`` is answered 503 at once, with a code and the time to come back; memory
has a bound; and when it is over, the server is as it was. A second flood tells a bound from a slow growth.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benches.rounds import Row
from benches.wire import LOST, failure

if TYPE_CHECKING:
    from benches.closed_loop import Target
    from benches.wire import Connection

KIB_EACH = (64, 32)
"""At most, and aim: memory of a login that waits, its connection, request and task among it."""
MORE_AGAIN = (1.1, 1.02)
"""At most, and aim: the most memory after a second flood, against that after the first."""
SLOWER = (2.0, 1.25)
"""At most, and aim: what a login takes afterwards, against before."""
LOGINS = 5
"""Whose median is compared."""
SETTLING = 60.0
"""Seconds that the queue has to become empty."""


@dataclass
class Flood:
    """What became of two floods."""

    waiting: int
    answers: Counter[str] = field(default_factory=Counter)
    before: float = 0.0
    """MiB."""
    peaks: list[float] = field(default_factory=list)
    """MiB at most, after each."""
    logins: list[float] = field(default_factory=list)
    """Seconds of a login before, and after each."""
    queued: int = 0
    """Derivations that still wait when all have been answered."""


async def flood(target: Target, waiting: int) -> Flood:
    """Let so many log in at once, twice, with a right login before and after."""
    found = Flood(waiting)
    await target.prove()
    found.logins.append(await _one_login(target))
    found.before = memory(target.pid, "VmRSS")
    for _ in range(2):
        answers = await asyncio.gather(*(_attempt(target) for _ in range(waiting)))
        found.answers.update(answers)
        found.queued = await _settle(target)
        found.peaks.append(memory(target.pid, "VmHWM"))
        await target.prove()
        found.logins.append(await _one_login(target))
    return found


def rows(found: Flood) -> list[Row]:
    """Return what the figures ask."""
    refused, wrong = found.answers["503"], found.answers["401"]
    others = sum(found.answers.values()) - refused - wrong
    grown = (found.peaks[0] - found.before) * 1024 / found.waiting
    again, slower = found.peaks[1] / found.peaks[0], max(found.logins[1:]) / found.logins[0]
    return [
        Row("answered 503, with a code and Retry-After", refused, 1, 1, "or more"),
        Row("answered 401: a login was derived, and was wrong", wrong, 1, 1, "or more"),
        Row("answered otherwise, or not at all", others, 0, 0, "requests"),
        Row(f"memory of each of {found.waiting:,} waiting logins", grown, *KIB_EACH, "KiB"),
        Row("most memory after a second flood, against the first", again, *MORE_AGAIN, "times"),
        Row("a login afterwards, against before", slower, *SLOWER, "times"),
        Row("derivations that still wait", found.queued, 0, 0, "jobs"),
    ]


def memory(pid: int, name: str) -> float:
    """Return a process's memory in MiB: ``VmRSS`` now, or ``VmHWM`` at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1_024


async def _attempt(target: Target) -> str:
    """Log in as nobody, and return what came of it: the status, of a 503 only where it is whole."""
    connection = target.connect()
    try:
        status, headers, body = await target.log_in(connection, -1, "wrong")
    except LOST as error:
        return failure(error)
    finally:
        connection.close()
    if status == 503 and not (json.loads(body).get("code") and headers.get("retry-after", "").isdecimal()):
        return "503 without a code or Retry-After"
    return str(status)


async def _one_login(target: Target) -> float:
    connection = target.connect()
    times = []
    for _ in range(LOGINS):
        begun = time.perf_counter()
        status, _, body = await target.log_in(connection, 0)
        times.append(time.perf_counter() - begun)
        assert status == 200, body
    connection.close()
    return sorted(times)[LOGINS // 2]


async def _settle(target: Target) -> int:
    """Wait until nothing waits any more, and return what still does."""
    connection: Connection = target.connect()
    deadline = time.monotonic() + SETTLING
    while True:
        queued: int = json.loads((await connection.send("GET", "/state"))[2])["queued"]
        if not queued or time.monotonic() > deadline:
            connection.close()
            return queued
        await asyncio.sleep(0.1)
