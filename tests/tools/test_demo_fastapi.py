"""``make demo-fastapi``: both servers on one file, from a user of Django's to a password change that ends both."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.tools.test_demo import free_port, taken_port
from tools.demo import HOST
from tools.demo_fastapi import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

ROOT = EXAMPLE.parent.parent
STEPS = 38


def two_free_ports() -> int:
    """Return a port that is free, and the next one too."""
    while True:
        port = free_port()
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port + 1))
            return port


def run_demo(port: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """Play it once."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "FERRAUTH_"))}
    command = [sys.executable, "-m", "tools.demo_fastapi", "--port", str(port), "--once"]
    env = {**inherited, "DATA_DIR": str(folder / "data")}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)


def test_both_servers_know_one_set_of_users(tmp_path: Path) -> None:
    done = run_demo(two_free_ports(), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every answer was as expected.")
    assert done.stdout.count("\n   > GET") + done.stdout.count("\n   > POST") == STEPS
    assert "✗" not in done.stdout
    assert "hashed by Django's own hasher" in done.stdout


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    with taken_port() as port:
        done = run_demo(port, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"port {port}" in done.stderr
