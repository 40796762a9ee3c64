#!/usr/bin/env python
"""Start the Ninja example and log in to it over HTTP, showing every exchange. `make demo` runs this."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import httpx

import ferrauth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "ninja_app"
HOST = "127.0.0.1"
EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
"""Of a user whom this program alone makes, in a development database."""
START_TIMEOUT = 30.0
"""Seconds that the server has to answer its first request."""
STOP_TIMEOUT = 5.0
"""Seconds that the server has to end by itself before it is killed."""
REQUEST_TIMEOUT = 30.0
"""Seconds for one exchange: a login is one password hash, also on a slow and busy machine."""
POLL_INTERVAL = 0.1
"""Seconds between two looks at whether the server is up."""
LONGEST_SHOWN = 32
"""Characters of a string in a body that are shown whole; a token is longer."""
INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as a shell reports it: 128 and SIGINT's number."""


class DemoError(Exception):
    """Why the demo cannot go on, in words for the person who started it."""


class Play:
    """A client that shows what it does and judges what comes back."""

    def __init__(self, client: httpx.Client, *, color: bool) -> None:
        self.failures = 0
        self._client = client
        self._color = color
        self._steps = 0

    def exchange(
        self, title: str, method: str, path: str, *, body: dict[str, str] | None = None, token: str | None = None
    ) -> httpx.Response:
        """Send one request, and show it and its answer."""
        self._steps += 1
        print(f"\n{self._paint('1', f'{self._steps}. {title}')}")
        print(f"   > {method} {path}")
        if token is not None:
            print(f"   > Authorization: Bearer {_shorten(token)}")
        if body is not None:
            print(f"   > {_show_fields(body)}")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        started = time.perf_counter()
        response = self._client.request(method, path, json=body, headers=headers)
        milliseconds = (time.perf_counter() - started) * 1000
        print(f"   < {response.status_code} {response.reason_phrase} ({milliseconds:.0f} ms)")
        if "WWW-Authenticate" in response.headers:
            print(f"   < WWW-Authenticate: {response.headers['WWW-Authenticate']}")
        print(f"   < {_show_body(response)}")
        return response

    def expect(self, expected: str, holds: bool) -> None:
        """Show whether an expectation holds, and count it if it does not."""
        mark = self._paint("32", "✓") if holds else self._paint("31", "✗")
        print(f"   {mark} expected: {expected}")
        self.failures += not holds

    def run(self) -> None:
        """Log in, fail to, and use the token, whole, missing and damaged."""
        right = {"email": EMAIL, "password": PASSWORD}
        granted = self.exchange("The right password", "POST", "/api/auth/login", body=right)
        tokens = _json_object(granted)
        access = str(tokens.get("access_token", ""))
        self.expect("200 and a bearer token", granted.status_code == 200 and tokens.get("token_type") == "bearer")

        wrong = {"email": EMAIL, "password": "Tr0ub4dor&3"}
        refused = self.exchange("A wrong password", "POST", "/api/auth/login", body=wrong)
        self.expect("401 and no token", _is_refusal(refused))

        nobody = {"email": "nobody@example.com", "password": PASSWORD}
        unknown = self.exchange("An unknown user", "POST", "/api/auth/login", body=nobody)
        self.expect("401 and no token", _is_refusal(unknown))
        self.expect("byte for byte the answer to the wrong password", unknown.content == refused.content)

        me = self.exchange("Who am I, with the token", "GET", "/api/auth/me", token=access)
        self.expect(f"200 and {EMAIL}", me.status_code == 200 and _json_object(me).get("email") == EMAIL)

        bare = self.exchange("Who am I, without a token", "GET", "/api/auth/me")
        self.expect("401", _is_refusal(bare))

        changed = self.exchange(
            "Who am I, with one character changed", "GET", "/api/auth/me", token=change_one_character(access)
        )
        self.expect("401", _is_refusal(changed))
        self.expect("byte for byte the answer to no token", changed.content == bare.content)
        self.run_sessions(tokens)

    def run_sessions(self, tokens: dict[str, Any]) -> None:
        """Refresh, look at the devices, and log out; then a refresh token that is used twice ends its session."""
        first = {"refresh_token": str(tokens.get("refresh_token", ""))}
        renewed = self.exchange("The next tokens, for the refresh token", "POST", "/api/auth/refresh", body=first)
        again = self.exchange(
            "The same once more: a client that lost the answer", "POST", "/api/auth/refresh", body=first
        )
        self.expect("200 and the same session", renewed.status_code == again.status_code == 200)
        pair = _json_object(again)
        access, second = str(pair.get("access_token", "")), {"refresh_token": str(pair.get("refresh_token", ""))}

        devices = self.exchange("Where am I logged in", "GET", "/api/auth/sessions", token=access)
        current = [one["is_current"] for one in devices.json()] if devices.is_success else []
        self.expect("this session among them", current.count(True) == 1)

        left = self.exchange("Log out", "POST", "/api/auth/logout", body=second)
        self.expect("204", left.status_code == 204)
        late = self.exchange("Who am I, after the logout", "GET", "/api/auth/me", token=access)
        self.expect("401, at once", _is_refusal(late))

        login = {"email": EMAIL, "password": PASSWORD}
        granted = _json_object(self.exchange("Log in again", "POST", "/api/auth/login", body=login))
        stolen = {"refresh_token": str(granted.get("refresh_token", ""))}
        used = _json_object(self.exchange("Refresh", "POST", "/api/auth/refresh", body=stolen))
        newer = {"refresh_token": str(used.get("refresh_token", ""))}
        newest = _json_object(self.exchange("And again", "POST", "/api/auth/refresh", body=newer))
        replay = self.exchange("The first refresh token, as a thief has it", "POST", "/api/auth/refresh", body=stolen)
        self.expect("401", _is_refusal(replay))
        access = str(newest.get("access_token", ""))
        ended = self.exchange("Who am I, with the newest token of that session", "GET", "/api/auth/me", token=access)
        self.expect("401: the replay has ended the session", _is_refusal(ended))

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._color else text


