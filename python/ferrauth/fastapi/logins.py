"""A name and a password to a user, without a session: what ``authenticate_user`` does."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from ferrauth import passwords
from ferrauth.accounts.effects import LoadUser
from ferrauth.accounts.passwords import row_to_verify
from ferrauth.accounts.settings import Settings
from ferrauth.fastapi.accounts import Accounts
from ferrauth.fastapi.backend import Backend, begin
from ferrauth.fastapi.models import AuthUser, EmailAddress, RefreshSession
from ferrauth.fastapi.rows import Rows
from ferrauth.fastapi.session_kind import refuse_sync
from ferrauth.fastapi.users import Users

if TYPE_CHECKING:
    from ferrauth.accounts.sessions import UserRow
    from ferrauth.passwords import Policy

__all__ = ["Logins", "authenticate_user"]

logger = logging.getLogger("ferrauth.passwords")


class Logins:
    """Checks names and passwords against one table."""

    def __init__(self, users: Users, rows: Rows) -> None:
        self._users = users
        self._rows = rows

    async def authenticate(self, session: AsyncSession, username: str, password: str, policy: Policy | None) -> Any:
        """Return the user whose name and password these are, or ``None``.

        Args:
            session: The caller's. One that is in no transaction lends no connection while the key is derived.
            username: What a login names a user by.
            password: The password as it was submitted.
            policy: What passwords cost. Without one, a failure costs what a new password does by default, and no row
                is renewed: a row that is dearer than the project's others would tell that its user exists.
        """
        refuse_sync(session)
        # The place is taken before the user is looked up, so a refusal for want of one tells nothing of it.
        with await passwords.aadmit() as admission:
            own = session.bind if isinstance(session.bind, AsyncEngine) and not session.in_transaction() else None
            user = await self._load(session, own, username)
            row = None if user is None else row_to_verify(user.password, may_log_in=user.eligible)
            renewed: str | None = None
            if policy is None:
                verified = await passwords.acheck_password(password, row, admission=admission)
            else:
                verified, renewed = await passwords.averify_and_update(
                    password, row, policy=policy, admission=admission
                )
        if user is None or row is None or not verified:
            return None
        if renewed is not None:
            await self._renew(session, own, user.id, old=row, new=renewed)
        return await session.merge(user.user, load=False) if own else user.user

    async def _load(self, session: AsyncSession, own: AsyncEngine | None, username: str) -> UserRow | None:
        effect = LoadUser(identifier=username)
        if own is None:
            return await self._users.load_user(session, effect)
        async with AsyncSession(own) as apart:
            return await self._users.load_user(apart, effect)

    async def _renew(self, session: AsyncSession, own: AsyncEngine | None, user_id: str, *, old: str, new: str) -> None:
        """Store a new encoding of the same password, in the caller's transaction where there is one.

        Beside that one, it could wait for it. A database that refuses is logged, and is no error: the login goes on
        (P49).
        """
        try:
            if own is None:
                await begin(session)
                # The connection's savepoint, since a session's would write what else waits in the session.
                async with (await session.connection()).begin_nested():
                    await self._rows.renew_password(session, user_id, old=old, new=new)
            else:
                async with AsyncSession(own) as apart, apart.begin():
                    await begin(apart)
                    await self._rows.renew_password(apart, user_id, old=old, new=new)
        except SQLAlchemyError:
            logger.warning("An outdated password could not be renewed; the login goes on.", exc_info=True)


async def authenticate_user(
    session: AsyncSession, username: str, password: str, *, policy: Policy | None = None
) -> AuthUser | None:
    """Return the user of Django's ``auth_user`` whose name and password these are, or ``None``.

    For code that has no :class:`~ferrauth.fastapi.auth.Auth` at hand: it knows none of its settings, and lets in
    whoever is active. Where there is one, ``auth.authenticate_user`` is the one to call.

    It fails at the same work whether the user is unknown or inactive, or the password wrong, unusable, malformed or of
    fewer iterations. The derivation never runs on the event loop.

    Args:
        session: Where the user is loaded.
        username: The user's name.
        password: The password as it was submitted.
        policy: What passwords cost in this table: the one that ``Auth`` has too. With it, an outdated row is renewed by
            compare-and-swap; without, none is.

    Raises:
        HasherBusy: More work waits than a login may have to wait for.
        TypeError: The session is no asynchronous one.
    """
    user: AuthUser | None = await _default().authenticate(session, username, password, policy)
    return user


@functools.cache
def _default() -> Logins:
    # By the name alone, as the reviewed function: no table but Django's own is asked.
    settings = Settings(login_field="username", email_field="email", email_verified_field="is_active")
    backend = Backend(
        async_sessionmaker(),
        settings,
        user_model=AuthUser,
        session_model=RefreshSession,
        email_model=EmailAddress,
    )
    return Logins(Users(backend), Rows(backend, Accounts(backend)))
