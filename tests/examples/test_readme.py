"""The Ninja example's README says what is so: its files, names, tests and counts are looked up."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from itertools import chain
from pathlib import Path

import pytest

from tools.demo import EXAMPLE

ROOT = Path(__file__).parents[2]
README = (EXAMPLE / "README.md").read_text()
BACKEND = EXAMPLE / "backend"

REVIEW = README.partition("## The review, line by line")[2].partition("\n## ")[0]
OWNED = README.partition("## Authentication code that the application still owns")[2].partition("\n## ")[0]

LINK = re.compile(r"\]\(([^)#]+)\)")
NAMES = re.compile(r"\[[^]]+\]\(([^)]+)\): ((?:`[^`]+`(?:, )?)+)")
"""A link to a file, and names that are in it."""
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
CASES = 23
"""Cases of the review's two test files."""
GAPS = 4
"""Cases that the review's finding 15 missed."""


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


ROWS = [line for line in REVIEW.splitlines() if line.startswith("| ") and TEST.search(line)]


def functions(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(source: str) -> set[int]:
    """Return the numbers of the lines that are neither blank, comment nor docstring."""
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    found = set(
        chain.from_iterable(
            range(token.start[0], token.end[0] + 1)
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type not in layout
        )
    )
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def statements_about(source: str, names: set[str]) -> set[int]:
    """Return the numbers of the lines of simple statements that name one of ``names``."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or hasattr(node, "body"):
            continue
        if names & {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}:
            lines |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


@pytest.mark.parametrize("path", sorted({link for link in LINK.findall(README) if "//" not in link}))
def test_every_linked_file_is_there(path: str) -> None:
    assert (EXAMPLE / path).exists()


def test_every_name_is_in_its_file() -> None:
    named = [(path, name) for path, names in NAMES.findall(REVIEW) for name in re.findall("`([^`]+)`", names)]
    assert len(named) > len(ROWS) / 2
    assert [(path, name) for path, name in named if name not in (EXAMPLE / path).read_text()] == []


def test_every_test_is_there() -> None:
    named = TEST.findall(README)
    assert [(path, name) for path, name in named if name not in functions(ROOT / path)] == []


def test_every_row_has_a_line_and_a_test() -> None:
    rules = [line for line in REVIEW.splitlines() if line.startswith("| ---")]
    lines = [line for line in REVIEW.splitlines() if line.startswith("|")]
    assert len(ROWS) == len(lines) - 2 * len(rules)
    for row in ROWS:
        *_, settled, tests = cells(row)
        assert LINK.search(settled), row
        assert TEST.search(tests), row


def test_the_findings_are_fifteen_and_the_first_and_last_have_their_number() -> None:
    findings = [row for row in ROWS if row in REVIEW.partition("### Open questions")[0]]
    assert [cells(row)[0] for row in findings] == ["1", *[""] * 13, "15"]


def test_the_reviews_two_files_have_their_23_cases_and_the_four_gaps() -> None:
    files = ("test_jwt_handler.py", "test_auth_api.py")
    tests = [name for file in files for name in functions(ROOT / "tests/examples" / file) if name.startswith("test_")]
    gaps = [name for name in tests if name.startswith("test_gap_")]
    assert (len(tests) - len(gaps), len(gaps)) == (CASES, GAPS)


def test_the_application_makes_and_reads_no_token_itself() -> None:
    assert not (BACKEND / "api/auth").exists()
    imported: set[str] = set()
    for path in BACKEND.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    assert not imported & {"jwt", "hmac", "hashlib", "jose", "ferrauth.jwt", "ferrauth.hazmat", "ferrauth.tokens"}


def test_the_lines_that_the_application_owns_are_counted() -> None:
    api = sum(len(code_lines(path.read_text())) for path in (BACKEND / "api").rglob("*.py"))
    source = (BACKEND / "config/settings.py").read_text()
    about = {"FERRAUTH", "PASSWORD_HASHERS", "AUTH_PASSWORD_VALIDATORS"}
    settings = len(code_lines(source) & statements_about(source, about))
    said = [int(number) for number in re.findall(r"(\d+) lines \|", OWNED)]
    assert said == [api, settings]
