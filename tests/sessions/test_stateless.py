"""``JWTAuth(stateless=True)``: no query a request, and a revocation is heard of within the poll."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.http import HttpRequest
from django.test import override_settings

from ferrauth.accounts import flows
from ferrauth.accounts.errors import Unavailable
from ferrauth.accounts.policy import Principal
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.django import revocations
from ferrauth.django.conf import get_policy
from ferrauth.django.models import RefreshSession
from ferrauth.django.port import acarry, carry
from ferrauth.django.tokens import decode_token, generate_tokens
from ferrauth.ninja import JWTAuth
from tests import databases
from tests.sessions.conftest import make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

PATIENCE = 20.0
"""Seconds that a test waits for the background thread before it fails."""


@pytest.fixture(autouse=True)
def stopped(on_each_database: None) -> Iterator[None]:
    """Give every test a thread of its own, with the shortest poll."""
    revocations.stop()
    with override_settings(FERRAUTH={"REVOCATION_POLL": 1}):
        yield
        revocations.stop()


def principal(token: str) -> Principal | None:
    return carry(flows.authenticate_stateless(get_policy(), token))


def until_refused(token: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if principal(token) is None:
            return True
        time.sleep(0.05)
    return False


def logout(token: str) -> None:
    carry(flows.logout(get_policy(), RequestFacts(), access=token, refresh=None))


def test_no_query(database: str, django_assert_num_queries: Any) -> None:
    user = make_user("ada")
    access = generate_tokens(user).access
    assert principal(access) is not None  # The process's first question reads what was revoked, in the thread.
    with django_assert_num_queries(0, using=database):
        found = principal(access)
        assert principal(access + "x") is None
    assert found is not None
    assert (found.user_id, str(found.session_id)) == (str(user.pk), decode_token(access).sid)
    assert found.is_authenticated


def test_J95_a_revocation_is_heard_of() -> None:
    user = make_user("ada")
    access, other = generate_tokens(user).access, generate_tokens(user).access
    assert principal(access) is not None
    logout(access)
    assert until_refused(access)
    assert principal(other) is not None


def test_what_was_revoked_before_the_process_started_is_known_at_once() -> None:
    access = generate_tokens(make_user("ada")).access
    logout(access)
    assert principal(access) is None


def test_the_query_uses_the_index_of_revocations(database: str) -> None:
    from datetime import UTC, datetime

    from django.db import connections

    make_user("ada")
    if connections[database].vendor == "postgresql":
        with connections[database].cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")  # The table is empty, and reading nothing whole is cheapest.
    plan = RefreshSession.objects.filter(revoked_at__gte=datetime.now(UTC)).values_list("pk").explain()
    assert "ferrauth_session_revoked" in plan
    connections[database].close()


@pytest.mark.parametrize("failure", [OperationalError("connection refused"), RuntimeError("can't start new thread")])
def test_J107_a_database_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    access = generate_tokens(make_user("ada")).access

    def away(*arguments: Any) -> Any:
        raise failure

    monkeypatch.setattr(RefreshSession._base_manager.__class__, "using", away)
    with pytest.raises(Unavailable) as refused:
        principal(access)
    assert refused.value.status == 503
    assert "could not be read" in caplog.text
    with override_settings(FERRAUTH={"ON_REVOCATION_FAILURE": "degrade"}):
        assert principal(access) is not None


def test_a_short_absence_is_bridged(monkeypatch: pytest.MonkeyPatch) -> None:
    access = generate_tokens(make_user("ada")).access
    assert principal(access) is not None
    known = revocations._current()
    monkeypatch.setattr(known, "_read", lambda: None)
    assert principal(access) is not None
    known.memory._read_at = time.monotonic() - revocations.STALE_AFTER - 1
    with pytest.raises(Unavailable):
        principal(access)


def test_J111_a_forked_child_starts_its_own_thread() -> None:
    assert generate_tokens(make_user("ada")).access
    before = revocations._current()
    child = os.fork()
    if child == 0:
        # No database here: only whether the parent's thread, which the child has not, is forgotten.
        os._exit(0 if revocations._poller is None and not revocations._lock.locked() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert revocations._current() is before


def test_one_class_for_sync_and_async_views() -> None:
    user = make_user("ada")
    auth, request = JWTAuth(stateless=True), HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {generate_tokens(user).access}"
    assert isinstance(auth(request), Principal)
    assert not hasattr(request, "user")

    async def play() -> Any:
        return await auth(request)  # type: ignore[misc]

    assert asyncio.run(play()) == auth(request)


def test_a_legacy_access_token_is_honoured() -> None:
    from rest_framework_simplejwt.tokens import AccessToken

    user = make_user("ada")
    with override_settings(FERRAUTH={"COMPAT": "simplejwt"}):
        found = asyncio.run(acarry(flows.authenticate_stateless(get_policy(), str(AccessToken.for_user(user)))))
    assert found is not None
    assert (found.user_id, found.session_id) == (str(user.pk), None)
    assert get_user_model().objects.count() == 1
