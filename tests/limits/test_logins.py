"""Logins against their limits, in projects that count in Redis and in PostgreSQL."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from ferrauth import _core
from ferrauth.accounts import flows
from ferrauth.accounts.effects import LoadUser
from ferrauth.accounts.errors import Throttled
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.django.conf import get_policy
from ferrauth.django.counters import get_counters
from ferrauth.django.models import AttemptCounter, RefreshSession
from ferrauth.django.port import DjangoPort, carry, request_facts
from ferrauth.exceptions import FerrauthError
from tests import databases
from tests.limits.conftest import make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.limits.conftest import Project

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

FAILED, THROTTLED = "invalid_credentials", "throttled"
ELSEWHERE = "198.51.100.9"


def code_of(flow: Any) -> str:
    """Carry a flow that is refused, and return the word for it."""
    with pytest.raises(FerrauthError) as raised:
        carry(flow)
    return raised.value.code


def test_T01_T36_of_many_at_once_the_limit_reaches_the_hasher(project: Project, cheap: int) -> None:
    before = _core.iterations_executed()

    def attempt(_: int) -> str:
        try:
            return project.login()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(64)))
    assert sorted(answers) == [FAILED] * 5 + [THROTTLED] * 59
    assert _core.iterations_executed() - before == 5 * cheap


@pytest.mark.parametrize("identifier", ["ada", "nobody"])
def test_T34_T35_T36_T37_the_sixth_is_refused_unloaded_and_underived(
    project: Project, work: Callable[[Callable[[], object]], int], identifier: str
) -> None:
    assert project.logins(5, identifier=identifier) == [FAILED] * 5
    with CaptureQueriesContext(connections["postgresql"]) as captured:
        assert work(lambda: project.logins(1, identifier=identifier, password="right")) == 0
    assert not [query for query in captured.captured_queries if "auth_user" in query["sql"]]
    assert project.login("right", identifier=identifier) == THROTTLED
    assert not RefreshSession.objects.exists()


def test_T34_existing_and_unknown_accounts_run_out_alike(project: Project) -> None:
    answers = {
        identifier: [project.login(identifier=identifier, address=f"203.0.113.{number}") for number in range(1, 26)]
        for identifier in ("ada", "nobody")
    }
    assert answers["ada"] == answers["nobody"] == [FAILED] * 20 + [THROTTLED] * 5


def test_T10_nobody_locks_a_user_out_of_where_it_works_from(project: Project) -> None:
    assert project.login("right") == "ok"
    for number in range(1, 8):
        project.logins(5, address=f"198.51.100.{number}")
    assert project.login("right", address=ELSEWHERE) == THROTTLED
    assert project.login("right") == "ok"
    # Where it works from is a limit of its own.
    assert project.logins(6) == [FAILED] * 5 + [THROTTLED]


def test_T34_from_a_network_that_it_knows_an_account_runs_out_as_an_unknown_one_does(project: Project) -> None:
    project.configure(LIMITS={"login": {"account_address": None, "address": None}})
    assert project.login("right") == "ok"
    answers = {name: project.logins(25, identifier=name) for name in ("ada", "nobody")}
    assert answers["ada"] == answers["nobody"] == [FAILED] * 20 + [THROTTLED] * 5
    assert project.login("right", address=ELSEWHERE) == "ok"  # It counts for itself, both ways (T10).


def test_T37_a_success_gives_back_what_was_counted_where_it_is_known(project: Project) -> None:
    project.configure(LIMITS={"login": {"account_address": None, "address": None}})
    assert project.logins(30, password="right") == ["ok"] * 30
    assert project.logins(21) == [FAILED] * 20 + [THROTTLED]


def test_T10_a_stolen_session_makes_no_network_known(project: Project) -> None:
    assert project.login("right") == "ok"
    RefreshSession.objects.update(revoked_at="2026-01-01T00:00Z", revoked_reason="replayed")
    row = DjangoPort().load_user(LoadUser(identifier="ada", network="203.0.113.7"))
    assert row is not None
    assert not row.known


@pytest.mark.parametrize("identifier", ["ada", "nobody"])
def test_T10_who_is_known_is_read_in_the_query_of_the_user(project: Project, identifier: str) -> None:
    with CaptureQueriesContext(connections["postgresql"]) as captured:
        DjangoPort().load_user(LoadUser(identifier=identifier, network="203.0.113.7"))
    assert len(captured.captured_queries) == 1
    assert "ferrauth_refreshsession" in captured.captured_queries[0]["sql"]


def test_T08_an_attackers_own_logins_clear_nothing_of_its_guesses(project: Project) -> None:
    make_user("eve", "own")
    answers = []
    for _ in range(6):
        answers.append(project.login(identifier="ada"))
        assert project.login("own", identifier="eve") == "ok"
    assert answers == [FAILED] * 5 + [THROTTLED]


def test_T08_a_success_gives_back_what_it_reserved(project: Project) -> None:
    assert project.logins(30, password="right") == ["ok"] * 30
    assert project.logins(6) == [FAILED] * 5 + [THROTTLED]


def test_T12_spraying_meets_the_limit_of_its_address_and_of_all(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"user{number}" for number in range(70)]
    assert [project.login(identifier=name) for name in names] == [FAILED] * 60 + [THROTTLED] * 10
    project.configure(LIMITS={"login": {"global": "10/m"}})
    addresses = [f"198.51.100.{number}" for number in range(1, 13)]
    with caplog.at_level(logging.WARNING, "ferrauth.audit"):
        answers = [project.login(identifier=f"user{ip}", address=ip) for ip in addresses]
    assert answers == [FAILED] * 10 + [THROTTLED] * 2
    assert '"limit": "global"' in caplog.text


def test_T13_T15_spellings_of_a_name_share_a_budget(project: Project) -> None:
    answers = [
        project.login(identifier=name) for name in ("nobody", "NOBODY", " nobody ", "ｎobody", "Nobody", "nobodY")
    ]
    assert answers == [FAILED] * 5 + [THROTTLED]


def test_T14_a_row_that_is_not_the_one_named_is_none(project: Project) -> None:
    from ferrauth.django import users

    ada = get_user_model().objects.get()
    assert users._is_named(ada, "ADA")
    assert not users._is_named(ada, "ádá")


def test_T24_rotation_inside_a_64_is_one_client(project: Project) -> None:
    answers = [project.login(address=f"2001:db8:1:2::{number:x}") for number in range(1, 7)]
    assert answers == [FAILED] * 5 + [THROTTLED]


def test_T23_unknown_addresses_are_one_client(project: Project) -> None:
    assert [project.login(address=text) for text in ("", "unix:", "x" * 50, "-", "?", "/run/a")] == (
        [FAILED] * 5 + [THROTTLED]
    )


def test_T33_what_an_address_may_not_try_makes_no_counter(project: Project) -> None:
    for number in range(60):
        project.login(identifier=f"user{number}")
    before = _counters(project)
    assert {project.login(identifier=f"other{number}") for number in range(40)} == {THROTTLED}
    assert _counters(project) == before


def _counters(project: Project) -> int:
    place = get_counters().place
    return int(place._client.dbsize()) if hasattr(place, "_client") else AttemptCounter.objects.count()


@pytest.mark.parametrize("identifier", ["\x00", "ada\x00", "\ud800", "x" * 10_000, "", " "])
def test_E10_strange_identifiers_fail_alike(project: Project, identifier: str) -> None:
    assert project.logins(6, identifier=identifier) == [FAILED] * 5 + [THROTTLED]


def test_counts_stand_whatever_becomes_of_the_request(project: Project) -> None:
    """As under ATOMIC_REQUESTS: the exception that refuses rolls the request's transaction back."""
    answers = []
    for _ in range(6):
        with transaction.atomic(using="postgresql"):
            answers.append(project.login())
            transaction.set_rollback(True, using="postgresql")
    assert answers == [FAILED] * 5 + [THROTTLED]


