"""SQLAlchemy's port: carries the effects of every flow on an event loop, which it never blocks.

No decision is made here: an effect says what to read or to write, and its answer says what was met.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from ferrauth import passwords
from ferrauth.accounts import account_effects, audit, effects, throttling
from ferrauth.accounts.counters import LocalCounters
from ferrauth.accounts.effects import Allowance, Effect, Ended, Opened
from ferrauth.accounts.errors import InvalidInput
from ferrauth.accounts.ports import METHODS
from ferrauth.accounts.sessions import prunes
from ferrauth.accounts.transactions import is_transient
from ferrauth.exceptions import FerrauthError
from ferrauth.fastapi.backend import execute, retried
from ferrauth.fastapi.models import AuditEvent
from ferrauth.fastapi.transactions import apart, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
    from typing import TypeAlias

    from sqlalchemy.ext.asyncio import AsyncSession

    from ferrauth.accounts.counters import AsyncGuardedCounters
    from ferrauth.accounts.effects import Answer
    from ferrauth.accounts.sessions import SessionRow, UserRow
    from ferrauth.fastapi.accounts import Accounts
    from ferrauth.fastapi.backend import Backend
    from ferrauth.fastapi.outbox import Outbox
    from ferrauth.fastapi.revocations import Revocations
    from ferrauth.fastapi.rows import Rows
    from ferrauth.fastapi.users import Users
    from ferrauth.passwords import Admission, Policy
    from ferrauth.passwords.validators import PasswordValidator

    Work: TypeAlias = Callable[[AsyncSession], Awaitable[Answer]]

__all__ = ["AsyncPort", "ClientGone", "Services"]

logger = logging.getLogger("ferrauth.fastapi")


DERIVING = frozenset({effects.Action.LOGIN, effects.Action.REGISTER, effects.Action.PASSWORD_CHANGE})
"""Attempts that lead to a derivation, whatever else is found."""


class ClientGone(FerrauthError):
    """The client has gone while its password waited to be derived; there is nobody to answer."""

    code = "client_gone"
    status = 499
    """Nobody sees it; it is what proxies write into their logs for the same."""


class Services:
    """What all ports of one :class:`~ferrauth.fastapi.auth.Auth` share."""

    def __init__(
        self,
        *,
        backend: Backend,
        rows: Rows,
        users: Users,
        accounts: Accounts,
        outbox: Outbox,
        counters: AsyncGuardedCounters,
        revocations: Revocations,
        counter_secret: bytes,
        audit_secret: bytes,
        password_policy: Policy,
        password_validators: Sequence[PasswordValidator],
    ) -> None:
        self.backend = backend
        self.rows = rows
        self.users = users
        self.accounts = accounts
        self.outbox = outbox
        self.counters = counters
        self.revocations = revocations
        self.bad_tokens = LocalCounters()
        self.counter_secret = counter_secret
        self.audit_secret = audit_secret
        self.password_policy = password_policy
        self.password_validators = password_validators


class AsyncPort:
    """Carries effects on SQLAlchemy's sessions, ferrauth's derivations and the project's validators.

    Args:
        services: What they are carried on.
        session: The caller's session, whose transaction rows are written in; ``None`` gives every effect one of its
            own. What must be kept whatever becomes of the caller's transaction has one of its own anyway, unless it
            would wait for the caller's.
        gone: Returns when the client has gone; then a derivation that waits for it gives its lane back.
    """

    def __init__(
        self,
        services: Services,
        session: AsyncSession | None = None,
        *,
        gone: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._services = services
        self._backend = services.backend
        self._rows = services.rows
        self._session = session
        self._gone = gone
        self._admission: Admission | None = None

    def close(self) -> None:
        """Give back the place in the pool that the flow may have had."""
        if self._admission is not None:
            self._admission.release()

    async def aperform(self, effect: Effect[Answer]) -> Answer:
        """Carry out one effect."""
        method: Callable[[Effect[Answer]], Awaitable[Answer]] = getattr(self, METHODS[type(effect)])
        return await method(effect)

    async def reserve(self, effect: effects.Reserve) -> Allowance:
        """Count an attempt, committed whatever becomes of the request.

        Raises:
            HasherBusy: The attempt would wait too long for its derivation. Decided before it is counted, and before a
                database is asked: of a flood, what is refused costs next to nothing.
        """
        services = self._services
        if effect.action in DERIVING and self._admission is None:
            self._admission = await passwords.aadmit()
        counters = throttling.counters(self._backend.settings.limits, services.counter_secret, effect)
        return await services.counters.reserve(counters)

    async def count_bad_token(self, effect: effects.CountBadToken) -> Allowance:
        """Count a token that no key of ours signed, in this process."""
        services = self._services
        reservation = effects.Reserve(action=effects.Action.TOKEN, facts=effect.facts)
        counters = throttling.counters(self._backend.settings.limits, services.counter_secret, reservation)
        return services.bad_tokens.reserve(counters)

    async def release(self, effect: effects.Release) -> None:
        """Give back what an attempt was counted in."""
        await self._services.counters.release([allowance.receipt for allowance in effect.allowances])

    async def emit(self, effect: effects.Emit) -> None:
        """Put an event on record, in a row too where ``AUDIT_TABLE`` says so; no request fails because of it."""
        fields = audit.fields_of(effect, secret=self._services.audit_secret)
        audit.record(effect.event, fields)
        if self._backend.settings.audit_table:
            values = audit.row_of(effect, fields, at=datetime.now(UTC))

            async def write(session: AsyncSession) -> None:
                await execute(session, insert(AuditEvent), [values])

            try:
                await self._apart(write)
            except SQLAlchemyError:
                logger.exception("A security event is in the log only: its row could not be written.")

    async def check_password(self, effect: effects.CheckPassword) -> tuple[bool, str | None]:
        """Check a password at equal work whatever it fails on, holding no thread meanwhile."""
        policy = self._services.password_policy
        return await self._derive(
            passwords.averify_and_update(effect.password, effect.encoded, policy=policy, admission=self._admission)
        )

    async def make_password(self, effect: effects.MakePassword) -> str:
        """Encode a password, holding no thread meanwhile."""
        iterations = self._services.password_policy.iterations
        return await self._derive(
            passwords.amake_password(effect.password, iterations=iterations, admission=self._admission)
        )

    async def validate_password(self, effect: effects.ValidatePassword) -> None:
        """Hold a password against the project's validators.

        Raises:
            InvalidInput: With the codes of the validators that refuse it.
        """
        from ferrauth.passwords.validators import refusals

        codes = refusals(self._services.password_validators, effect.password, effect.user.user)
        if codes:
            raise InvalidInput(tuple((effect.name, code) for code in codes))

    async def load_user(self, effect: effects.LoadUser) -> UserRow | None:
        """Load a user."""
        async with self._reading() as session:
            return await self._services.users.load_user(session, effect)

    async def load_session(self, effect: effects.LoadSession) -> effects.Loaded | None:
        """Load a session and its user."""

        async def read(session: AsyncSession) -> effects.Loaded | None:
            return await self._rows.load_session(session, effect)

        if effect.apart:
            return await self._apart(read, single=True)
        async with self._reading() as session:
            return await read(session)

    async def load_sessions(self, effect: effects.LoadSessions) -> list[SessionRow]:
        """Load a user's sessions."""
        async with self._reading() as session:
            return await self._rows.load_sessions(session, effect)

    async def is_revoked(self, effect: effects.IsRevoked) -> bool:
        """Ask this process's memory of revocations."""
        return await self._services.revocations.is_revoked(effect.session_id)

    async def legacy_token_blocked(self, effect: effects.LegacyTokenBlocked) -> bool:
        """Look a legacy token up in the legacy package's blacklist, where the database has its tables."""
        async with self._reading() as session:
            return await self._rows.legacy_token_blocked(session, effect)

    async def open_session(self, effect: effects.OpenSession) -> Opened:
        """Open a session in one transaction."""
        try:
            opened = await self._write(lambda session: self._rows.open_session(session, effect))
        except IntegrityError:
            return Opened.EXISTS
        if opened.succeeded and prunes(effect.session.id) and self._session is None:
            await self._prune(effect.session.created_at)
        return opened

    async def rotate(self, effect: effects.Rotate) -> bool:
        """Rotate, committed whatever becomes of the request."""
        return await self._one_wins(lambda session: self._rows.rotate(session, effect))

    async def count_repeat(self, effect: effects.CountRepeat) -> bool:
        """Count a repeat, committed whatever becomes of the request."""
        return await self._one_wins(lambda session: self._rows.count_repeat(session, effect))

    async def revoke(self, effect: effects.Revoke) -> Ended:
        """End sessions."""

        async def revoke(session: AsyncSession) -> Ended:
            return await self._rows.revoke(session, effect)

        return await (self._apart(revoke) if effect.apart else self._write(revoke))

    async def change_password(self, effect: effects.ChangePassword) -> bool:
        """Change a password in one transaction."""
        return await self._write(lambda session: self._rows.change_password(session, effect))

    async def load_account(self, effect: account_effects.LoadAccount) -> account_effects.Account | None:
        """Load a user with its address."""
        async with self._reading() as session:
            return await self._services.users.load_account(session, effect)

    async def draft_user(self, effect: account_effects.DraftUser) -> UserRow:
        """Make a user that is not stored."""
        return self._services.accounts.draft_user(effect)

    async def create_account(self, effect: account_effects.CreateAccount) -> account_effects.Created:
        """Make an account in one transaction."""
        created = await self._write(lambda session: self._services.accounts.create_account(session, effect))
        self._services.outbox.wake()
        return created

    async def confirm_address(self, effect: account_effects.ConfirmAddress) -> bool:
        """Mark an address verified."""
        return await self._write(lambda session: self._services.accounts.confirm_address(session, effect))

    async def move_address(self, effect: account_effects.MoveAddress) -> bool:
        """Give a user another address in one transaction."""
        try:
            moved = await self._write(lambda session: self._services.accounts.move_address(session, effect))
        except IntegrityError:
            return False
        self._services.outbox.wake()
        return moved

    async def enqueue(self, effect: account_effects.Enqueue) -> None:
        """Put a mail into the outbox."""
        await self._write(lambda session: self._services.accounts.enqueue(session, effect.message, now=effect.now))
        self._services.outbox.wake()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        if self._session is not None:
            yield self._session
        else:
            async with self._backend.single() as session:
                yield session

    async def _write(self, work: Work[Answer]) -> Answer:
        """Run a transaction: a savepoint of the caller's, or one of its own."""
        return await (self._own(work) if self._session is None else within(self._session, work))

    async def _apart(self, work: Work[Answer], *, single: bool = False) -> Answer:
        """Run what is kept whatever becomes of the caller's transaction; one statement, or several."""
        return await apart(self._session, lambda: self._own(work, single=single), work)

    async def _own(self, work: Work[Answer], *, single: bool = False) -> Answer:
        """Run a transaction of its own, retried once."""

        async def once() -> Answer:
            async with self._backend.single() if single else self._backend.transaction() as session:
                return await work(session)

        return await retried(once)

    async def _one_wins(self, update: Work[bool]) -> bool:
        """Run one conditional update. A second serialization failure means that another request won."""
        try:
            return await self._apart(update, single=True)
        except DBAPIError as error:
            if not is_transient(error.orig):
                raise
            return False

    async def _prune(self, now: datetime) -> None:
        """Delete a few ended sessions. A login does not fail because this does."""
        try:
            async with self._backend.transaction() as session:
                await self._rows.prune(session, now)
        except SQLAlchemyError:
            logger.warning("Ended sessions could not be pruned.", exc_info=True)

    async def _derive(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Await a derivation, unless the client goes first.

        Raises:
            ClientGone: It went; the derivation was cancelled.
        """
        if self._gone is None:
            return await work
        deriving, going = asyncio.ensure_future(work), asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait({deriving, going}, return_when=asyncio.FIRST_COMPLETED)
            if not deriving.done():
                raise ClientGone
            return deriving.result()
        finally:
            deriving.cancel()
            going.cancel()
