"""``python -m ferrauth`` and the cost profiles."""

from __future__ import annotations

import json
import subprocess
import sys

import django
import pytest
from django.contrib.auth import hashers as stock

from ferrauth import cli_calibrate, profiles
from ferrauth.__main__ import main


def test_a_newcomer_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("info", "calibrate", "keygen"))


def test_an_unknown_command_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["frobnicate"])
    assert end.value.code == 2
    assert "keygen" in capsys.readouterr().err


def test_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "ferrauth", "info", "--json"], capture_output=True, check=True)
    info = json.loads(done.stdout)
    assert info["profile"] in {"release", "debug"}
    assert info["memory_budget"] > 0
    assert info["profiles"]["django_6_1"]["iterations"] == 1_500_000


def test_info_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    text = capsys.readouterr().out
    assert all(one.source in text for one in profiles.ALL)
    assert "soft" in text


def test_calibrate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_calibrate, "SAMPLE", 2_000)
    assert main(["calibrate", "--target", "1ms"]) == 0
    text = capsys.readouterr().out
    assert "below OWASP's minimum of 600,000" in text
    assert "class PasswordHasher(PBKDF2PasswordHasher):" in text
    assert main(["calibrate", "--target", "0.5s", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["target_seconds"] == 0.5
    assert measured["iterations"] % 10_000 == 0
    assert measured["logins_at_once"] >= 1


def test_P01_calibrate_prints_nothing_that_would_be_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_calibrate, "_median", lambda _call: 1e-9)
    assert main(["calibrate", "--target", "10s"]) == 0
    text = capsys.readouterr().out
    assert "make_password(password, iterations=10_000_000)" in text
    assert "More than 10,000,000 are refused" in text
    assert "policy=ferrauth.passwords.Policy(iterations=10_000_000)" in text


@pytest.mark.parametrize("text", ["100", "fast", "0ms", "11s", "1m", "1 s"])
def test_calibrate_refuses_what_is_no_time(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["calibrate", "--target", text])
    assert "is no time such as 100ms" in capsys.readouterr().err


def test_the_installed_djangos_profile_is_its_hashers() -> None:
    release = profiles.get(f"django_{django.VERSION[0]}_{django.VERSION[1]}")
    assert release.iterations == stock.PBKDF2PasswordHasher.iterations
    for name, hasher in (
        ("django_argon2", stock.Argon2PasswordHasher),
        ("django_scrypt", stock.ScryptPasswordHasher),
        ("django_bcrypt", stock.BCryptSHA256PasswordHasher),
    ):
        profile = profiles.get(name)
        assert profile.algorithm == hasher.algorithm
        assert dict(profile.parameters) == {key: getattr(hasher, key) for key in profile.parameters}


def test_profiles_have_names_and_sources() -> None:
    assert len({one.name for one in profiles.ALL}) == len(profiles.ALL) >= 15
    assert all(one.source for one in profiles.ALL)
    with pytest.raises(KeyError, match="owasp_pbkdf2"):
        profiles.get("django_7_0")
    with pytest.raises(ValueError, match="has no iterations"):
        _ = profiles.RFC_9106_FIRST.iterations
