"""Rows written by stock Django, and the RFCs' own vectors; ``tests/vectors/README.md`` says where they come from."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

import ferrauth
from ferrauth import _core, hazmat
from ferrauth.passwords import FORMATS, Policy
from tests.golden import FILES, VECTORS, name, rows

OPEN = rows("accepted", "listed")
CLOSED = rows("refused", "unusable")
ALL_FORMATS = Policy(iterations=1, formats=FORMATS)
"""What a failure costs is no part of these tests."""
RFC: list[dict[str, Any]] = json.loads((VECTORS / "passwords" / "pbkdf2_rfc.json").read_text())["vectors"]


def test_the_files_are_the_ones_of_the_passport() -> None:
    digests = dict(re.findall(r"(?m)^\| ([\w.-]+\.json) .*`([0-9a-f]{64})` \|$", (VECTORS / "README.md").read_text()))
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (VECTORS / "passwords").iterdir()}
    assert digests == files


def test_the_releases_that_must_be_there() -> None:
    assert {file.stem for file in FILES} >= {"django-4.2", "django-5.2", "django-6.0", "django-6.1"}
    assert len(OPEN) > 500
    assert {row["algorithm"] for row in OPEN} == {name for name in FORMATS if not name.startswith("pbkdf2_wrapped_")}


@pytest.mark.parametrize("row", OPEN, ids=name)
def test_row_of_stock_django(row: dict[str, Any]) -> None:
    assert ferrauth.check_password(row["password"], row["encoded"], policy=ALL_FORMATS)
    assert _core.matches(row["password"], row["encoded"])
    if not row["at_default_cost"]:
        assert not ferrauth.check_password("x" + row["password"][:-1], row["encoded"], policy=ALL_FORMATS)


@pytest.mark.parametrize("row", CLOSED, ids=name)
def test_P13_P15_row_that_opens_to_nobody(row: dict[str, Any]) -> None:
    for password in {row["password"] or "", row["encoded"], ""}:
        assert not ferrauth.check_password(password, row["encoded"], policy=ALL_FORMATS)


@pytest.mark.parametrize("row", rows("listed"), ids=name)
def test_P15_md5_verifies_only_where_it_is_listed(row: dict[str, Any], cheap: int) -> None:
    assert not ferrauth.check_password(row["password"], row["encoded"])


@pytest.mark.parametrize("vector", [vector for vector in RFC if not vector["slow"]])
def test_rfc_vector(vector: dict[str, Any]) -> None:
    derived = hazmat.pbkdf2_hmac(
        vector["hash"], vector["password"], vector["salt"], vector["iterations"], vector["dklen"]
    )
    assert derived.hex() == vector["derived"]
