"""``make demo``: what a newcomer sees first, so also what they see when it cannot run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import ferrauth
from tools import demo, play

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = ("-m", "tools.demo")
ROOT = Path(demo.__file__).parents[1]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment in which the demo has a folder of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    return {**inherited, "DJANGO_DATA_DIR": str(tmp_path / "data")}


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as listener:
        listener.bind((demo.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def free_port() -> int:
    with taken_port() as port:
        return port


def run_demo(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *DEMO, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_busy_port_is_one_line(env: dict[str, str]) -> None:
    with taken_port() as port:
        done = run_demo("--port", str(port), "--once", env=env)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"port {port}" in done.stderr
    assert "PORT=8001 make demo" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "٨٠٠٠"])
def test_what_is_no_port_is_refused(env: dict[str, str], port: str) -> None:
    done = run_demo(f"--port={port}", env=env)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_debug_build_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ferrauth, "build_info", lambda: {"profile": "debug"})
    with pytest.raises(demo.DemoError, match="debug build"):
        demo.run(8000, once=True)


def test_once_plays_everything_and_leaves_nothing_behind(env: dict[str, str]) -> None:
    port = free_port()
    first = run_demo("--port", str(port), "--once", env=env)
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.count("✓") == 23
    assert "✗" not in first.stdout
    assert "\033[" not in first.stdout
    demo.check_port(port)

    again = run_demo("--port", str(port), "--once", env=env)
    assert again.returncode == 0, again.stdout + again.stderr


def test_server_stays_up_until_interrupted(env: dict[str, str]) -> None:
    port = free_port()
    command = [sys.executable, *DEMO, "--port", str(port)]

    def heed_interrupts() -> None:
        # A shell starts what it runs in the background with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts) as running:
        assert running.stdout is not None
        try:
            shown = [line for line in iter(running.stdout.readline, "Stop it with Ctrl-C.\n") if line]
            assert any(f"http://{demo.HOST}:{port}/ (and /api/docs" in line for line in shown)
            assert httpx.get(f"http://{demo.HOST}:{port}/api/docs", trust_env=False).status_code == 200
            running.send_signal(signal.SIGINT)
            assert running.wait(30) == 0
        finally:
            running.kill()
    demo.check_port(port)


def test_server_that_does_not_start_shows_its_log(env: dict[str, str], tmp_path: Path) -> None:
    broken = {**env, "DJANGO_SETTINGS_MODULE": "no_such_settings"}
    with (
        pytest.raises(demo.DemoError, match=r"did not start: it ended with code 1[\s\S]*no_such_settings"),
        demo.serve(free_port(), log=tmp_path / "server.log", env=broken),
    ):
        pytest.fail("The server answered.")


def test_answers_that_are_not_as_expected_are_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "MAIL_TIMEOUT", 0.0)

    def grant_all(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"token_type": "bearer", "access_token": "a.b.c", "email": play.EMAIL})

    with httpx.Client(transport=httpx.MockTransport(grant_all), base_url="http://testserver") as client:
        player = play.Play(client, color=False)
        player.run()
    assert player.failures == capsys.readouterr().out.count("✗") == 21
