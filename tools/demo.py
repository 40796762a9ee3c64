#!/usr/bin/env python
"""Start the Ninja example and live through an account's life over HTTP. `make demo` runs this."""

from __future__ import annotations

import argparse
import io
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import httpx

import ferrauth
from tools.play import EMAIL, PASSWORD, Play

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "ninja_app"
HOST = "127.0.0.1"
START_TIMEOUT = 30.0
"""Seconds that the server has to answer its first request."""
STOP_TIMEOUT = 5.0
"""Seconds that the server has to end by itself before it is killed."""
REQUEST_TIMEOUT = 30.0
"""Seconds for one exchange: a login is one password hash, also on a slow and busy machine."""
POLL_INTERVAL = 0.1
"""Seconds between two looks at whether the server is up."""
INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as a shell reports it: 128 and SIGINT's number."""


class DemoError(Exception):
    """Why the demo cannot go on, in words for the person who started it."""


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


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo.py",
        description="Migrate the Ninja example's SQLite database, make a user whose password stock Django hashed, "
        "start the example and live through an account's life over HTTP. Then open its page, and "
        "leave it up until Ctrl-C.",
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
    print(f"\nThe server stays up. Open http://{HOST}:{port}/ (and /api/docs for the API).")
    print(f"Log in there as {EMAIL} with the password: {PASSWORD}")
    if sys.stdout.isatty():
        webbrowser.open(f"http://{HOST}:{port}/")
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
    os.environ.update(
        DJANGO_SETTINGS_MODULE="backend.config.settings", DJANGO_DEBUG="1", DJANGO_SITE_URL=f"http://{HOST}:{port}"
    )
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
