"""What commits when: refusals stay refused though the request is rolled back, and a lost race is no error."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError, connections, transaction

from ferrauth.accounts import flows
from ferrauth.accounts.sessions import MAX_REPEATS, EndReason, RequestFacts
from ferrauth.django import rows, transactions
from ferrauth.django.conf import get_policy
from ferrauth.django.models import RefreshSession
from ferrauth.django.port import acarry, carry
from ferrauth.django.tokens import agenerate_tokens, aget_user_from_token, generate_tokens, get_user_from_token
from ferrauth.exceptions import InvalidTokenError
from tests import databases
from tests.sessions.conftest import make_user

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))

PHONE = RequestFacts(user_agent="phone")


def refresh(token: str) -> Any:
    return carry(flows.refresh(get_policy(), PHONE, token))


class Rollback(Exception):
    """What a view raises after its refresh was refused."""


@contextmanager
def rolled_back(database: str) -> Iterator[None]:
    """A request's transaction, which an exception undoes."""
    try:
        with transaction.atomic(using=database):
            yield
            raise Rollback
    except Rollback:
        pass


def test_J98_a_replay_ends_the_session_though_the_request_is_rolled_back(database: str) -> None:
    first = generate_tokens(make_user("ada"))
    second = refresh(refresh(first.refresh).refresh)
    with rolled_back(database), pytest.raises(InvalidTokenError):
        refresh(first.refresh)
    assert RefreshSession.objects.get().revoked_reason == EndReason.REPLAYED
    assert get_user_from_token(second.access) is None


def test_a_rotation_commits_on_its_own(database: str) -> None:
    first = generate_tokens(make_user("ada"))
    with rolled_back(database):
        refresh(first.refresh)
    assert RefreshSession.objects.get().generation == 1


def test_J98_a_replay_after_the_requests_own_writes_ends_the_session(database: str) -> None:
    """On SQLite the request's transaction is the only writer that there can be: nothing waits for it in vain."""
    user = make_user("ada")
    first = generate_tokens(user)
    refresh(refresh(first.refresh).refresh)
    with transaction.atomic(using=database):
        get_user_model().objects.filter(pk=user.pk).update(first_name="Ada")
        with pytest.raises(InvalidTokenError):
            refresh(first.refresh)
    assert RefreshSession.objects.get().revoked_reason == EndReason.REPLAYED


def test_J99_a_rotation_after_the_requests_own_writes(database: str) -> None:
    user = make_user("ada")
    first = generate_tokens(user)
    with transaction.atomic(using=database):
        get_user_model().objects.filter(pk=user.pk).update(first_name="Ada")
        assert refresh(first.refresh).refresh_jti == refresh(first.refresh).refresh_jti
    assert RefreshSession.objects.get().generation == 1


