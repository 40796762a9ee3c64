"""What may be submitted as a password (THREATS.md P21 to P33, P36)."""

from __future__ import annotations

import hashlib
import time
import unicodedata
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

import ferrauth
from ferrauth import hazmat

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORDS = {
    "P21_empty": "",
    "P26_64_bytes": "p" * 64,
    "P26_65_bytes": "p" * 65,
    "P28_nul": "p\0w",
    "P31_spaces": "  pass word \t",
    "P31_emoji": "🦀" * 70,
    "P31_right_to_left": "\u202epassword\u202c",
    "P32_bytes": b"bytes",
    "P32_no_utf8": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=[f"test_{name}" for name in PASSWORDS])
def test_equal_to_hashlib(password: str | bytes, cheap: int) -> None:
    row = ferrauth.make_password(password, "salt", iterations=cheap)
    raw = password.encode() if isinstance(password, str) else password
    key = hashlib.pbkdf2_hmac("sha256", raw, b"salt", cheap)
    assert row == f"pbkdf2_sha256${cheap}$salt${b64encode(key).decode()}"
    assert ferrauth.check_password(password, row)
    assert not ferrauth.check_password(password + password[:1] + (b"x" if isinstance(password, bytes) else "x"), row)


def test_P22_none_makes_an_unusable_password(cheap: int) -> None:
    row = ferrauth.make_password(None)
    assert row.startswith("!")
    assert len(row) == 41
    assert row[1:].isalnum()
    assert row != ferrauth.make_password(None)
    assert not ferrauth.check_password(row, row)


@pytest.mark.parametrize("password", [None, 5, ["secret"], bytearray(b"secret"), memoryview(b"secret"), "\ud800"])
def test_P22_P23_P30_no_password_is_false_at_full_cost(
    password: Any, cheap: int, work: Callable[[Callable[[], object]], int]
) -> None:
    rows = [
        ferrauth.make_password("secret", iterations=cheap),
        ferrauth.make_password("", iterations=10),
        "!",
        "junk",
    ]
    for row in rows:
        assert work(lambda row=row: ferrauth.check_password(password, row)) == cheap  # type: ignore[misc]
        assert not ferrauth.check_password(password, row)
        assert ferrauth.verify_and_update(password, row) == (False, None)


@pytest.mark.parametrize("password", [5, ["secret"], bytearray(b"secret"), memoryview(b"secret")])
def test_P23_make_refuses_other_types(password: Any) -> None:
    with pytest.raises(TypeError, match="password must be str or bytes"):
        ferrauth.make_password(password)


def test_P30_make_refuses_a_lone_surrogate_without_showing_it() -> None:
    with pytest.raises(ValueError, match="lone surrogate") as caught:
        ferrauth.make_password("hunter2\ud800")
    assert not isinstance(caught.value, UnicodeEncodeError)
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_P24_P25_ten_megabytes_are_hashed_once(cheap: int) -> None:
    """A key that were hashed again at every iteration would take 10 MB times 2,000: hours, not milliseconds."""
    password = "p" * 10_000_000
    row = ferrauth.make_password(password, "salt", iterations=cheap)
    assert row == ferrauth.make_password(hashlib.sha256(password.encode()).digest(), "salt", iterations=cheap)
    assert ferrauth.check_password(password, row)


def test_P29_forms_of_one_letter_are_different_passwords(cheap: int) -> None:
    row = ferrauth.make_password(unicodedata.normalize("NFC", "é"), iterations=cheap)
    assert not ferrauth.check_password(unicodedata.normalize("NFD", "é"), row)


def test_P33_case_and_truncation(cheap: int) -> None:
    row = ferrauth.make_password("Password" * 20, iterations=cheap)
    assert not ferrauth.check_password("password" * 20, row)
    assert not ferrauth.check_password("Password" * 19, row)


@pytest.mark.parametrize("salt", ["", "a$b", b"a$b", b""])
def test_P08_bad_salt(salt: Any) -> None:
    with pytest.raises(ValueError, match=r"^salt must be provided and cannot contain \$\.$"):
        ferrauth.make_password("secret", salt, iterations=1)


