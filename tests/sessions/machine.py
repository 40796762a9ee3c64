"""A rule-based state machine: whatever is done in whatever order, the flows do what a ten-line model says.

The model knows numbers only: of each session its generation, when it rotated, how often the password had changed. It
has no rows, no tokens and no rules of ferrauth's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ferrauth.accounts import flows
from ferrauth.accounts.effects import run
from ferrauth.accounts.errors import LoginFailed
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.accounts.settings import Settings
from ferrauth.exceptions import InvalidTokenError
from tests.accounts.world import Clock, make_policy

ACCESS, IDLE, ABSOLUTE, GRACE, REPEATS, SKEW = 60, 600, 2_000, 10, 3, 5
AGENTS = ("phone", "laptop")
LEEWAY = 120
"""Seconds: clock jumps backwards are within what tokens allow, so that the session's own rules decide."""


@dataclass
class Model:
    """A session as the model knows it."""

    stamp: int
    born: int
    at: int
    agent: str
    gen: int = 0
    repeats: int = 0
    dead: bool = False
    pairs: list[Any] = field(default_factory=list)
    """What was handed out, by generation."""

    def usable(self, now: int, stamp: int, active: bool) -> bool:
        return active and not self.dead and stamp == self.stamp and now < min(self.at + IDLE, self.born + ABSOLUTE)

    def refresh(self, gen: int, agent: str, now: int, stamp: int, active: bool) -> int | None:
        """The ten lines: the generation that a presented one is answered with, or ``None``."""
        if not self.usable(now, stamp, active):
            self.dead = self.dead or (active and stamp != self.stamp)
            return None
        if gen == self.gen:
            self.gen, self.at, self.agent, self.repeats = gen + 1, now, agent, 0
        elif gen < self.gen - 1 or not -SKEW <= now - self.at < GRACE or agent != self.agent:
            self.dead = True
        elif self.repeats < REPEATS:
            self.repeats += 1
        else:
            return None
        return None if self.dead else self.gen


