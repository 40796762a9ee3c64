"""The engine, the sessionmaker, and a session for every request."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.settings import settings

engine = create_async_engine(settings.database_url)
sessionmaker = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a session whose transaction is committed if the endpoint succeeds."""
    async with sessionmaker.begin() as session:
        yield session


# Of the function, and so committed before the answer: else a client that is told of a user could ask for it too early.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
