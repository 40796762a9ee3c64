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
    await use_own()
    await engine.dispose()
    assert not any(name == "django" or name.startswith("django.") for name in sys.modules)


async def use_own() -> None:
    # Users of the project's own: start-up, a login and a registration.
    from ferrauth import amake_password

    await create_own_tables()
    async with async_sessionmaker(own_engine).begin() as session:
        session.add(User(email="eve@example.com", password=await amake_password("right")))
    owner = FastAPI(lifespan=custom.lifespan)
    owner.include_router(custom.router, prefix="/auth")
    async with custom.lifespan(owner), httpx.AsyncClient(
        transport=httpx.ASGITransport(owner), base_url="http://testserver"
    ) as client:
        answer = await client.post("/auth/login", json={"email": "eve@example.com", "password": "right"})
        headers = {"Authorization": "Bearer " + answer.json()["access_token"]}
        assert (await client.get("/auth/me", headers=headers)).json()["email"] == "eve@example.com"
        assert len((await client.get("/auth/sessions", headers=headers)).json()) == 1
        body = {"email": "bob@example.com", "password": "correct horse battery"}
        assert (await client.post("/auth/register", json=body)).status_code == 202
    await own_engine.dispose()
    assert sorted(MemberBase.metadata.tables)[-2:] == ["members_member_groups", "members_member_user_permissions"]
    assert options["render_item"] is render_item


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
