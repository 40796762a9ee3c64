"""The FastAPI project behind uvicorn, on a copy of the database that Django made for the Ninja project."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.http.ninja_server import DATABASE, NinjaServer, environment, seeded
from tests.http.server import HOST, Launch, Mail, Server, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

APPLICATION = "tests.http.fastapi_project.app"
NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


class FastAPIServer(NinjaServer):
    """A server of the project: the accounts are the same, the mails are written otherwise."""

    def mails(self, to: str) -> list[Mail]:
        """Return what was sent to an address, the oldest first."""
        files = sorted((self._directory / "mails").glob("*.json"))
        found = (Mail(**json.loads(path.read_text())) for path in files)
        return [mail for mail in found if mail.to == to]


@contextmanager
def launch(
    directory: Path,
    settings: Mapping[str, Any],
    *,
    application: str = APPLICATION,
    env: Mapping[str, str] = NO_ENVIRONMENT,
) -> Iterator[Server]:
    """Start a server.

    Args:
        directory: A folder of its own.
        settings: Settings beside the suite's defaults, by their Django names.
        application: The module whose ``app`` it runs.
        env: More for the server's environment.
    """
    shutil.copy(seeded() / DATABASE, directory)
    port = free_port()
    server = FastAPIServer(directory, port)
    command = [sys.executable, "-m", "uvicorn", f"{application}:app", "--host", HOST, "--port", str(port)]
    env = {**environment(directory, settings, "asgi"), **env}
    with running(command, env=env, log=directory / "server.log", ready_url=server.openapi_url):
        yield server


LAUNCHES: Mapping[str, Launch] = MappingProxyType({"fastapi": launch})
