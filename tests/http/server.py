"""What the suite knows of a server, whatever the framework, and how one is started and ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT = 60.0
"""Seconds that a server has to answer its first request, also on a slow and busy machine."""
STOP_TIMEOUT = 10.0
"""Seconds that it has to end by itself before it is killed."""
POLL_INTERVAL = 0.05
MAIL_TIMEOUT = 30.0
"""Seconds within which a mail that is waited for has been sent."""
PASSWORD = "correct horse battery staple"

DEFAULTS: Mapping[str, Any] = {"THROTTLE_BACKEND": "local", "TRUSTED_PROXIES": 1}
"""Settings of every server: every test is another address, so that none meets another's limit."""


@dataclass(frozen=True)
class User:
    """An account that was there before the server was."""

    email: str
    username: str
    is_active: bool = True
    password: str = field(default=PASSWORD, repr=False)


@dataclass(frozen=True)
class Mail:
    """A mail that was sent."""

    to: str
    subject: str
    text: str


class Server(Protocol):
    """A running server."""

    base_url: str
    """Of the operations: ``{base_url}/login``."""
    openapi_url: str
    own_url: str
    """Of the project's own endpoints: ``{own_url}/editors`` asks for the permission ``auth.add_group``."""

    def user(self, *, is_active: bool = True) -> User:
        """Return an account that no other test has had."""
        ...

    def mails(self, to: str) -> list[Mail]:
        """Return what was sent to an address until now, the oldest first."""
        ...

    def log(self) -> str:
        """Return all that the server has printed."""
        ...

    def sql(self, statement: str) -> None:
        """Change the database from outside, as another process may."""
        ...


Launch = Callable[[Path, Mapping[str, Any]], AbstractContextManager[Server]]
"""Starts a server with a folder of its own and settings by their Django names."""


def free_port() -> int:
    """Return a port that is free."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], *, env: Mapping[str, str], log: Path, ready_url: str) -> Iterator[None]:
    """Run a server from its first answer until the block ends, however it ends."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_until_up(server, ready_url, log)
        yield
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def run(*arguments: str, env: Mapping[str, str], stdin: str = "") -> None:
    """Run a Python module to its end."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


def wait_for_mail(server: Server, to: str, *, count: int = 1) -> Mail:
    """Return the latest mail to an address, once there are so many."""
    deadline = time.monotonic() + MAIL_TIMEOUT
    while len(found := server.mails(to)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"There are {len(found)} mails to {to}, and not {count}.")
        time.sleep(POLL_INTERVAL)
    return found[-1]


def _wait_until_up(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        try:
            httpx.get(url, trust_env=False, timeout=START_TIMEOUT)
        except httpx.TransportError:
            if server.poll() is not None:
                break
            time.sleep(POLL_INTERVAL)
        else:
            return
    raise RuntimeError(f"The server did not start.\n{log.read_text(errors='replace')}")
