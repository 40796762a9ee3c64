"""The servers of the storm, each with the example or its twin behind it, and what they take of the machine."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benches.wire import HOST, Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ninja_app"

SETTINGS = {"ferrauth": "benches.storm.settings", "stock": "benches.storm.stock.settings"}

NO_REDIS = "redis://none.invalid"
"""What production asks for, where nothing is to be counted: the storm's settings then use none."""

WORKERS = 2
THREADS = 40
"""Of a gunicorn worker: more than there are clients, so that nobody waits to be accepted."""
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0

PROXIED = {"X-Forwarded-Proto": "https"}
"""What the proxy in front of a server in production says."""

CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Taken:
    """What a server and its workers have taken."""

    cpu: float
    """Seconds."""
    rss: int
    """Bytes, shared pages counted for each process."""
    threads: int
    files: int


def environment(data: Path, contender: str, **more: str) -> dict[str, str]:
    """Return the environment of a server in production."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": SETTINGS[contender],
        "DJANGO_SECRET_KEY": "of-the-storm-alone-" + "x" * 40,
        "DJANGO_ALLOWED_HOSTS": HOST,
        "DJANGO_SITE_URL": f"https://{HOST}",
        "DJANGO_BEHIND_TLS_PROXY": "1",
        "DJANGO_REDIS_URL": NO_REDIS,
        "DJANGO_DATABASE_URL": f"sqlite:///{data.resolve()}/db.sqlite3",
        "DJANGO_DATA_DIR": str(data),
        # Nobody listens there, and the storm sends no mail.
        "DJANGO_EMAIL_HOST": HOST,
        "DJANGO_EMAIL_PORT": "25",
        "DJANGO_DEFAULT_FROM_EMAIL": "accounts@example.com",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(EXAMPLE))),
        # Cores divided by processes, as the README says.
        "FERRAUTH_THREADS": str(max(1, (os.cpu_count() or 1) // WORKERS)),
        **more,
    }


def command(server: str, port: int) -> list[str]:
    """Return how a server is started: ``uvicorn``, ``gunicorn``, or ``gunicorn --preload``."""
    if server == "uvicorn":
        asgi = ["uvicorn", "backend.config.asgi:application", "--lifespan", "off", "--no-access-log"]
        return [sys.executable, "-m", *asgi, "--host", HOST, "--port", str(port), "--workers", str(WORKERS)]
    wsgi = ["gunicorn", "backend.config.wsgi:application", "--bind", f"{HOST}:{port}", "--workers", str(WORKERS)]
    return [
        *(sys.executable, "-m", *wsgi, "--worker-class", "gthread", "--threads", str(THREADS)),
        *(["--preload"] if server.endswith("--preload") else []),
    ]


@contextmanager
def serve(server: str, env: dict[str, str], log: Path) -> Iterator[tuple[int, int]]:
    """Run a server, from its first answer until the block ends; its port and its process id."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    # In the clients' own session: Linux may schedule by session (``sched_autogroup``), and no server can help how long
    # a client that shares its machine waits for a core.
    with log.open("wb") as output:
        process = subprocess.Popen(command(server, port), env=env, stdout=output, stderr=output, process_group=0)
    try:
        _wait(process, port, log)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def taken(pid: int) -> Taken:
    """Read what a server and its children take, from ``/proc``."""
    processes = [pid, *_children(pid)]
    cpu = rss = threads = files = 0
    for one in processes:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            files += len(os.listdir(f"/proc/{one}/fd"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        cpu += int(fields[11]) + int(fields[12])
        threads += int(fields[17])
        rss += int(fields[21]) * PAGE
    return Taken(cpu / CLOCK, rss, threads, files)


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        direct = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []
    return direct + [below for child in direct for below in _children(child)]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            asyncio.run(Connection(port, PROXIED).send("GET", "/api/auth/me"))
        except (OSError, asyncio.IncompleteReadError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The server did not start:\n{log.read_text(errors='replace')}")
