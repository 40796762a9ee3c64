"""Whether the time of an answer tells who has an account: login, registration and reset over HTTP.

``python -m benches.http_timing`` sends pairs of requests, one about an account that exists and one about none, in
random order on one connection, and compares their medians. They are alike where the 95 % bootstrap interval of the
difference of medians lies inside plus or minus the larger of 1 ms and 1 % of the median. Mails are sent meanwhile, by
the sender that a project has by default, to a mail server on this machine. Each of the three has a positive control, a
server without what makes it equal (``benches.unequal``), which must fail that; else nothing was measured.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import django

import ferrauth
from benches import smtp_sink
from benches.rounds import cpu
from ferrauth.accounts.throttling import DEFAULT_LIMITS
from tests.http import fastapi_server, ninja_server
from tests.http.ninja_server import USERS
from tests.http.server import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLES = 2_000
"""Requests of each kind."""
ITERATIONS = 50_000
"""Of a password hash: some milliseconds, against the 1 ms that a difference may be."""
RESAMPLES = 2_000
"""Of the bootstrap; its interval's ends then vary by some percent of its width (Efron and Tibshirani, section 19.3)."""
CONFIDENCE = 0.95
ABSOLUTE_BOUND = 1.0
"""Milliseconds that medians may differ by."""
RELATIVE_BOUND = 0.01
"""Part of the median that they may differ by, where that is more."""
WARM_UP = 20
"""Pairs before the first that counts."""
WRONG = "Tr0ub4dor&3 and more"
NO_LIMITS = {action: dict.fromkeys(scopes) for action, scopes in DEFAULT_LIMITS.items()}

PROGRESS = 0.5
"""Seconds between two lines of progress on a terminal."""

APPLICATIONS = {
    "ninja": ("tests.http.ninja_project", "benches.unequal"),
    "fastapi": ("tests.http.fastapi_project.app", "benches.unequal.fastapi_app"),
}
"""What is measured of each framework, and its control."""

Body = dict[str, str]


@dataclass(frozen=True)
class Comparison:
    """Two kinds of request, and how long each took, in milliseconds."""

    name: str
    existing: list[float]
    unknown: list[float]

    def interval(self) -> tuple[float, float]:
        """Return the bootstrap interval of the difference of medians."""
        chosen = random.Random(0)  # noqa: S311 (a bootstrap, and the same one at every run)
        size = len(self.existing)
        differences = sorted(
            statistics.median(chosen.choices(self.existing, k=size))
            - statistics.median(chosen.choices(self.unknown, k=size))
            for _ in range(RESAMPLES)
        )
        cut = round(RESAMPLES * (1 - CONFIDENCE) / 2)
        return differences[cut], differences[-cut - 1]

    def bound(self) -> float:
        """Return what medians may differ by."""
        return max(ABSOLUTE_BOUND, RELATIVE_BOUND * statistics.median(self.existing + self.unknown))


def main() -> int:
    """Measure, print a table, and return 0 if all are alike but the controls."""
    parser = argparse.ArgumentParser(description="Whether the time of an answer tells who has an account.")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--iterations", type=int, default=ITERATIONS)
    parser.add_argument("--framework", choices=APPLICATIONS, default="ninja")
    parser.add_argument("--interface", choices=("asgi", "wsgi"), default="asgi")
    arguments = parser.parse_args()
    if arguments.framework == "fastapi" and arguments.interface == "wsgi":
        parser.error("FastAPI speaks ASGI only.")
    application, control_application = APPLICATIONS[arguments.framework]
    info = ferrauth.build_info()
    print(
        f"CPU {cpu()}; Python {sys.version.split()[0]}, Django {django.__version__}, Ninja {version('django-ninja')},"
    )
    print(f"FastAPI {version('fastapi')}; measured: {arguments.framework}, {arguments.interface.upper()}")
    print(f"ferrauth {info['version']} ({info['profile']}), kernel {info['kernel']}; command: make timing")
    print(f"{arguments.samples:,} interleaved pairs over HTTP, {arguments.iterations:,} iterations a hash\n")
    print(f"{'':18} {'existing':>10} {'unknown':>10} {'difference, 95 % interval':>32} {'bound':>10}")
    with smtp_sink.running() as sink:
        alike = [show(comparison) for comparison in measure(application, arguments, sink.port)]
        control = [show(one, of="control") for one in measure(control_application, arguments, sink.port)]
    assert sink.mails, "No mail was sent."
    if any(control):
        print("A control is alike too: at this many samples and iterations nothing was measured.")
    return 0 if all(alike) and not any(control) else 1