def change_one_character(token: str) -> str:
    """Put another letter in the place of one near the end, in the signature and in what :func:`_shorten` shows."""
    place = max(len(token) - 5, 0)
    return token[:place] + ("B" if token[place : place + 1] == "A" else "A") + token[place + 1 :]


def check_port(port: int) -> None:
    """Find out whether the server will be able to listen.

    Raises:
        DemoError: It will not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still being forgotten is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = 8001 if port != 8001 else 8002
            raise DemoError(
                f"port {port} of {HOST} cannot be had ({error.strerror}). Pick another: PORT={other} make demo"
            ) from None


def prepare_database() -> Path:
    """Migrate SQLite, and make the demo's user as an existing database has it: hashed by stock Django.

    Returns:
        The folder of the database.
    """
    sys.path.insert(0, str(EXAMPLE))
    import django

    django.setup()

    from backend.users.models import User
    from django.conf import settings
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    stock = PBKDF2PasswordHasher()
    encoded = stock.encode(PASSWORD, stock.salt())
    User.all_objects.update_or_create(
        email=EMAIL,
        defaults={"password": encoded, "is_active": True, "is_deleted": False, "is_email_verified": True},
    )
    algorithm, iterations, *_ = encoded.split("$")
    count = f"{int(iterations):,}"
    print(f"database  {settings.DATABASES['default']['NAME']}, migrated")
    print(f"user      {EMAIL}, hashed by Django {django.__version__}'s own hasher: {algorithm}, {count} iterations")
    return Path(settings.DATA_DIR)


@contextmanager
def serve(port: int, *, log: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the example under uvicorn, from its first answer until the block ends, however it ends.

    Args:
        port: Port of the loopback address to listen on.
        log: File for what the server prints.
        env: The server's environment.

    Raises:
        DemoError: It does not answer in time; what it printed is in the message.
    """
    command = [sys.executable, "-m", "uvicorn", "backend.config.asgi:application", "--app-dir", str(EXAMPLE)]
    command += ["--host", HOST, "--port", str(port), "--lifespan", "off", "--no-use-colors"]
    with log.open("wb") as output:
        # In a session of its own, so that Ctrl-C reaches this program alone, which then ends the server.
        server = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until_up(server, port, log)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_up(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with httpx.Client(trust_env=False, timeout=REQUEST_TIMEOUT) as client:
        while server.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"http://{HOST}:{port}/api/openapi.json").is_success:
                    return
            except httpx.TransportError:
                pass  # Not yet.
            time.sleep(POLL_INTERVAL)
    ended = "it did not answer" if server.returncode is None else f"it ended with code {server.returncode}"
    raise DemoError(f"the server did not start: {ended}. Its log:\n{log.read_text(errors='replace')}")