@pytest.mark.parametrize("iterations", [0, -1, 1.5, "1000", True, 10_000_001, 2**64, [1]])
def test_bad_iterations(iterations: Any) -> None:
    with pytest.raises(ValueError, match="iterations must be a whole number from 1 to 10000000"):
        ferrauth.make_password("secret", iterations=iterations)
    with pytest.raises(ValueError, match="iterations must be a whole number from 1 to 10000000"):
        hazmat.pbkdf2_hmac("sha256", b"secret", b"salt", iterations)


def test_other_threads_run_while_a_password_is_derived() -> None:
    """The interpreter is detached: this thread's clock would stand still if it were not."""
    import threading

    done = threading.Event()
    ticks = 0

    def derive() -> None:
        ferrauth.make_password("secret")
        done.set()

    thread = threading.Thread(target=derive)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 3


class TestBulk:
    def test_equal_to_one_by_one(self, cheap: int) -> None:
        passwords = [f"password {number}" for number in range(40)]
        rows = ferrauth.make_passwords(passwords, iterations=cheap)
        assert len({row.split("$")[2] for row in rows}) == 40
        assert all(ferrauth.check_password(p, row) for p, row in zip(passwords, rows, strict=True))
        assert ferrauth.check_passwords(zip(passwords, rows, strict=True)) == [True] * 40
        assert ferrauth.check_passwords(zip(passwords[::-1], rows, strict=True)) == [False] * 40

    def test_empty(self) -> None:
        assert ferrauth.make_passwords([]) == []
        assert ferrauth.check_passwords([]) == []

    def test_a_bad_item_names_its_index_and_derives_nothing(self, work: Callable[[Callable[[], object]], int]) -> None:
        def call(bad: Any, error: type[Exception]) -> None:
            with pytest.raises(error, match=r"passwords\[2\]"):
                ferrauth.make_passwords(["a", "b", bad])

        assert work(lambda: call(None, TypeError)) == 0
        assert work(lambda: call("\ud800", ValueError)) == 0

    def test_a_bad_pair_is_false(self, cheap: int) -> None:
        row = ferrauth.make_password("secret", iterations=cheap)
        bad: list[Any] = [("secret", row), (None, row), ("\ud800", row), ("secret", None), ("secret", "junk")]
        assert ferrauth.check_passwords(bad) == [True, False, False, False, False]


class TestConstantTimeCompare:
    @pytest.mark.parametrize(
        ("a", "b", "equal"),
        [
            ("", "", True),
            ("é", "é", True),
            ("é", "é".encode(), True),
            (b"\x00", b"\x00\x00", False),
            ("a", "b", False),
            ("\ud800", "\ud800", True),
            ("\ud800", "\udfff", False),
        ],
    )
    def test_compares(self, a: str | bytes, b: str | bytes, equal: bool) -> None:
        assert ferrauth.constant_time_compare(a, b) is equal

    def test_other_types(self) -> None:
        with pytest.raises(TypeError, match="b must be str or bytes, not NoneType"):
            ferrauth.constant_time_compare("a", None)  # type: ignore[arg-type]


class TestHazmat:
    @pytest.mark.parametrize("name", ["sha1", "sha256", "sha512"])
    @pytest.mark.parametrize("dklen", [None, 1, 20, 32, 33, 64, 65, 200])
    def test_equal_to_hashlib(self, name: str, dklen: int | None) -> None:
        for password in (b"", b"p", b"p" * 128, b"p" * 129):
            assert hazmat.pbkdf2_hmac(name, password, b"salt", 3, dklen) == hashlib.pbkdf2_hmac(
                name, password, b"salt", 3, dklen
            )

    def test_refuses(self) -> None:
        with pytest.raises(ValueError, match="hash_name"):
            hazmat.pbkdf2_hmac("md5", b"p", b"s", 1)
        with pytest.raises(ValueError, match="dklen"):
            hazmat.pbkdf2_hmac("sha256", b"p", b"s", 1, 0)
