"""The Ninja example as a server of its own, on a database of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tools.demo import EXAMPLE, HOST, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct horse battery staple"
STATES = {
    "ada@example.com": {},
    "locked@example.com": {"is_active": False},
    "deleted@example.com": {"is_deleted": True},
    "leaving@example.com": {},
    "banned@example.com": {},
    "guessed@example.com": {},
    "frozen@example.com": {},
}
"""Users by e-mail, with what sets them apart."""

UNLIMITED = {"DJANGO_SETTINGS_MODULE": "benches.storm.settings", "PYTHONPATH": str(Path(__file__).parents[2])}
"""The environment of an example that no limit stops, for tests that are not about limits."""


class Example(NamedTuple):
    """A copy of the example: where its database is, and the environment that it runs in."""

    data: Path
    env: dict[str, str]

    def python(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the example's folder, with ``env`` set too; an empty value unsets."""
        merged = {name: value for name, value in {**self.env, **env}.items() if value}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=EXAMPLE, env=merged, capture_output=True, text=True, check=False, timeout=120
        )


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Return the example with a migrated database, whose rows stock Django hashed."""
    data = tmp_path_factory.mktemp("ninja_app")
    settings = {"DJANGO_SETTINGS_MODULE": "backend.config.settings", "DJANGO_DEBUG": "1", "DJANGO_DATA_DIR": str(data)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    example = Example(data, inherited | settings)
    stock = PBKDF2PasswordHasher()
    encoded = stock.encode(PASSWORD, stock.salt())
    rows = [
        {"model": "users.user", "fields": {"email": email, "password": encoded, "is_email_verified": True, **state}}
        for email, state in STATES.items()
    ]
    (data / "users.json").write_text(json.dumps(rows))
    for command in (["migrate"], ["loaddata", str(data / "users.json")]):
        done = example.python("manage.py", *command)
        assert done.returncode == 0, done.stderr
    return example


@contextmanager
def running(example: Example) -> Iterator[httpx.Client]:
    """Run the example on a free port, and give a client of it."""
    with running_at(example) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


@contextmanager
def running_at(example: Example) -> Iterator[str]:
    """Run the example on a free port, and give its URL, which its mails have too."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    url = f"http://{HOST}:{port}"
    with serve(port, log=example.data / "server.log", env={**example.env, "DJANGO_SITE_URL": url}):
        yield url


@pytest.fixture(scope="session")
def server(example: Example) -> Iterator[httpx.Client]:
    """Run the example, and return a client of it."""
    with running(example) as client:
        yield client
