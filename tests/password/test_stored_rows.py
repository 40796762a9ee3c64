"""Hostile, corrupt and foreign stored rows: ``False`` at full cost, never an exception (THREATS.md P01 to P20)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

import ferrauth
from ferrauth import passwords

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = ferrauth.make_password("secret", "saltsaltsaltsaltsaltsa", iterations=1_000)
KEY = GOOD.rsplit("$", 1)[1]
URL_SAFE = KEY.replace("+", "-").replace("/", "_")

ROWS = {
    "P01_iterations_bomb": GOOD.replace("$1000$", "$2147483647$"),
    "P01_one_above_the_cap": GOOD.replace("$1000$", "$10000001$"),
    "P02_iterations_2_64": GOOD.replace("$1000$", f"${2**64}$"),
    "P02_iterations_5000_digits": GOOD.replace("$1000$", "$" + "9" * 5_000 + "$"),
    "P03_zero": GOOD.replace("$1000$", "$0$"),
    "P03_negative": GOOD.replace("$1000$", "$-1$"),
    "P03_empty": GOOD.replace("$1000$", "$$"),
    "P03_float": GOOD.replace("$1000$", "$1.0$"),
    "P03_exponent": GOOD.replace("$1000$", "$1e3$"),
    "P03_word": GOOD.replace("$1000$", "$abc$"),
    "P04_plus": GOOD.replace("$1000$", "$+1000$"),
    "P04_leading_zero": GOOD.replace("$1000$", "$01000$"),
    "P04_spaces": GOOD.replace("$1000$", "$ 1000 $"),
    "P04_underscore": GOOD.replace("$1000$", "$1_000$"),
    "P04_arabic_digits": GOOD.replace("$1000$", "$١٠٠٠$"),
    "P05_name_alone": "pbkdf2_sha256",
    "P05_one_field": "pbkdf2_sha256$",
    "P05_three_fields": "pbkdf2_sha256$1$abc",
    "P06_extra_field": GOOD + "$field",
    "P06_trailing_newline": GOOD + "\n",
    "P06_trailing_space": GOOD + " ",
    "P06_leading_space": " " + GOOD,
    "P07_empty_salt": GOOD.replace("$saltsaltsaltsaltsaltsa$", "$$"),
    "P10_truncated_key": GOOD[:-4],
    "P10_unpadded_key": GOOD.rstrip("="),
    "P10_non_canonical_key": GOOD[:-2] + chr(ord(GOOD[-2]) + 1) + "=",
    "P11_empty_key": GOOD.removesuffix(KEY),
    "P12_none": None,
    "P12_bytes": GOOD.encode(),
    "P12_int": 5,
    "P13_unusable": ferrauth.make_password(None),
    "P13_prefix_alone": "!",
    "P13_prefix_before_a_valid_row": "!" + GOOD,
    "P13_empty": "",
    "P14_unknown_algorithm": GOOD.replace("sha256", "sha257", 1),
    "P14_upper_case": GOOD.replace("pbkdf2_sha256", "PBKDF2_SHA256"),
    "P15_plain_md5": "5ebe2294ecd0e0f08eab7690d2a6ee69",
    "P15_empty_salt_md5": "md5$$5ebe2294ecd0e0f08eab7690d2a6ee69",
    "P15_empty_salt_sha1": "sha1$$e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4",
    "P16_argon2_bomb": "argon2$argon2id$v=19$m=4294967296,t=4294967296,p=16777216$c2FsdHNhbHQ$aGFzaA",
    "P16_scrypt_bomb": "scrypt$9223372036854775808$salt$8$1$aGFzaA==",
    "P16_bcrypt_bomb": "bcrypt$$2b$31$LbFm4cJWkDEdLW1g3Rtx2uNEyUxQPmvXv7hRQkKmqx0HeLXP2FU4a",
    "P19_1_mb": "pbkdf2_sha256$1000$" + "s" * 1_000_000 + "$" + KEY,
    "P19_above_the_cap": "pbkdf2_sha256$1000$" + "s" * 1_000 + "$" + KEY,
    "P20_lone_surrogate": GOOD.replace("saltsalt", "salt\ud800alt", 1),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=[f"test_{name}" for name in ROWS])
def test_bad_row_is_false_and_costs_one_derivation(
    row: str, cheap: int, work: Callable[[Callable[[], object]], int]
) -> None:
    answers = []
    assert work(lambda: answers.append(ferrauth.check_password("secret", row))) == cheap
    assert answers == [False]


def test_P10_url_safe_key_is_false(cheap: int) -> None:
    for number in range(100):
        row = ferrauth.make_password("secret", f"salt{number}", iterations=1)
        if "+" in row or "/" in row:
            head, key = row.rsplit("$", 1)
            assert not ferrauth.check_password("secret", f"{head}${key.translate(str.maketrans('+/', '-_'))}")
            return
    pytest.fail("no key of a hundred has + or /")


def test_P09_salt_with_nul_and_beyond_ascii(cheap: int) -> None:
    row = ferrauth.make_password("secret", "s\0ältsältsältsältsält🦀", iterations=cheap)
    assert ferrauth.verify_and_update("secret", row) == (True, None)


def test_P42_a_row_that_does_not_parse_costs_the_real_default(
    work: Callable[[Callable[[], object]], int],
) -> None:
    assert work(lambda: ferrauth.check_password("secret", "pbkdf2_sha256$")) == passwords.DEFAULT_ITERATIONS


def test_P39_a_wrong_password_costs_the_default_on_a_cheaper_row(
    cheap: int, work: Callable[[Callable[[], object]], int]
) -> None:
    assert work(lambda: ferrauth.check_password("wrong", GOOD)) == cheap
    assert work(lambda: ferrauth.check_password("secret", GOOD)) == 1_000


def test_P40_a_costlier_row_costs_what_it_costs(cheap: int, work: Callable[[Callable[[], object]], int]) -> None:
    row = ferrauth.make_password("secret", iterations=3 * cheap)
    assert work(lambda: ferrauth.check_password("wrong", row)) == 3 * cheap


def test_P01_an_operator_hears_of_a_bad_row_but_not_of_its_content(
    cheap: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="ferrauth.core"):
        ferrauth.check_password("secret", ROWS["P01_iterations_bomb"])
        ferrauth.check_password("secret", ROWS["P13_unusable"])
        ferrauth.check_password("secret", None)
    assert [record.name for record in caplog.records] == ["ferrauth.core"]
    assert "could not be read" in caplog.text
    assert "2147483647" not in caplog.text
    assert "secret" not in caplog.text


def test_P51_short_salt_and_low_count_are_renewed(cheap: int) -> None:
    for row in (
        ferrauth.make_password("secret", "short", iterations=cheap),
        ferrauth.make_password("secret", iterations=cheap - 1),
    ):
        verified, renewed = ferrauth.verify_and_update("secret", row)
        assert verified
        assert renewed is not None
        assert renewed.startswith(f"pbkdf2_sha256${cheap}$")
        assert ferrauth.verify_and_update("secret", renewed) == (True, None)
        assert ferrauth.verify_and_update("wrong", row) == (False, None)


def test_P52_a_higher_count_is_kept(cheap: int) -> None:
    row = ferrauth.make_password("secret", iterations=cheap + 1)
    assert ferrauth.verify_and_update("secret", row) == (True, None)
