"""Logging in by address, by name, or by either: one query, the same for whom it finds and whom not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.test.utils import CaptureQueriesContext

from ferrauth.accounts import flows
from ferrauth.accounts.effects import LoadUser
from ferrauth.django import users
from ferrauth.django.models import EmailAddress

if TYPE_CHECKING:
    from tests.emails.conftest import Site

FIELDS = [None, "either", "email", "username", "first_name"]


@pytest.fixture
def ada(site: Site) -> Any:
    return site.member(username="ada", first_name="Augusta")


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        (None, {"ada", "ada@example.com", "ADA@Example.COM"}),
        ("either", {"ada", "ada@example.com", "ADA@Example.COM"}),
        ("email", {"ada@example.com", "ADA@Example.COM"}),
        ("username", {"ada"}),
        ("first_name", {"Augusta"}),
    ],
)
def test_what_an_identifier_names(site: Site, ada: Any, field: str | None, accepted: set[str]) -> None:
    site.configure(LOGIN_FIELD=field)
    tried = ("ada", "ada@example.com", "ADA@Example.COM", "Augusta", "nobody", "", "a@b", "x" * 10_000, "ada\x00")
    assert {identifier for identifier in tried if site.login(identifier) == "ok"} == accepted


@pytest.mark.parametrize("field", FIELDS)
def test_E01_one_query_the_same_for_known_and_unknown(site: Site, ada: Any, database: str, field: str | None) -> None:
    site.configure(LOGIN_FIELD=field)
    shapes = set()
    for identifier in ("ada", "ada@example.com", "Augusta", "nobody", "nobody@example.com", "'; DROP TABLE x;--"):
        with CaptureQueriesContext(connections[database]) as captured:
            users.load_user(LoadUser(identifier=identifier))
        [query] = captured.captured_queries
        shapes.add(query["sql"].count("SELECT"))
        assert query["sql"].count("JOIN") == 1
    assert len(shapes) == 1


def test_T14_an_address_is_its_owners_though_another_has_it_for_a_name(site: Site, ada: Any) -> None:
    get_user_model().objects.create(username="ada@example.com", password=make_password("of a squatter"))
    assert site.login() == "ok"
    assert site.login(password="of a squatter") == "invalid_credentials"


def test_E11_an_address_that_is_not_verified_is_a_wrong_password(site: Site, database: str, work: Any) -> None:
    site.register()
    done = []
    for password in ("correct horse", "wrong"):
        with CaptureQueriesContext(connections[database]) as captured:
            derived = work(lambda: done.append(site.login(password=password)))
        done.append((derived, len(captured.captured_queries)))
    assert done[:2] == done[2:]
    assert done[0] == "invalid_credentials"
    site.configure(REGISTRATION="closed")
    assert site.login() == "ok"


def test_E11_the_backend_refuses_it_too_by_as_many_queries(site: Site, settings: Any, database: str) -> None:
    settings.AUTHENTICATION_BACKENDS = ["ferrauth.django.backends.FerrauthBackend"]
    site.register(username="ada")
    token = site.token()
    counted = []
    for name in ("ada", "nobody"):
        with CaptureQueriesContext(connections[database]) as captured:
            assert authenticate(username=name, password="correct horse") is None
        counted.append(len(captured.captured_queries))
    assert counted == [2, 2]
    site.carry(flows.verify_email, token=token)
    assert authenticate(username="ada", password="correct horse") is not None


def test_users_without_an_address_log_in_as_ever(site: Site) -> None:
    get_user_model().objects.create(username="root", password=make_password("correct horse"))
    assert site.login("root") == "ok"


def test_an_index_finds_the_user(site: Site, ada: Any, database: str) -> None:
    get_user_model().objects.bulk_create(get_user_model()(username=f"user{number}") for number in range(2_000))
    rows = [
        EmailAddress(user_id=pk, address=f"a{pk}@example.org", canonical=f"a{pk}@example.org")
        for pk in get_user_model().objects.exclude(pk=ada.pk).values_list("pk", flat=True)
    ]
    EmailAddress.objects.bulk_create(rows)
    with connections[database].cursor() as cursor:
        cursor.execute("ANALYZE")
        with CaptureQueriesContext(connections[database]) as captured:
            users.load_user(LoadUser(identifier="ada@example.com"))
        explain = "EXPLAIN " if database == "postgresql" else "EXPLAIN QUERY PLAN "
        cursor.execute(explain + captured.captured_queries[0]["sql"])
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    scanned = [
        line for line in plan.splitlines() if "Seq Scan on auth_user" in line or line.startswith("SCAN auth_user")
    ]
    assert not scanned, plan
