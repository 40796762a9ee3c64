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

STOCK = ROOT / "benches/storm/stock"
"""The application as it was, rebuilt: login and ``me``."""

PARTS = {"Findings": ("F", 15), "Open questions": ("Q", 5), "What was good, and stays": ("P", 9)}
"""The review's lists, each with its letter and how many rows it has. The checklist's length is not known."""

NOT_AT_HAND = "*not at hand*"
"""What stands where the review's words would, when the repository does not have them."""

UNKNOWN = {"Q4", "Q5"}
"""Rows of which nothing is known but that they are."""


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of a text's tables that have an id, as it and the cells after it."""
    found = [cells(line) for line in text.splitlines() if re.match(r"\| [FQPC]\d", line)]
    assert len({row[0] for row in found}) == len(found), "An id is given twice."
    return {name: rest for name, *rest in found}


ROWS = rows(REVIEW)


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


def test_every_row_has_an_id_a_line_and_a_test() -> None:
    rules = [line for line in REVIEW.splitlines() if line.startswith("| ---")]
    lines = [line for line in REVIEW.splitlines() if line.startswith("|")]
    assert len(ROWS) == len(lines) - 2 * len(rules)
    for name, (*_, settled, tests) in ROWS.items():
        assert bool(LINK.search(settled) and TEST.search(tests)) == (name not in UNKNOWN), name


@pytest.mark.parametrize("part", PARTS)
def test_the_reviews_lists_are_whole(part: str) -> None:
    letter, count = PARTS[part]
    (text,) = re.findall(rf"^### {part}$(.*?)(?=^###|\Z)", REVIEW, re.MULTILINE | re.DOTALL)
    assert list(rows(text)) == [f"{letter}{number}" for number in range(1, count + 1)]


def test_words_that_are_not_at_hand_are_said_to_be() -> None:
    """The summary names the findings, three of the questions, and four rows of the checklist."""
    silent = {name for name, (words, *_) in ROWS.items() if words == NOT_AT_HAND}
    assert silent == UNKNOWN | {name for name in ROWS if name[0] == "P" or (name[0] == "C" and int(name[1:]) > 4)}


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


def script_lines(source: str) -> int:
    """Return how many lines of a script are neither blank nor a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("//") for line in source.splitlines())


def method_lines(source: str, name: str) -> int:
    """Return how many lines of code a method has."""
    (method,) = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name == name
    )
    return len(code_lines(source) & set(range(method.lineno, (method.end_lineno or method.lineno) + 1)))


def settings_lines(path: Path, *names: str) -> int:
    source = path.read_text()
    return len(code_lines(source) & statements_about(source, set(names)))


def test_the_lines_of_authentication_are_counted_before_and_after() -> None:
    before = {
        "`api/auth`": len(code_lines((STOCK / "urls.py").read_text())),
        "settings": settings_lines(STOCK / "settings.py", "PASSWORD_HASHERS"),
    }
    about = ("FERRAUTH", "PASSWORD_HASHERS", "AUTH_PASSWORD_VALIDATORS")
    after = {
        "`api/auth`": 0,
        "`api`": sum(len(code_lines(path.read_text())) for path in (BACKEND / "api").rglob("*.py")),
        "settings": settings_lines(BACKEND / "config/settings.py", *about),
        "managers": len(code_lines((BACKEND / "users/managers.py").read_text())),
        "`clean`": method_lines((BACKEND / "users/models.py").read_text(), "clean"),
        "`api.js`": script_lines((BACKEND / "web/static/web/api.js").read_text()),
    }
    table = [cells(line) for line in OWNED.splitlines() if line.startswith("| ") and not line.startswith("| ---")][1:]
    assert [(row[1], row[2]) for row in table] == [
        *((str(before.get(name, "")), str(count)) for name, count in after.items()),
        (str(sum(before.values())), str(sum(after.values()))),
    ]
