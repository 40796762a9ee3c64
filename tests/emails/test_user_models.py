"""Any user model: each lives through an account's life in a project of its own."""

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
@pytest.mark.parametrize("model", ["IntegerUser", "UuidUser", "TextUser", "ChildUser", "OwnEmailUser"])
def test_E01_E04_an_accounts_life_whatever_the_user_model(model: str, database: str, tmp_path: Path) -> None:
    settings: dict[str, object] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db.sqlite3")}
    if database == "postgresql":
        settings = services.postgres().django()
        name = f"accounts_{model.lower()}"
        with psycopg.connect(services.dsn(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')  # type: ignore[call-overload]
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        settings["NAME"] = name
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.emails.project", model],
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr[-3000:]