class Sessions(RuleBasedStateMachine):
    """Drives the flows on a port and the model beside them. A subclass names the port and the user table."""

    steps = 0
    """Steps done by all runs of this process."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.clock.move(-0.25)  # Whole seconds, which tokens and the model count in.
        settings = Settings(
            access_lifetime=ACCESS,
            refresh_idle_lifetime=IDLE,
            refresh_absolute_lifetime=ABSOLUTE,
            refresh_grace=GRACE,
            leeway=LEEWAY,
            max_sessions=1_000,
        )
        self.policy = make_policy(settings, self.clock)
        self.sessions: list[Model] = []
        self.stamp, self.active = 0, True

    # What a subclass knows.

    port: Any

    def make_user(self) -> tuple[str, str]:
        """Make a user, and return its key as text and its login name."""
        raise NotImplementedError

    def store(self, *, encoded: str | None = None, active: bool | None = None) -> None:
        """Write to the user's row, past every flow."""
        raise NotImplementedError

    # Rules.

    @initialize()
    def begin(self) -> None:
        self.user_id, self.name = self.make_user()
        self.store(encoded=self.encoded())

    def encoded(self, kind: str = "new") -> str:
        """The stored encoding, unlike every one before; ``old`` marks one that the next login upgrades."""
        return f"{kind}${self.stamp}$secret"

    @rule(agent=st.sampled_from(AGENTS), right=st.booleans())
    def login(self, agent: str, right: bool) -> None:
        password = "secret" if right else "wrong"
        flow = flows.login(self.policy, RequestFacts(user_agent=agent), identifier=self.name, password=password)
        pair = self.carry(flow, LoginFailed)
        assert (pair is not None) == (right and self.active)
        if pair is not None:
            self.sessions.append(Model(self.stamp, self.now, self.now, agent, pairs=[pair]))

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), back=st.sampled_from([0, 0, 0, 1, 1, 2]), agent=st.sampled_from((*AGENTS, None)))
    def refresh(self, data: Any, back: int, agent: str | None) -> None:
        self.present(data.draw(st.sampled_from(self.sessions)), back, agent)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), backs=st.lists(st.sampled_from([0, 0, 1, 2]), min_size=2, max_size=6))
    def refresh_again_and_again(self, data: Any, backs: list[int]) -> None:
        """One client, within a moment: rotations, retries, replays and more retries than there may be."""
        session = data.draw(st.sampled_from(self.sessions))
        for back in backs:
            self.present(session, back, None)

    def present(self, session: Model, back: int, agent: str | None) -> None:
        """Present a session's refresh token, the latest or one that is some generations older."""
        gen = max(len(session.pairs) - 1 - back, 0)
        presented, agent = session.pairs[gen], agent or session.agent
        expected = None
        if self.now < presented.refresh_expires_at + LEEWAY and presented.issued_at <= self.now + LEEWAY:
            expected = session.refresh(gen, agent, self.now, self.stamp, self.active)
        flow = flows.refresh(self.policy, RequestFacts(user_agent=agent), presented.refresh)
        pair = self.carry(flow, InvalidTokenError)
        assert (pair is None) == (expected is None)
        if pair is None or expected is None:
            return
        if expected == len(session.pairs):
            session.pairs.append(pair)
        same = session.pairs[expected]
        assert (pair.access_jti, pair.refresh_jti, pair.issued_at) == (
            same.access_jti,
            same.refresh_jti,
            same.issued_at,
        )
        assert pair.refresh_expires_at == min(session.at + IDLE, session.born + ABSOLUTE)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data())
    def use(self, data: Any) -> None:
        session = data.draw(st.sampled_from(self.sessions))
        pair = data.draw(st.sampled_from(session.pairs))
        fresh = pair.issued_at - LEEWAY <= self.now < pair.access_expires_at + LEEWAY
        found = run(flows.authenticate(self.policy, pair.access), self.port)
        assert (found is not None) == (fresh and session.usable(self.now, self.stamp, self.active))

    @precondition(lambda self: self.sessions)
    @rule(data=st.data())
    def logout(self, data: Any) -> None:
        session = data.draw(st.sampled_from(self.sessions))
        pair = session.pairs[-1]
        if self.now < pair.refresh_expires_at + LEEWAY and pair.issued_at <= self.now + LEEWAY:
            session.dead = True
        run(flows.logout(self.policy, RequestFacts(), access=None, refresh=pair.refresh), self.port)

    @precondition(lambda self: len(self.sessions) > 3)
    @rule()
    def logout_all(self) -> None:
        run(flows.logout_all(self.policy, RequestFacts(), user_id=self.user_id), self.port)
        for session in self.sessions:
            session.dead = True

    @rule()
    def change_password_by_sql(self) -> None:
        self.stamp += 1
        self.store(encoded=self.encoded())

    @rule()
    def upgrade_at_login(self) -> None:
        """An outdated encoding, a session that begins with it, and a login that upgrades it and ends nothing."""
        self.stamp += 1
        self.store(encoded=self.encoded("old"))
        flow = flows.open_session(self.policy, RequestFacts(user_agent="phone"), user_id=self.user_id)
        pair = self.carry(flow, LoginFailed)
        assert (pair is not None) == self.active
        if pair is not None:
            self.sessions.append(Model(self.stamp, self.now, self.now, "phone", pairs=[pair]))
        self.login("laptop", right=True)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data())
    def change_password(self, data: Any) -> None:
        """By the flow: the session that asks goes on, if it is good for anything, and the others end."""
        session = data.draw(st.sampled_from(self.sessions))
        if not session.usable(self.now, self.stamp, self.active):
            return
        session_id = uuid.UUID(
            self.policy.issuer.decode_token(session.pairs[-1].refresh, "refresh", now=session.at).sid
        )
        flow = flows.change_password(
            self.policy, RequestFacts(), user_id=self.user_id, session_id=session_id, old="secret", new="secret"
        )
        self.stamp += 1
        self.port.next_encoding = self.encoded()
        run(flow, self.port)
        for other in self.sessions:
            other.dead = other.dead or other is not session
        session.stamp = self.stamp

    @rule(active=st.booleans())
    def activate(self, active: bool) -> None:
        self.active = active
        self.store(active=active)

    @rule(seconds=st.sampled_from([1, 4, 9, 10, 59, 60, 599, 600, 1_500, -1, -5, -6]))
    def clock_jumps(self, seconds: int) -> None:
        self.clock.move(seconds)

    @property
    def now(self) -> int:
        return int(self.clock().timestamp())

    def carry(self, flow: Any, refusal: type[Exception]) -> Any:
        """Run a flow, and return ``None`` where it refuses."""
        type(self).steps += 1
        try:
            return run(flow, self.port)
        except refusal:
            return None


def check(password: str, encoded: str | None) -> tuple[bool, str | None]:
    """Check a password against an encoding of :meth:`Sessions.encoded`, which is the password."""
    kind, stamp, stored = (encoded or "new$0$").split("$")
    right = stored == password
    return right, f"new${stamp}${stored}" if right and kind == "old" else None
