"""Published tokens and keys."""

import json
from pathlib import Path

import pytest
from derivation import hkdf

from ferrauth import hazmat, jwt
from ferrauth.keys import Key

DIRECTORY = Path(__file__).parents[1] / "vectors" / "tokens"
RFC7515 = json.loads((DIRECTORY / "rfc7515.json").read_text())
RFC8037 = json.loads((DIRECTORY / "rfc8037.json").read_text())
RFC5869 = json.loads((DIRECTORY / "rfc5869.json").read_text())
THEN = RFC7515["claims"]["exp"] - 1


@pytest.mark.parametrize("vector", RFC7515["tokens"], ids=lambda vector: vector["section"])
def test_rfc7515_appendix_a(vector):
    key = Key.from_jwk(vector["key"], vector["algorithm"])
    assert key.decode(vector["token"], now=THEN) == RFC7515["claims"]
    assert jwt.decode(vector["token"], key, algorithms=[vector["algorithm"]], now=THEN) == RFC7515["claims"]
    with pytest.raises(jwt.ExpiredSignatureError):
        key.decode(vector["token"])
    head, _, signature = vector["token"].rpartition(".")
    with pytest.raises(jwt.InvalidSignatureError):
        key.decode(f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}", now=THEN)
    assert key.decode(key.encode(RFC7515["claims"]), now=THEN) == RFC7515["claims"]
    private = hazmat.export_private_jwk(key)
    assert {name: private[name] for name in vector["key"]} == vector["key"]


def test_J01_rfc7515_appendix_a_5_unsecured():
    text = RFC7515["unsecured"]["token"]
    assert hazmat.decode_unverified(text + "AA") == RFC7515["claims"]
    for vector in RFC7515["tokens"]:
        with pytest.raises(jwt.InvalidTokenError):
            Key.from_jwk(vector["key"], vector["algorithm"]).decode(text, now=THEN)


def test_rfc8037_appendix_a():
    key = Key.from_jwk(RFC8037["key"])
    assert key.thumbprint() == RFC8037["thumbprint"]
    assert hazmat.export_private_jwk(key)["d"] == RFC8037["key"]["d"]
    # The payload is a text and no object, which is found out after the signature alone.
    with pytest.raises(jwt.DecodeError, match="not a JSON object") as caught:
        key.public().decode(RFC8037["token"])
    assert not isinstance(caught.value, jwt.InvalidSignatureError)
    with pytest.raises(jwt.InvalidSignatureError):
        key.decode(RFC8037["token"].replace(".RXhh", ".RXhi"))


@pytest.mark.parametrize("vector", RFC5869["vectors"], ids=lambda vector: vector["section"])
def test_the_hkdf_that_checks_derived_keys_is_that_of_rfc5869(vector):
    ikm, salt, info, okm = (bytes.fromhex(vector[name]) for name in ("ikm", "salt", "info", "okm"))
    assert hkdf(ikm, info, len(okm), salt) == okm
