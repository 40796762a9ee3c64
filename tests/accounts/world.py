"""A world in memory for flows: a port of dicts, a clock that is set, and short cuts to the flows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ferrauth.accounts import account_effects, effects, flows
from ferrauth.accounts.account_effects import Account, Created, Creation
from ferrauth.accounts.effects import Allowance, Effect, Ended, Event, Loaded, Opened, run
from ferrauth.accounts.letters import write_letter
from ferrauth.accounts.policy import Policy
from ferrauth.accounts.sessions import EndReason, RequestFacts, UserRow, password_stamp
from ferrauth.accounts.settings import Settings
from ferrauth.keys import KeyRing
from ferrauth.tokens import TokenIssuer

if TYPE_CHECKING:
    import uuid

    from ferrauth.accounts.account_effects import Message
    from ferrauth.accounts.letters import Letter
    from ferrauth.accounts.sessions import SessionRow

SECRET = "a secret of the tests, which is long enough for every rule that there is"
PHONE = RequestFacts(address="203.0.113.7", user_agent="phone")
LAPTOP = RequestFacts(address="198.51.100.9", user_agent="laptop")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class User:
    """A row of the user table. An encoding is the password behind a mark, which tells outdated ones from new ones."""

    id: str
    name: str
    password: str
    active: bool = True
    address: str = ""
    canonical: str = ""
    verified: str = ""
    last_login: str = ""


@dataclass
class MemoryPort:
    """Carries effects on dicts, and remembers their order."""

    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[uuid.UUID, SessionRow] = field(default_factory=dict)
    performed: list[Effect[Any]] = field(default_factory=list)
    allowances: list[Allowance] = field(default_factory=list)
    blacklist: set[str] = field(default_factory=set)
    outbox: list[Message] = field(default_factory=list)

    def perform(self, effect: Effect[Any]) -> Any:
        self.performed.append(effect)
        return getattr(self, type(effect).__name__)(effect)

    async def aperform(self, effect: Effect[Any]) -> Any:
        return self.perform(effect)

    def events(self, *only: Event) -> list[effects.Emit]:
        emitted = [effect for effect in self.performed if isinstance(effect, effects.Emit)]
        return [one for one in emitted if not only or one.event in only]

    def order(self) -> list[str]:
        return [type(effect).__name__ for effect in self.performed]

    def Reserve(self, effect: effects.Reserve) -> Allowance:
        return self.allowances.pop(0) if self.allowances else Allowance()

    def Release(self, effect: effects.Release) -> None: ...

    def Emit(self, effect: effects.Emit) -> None: ...

    def ValidatePassword(self, effect: effects.ValidatePassword) -> None: ...

    def LoadUser(self, effect: effects.LoadUser) -> UserRow | None:
        for user in self.users.values():
            if effect.user_id == user.id or (effect.user_id is None and effect.identifier == user.name):
                return UserRow(id=user.id, password=user.password, eligible=user.active, user=user)
        return None

    def LoadSession(self, effect: effects.LoadSession) -> Loaded | None:
        row = self.sessions.get(effect.session_id)
        user = self.users.get(row.user_id) if row else None
        if row is None or user is None or not user.active:
            return None
        return Loaded(row, UserRow(id=user.id, password=user.password, eligible=True, user=user))

    def LoadSessions(self, effect: effects.LoadSessions) -> list[SessionRow]:
        return [row for row in self.sessions.values() if row.user_id == effect.user_id and row.revoked_at is None]

    def LegacyTokenBlocked(self, effect: effects.LegacyTokenBlocked) -> bool:
        return effect.token_id in self.blacklist

    def CheckPassword(self, effect: effects.CheckPassword) -> tuple[bool, str | None]:
        mark, _, password = (effect.encoded or "none$").partition("$")
        right = mark != "none" and password == effect.password
        return right, f"new${password}" if right and mark == "old" else None

    def MakePassword(self, effect: effects.MakePassword) -> str:
        return f"new${effect.password}"

    def OpenSession(self, effect: effects.OpenSession) -> Opened:
        row = effect.session
        user = self.users[row.user_id]
        if user.password != effect.verified:
            return Opened.STALE
        if row.id in self.sessions:
            return Opened.EXISTS
        if effect.upgraded is not None:
            user.password = effect.upgraded
            stamps = [password_stamp(user.id, encoded) for encoded in (effect.verified, effect.upgraded)]
            for other in self._live(user.id):
                if other.password_stamp == stamps[0]:
                    self.sessions[other.id] = replace(other, password_stamp=stamps[1])
        self.sessions[row.id] = row
        others = sorted(self._live(user.id), key=lambda other: other.rotated_at, reverse=True)
        surplus = [other for other in others if other.id != row.id][effect.max_sessions - 1 :]
        for other in surplus:
            self._end(other, row.created_at, EndReason.TOO_MANY)
        return Opened.DISPLACED if surplus else Opened.OPENED

    def Rotate(self, effect: effects.Rotate) -> bool:
        row = self.sessions[effect.successor.id]
        if row.generation != effect.presented or row.revoked_at is not None:
            return False
        self.sessions[row.id] = effect.successor
        return True

    def CountRepeat(self, effect: effects.CountRepeat) -> bool:
        row = self.sessions[effect.session.id]
        if row.generation != effect.session.generation or row.revoked_at or row.repeats >= effect.limit:
            return False
        self.sessions[row.id] = replace(row, repeats=row.repeats + 1)
        return True

    def Revoke(self, effect: effects.Revoke) -> Ended:
        found = [
            row
            for row in self.sessions.values()
            if row.user_id == effect.user_id and effect.session_id in (None, row.id)
        ]
        live = [row for row in found if row.revoked_at is None]
        for row in live:
            self._end(row, effect.now, effect.reason)
        return Ended(len(live), bool(found))

    def ChangePassword(self, effect: effects.ChangePassword) -> bool:
        user = self.users[effect.user_id]
        if user.password != effect.verified:
            return False
        user.password = effect.encoded
        if effect.proves and effect.proves == user.canonical:
            user.verified = user.verified or str(effect.now)
        for row in self._live(user.id):
            if row.id == effect.keep:
                self.sessions[row.id] = replace(row, password_stamp=password_stamp(user.id, effect.encoded))
            else:
                self._end(row, effect.now, EndReason.PASSWORD_CHANGED)
        return True

    def DraftUser(self, effect: account_effects.DraftUser) -> UserRow:
        return UserRow(id="", password="", eligible=True, user=effect.fields.get("name", effect.canonical))

    def CreateAccount(self, effect: account_effects.CreateAccount) -> Created:
        name = str(effect.user.user)
        creation = Creation.CREATED
        if any(user.canonical == effect.canonical for user in self.users.values()):
            creation = Creation.EMAIL_TAKEN
        elif any(user.name == name for user in self.users.values()):
            creation = Creation.NAME_TAKEN
        self.outbox.append(effect.messages[creation])
        if creation is not Creation.CREATED:
            return Created(creation)
        user = User(str(len(self.users) + 1), name, effect.encoded, address=effect.address, canonical=effect.canonical)
        self.users[user.id] = user
        return Created(creation, UserRow(id=user.id, password=user.password, eligible=True, user=user))

    def LoadAccount(self, effect: account_effects.LoadAccount) -> Account | None:
        for user in self.users.values():
            if effect.user_id == user.id or (effect.user_id is None and user.canonical == effect.canonical):
                return Account(
                    user=UserRow(id=user.id, password=user.password, eligible=user.active, user=user),
                    address=user.address,
                    canonical=user.canonical,
                    verified=user.verified,
                    last_login=user.last_login,
                )
        return None

    def Enqueue(self, effect: account_effects.Enqueue) -> None:
        self.outbox.append(effect.message)

    def ConfirmAddress(self, effect: account_effects.ConfirmAddress) -> bool:
        user = self.users[effect.user_id]
        if user.verified or user.canonical != effect.canonical:
            return False
        user.verified = str(effect.now)
        return True

    def MoveAddress(self, effect: account_effects.MoveAddress) -> bool:
        user = self.users[effect.user_id]
        taken = any(other.canonical == effect.canonical for other in self.users.values())
        if taken or user.canonical != effect.leaves:
            return False
        user.address, user.canonical, user.verified = effect.address, effect.canonical, str(effect.now)
        if effect.notice is not None:
            self.outbox.append(effect.notice)
        return True

    def _live(self, user_id: str) -> list[SessionRow]:
        return [row for row in self.sessions.values() if row.user_id == user_id and row.revoked_at is None]

    def _end(self, row: SessionRow, now: datetime, reason: EndReason) -> None:
        self.sessions[row.id] = replace(row, revoked_at=now, revoked_reason=reason)


class World:
    """One user, ``ada``, with the password ``secret``, on a port in memory."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings.from_mapping(settings)
        self.clock = Clock()
        self.port = MemoryPort(users={"1": User("1", "ada", "new$secret")})
        self.policy = make_policy(self.settings, self.clock)

    @property
    def user(self) -> User:
        return self.port.users["1"]

    def run(self, flow: Any) -> Any:
        return run(flow, self.port)

    def login(self, password: str = "secret", *, identifier: str = "ada", facts: RequestFacts = PHONE) -> Any:
        return self.run(flows.login(self.policy, facts, identifier=identifier, password=password))

    def refresh(self, token: str, *, facts: RequestFacts = PHONE) -> Any:
        return self.run(flows.refresh(self.policy, facts, token))

    def opens(self, token: str) -> bool:
        return self.run(flows.authenticate(self.policy, token)) is not None

    def letters(self) -> list[Letter | None]:
        """Empty the outbox, and return what its rows lead to."""
        rows, self.port.outbox = self.port.outbox, []
        return [run(write_letter(self.policy, row), self.port) for row in rows]

    def letter(self) -> Letter:
        """Return the one letter that there is to send."""
        (letter,) = self.letters()
        assert letter is not None
        return letter

    def claims(self, pair: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        now = int(self.clock().timestamp())
        return (
            self.policy.issuer.decode_token(pair.access, "access", now=now).to_dict(),
            self.policy.issuer.decode_token(pair.refresh, "refresh", now=now).to_dict(),
        )


def make_policy(settings: Settings, clock: Clock, **more: Any) -> Policy:
    """Return a policy with keys of the tests."""
    issuer = TokenIssuer(
        keys=KeyRing.from_secrets([SECRET]),
        access_lifetime=settings.access_lifetime,
        refresh_lifetime=settings.refresh_idle_lifetime,
        leeway=settings.leeway,
    )
    return Policy(settings=settings, issuer=issuer, clock=clock, secrets=KeyRing.from_secrets([SECRET]), **more)
