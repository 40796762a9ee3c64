"""Rows written by stock Django, and the RFCs' own vectors; ``tests/vectors/README.md`` says where they come from."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import ferrauth
from ferrauth import hazmat

VECTORS = Path(__file__).parents[1] / "vectors"
FILES = sorted((VECTORS / "passwords").glob("django-*.json"))
ROWS: list[dict[str, Any]] = [row for file in FILES for row in json.loads(file.read_text())["rows"]]
PBKDF2 = [row for row in ROWS if row["algorithm"] == "pbkdf2_sha256"]
CLOSED = [row for row in ROWS if row["status"] in {"refused", "unusable"}]
RFC: list[dict[str, Any]] = json.loads((VECTORS / "passwords" / "pbkdf2_rfc.json").read_text())["vectors"]


def name(row: dict[str, Any]) -> str:
    return str(row["id"])


def test_the_files_are_the_ones_of_the_passport() -> None:
    digests = dict(re.findall(r"(?m)^\| ([\w.-]+\.json) .*`([0-9a-f]{64})` \|$", (VECTORS / "README.md").read_text()))
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (VECTORS / "passwords").iterdir()}
    assert digests == files


def test_the_releases_that_must_be_there() -> None:
    assert {file.stem for file in FILES} >= {"django-4.2", "django-5.2", "django-6.0", "django-6.1"}
    assert len(PBKDF2) > 80


@pytest.mark.parametrize("row", PBKDF2, ids=name)
def test_row_of_stock_django(row: dict[str, Any], cheap: int) -> None:
    assert ferrauth.check_password(row["password"], row["encoded"])
    if not row["at_default_cost"]:
        assert not ferrauth.check_password("x" + row["password"][:-1], row["encoded"])


@pytest.mark.parametrize("row", CLOSED, ids=name)
def test_P13_P15_row_that_opens_to_nobody(row: dict[str, Any], cheap: int) -> None:
    assert not ferrauth.check_password(row["password"] or "", row["encoded"])


@pytest.mark.parametrize("vector", [vector for vector in RFC if not vector["slow"]])
def test_rfc_vector(vector: dict[str, Any]) -> None:
    derived = hazmat.pbkdf2_hmac(
        vector["hash"], vector["password"], vector["salt"], vector["iterations"], vector["dklen"]
    )
    assert derived.hex() == vector["derived"]
