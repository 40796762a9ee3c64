"""Any user model, any key: each lives through a session's life in a project of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests import services

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(databases=[])
@pytest.mark.parametrize("model", ["IntegerUser", "UuidUser", "TextUser", "ChildUser", "OddUser"])
def test_one_query_by_keys_whatever_the_user_model(model: str, database: str, tmp_path: Path) -> None:
    settings: dict[str, object] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db.sqlite3")}
    if database == "postgresql":
        settings = services.postgres().django()
        name = f"user_models_{model.lower()}"
        with psycopg.connect(services.dsn(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[call-overload]
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        settings["NAME"] = name
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.sessions.user_models.project", model],
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr[-3000:]


@pytest.mark.django_db(databases=[])
def test_E13_with_uuids_for_keys_nothing_that_a_client_is_told_counts_users(tmp_path: Path) -> None:
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db.sqlite3")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.sessions.user_models.project", "UuidUser", "ids"],
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr[-3000:]
