"""The clients of the soak: what each of their steps does, and what it must be answered."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from benches.storm.clients import API, PASSWORD, credentials
from benches.storm.servers import PROXIED
from benches.wire import LOST, Connection, failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benches.storm.servers import Taken

CLIENTS = 16
COOKIE = "__Host-refresh_token"

REFUSALS = (429, 503)
"""What may be answered while Redis is away, and must say with a code why and when to come back."""
AFTERMATH = 10.0
"""Seconds after an outage in which it may still be felt: ferrauth does not ask at once again."""

IDLE = 2.0
"""Seconds after which a client opens another connection: uvicorn ends one that idles for five."""

HANG_UP = (0.3, 0.8)
"""When a client goes away: a share of what such a login takes at least, so that it is being derived."""

KINDS = (
    "login",
    "wrong password",
    "me",
    "me of an ended session",
    "refresh",
    "refresh of an ended session",
    "replay",
    "logout",
    "hung up",
)


@dataclass
class Record:
    """What has happened."""

    good: Counter[str] = field(default_factory=Counter)
    """Answers as they must be, by kind."""
    refused: Counter[str] = field(default_factory=Counter)
    """Declared refusals while Redis was away."""
    bad: Counter[str] = field(default_factory=Counter)
    """Everything else."""
    restarts: int = 0
    readings: list[Taken] = field(default_factory=list)
    workers: list[frozenset[int]] = field(default_factory=list)
    """The process ids at each reading."""
    away_until: float = 0.0
    """Until when refusals may be: a time of the monotonic clock."""
    slow_login: float = float("inf")
    """Seconds that a login of a slow user takes at least."""


class Refused(Exception):
    """The step did not come to its end."""


class Client:
    """One client, and one user: does one thing after another, at random, and knows what it must be answered.

    Args:
        number: Its user. Another user, whose row takes long to derive, is the one it hangs up as.
        port: Where the server listens.
        record: What has happened.
    """

    def __init__(self, number: int, port: int, record: Record) -> None:
        self._dice = random.Random(number)  # noqa: S311
        self._headers = {**PROXIED, "X-Forwarded-For": f"10.0.0.{number}"}
        self._connection = Connection(port, self._headers)
        self._port, self._record, self._number = port, record, number
        self._access = self._refresh = ""
        self._is_in = False
        """Whether the session of these two goes on."""
        self._used_at = 0.0
        """When the connection was used last."""

    async def measure(self) -> None:
        """Let the slow user log in while nobody else does anything, and note the shortest time that it took anyone."""
        begun = time.monotonic()
        status, _, body = await self._connection.send("POST", f"{API}/login", self._slow_credentials())
        if status != 200:
            raise SystemExit(f"The first login was answered {status}: {body!r}")
        self._record.slow_login = min(self._record.slow_login, time.monotonic() - begun)

    async def run(self, ends: float) -> None:
        """Go on until then."""
        steps: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self._log_in, self._ask, self._ask, self._renew, self._replay, self._fail, self._leave, self._hang_up),
        )
        while time.monotonic() < ends:
            step = self._dice.choice(steps)
            try:
                await step()
            except LOST as error:
                # Whether the server has done what was asked is not known, so nothing is expected of this session.
                self._record.bad[f"{step.__name__.strip('_')}: {failure(error)}"] += 1
                self._is_in, self._access = False, ""
            except Refused:
                pass
            await asyncio.sleep(self._dice.random() * 0.1)
        self._connection.close()

    async def _log_in(self) -> None:
        answered, got = await self._send("login", 200, "login", credentials(self._number))
        self._take(answered, got)

    async def _ask(self) -> None:
        if not self._access:
            await self._log_in()
        await self._send_me()

    async def _renew(self) -> None:
        if not self._is_in:
            await self._log_in()
        await self._send_refresh()

    async def _replay(self) -> None:
        """Present a token that was renewed twice: that ends the session."""
        await self._renew()
        stolen = self._refresh
        await self._send_refresh()
        await self._send_refresh()
        self._is_in = False
        await self._send("replay", 401, "refresh", headers=self._cookie(stolen))
        await self._send_me()
        await self._send("refresh of an ended session", 401, "refresh", headers=self._cookie(self._refresh))

    async def _fail(self) -> None:
        await self._send("wrong password", 401, "login", credentials(self._number, "wrong"))

    async def _leave(self) -> None:
        if not self._is_in:
            await self._log_in()
        self._is_in = False
        await self._send("logout", 204, "logout", headers=self._cookie(self._refresh))
        await self._send_me()
        await self._send("refresh of an ended session", 401, "refresh", headers=self._cookie(self._refresh))

    async def _hang_up(self) -> None:
        """Begin a login that takes long, and go away while it is derived."""
        other = Connection(self._port, self._headers)
        login = asyncio.ensure_future(other.send("POST", f"{API}/login", self._slow_credentials()))
        await asyncio.wait([login], timeout=self._record.slow_login * self._dice.uniform(*HANG_UP))
        if login.cancel():
            await asyncio.wait([login])
            self._record.good["hung up"] += 1
            return
        # So fast was no login yet, so it is another answer.
        other.close()
        status, headers, body = login.result()
        self._refuse("a login to hang up", status, headers, _code(body))

    async def _send_me(self) -> None:
        bearer = {"Authorization": f"Bearer {self._access}"}
        kind, expected = ("me", 200) if self._is_in else ("me of an ended session", 401)
        await self._send(kind, expected, "me", method="GET", headers=bearer)

    async def _send_refresh(self) -> None:
        answered, got = await self._send("refresh", 200, "refresh", headers=self._cookie(self._refresh))
        self._take(answered, got)

    async def _send(
        self,
        kind: str,
        expected: int,
        path: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> tuple[dict[str, str], bytes]:
        """Send one request, and hold its status against what it must be.

        Raises:
            Refused: It was another.
        """
        if time.monotonic() - self._used_at > IDLE:
            self._connection.close()
        status, answered, got = await self._connection.send(method, f"{API}/{path}", body, headers=headers)
        self._used_at = time.monotonic()
        if status != expected:
            self._is_in, self._access = False, ""
            self._refuse(kind, status, answered, _code(got))
        self._record.good[kind] += 1
        return answered, got

    def _refuse(self, kind: str, status: int, headers: dict[str, str], code: str) -> None:
        """Note an answer that is not what it must be, and end the step."""
        is_declared = status in REFUSALS and code and headers.get("retry-after", "").isdecimal()
        if is_declared and time.monotonic() < self._record.away_until:
            self._record.refused[f"{kind}: {status} {code}"] += 1
        else:
            self._record.bad[f"{kind}: {status} {code or 'without a code'}"] += 1
        raise Refused

    def _take(self, headers: dict[str, str], body: bytes) -> None:
        self._access = json.loads(body)["access_token"]
        self._refresh = SimpleCookie(headers["set-cookie"])[COOKIE].value
        self._is_in = True

    def _cookie(self, token: str) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={token}", "X-Requested-With": "soak"}

    def _slow_credentials(self) -> bytes:
        return credentials(CLIENTS + self._number, PASSWORD)


def _code(body: bytes) -> str:
    return str(json.loads(body).get("code", "")) if body.startswith(b"{") else ""
