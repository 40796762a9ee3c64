"""Who a user is: what is asked of a client, what it is told, and that nothing else makes it somebody (E13, E14)."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from ferrauth.accounts import flows
from ferrauth.accounts.account_effects import Mail
from ferrauth.accounts.errors import InvalidLink
from ferrauth.accounts.operations import operations
from ferrauth.accounts.schemas import AuthMe
from ferrauth.accounts.settings import Settings
from tests.accounts.world import PHONE, World

USER_IDS = re.compile(r"(?i)^(id|pk|sub|subject|uid|uuid|owner|.*user_?(id|pk|key|uuid))$")


@pytest.mark.parametrize("given", [{}, {"refresh_cookie": True}, {"registration": "immediate"}])
def test_E13_no_operation_takes_a_users_id(given: dict[str, Any]) -> None:
    taken: set[str] = set()
    for operation in operations(Settings(**given), username_field="username"):
        taken |= set(re.findall(r"{(\w+)}", operation.path))
        taken |= set(operation.takes.model_fields) if operation.takes is not None else set()
    assert {"session_id", "password"} <= taken
    assert not [name for name in taken if USER_IDS.match(name)]


class DjangoUser(SimpleNamespace):
    """A user whose model calls its key and its address something else."""

    @classmethod
    def get_email_field_name(cls) -> str:
        return "mailbox"


@pytest.mark.parametrize(
    ("user", "told"),
    [
        (SimpleNamespace(id=1, email="a@example.com"), {"id": "1", "email": "a@example.com"}),
        (SimpleNamespace(id=1), {"id": "1", "email": None}),
        (DjangoUser(pk="n7", id=1, mailbox="a@example.com"), {"id": "n7", "email": "a@example.com"}),
        (DjangoUser(pk=7, email="another column"), {"id": "7", "email": None}),
        ({"id": 7, "email": "a@example.com"}, {"id": "7", "email": "a@example.com"}),
    ],
)
def test_me_reads_a_user_by_the_names_of_its_model(user: Any, told: dict[str, Any]) -> None:
    class More(AuthMe):
        nickname: str = "none"

    assert AuthMe.model_validate(user, from_attributes=True).model_dump() == told
    if not isinstance(user, dict):
        user.nickname = "Ada"
        assert More.model_validate(user, from_attributes=True).model_dump() == {**told, "nickname": "Ada"}


def test_E14_no_flow_joins_accounts_by_an_address_that_was_not_verified() -> None:
    """Somebody registers with an address of another's: neither account becomes the other's, whoever has the address."""
    world = World(BASE_URLS="https://example.com")
    world.user.address, world.user.canonical, world.user.verified = "Ada@example.com", "ada@example.com", "2026"

    def register(email: str, name: str) -> None:
        world.run(flows.register(world.policy, PHONE, email=email, password="theirs", fields={"name": name}))

    register("vic@example.com", "stranger")
    stranger = world.port.users["2"]
    first = world.letter()
    register("vic@example.com", "vic")
    taken = world.letter()
    assert (taken.mail, taken.to) == (Mail.TAKEN, "vic@example.com")
    assert (len(world.port.users), stranger.password, stranger.verified) == (2, "new$theirs", "")
    # An account that wants to move to the address is not joined with the one that has it, nor the other way round.
    for user_id, password, email in (("1", "secret", "vic@example.com"), ("2", "theirs", "ada@example.com")):
        world.run(flows.change_email(world.policy, PHONE, user_id=user_id, password=password, email=email))
        assert world.letter().mail is Mail.TAKEN
    assert [user.canonical for user in world.port.users.values()] == ["ada@example.com", "vic@example.com"]
    # Who reads the address's mail sets a password of its own, which ends what the stranger knew, and what it was sent.
    world.run(flows.confirm_password_reset(world.policy, PHONE, token=taken.token, password="mine"))
    assert (stranger.password, stranger.verified != "") == ("new$mine", True)
    with pytest.raises(InvalidLink):
        world.run(flows.verify_email(world.policy, PHONE, token=first.token))