def show(comparison: Comparison, *, of: str = "") -> bool:
    """Print a comparison, and return whether its two kinds of request are alike."""
    low, high = comparison.interval()
    bound = comparison.bound()
    is_alike = -bound < low and high < bound
    existing, unknown = statistics.median(comparison.existing), statistics.median(comparison.unknown)
    interval = f"{existing - unknown:+.3f} [{low:+.3f}, {high:+.3f}]"
    verdict = "alike" if is_alike else "different"
    name = f"{comparison.name} {of}"
    print(f"{name:18} {existing:7.3f} ms {unknown:7.3f} ms {interval:>29} ms {bound:7.3f} ms  {verdict}", flush=True)
    return is_alike


def measure(application: str, arguments: argparse.Namespace, smtp_port: int) -> Iterator[Comparison]:
    """Run a server, and yield what its requests took."""
    env = {
        "HTTP_TEST_ITERATIONS": str(arguments.iterations),
        "HTTP_TEST_LOG_LEVEL": "CRITICAL",
        "HTTP_TEST_SMTP_PORT": str(smtp_port),
    }
    in_django = partial(ninja_server.launch, interface=arguments.interface)
    launch = in_django if arguments.framework == "ninja" else fastapi_server.launch
    with (
        tempfile.TemporaryDirectory() as directory,
        launch(Path(directory), {"LIMITS": NO_LIMITS}, application=application, env=env) as server,
    ):
        host = server.base_url.removeprefix("http://").partition("/")[0]
        connection = http.client.HTTPConnection(host, timeout=60)
        for name, (path, bodies) in CASES.items():
            yield compare(connection, name, path, bodies(), arguments.samples)
        connection.close()


def compare(
    connection: http.client.HTTPConnection, name: str, path: str, bodies: Iterator[tuple[Body, Body]], samples: int
) -> Comparison:
    """Send pairs of requests in random order, and hold every answer against the first."""
    order = random.Random(1)  # noqa: S311 (an order, and the same one at every run)
    times: tuple[list[float], list[float]] = ([], [])
    answers, shown = set(), time.monotonic()
    for number, pair in enumerate(itertools.islice(bodies, WARM_UP + samples)):
        for kind in order.sample((0, 1), k=2):
            milliseconds, answer = send(connection, path, pair[kind])
            answers.add(answer)
            if time.monotonic() - shown > PROGRESS:
                shown = progress(f"{name}: {number:,} of {WARM_UP + samples:,} pairs")
            if number >= WARM_UP:
                times[kind].append(milliseconds)
    progress("")
    assert len(answers) == 1, f"{name}: the answers differ."
    return Comparison(name, *times)


def progress(text: str) -> float:
    """Say on a terminal how far it is, in place of what was said before, and return the time."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    return time.monotonic()


def send(connection: http.client.HTTPConnection, path: str, body: Body) -> tuple[float, tuple[int, bytes]]:
    """Send a request, and return how long its answer took, in milliseconds, and the answer."""
    content = json.dumps(body).encode()
    started = time.perf_counter_ns()
    connection.request("POST", f"/auth/{path}", content, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.status, response.read()
    return (time.perf_counter_ns() - started) / 1e6, answer


def logins() -> Iterator[tuple[Body, Body]]:
    """Yield a wrong password of a user who is there, and one of nobody; the names are equally long."""
    for number in itertools.count():
        known = {"identifier": f"user{number % USERS:03}@example.com", "password": WRONG}
        yield known, {**known, "identifier": f"none{number % USERS:03}@example.com"}


def registrations() -> Iterator[tuple[Body, Body]]:
    """Yield a registration of an address that is taken, and of one that nobody has had."""
    for number in itertools.count():
        known = {"email": f"user{number % USERS:03}@example.com", "password": PASSWORD}
        yield known, {**known, "email": f"n{number:06}@example.com"}


def resets() -> Iterator[tuple[Body, Body]]:
    """Yield a reset of a user who is there, and of nobody."""
    for number in itertools.count():
        yield {"email": f"user{number % USERS:03}@example.com"}, {"email": f"none{number % USERS:03}@example.com"}


Case = tuple[str, "Callable[[], Iterator[tuple[Body, Body]]]"]
CASES: dict[str, Case] = {
    "login": ("login", logins),
    "register": ("register", registrations),
    "reset": ("password/reset", resets),
}

if __name__ == "__main__":
    sys.exit(main())
