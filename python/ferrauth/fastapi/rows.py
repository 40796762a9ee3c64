"""The statements behind the effects: users and sessions, read and written through SQLAlchemy.

The same conditional statements as ``ferrauth.django.rows``, each of which the race tests of both frameworks run. Those
that every request runs are built once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Select, Update, bindparam, column, delete, insert, inspect, or_, select, table, update

from ferrauth.accounts.effects import (
    ChangePassword,
    CountRepeat,
    Ended,
    LegacyTokenBlocked,
    Loaded,
    LoadSession,
    LoadSessions,
    Opened,
    OpenSession,
    Revoke,
    Rotate,
)
from ferrauth.accounts.sessions import (
    PRUNED_BY_THE_WAY,
    RETENTION,
    EndReason,
    SessionRow,
    password_stamp,
)
from ferrauth.fastapi.backend import execute
from ferrauth.fastapi.permissions import PermissionsMixin
from ferrauth.fastapi.users import STORED, user_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import CursorResult, Executable
    from sqlalchemy.ext.asyncio import AsyncSession

    from ferrauth.fastapi.accounts import Accounts
    from ferrauth.fastapi.backend import Backend

__all__ = ["Rows"]

_OUTSTANDING = table("token_blacklist_outstandingtoken", column("id"), column("jti"))
_BLACKLISTED = table("token_blacklist_blacklistedtoken", column("token_id"))
"""Tables that simplejwt and django-ninja-jwt have both; the names are Django's, of the label that both bear."""

_COLUMNS = tuple(name for name in SessionRow.__dataclass_fields__ if name != "user_id")


