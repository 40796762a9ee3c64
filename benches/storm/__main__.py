"""``make storm``: the example under logins, side by side with the same application on the stock hasher and PyJWT.

A closed loop of 32 clients logs in at Django's own number of iterations while others ask ``GET me``; uvicorn with two
workers, gunicorn with threads, and with ``--preload``. Each server has a copy of one SQLite database. Before anything
is timed, every server answers a right and a wrong password, and a good and a damaged token, as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ferrauth
from benches.rounds import Row, cpu, print_rows
from benches.storm import chart
from benches.storm.clients import CLIENTS, PASSWORD, READERS, USERS, Storm, quantile, storm
from benches.storm.servers import SETTINGS, WORKERS, environment, serve

SERVERS = ("uvicorn", "gunicorn", "gunicorn --preload")
ITERATIONS = 1_000_000
"""Django 5.2's own."""
SECONDS = 30.0
RESULTS = Path(__file__).parents[1] / "results"


def main() -> int:
    """Run the storm, print its table, and write its chart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each server (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help="of a password (default: %(default)s)")
    parser.add_argument("--server", choices=SERVERS, action="append", help="one server alone; may be repeated")
    options = parser.parse_args()
    servers = tuple(options.server or SERVERS)
    info = ferrauth.build_info()
    if info["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1
    print(
        f"{CLIENTS} clients log in at {options.iterations:,} iterations while {READERS} ask GET me, {WORKERS} workers"
    )
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, {ssl.OPENSSL_VERSION}; kernel {info['kernel']}")
    print(f"hashlib now: {_hashlib():.0f} ns an iteration; command: make storm\n")
    storms: dict[str, dict[str, Storm]] = {}
    with tempfile.TemporaryDirectory() as folder:
        origin = Path(folder) / "origin"
        _make_database(origin, options.iterations)
        print(f"{'':30}{'logins/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'me p50':>7} {'me p99':>8} {'cores':>6} {'MiB':>6}")
        for server in servers:
            storms[server] = {}
            for contender in SETTINGS:
                data = Path(folder) / f"{contender}-{server.replace(' ', '')}"
                shutil.copytree(origin, data)
                with serve(server, environment(data, contender), data / "log") as (port, pid):
                    found = storms[server][contender] = asyncio.run(storm(port, pid, seconds=options.seconds))
                _print(f"{server}, {contender}", found)
    print()
    first = storms[servers[0]]
    print_rows(
        [
            Row("logins a second against stock", first["ferrauth"].rate / first["stock"].rate, 4.5, 6.0, "x"),
            Row(
                "p99 of GET me in the storm, stock against ours",
                quantile(first["stock"].me, 99) / quantile(first["ferrauth"].me, 99),
                5.0,
                20.0,
                "x",
            ),
        ]
    )
    if servers == SERVERS:
        RESULTS.mkdir(exist_ok=True)
        chart_file = RESULTS / "storm.svg"
        chart_file.write_text(
            chart.draw(storms, f"{cpu()}, kernel {info['kernel']}, {options.iterations:,} iterations")
        )
        print(f"\nChart: {chart_file.relative_to(Path.cwd()) if chart_file.is_relative_to(Path.cwd()) else chart_file}")
    return 0


def _make_database(data: Path, iterations: int) -> None:
    data.mkdir()
    command = [sys.executable, "-m", "benches.storm.database", str(USERS), str(iterations), PASSWORD]
    subprocess.run(command, env=environment(data, "ferrauth"), check=True)


def _hashlib() -> float:
    """Return what an iteration costs hashlib now, in nanoseconds: on virtual machines it has two speeds."""
    iterations = 300_000
    started = time.perf_counter()
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", iterations)
    return (time.perf_counter() - started) / iterations * 1e9


def _print(name: str, found: Storm) -> None:
    login, me = found.logins, found.me
    print(
        f"{name:30}{found.rate:9.1f} {quantile(login, 50):8.0f} {quantile(login, 99):8.0f} {quantile(me, 50):7.1f} "
        f"{quantile(me, 99):8.1f} {found.cpu:6.2f} {found.rss / 2**20:6.0f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
