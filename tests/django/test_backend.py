"""``FerrauthBackend``: every failure costs the same, a success renews by compare-and-swap (THREATS.md P37 to P54)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from ferrauth import _core
from ferrauth.accounts.effects import CheckPassword
from ferrauth.django import passwords
from ferrauth.django.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from ferrauth.django.port import DjangoPort
from ferrauth.passwords import aadmit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Work = Callable[[Callable[[], object]], int]
    LogIn = Callable[..., Any]

pytestmark = pytest.mark.django_db(transaction=True)

ITERATIONS = 4_000
BACKEND = "ferrauth.django.backends.FerrauthBackend"
HASHERS = [
    "ferrauth.django.hashers.PBKDF2PasswordHasher",
    "ferrauth.django.hashers.Argon2PasswordHasher",
    "ferrauth.django.hashers.PBKDF2WrappedMD5PasswordHasher",
    "ferrauth.django.hashers.MD5PasswordHasher",
]
FEW = ITERATIONS // 4

FAILURES = {
    "P37_no_such_user": None,
    "P38_unusable": lambda: "!" + "x" * 40,
    "P38_unknown_format": lambda: "sha512$salt$hash",
    "P38_format_not_listed": lambda: "bcrypt$$2b$04$6Bjn29aUtR28Gz1jwLmQX.x3dGv26r5ab6Ieo7hZkbmuEC.IiR2ea",
    "P39_fewer_iterations": lambda: PBKDF2PasswordHasher().encode("secret", "s" * 22, FEW),
    "P42_malformed": lambda: "pbkdf2_sha256$abc",
    "P42_empty": lambda: "",
    "P38_wrong_password": lambda: PBKDF2PasswordHasher().encode("secret", "s" * 22),
}


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A project whose derivations cost next to nothing."""
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", ITERATIONS)
    with override_settings(AUTHENTICATION_BACKENDS=[BACKEND], PASSWORD_HASHERS=HASHERS):
        yield


@pytest.fixture(params=["sync", "async"])
def log_in(request: pytest.FixtureRequest) -> LogIn:
    """Return ``authenticate``, or its async twin on an event loop."""
    if request.param == "sync":
        return authenticate
    return async_to_sync(aauthenticate)


def user(row: str | None = None, **fields: Any) -> User:
    return User.objects.create(username="ada", password=make_password("secret") if row is None else row, **fields)


@pytest.mark.parametrize("row", FAILURES.values(), ids=FAILURES)
def test_every_failure_costs_one_new_password(row: Callable[[], str] | None, log_in: LogIn, work: Work) -> None:
    if row is not None:
        user(row())
    assert work(lambda: log_in(username="ada", password="wrong")) == ITERATIONS
    assert log_in(username="ada", password="wrong") is None


@pytest.mark.parametrize("iterations", [FEW, ITERATIONS])
@pytest.mark.parametrize("password", ["secret", "wrong"])
def test_P43_P50_an_inactive_user_costs_the_same_and_is_not_renewed(
    password: str, iterations: int, log_in: LogIn, work: Work
) -> None:
    row = PBKDF2PasswordHasher().encode("secret", "s" * 22, iterations)
    user(row, is_active=False)
    assert work(lambda: log_in(username="ada", password=password)) == ITERATIONS
    assert log_in(username="ada", password=password) is None
    assert User.objects.get().password == row


def test_P41_another_format_owes_the_difference(log_in: LogIn, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"memory_cost": 64, "time_cost": 1, "parallelism": 1}.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)
    row = Argon2PasswordHasher().encode("secret", "s" * 22)
    user(row)
    _, own = _core.work_of(row) or ("", 0)
    assert 0 < own < ITERATIONS
    assert work(lambda: log_in(username="ada", password="wrong")) == ITERATIONS - own


def test_P40_the_floor_hides_costlier_rows(log_in: LogIn, work: Work) -> None:
    user(PBKDF2PasswordHasher().encode("secret", "s" * 22, 3 * ITERATIONS))
    with override_settings(FERRAUTH={"HASHER_FLOOR": 3 * ITERATIONS}):
        assert work(lambda: log_in(username="ada", password="wrong")) == 3 * ITERATIONS
        assert work(lambda: log_in(username="nobody", password="wrong")) == 3 * ITERATIONS


def test_a_success_costs_the_row(log_in: LogIn, work: Work) -> None:
    saved = user()
    assert work(lambda: log_in(username="ada", password="secret")) == ITERATIONS
    assert log_in(username="ada", password="secret") == saved


