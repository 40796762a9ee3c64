"""``make storm``: the example under logins, side by side with the same application on the stock hasher and PyJWT.

A closed loop of 32 clients logs in at Django's own number of iterations while others ask ``GET me``; uvicorn with two
workers, gunicorn with threads, and with ``--preload``. Each server has a copy of one SQLite database. Of a pair both
stay up, and rounds alternate. Before a round, its server answers a right and a wrong password, and a good and a forged
token, as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import ssl
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import ferrauth
from benches.closed_loop import CLIENTS, READERS, USERS, Round, Storm, alternate, print_head, print_storm, rows, storm
from benches.rounds import cpu, kernels, print_rows, spread
from benches.storm import chart, database
from benches.storm.clients import PASSWORD, target
from benches.storm.servers import SETTINGS, WORKERS, environment, serve

if TYPE_CHECKING:
    from benches.closed_loop import Target
    from benches.rounds import Row

SERVERS = ("uvicorn", "gunicorn", "gunicorn --preload")
ITERATIONS = 1_000_000
"""Django 5.2's own."""
SECONDS = 8.0
"""In which new logins begin. The stock hasher's last ones take as long again."""
ROUNDS = 5
RESULTS = Path(__file__).parents[1] / "results"


def main() -> int:
    """Run the storm, print its table, write its chart, and return 0 if every figure is at least what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each contender (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help="of a password (default: %(default)s)")
    parser.add_argument("--server", choices=SERVERS, action="append", help="one server alone; may be repeated")
    options = parser.parse_args()
    servers = tuple(options.server or SERVERS)
    info = ferrauth.build_info()
    if info["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1
    print(
        f"{CLIENTS} clients log in at {options.iterations:,} iterations while {READERS} ask GET me, {WORKERS} workers; "
        f"{options.rounds} rounds of {options.seconds:g} s each, in turn"
    )
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, {ssl.OPENSSL_VERSION}; {kernels()}")
    print("command: make storm\n")
    storms: dict[str, dict[str, Storm]] = {}
    judged: list[Row] = []
    speeds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        origin = Path(folder) / "origin"
        _make_database(origin, options.iterations)
        print_head()
        for server in servers:
            found, around = _compare(server, origin, options.seconds, options.rounds)
            storms[server] = found
            speeds += around
            for contender, one in found.items():
                print_storm(f"{server}, {contender}", one)
            sys.stdout.flush()
            judged += rows(found["ferrauth"], found["stock"], f"{server} against stock")
    print(f"\nhashlib, ns an iteration, around the rounds: {spread(speeds)}   (min, median, max)")
    print_rows(judged)
    if servers == SERVERS:
        title = f"{cpu()}, {kernels()}, {options.iterations:,} iterations, {WORKERS} workers"
        print(f"\nChart: {_write_chart(storms, title)}")
    return 0 if all(row.is_met for row in judged) else 1


def _compare(server: str, origin: Path, seconds: float, rounds: int) -> tuple[dict[str, Storm], list[float]]:
    """Let both contenders play their rounds under one kind of server."""
    with ExitStack() as stack:
        contenders = {}
        for contender in SETTINGS:
            data = origin.with_name(f"{contender}-{server.replace(' ', '')}")
            shutil.copytree(origin, data)
            port, pid = stack.enter_context(serve(server, environment(data, contender), data / "log"))
            contenders[contender] = partial(_play, target(port, pid), seconds)
        return alternate(contenders, rounds)


def _play(loaded: Target, seconds: float) -> Round:
    return asyncio.run(storm(loaded, seconds=seconds))


def _make_database(data: Path, iterations: int) -> None:
    data.mkdir()
    subprocess.run(database.command(PASSWORD, (USERS, iterations)), env=environment(data, "ferrauth"), check=True)


def _write_chart(storms: dict[str, dict[str, Storm]], title: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "storm.svg"
    file.write_text(chart.draw(storms, title))
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


if __name__ == "__main__":
    sys.exit(main())
