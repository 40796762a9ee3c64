"""A name and a password to a user, without a session: what ``authenticate_user`` does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from ferrauth import passwords
from ferrauth.accounts.effects import LoadUser
from ferrauth.accounts.passwords import row_to_verify
from ferrauth.accounts.settings import Settings
from ferrauth.fastapi.accounts import Accounts
from ferrauth.fastapi.backend import Backend
from ferrauth.fastapi.models import AuthUser, EmailAddress, RefreshSession
from ferrauth.fastapi.rows import Rows
from ferrauth.fastapi.users import Users

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from ferrauth.passwords import Policy

__all__ = ["Logins", "authenticate_user"]

logger = logging.getLogger("ferrauth.passwords")


class Logins:
    """Checks names and passwords against one table."""

    def __init__(self, users: Users, rows: Rows, policy: Policy) -> None:
        self._users = users
        self._rows = rows
        self._policy = policy

    async def authenticate(self, session: AsyncSession, username: str, password: str) -> Any:
        """Return the user whose name and password these are, or ``None``."""
        # The place is taken before the user is looked up, so a refusal for want of one tells nothing of it.
        with await passwords.aadmit() as admission:
            user = await self._users.load_user(session, LoadUser(identifier=username))
            row = None if user is None else row_to_verify(user.password, may_log_in=user.eligible)
            verified, renewed = await passwords.averify_and_update(
                password, row, policy=self._policy, admission=admission
            )
        if user is None or row is None or not verified:
            return None
        if renewed is not None:
            await self._renew(session, user.id, old=row, new=renewed)
        return user.user

    async def _renew(self, session: AsyncSession, user_id: str, *, old: str, new: str) -> None:
        """Store a new encoding of the same password, apart from the caller's transaction, which may read only.

        A database that refuses is logged, and is no error: the login goes on (P49).
        """
        try:
            if isinstance(session.bind, AsyncEngine):
                async with async_sessionmaker(session.bind)() as own, own.begin():
                    await self._rows.renew_password(own, user_id, old=old, new=new)
            else:
                async with session.begin_nested():
                    await self._rows.renew_password(session, user_id, old=old, new=new)
        except SQLAlchemyError:
            logger.warning("An outdated password could not be renewed; the login goes on.", exc_info=True)


async def authenticate_user(session: AsyncSession, username: str, password: str) -> AuthUser | None:
    """Return the user of Django's ``auth_user`` whose name and password these are, or ``None``.

    It fails at the same work whether the user is unknown or inactive, or the password wrong, unusable, malformed or of
    fewer iterations. The derivation never runs on the event loop. An outdated row is renewed by compare-and-swap.
    ``auth.authenticate_user`` does the same with a project's settings.

    Args:
        session: Where the user is loaded.
        username: The user's name.
        password: The password as it was submitted.

    Raises:
        HasherBusy: More work waits than a login may have to wait for.
    """
    user: AuthUser | None = await _default().authenticate(session, username, password)
    return user


def _default() -> Logins:
    global _logins
    if _logins is None:
        # By the name alone, as the reviewed function: no table but Django's own is asked.
        settings = Settings(login_field="username", email_field="email", email_verified_field="is_active")
        backend = Backend(
            async_sessionmaker(),
            settings,
            user_model=AuthUser,
            session_model=RefreshSession,
            email_model=EmailAddress,
        )
        _logins = Logins(Users(backend), Rows(backend, Accounts(backend)), passwords.Policy())
    return _logins


_logins: Logins | None = None
