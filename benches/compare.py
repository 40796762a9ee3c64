"""``make bench``: one Django login, ferrauth against the stock hasher, in one run.

Equal output is asserted before anything is timed. hashlib has two speeds on many virtual machines, about 230 and 400
nanoseconds an iteration, and changes between them by itself: so the spread of the ratios is printed, and what counts
is our median against stock Django's fastest round.
"""

from __future__ import annotations

import argparse
import ssl
import statistics
import sys
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.contrib.auth import hashers as stock
from django.contrib.auth.hashers import check_password

import ferrauth
from benches.rounds import cpu, interleave, spread
from ferrauth.django.hashers import PBKDF2PasswordHasher

if TYPE_CHECKING:
    from collections.abc import Callable

STOCK = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
OURS = "ferrauth.django.hashers.PBKDF2PasswordHasher"

FLOOR = 2.2
"""What a plain ``compress256`` loop must reach against hashlib's fastest round, on x86 with SHA extensions."""


def main() -> int:
    """Measure, print, and return 0 if every figure is at least what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=int, default=25, help="interleaved rounds, at least 25 to be quoted (default 25)"
    )
    rounds = parser.parse_args().rounds
    info = ferrauth.build_info()
    if info["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1

    settings.configure(PASSWORD_HASHERS=[])
    password = "correct horse battery staple"
    row = stock.PBKDF2PasswordHasher().encode(password, "saltsaltsaltsaltsaltsa")
    assert row == PBKDF2PasswordHasher().encode(password, "saltsaltsaltsaltsaltsa")
    timings = interleave({"stock": login(STOCK, password, row), "ferrauth": login(OURS, password, row)}, rounds)

    iterations = int(row.split("$")[1])
    print(f"\nOne login: check_password, {iterations:,} iterations, {rounds} interleaved rounds of one thread")
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, Django {django.__version__}, {ssl.OPENSSL_VERSION}")
    print(f"ferrauth {info['version']} ({info['profile']}), kernel {info['kernel']}; command: make bench\n")
    print(f"{'':32}{'minimum':>11}  {'median':>9}  {'maximum':>9}")
    for name, times in timings.items():
        print(f"{name + ', ms':32}{spread(times, '', 1e3)}")
        print(f"{name + ', ns an iteration':32}{spread(times, '', 1e9 / iterations)}")
    ratios = [a / b for a, b in zip(timings["stock"], timings["ferrauth"], strict=True)]
    print(f"{'stock / ferrauth, a round':32}{spread(ratios, 'x')}")
    judged = min(timings["stock"]) / statistics.median(timings["ferrauth"])
    is_met = judged >= FLOOR
    verdict = "reached" if is_met else "MISSED"
    print(f"{'stock minimum / our median':32}{judged:9.2f}x  (at least {FLOOR}: {verdict})\n")
    return 0 if is_met else 1


def login(hasher: str, password: str, row: str) -> Callable[[], None]:
    """Return a call of Django's own ``check_password`` with that entry of ``PASSWORD_HASHERS``."""

    def call() -> None:
        settings.PASSWORD_HASHERS = [hasher]
        stock.get_hashers.cache_clear()
        stock.get_hashers_by_algorithm.cache_clear()
        assert check_password(password, row)

    return call


if __name__ == "__main__":
    sys.exit(main())
