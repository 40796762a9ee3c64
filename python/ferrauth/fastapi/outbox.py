"""The outbox: rows that requests insert, and mails that one task of the loop makes of them later.

The same table and the same claims as ``ferrauth.django.outbox``: a sender claims a row by a conditional update before
it sends, so that of any number, in either framework, one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from ferrauth.accounts.account_effects import Mail, Message
from ferrauth.accounts.effects import arun
from ferrauth.accounts.letters import write_letter
from ferrauth.accounts.outbox import LEASE, PRUNED, REST, RETENTION, next_attempt
from ferrauth.accounts.tables import ERROR_LENGTH
from ferrauth.fastapi.backend import execute
from ferrauth.fastapi.background import STOP_WAIT, Background
from ferrauth.fastapi.models import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from ferrauth.accounts.letters import Letter
    from ferrauth.accounts.policy import Policy
    from ferrauth.fastapi.backend import Backend
    from ferrauth.fastapi.mail import Mailer, OutgoingMail
    from ferrauth.fastapi.users import Users

__all__ = ["Outbox"]

logger = logging.getLogger("ferrauth.fastapi")

MAX_DELAY = 1.0
"""Seconds that sending is put off at most, by chance: what a request leads to must not slow down the ones right after
it, whose time somebody may be taking."""

MAX_WAIT = 60.0
"""Seconds between two looks while something is to be tried again later."""


class Outbox:
    """Sends what waits, after a request asked for it and while mails are to be tried again.

    Args:
        policy: Makes the tokens.
        backend: Where the rows are.
        users: Finds whom a mail is about.
        mailer: Sends; ``None`` leaves the rows to another process, such as ``manage.py send_outbox``.
        write_mail: Gives a letter its words.
    """

    def __init__(
        self,
        policy: Policy,
        backend: Backend,
        users: Users,
        *,
        mailer: Mailer | None,
        write_mail: Callable[[Letter], OutgoingMail],
    ) -> None:
        self._policy = policy
        self._backend = backend
        self._users = users
        self._mailer = mailer
        self._write_mail = write_mail
        self._asked = asyncio.Event()
        self._background = Background("ferrauth-outbox", self._run)

    def wake(self) -> None:
        """Have mails sent soon."""
        if self._mailer is None:
            return
        self._asked.set()
        self._background.start()

    async def stop(self) -> None:
        """End the task, and let the mailer go; neither is waited for without bound.

        What waits is sent when somebody asks again. A mail that was under way is tried again after its lease.
        """
        await self._background.stop()
        if self._mailer is None:
            return
        try:
            await asyncio.wait_for(self._mailer.close(), STOP_WAIT)
        except Exception:
            logger.exception("The mailer could not be closed.")

    async def send_due(self) -> int:
        """Send what is due, one mail after another, delete what is done with, and return how many mails were sent."""
        sent = 0
        while not self._background.stopping and (row := await self._claim(datetime.now(UTC))) is not None:
            sent += await self._send(row)
            await self._background.wait(asyncio.sleep(REST))
        await self._prune(datetime.now(UTC))
        return sent

    async def _run(self) -> None:
        wait: float | None = None
        while not self._background.stopping:
            with contextlib.suppress(TimeoutError):
                await self._background.wait(asyncio.wait_for(self._asked.wait(), wait))
            delay = random.uniform(0, MAX_DELAY)  # noqa: S311 (a delay, and no secret)
            await self._background.wait(asyncio.sleep(delay))
            self._asked.clear()
            try:
                await self.send_due()
                wait = await self._next_in()
            except Exception:  # Whatever it is: the next round may meet another world, and mails wait for it.
                logger.exception("Mails could not be sent; they wait in the outbox.")
                wait = MAX_WAIT

    async def _next_in(self) -> float | None:
        """Return the seconds until the next look; ``None`` where nothing waits."""
        async with self._backend.single() as session:
            due = await session.scalar(select(func.min(OutboxMessage.next_attempt_at)))
        return None if due is None else min(max(0.0, (due - datetime.now(UTC)).total_seconds()), MAX_WAIT)

    async def _claim(self, now: datetime) -> Any:
        """Make the row that is due for longest this sender's, and return it as it was; ``None`` where none is due."""
        row = OutboxMessage
        columns = (row.id, row.mail, row.user_id, row.address, row.canonical, row.attempts, row.next_attempt_at)
        due = (
            select(*columns).where(row.next_attempt_at <= now).order_by(row.next_attempt_at, row.id).limit(1)
        ).with_for_update(skip_locked=True)
        while True:
            async with self._backend.transaction() as session:
                found = (await execute(session, due)).first()
                if found is None:
                    return None
                taken = update(row).where(
                    row.id == found.id,
                    row.attempts == found.attempts,
                    row.next_attempt_at == found.next_attempt_at,
                )
                changes = {"attempts": row.attempts + 1, "next_attempt_at": now + LEASE}
                result: Any = await execute(session, taken.values(**changes))
                if result.rowcount == 1:
                    return found

    async def _send(self, row: Any) -> bool:
        attempts = row.attempts + 1
        mine = (OutboxMessage.id == row.id, OutboxMessage.attempts == attempts)
        try:
            # A kind that is unknown here may be one that a newer release of ferrauth, which runs beside, knows.
            mail = Mail(row.mail)
            message = Message(mail=mail, address=row.address, canonical=row.canonical, user_id=row.user_id)
            letter = await arun(write_letter(self._policy, message), self)
            if letter is not None and self._mailer is not None:
                async with asyncio.timeout(LEASE.total_seconds()):  # After that the row is anybody's.
                    await self._mailer.send(self._write_mail(letter))
        except Exception as error:
            # What the mail server said may quote addresses, so only its class is kept.
            name = type(error).__name__
            later = next_attempt(attempts, datetime.now(UTC))
            await self._execute(
                update(OutboxMessage).where(*mine).values(next_attempt_at=later, last_error=name[:ERROR_LENGTH])
            )
            level, fate = (logging.ERROR, "is given up") if later is None else (logging.WARNING, "will be tried again")
            logger.log(level, "The mail %s (%s) could not be sent and %s: %s.", row.id, row.mail, fate, name)
            return False
        if letter is None:
            await self._execute(delete(OutboxMessage).where(*mine))  # It is about nobody: nothing of it is kept.
            return False
        done = {"sent_at": datetime.now(UTC), "next_attempt_at": None, "last_error": ""}
        await self._execute(update(OutboxMessage).where(*mine).values(**done))
        return True

    async def aperform(self, effect: Any) -> Any:
        """Load an account, which is all that a letter asks for."""
        async with self._backend.single() as session:
            return await self._users.load_account(session, effect)

    async def _prune(self, now: datetime) -> None:
        row = OutboxMessage
        done = select(row.id).where(row.next_attempt_at.is_(None), row.created_at < now - RETENTION).limit(PRUNED)
        async with self._backend.transaction() as session:
            keys = (await execute(session, done)).scalars().all()
            if keys:
                await execute(session, delete(row).where(row.id.in_(keys)))

    async def _execute(self, statement: Any) -> None:
        async with self._backend.single() as session:
            await execute(session, statement)