def _is_refusal(response: httpx.Response) -> bool:
    return (
        response.status_code == 401
        and response.headers.get("WWW-Authenticate") == "Bearer"
        and _json_object(response).keys() == {"detail", "code"}
    )


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _show_body(response: httpx.Response) -> str:
    fields = _json_object(response)
    if not fields:
        return _shorten(response.text)
    return _show_fields(fields)


def _show_fields(fields: Mapping[str, Any]) -> str:
    return json.dumps({name: _shorten(value) if "token" in name else value for name, value in fields.items()})


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:16]}...{text[-8:]}"


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo.py",
        description="Migrate the Ninja example's SQLite database, make a user whose password stock Django hashed, "
        "start the example and log in to it over HTTP, showing every exchange. Then leave it up until Ctrl-C.",
        epilog="Exit code: 0 if every answer was as expected, 1 if one was not or the demo could not run.",
    )
    parser.add_argument("--port", type=_port, default=8000, help=f"port of {HOST} to listen on (default: 8000)")
    parser.add_argument("--once", action="store_true", help="end the server after the play")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 1 to 65535")


def _use_color() -> bool:
    # https://no-color.org: set and not empty means no.
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _leave_up(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    print(f"\nThe server stays up. Its API page: http://{HOST}:{port}/api/docs")
    print(f"Log in there as {EMAIL} with the password: {PASSWORD}")
    print(f"Its log: {log}\nStop it with Ctrl-C.")
    try:
        code = server.wait()
    except KeyboardInterrupt:
        print("\nStopped.")
        return
    raise DemoError(f"the server ended by itself, with code {code}. Its log:\n{log.read_text(errors='replace')}")


def run(port: int, *, once: bool) -> int:
    """Play the demo.

    Returns:
        The exit code.

    Raises:
        DemoError: It cannot be played.
    """
    build = ferrauth.build_info()
    if build["profile"] != "release":
        raise DemoError(f"this is a {build['profile']} build of ferrauth, many times too slow. Run: make build demo")
    check_port(port)
    os.environ.update(DJANGO_SETTINGS_MODULE="backend.config.settings", DJANGO_DEBUG="1")
    print(f"ferrauth  {build['version']}, {build['profile']} build, kernel {build['kernel']}")
    log = prepare_database() / "server.log"
    with serve(port, log=log, env=dict(os.environ)) as server:
        print(f"server    http://{HOST}:{port} (uvicorn, process {server.pid})")
        with httpx.Client(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=REQUEST_TIMEOUT) as client:
            play = Play(client, color=_use_color())
            play.run()
        print("\nEvery answer was as expected." if not play.failures else f"\nNot as expected: {play.failures}.")
        if not once:
            _leave_up(server, port, log)
    return 1 if play.failures else 0


def main(argv: list[str] | None = None) -> int:
    """Run the program, and turn what stops it into one message and an exit code."""
    arguments = _arguments(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)  # A terminal without ✓ shows a question mark.
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    try:
        return run(arguments.port, once=arguments.once)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except httpx.HTTPError as error:
        print(f"demo: the server does not answer: {error!r}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
