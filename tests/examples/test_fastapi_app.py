"""The FastAPI example: its own endpoints, on the users of its Django project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from ferrauth.passwords import DEFAULT_ITERATIONS
from tools.demo_fastapi import EXAMPLE, PASSWORD, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FASTAPI = f"""
import asyncio, httpx, json
from contextlib import asynccontextmanager
from sqlalchemy import update
from app.auth.models import User
from app.auth.utils.hashers import check_password, make_password
from app.database import engine, sessionmaker
from app.main import app
from ferrauth import _core
PASSWORD = {PASSWORD!r}


@asynccontextmanager
async def serving():
    async with app.router.lifespan_context(app), httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver"
    ) as client:
        yield client
    await engine.dispose()


async def log_in(client):
    answer = await client.post("/auth/login", json={{"identifier": "ada", "password": PASSWORD}})
    client.headers["Authorization"] = "Bearer " + answer.json()["access_token"]


async def log_in_as_staff(client):
    await log_in(client)
    async with sessionmaker.begin() as session:
        await session.execute(update(User).where(User.username == "ada").values(is_staff=True))
"""

USE = """
async def main():
    async with serving() as client:
        await log_in(client)
        assert (await client.get("/users/me")).json()["username"] == "ada"
        changed = await client.put("/users/me", json={"first_name": "Ada", "last_name": "Lovelace"})
        assert changed.status_code == 200, changed.text
        assert (await client.get("/users/me")).json()["last_name"] == "Lovelace"
        new = {"username": "bob", "password": "correct horse"}
        assert (await client.post("/users", json=new)).json()["code"] == "permission_denied"
        await log_in_as_staff(client)
        assert (await client.post("/users", json=new)).status_code == 201
        assert (await client.post("/users", json=new)).status_code == 409
        assert (await client.get("/users/bob")).json()["username"] == "bob"
        assert (await client.get("/users/nobody")).status_code == 404
        async with sessionmaker() as session:
            bob = await User.objects(session).get(username="bob")
            assert type(bob) is User
            assert await check_password("correct horse", bob.password)
            assert await User.objects(session).get(username="nobody") is None
        assert not await check_password("x", await make_password("y"))


asyncio.run(main())
print("ok")
"""

MAKE_USERS = """
async def main():
    async with serving() as client:
        await log_in_as_staff(client)

        async def make(name, password="correct horse"):
            return await client.post("/users", json={"username": name, "password": password})

        answer = await make("grace", "grace1")
        assert answer.status_code == 422, answer.text
        assert {"field": "password", "code": "password_too_similar"} in answer.json()["errors"]
        assert "grace1" not in answer.text
        answer = await client.post("/users", json={"password": "hunter2-secret"})
        assert answer.status_code == 422
        assert "hunter2" not in answer.text
        assert (await make("a b")).status_code == 422

        both = await asyncio.gather(make("\\ufb01ve"), make("five"))
        assert sorted(answer.status_code for answer in both) == [201, 409], [answer.text for answer in both]
        assert (await client.get("/users/five")).status_code == 200

        committed = []

        async def watched(scope, receive, send):
            async def look(message):
                if message["type"] == "http.response.start":
                    async with sessionmaker() as session:
                        committed.append(await User.objects(session).get(username="seen") is not None)
                await send(message)

            await app(scope, receive, look)

        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(watched), base_url="http://testserver", headers=client.headers
        ) as client:
            assert (await make("seen")).status_code == 201
        assert committed == [True]


asyncio.run(main())
print("ok")
"""

MAKE_FAST = """
async def main():
    async with serving() as client:
        await log_in_as_staff(client)
        new = {"username": "fast", "password": PASSWORD + "!"}
        assert (await client.post("/users", json=new)).status_code == 201
        body = {"email": "registered@example.com", "password": PASSWORD}
        assert (await client.post("/auth/register", json=body)).status_code == 201


asyncio.run(main())
print("ok")
"""

MAKE_DJANGO = f"""
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
User.objects.create_user("dj", password={PASSWORD!r})
stock = PBKDF2PasswordHasher()
User.objects.create(username="old", password=stock.encode({PASSWORD!r}, stock.salt()))
"""

NAMES = ["nobody", "ada", "dj", "old", "fast", "registered@example.com"]
"""Nobody, and users whose rows were written by FastAPI (renewing stock Django's), Django, stock Django, FastAPI."""

COUNT_FASTAPI = f"""
async def main():
    counted = {{}}
    async with serving() as client:
        for name in {NAMES!r}:
            before = _core.iterations_executed()
            answer = await client.post("/auth/login", json={{"identifier": name, "password": "wrong"}})
            assert answer.status_code == 401, answer.text
            counted[name] = _core.iterations_executed() - before
    print(json.dumps(counted))


asyncio.run(main())
"""

COUNT_DJANGO = f"""
import json
from django.test import Client
from ferrauth import _core
client, counted = Client(SERVER_NAME="localhost"), {{}}
for name in {NAMES!r}:
    before = _core.iterations_executed()
    body = {{"identifier": name, "password": "wrong"}}
    answer = client.post("/api/auth/login", body, content_type="application/json")
    assert answer.status_code == 401, answer.content
    counted[name] = _core.iterations_executed() - before
print(json.dumps(counted))
"""


def in_fastapi(env: Mapping[str, str], program: str) -> str:
    """Run a program in the application's process; every warning is an error."""
    path = os.pathsep.join([str(EXAMPLE), *sys.path])
    return output([sys.executable, "-W", "error", "-c", FASTAPI + program], {**env, "PYTHONPATH": path})


def in_django(env: Mapping[str, str], program: str) -> str:
    """Run a program in the Django project's process."""
    return output([sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", program], env)


def output(command: list[str], env: Mapping[str, str]) -> str:
    """Return what a command prints."""
    done = subprocess.run(command, cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_the_applications_own_endpoints(tmp_path: Path) -> None:
    env = prepare(tmp_path)
    assert in_fastapi(env, USE) == "ok"
    program = (
        "from django.contrib.auth import authenticate; print(authenticate(username='bob', password='correct horse'))"
    )
    assert in_django(env, program) == "bob"


def test_P34_the_applications_own_users_are_held_to_djangos_rules(tmp_path: Path) -> None:
    assert in_fastapi(prepare(tmp_path), MAKE_USERS) == "ok"


def test_P40_a_wrong_password_costs_the_same_on_both_servers_whoever_wrote_the_row(tmp_path: Path) -> None:
    env = prepare(tmp_path)
    in_django(env, MAKE_DJANGO)
    assert in_fastapi(env, MAKE_FAST) == "ok"
    expected = dict.fromkeys(NAMES, DEFAULT_ITERATIONS)
    assert json.loads(in_django(env, COUNT_DJANGO)) == expected
    assert json.loads(in_fastapi(env, COUNT_FASTAPI)) == expected


def test_djangos_own_checks_have_nothing_to_say(tmp_path: Path) -> None:
    env = prepare(tmp_path)
    for arguments in (["check", "--fail-level", "WARNING"], ["makemigrations", "--check", "--dry-run"]):
        output([sys.executable, "manage.py", *arguments], env)
