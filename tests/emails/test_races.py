"""Requests at the same moment, with threads of their own on a real PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from ferrauth.accounts import flows
from ferrauth.django.models import EmailAddress, OutboxMessage
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emails.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

RACERS = 8


def race(call: Callable[[int], Any]) -> list[Any]:
    """Make one call in each of some threads at the same moment, and return the answers."""
    together = threading.Barrier(RACERS)

    def run(number: int) -> Any:
        together.wait(60)
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RACERS) as pool:
        return [future.result() for future in [pool.submit(run, number) for number in range(RACERS)]]


def test_E03_one_address_registered_by_many_makes_one_row(site: Site) -> None:
    spelled = ("ada@example.com", "ADA@example.com", "Ada@EXAMPLE.com", "ａda@example.com")
    answers = race(lambda number: site.answer(flows.register, email=spelled[number % 4], password=f"password {number}"))
    assert answers == ["ok"] * RACERS
    assert EmailAddress.objects.count() == get_user_model().objects.count() == 1
    rows = list(OutboxMessage.objects.values_list("mail", flat=True))
    assert (len(rows), rows.count("verify")) == (RACERS, 1)


def test_E03_immediate_registrations_have_one_winner(site: Site) -> None:
    site.configure(REGISTRATION="immediate")
    answers = race(lambda number: site.answer(flows.register, email="ada@example.com", password=f"password {number}"))
    assert sorted(answers) == ["email_taken"] * (RACERS - 1) + ["ok"]


def test_E07_one_reset_link_used_by_many_sets_one_password(site: Site) -> None:
    site.member()
    site.carry(flows.request_password_reset, email="ada@example.com")
    token = site.token()
    answers = race(lambda number: site.answer(flows.confirm_password_reset, token=token, password=f"password {number}"))
    assert sorted(answers) == ["invalid_link"] * (RACERS - 1) + ["ok"]
    winner = answers.index("ok")
    assert site.login(password=f"password {winner}") == "ok"


def test_E07_one_verification_used_by_many(site: Site) -> None:
    site.register()
    token = site.token()
    answers = race(lambda _number: site.answer(flows.verify_email, token=token))
    assert sorted(answers) == ["invalid_link"] * (RACERS - 1) + ["ok"]
