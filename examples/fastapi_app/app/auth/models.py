"""The user of Django's ``auth_user``, with the application's own way to ask for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ferrauth.fastapi import AuthUser

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class User(AuthUser):
    """A row of ``auth_user``; its columns are ferrauth's mapping."""

    @classmethod
    def objects(cls, session: AsyncSession) -> Users:
        """Return what users are asked of."""
        return Users(session)


@dataclass(frozen=True)
class Users:
    """Asks for users in one session."""

    session: AsyncSession

    async def get(self, **columns: Any) -> User | None:
        """Return the user whose columns have these values; ``None`` where there is none."""
        found = await self.session.scalars(select(User).filter_by(**columns))
        return found.one_or_none()
