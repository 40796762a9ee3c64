"""A password change against an upgrading login, 1,000 times on each database (THREATS.md P47, P48)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.db import connections
from django.test import override_settings

from ferrauth.django.hashers import PBKDF2PasswordHasher
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 1_000
OLD, NEW = "the old password", "the new password"

pytestmark = pytest.mark.django_db(transaction=True, databases=databases.ALL)


@pytest.fixture(params=databases.ALL, ids=databases.IDS)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run on one of the databases, with derivations of next to nothing."""
    monkeypatch.setattr(databases.OneDatabase, "current", request.param)
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 100)
    with override_settings(
        DATABASE_ROUTERS=["tests.databases.OneDatabase"],
        AUTHENTICATION_BACKENDS=["ferrauth.django.backends.FerrauthBackend"],
        PASSWORD_HASHERS=[f"ferrauth.django.hashers.{name}PasswordHasher" for name in ("PBKDF2", "MD5")],
    ):
        yield request.param


class Racers:
    """Threads that run one call each a round, all at the same moment."""

    def __init__(self, database: str, *calls: Any) -> None:
        self.database = database
        self.results: list[Any] = [None] * len(calls)
        self.start, self.end = threading.Barrier(len(calls) + 1), threading.Barrier(len(calls) + 1)
        self.going = True
        self.threads = [threading.Thread(target=self.race, args=pair) for pair in enumerate(calls)]
        for thread in self.threads:
            thread.start()

    def race(self, index: int, call: Any) -> None:
        while True:
            self.start.wait()
            if not self.going:
                connections.close_all()
                return
            try:
                self.results[index] = call()
            except Exception as error:
                self.results[index] = error
            self.end.wait()

    def round(self) -> list[Any]:
        self.start.wait()
        self.end.wait()
        return self.results

    def stop(self) -> None:
        self.going = False
        self.start.wait()
        for thread in self.threads:
            thread.join()


def test_P47_a_password_change_is_never_undone_by_an_upgrading_login(database: str) -> None:
    outdated = make_password(OLD, hasher="md5")
    changed = make_password(NEW)
    user = User.objects.create(username="ada", password=outdated)
    logins = 0

    def change() -> int:
        return User.objects.filter(pk=user.pk).update(password=changed)

    racers = Racers(database, lambda: authenticate(username="ada", password=OLD), change)
    try:
        for _ in range(ROUNDS):
            User.objects.filter(pk=user.pk).update(password=outdated)
            found, written = racers.round()
            assert written == 1
            assert User.objects.get(pk=user.pk).password == changed
            logins += found is not None
    finally:
        racers.stop()
    assert logins > 0


def test_P48_two_logins_that_upgrade_at_once_both_succeed(database: str) -> None:
    outdated = make_password(OLD, hasher="md5")
    user = User.objects.create(username="ada", password=outdated)

    def log_in() -> Any:
        return authenticate(username="ada", password=OLD)

    racers = Racers(database, log_in, log_in)
    try:
        for _ in range(100):
            User.objects.filter(pk=user.pk).update(password=outdated)
            assert racers.round() == [user, user]
            stored = User.objects.get(pk=user.pk).password
            assert stored.startswith("pbkdf2_sha256$")
            assert check_password(OLD, stored)
    finally:
        racers.stop()
