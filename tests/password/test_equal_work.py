"""Failures cost the same, counted in iterations executed (THREATS.md P37 to P42)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ferrauth
from ferrauth import _core
from ferrauth.passwords import FORMATS, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[Callable[[], object]], int]

ROWS = {
    "pbkdf2_sha1": ("pbkdf2_sha1$1000$bhqxPIMTmVdnsBucRxsow2$OiUUqz+zkvuYY+QHTIsJEf3KOuM=", True),
    "argon2": (
        "argon2$argon2id$v=19$m=64,t=1,p=2$WW5udFYzTWEycFFDdTBYVUNCY3ZRTA$kfr+GM+tWYLi6u+7Jzc+B8Ew7CvA86L+4qYJ3X8bUqU",
        False,
    ),
    "bcrypt": ("bcrypt$$2b$04$6Bjn29aUtR28Gz1jwLmQX.x3dGv26r5ab6Ieo7hZkbmuEC.IiR2ea", False),
    "scrypt": (f"scrypt$16$saltsaltsaltsaltsaltsa$8$1${'A' * 86}==", False),
    "md5": ("md5$salt$00000000000000000000000000000000", False),
}


@pytest.mark.parametrize(("row", "counted"), ROWS.values(), ids=ROWS)
def test_P41_another_format_is_hidden_by_the_work_that_it_saved(row: str, counted: bool, work: Work) -> None:
    policy = Policy(iterations=20_000, formats=FORMATS)
    _, own = _core.work_of(row) or ("", 0)
    executed = work(lambda: ferrauth.check_password("wrong", row, policy=policy))
    assert own < 20_000
    assert executed == (20_000 if counted else 20_000 - own)


def test_P40_a_floor_hides_costlier_rows(work: Work) -> None:
    policy = Policy(iterations=1_000, floor=5_000)
    costly = ferrauth.make_password("secret", iterations=5_000)
    for row in (None, "", "!", "junk", costly, ferrauth.make_password("secret", iterations=10)):
        assert work(lambda row=row: ferrauth.check_password("wrong", row, policy=policy)) == 5_000  # type: ignore[misc]
    assert work(lambda: ferrauth.check_password("secret", costly, policy=policy)) == 5_000
    cheap = ferrauth.make_password("secret", iterations=10)
    assert work(lambda: ferrauth.check_password("secret", cheap, policy=policy)) == 10


def test_P41_nobody_costs_a_new_row_of_the_preferred_format(work: Work) -> None:
    """With argon2 preferred, an unknown user costs an argon2 derivation, which is no PBKDF2 iteration."""
    policy = Policy(model=ROWS["argon2"][0])
    for row in (None, "junk", "!"):
        assert work(lambda row=row: ferrauth.check_password("secret", row, policy=policy)) == 0  # type: ignore[misc]


def test_a_wrapped_row_costs_both_derivations(work: Work) -> None:
    old = ferrauth.make_password("secret", "saltsaltsaltsaltsaltsa", iterations=300)
    (row,) = ferrauth.passwords.wrap_passwords([old], iterations=700)
    assert _core.work_of(row) == ("pbkdf2_wrapped_pbkdf2_sha256", 1_000)
    assert work(lambda: ferrauth.check_password("secret", row)) == 1_000
    assert work(lambda: ferrauth.check_password("wrong", row, policy=Policy(iterations=1_500))) == 1_500
