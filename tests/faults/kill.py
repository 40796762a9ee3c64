"""kill -9 of the application and of PostgreSQL at random moments of rotate, revoke and change password.

Clients note what was acknowledged, which is what they read a response of. After every kill: no acknowledged revocation
and no acknowledged password or rotation is lost, and no generation was given out twice with different claims. The
control is a PostgreSQL that answers before its log is on disk (``synchronous_commit=off``), which must lose something.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from tests.faults import project
from tests.services import HOST, PostgresServer

CLIENTS = 6
BETWEEN = (1, 40)
"""Acknowledged operations between two kills, at random."""
PATIENCE = 20.0
"""Seconds after which a kill comes though nothing was acknowledged."""
MOMENT = 0.02
"""Seconds, at most, that a kill comes later than the acknowledgement: about one operation, at random."""
REQUEST_TIMEOUT = 15.0
RETRY = 0.05
REMEMBERED = 3
"""The latest ended sessions and old passwords of a client that are tried again after a kill."""
DOWN = (OSError, http.client.HTTPException, ValueError)


class Application:
    """The server, and what restarts it."""

    def __init__(self, database: dict[str, object]) -> None:
        self._launcher = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._say(json.dumps(database)))
        self.pid = 0

    def start(self) -> None:
        self.pid = int(self._say("start"))

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.kill()
        self._launcher.terminate()
        self._launcher.communicate()

    def _say(self, line: str) -> str:
        stdin, stdout = self._launcher.stdin, self._launcher.stdout
        if stdin is None or stdout is None:
            raise SystemExit("the server has no pipes")
        stdin.write(f"{line}\n")
        stdin.flush()
        return stdout.readline()


class Client(threading.Thread):
    """One user's client: logs in, refreshes, logs out and changes its password, and notes what was acknowledged."""

    def __init__(self, number: int, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.violations: list[str] = []
        self.acknowledged = 0
        self._name, self._port, self._stop_asked = f"user{number}", port, stop
        self._random = random.Random(number)  # noqa: S311
        self._password, self._old_passwords = project.PASSWORD, []  # type: tuple[str, list[str]]
        self._maybe: str | None = None
        """A password that a request was about which nobody answered."""
        self._pair: dict[str, str] | None = None
        self._certain = True
        """Whether the last refresh of this session was answered."""
        self._ended: list[dict[str, str]] = []
        self._given: dict[tuple[str, int], tuple[Any, ...]] = {}

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._step()
            except DOWN:
                time.sleep(RETRY)
                self._verify()

    def _step(self) -> None:
        if self._pair is None:
            self._log_in()
            return
        what = self._random.random()
        if what < 0.5:
            self._refresh(self._pair)
        elif what < 0.75:
            self._log_out(self._pair)
        else:
            self._change(self._pair)

    def _log_in(self) -> None:
        for password in filter(None, (self._maybe, self._password)):
            status, pair = self._post("/login", {"identifier": self._name, "password": password})
            if status == 200:
                if password == self._maybe:
                    self._old_passwords.append(self._password)
                self._password, self._maybe, self._pair, self._certain = password, None, pair, True
                self._note(pair)
                return
        self.violations.append("an acknowledged password is lost")
        self._stop_asked.set()

    def _refresh(self, pair: dict[str, str]) -> None:
        certain, self._certain = self._certain, False
        status, successor = self._post("/refresh", {"token": pair["refresh"]})
        if status == 200:
            self._note(successor)
            self._pair, self._certain = successor, True
        elif certain:
            self.violations.append(f"an acknowledged rotation is lost: {status}")
            self._pair = None
        else:
            self._pair = None  # The retry came too late.

    def _log_out(self, pair: dict[str, str]) -> None:
        self._pair = None
        status, _ = self._post("/logout", {"token": pair["refresh"]})
        if status == 200:
            self.acknowledged += 1
            self._ended = [*self._ended, pair][-REMEMBERED:]

    def _change(self, pair: dict[str, str]) -> None:
        new = f"{self._random.random()} better"
        self._pair, self._maybe = None, new
        status, _ = self._post("/password", {"old": self._password, "new": new}, pair["access"])
        if status == 200:
            self.acknowledged += 1
            self._old_passwords = [*self._old_passwords, self._password][-REMEMBERED:]
            self._password, self._maybe, self._pair = new, None, pair
        elif status in (400, 401):
            self._maybe = None

    def _verify(self) -> None:
        """Hold what was acknowledged against what the server says, once it is back."""
        while not self._stop_asked.is_set():
            try:
                for pair in self._ended:
                    self._expect(401, "/me", None, pair["access"], "an acknowledged revocation is lost (use)")
                    self._expect(401, "/refresh", {"token": pair["refresh"]}, None, "a revoked session refreshes")
                for old in self._old_passwords[-REMEMBERED:]:
                    body = {"identifier": self._name, "password": old}
                    self._expect(401, "/login", body, None, "an acknowledged password change is lost")
            except DOWN:
                time.sleep(RETRY)
            else:
                return

    def _expect(self, expected: int, path: str, body: Any, access: str | None, violation: str) -> None:
        status, _ = self._post(path, body, access)
        if status != expected:
            self.violations.append(f"{violation}: {status}")

    def _note(self, pair: dict[str, str]) -> None:
        """Note a pair: a generation that is given out again has the same claims."""
        self.acknowledged += 1
        claims = [_claims(pair[name]) for name in ("access", "refresh")]
        key = (claims[0]["sid"], claims[0]["gen"])
        given = tuple((claim["jti"], claim["iat"], claim["exp"]) for claim in claims)
        if self._given.setdefault(key, given) != given:
            self.violations.append("a generation was given out twice")

    def _post(self, path: str, body: Any, access: str | None = None) -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=REQUEST_TIMEOUT)
        headers = {"User-Agent": self._name} | ({"Authorization": f"Bearer {access}"} if access else {})
        try:
            if body is None:
                connection.request("GET", path, headers=headers)
            else:
                connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 500:
            raise OSError("the database is away")
        return response.status, json.loads(data)


