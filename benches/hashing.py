"""``make bench``: what PBKDF2 costs with ferrauth, against the hardware's floor and against its peers, in one run.

Equal output is asserted before anything is timed. F is the time of the 64 dependent SHA instructions that no iteration
can do without, measured in the same rounds. hashlib has two speeds on many virtual machines and flips between them by
itself: so of it, and of ``cryptography``, minimum, median and maximum are printed, and what counts is their fastest
round against our median.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import ssl
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cryptography
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

import ferrauth
from benches import chart, logins, waiting
from benches.rounds import Row, cpu, interleave, print_rows, spread
from ferrauth import _core, hazmat

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD, SALT = b"correct horse battery staple", b"saltsaltsaltsaltsaltsa"

ITERATIONS = 200_000
"""Of one derivation: long enough that a boundary, a wake-up and a call do not count."""

BATCH_SIZE, BATCH_ITERATIONS = 64, 20_000
"""Passwords in a batch, and the iterations of each."""

FLOOR = "F, 64 dependent sha256rnds2"
ONE = "ferrauth, one"
TWO = "ferrauth, two at once"
BATCH = f"ferrauth, {BATCH_SIZE} in a batch, each"
HASHLIB = "hashlib"
CRYPTOGRAPHY = "cryptography"

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure, print, and return 0 if every figure is at least what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25, help="interleaved rounds, at least 25 to be quoted")
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds for each point of the chart")
    arguments = parser.parse_args()
    info = ferrauth.build_info()
    if info["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1

    print(f"\nPBKDF2-HMAC-SHA256, {arguments.rounds} interleaved rounds; command: make bench")
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, hashlib with {ssl.OPENSSL_VERSION},")
    print(f"cryptography {cryptography.__version__} with {backend.openssl_version_text()};")
    print(f"ferrauth {info['version']}, kernel {info['kernel']}, for batches {info['bulk_kernel']};")
    load = os.getloadavg()[0]
    print(f"load of the machine before the run: {load:.1f}\n")

    timings = derivations(arguments.rounds)
    print(f"{'nanoseconds an iteration, on one core':44}{'minimum':>11}  {'median':>9}  {'maximum':>9}")
    for name, times in timings.items():
        print(f"{name:44}{spread(times)}")
    rows = judge(timings, info["bulk_kernel"]) + waiting.measure(Row)
    print_rows(rows)

    points = logins.measure(arguments.seconds)
    print(f"\nlogins a second, {logins.ITERATIONS:,} iterations, {info['threads']} threads")
    print(f"{'concurrent clients':24}" + "".join(f"{clients:>8}" for clients in points["clients"]))
    for name in ("ferrauth", "stock"):
        print(f"{name:24}" + "".join(f"{rate:8.1f}" for rate in points[name]))
    save(info, load, timings, rows, points)
    return 0 if all(row.is_met for row in rows) else 1


def derivations(rounds: int) -> dict[str, list[float]]:
    """Time derivations on one core, and return nanoseconds an iteration, by name."""
    _core.set_threads(1)
    expected = hashlib.pbkdf2_hmac("sha256", PASSWORD, SALT, ITERATIONS)
    assert one() == two()[:32] == by_cryptography() == expected
    assert ferrauth.check_passwords([("p", batch()[0])]) == [True]

    contenders: dict[str, Callable[[], object]] = {}
    if _core.measure_floor(1) is not None:
        contenders[FLOOR] = lambda: _core.measure_floor(ITERATIONS)
    contenders |= {
        ONE: one,
        TWO: two,
        BATCH: batch,
        HASHLIB: lambda: hashlib.pbkdf2_hmac("sha256", PASSWORD, SALT, ITERATIONS),
        CRYPTOGRAPHY: by_cryptography,
    }
    timings = interleave(contenders, rounds)
    iterations = dict.fromkeys(contenders, ITERATIONS) | {BATCH: BATCH_SIZE * BATCH_ITERATIONS}
    return {name: [time * 1e9 / iterations[name] for time in times] for name, times in timings.items()}


def one() -> bytes:
    return hazmat.pbkdf2_hmac("sha256", PASSWORD, SALT, ITERATIONS)


def two() -> bytes:
    """Derive two blocks, which are two jobs that share a core."""
    return hazmat.pbkdf2_hmac("sha256", PASSWORD, SALT, ITERATIONS, 64)


def batch() -> list[str]:
    return ferrauth.make_passwords(["p"] * BATCH_SIZE, iterations=BATCH_ITERATIONS)


def by_cryptography() -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), 32, SALT, ITERATIONS).derive(PASSWORD)


def judge(timings: dict[str, list[float]], bulk_kernel: str) -> list[Row]:
    """Compare medians with F, and the peers' fastest rounds with medians."""
    median = {name: statistics.median(times) for name, times in timings.items()}
    rows = []
    if FLOOR in median:
        least, aim = (0.52, 0.44) if bulk_kernel == "avx512" else (0.60, 0.54)
        each = f"make_passwords of {BATCH_SIZE} on one core, per hash"
        rows += [
            Row("one derivation", median[ONE] / median[FLOOR], 1.15, 1.04, "F"),
            Row("two at once on one core, wall time of both", median[TWO] / median[FLOOR], 1.20, 1.08, "F"),
            Row(each, median[BATCH] / median[FLOOR], least, aim, "F"),
        ]
    hashlib_best, cryptography_best = min(timings[HASHLIB]), min(timings[CRYPTOGRAPHY])
    rows += [
        Row("one derivation against hashlib's fastest round", hashlib_best / median[ONE], 2.8, 3.1, "x"),
        Row("one derivation against cryptography's fastest round", cryptography_best / median[ONE], 1.45, 1.6, "x"),
        Row("batch on one core against hashlib's fastest round", hashlib_best / median[BATCH], 6, 7.5, "x"),
    ]
    return rows


def save(
    info: dict[str, object],
    load: float,
    timings: dict[str, list[float]],
    rows: list[Row],
    points: logins.Points,
) -> None:
    """Write the run to ``benches/results``, and its chart."""
    RESULTS.mkdir(exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", cpu().lower()).strip("-")
    run = {
        "cpu": cpu(),
        "command": "make bench",
        "python": sys.version.split()[0],
        "hashlib": ssl.OPENSSL_VERSION,
        "cryptography": f"{cryptography.__version__}, {backend.openssl_version_text()}",
        "ferrauth": info["version"],
        "kernel": info["kernel"],
        "bulk_kernel": info["bulk_kernel"],
        "threads": info["threads"],
        "load": load,
        "nanoseconds_an_iteration": {
            name: {"minimum": min(times), "median": statistics.median(times), "maximum": max(times)}
            for name, times in timings.items()
        },
        "table": [
            {"what": row.what, "reached": row.reached, "unit": row.unit, "at_least": row.least, "aim": row.aim}
            for row in rows
        ],
        "logins_a_second": points,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(run, indent=2) + "\n")
    title = f"{cpu()}, {info['threads']} threads, {logins.ITERATIONS:,} iterations"
    (RESULTS / f"{name}.svg").write_text(chart.draw(points, title))
    print(f"\nwritten: benches/results/{name}.json and .svg")


if __name__ == "__main__":
    sys.exit(main())