def test_J99_a_rotation_of_the_row_that_the_request_itself_holds(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL sees no deadlock between two connections of one request, which waited for each other for ever."""
    monkeypatch.setattr(transactions, "PATIENCE", 0.2)
    pair = generate_tokens(make_user("ada"))
    with transaction.atomic(using=database):
        RefreshSession.objects.update(label="phone")
        refresh(pair.refresh)
    session = RefreshSession.objects.get()
    assert (session.generation, session.label) == (1, "phone")


def test_work_apart_waits_for_another_writer(database: str) -> None:
    """The caller has only read: who writes is somebody else, and ends."""
    first = generate_tokens(make_user("ada"))
    writes = threading.Event()

    def writer() -> None:
        with transaction.atomic(using=database):
            get_user_model().objects.update(first_name="Ada")
            writes.set()
            time.sleep(0.2)  # So that the rotation finds it writing.
        connections[database].close()

    thread = threading.Thread(target=writer)
    with rolled_back(database):
        get_user_model().objects.get()
        thread.start()
        writes.wait()
        refresh(first.refresh)
    thread.join()
    assert RefreshSession.objects.get().generation == 1


def test_a_session_is_part_of_the_transaction_that_makes_its_user(database: str) -> None:
    with rolled_back(database):
        pair = generate_tokens(make_user("ada"))
        assert get_user_from_token(pair.access) is not None
    assert not RefreshSession.objects.exists()
    assert get_user_from_token(pair.access) is None


def test_a_test_case_is_no_transaction(database: str) -> None:
    assert not transactions.in_transaction()
    atomic = transaction.atomic(using=database)
    atomic._from_testcase = True  # type: ignore[attr-defined]
    with atomic:
        assert not transactions.in_transaction()
        with transaction.atomic(using=database):
            assert transactions.in_transaction()


class Serialization(Exception):
    """What psycopg puts behind Django's error."""

    sqlstate = "40001"


class TestSerializationFailures:
    def failing(self, times: int, cause: Exception) -> Any:
        calls = []

        def work() -> int:
            calls.append(1)
            if len(calls) <= times:
                raise OperationalError("could not serialize access") from cause
            return 1

        return work, calls

    def test_are_retried_once(self) -> None:
        work, calls = self.failing(1, Serialization())
        assert transactions.retried(work) == 1
        assert len(calls) == 2

    def test_a_second_one_means_that_another_request_won(self) -> None:
        work, _ = self.failing(2, Serialization())
        assert rows._one_wins(work) is False

    def test_other_errors_are_not_retried(self) -> None:
        work, calls = self.failing(1, Exception("disk full"))
        with pytest.raises(OperationalError):
            rows._one_wins(work)
        assert len(calls) == 1

    def test_nothing_is_retried_inside_the_callers_transaction(self, database: str) -> None:
        work, calls = self.failing(1, Serialization())
        with pytest.raises(OperationalError), transaction.atomic(using=database):
            transactions.retried(work)
        assert len(calls) == 1

    def test_a_real_one_on_postgresql(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two that update one row at REPEATABLE READ: the loser's statement is run again, and matches no row."""
        if connections[database].vendor != "postgresql":
            return
        pair = generate_tokens(make_user("ada"))
        barrier = threading.Barrier(4, timeout=30)
        tokens: list[Any] = []

        def racer() -> None:
            connections[database].cursor().execute(
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ"
            )
            barrier.wait()
            tokens.append(refresh(pair.refresh))
            connections[database].close()

        threads = [threading.Thread(target=racer) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tokens) == 4
        assert len({pair.access_jti for pair in tokens}) == 1
        assert RefreshSession.objects.get().generation == 1


def test_J99_of_any_number_one_wins(database: str) -> None:
    pair = generate_tokens(make_user("ada"))
    barrier = threading.Barrier(8, timeout=30)
    answers: list[Any] = []

    def racer() -> None:
        barrier.wait()
        try:
            answers.append(refresh(pair.refresh).refresh_jti)
        except InvalidTokenError:
            answers.append(None)
        connections[database].close()

    threads = [threading.Thread(target=racer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    granted = [answer for answer in answers if answer is not None]
    assert (len(answers), len(granted), len(set(granted))) == (8, 1 + MAX_REPEATS, 1)
    session = RefreshSession.objects.get()
    assert (session.generation, session.repeats, session.revoked_at) == (1, MAX_REPEATS, None)


def test_async_twins(database: str) -> None:
    user = make_user("ada")

    async def play() -> None:
        pair = await acarry(flows.login(get_policy(), PHONE, identifier="ada", password="correct horse"))
        assert await aget_user_from_token(pair.access) == user
        pair = await acarry(flows.refresh(get_policy(), PHONE, pair.refresh))
        await acarry(flows.logout(get_policy(), PHONE, access=None, refresh=pair.refresh))
        assert await aget_user_from_token(pair.access) is None
        assert await aget_user_from_token((await agenerate_tokens(user)).access) == user
        assert await aget_user_from_token("junk") is None
        await sync_to_async(connections.close_all)()

    asyncio.run(play())


def test_the_user_table_is_not_locked_by_the_migration(database: str) -> None:
    """No constraint refers to the user table, so adding the application blocks none of its writers."""
    with connections[database].cursor() as cursor:
        constraints = connections[database].introspection.get_constraints(cursor, RefreshSession._meta.db_table)
    foreign = [one for one in constraints.values() if one.get("foreign_key")]
    assert foreign == []
