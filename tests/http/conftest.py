"""Servers of the suite, and a client for each test with an address of its own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.http.client import Client
from tests.http.fastapi_server import LAUNCHES as FASTAPI
from tests.http.ninja_server import LAUNCHES as NINJA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.http.server import Launch, Server

LAUNCHES = {**NINJA, **FASTAPI}

_addresses = itertools.count(1)


@pytest.fixture(scope="session", params=LAUNCHES)
def launch(request: pytest.FixtureRequest) -> Launch:
    """Return what starts a server, of each framework and form."""
    return LAUNCHES[request.param]


@pytest.fixture(scope="session")
def server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with the defaults."""
    with launch(tmp_path_factory.mktemp("server"), {}) as running:
        yield running


@pytest.fixture(scope="session")
def browser_server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server as a project with a single page sets it: a cookie, and accounts at once."""
    with launch(tmp_path_factory.mktemp("browser"), {"REFRESH_COOKIE": True, "REGISTRATION": "immediate"}) as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Callable[[Server], Client]]:
    """Return what makes a client of a server, from an address that no other test has."""
    with httpx.Client(trust_env=False, timeout=60) as http:
        yield lambda server: Client(http, server.base_url, address=fresh_address())


@pytest.fixture
def client(server: Server, connect: Callable[[Server], Client]) -> Client:
    """Return a client of the server with the defaults."""
    return connect(server)


@pytest.fixture
def browser(browser_server: Server, connect: Callable[[Server], Client]) -> Client:
    """Return a client of the server with the cookie."""
    return connect(browser_server)


def fresh_address() -> str:
    """Return an address that nobody else has."""
    number = next(_addresses)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
