"""The FastAPI example: its own endpoints, on the users of its Django project."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tools.demo_fastapi import EXAMPLE, PASSWORD, prepare

if TYPE_CHECKING:
    from pathlib import Path

USE = """
import asyncio, httpx
from sqlalchemy import update
from app.auth.models import User
from app.auth.utils.hashers import check_password, make_password
from app.database import engine, sessionmaker
from app.main import app


async def main():
    async with app.router.lifespan_context(app), httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver"
    ) as client:
        answer = await client.post("/auth/login", json={"identifier": "ada", "password": PASSWORD})
        client.headers["Authorization"] = "Bearer " + answer.json()["access_token"]
        assert (await client.get("/users/me")).json()["username"] == "ada"
        changed = await client.put("/users/me", json={"first_name": "Ada", "last_name": "Lovelace"})
        assert changed.status_code == 200, changed.text
        assert (await client.get("/users/me")).json()["last_name"] == "Lovelace"
        new = {"username": "bob", "password": "correct horse"}
        assert (await client.post("/users", json=new)).json()["code"] == "permission_denied"
        async with sessionmaker.begin() as session:
            await session.execute(update(User).values(is_staff=True))
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
    await engine.dispose()


asyncio.run(main())
print("ok")
"""


def test_the_applications_own_endpoints(tmp_path: Path) -> None:
    env = {**prepare(tmp_path), "PYTHONPATH": os.pathsep.join([str(EXAMPLE), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"PASSWORD = {PASSWORD!r}\n{USE}"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr[-3000:]
    check = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c"]
    program = (
        "from django.contrib.auth import authenticate; print(authenticate(username='bob', password='correct horse'))"
    )
    django = subprocess.run([*check, program], cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False)
    assert django.stdout.strip() == "bob", django.stderr


def test_djangos_own_checks_have_nothing_to_say(tmp_path: Path) -> None:
    env = prepare(tmp_path)
    for command in (["check", "--fail-level", "WARNING"], ["makemigrations", "--check", "--dry-run"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
