"""Play Django and FastAPI on one SQLite file over HTTP. `make demo-fastapi` runs this."""

from __future__ import annotations

import argparse
import io
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

import ferrauth
from tools.demo import (
    HOST,
    INTERRUPTED,
    POLL_INTERVAL,
    REQUEST_TIMEOUT,
    START_TIMEOUT,
    STOP_TIMEOUT,
    DemoError,
    check_port,
)
from tools.play import Play

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "fastapi_app"
PASSWORD = "correct horse battery staple"
"""Of users whom this program alone makes, in a development database."""
NEW_PASSWORD = "staple battery horse correct"

MAKE_USER = """
import django; django.setup()
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
stock = PBKDF2PasswordHasher()
User.objects.create(username="ada", password=stock.encode({password!r}, stock.salt()))
"""


class TwoServers(Play):
    """A client of both servers, of which it talks to one at a time."""

    def __init__(self, django: httpx.Client, fast: httpx.Client, *, color: bool) -> None:
        super().__init__(django, color=color)
        self._clients = {"Django": (django, "/api/auth"), "FastAPI": (fast, "/auth")}

    def ask(self, server: str, title: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request to one server."""
        self._client, prefix = self._clients[server]
        return self.exchange(f"{server}: {title}", method, prefix + path, **more)

    def tokens(self, server: str, title: str, path: str, body: dict[str, str], status: int = 200) -> dict[str, str]:
        """Ask for tokens."""
        answer = self.ask(server, title, "POST", path, body=body)
        self.expect(f"{status} and tokens", answer.status_code == status)
        found: dict[str, str] = answer.json() if answer.is_success else {}
        return found

    def expect_me(self, server: str, title: str, token: str, status: int) -> None:
        """Ask who a token is for."""
        answer = self.ask(server, title, "GET", "/me", token=token)
        self.expect(str(status), answer.status_code == status)

    def run(self) -> None:
        """Users, tokens and sessions of either are the other's, whichever begins."""
        ada = {"identifier": "ada", "password": PASSWORD}
        fast = self.tokens("FastAPI", "A user of Django's admin, hashed by stock Django, logs in", "/login", ada)
        self.expect_me("Django", "The token of FastAPI", fast.get("access_token", ""), 200)
        for one, other in (("FastAPI", "Django"), ("Django", "FastAPI")):
            self.register_and_log_out(one, other)
        self.fail_alike()
        for one, other in (("FastAPI", "Django"), ("Django", "FastAPI")):
            self.replay(one, other, ada)
        old, new = PASSWORD, NEW_PASSWORD
        for one, other in (("FastAPI", "Django"), ("Django", "FastAPI")):
            self.change_password(one, other, old=old, new=new)
            old, new = new, old

    def register_and_log_out(self, one: str, other: str) -> None:
        """Who registers at one logs in at the other, and a logout at the one ends that session."""
        email = f"{one.lower()}@example.com"
        self.tokens(one, "Somebody registers", "/register", {"email": email, "password": PASSWORD}, 201)
        body = {"identifier": email, "password": PASSWORD}
        token = self.tokens(other, "Who registered there logs in here", "/login", body).get("access_token", "")
        self.expect_me(one, f"The token of {other}", token, 200)
        left = self.ask(one, "Log out", "POST", "/logout", token=token)
        self.expect("204", left.status_code == 204)
        self.expect_me(other, f"The token of the session that {one} ended", token, 401)

    def fail_alike(self) -> None:
        """A wrong password and an unknown user are one answer."""
        wrong = {"identifier": "ada", "password": "Tr0ub4dor&3"}
        nobody = {"identifier": "nobody", "password": PASSWORD}
        answers = [
            self.ask(server, title, "POST", "/login", body=body)
            for server in ("FastAPI", "Django")
            for title, body in (("A wrong password", wrong), ("An unknown user", nobody))
        ]
        same = len({answer.content for answer in answers}) == 1 and {one.status_code for one in answers} == {401}
        self.expect("401, byte for byte the same four times", same)

    def replay(self, one: str, other: str, user: dict[str, str]) -> None:
        """Both refresh one session in turn; a token that was used ends it at both."""
        first = self.tokens(one, "Ada logs in", "/login", user).get("refresh_token", "")
        second = self.tokens(other, f"Ada refreshes {one}'s token", "/refresh", {"refresh_token": first})
        body = {"refresh_token": second.get("refresh_token", "")}
        third = self.tokens(one, f"And {other}'s", "/refresh", body)
        replay = self.ask(
            other, "The first one again, as a thief has it", "POST", "/refresh", body={"refresh_token": first}
        )
        self.expect("401", replay.status_code == 401)
        self.expect_me(one, "The newest token of that session", third.get("access_token", ""), 401)

    def change_password(self, one: str, other: str, *, old: str, new: str) -> None:
        """A new password of one ends the other's session, and opens the next one there."""
        here = self.tokens(one, "Ada logs in", "/login", {"identifier": "ada", "password": old})
        there = self.tokens(other, "Ada logs in", "/login", {"identifier": "ada", "password": old})
        body, token = {"old_password": old, "new_password": new}, here.get("access_token", "")
        changed = self.ask(one, "Ada changes her password", "POST", "/password/change", body=body, token=token)
        self.expect("204", changed.status_code == 204)
        self.expect_me(other, f"Her session of {other}'s", there.get("access_token", ""), 401)
        self.expect_me(other, "The session that changed it", token, 200)
        self.tokens(other, "The new password", "/login", {"identifier": "ada", "password": new})


@contextmanager
def serve(application: str, port: int, *, ready: str, log: Path, env: dict[str, str]) -> Iterator[None]:
    """Run a server under uvicorn, from its first answer until the block ends, however it ends.

    Args:
        application: Its module and name.
        port: Port of the loopback address to listen on.
        ready: A path that it answers.
        log: File for what it prints.
        env: Its environment.

    Raises:
        DemoError: It does not answer in time; what it printed is in the message.
    """
    command = [sys.executable, "-m", "uvicorn", application, "--app-dir", str(EXAMPLE)]
    command += ["--host", HOST, "--port", str(port), "--no-use-colors"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers(f"http://{HOST}:{port}{ready}"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"{application} did not start. Its log:\n{log.read_text(errors='replace')}")
            time.sleep(POLL_INTERVAL)
        yield
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=REQUEST_TIMEOUT).is_success
    except httpx.TransportError:
        return False


def prepare(folder: Path) -> dict[str, str]:
    """Migrate a new SQLite file with a user in it, and return the environment of both servers."""
    database = folder / "db.sqlite3"
    for file in folder.glob("db.sqlite3*"):
        file.unlink()
    secret = secrets.token_urlsafe(64)
    env = {
        **os.environ,
        "DATA_DIR": str(folder),
        "DJANGO_SECRET_KEY": secret,
        "DJANGO_SETTINGS_MODULE": "django_site.settings",
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "FERRAUTH_SECRET_KEY": secret,
        "FERRAUTH_THROTTLE_BACKEND": "local",
        "FERRAUTH_REGISTRATION": "immediate",
    }
    for command in (["manage.py", "migrate", "--verbosity", "0"], ["-c", MAKE_USER.format(password=PASSWORD)]):
        done = subprocess.run(
            [sys.executable, *command], cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise DemoError(f"the database could not be made:\n{done.stderr}")
    with sqlite3.connect(database) as connection:
        ((encoded,),) = connection.execute("SELECT password FROM auth_user")
    print(f"database  {database}, migrated by Django")
    print(f"user      ada, hashed by Django's own hasher: {encoded.split('$')[1]} iterations")
    return env


def run(port: int, *, once: bool) -> int:
    """Play the demo, and return the exit code.

    Raises:
        DemoError: It cannot be played.
    """
    build = ferrauth.build_info()
    if build["profile"] != "release":
        raise DemoError(f"this is a {build['profile']} build of ferrauth, many times too slow. Run: make build")
    ports = (port, port + 1)
    for one in ports:
        check_port(one)
    print(f"ferrauth  {build['version']}, {build['profile']} build, kernel {build['kernel']}")
    folder = Path(os.environ.get("DATA_DIR", EXAMPLE / "var"))
    folder.mkdir(parents=True, exist_ok=True)
    env = prepare(folder)
    with ExitStack() as stack:
        servers = (("app.main:app", "/openapi.json"), ("django_site.asgi:application", "/api/openapi.json"))
        for one, (application, ready) in zip(ports, servers, strict=True):
            log = folder / f"{application.partition('.')[0]}.log"
            stack.enter_context(serve(application, one, ready=ready, log=log, env=env))
            print(f"server    http://{HOST}:{one} ({application})")
        fast, django = (
            stack.enter_context(httpx.Client(base_url=f"http://{HOST}:{one}", trust_env=False, timeout=REQUEST_TIMEOUT))
            for one in ports
        )
        play = TwoServers(django, fast, color=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
        play.run()
        print("\nEvery answer was as expected." if not play.failures else f"\nNot as expected: {play.failures}.")
        if not once:
            print(f"\nBoth stay up: http://{HOST}:{port}/docs and http://{HOST}:{port + 1}/admin/. Stop with Ctrl-C.")
            signal.pause()
    return 1 if play.failures else 0


def main(argv: list[str] | None = None) -> int:
    """Run the program, and turn what stops it into one message and an exit code."""
    parser = argparse.ArgumentParser(
        prog="demo_fastapi.py", description="Play Django and FastAPI on one SQLite file, with one set of users."
    )
    parser.add_argument("--port", type=int, default=8000, help="port of FastAPI; Django's is the next (default: 8000)")
    parser.add_argument("--once", action="store_true", help="end the servers after the play")
    arguments = parser.parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    try:
        return run(arguments.port, once=arguments.once)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
