"""Every hasher class: rows of stock Django and ours read with each other, and Django's parameters round-trip."""

from __future__ import annotations

import hashlib
from typing import Any

import argon2
import bcrypt
import pytest
from django.contrib.auth import hashers as stock
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.test import override_settings

from ferrauth.django import hashers as ours
from ferrauth.django.libraries import argon2 as our_argon2
from ferrauth.django.libraries import bcrypt as our_bcrypt
from ferrauth.passwords import FORMATS, wrap_passwords
from tests.golden import name, rows

CLASSES = [
    "PBKDF2PasswordHasher",
    "PBKDF2SHA1PasswordHasher",
    "Argon2PasswordHasher",
    "BCryptSHA256PasswordHasher",
    "BCryptPasswordHasher",
    "ScryptPasswordHasher",
    "MD5PasswordHasher",
]
WRAPPED = [name for name in ours.__all__ if "Wrapped" in name]
CHEAP = {"iterations": 1_000, "rounds": 4, "work_factor": 16, "memory_cost": 64, "time_cost": 1}
ALL = [f"ferrauth.django.hashers.{name}" for name in (*CLASSES, *WRAPPED)]


def pair(class_name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Return our hasher and Django's, both at a cost of next to nothing."""
    for module in (ours, stock):
        for attribute, value in CHEAP.items():
            if hasattr(getattr(module, class_name), attribute):
                monkeypatch.setattr(getattr(module, class_name), attribute, value)
    return getattr(ours, class_name)(), getattr(stock, class_name)()


@pytest.mark.parametrize("class_name", CLASSES)
@pytest.mark.parametrize("password", ["", "secret", "pässwörd🦀", "p" * 72, "nul\0nul"])
def test_rows_of_either_verify_with_the_other(class_name: str, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = pair(class_name, monkeypatch)
    for writer, reader in ((mine, theirs), (theirs, mine), (mine, mine)):
        row = writer.encode(password, writer.salt())
        assert reader.verify(password, row)
        assert not reader.verify("x" + password[:-1], row)
        assert reader.decode(row) == writer.decode(row) or class_name.startswith("Argon2")
        assert reader.safe_summary(row) == writer.safe_summary(row)
        assert not reader.must_update(row)
        reader.harden_runtime(password, row)


@pytest.mark.parametrize("class_name", CLASSES)
def test_encodes_byte_for_byte_alike(class_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = pair(class_name, monkeypatch)
    salt = theirs.salt()
    assert mine.encode("secret", salt) == theirs.encode("secret", salt)


@pytest.mark.parametrize("class_name", CLASSES)
def test_defaults_are_djangos(class_name: str) -> None:
    mine, theirs = getattr(ours, class_name), getattr(stock, class_name)
    own = {name for name in vars(mine) if not name.startswith("__")}
    assert own <= {"encode", "_load_library", "harden_runtime"}
    for attribute in (*CHEAP, "parallelism", "block_size", "salt_entropy", "algorithm"):
        assert getattr(mine, attribute, None) == getattr(theirs, attribute, None)


@pytest.mark.parametrize(
    ("class_name", "attribute", "higher"),
    [
        ("PBKDF2SHA1PasswordHasher", "iterations", 2_000),
        ("Argon2PasswordHasher", "time_cost", 2),
        ("BCryptPasswordHasher", "rounds", 5),
        ("ScryptPasswordHasher", "work_factor", 32),
    ],
)
def test_must_update_is_djangos(class_name: str, attribute: str, higher: int, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = pair(class_name, monkeypatch)
    row = mine.encode("secret", mine.salt())
    monkeypatch.setattr(type(mine), attribute, higher)
    monkeypatch.setattr(type(theirs), attribute, higher)
    assert mine.must_update(row)
    assert theirs.must_update(row)
    assert mine.must_update(theirs.encode("secret", theirs.salt())) is False


def test_no_library_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for module in ("argon2", "bcrypt"):
        monkeypatch.setitem(sys.modules, module, None)
    for class_name in CLASSES:
        mine, theirs = pair(class_name, monkeypatch)
        row = mine.encode("secret", mine.salt())
        assert mine.verify("secret", row)
        assert mine.safe_summary(row)
        if class_name.startswith(("Argon2", "BCrypt")):
            with pytest.raises(ValueError, match="Couldn't load"):
                theirs.encode("secret", mine.salt())


@pytest.mark.parametrize("row", rows("accepted", "listed", cheap=True), ids=name)
def test_golden_rows_through_password_hashers(row: dict[str, Any]) -> None:
    with override_settings(PASSWORD_HASHERS=["ferrauth.django.hashers.MD5PasswordHasher", *ALL]):
        assert check_password(row["password"], row["encoded"])
        assert not check_password("x" + row["password"][:-1], row["encoded"])
        (wrapped,) = wrap_passwords([row["encoded"]], iterations=10)
        if wrapped is not None:
            assert check_password(row["password"], wrapped)
            assert identify_hasher(wrapped).decode(wrapped)["iterations"] == 10


def test_a_wrapped_class_for_every_wrapped_format() -> None:
    algorithms = {getattr(ours, name).algorithm for name in WRAPPED}
    assert algorithms == {name for name in FORMATS if name.startswith("pbkdf2_wrapped_")}


def test_wrapped_md5_rows_are_those_of_djangos_guide() -> None:
    md5 = hashlib.md5(b"saltsecret").hexdigest()  # noqa: S324
    row = stock.PBKDF2PasswordHasher().encode(md5, "salt", 10).replace("pbkdf2_sha256", "pbkdf2_wrapped_md5")
    assert wrap_passwords([f"md5$salt${md5}"], iterations=10) == [row]
    assert ours.PBKDF2WrappedMD5PasswordHasher().verify("secret", row)


class TestBCrypt:
    def test_P17_a_password_beyond_72_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mine, _ = pair("BCryptPasswordHasher", monkeypatch)
        long = "p" * 73
        with pytest.raises(ValueError, match="72 bytes"):
            mine.encode(long, mine.salt())
        row = mine.encode("p" * 72, mine.salt())
        assert mine.verify(long, row)
        assert not mine.verify("x" + long, row)
        monkeypatch.setattr(type(mine), "rounds", 5)
        mine.harden_runtime(long, row)

    def test_gensalt_is_read_by_bcrypt(self) -> None:
        salts = {our_bcrypt.gensalt(4) for _ in range(50)}
        assert len(salts) == 50
        for salt in salts:
            assert bcrypt.hashpw(b"secret", salt) == our_bcrypt.hashpw(b"secret", salt)

    @pytest.mark.parametrize("salt", [b"", b"$2b$04$short", b"$2x$04$" + b"." * 22, b"$2b$31$" + b"." * 22])
    def test_P16_bad_salt(self, salt: bytes) -> None:
        with pytest.raises(ValueError, match=r"Invalid salt|outside"):
            our_bcrypt.hashpw(b"secret", salt)


class TestArgon2:
    def test_the_library_is_as_argon2_cffi(self) -> None:
        for kind in our_argon2.low_level.Type:
            cost = {"time_cost": 1, "memory_cost": 64, "parallelism": 2, "hash_len": 32}
            mine = our_argon2.low_level.hash_secret(b"secret", b"saltsalt", type=kind, **cost)
            assert mine == argon2.low_level.hash_secret(
                b"secret", b"saltsalt", type=argon2.low_level.Type[kind.name], **cost
            )
            theirs = argon2.extract_parameters(mine.decode())
            read = our_argon2.extract_parameters(mine.decode())
            assert {**vars(read), "type": read.type.name} == {
                name: theirs.type.name if name == "type" else getattr(theirs, name) for name in vars(read)
            }

    def test_P16_costs_beyond_the_caps(self) -> None:
        hasher = ours.Argon2PasswordHasher()
        bomb = "argon2$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43
        assert hasher.verify("secret", bomb) is False
        with pytest.raises(ValueError, match="outside"):
            our_argon2.low_level.hash_secret(b"", b"saltsalt", 1, 2**31, 1, 32, our_argon2.low_level.Type.ID)

    @pytest.mark.parametrize("row", ["", "$argon2id$v=19$m=1,t=1$c2FsdA$aGFzaA", "$junk$m=1,t=1,p=1$c2FsdA$aGFzaA"])
    def test_extract_parameters_of_junk(self, row: str) -> None:
        with pytest.raises(ValueError, match=r"argon2|unpack"):
            our_argon2.extract_parameters(row)


def test_scrypt_costs_beyond_the_caps() -> None:
    hasher = ours.ScryptPasswordHasher()
    with pytest.raises(ValueError, match="outside"):
        hasher.encode("secret", "salt", n=2**30)
    with pytest.raises(ValueError, match="salt must be provided"):
        hasher.encode("secret", "")


def test_make_password_writes_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pair("Argon2PasswordHasher", monkeypatch)
    with override_settings(PASSWORD_HASHERS=["ferrauth.django.hashers.Argon2PasswordHasher"]):
        row = make_password("secret")
    assert row.startswith("argon2$argon2id$v=19$m=64,t=1,p=8$")
    assert argon2.PasswordHasher().verify(row.removeprefix("argon2"), "secret")
