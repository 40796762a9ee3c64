"""``python -m ferrauth calibrate``: how many iterations fit into a time on this machine."""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ferrauth import profiles
from ferrauth._core import build_info, max_iterations
from ferrauth.passwords import make_password

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 5
"""Measurements, of which the median counts."""

SAMPLE = 300_000
"""Iterations of one measurement: some 20 to 100 ms."""

STEP = 10_000
"""Counts are rounded down to a multiple of this, so that they can be read aloud."""


@dataclass(frozen=True)
class Calibration:
    """What was measured."""

    target_seconds: float
    iterations: int
    """How many fit into the target, where a login has a core to itself."""
    alone_ns: float
    """Nanoseconds an iteration, of one login on an idle machine."""
    full_ns: float
    """Nanoseconds an iteration, of each of the logins that fill every lane of every core."""
    logins_at_once: int
    """How many that are."""

    @property
    def alone_seconds(self) -> float:
        """How long a login of that cost takes on an idle machine."""
        return self.iterations * self.alone_ns / 1e9

    @property
    def full_seconds(self) -> float:
        """How long a login of that cost takes while all lanes are busy."""
        return self.iterations * self.full_ns / 1e9

    @property
    def logins_a_second(self) -> float:
        """How many logins of that cost this machine takes."""
        return self.logins_at_once / self.full_seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what to set.

    Args:
        arguments: The words after ``calibrate``; those of the process by default.

    Returns:
        The exit status: 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ferrauth calibrate",
        description="Measure how many PBKDF2-HMAC-SHA256 iterations fit into a time on this machine, for one login "
        "alone and for as many as it has lanes, and print the settings to paste.",
        epilog="Measure on an idle machine like the one that will serve. More iterations cost an attacker who stole "
        "the table more for every guess, and you more for every login; Django's default is a good choice where you "
        "have no other reason.",
    )
    parser.add_argument(
        "--target", type=duration, default=0.1, metavar="TIME", help="how long a login may take: 100ms, 0.25s (100ms)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    options = parser.parse_args(arguments)
    measured = calibrate(options.target)
    if options.json:
        derived = {"full_seconds": measured.full_seconds, "logins_a_second": measured.logins_a_second}
        print(json.dumps({**asdict(measured), **derived}, indent=2))
        return 0
    print(f"One login alone:        {measured.alone_ns:6.1f} ns an iteration")
    print(f"{measured.logins_at_once} logins at once:       {measured.full_ns:6.1f} ns an iteration, each")
    print(f"\n{measured.iterations:,} iterations take {measured.alone_seconds * 1e3:.0f} ms alone,")
    busy, rate = measured.full_seconds * 1e3, measured.logins_a_second
    print(f"{busy:.0f} ms while every lane is busy: {rate:,.0f} logins a second.")
    least = profiles.OWASP_PBKDF2
    if measured.iterations < least.iterations:
        print(f"\nThat is below OWASP's minimum of {least.iterations:,}: allow more time.")
    if measured.iterations + STEP > max_iterations():
        print(f"\nMore than {max_iterations():,} are refused, as no row's cost may be a burden to whoever checks it.")
    print(settings(measured.iterations))
    return 0


def calibrate(target: float) -> Calibration:
    """Measure this machine.

    Args:
        target: Seconds that a login alone may take.
    """
    info = build_info()
    at_once: int = info["threads"] * info["lanes"]
    alone = _median(_derive) / SAMPLE
    with ThreadPoolExecutor(at_once) as threads:
        full = _median(lambda: list(threads.map(lambda _: _derive(), range(at_once)))) / SAMPLE
    # What is beyond the cap would be refused by whoever pastes it.
    count = min(int(target / alone), max_iterations())
    return Calibration(
        target_seconds=target,
        iterations=max(STEP, count - count % STEP),
        alone_ns=alone * 1e9,
        full_ns=full * 1e9,
        logins_at_once=at_once,
    )


def settings(iterations: int) -> str:
    """Return the lines to paste."""
    return f"""
For Django, a class in a module of yours, first in PASSWORD_HASHERS:

    from ferrauth.django.hashers import PBKDF2PasswordHasher

    class PasswordHasher(PBKDF2PasswordHasher):
        iterations = {iterations:_}

    PASSWORD_HASHERS[0] = "yourproject.hashers.PasswordHasher"  # The others go on reading older rows.

Without a framework:

    ferrauth.make_password(password, iterations={iterations:_})
    ferrauth.verify_and_update(password, encoded, policy=ferrauth.passwords.Policy(iterations={iterations:_}))"""


def duration(text: str) -> float:
    """Read ``100ms`` or ``0.25s``, in seconds.

    Raises:
        ArgumentTypeError: It is neither.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text)
    if match is None or not 0 < (seconds := float(match[1]) / (1000 if match[2] == "ms" else 1)) <= 10:
        raise argparse.ArgumentTypeError(f"{text} is no time such as 100ms or 0.25s, at most 10s")
    return seconds


def _derive() -> object:
    return make_password("correct horse battery staple", iterations=SAMPLE)


def _median(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
