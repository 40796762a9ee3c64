"""The applications of ``benches.fastapi_storm``: equal in what they do, each in its own way. ``uvicorn`` runs one.

``ferrauth`` is this package's. ``threads`` is what the field advises: ``hashlib`` in ``anyio.to_thread``, PyJWT, one
row a login, one query a request. ``loop`` derives on the event loop, with pwdlib's argon2, as fastapi-users 15 does by
default (``fastapi_users.password.PasswordHelper``).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import os
import time
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import anyio.to_thread
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pwdlib import PasswordHash
from pydantic import BaseModel
from sqlalchemy import event, insert, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ferrauth import build_info
from ferrauth.accounts.throttling import DEFAULT_LIMITS
from ferrauth.fastapi import Auth, AuthSettings, AuthUser, RefreshSession
from ferrauth.passwords import Policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "a secret of the benches, which is long enough for every rule that there is"
TICK = 0.001
"""Seconds between two looks at the event loop's clock."""
REST = 0.05
"""Seconds between two looks at whether to look: a server that is not loaded takes nothing from the one that is."""
LIFETIME = timedelta(minutes=5)

logging.basicConfig(level=logging.ERROR)
KIND = os.environ["STORM_KIND"]
engine = create_async_engine(os.environ["STORM_DATABASE"], connect_args={"timeout": 60})
sessionmaker = async_sessionmaker(engine, expire_on_commit=False)
argon2 = PasswordHash.recommended()
state = {"stall": 0.0, "statements": 0, "watches": False}


@event.listens_for(engine.sync_engine, "before_cursor_execute")
def count(*_: Any) -> None:
    """Count statements."""
    state["statements"] += 1


class Credentials(BaseModel):
    """What someone logs in with."""

    identifier: str
    password: str


async def watch() -> None:
    """Note the longest time that the loop stood still, while somebody wants to know."""
    while True:
        if not state["watches"]:
            await asyncio.sleep(REST)
            continue
        before = time.perf_counter()
        await asyncio.sleep(TICK)
        state["stall"] = max(state["stall"], time.perf_counter() - before - TICK)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Watch the loop."""
    async with AUTH.lifespan(app) if AUTH is not None else _nothing():
        watching = asyncio.create_task(watch())
        yield
        watching.cancel()


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


AUTH: Auth[AuthUser] | None = None
if KIND == "ferrauth":
    AUTH = Auth(
        AuthSettings(
            secret_key=SECRET,
            throttle_backend="local",
            limits={action: dict.fromkeys(scopes) for action, scopes in DEFAULT_LIMITS.items()},
        ),
        sessionmaker,
        password_policy=Policy(iterations=int(os.environ["STORM_ITERATIONS"])),
    )
app = FastAPI(lifespan=lifespan)


@app.get("/state")
async def show_state(watch: bool = False) -> dict[str, float]:
    """Return what was noted since the last time, and how many derivations wait now.

    Args:
        watch: Whether to look at the loop's clock from now on.
    """
    found = dict(state) | {"queued": build_info()["queued"]}
    state.update(stall=0.0, statements=0, watches=watch)
    return found


def _verify(password: str, encoded: str) -> bool:
    _, iterations, salt, key = encoded.split("$")
    derived = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(iterations))
    return hmac.compare_digest(base64.b64encode(derived).decode(), key)


async def _login(given: Credentials) -> dict[str, Any]:
    async with sessionmaker() as session:
        user = (await session.scalars(select(AuthUser).where(AuthUser.username == given.identifier))).one_or_none()
    if user is None:
        raise HTTPException(401)
    if KIND == "loop":
        right = argon2.verify(given.password, os.environ["STORM_ARGON2"])
    else:
        right = await anyio.to_thread.run_sync(_verify, given.password, user.password)
    if not right:
        raise HTTPException(401)
    now, key = datetime.now(UTC), uuid.uuid4()
    values = {
        "id": key,
        "user_id": user.id,
        "created_at": now,
        "rotated_at": now,
        "idle_expires_at": now + LIFETIME,
        "absolute_expires_at": now + LIFETIME,
        "password_stamp": "",
    }
    async with sessionmaker.begin() as session:
        await session.execute(insert(RefreshSession), [values])
    claims = {"sub": str(user.id), "sid": str(key), "iat": now, "exp": now + LIFETIME, "jti": uuid.uuid4().hex}
    access, refresh = (jwt.encode({**claims, "type": kind}, SECRET, "HS256") for kind in ("access", "refresh"))
    return {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 300}


async def _user(authorization: Annotated[str, Header()]) -> AuthUser:
    try:
        claims = jwt.decode(authorization.partition(" ")[2], SECRET, ["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    query = select(AuthUser).join(RefreshSession, RefreshSession.user_id == AuthUser.id)
    async with sessionmaker() as session:
        user = (await session.scalars(query.where(RefreshSession.id == uuid.UUID(claims["sid"])))).one_or_none()
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


if AUTH is not None:
    app.include_router(AUTH.router, prefix="/auth")

    @app.get("/claims")
    async def claims(found: Annotated[Any, Depends(AUTH.claims)]) -> dict[str, str]:
        """Show what the token says, asking no database."""
        return {"id": found.user_id}
else:
    app.post("/auth/login")(_login)

    @app.get("/auth/me")
    async def me(user: Annotated[Any, Depends(_user)]) -> dict[str, str]:
        """Show the user."""
        return {"id": str(user.id), "email": user.email}
