"""``password_upgrade`` is killed again and again: every row stays old or new, and opens by its password."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections

from ferrauth import _core
from ferrauth.passwords import wrap_passwords
from tests import databases
from tests.django.upgrade_project import ITERATIONS

ROOT = Path(__file__).parents[2]
KILLS = 10
ROWS = 300


@pytest.mark.django_db(transaction=True, databases=databases.ALL)
@pytest.mark.parametrize("alias", databases.ALL, ids=databases.IDS)
def test_killed_at_any_point_every_row_is_old_or_new(alias: str) -> None:
    users = User.objects.using(alias)
    old = {f"user-{number}": _md5(f"password-{number}") for number in range(ROWS)}
    users.bulk_create([User(username=name, password=row) for name, row in old.items()])
    new = dict(zip(old, wrap_passwords(old.values(), iterations=ITERATIONS), strict=True))
    database = json.dumps({name: connections[alias].settings_dict[name] for name in _NAMES}, default=str)
    draw = random.Random(5)  # noqa: S311
    for _ in range(KILLS):
        process = _start(database)
        time.sleep(draw.uniform(0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        _end(process)
        for name, row in users.values_list("username", "password"):
            assert row in {old[name], new[name]}
    process = _start(database)
    assert _end(process) == 0
    assert dict(users.values_list("username", "password")) == new
    assert all(_core.matches(f"password-{number}", new[f"user-{number}"]) for number in range(0, ROWS, 50))


_NAMES = ("ENGINE", "NAME", "HOST", "PORT", "USER", "PASSWORD", "OPTIONS")


def _md5(password: str) -> str:
    salt = "s" * 22
    return f"md5${salt}${_core.md5(password, salt)}"


def _start(database: str) -> subprocess.Popen[str]:
    """Start the command, and return once it is about to work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.django.upgrade_project"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(database)
    process.stdin.close()
    assert process.stdout.readline() == "started\n"
    return process


def _end(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    process.stdout.read()
    process.stdout.close()
    return process.wait()
