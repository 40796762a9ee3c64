"""Tokens under a right MAC whose JSON must be refused, by every function that decodes: J47 to J62, J82 and J83."""

import sys

import pytest
from forge import NOW, SECRET, soon, token
from readers import ISSUER, KEY, READERS, refused, signed

from ferrauth import jwt


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","alg":"HS256"}',
        '{"alg":"HS256","alg":"HS256"}',
        '{"alg":"HS256","\\u0061lg":"HS256"}',
        '{"alg":"HS256","x":{"a":1,"a":2}}',
    ],
)
def test_J47_duplicate_header_members(header):
    refused(signed(header))


@pytest.mark.parametrize(
    "payload",
    [
        '{"sub":"1","sub":"2"}',
        '{"exp":1,"exp":4000000000}',
        '{"sub":"1","\\u0073ub":"2"}',
        '{"a":{"b":1,"b":2}}',
        '{"a":[[{"b":1,"b":2}]]}',
    ],
)
def test_J48_duplicate_claims(payload):
    refused(token(payload))


JUNK = ["%s{}", "%sx", "%s//", "%s/**/", "%s\0", "%s,", "x%s", "//\n%s", "[%s]", "%s}", "%s null"]


@pytest.mark.parametrize("junk", JUNK)
def test_J49_bytes_around_the_object(junk):
    refused(signed(junk % '{"alg":"HS256"}'))
    refused(token(junk % '{"sub":"1"}'))


@pytest.mark.parametrize(
    "payload",
    [
        "{'sub':'1'}",
        '{"sub":"1",}',
        "{sub:1}",
        '{"sub":"1"/*x*/}',
        '{"sub":undefined}',
        '{"sub":True}',
        '{"sub":"a\nb"}',
    ],
)
def test_J49_other_dialects(payload):
    refused(token(payload))
    refused(signed('{"alg":"HS256",%s' % payload[1:]))


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7"]
)
def test_J50_J51_encodings(encoding):
    if encoding != "utf-7":
        refused(token(header='{"alg":"HS256","typ":"JWT"}'.encode(encoding)))
    refused(token('{"sub":"é+"}'.encode(encoding) if encoding != "utf-7" else b"+AHs-}"))


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff",
        b"\xc0\xaf",
        b"\xc1\x81",
        b"\xed\xa0\x80",
        b"\xe2\x82",
        b"\xf5\x80\x80\x80",
        b"\x80",
        b"\xf0\x80\x80\xaf",
    ],
)
def test_J52_what_is_no_utf8(bad):
    refused(token(b'{"sub":"' + bad + b'"}'))
    refused(token(header=b'{"alg":"HS256","x":"' + bad + b'"}'))
    refused(token(header=b'{"alg":"HS256' + bad + b'"}'))


@pytest.mark.parametrize(
    "escape", ["\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud800x", "\\udc00\\ud800", "\\u0000", "a\\u0000b"]
)
def test_J53_J54_halves_of_pairs_and_nul(escape):
    refused(token('{"sub":"%s"}' % escape))
    refused(token('{"%s":1}' % escape))
    refused(signed('{"alg":"HS256","x":"%s"}' % escape))


@pytest.mark.parametrize("depth", [17, 5_000, 100_000, 5_000_000])
def test_J55_nesting(depth):
    limit = sys.getrecursionlimit()
    for opening in ("[", '{"a":'):
        nested = opening * depth
        refused(token('{"a":%s' % nested))
        refused(signed('{"alg":"HS256","a":%s' % nested))
    assert sys.getrecursionlimit() == limit
    if depth == 17:
        assert KEY.decode(token('{"a":%s}' % ("[" * 15 + "]" * 15)))
        refused(token('{"a":%s}' % ("[" * 16 + "]" * 16)))
        refused(signed('{"alg":"HS256","a":%s}' % ("[" * 8 + "]" * 8)))


@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "1e400",
        "-1e400",
        "9" * 5_000,
        "01",
        "0x10",
        "+1",
        ".5",
        "5.",
        "1e",
        "--1",
        "18446744073709551616",
    ],
)
def test_J56_J57_numbers(number):
    refused(token('{"sub":"1","x":%s}' % number))
    refused(token('{"sub":"1","exp":%s}' % number))
    refused(signed('{"alg":"HS256","x":%s}' % number))


@pytest.mark.parametrize(
    ("text", "value"),
    [("-0", 0), ("1E+2", 100.0), ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63))],
)
def test_J57_numbers_that_are_numbers(text, value):
    read = KEY.decode(token('{"x":%s}' % text))["x"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("payload", ["[]", '["sub"]', '"sub"', "1", "null", "true", "", " ", "[{}]", "{"])
def test_J58_payloads_that_are_no_object(payload):
    # An empty payload leaves an empty segment.
    refused(token(payload))


def test_J59_no_claims_at_all():
    assert jwt.decode(token("{}"), SECRET, algorithms=["HS256"]) == {}
    for read in (ISSUER.decode_token, READERS["LegacyReader"]):
        with pytest.raises(jwt.InvalidTokenError):
            read(token("{}"))
    with pytest.raises(jwt.MissingRequiredClaimError):
        jwt.decode(token("{}"), SECRET, algorithms=["HS256"], options={"require": ["exp"]})


def test_J60_long_tokens():
    long = token({"a": "x" * 2_000_000})
    refused(long)
    medium = token({"a": "x" * 20_000})
    refused(medium)
    options = {"max_length": 65_536}
    assert len(KEY.decode(medium, options=options)["a"]) == 20_000
    with pytest.raises(jwt.DecodeError):
        KEY.decode(long, options=options)
    for length in (0, -1, 65_537, "8192", None):
        with pytest.raises((ValueError, TypeError)):
            KEY.decode(medium, options={"max_length": length})


@pytest.mark.parametrize("name", ["EXP", "Exp", "ехр", "exp ", "\\u200bexp"])
def test_J61_names_that_only_look_right(name):
    with pytest.raises(jwt.MissingRequiredClaimError):
        KEY.decode(token('{"%s":%d}' % (name, soon())), options={"require": ["exp"]})


def test_J62_members():
    assert KEY.decode(token({str(n): n for n in range(64)}))
    refused(token({str(n): n for n in range(65)}))
    refused(token({"a": {str(n): n for n in range(65)}}))
    refused(token({f"{n:06}": 0 for n in range(100_000)}))
    assert KEY.decode(token('{"__proto__":{"__class__":"x"}}')) == {"__proto__": {"__class__": "x"}}


@pytest.mark.parametrize(
    "claims", [{"verify": False}, {"verify_exp": False}, {"nonce_supported": False}, {"options": {"verify_exp": False}}]
)
def test_J82_claims_switch_nothing_off(claims):
    with pytest.raises(jwt.ExpiredSignatureError):
        KEY.decode(token({**claims, "exp": NOW - 1}), now=NOW)


def test_J83_claims_in_the_header_count_for_nothing():
    header = {"alg": "HS256", "exp": NOW + 60, "aud": "me", "sub": "admin"}
    with pytest.raises(jwt.ExpiredSignatureError):
        KEY.decode(token({"exp": NOW - 1}, header), now=NOW)
    with pytest.raises(jwt.MissingRequiredClaimError):
        KEY.decode(token({"sub": "1"}, header), audience="me")
    with pytest.raises(jwt.InvalidTokenError):
        ISSUER.decode_token(token(header=header))
