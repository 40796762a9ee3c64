"""``python -m ferrauth keygen``."""

import json
import os
import stat

import pytest

from ferrauth import jwt
from ferrauth.cli_keygen import main
from ferrauth.keys import Key


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_secret_to_paste(algorithm, capsys):
    assert main(["--algorithm", algorithm]) == 0
    secret = capsys.readouterr().out.strip()
    assert jwt.decode(jwt.encode({"a": 1}, secret, algorithm), secret, algorithms=[algorithm]) == {"a": 1}


def test_the_line_of_a_refused_secret_makes_one_that_is_not(capsys):
    with pytest.raises(jwt.InvalidKeyError) as caught:
        jwt.encode({}, "short", "HS384")
    line = str(caught.value).partition("python -m ferrauth keygen ")[2]
    assert main(line.split()) == 0
    assert jwt.encode({}, capsys.readouterr().out.strip(), "HS384")


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "EdDSA", "PS256"])
def test_pem(algorithm, capsys):
    assert main(["--algorithm", algorithm]) == 0
    assert Key.from_pem(capsys.readouterr().out, algorithm).can_sign


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "EdDSA"])
def test_jwk(algorithm, capsys):
    assert main(["--algorithm", algorithm, "--format", "jwk", "--kid", "2026"]) == 0
    key = Key.from_jwk(json.loads(capsys.readouterr().out))
    assert (key.algorithm, key.kid, key.can_sign) == (algorithm, "2026", True)


def test_a_file_is_private_and_never_written_over(tmp_path, capsys):
    path = tmp_path / "key.pem"
    before = os.umask(0)
    try:
        assert main(["--output", str(path)]) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert Key.from_pem(text).algorithm == "EdDSA"
    assert main(["--output", str(path)]) == 1
    assert main(["--output", str(tmp_path / "none" / "key.pem")]) == 1
    assert path.read_text() == text
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "exists" in printed.err


@pytest.mark.parametrize("arguments", [["--algorithm", "HS256", "--format", "pem"], ["--format", "secret"]])
def test_forms_that_a_key_has_not(arguments, capsys):
    assert main(arguments) == 1
    assert "is written as" in capsys.readouterr().err
