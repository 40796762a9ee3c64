"""The README's table of deliberate differences from PyJWT: every row is shown here, and every check has its row."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from forge import SECRET, b64, soon, tag, token

from ferrauth import hazmat, jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

README = Path(__file__).parents[2] / "README.md"
HEADING = "### Deliberate differences from PyJWT"
CHECKS: dict[str, Callable[[], None]] = {}


def rows() -> list[str]:
    """Return the first column of the README's table."""
    section = README.read_text().split(HEADING)[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.split("|")[1].strip() for line in lines[1:]]


def difference(row: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Name the row that a check shows."""

    def register(check: Callable[[], None]) -> Callable[[], None]:
        CHECKS[row] = check
        return check

    return register


def theirs(text: str, **arguments: Any) -> Any:
    return pyjwt.decode(text, SECRET, algorithms=["HS256"], **arguments)


def ours(text: str, **arguments: Any) -> Any:
    return jwt.decode(text, SECRET, algorithms=["HS256"], **arguments)


def read_by_pyjwt_alone(text: str) -> None:
    theirs(text)
    with pytest.raises(jwt.InvalidTokenError):
        ours(text)


@pytest.fixture(autouse=True)
def _their_warnings() -> Iterator[None]:
    """What PyJWT warns of is what is refused here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("row", rows())
def test_every_row_of_the_table_is_true(row: str) -> None:
    CHECKS[row]()


def test_every_check_has_its_row() -> None:
    assert rows() == list(CHECKS)


@difference("an HMAC secret shorter than the hash")
def _() -> None:
    assert pyjwt.decode(pyjwt.encode({}, "short"), "short", algorithms=["HS256"]) == {}
    for use in (lambda: jwt.encode({}, "short"), lambda: jwt.decode(token(), "short", algorithms=["HS256"])):
        with pytest.raises(jwt.InvalidKeyError, match="python -m ferrauth keygen"):
            use()


@difference("an RSA key of fewer than 2048 bits")
def _() -> None:
    key = rsa.generate_private_key(65_537, 1024)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert pyjwt.encode({}, pem, algorithm="RS256")
    with pytest.raises(jwt.InvalidKeyError):
        jwt.encode({}, pem, algorithm="RS256")


@difference("keys")
def _() -> None:
    key = rsa.generate_private_key(65_537, 2048)
    text = pyjwt.encode({}, key, algorithm="RS256")
    assert pyjwt.decode(text, key.public_key(), algorithms=["RS256"]) == {}
    with pytest.raises(TypeError):
        jwt.decode(text, key.public_key(), algorithms=["RS256"])


@difference('`algorithm="none"`, `ES512`, `ES256K`, `Ed448`')
def _() -> None:
    assert pyjwt.encode({}, None, algorithm="none")
    for algorithm in ("none", "ES512", "ES521", "ES256K"):
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.encode({}, SECRET, algorithm=algorithm)
    for missing in ("PyJWK", "PyJWKClient", "PyJWKSet", "register_algorithm", "PyJWS", "PyJWT"):
        assert hasattr(pyjwt, missing)
        assert not hasattr(jwt, missing)


@difference("a name that is no algorithm, in `encode`")
def _() -> None:
    with pytest.raises(NotImplementedError):
        pyjwt.encode({}, SECRET, algorithm="HS255")
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.encode({}, SECRET, algorithm="HS255")


@difference('`headers={"alg": ...}` of another algorithm, `sort_headers=False`, a claim\'s name that is no text')
def _() -> None:
    assert pyjwt.get_unverified_header(pyjwt.encode({}, SECRET, headers={"alg": "HS512"}))["alg"] == "HS512"
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.encode({}, SECRET, headers={"alg": "HS512"})
    assert pyjwt.encode({}, SECRET, sort_headers=False)
    with pytest.raises(ValueError, match="sort_headers"):
        jwt.encode({}, SECRET, sort_headers=False)
    numbered: Any = {1: 2}
    assert theirs(pyjwt.encode(numbered, SECRET)) == {"1": 2}
    with pytest.raises(TypeError):
        jwt.encode(numbered, SECRET)


@difference("a token that is neither `str` nor `bytes`")
def _() -> None:
    nothing: Any = None
    with pytest.raises(pyjwt.DecodeError):
        theirs(nothing)
    with pytest.raises(TypeError):
        ours(nothing)


@difference("a secret too short for one of several `algorithms`")
def _() -> None:
    secret, both = "s" * 40, ["HS256", "HS512"]
    assert pyjwt.decode(token(secret=secret), secret, algorithms=both)
    with pytest.raises(jwt.InvalidKeyError):
        jwt.decode(token(secret=secret), secret, algorithms=both)


@difference("letters beyond ASCII, in `encode`")
def _() -> None:
    mine, other = jwt.encode({"a": "é"}, SECRET), pyjwt.encode({"a": "é"}, SECRET)
    assert mine != other
    assert theirs(mine) == ours(other) == {"a": "é"}


@difference('`options={"verify_signature": False}`')
def _() -> None:
    forged = token()[:-5] + "AAAAA"
    options = {"verify_signature": False}
    assert pyjwt.decode(forged, options=options) == {"sub": "1"}
    with pytest.raises(ValueError, match="hazmat"):
        jwt.decode(forged, SECRET, algorithms=["HS256"], options=options)
    assert hazmat.decode_unverified(forged) == {"sub": "1"}


@difference("an option or an argument that is unknown")
def _() -> None:
    assert theirs(token(), options={"verify_expp": True}, typo=1)
    with pytest.raises(ValueError, match="option"):
        ours(token(), options={"verify_expp": True})
    with pytest.raises(TypeError):
        ours(token(), typo=1)


@difference("`leeway` above 120 seconds, or negative")
def _() -> None:
    for leeway in (86_400, -1):
        assert theirs(token(), leeway=leeway)
        with pytest.raises(ValueError, match="leeway"):
            ours(token(), leeway=leeway)


@difference("`subject=` where the token has no `sub`")
def _() -> None:
    assert theirs(token({"a": 1}), subject="1") == {"a": 1}
    with pytest.raises(jwt.MissingRequiredClaimError):
        ours(token({"a": 1}), subject="1")


@difference("`aud` that is there but empty, where none is expected")
def _() -> None:
    for nobody in ("", None, [], {}):
        assert theirs(token({"aud": nobody})) == {"aud": nobody}
        with pytest.raises(jwt.InvalidAudienceError):
            ours(token({"aud": nobody}))


@difference("a naive `datetime`")
def _() -> None:
    naive = datetime.now(UTC).replace(tzinfo=None)
    assert pyjwt.encode({"exp": naive}, SECRET)
    with pytest.raises(ValueError, match="time zone"):
        jwt.encode({"exp": naive}, SECRET)


@difference("NaN, infinities, NUL, lone surrogates and integers beyond 64 bits, in `encode`")
def _() -> None:
    for value in (float("nan"), float("inf"), "a\0b", "\ud800", 2**64, -(2**63) - 1):
        assert pyjwt.encode({"a": value}, SECRET)
        with pytest.raises(ValueError):  # noqa: PT011
            jwt.encode({"a": value}, SECRET)


@difference("the same, in `decode`")
def _() -> None:
    for value in ('"a\\u0000b"', '"\\ud800"', str(2**64), "1e400"):
        read_by_pyjwt_alone(token('{"a":%s}' % value))


@difference("`crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`, `x5t`, `x5t#S256`, `zip`, `enc`, `cty: JWT`")
def _() -> None:
    for member in ('"jwk":{}', '"jku":"x"', '"x5u":"x"', '"x5c":[]', '"x5t":"x"', '"x5t#S256":"x"', '"b64":true'):
        read_by_pyjwt_alone(token(header='{"alg":"HS256",%s}' % member))
    for member in ('"zip":"DEF"', '"enc":"x"', '"cty":"JWT"', '"crit":["b64"],"b64":true'):
        read_by_pyjwt_alone(token(header='{"alg":"HS256",%s}' % member))


@difference("a `typ` or `kid` that is no string")
def _() -> None:
    read_by_pyjwt_alone(token(header='{"alg":"HS256","typ":1}'))


@difference("a member that is there twice")
def _() -> None:
    read_by_pyjwt_alone(token('{"sub":"1","sub":"2"}'))
    read_by_pyjwt_alone(token(header='{"alg":"none","alg":"HS256"}'))
    read_by_pyjwt_alone(token('{"sub":"1","\\u0073ub":"2"}'))


@difference("a byte-order mark, UTF-16, UTF-32")
def _() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32-le"):
        read_by_pyjwt_alone(token(header='{"alg":"HS256"}'.encode(encoding)))
        read_by_pyjwt_alone(token('{"sub":"1"}'.encode(encoding)))


@difference("base64url that is padded")
def _() -> None:
    text = token()
    read_by_pyjwt_alone(text + "=")
    signed = ".".join([b64('{"alg":"HS256" }') + "==", text.split(".")[1]])
    read_by_pyjwt_alone(f"{signed}.{b64(tag(signed))}")


@difference("a token of more than 8 KiB")
def _() -> None:
    long = token({"a": "x" * 10_000})
    read_by_pyjwt_alone(long)
    assert ours(long, options={"max_length": 65_536}) == theirs(long)


@difference("more than 64 members in an object, more than 16 levels")
def _() -> None:
    read_by_pyjwt_alone(token({str(n): n for n in range(65)}))
    read_by_pyjwt_alone(token('{"a":%s}' % ("[" * 16 + "]" * 16)))


@difference("`exp`, `nbf`, `iat` as text or as a boolean, or beyond the year 9999")
def _() -> None:
    for name in ("nbf", "iat"):
        read_by_pyjwt_alone(token({name: True}))
    read_by_pyjwt_alone(token({"exp": str(soon())}))
    read_by_pyjwt_alone(token({"exp": 253_402_300_800}))
    read_by_pyjwt_alone(token({"nbf": "1"}))


@difference("a fraction of `nbf` or `iat`, an `iat` before 1970")
def _() -> None:
    read_by_pyjwt_alone(token({"iat": -1}))
    now = int(datetime.now(UTC).timestamp())
    assert ours(token({"nbf": now - 0.5})) == {"nbf": now - 0.5}
    with pytest.raises(jwt.ImmatureSignatureError):
        jwt.decode(token({"nbf": now + 0.5}), SECRET, algorithms=["HS256"], now=now)


def test_claims_without_a_difference_are_the_same_token() -> None:
    payload = {"sub": "1", "exp": soon()}
    text = jwt.encode(payload, SECRET)
    assert text == pyjwt.encode(payload, SECRET)
    assert theirs(text) == ours(text) == payload
