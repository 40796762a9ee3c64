"""Properties of every token, header, payload, segment and key."""

import json
import math

import jwt as pyjwt
import pytest
from forge import NOW, SECRET, b64, tag, token
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ferrauth import hazmat, jwt
from ferrauth.accounts.legacy import LegacyReader
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer

KEY = Key.from_secret(SECRET)
RING = KeyRing([KEY, Key.from_secret(SECRET[::-1], kid="a")])
ISSUER = TokenIssuer(keys=RING)
LEGACY = LegacyReader({}, secrets=[SECRET])
PUBLIC = Key.generate("EdDSA").public()
READERS = (
    KEY.decode,
    RING.decode,
    PUBLIC.decode,
    ISSUER.decode_token,
    lambda text: LEGACY.decode_token(text, "access"),
    lambda text: ISSUER.decode_token(text, "refresh"),
    lambda text: jwt.decode(text, SECRET, algorithms=["HS256", "HS512"]),
    lambda text: jwt.decode_complete(text, SECRET, algorithms=["HS256"]),
    jwt.get_unverified_header,
    hazmat.decode_unverified,
)

plain_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | plain_text
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text, inner, max_size=4), max_leaves=12
)
REGISTERED = {"exp", "nbf", "iat", "iss", "aud", "sub", "jti"}
claims = st.dictionaries(plain_text.filter(lambda name: name not in REGISTERED), values, max_size=8)


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def same(a, b):
    """Equality that tells 1 from 1.0 and from True, and -0.0 from 0.0."""
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return type(a) is type(b) and a == b


@given(claims)
@settings(deadline=None)
def test_claims_survive_signing_and_verifying(payload):
    text = KEY.encode(payload)
    assert same(KEY.decode(text), payload)
    assert same(pyjwt.decode(text, SECRET, algorithms=["HS256"]), payload)
    if depth(payload) <= 16:
        assert same(KEY.decode(pyjwt.encode(payload, SECRET)), payload)


def refused_or_read(text):
    for read in READERS:
        try:
            read(text)
        except jwt.InvalidTokenError as error:
            assert str(error)


@given(st.text() | st.binary() | st.from_regex(r"\A[\w.\-=+/]*\Z"))
@example("\ud800")
@example("." * 8192)
@settings(deadline=None)
def test_any_text_is_refused_or_read(text):
    refused_or_read(text)


@given(st.lists(st.binary(max_size=60).map(b64) | st.text("ABab01-_", max_size=9), min_size=2, max_size=4))
@settings(deadline=None)
def test_any_segments_are_refused_or_read(segments):
    signed = ".".join(segments[:2])
    refused_or_read(".".join(segments))
    refused_or_read(f"{signed}.{b64(tag(signed))}")


json_texts = values.map(json.dumps).map(str.encode)
almost_json = st.builds(
    lambda text, at, piece, cut: text[: at % (len(text) + 1)] + piece + text[at % (len(text) + 1) + cut :],
    st.dictionaries(plain_text, values, max_size=4).map(json.dumps).map(str.encode),
    st.integers(0, 500),
    st.sampled_from(
        [
            b"",
            b'"',
            b"\\",
            b"{",
            b"}",
            b"[",
            b",",
            b":",
            b"\0",
            b"\xff",
            b"1",
            b"e",
            b"-",
            b".",
            b"\\u",
            b"\xef\xbb\xbf",
        ]
    ),
    st.integers(0, 3),
)


@given(st.binary(max_size=80) | json_texts | almost_json)
@example(b"\xef\xbb\xbf{}")
@example(b'{"a":1,"a":1}')
@settings(deadline=None)
def test_any_payload_is_refused_or_read_as_python_reads_it(payload):
    text = token(payload)
    refused_or_read(text)
    try:
        read = KEY.decode(text, options={"verify_" + name: False for name in REGISTERED})
    except jwt.InvalidTokenError:
        return
    assert same(read, json.loads(payload.decode("utf-8")))


@given(st.binary(max_size=80) | json_texts | almost_json)
@settings(deadline=None)
def test_any_header_is_refused_or_read_as_python_reads_it(header):
    text = token({}, header)
    refused_or_read(text)
    try:
        read = jwt.get_unverified_header(text)
    except jwt.InvalidTokenError:
        return
    assert same(read, json.loads(header.decode("utf-8")))


@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty", "x"]), values, max_size=5))
@settings(deadline=None)
def test_only_the_right_algorithm_is_accepted(header):
    text = token({}, header)
    refused_or_read(text)
    try:
        KEY.decode(text)
    except jwt.InvalidTokenError:
        return
    assert header["alg"] == "HS256"
    assert not {"crit", "b64"} & set(header)


@given(values, st.sampled_from(sorted(REGISTERED | {"token_type", "user_id", "sid", "gen"})))
@settings(deadline=None)
def test_any_registered_claim_is_refused_or_read(value, name):
    refused_or_read(token({name: value}))
    try:
        ours = KEY.decode(token({name: value}))
    except jwt.InvalidTokenError:
        return
    assert same(pyjwt.decode(token({name: value}), SECRET, algorithms=["HS256"]), ours)


@given(st.integers(-(2**65), 2**66) | st.floats())
@settings(deadline=None)
def test_J63_J70_no_date_is_accepted_that_is_over(exp):
    try:
        KEY.decode(token('{"exp":%s}' % json.dumps(exp)), now=NOW)
    except jwt.InvalidTokenError:
        assert not NOW + 1 <= exp <= 253_402_300_799
    else:
        assert NOW + 1 <= exp <= 253_402_300_799


@given(
    st.text() | st.binary(),
    st.sampled_from(["HS256", "HS512", "RS256", "PS512", "ES256", "ES384", "EdDSA", "none", ""]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_key_material_is_refused_or_loaded(material, algorithm):
    for load in (Key.from_secret, Key.from_pem, Key.from_jwk):
        try:
            key = load(material, algorithm)
        except (jwt.InvalidKeyError, ValueError) as error:
            if isinstance(error, ValueError):
                assert isinstance(material, str)
                with pytest.raises(UnicodeEncodeError):
                    material.encode()
        else:
            assert key.algorithm == algorithm


jwk_members = st.dictionaries(
    st.sampled_from(
        ["kty", "crv", "x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi", "k", "use", "alg", "kid", "key_ops", "oth"]
    ),
    st.sampled_from(["oct", "RSA", "EC", "OKP", "P-256", "Ed25519", "sig", "AQAB", "AA", "A" * 43, ["sign"], 1, None])
    | values,
    max_size=10,
)


@given(jwk_members, st.sampled_from([None, "HS256", "RS256", "ES256", "EdDSA"]))
@settings(deadline=None)
def test_any_jwk_is_refused_or_loaded(jwk, algorithm):
    for form in (jwk, json.dumps(jwk)):
        try:
            key = Key.from_jwk(form, algorithm)
        except jwt.InvalidKeyError:
            continue
        assert algorithm in (None, key.algorithm)
