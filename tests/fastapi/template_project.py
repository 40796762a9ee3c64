"""A project in the shape of FastAPI's official full-stack template, whose session is SQLModel's asynchronous one.

``$DATABASE_URL`` says where the database is; ferrauth's settings are in the environment too. Loaded once for each test.
"""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ferrauth import passwords
from ferrauth.fastapi import Auth, AuthSettings, AuthUser

API_V1_STR = "/api/v1"

# core/db.py

engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
sessionmaker = async_sessionmaker(engine, class_=AsyncSession)

# core/security.py

auth = Auth(
    AuthSettings(),
    sessionmaker,
    token_url=f"{API_V1_STR}/login/access-token",
    password_policy=passwords.Policy(iterations=passwords.DEFAULT_ITERATIONS),
)

# api/deps.py


async def get_db() -> AsyncIterator[AsyncSession]:
    async with sessionmaker() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_db)]
CurrentUser = Annotated[AuthUser, Depends(auth.current_user)]
get_current_active_superuser = auth.require(superuser=True)


class Token(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"


class UserPublic(BaseModel):
    username: str
    first_name: str


class UserUpdateMe(BaseModel):
    first_name: str


# api/routes/login.py

login_router = APIRouter(tags=["login"])


@login_router.post("/login/access-token")
async def login_access_token(
    session: SessionDep, form_data: Annotated[OAuth2PasswordRequestForm, Depends()], request: Request
) -> Token:
    user = await auth.authenticate_user(session, form_data.username, form_data.password)
    if user is None:
        raise HTTPException(status_code=400, detail="Incorrect email or password")
    pair = await auth.generate_tokens(session, user, request=request)
    await session.commit()
    return Token(access_token=pair.access, refresh_token=pair.refresh)


# api/routes/users.py

users_router = APIRouter(prefix="/users", tags=["users"])


@users_router.get("/", dependencies=[Depends(get_current_active_superuser)])
async def read_users(session: SessionDep) -> list[str]:
    found = await session.exec(select(AuthUser).order_by(col(AuthUser.username)))
    return [user.username for user in found]


@users_router.get("/me", response_model=UserPublic)
async def read_user_me(current_user: CurrentUser) -> AuthUser:
    return current_user


@users_router.patch("/me", response_model=UserPublic)
async def update_user_me(*, session: SessionDep, user_in: UserUpdateMe, current_user: CurrentUser) -> AuthUser:
    db_user = await session.merge(current_user)
    db_user.first_name = user_in.first_name
    await session.commit()
    await session.refresh(db_user)
    return db_user


# main.py

app = FastAPI(lifespan=auth.lifespan)
api_router = APIRouter()
api_router.include_router(login_router)
api_router.include_router(users_router)
api_router.include_router(auth.router, prefix="/auth")
app.include_router(api_router, prefix=API_V1_STR)
