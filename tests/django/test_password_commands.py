"""``password_report``, ``password_upgrade`` and ``password_load``, on both databases."""

from __future__ import annotations

import io
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import override_settings

from ferrauth.django import hashers
from ferrauth.django.progress import Progress
from ferrauth.django.tables import OLD, Upgrade
from tests import databases
from tests.golden import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.django_db(databases=databases.ALL)

ITERATIONS = 2_000
PLAIN = [
    f"ferrauth.django.hashers.{name}PasswordHasher" for name in ("PBKDF2", "Argon2", "MD5", "BCrypt", "PBKDF2SHA1")
]
WRAPPED = [f"ferrauth.django.hashers.PBKDF2Wrapped{name}PasswordHasher" for name in OLD.values()]


@pytest.fixture(params=databases.ALL, ids=databases.IDS, autouse=True)
def project(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run on each database, with cheap derivations."""
    monkeypatch.setattr(databases.OneDatabase, "current", request.param)
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "iterations", ITERATIONS)
    with override_settings(
        DATABASE_ROUTERS=["tests.databases.OneDatabase"],
        PASSWORD_HASHERS=[*PLAIN, *WRAPPED],
        AUTHENTICATION_BACKENDS=["ferrauth.django.backends.FerrauthBackend"],
    ):
        yield


def golden(algorithm: str) -> dict[str, Any]:
    found = rows("accepted", "listed", "refused", cheap=True)
    return next(row for row in found if row["algorithm"] == algorithm and row["password"])


def fill(copies: int = 3) -> dict[str, str]:
    """Make users with rows of every old format, and some that are not old; return their passwords."""
    passwords: dict[str, str] = {}
    for algorithm in OLD:
        row = golden(algorithm)
        for copy in range(copies):
            passwords[f"{algorithm}-{copy}"] = row["password"]
            User.objects.create(username=f"{algorithm}-{copy}", password=row["encoded"])
    for name, row in {
        "current": make_password("secret"),
        "argon2": golden("argon2")["encoded"],
        "unusable": "!" + "x" * 40,
        "junk": "junk$secret$secret",
        "broken": "pbkdf2_sha256$x$secret$secret",
    }.items():
        User.objects.create(username=name, password=row)
    return passwords


def run(command: str, *arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def stored() -> dict[str, str]:
    return dict(User.objects.values_list("username", "password"))


class TestReport:
    def test_for_people(self) -> None:
        fill()
        text, _ = run("password_report")
        lines = {line.split()[0]: line for line in text.splitlines() if line}
        assert "2,000 iterations" in lines["pbkdf2_sha256"] or "1,000 iterations" in lines["pbkdf2_sha256"]
        assert lines["unusable"].endswith("opens to nobody")
        assert lines["sha1"].endswith("not in PASSWORD_HASHERS")
        assert lines["bcrypt"].endswith("outdated")
        assert "rows are below the policy" in text

    def test_for_programs_and_no_hash_is_printed(self) -> None:
        fill()
        text, _ = run("password_report", "--json")
        facts = json.loads(text)
        assert facts["users"] == sum(group["users"] for group in facts["groups"]) == 3 * len(OLD) + 5
        assert 0 < facts["outdated_share"] < 1
        assert {group["format"] for group in facts["groups"]} >= {*OLD, "argon2", "unusable", "unreadable"}
        for row in stored().values():
            secrets = [part for part in row.split("$")[2:] if len(part) > 8 and "=" not in part[:2]]
            assert not any(secret in text for secret in secrets)
        assert "secret" not in text

    def test_P40_names_the_floor_that_hides_the_costliest_rows(self) -> None:
        User.objects.create(username="costly", password=hashers.PBKDF2PasswordHasher().encode("x", "s" * 22, 9_000))
        text, _ = run("password_report")
        assert 'FERRAUTH = {"HASHER_FLOOR": 9000}' in text

    def test_rows_of_the_projects_own_hasher_open(self) -> None:
        User.objects.create(username="eve", password="reversed$salt$terces")
        with override_settings(PASSWORD_HASHERS=[*PLAIN, "tests.django.own_hasher.ReversedPasswordHasher"]):
            facts = json.loads(run("password_report", "--json")[0])
        (group,) = facts["groups"]
        assert (group["format"], group["verifies"], group["outdated"]) == ("reversed", True, True)

    def test_nobody(self) -> None:
        assert "0 users" in run("password_report")[0]


class TestUpgrade:
    def test_every_row_opens_by_its_password_and_becomes_plain_at_the_next_login(self) -> None:
        passwords, before = fill(), stored()
        text, _ = run("password_upgrade", "--json")
        facts = json.loads(text)
        assert (facts["wrapped"], facts["overtaken"], facts["unfit"]) == (3 * len(OLD), 0, 0)
        after = stored()
        for name, password in passwords.items():
            assert identify_hasher(after[name]).algorithm == f"pbkdf2_wrapped_{name.rsplit('-', 1)[0]}"
            assert check_password(password, after[name])
            assert not check_password("x" + password[:-1], after[name])
            assert len(after[name]) <= 128
            assert authenticate(username=name, password=password) is not None
        for name, row in stored().items():
            if name in passwords:
                assert row.startswith(f"pbkdf2_sha256${ITERATIONS}$")
            else:
                assert row == before[name]
        assert json.loads(run("password_upgrade", "--json")[0])["wrapped"] == 0

    def test_dry_run_writes_nothing(self) -> None:
        fill()
        before = stored()
        text, _ = run("password_upgrade", "--dry-run")
        assert "3 rows of md5" in text
        assert stored() == before

    def test_limit_and_batch_size_and_going_on(self) -> None:
        fill(copies=1)
        done = 0
        while wrapped := json.loads(run("password_upgrade", "--limit", "3", "--batch-size", "2", "--json")[0])[
            "wrapped"
        ]:
            assert wrapped <= 3
            done += wrapped
        assert done == len(OLD)

    def test_a_missing_wrapped_hasher_is_named_and_nothing_is_written(self) -> None:
        fill()
        before = stored()
        with override_settings(PASSWORD_HASHERS=[*PLAIN, *WRAPPED[1:]]), pytest.raises(CommandError) as caught:
            run("password_upgrade")
        assert WRAPPED[0] in str(caught.value)
        assert WRAPPED[1] not in str(caught.value)
        assert stored() == before

    def test_a_row_that_its_owner_changes_meanwhile_is_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(copies=1)
        changed = make_password("another")
        from ferrauth.django import tables

        wrap = tables.wrap_passwords

        def late(found: list[str], **arguments: Any) -> list[str | None]:
            User.objects.filter(username="md5-0").update(password=changed)
            return wrap(found, **arguments)

        monkeypatch.setattr(tables, "wrap_passwords", late)
        facts = json.loads(run("password_upgrade", "--json")[0])
        assert facts["overtaken"] == 1
        assert stored()["md5-0"] == changed

    @pytest.mark.django_db(transaction=True, databases=databases.ALL)
    def test_a_row_that_another_transaction_holds_is_counted(self) -> None:
        if connections[databases.OneDatabase.current].vendor != "postgresql":
            return  # SQLite has no locks on rows.
        fill(copies=1)
        holds, ends = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic(using="postgresql"):
                User.objects.select_for_update().get(username="md5-0")
                holds.set()
                ends.wait()
            connections["postgresql"].close()

        thread = threading.Thread(target=hold)
        thread.start()
        holds.wait()
        try:
            facts = json.loads(run("password_upgrade", "--json")[0])
        finally:
            ends.set()
            thread.join()
        assert (facts["wrapped"], facts["held"]) == (len(OLD) - 1, 1)
        assert "md5" in run("password_upgrade", "--dry-run")[0]

    def test_a_row_that_would_not_fit_is_left_alone(self) -> None:
        row = "md5$" + "s" * 90 + "$" + "0" * 32
        User.objects.create(username="long", password=row)
        assert json.loads(run("password_upgrade", "--json")[0])["unfit"] == 1
        assert stored()["long"] == row

    @pytest.mark.parametrize("arguments", [["--limit", "0"], ["--batch-size", "0"], ["--iterations", "0"]])
    def test_bad_options(self, arguments: list[str]) -> None:
        with pytest.raises(CommandError, match="must be"):
            run("password_upgrade", *arguments)

    def test_interrupted_between_batches_keeps_what_is_done(self) -> None:
        fill(copies=1)
        upgrade = Upgrade(iterations=ITERATIONS, batch=2)
        next(iter(upgrade.run()))
        assert sum("wrapped" in row for row in stored().values()) == upgrade.wrapped == 2


class TestLoad:
    def load(self, path: Path, text: str, *arguments: str) -> dict[str, Any]:
        path.write_text(text, encoding="utf-8")
        out = io.StringIO()
        try:
            call_command("password_load", str(path), "--json", *arguments, stdout=out, stderr=io.StringIO())
        except CommandError as error:
            assert str(error) == "Lines were refused."
        facts: dict[str, Any] = json.loads(out.getvalue())
        return facts

    def test_csv(self, tmp_path: Path) -> None:
        md5 = make_password("old", hasher="md5")
        facts = self.load(
            tmp_path / "users.csv",
            "username,email,password,encoded\n"
            f'ada,ada@example.com,"pass, word",\nbob,bob@example.com,,{md5}\neve,,,!nobody\n',
        )
        assert facts == {"loaded": 3, "refused": []}
        assert check_password("pass, word", stored()["ada"])
        assert stored()["ada"].startswith(f"pbkdf2_sha256${ITERATIONS}$")
        assert stored()["bob"] == md5
        assert stored()["eve"] == "!nobody"
        assert User.objects.get(username="bob").email == "bob@example.com"

    def test_json_lines(self, tmp_path: Path) -> None:
        lines = [
            {"username": "ada", "password": "sécret🦀", "is_active": False},
            {"username": "bob", "password": " x "},
        ]
        facts = self.load(tmp_path / "users.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
        assert facts["loaded"] == 2
        assert check_password("sécret🦀", stored()["ada"])
        assert check_password(" x ", stored()["bob"])
        assert not User.objects.get(username="ada").is_active

    BAD = (
        "ada,secret-1,\n,secret-2,\nbob,,\ncem,secret-3,junk\nada,secret-4,\ndan,,junk$secret-5$x\n"
        'eve,,pbkdf2_sha256$x$secret-6$x\n"fay,secret-7"\ngil,secret-8,\n'
    )

    @pytest.mark.parametrize("batch", ["1", "3", "500"])
    def test_a_bad_line_is_reported_by_its_number_and_the_rest_goes_on(self, tmp_path: Path, batch: str) -> None:
        facts = self.load(tmp_path / "users.csv", "username,password,encoded\n" + self.BAD, "--batch-size", batch)
        assert facts["loaded"] == 2
        assert sorted(line["line"] for line in facts["refused"]) == [3, 4, 5, 6, 7, 8, 9]
        assert set(stored()) == {"ada", "gil"}
        assert check_password("secret-1", stored()["ada"])
        assert "secret" not in json.dumps(facts)

    def test_atomic_keeps_everything_out(self, tmp_path: Path) -> None:
        facts = self.load(tmp_path / "users.csv", "username,password,encoded\n" + self.BAD, "--atomic")
        assert facts["loaded"] == 0
        assert len(facts["refused"]) == 7
        assert stored() == {}
        good = self.load(tmp_path / "users.csv", "username,password\nada,secret\n", "--atomic")
        assert good == {"loaded": 1, "refused": []}

    def test_unknown_columns(self, tmp_path: Path) -> None:
        facts = self.load(tmp_path / "users.csv", "username,pasword\nada,secret\n")
        assert facts["refused"][0]["reason"].startswith("it needs either")
        facts = self.load(tmp_path / "users.csv", "username,password,nick,groups\nada,secret,a,1\n")
        assert facts["refused"] == [{"line": 2, "reason": "'nick' is no field of User"}]

    def test_a_value_of_another_kind_is_a_bad_line(self, tmp_path: Path) -> None:
        odd = [{"date_joined": 5}, {"date_joined": {}}, {"id": float("inf")}, {"is_active": []}]
        lines = [json.dumps({"username": f"user{n}", "password": "secret"} | odd[n]) for n in range(len(odd))]
        nested, good = "[" * 100_000, json.dumps({"username": "ada", "password": "secret"})
        facts = self.load(tmp_path / "users.jsonl", "\n".join([*lines, nested, good]))
        assert [line["line"] for line in facts["refused"]] == [1, 2, 3, 4, 5]
        assert set(stored()) == {"ada"}

    def test_T13_T15_names_are_spelled_as_a_registration_spells_them(self, tmp_path: Path) -> None:
        line = {"username": "\ufb01ne", "email": "Ada@EXAMPLE.com", "password": "secret"}
        assert self.load(tmp_path / "users.jsonl", json.dumps(line))["loaded"] == 1
        assert User.objects.get(username="fine").email == "Ada@example.com"

    @pytest.mark.parametrize(
        ("name", "data", "message"),
        [
            ("users.csv", b"", "no header line"),
            ("users.csv", b"username,username\n", "names a column twice"),
            ("users.csv", b"username,password\nada,\xff\n", "not UTF-8"),
            ("users.txt", b"", "say --format"),
        ],
    )
    def test_bad_files(self, tmp_path: Path, name: str, data: bytes, message: str) -> None:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CommandError, match=message):
            run("password_load", str(tmp_path / name))

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="No such file"):
            run("password_load", str(tmp_path / "users.csv"))

    def test_P24_P30_passwords_that_no_login_takes(self, tmp_path: Path) -> None:
        lines = [{"username": "ada", "password": "p" * 5_000}, {"username": "bob", "password": 5}]
        text = "\n".join([*map(json.dumps, lines), '{"username": "cem", "password": "\\ud800"}', "[]", "{"])
        facts = self.load(tmp_path / "users.jsonl", text)
        assert [line["line"] for line in facts["refused"]] == [1, 2, 3, 4, 5]
        assert facts["loaded"] == 0


class TestProgress:
    def test_plain_lines_where_there_is_no_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ferrauth.django.progress.INTERVAL", 0.0)
        stream = io.StringIO()
        progress = Progress(200, "rows", stream=stream)
        progress.update(50)
        assert progress.close() >= 0
        assert stream.getvalue().startswith("50 of 200 rows (25 %), ")
        assert stream.getvalue().endswith(" left\n")

    def test_a_bar_on_a_terminal(self) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        stream = Terminal()
        progress = Progress(4, "rows", stream=stream)
        progress.update(1)
        progress.update(4)
        progress.close()
        assert "4/4" in stream.getvalue()


@pytest.mark.parametrize("command", ["password_report", "password_upgrade", "password_load"])
def test_help_is_for_newcomers(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command(command, "--help")
    assert "--json" in capsys.readouterr().out
