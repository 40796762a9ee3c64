"""``docs/fastapi.md`` as a program: its blocks run one after another, and what they make is used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fastapi.md"

USE = """

import httpx


async def use() -> None:
    await create_tables()
    async with sessionmaker.begin() as session:
        from ferrauth import amake_password

        session.add(AuthUser(username="ada", password=await amake_password("right")))
    async with auth.lifespan(app), httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver"
    ) as client:
        answer = await client.post("/auth/login", json={"identifier": "ada", "password": "right"})
        headers = {"Authorization": "Bearer " + answer.json()["access_token"]}
        assert (await client.get("/hello", headers=headers)).json() == "ada"
        assert (await client.get("/hello")).json()["code"] == "not_authenticated"
        assert (await client.delete("/orders/1", headers=headers)).json()["code"] == "permission_denied"
        assert await check("ada", "right")
        assert not await check("ada", "wrong")
        body = {"email": "bob@example.com", "password": "correct horse battery"}
        assert (await client.post("/auth/register", json=body)).status_code == 202
    assert custom.backend.username_field == "email"
    await engine.dispose()
    assert not any(name == "django" or name.startswith("django.") for name in sys.modules)


import asyncio
import sys

asyncio.run(use())
print("ok")
"""


@pytest.mark.django_db(databases=[])
def test_the_page_of_the_docs_runs_as_it_stands(tmp_path: Path) -> None:
    program = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)) + USE
    (tmp_path / "page.py").write_text(program)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FERRAUTH_", "DJANGO_"))}
    env |= {"FERRAUTH_SECRET_KEY": "a secret of the tests, which is long enough", "FERRAUTH_THROTTLE_BACKEND": "local"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr[-3000:]
