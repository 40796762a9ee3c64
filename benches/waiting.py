"""What waiting costs: an event loop's stalls, a busy Python thread beside the lanes, memory.

Each figure is measured in a process of its own, so that none sees another's pool or memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ferrauth
from ferrauth import _core

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKS = 200
"""Concurrent checks, as in a burst of logins."""

ITERATIONS = 200_000
"""Of each check: 200 of them keep two cores busy for about a second."""

WAITING = 10_000
"""Checks that wait when memory is measured."""

TICK = 0.001
"""Seconds between two looks at the event loop's clock."""

ROUNDS = 5


def measure(row: Callable[[str, float, float, float, str], Any]) -> list[Any]:
    """Measure each figure in a process of its own, and return the table's rows."""
    stall = max(in_its_own_process("stall") for _ in range(ROUNDS))
    share = in_its_own_process("share")
    growth = in_its_own_process("growth")
    size = in_its_own_process("size")
    return [
        row(f"event loop's longest stall while {CHECKS} acheck_password run", stall * 1e3, 20, 5, "ms"),
        row(f"throughput of {CHECKS} checks beside a busy Python thread", share, 0.9, 0.98, "of without"),
        row("Rust memory of a queued job", size, 512, 256, "bytes"),
        row(f"growth of RSS at {WAITING:,} waiting acheck_password", growth / 2**20, 32, 16, "MiB"),
    ]


def in_its_own_process(figure: str) -> float:
    environment = dict(os.environ)
    if figure == "share":
        # One core for the busy thread: what is asked is whether it holds up the lanes, not who gets the core.
        environment["FERRAUTH_THREADS"] = str(max(1, ferrauth.build_info()["threads"] - 1))
    command = [sys.executable, "-m", "benches.waiting", figure]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout))


def row() -> str:
    """A row that costs :data:`ITERATIONS`, whatever is submitted for it."""
    ferrauth.passwords.DEFAULT_ITERATIONS = ITERATIONS
    return ferrauth.make_password("right", iterations=ITERATIONS)


async def check_all(encoded: str) -> None:
    assert all(await asyncio.gather(*(ferrauth.acheck_password("right", encoded) for _ in range(CHECKS))))


def stall() -> float:
    """Return by how many seconds the loop was late, at worst, for a timer of :data:`TICK`."""
    encoded = row()

    async def main() -> float:
        await ferrauth.acheck_password("right", encoded)
        checks = asyncio.ensure_future(check_all(encoded))
        worst = 0.0
        while not checks.done():
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            worst = max(worst, time.perf_counter() - start - TICK)
        await checks
        return worst

    return asyncio.run(main())


def share() -> float:
    """Return the throughput beside a busy thread, as a share of that without; medians of interleaved rounds."""
    encoded = row()
    alone, beside = [], []
    for _ in range(ROUNDS):
        alone.append(timed(encoded))
        is_over = threading.Event()
        thread = threading.Thread(target=count, args=(is_over,))
        thread.start()
        beside.append(timed(encoded))
        is_over.set()
        thread.join()
    return sorted(alone)[ROUNDS // 2] / sorted(beside)[ROUNDS // 2]


def timed(encoded: str) -> float:
    start = time.perf_counter()
    asyncio.run(check_all(encoded))
    return time.perf_counter() - start


def count(is_over: threading.Event) -> None:
    number = 0
    while not is_over.is_set():
        for _ in range(10_000):
            number += 1


def growth() -> float:
    """Return by how many bytes the resident memory grows when :data:`WAITING` checks wait."""
    encoded = row()
    _core.set_max_wait(None)

    async def main() -> float:
        await check_all(encoded)
        before = resident()
        checks = [asyncio.ensure_future(ferrauth.acheck_password("right", encoded)) for _ in range(WAITING)]
        await asyncio.sleep(0)
        assert _core.pool_counters()["queued"] > WAITING * 0.9
        grown = resident() - before
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
        return grown

    return asyncio.run(main())


def resident() -> int:
    """Return this process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def size() -> float:
    """Return the bytes that the core keeps of a queued job."""
    return _core.JOB_SIZE


if __name__ == "__main__":
    figures = {"stall": stall, "share": share, "growth": growth, "size": size}
    print(json.dumps(figures[sys.argv[1]]()))