class Rows:
    """The statements of one backend. Each method runs in the session that it is given."""

    def __init__(self, backend: Backend, accounts: Accounts) -> None:
        self._backend = backend
        self._accounts = accounts
        users, sessions = backend.users, backend.sessions
        self._sessions = sessions.__table__
        self._has_blacklist = False
        stored = users.password.label(STORED)
        self._permissions = issubclass(users, PermissionsMixin)
        permissions = users.__permission_tables__.of(backend.user_key) if self._permissions else ()
        columns = [self._sessions.c[name] for name in _COLUMNS]
        self._load_session: Select[Any] = (
            select(users, stored, *permissions, *columns)
            .join(sessions, sessions.user_id == backend.user_key)
            .where(sessions.id == bindparam("session_id", type_=sessions.id.type), *backend.user_filter)
        )
        (key,) = backend.password_table.primary_key
        self._swap: Update = update(backend.password_table).where(
            key == bindparam("ferrauth_key"), backend.password_table.c.password == bindparam("ferrauth_verified")
        )
        own = self._sessions.c
        self._surplus: Select[Any] = (
            select(own.id)
            .where(
                own.user_id == bindparam("user_key"),
                own.revoked_at.is_(None),
                own.idle_expires_at > bindparam("now"),
                own.id != bindparam("session_id"),
            )
            .order_by(own.rotated_at.desc())
            .offset(bindparam("kept", type_=Integer))
        )

    async def load_session(self, session: AsyncSession, effect: LoadSession) -> Loaded | None:
        """Load a session and its user, and what the user is permitted, in one query."""
        found = (await execute(session, self._load_session, {"session_id": effect.session_id})).one_or_none()
        if found is None:
            return None
        user, stored, *rest = found
        if self._permissions:
            user.remember_permissions(*rest[:2])
            rest = rest[2:]
        row = user_row(user, stored, eligible=True)
        return Loaded(SessionRow(user_id=row.id, **dict(zip(_COLUMNS, rest, strict=True))), row)

    async def load_sessions(self, session: AsyncSession, effect: LoadSessions) -> list[SessionRow]:
        """Load a user's sessions that are not revoked."""
        table = self._sessions
        query = select(*(table.c[name] for name in _COLUMNS)).where(
            table.c.user_id == self._backend.key(effect.user_id), table.c.revoked_at.is_(None)
        )
        return [SessionRow(user_id=effect.user_id, **one._mapping) for one in await execute(session, query)]

    async def open_session(self, session: AsyncSession, effect: OpenSession) -> Opened:
        """Hold the user's row to the verified encoding, insert the session, end what is too many.

        Raises:
            IntegrityError: There is a session with this key already.
        """
        row = effect.session
        # The update comes first: a transaction that begins with a read cannot write on a busy SQLite, and the lock on
        # the user's row orders this login and every upgrade or change of the password.
        changes: dict[str, Any] = {"password": effect.verified if effect.upgraded is None else effect.upgraded}
        if effect.logged_in and "last_login" in self._backend.password_table.c:
            changes["last_login"] = row.created_at
        if not await self._swap_password(session, row.user_id, effect.verified, changes):
            return Opened.STALE
        if effect.upgraded is not None:
            await self._restamp(session, row.user_id, old=effect.verified, new=effect.upgraded)
        values = {name: getattr(row, name) for name in _COLUMNS} | {"user_id": self._backend.key(row.user_id)}
        await execute(session, insert(self._sessions), [values])
        return Opened.DISPLACED if await self._end_surplus(session, effect) else Opened.OPENED

    async def _end_surplus(self, session: AsyncSession, effect: OpenSession) -> bool:
        """End the sessions that are too many, and tell whether there were any."""
        row, table = effect.session, self._sessions
        values = {
            "user_key": self._backend.key(row.user_id),
            "now": row.created_at,
            "session_id": row.id,
            "kept": effect.max_sessions - 1,
        }
        surplus = (await execute(session, self._surplus, values)).scalars().all()
        if surplus:
            ending = update(table).where(table.c.id.in_(surplus), table.c.revoked_at.is_(None))
            await execute(session, ending.values(revoked_at=row.created_at, revoked_reason=EndReason.TOO_MANY))
        return bool(surplus)

    async def rotate(self, session: AsyncSession, effect: Rotate) -> bool:
        """Rotate by one conditional update that names columns of its own row only, so that of any number one wins."""
        row, table = effect.successor, self._sessions
        statement = (
            update(table)
            .where(table.c.id == row.id, table.c.generation == effect.presented, table.c.revoked_at.is_(None))
            .values(
                generation=row.generation,
                rotated_at=row.rotated_at,
                idle_expires_at=row.idle_expires_at,
                repeats=row.repeats,
                user_agent=row.user_agent,
                address=row.address,
                network=row.network,
            )
        )
        return await _changed(session, statement) == 1

    async def count_repeat(self, session: AsyncSession, effect: CountRepeat) -> bool:
        """Count a repeat while the generation is still this one, up to the limit."""
        row, table = effect.session, self._sessions
        statement = (
            update(table)
            .where(
                table.c.id == row.id,
                table.c.generation == row.generation,
                table.c.revoked_at.is_(None),
                table.c.repeats < effect.limit,
            )
            .values(repeats=table.c.repeats + 1)
        )
        return await _changed(session, statement) == 1

    async def revoke(self, session: AsyncSession, effect: Revoke) -> Ended:
        """End sessions, and tell whether there were any."""
        table = self._sessions
        named = [table.c.user_id == self._backend.key(effect.user_id)]
        if effect.session_id is not None:
            named.append(table.c.id == effect.session_id)
        ending = update(table).where(*named, table.c.revoked_at.is_(None))
        ended = await _changed(session, ending.values(revoked_at=effect.now, revoked_reason=effect.reason))
        if ended:
            return Ended(ended=ended, found=True)
        found = await session.scalar(select(table.c.id).where(*named).limit(1))
        return Ended(ended=0, found=found is not None)

    async def change_password(self, session: AsyncSession, effect: ChangePassword) -> bool:
        """Swap the password, restamp the session that goes on, end the others."""
        table = self._sessions
        if not await self._swap_password(session, effect.user_id, effect.verified, {"password": effect.encoded}):
            return False
        live = [table.c.user_id == self._backend.key(effect.user_id), table.c.revoked_at.is_(None)]
        if effect.keep is not None:
            stamp = password_stamp(effect.user_id, effect.encoded)
            await execute(session, update(table).where(*live, table.c.id == effect.keep).values(password_stamp=stamp))
            live.append(table.c.id != effect.keep)
        ending = {"revoked_at": effect.now, "revoked_reason": EndReason.PASSWORD_CHANGED}
        await execute(session, update(table).where(*live).values(**ending))
        if effect.proves:
            await self._accounts.prove(session, effect.user_id, effect.proves, now=effect.now)
        return True

    async def renew_password(self, session: AsyncSession, user_id: str, *, old: str, new: str) -> bool:
        """Swap a stored encoding for another of the *same* password, and restamp: no session ends.

        A row that another transaction has locked is left as it is: the next login renews it (P49).
        """
        table = self._backend.password_table
        (key,) = table.primary_key
        named = select(key).where(key == self._backend.key(user_id))
        if (await execute(session, named.with_for_update(skip_locked=True, key_share=True))).first() is None:
            return False
        if not await self._swap_password(session, user_id, old, {"password": new}):
            return False
        await self._restamp(session, user_id, old=old, new=new)
        return True

    async def prune(self, session: AsyncSession, now: datetime) -> None:
        """Delete a few sessions that ended long ago."""
        table, before = self._sessions, now - RETENTION
        ended = or_(table.c.idle_expires_at < before, table.c.revoked_at < before)
        # The row of a legacy token is the lock that keeps it from being exchanged again, until it has expired.
        unlocked = or_(table.c.keep_until.is_(None), table.c.keep_until < before)
        # Two that prune at once take different rows, and neither waits for the other; SQLite has one writer anyway.
        old = select(table.c.id).where(ended, unlocked).limit(PRUNED_BY_THE_WAY).with_for_update(skip_locked=True)
        keys = (await execute(session, old)).scalars().all()
        if keys:
            await execute(session, delete(table).where(table.c.id.in_(keys)))

    async def revoked_since(self, session: AsyncSession, since: datetime) -> list[Any]:
        """Return the sessions that were revoked lately."""
        table = self._sessions
        return list((await execute(session, select(table.c.id).where(table.c.revoked_at >= since))).scalars().all())

    async def legacy_token_blocked(self, session: AsyncSession, effect: LegacyTokenBlocked) -> bool:
        """Look a legacy token up in the legacy package's blacklist, where the database has its tables."""
        if not self._has_blacklist:
            # Asked again until they are there: a token is exchanged once, and a blacklist must not be overlooked.
            self._has_blacklist = await session.run_sync(
                lambda sync: inspect(sync.connection()).has_table(_BLACKLISTED.name)
            )
        if not self._has_blacklist:
            return False
        joined = _BLACKLISTED.join(_OUTSTANDING, _OUTSTANDING.c.id == _BLACKLISTED.c.token_id)
        named = select(_OUTSTANDING.c.id).select_from(joined).where(_OUTSTANDING.c.jti == effect.token_id)
        return (await execute(session, named.limit(1))).first() is not None

    async def _swap_password(self, session: AsyncSession, user_id: str, verified: str, changes: dict[str, Any]) -> bool:
        """Update a user's row on the condition that its encoding is the one verified."""
        values = {"ferrauth_key": self._backend.key(user_id), "ferrauth_verified": verified, **changes}
        result: CursorResult[Any] = await execute(session, self._swap, values)
        return result.rowcount == 1

    async def _restamp(self, session: AsyncSession, user_id: str, *, old: str, new: str) -> None:
        """Give sessions that bear the stamp of one encoding that of another, of the same password."""
        table = self._sessions
        stamped = (
            table.c.user_id == self._backend.key(user_id),
            table.c.revoked_at.is_(None),
            table.c.password_stamp == password_stamp(user_id, old),
        )
        await execute(session, update(table).where(*stamped).values(password_stamp=password_stamp(user_id, new)))


async def _changed(session: AsyncSession, statement: Executable) -> int:
    result: CursorResult[Any] = await execute(session, statement)
    return result.rowcount