def _claims(token: str) -> Any:
    from ferrauth import hazmat

    return hazmat.decode_unverified(token)


def main(kills: int) -> bool:
    """Kill, print, and tell whether all is as it must be."""
    acknowledged, violations = _run(kills, durable=True, both=True)
    good = not violations
    print(f"{kills} kills of the application and PostgreSQL, {acknowledged} acknowledged: {_summary(violations)}")
    acknowledged, violations = _run(max(kills // 5, 10), durable=False, both=False)
    print(f"control, synchronous_commit=off, {acknowledged} acknowledged: {_summary(violations)}")
    return good and bool(violations)


def _summary(violations: list[str]) -> str:
    kinds = {violation.partition(":")[0] for violation in violations}
    return f"{len(violations)} violations ({'; '.join(sorted(kinds))})" if violations else "nothing is lost"


def _run(kills: int, *, durable: bool, both: bool) -> tuple[int, list[str]]:
    postgres = PostgresServer(durable=durable)
    postgres.start()
    try:
        database = postgres.address.django()
        prepare = multiprocessing.get_context("spawn").Process(target=_prepare, args=(database,))
        prepare.start()
        prepare.join()
        if prepare.exitcode:
            raise SystemExit("the database could not be prepared")
        application = Application(database)
        try:
            application.start()
            return _storm(application, postgres, kills, both=both)
        finally:
            application.close()
    finally:
        postgres.remove()


def _prepare(database: dict[str, object]) -> None:
    project.configure(database)
    project.migrate()
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    for number in range(CLIENTS):
        get_user_model().objects.create(username=f"user{number}", password=make_password(project.PASSWORD))


def _storm(application: Application, postgres: PostgresServer, kills: int, *, both: bool) -> tuple[int, list[str]]:
    stop = threading.Event()
    clients = [Client(number, application.port, stop) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    draw = random.Random(42)  # noqa: S311
    for kill in range(kills):
        if stop.is_set():
            break  # A client has no password left to go on with: that is enough to fail.
        enough = sum(client.acknowledged for client in clients) + draw.randint(*BETWEEN)
        deadline = time.monotonic() + PATIENCE
        while sum(client.acknowledged for client in clients) < enough and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, MOMENT))
        if both and kill % 2:
            application.kill()
            application.start()
        else:
            postgres.kill()
            postgres.start()
    time.sleep(2)  # The clients verify once more.
    stop.set()
    for client in clients:
        client.join(REQUEST_TIMEOUT)
    return sum(client.acknowledged for client in clients), [
        violation for client in clients for violation in client.violations
    ]
