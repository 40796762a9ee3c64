"""FastAPI under a storm of logins: ``make storm-fastapi``. uvicorn, one worker.

Clients log in one time after another while others ask ``GET me``. Each server has a copy of one SQLite file; all stay
up, and rounds alternate. Before a round, its server answers a right and a wrong password, and a good and a forged
token, as it must.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from pwdlib import PasswordHash

import ferrauth
from benches import closed_loop, flood
from benches.closed_loop import CLIENTS, READERS, USERS, Round, Storm, Target, alternate, print_head, print_storm
from benches.rounds import Row, cpu, kernels, print_rows, spread
from benches.wire import HOST
from ferrauth.fastapi.models import AuthUser, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct horse battery staple"
KINDS = {"ferrauth": "ferrauth", "threads": "hashlib in anyio.to_thread, PyJWT", "loop": "fastapi-users' defaults"}
SECONDS = 8.0
"""In which new logins begin. The slowest server's last ones take as long again."""
ROUNDS = 5
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
OPEN_FILES = 15_000

STALL = (20.0, 5.0)
"""Milliseconds that the loop may stand still at most, and aim."""
STALL_AGAINST = (10.0, 100.0)
"""At least, and aim: fastapi-users' longest stall against ours."""
TRIES = 3
"""Of counting queries, of which the fewest is a request's own: the process asks for revocations now and then."""


def credentials(number: int, password: str) -> bytes:
    """Return the body of a user's login."""
    return json.dumps({"identifier": f"user{number}", "password": password}).encode()


async def play(target: Target, stalls: list[float], *, seconds: float, clients: int) -> Round:
    """Play one round, and note the loop's longest stall in it: of a server that is warm."""
    await target.prove()
    await _state(target, "?watch=true")
    found = await closed_loop.storm(target, seconds=seconds, clients=clients)
    stalls.append((await _state(target))["stall"])
    return found


async def count_queries(target: Target, path: str) -> float:
    """Return how many statements an authenticated request runs."""
    token = await target.prove()
    connection = target.connect()
    counts = []
    for _ in range(TRIES):
        await _state(target)
        status, _, body = await connection.send("GET", path, headers={"Authorization": f"Bearer {token}"})
        assert status == 200, body
        counts.append((await _state(target))["statements"])
    connection.close()
    return min(counts)


async def _state(target: Target, query: str = "") -> dict[str, float]:
    """Return what a server has noted, which it then forgets."""
    connection = target.connect()
    found: dict[str, float] = json.loads((await connection.send("GET", f"/state{query}"))[2])
    connection.close()
    return found


@contextmanager
def server(kind: str, database: Path, iterations: int) -> Iterator[Target]:
    """Run one server."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    own = database.with_name(f"{port}.sqlite3")
    shutil.copy(database, own)
    env = {
        **os.environ,
        "STORM_KIND": kind,
        "STORM_DATABASE": f"sqlite+aiosqlite:///{own}",
        "STORM_ARGON2": PasswordHash.recommended().hash(PASSWORD),
        "STORM_ITERATIONS": str(iterations),
    }
    command = [sys.executable, "-m", "uvicorn", "benches.storm_server:app", "--host", HOST, "--port", str(port)]
    command += ["--log-level", "critical", "--backlog", str(OPEN_FILES)]
    process = subprocess.Popen(command, env=env)
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The server {kind!r} did not start.")
            time.sleep(0.1)
        yield Target(port, process.pid, "/auth", credentials, PASSWORD, lambda number: ("id", str(number + 1)))
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def make_database(folder: Path, iterations: int) -> Path:
    """Make a database of users whose row is Django's."""
    database = folder / "db.sqlite3"
    row = ferrauth.make_password(PASSWORD, iterations=iterations)
    engine = sa.create_engine(f"sqlite:///{database}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        users = [{"username": f"user{number}", "password": row} for number in range(USERS)]
        connection.execute(sa.insert(AuthUser), users)
    engine.dispose()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    return database


def main() -> int:
    """Measure, print, and return 0 if every figure is at least what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each server (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="that log in (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=1_000_000, help="of a password (default: %(default)s)")
    parser.add_argument("--waiting", type=int, default=10_000, help="logins at once (default: %(default)s)")
    options = parser.parse_args()
    info = ferrauth.build_info()
    if info["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * OPEN_FILES), hard))
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, FastAPI {version('fastapi')}, uvicorn {version('uvicorn')}")
    print(f"ferrauth {info['version']} ({info['profile']}), {kernels()}")
    print(
        f"{options.iterations:,} iterations; {options.clients} clients log in, {READERS} ask GET me; "
        f"{options.rounds} rounds of {options.seconds:g} s each, in turn; command: make storm-fastapi\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        database = make_database(Path(folder), options.iterations)
        judged = _compare(database, options)
        with server("ferrauth", database, options.iterations) as target:
            judged += flood.rows(asyncio.run(flood.flood(target, options.waiting)))
    print_rows(judged)
    return 0 if all(row.is_met for row in judged) else 1


def _compare(database: Path, options: argparse.Namespace) -> list[Row]:
    """Let all play their rounds, print what they did, and return what the figures ask of it."""
    stalls: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with ExitStack() as stack:
        targets = {kind: stack.enter_context(server(kind, database, options.iterations)) for kind in KINDS}

        def one(kind: str) -> Round:
            return asyncio.run(play(targets[kind], stalls[kind], seconds=options.seconds, clients=options.clients))

        storms, speeds = alternate({kind: partial(one, kind) for kind in KINDS}, options.rounds)
        queries = asyncio.run(count_queries(targets["ferrauth"], "/auth/me"))
        stateless = asyncio.run(count_queries(targets["ferrauth"], "/claims"))
    _print(storms, stalls)
    print(f"\nhashlib, ns an iteration, around the rounds: {spread(speeds)}   (min, median, max)")
    ours, theirs = max(stalls["ferrauth"]), max(stalls["loop"])
    return [
        *closed_loop.rows(storms["ferrauth"], storms["threads"], "against threads and PyJWT"),
        Row("longest stall of the loop, fastapi-users' defaults against ours", theirs / ours, *STALL_AGAINST, "x"),
        Row("longest stall of our loop in the storm", ours * 1e3, *STALL, "ms"),
        Row("queries of an authenticated request", queries, 1, 1, "queries"),
        Row("queries of a stateless request", stateless, 0, 0, "queries"),
    ]


def _print(storms: dict[str, Storm], stalls: dict[str, list[float]]) -> None:
    print_head()
    for kind, found in storms.items():
        print_storm(kind, found)
    print("\nlongest stall of the loop in a round, ms (min, median, max)")
    for kind, name in KINDS.items():
        print(
            f"{kind:10}{spread(stalls[kind], scale=1e3)}   {name}; {statistics.fmean(storms[kind].rates):.2f} logins/s"
        )


if __name__ == "__main__":
    sys.exit(main())
