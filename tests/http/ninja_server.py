"""The Ninja project behind uvicorn, where its views are async, and behind gunicorn, where they are sync."""

from __future__ import annotations

import atexit
import email
import email.policy
import itertools
import json
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from tests.http.server import DEFAULTS, HOST, Launch, Mail, Server, User, free_port, run, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USERS = 80
"""Accounts that a server has for tests to take, of either kind."""
PROJECT = "tests.http.ninja_project"
DATABASE = "db.sqlite3"
THREADS = 8
LOCK_TIMEOUT = 20
"""Seconds that another process may keep the database's lock, as the server's own settings have it."""
NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


class NinjaServer:
    """A server of the project."""

    def __init__(self, directory: Path, port: int) -> None:
        self.base_url = f"http://{HOST}:{port}/auth"
        self.openapi_url = f"http://{HOST}:{port}/openapi.json"
        self.legacy_url = f"http://{HOST}:{port}/legacy"
        self.own_url = f"http://{HOST}:{port}/own"
        self._directory = directory
        self._taken = {is_active: itertools.count() for is_active in (True, False)}

    def user(self, *, is_active: bool = True) -> User:
        """Return an account that no other test has had."""
        return _user(next(self._taken[is_active]), is_active=is_active)

    def mails(self, to: str) -> list[Mail]:
        """Return what was sent to an address, the oldest first."""
        files = sorted((self._directory / "mails").glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        found = (mail for path in files for mail in _read(path.read_bytes()))
        return [mail for mail in found if mail.to == to]

    def log(self) -> str:
        """Return all that the server has printed."""
        return (self._directory / "server.log").read_text()

    def sql(self, statement: str) -> None:
        """Change the database from outside."""
        with closing(sqlite3.connect(self._directory / DATABASE, timeout=LOCK_TIMEOUT)) as connection, connection:
            connection.execute(statement)


@contextmanager
def launch(
    directory: Path,
    settings: Mapping[str, Any],
    *,
    interface: Literal["asgi", "wsgi"],
    application: str = PROJECT,
    env: Mapping[str, str] = NO_ENVIRONMENT,
) -> Iterator[Server]:
    """Start a server.

    Args:
        directory: A folder of its own.
        settings: What ``FERRAUTH`` has beside the suite's defaults.
        interface: What the server speaks.
        application: The package whose ``asgi`` or ``wsgi`` module it runs.
        env: More for the server's environment.
    """
    env = {**environment(directory, settings, interface), **env}
    shutil.copy(seeded() / DATABASE, directory)
    port = free_port()
    server = NinjaServer(directory, port)
    command = [sys.executable, "-m"]
    if interface == "asgi":
        command += [
            "uvicorn",
            f"{application}.asgi:application",
            "--host",
            HOST,
            "--port",
            str(port),
            "--lifespan",
            "off",
        ]
    else:
        command += [
            "gunicorn",
            f"{application}.wsgi:application",
            "--bind",
            f"{HOST}:{port}",
            "--threads",
            str(THREADS),
        ]
    with running(command, env=env, log=directory / "server.log", ready_url=server.openapi_url):
        yield server


LAUNCHES: Mapping[str, Launch] = {
    "ninja-async": partial(launch, interface="asgi"),
    "ninja-sync": partial(launch, interface="wsgi"),
}


@cache
def seeded() -> Path:
    """Return a folder with a database that has the accounts, made once: every server begins with a copy of it."""
    directory = Path(tempfile.mkdtemp(prefix="ferrauth-http-"))
    atexit.register(shutil.rmtree, directory)
    users = [asdict(_user(number, is_active=is_active)) for is_active in (True, False) for number in range(USERS)]
    run(f"{PROJECT}.seed", env=environment(directory, {}, "asgi"), stdin=json.dumps(users))
    return directory


def environment(directory: Path, settings: Mapping[str, Any], interface: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": f"{PROJECT}.settings",
        "HTTP_TEST_DIR": str(directory),
        "HTTP_TEST_FERRAUTH": json.dumps({**DEFAULTS, **settings}),
        "HTTP_TEST_INTERFACE": interface,
    }


def _user(number: int, *, is_active: bool) -> User:
    name = f"{'user' if is_active else 'inactive'}{number:03}"
    return User(email=f"{name}@example.com", username=name, is_active=is_active)


def _read(content: bytes) -> Iterator[Mail]:
    """Read a file of Django's backend: mails, each with a line of dashes after it."""
    for part in content.split(b"-" * 79 + b"\n"):
        if part.strip():
            message = email.message_from_bytes(part, policy=email.policy.default)
            body = message.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            yield Mail(to=str(message["To"]), subject=str(message["Subject"]), text=text)
