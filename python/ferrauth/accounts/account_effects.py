"""What the flows of registration, e-mail and reset ask of the world, besides ``accounts.effects``.

Nobody waits for a mail, and no answer depends on one: a flow puts a row into the outbox, in the transaction that it
belongs to, and what the row leads to is decided when it is sent (``accounts.letters``). So a request for an address
that nobody has does exactly what one for a user's does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ferrauth.accounts.effects import Effect
from ferrauth.accounts.sessions import UserRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Mail(enum.StrEnum):
    """What a row of the outbox was put there for."""

    VERIFY = "verify"
    """Verify the address of an account."""
    TAKEN = "taken"
    """Somebody registered, or moved to, an address that an account has: its owner is told."""
    NAME_TAKEN = "name_taken"
    """Somebody registered a name that another account has, with an address that none has."""
    RESET = "reset"
    CHANGE = "change"
    """Verify the address that an account is to move to."""
    MOVED = "moved"
    """To the old address: the account has moved."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A row of the outbox. It holds no token: that is made when the mail is."""

    mail: Mail
    address: str
    """As it was given, normalised."""
    canonical: str
    user_id: str = ""
    """Whose account moves; empty for the rest, which is about whoever has the address when the mail is sent."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user with its e-mail address. All texts are empty where there is nothing to say."""

    user: UserRow
    address: str
    """Where its mail goes: as it was given."""
    canonical: str
    verified: str
    """A text that says since when the address is verified; empty while it is not."""
    last_login: str


class Creation(enum.Enum):
    """What came of :class:`CreateAccount`."""

    CREATED = "created"
    EMAIL_TAKEN = "email_taken"
    NAME_TAKEN = "name_taken"
    """Another unique field has a value that another user has."""


@dataclass(frozen=True)
class Created:
    """What came of a registration, and the user, if there is one now."""

    creation: Creation
    user: UserRow | None = None


@dataclass(frozen=True, kw_only=True)
class DraftUser(Effect[UserRow]):
    """Make a user that is not stored, for the password's validators to look at.

    The port refuses fields that it does not know, or that say what a user may do, with
    :class:`~ferrauth.accounts.errors.InvalidInput`. It asks for nothing that must be unique.
    """

    address: str
    canonical: str
    fields: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class CreateAccount(Effect[Created]):
    """In one transaction: insert the user and its address, and the outbox row of what came of it.

    The unique key of the canonical address decides between two at once. The statements are as many whatever it says.
    """

    user: UserRow
    address: str
    canonical: str
    encoded: str = field(repr=False)
    messages: Mapping[Creation, Message]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class LoadAccount(Effect[Account | None]):
    """Load a user with its address, in one query, by either."""

    user_id: str | None = None
    canonical: str | None = None


@dataclass(frozen=True, kw_only=True)
class Enqueue(Effect[None]):
    """Insert a row of the outbox; its mail is sent after the commit."""

    message: Message
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ConfirmAddress(Effect[bool]):
    """Mark an address verified. The answer: whether it was the user's still, and not verified."""

    user_id: str
    canonical: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class MoveAddress(Effect[bool]):
    """In one transaction: give a user another address, verified, and tell the old one.

    The answer: whether the user still had the address that it moves from, and nobody the one that it moves to.
    """

    user_id: str
    leaves: str
    """The canonical address until now; empty where there is none."""
    address: str
    canonical: str
    notice: Message | None
    now: datetime
