"""What the README and ``docs/http.md`` say, done and compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ferrauth.accounts.operations import operations
from ferrauth.accounts.settings import Settings
from ferrauth.ninja.compat import ninja_jwt_operations
from tests.mailing import mail_settings

if TYPE_CHECKING:
    from ferrauth.accounts.operations import Operation

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| `(\w+)` \| `(\w+) ([^`]+)` \|.*\| ([0-9 ]*)\|$", re.MULTILINE)
USE = """
import json, re, time
from django.core import mail
from django.test import Client
EMAIL, PASSWORD, NEW = "ada@example.com", "correct horse battery staple", "another horse, another battery"
TOKEN = re.compile(r"[\\w-]+(?:[.][\\w-]+){2}")
answers = []
def ask(method, path, access=None, **body):
    headers = {"host": "localhost"} | ({"authorization": f"Bearer {access}"} if access else {})
    client = Client(headers=headers)
    given = client.post(path, body, "application/json") if method == "POST" else client.get(path)
    answers.append((path.removeprefix("/api/"), given.status_code))
    return given.json() if "json" in given.headers.get("Content-Type", "") else {}
def post(path, access=None, **body):
    return ask("POST", "/api/auth/" + path, access, **body)
def mailed(count):
    deadline = time.monotonic() + 60
    while len(getattr(mail, "outbox", [])) < count:
        assert time.monotonic() < deadline, "No mail is sent."
        time.sleep(0.05)
    assert mail.outbox[-1].to == [EMAIL]
    return TOKEN.search(mail.outbox[-1].body).group()
post("register", email=EMAIL, password=PASSWORD)
post("login", identifier=EMAIL, password=PASSWORD)
post("email/verify", token=mailed(1))
post("login", identifier=EMAIL, password="wrong")
pair = post("login", identifier=EMAIL, password=PASSWORD)
assert ask("GET", "/api/auth/me", pair["access_token"])["email"] == EMAIL
renewed = post("refresh", refresh_token=pair["refresh_token"])
post("password/reset", email=EMAIL)
post("password/reset/confirm", token=mailed(2), password=NEW)
ask("GET", "/api/auth/me", renewed["access_token"])
post("login", identifier=EMAIL, password=NEW)
ask("GET", "/api/docs")
print(json.dumps(answers))
"""
ANSWERS = [
    ["auth/register", 202],
    ["auth/login", 401],
    ["auth/email/verify", 204],
    ["auth/login", 401],
    ["auth/login", 200],
    ["auth/me", 200],
    ["auth/refresh", 200],
    ["auth/password/reset", 202],
    ["auth/password/reset/confirm", 204],
    ["auth/me", 401],
    ["auth/login", 200],
    ["docs", 200],
]
"""Of a user that registers, follows the link of the mail, logs in, and has forgotten its password."""


def test_the_three_lines_of_the_readme_are_a_whole_api(tmp_path: Path) -> None:
    settings, urls = readme_lines()
    python(tmp_path, "-m", "django", "startproject", "project", ".")
    append(tmp_path / "project" / "settings.py", *settings, MAILS, QUIET)
    head = ["from ninja import NinjaAPI", "from ferrauth.ninja import make_router", "api = NinjaAPI()"]
    append(tmp_path / "project" / "urls.py", *head, *urls, 'urlpatterns += [path("api/", api.urls)]')
    python(tmp_path, "manage.py", "migrate")
    answered = python(tmp_path, "manage.py", "shell", "--no-imports", "-c", USE)
    assert json.loads(answered.splitlines()[-1]) == ANSWERS


MAILS = "\n".join(f"{name} = {value!r}" for name, value in mail_settings().items())
QUIET = 'LOGGING = {"version": 1, "root": {"handlers": []}}'


def readme_lines() -> tuple[list[str], list[str]]:
    """Return the README's lines for the settings and for the URLs: three, but for what a comment says."""
    section = (ROOT / "README.md").read_text().partition("**Django Ninja.**")[2]
    settings, urls = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    lines = settings.splitlines(), urls.splitlines()
    assert sum(map(len, lines)) == 3
    return lines


def append(file: Path, *lines: str) -> None:
    with file.open("a") as opened:
        opened.write("\n".join(["", *lines, ""]))


def python(directory: Path, *arguments: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_has_every_operation_and_what_it_refuses_with() -> None:
    rows = {
        name: (method, path, set(refused.split()))
        for name, method, path, refused in ROW.findall((ROOT / "docs" / "http.md").read_text())
    }
    known = {operation.name: operation for operation in operations(Settings(), username_field="username")}
    assert rows.keys() == known.keys()
    for name, (method, path, refused) in rows.items():
        assert (known[name].method, known[name].path) == (method, f"/{path}")
        assert refused == {str(status) for status in said(known[name])}, name


def said(operation: Operation) -> set[int]:
    """Return the refusals that are not every operation's: those of a body, and of what counts or works."""
    common = {413, 429, 503} | ({415, 422} if operation.takes else set())
    refused = set(operation.refuses) - common
    may_be_wrong = {"change_password", "change_email", "confirm_password_reset", "verify_email"}
    return refused if operation.name in may_be_wrong or not operation.takes else refused - {400}


@pytest.mark.parametrize("operation", ninja_jwt_operations("username"), ids=lambda operation: operation.name)
def test_the_page_has_the_paths_of_ninja_jwt(operation: Operation) -> None:
    assert f"| `{operation.method} {operation.path[1:]}` |" in (ROOT / "docs" / "http.md").read_text()
