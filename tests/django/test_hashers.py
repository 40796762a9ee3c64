"""``PASSWORD_HASHERS`` on ferrauth: rows of either read with the other, byte for byte alike."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
from django.contrib.auth import hashers as stock
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.test import override_settings

from ferrauth import _core
from ferrauth.django.checks import check_password_hashers
from ferrauth.django.hashers import PBKDF2PasswordHasher

STOCK = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
OURS = "ferrauth.django.hashers.PBKDF2PasswordHasher"
TEXT = string.printable + "äöüß€éñ漢字🦀\0"


def test_10000_random_triples_encode_alike() -> None:
    draw = random.Random(20_760)  # noqa: S311 (a fixed seed, so that a failure can be seen again)
    ours, theirs = PBKDF2PasswordHasher(), stock.PBKDF2PasswordHasher()
    salts = TEXT.replace("$", "")
    for _ in range(10_000):
        password = "".join(draw.choices(TEXT, k=draw.choice([0, 1, 8, 16, 55, 64, 65, 120])))
        salt = "".join(draw.choices(salts, k=draw.randint(1, 70)))
        iterations = draw.randint(1, 40)
        assert ours.encode(password, salt, iterations) == theirs.encode(password, salt, iterations)


def test_only_encode_is_ours() -> None:
    own = {name for name in vars(PBKDF2PasswordHasher) if not name.startswith("__")}
    assert own == {"encode"}
    assert PBKDF2PasswordHasher.iterations == stock.PBKDF2PasswordHasher.iterations


@pytest.mark.parametrize(("writer", "reader"), [(OURS, STOCK), (STOCK, OURS)])
def test_rows_of_either_verify_with_the_other(writer: str, reader: str) -> None:
    with override_settings(PASSWORD_HASHERS=[writer]):
        row = make_password("correct horse")
    with override_settings(PASSWORD_HASHERS=[reader]):
        assert check_password("correct horse", row)
        assert not check_password("correct horse ", row)
        assert identify_hasher(row).decode(row)["iterations"] == stock.PBKDF2PasswordHasher.iterations


def test_must_update_and_harden_runtime_are_inherited() -> None:
    hasher = PBKDF2PasswordHasher()
    weak = hasher.encode("secret", "saltsaltsaltsaltsaltsa", 1_000)
    assert hasher.must_update(weak)
    before = _core.iterations_executed()
    hasher.harden_runtime("secret", weak)
    assert _core.iterations_executed() - before == hasher.iterations - 1_000


@pytest.mark.parametrize("salt", ["", "a$b", b"", b"a$b"])
def test_P08_salt_errors_are_djangos(salt: Any) -> None:
    with pytest.raises((ValueError, TypeError)) as theirs:
        stock.PBKDF2PasswordHasher().encode("secret", salt, 1)
    with pytest.raises(type(theirs.value)) as ours:
        PBKDF2PasswordHasher().encode("secret", salt, 1)
    assert str(ours.value) == str(theirs.value)


def test_zero_iterations_mean_the_default_as_in_django() -> None:
    hasher = PBKDF2PasswordHasher()
    assert hasher.encode("secret", "salt", 0).split("$")[1] == str(hasher.iterations)


class TestW001:
    def test_silent_with_one_hasher_a_name(self) -> None:
        with override_settings(PASSWORD_HASHERS=[OURS, "django.contrib.auth.hashers.MD5PasswordHasher"]):
            assert check_password_hashers(None) == []

    def test_names_both_and_says_replace(self) -> None:
        with override_settings(PASSWORD_HASHERS=[OURS, STOCK]):
            (warning,) = check_password_hashers(None)
        assert warning.id == "ferrauth.W001"
        assert f"{STOCK} silently verifies" in warning.msg
        assert OURS in warning.msg
        assert "Replace, don't add" in str(warning.hint)

    @pytest.mark.django_db  # Django's own checks ask the database what it can do.
    def test_is_registered(self) -> None:
        from django.core import checks

        with override_settings(PASSWORD_HASHERS=[OURS, STOCK]):
            assert "ferrauth.W001" in {message.id for message in checks.run_checks()}