def test_P44_missing_credentials_cost_nothing(log_in: LogIn, work: Work) -> None:
    assert work(lambda: log_in(username="ada")) == 0
    assert work(lambda: log_in(password="secret")) == 0


@pytest.mark.parametrize("password", ["\ud800", "", "p" * 100_000, "nul\0"])
def test_P21_P30_odd_passwords_are_wrong_ones(password: str, log_in: LogIn, work: Work) -> None:
    user()
    assert work(lambda: log_in(username="ada", password=password)) == ITERATIONS


@pytest.mark.parametrize("username", ["nul\0", "\ud800"])
def test_names_that_no_database_takes_are_nobodys(username: str, log_in: LogIn, work: Work) -> None:
    assert work(lambda: log_in(username=username, password="secret")) == ITERATIONS


def test_user_filter_counts(log_in: LogIn, work: Work) -> None:
    user()
    with override_settings(FERRAUTH={"USER_FILTER": {"is_active": True, "is_staff": True}}):
        assert work(lambda: log_in(username="ada", password="secret")) == ITERATIONS
        assert log_in(username="ada", password="secret") is None


OUTDATED = {
    "P51_few_iterations": lambda: PBKDF2PasswordHasher().encode("secret", "s" * 22, FEW),
    "P51_short_salt": lambda: PBKDF2PasswordHasher().encode("secret", "short", ITERATIONS),
    "md5": lambda: make_password("secret", hasher="md5"),
    "wrapped": lambda: _core.wrap_passwords([make_password("secret", hasher="md5")], 10)[0],
}