def test_T38_refresh_counts_what_is_no_good_only(project: Project) -> None:
    facts = RequestFacts(address=ELSEWHERE, network=ELSEWHERE, user_agent="phone")
    pair = carry(flows.login(get_policy(), facts, identifier="ada", password="right"))
    for _ in range(40):
        pair = carry(flows.refresh(get_policy(), facts, pair.refresh))
    refused = [code_of(flows.refresh(get_policy(), facts, "no token")) for _ in range(31)]
    assert refused == ["invalid_token"] * 30 + [THROTTLED]
    assert project.login("right", address=ELSEWHERE) == "ok"


def test_T38_a_logout_that_names_no_session_is_counted(project: Project) -> None:
    project.configure(LIMITS={"logout": {"address": "2/m"}})
    for _ in range(2):
        carry(flows.logout(get_policy(), RequestFacts(), access="no token", refresh=None))
    with pytest.raises(Throttled):
        carry(flows.logout(get_policy(), RequestFacts(), access="no token", refresh=None))


def test_T09_guesses_at_a_password_change_leave_logins_alone(project: Project) -> None:
    project.configure(LIMITS={"password_change": {"account": "2/m"}})
    user = get_user_model().objects.get()
    change = {"user_id": str(user.pk), "session_id": None, "old": "wrong", "new": "another"}
    codes = [code_of(flows.change_password(get_policy(), RequestFacts(), **change)) for _ in range(3)]
    assert codes == ["wrong_password"] * 2 + [THROTTLED]
    assert project.login("right") == "ok"


class TestRequest:
    """What is read from a request."""

    @pytest.fixture(autouse=True)
    def proxy(self, settings: Any) -> None:
        settings.FERRAUTH = {"TRUSTED_PROXIES": 1}

    def test_T19_ninja_and_we_do_not_believe_the_left(self) -> None:
        request = RequestFactory().get("/", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
        assert request_facts(request).address == "203.0.113.7"

    def test_T19_by_default_the_header_is_nothing(self, settings: Any) -> None:
        settings.FERRAUTH = {}
        request = RequestFactory().get("/", headers={"X-Forwarded-For": "203.0.113.7"})
        assert request_facts(request).address == "127.0.0.1"

    def test_T20_underscores_do_not_make_the_header_under_asgi(self) -> None:
        assert self._asgi([(b"x_forwarded_for", b"6.6.6.6")]).address == "127.0.0.1"
        both = [(b"x-forwarded-for", b"203.0.113.7"), (b"x_forwarded_for", b"6.6.6.6")]
        assert self._asgi(both).address == "203.0.113.7"

    def test_T21_repeated_headers_are_one(self) -> None:
        repeated = [(b"x-forwarded-for", b"6.6.6.6"), (b"X-Forwarded-For", b"203.0.113.7")]
        assert self._asgi(repeated).address == "203.0.113.7"

    def test_T24_the_network_is_what_the_settings_say(self, settings: Any) -> None:
        settings.FERRAUTH = {"IPV6_PREFIX": 48}
        request = RequestFactory().get("/", REMOTE_ADDR="2001:db8:1:2::3")
        assert request_facts(request).network == "2001:db8:1::/48"

    @staticmethod
    def _asgi(headers: list[tuple[bytes, bytes]]) -> RequestFacts:
        from io import BytesIO

        from django.core.handlers.asgi import ASGIRequest

        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": ["127.0.0.1", 1]}
        return request_facts(ASGIRequest(scope, BytesIO()))
