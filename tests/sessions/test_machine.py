"""The state machine on Django's databases."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth import get_user_model
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ferrauth.accounts.effects import Allowance
from ferrauth.django.port import DjangoPort
from tests.sessions import machine


class Port(DjangoPort):
    """Passwords are the encodings of the state machine, nothing is limited, and the audit is quiet."""

    next_encoding = ""

    def reserve(self, effect: Any) -> Allowance:
        return Allowance()

    def check_password(self, effect: Any) -> tuple[bool, str | None]:
        return machine.check(effect.password, effect.encoded)

    def make_password(self, effect: Any) -> str:
        return self.next_encoding

    def validate_password(self, effect: Any) -> None: ...

    def emit(self, effect: Any) -> None: ...


class SessionsInDjango(machine.Sessions):
    def make_user(self) -> tuple[str, str]:
        self.port = Port()
        name = uuid.uuid4().hex
        self.user = get_user_model().objects.create(username=name)
        return str(self.user.pk), name

    def store(self, *, encoded: str | None = None, active: bool | None = None) -> None:
        changes = {"password": encoded, "is_active": active}
        users = get_user_model().objects.filter(pk=self.user.pk)
        users.update(**{name: value for name, value in changes.items() if value is not None})


def test_no_divergence_from_the_model() -> None:
    run_state_machine_as_test(
        SessionsInDjango, settings=settings(max_examples=30, stateful_step_count=40, deadline=None)
    )
