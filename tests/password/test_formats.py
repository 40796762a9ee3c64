"""Every format: wrapping, renewing, and what a policy may say."""

from __future__ import annotations

from typing import Any

import pytest

import ferrauth
from ferrauth import _core
from ferrauth.passwords import DEFAULT_FORMATS, FORMATS, Policy
from tests.golden import ROWS, name, rows


def test_P15_md5_alone_is_off_by_default() -> None:
    assert {"md5"} == FORMATS - DEFAULT_FORMATS


@pytest.mark.parametrize("row", rows("accepted", "listed", "refused", cheap=True), ids=name)
def test_wrapped_rows_open_by_the_same_password(row: dict[str, Any]) -> None:
    (wrapped,) = ferrauth.passwords.wrap_passwords([row["encoded"]], iterations=10)
    if row["algorithm"] in {"argon2", "scrypt", "crypt"}:
        assert wrapped is None
        return
    assert wrapped is not None
    assert wrapped.split("$")[:2] == [f"pbkdf2_wrapped_{row['algorithm']}", "10"]
    assert _core.matches(row["password"], wrapped)
    if row["password"]:
        assert not _core.matches("x" + row["password"][:-1], wrapped)
    assert ferrauth.passwords.wrap_passwords([wrapped], iterations=10) == [None]


class TestVerifyAndUpdate:
    @pytest.mark.parametrize("algorithm", ["pbkdf2_sha1", "bcrypt", "bcrypt_sha256"])
    def test_another_format_is_renewed(self, algorithm: str, cheap: int) -> None:
        row = next(row for row in ROWS if row["algorithm"] == algorithm and not row["at_default_cost"])
        verified, renewed = ferrauth.verify_and_update(row["password"], row["encoded"])
        assert verified
        assert renewed is not None
        assert renewed.startswith(f"pbkdf2_sha256${cheap}$")
        assert ferrauth.check_password(row["password"], renewed)

    @pytest.mark.parametrize("algorithm", ["argon2", "scrypt"])
    def test_P52_a_memory_hard_row_is_kept(self, algorithm: str, cheap: int) -> None:
        row = next(row for row in ROWS if row["algorithm"] == algorithm and not row["at_default_cost"])
        assert ferrauth.verify_and_update(row["password"], row["encoded"]) == (True, None)

    def test_a_policy_of_another_format_is_refused(self) -> None:
        row = next(row["encoded"] for row in ROWS if row["algorithm"] == "argon2")
        with pytest.raises(ValueError, match="not pbkdf2_sha256"):
            ferrauth.verify_and_update("secret", row, policy=Policy(model=row))


class TestPolicy:
    def test_iterations_and_floor(self) -> None:
        assert (Policy().iterations, Policy().floor) == (ferrauth.passwords.DEFAULT_ITERATIONS,) * 2
        assert (Policy(iterations=10, floor=50).iterations, Policy(iterations=10, floor=50).floor) == (10, 50)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"iterations": 0},
            {"iterations": 10_000_001},
            {"floor": 10_000_001},
            {"formats": ["sha1"]},
            {"model": "junk"},
            {"model": "md5$salt$00000000000000000000000000000000", "iterations": 5},
        ],
    )
    def test_bad_values(self, arguments: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"must be|not both"):
            Policy(**arguments)
