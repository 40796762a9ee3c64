"""The state machine on a port in memory."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from tests.accounts.world import MemoryPort, User
from tests.sessions import machine


class Port(MemoryPort):
    """Passwords are the encodings of the state machine."""

    next_encoding = ""

    def CheckPassword(self, effect: Any) -> tuple[bool, str | None]:
        return machine.check(effect.password, effect.encoded)

    def MakePassword(self, effect: Any) -> str:
        return self.next_encoding


class SessionsInMemory(machine.Sessions):
    def make_user(self) -> tuple[str, str]:
        self.port = Port(users={"1": User("1", "ada", "")})
        return "1", "ada"

    def store(self, *, encoded: str | None = None, active: bool | None = None) -> None:
        user = self.port.users["1"]
        user.password = user.password if encoded is None else encoded
        user.active = user.active if active is None else active


TestSessionsInMemory = SessionsInMemory.TestCase
TestSessionsInMemory.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
