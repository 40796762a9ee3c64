"""pwdlib's ``PasswordHash`` over Django's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

import ferrauth
from ferrauth.passwords import DjangoHasher, Policy
from tests.golden import name, rows

if TYPE_CHECKING:
    from pwdlib.hashers import HasherProtocol

GOLDEN = [row for row in rows("accepted", cheap=True) if row["id"].endswith("/ascii")]


def test_satisfies_the_protocol(cheap: int) -> None:
    hasher: HasherProtocol = DjangoHasher()
    row = hasher.hash("secret")
    assert row.startswith(f"pbkdf2_sha256${ferrauth.passwords.DEFAULT_ITERATIONS}$")
    assert hasher.hash(b"secret", salt=b"salt") == ferrauth.make_password("secret", "salt")


@pytest.mark.parametrize("row", GOLDEN, ids=name)
def test_reads_djangos_rows(row: dict[str, str], cheap: int) -> None:
    passwords = PasswordHash((DjangoHasher(), Argon2Hasher()))
    assert passwords.verify(row["password"], row["encoded"])
    verified, renewed = passwords.verify_and_update(row["password"], row["encoded"].encode())
    assert verified
    if renewed is not None:
        assert passwords.verify_and_update(row["password"], renewed) == (True, None)
    assert passwords.verify_and_update("wrong", row["encoded"]) == (False, None)


def test_another_hasher_first_takes_djangos_rows_over(cheap: int) -> None:
    passwords = PasswordHash((Argon2Hasher(), DjangoHasher()))
    verified, renewed = passwords.verify_and_update("secret", ferrauth.make_password("secret"))
    assert verified
    assert renewed is not None
    assert renewed.startswith("$argon2id$")
    assert passwords.verify_and_update("secret", renewed) == (True, None)


def test_P13_an_unusable_row_is_djangos_and_opens_to_nobody(cheap: int) -> None:
    passwords = PasswordHash((DjangoHasher(),))
    assert passwords.verify("secret", ferrauth.make_password(None)) is False
    assert passwords.verify("secret", b"pbkdf2_sha256$\xff") is False
    assert not DjangoHasher.identify("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA")


def test_a_policy(cheap: int) -> None:
    hasher = DjangoHasher(Policy(iterations=3_000))
    row = hasher.hash("secret")
    assert row.split("$")[1] == "3000"
    assert not hasher.check_needs_rehash(row)
    assert hasher.check_needs_rehash(ferrauth.make_password("secret"))
    assert not hasher.check_needs_rehash("junk")