class TestRenewal:
    @pytest.mark.parametrize("row", OUTDATED.values(), ids=OUTDATED)
    def test_an_outdated_row_is_renewed_once(self, row: Callable[[], str], log_in: LogIn) -> None:
        user(row())
        found = log_in(username="ada", password="secret")
        stored = User.objects.get().password
        assert found.password == stored
        assert stored.startswith(f"pbkdf2_sha256${ITERATIONS}$")
        assert check_password("secret", stored)
        log_in(username="ada", password="secret")
        assert User.objects.get().password == stored

    def test_P52_a_costlier_row_is_kept(self, log_in: LogIn) -> None:
        row = PBKDF2PasswordHasher().encode("secret", "s" * 22, ITERATIONS + 1)
        user(row)
        assert log_in(username="ada", password="secret")
        assert User.objects.get().password == row

    def test_P46_a_failure_renews_nothing(self, log_in: LogIn) -> None:
        row = make_password("secret", hasher="md5")
        user(row)
        assert log_in(username="ada", password="wrong") is None
        assert User.objects.get().password == row

    def test_P47_a_password_change_at_the_same_moment_stands(
        self, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = make_password("secret", hasher="md5")
        user(old)
        changed = make_password("another")
        replace = passwords.replace

        def late(user: Any, row: str, new: str) -> bool:
            User.objects.filter(password=old).update(password=changed)
            return replace(user, row, new)

        monkeypatch.setattr("ferrauth.django.backends.replace", late)
        assert log_in(username="ada", password="secret") is not None
        assert User.objects.get().password == changed

    def test_P49_a_write_that_fails_does_not_fail_the_login(
        self, log_in: LogIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        old = make_password("secret", hasher="md5")
        user(old)

        def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith("UPDATE"):
                raise DatabaseError("this replica is read-only")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(refuse), transaction.atomic():
            assert authenticate(username="ada", password="secret") is not None
            assert User.objects.get().password == old
        assert "could not be renewed" in caplog.text
        assert "secret" not in caplog.text
        assert old not in caplog.text


OWN = [f"tests.django.own_hasher.{name}PasswordHasher" for name in ("Reversed", "Raising")]


class TestOwnHasher:
    """A hasher of the project's own, which the core knows nothing of."""

    @pytest.fixture(autouse=True)
    def listed(self) -> Iterator[None]:
        with override_settings(PASSWORD_HASHERS=[*HASHERS, *OWN]):
            yield

    def test_verifies_and_is_renewed(self, log_in: LogIn) -> None:
        user("reversed$salt$terces")
        assert log_in(username="ada", password="secret")
        assert User.objects.get().password.startswith("pbkdf2_sha256$")

    def test_P41_a_failure_does_the_work_of_a_new_password(self, log_in: LogIn, work: Work) -> None:
        user("reversed$salt$terces")
        assert work(lambda: log_in(username="ada", password="wrong")) == ITERATIONS

    def test_P42_one_that_raises_is_a_failure(
        self, log_in: LogIn, work: Work, caplog: pytest.LogCaptureFixture
    ) -> None:
        user("raising$salt$hash")
        assert work(lambda: log_in(username="ada", password="secret")) == ITERATIONS
        assert "RaisingPasswordHasher raised RuntimeError" in caplog.text
        assert "secret" not in caplog.text

    def test_a_subclass_that_changes_costs_aloneis_known(self) -> None:
        class Costlier(PBKDF2PasswordHasher):
            iterations = 10

        class Peppered(PBKDF2PasswordHasher):
            def encode(self, password: str | bytes, salt: str, iterations: int | None = None) -> str:
                return super().encode(f"{password!r} and pepper", salt, iterations)

        assert passwords.is_known(Costlier())
        assert not passwords.is_known(Peppered())


@pytest.mark.parametrize(
    ("hasher", "cost"),
    [
        ("PBKDF2PasswordHasher", {"iterations": 100}),
        ("PBKDF2SHA1PasswordHasher", {"iterations": 100}),
        ("Argon2PasswordHasher", {"memory_cost": 64, "time_cost": 1}),
        ("BCryptSHA256PasswordHasher", {"rounds": 4}),
        ("BCryptPasswordHasher", {"rounds": 4}),
        ("ScryptPasswordHasher", {"work_factor": 16}),
        ("MD5PasswordHasher", {}),
    ],
)
def test_any_hasher_may_be_preferred(
    hasher: str, cost: dict[str, int], log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ferrauth.django import hashers

    for name, value in cost.items():
        monkeypatch.setattr(getattr(hashers, hasher), name, value)
    with override_settings(PASSWORD_HASHERS=[f"ferrauth.django.hashers.{hasher}", *HASHERS]):
        row = make_password("secret")
        assert _core.work_of(row) == _core.work_of(passwords._model(getattr(hashers, hasher)()))
        user(row)
        assert log_in(username="ada", password="secret")
        assert User.objects.get().password == row
        assert log_in(username="ada", password="wrong") is None
        assert log_in(username="nobody", password="secret") is None


def test_P54_no_derivation_runs_on_the_event_loop_and_none_holds_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's own threads derive: nothing that waits is called."""
    user(make_password("secret", hasher="md5"))

    def blocked(*arguments: Any) -> Any:
        raise AssertionError("a call that waits")

    monkeypatch.setattr(_core, "check_password", blocked)
    monkeypatch.setattr(_core, "make_password", blocked)

    async def main() -> list[Any]:
        return [await aauthenticate(username=name, password="secret") for name in ("ada", "nobody", "ada")]

    first, nobody, again = asyncio.run(main())
    assert first == again
    assert nobody is None
    assert stored_of(first).startswith("pbkdf2_sha256$")


def stored_of(found: User) -> str:
    return User.objects.get(pk=found.pk).password


def test_P53_a_busy_pool_refuses_before_the_user_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    from ferrauth.exceptions import HasherBusy

    async def busy() -> Any:
        raise HasherBusy(3.0)

    monkeypatch.setattr("ferrauth.django.backends.aadmit", busy)
    with django_assert_num_queries(0), pytest.raises(HasherBusy):
        async_to_sync(aauthenticate)(username="ada", password="secret")


def test_P53_a_flow_that_was_taken_renews_though_the_pool_is_full_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    old = user(PBKDF2PasswordHasher().encode("secret", "s" * 22, FEW)).password
    verify, crowd = passwords.averify, []

    async def then_busy(*arguments: Any, **more: Any) -> Any:
        found = await verify(*arguments, **more)
        crowd.append(await aadmit())
        _core.set_max_wait(0)
        return found

    monkeypatch.setattr(passwords, "averify", then_busy)
    try:
        check = CheckPassword(password="secret", encoded=old)
        verified, renewed = async_to_sync(DjangoPort().acheck_password)(check)
    finally:
        _core.set_max_wait(10)
        crowd[0].release()
    assert verified
    assert renewed is not None
    assert renewed.startswith(f"pbkdf2_sha256${ITERATIONS}$")


def test_P45_the_login_view_and_the_admin_get_it(client: Any, work: Work) -> None:
    """Both call ``authenticate()``; a malformed row is no 500 that singles its user out."""
    user("pbkdf2_sha256$abc", is_staff=True)
    from django.contrib.auth.forms import AuthenticationForm

    form = AuthenticationForm(None, {"username": "ada", "password": "secret"})
    assert work(form.is_valid) == ITERATIONS
    assert form.non_field_errors()
