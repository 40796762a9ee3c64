"""Helpers of the tests of the pool: counters and orders decide, a deadline only ends a test that hangs."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

from ferrauth import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEADLINE = 60.0
"""Seconds after which a test is taken to hang."""

ENDLESS = 10_000_000
"""Iterations that take most of a second or longer: more than a test that cancels them waits for."""


def until(condition: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """Wait until the pool's counters are as they should be, and return them."""
    end = time.monotonic() + DEADLINE
    while True:
        counters = _core.pool_counters()
        if condition(counters):
            return counters
        assert time.monotonic() < end, counters
        time.sleep(0.001)


def is_at_rest(counters: dict[str, int]) -> bool:
    """Tell whether nothing runs, waits or is promised."""
    return counters["lanes_busy"] == counters["queued"] == counters["reserved"] == 0


def run(script: str, *, environment: Mapping[str, str] | None = None, timeout: float = DEADLINE) -> str:
    """Run a script in a Python of its own, which must end well, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


INTERRUPT_ONCE_BUSY = """
import os, signal, threading, time
import ferrauth
from ferrauth import _core, hazmat

# A shell starts what it runs in the background with SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupt():
    while _core.pool_counters()["lanes_busy"] == 0:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
"""
"""The head of a script that is sent what Ctrl-C sends, once the pool is at work."""
