"""Tokens whose header, form or signature must be refused, by every function that decodes: J01 to J46, J84 to J89."""

import base64
import json

import pytest
from forge import SECRET, b64, soon, tag, token
from readers import ISSUER, KEY, NAMED, READERS, RING, refused, signed

from ferrauth import jwt


def test_the_readers_read_what_is_right():
    own = ISSUER.generate_tokens("1")
    legacy = {"token_type": "access", "user_id": 1, "jti": "1" * 32, "iat": 1, "exp": soon()}
    rights = {
        "KeyRing with names": token(header={"alg": "HS256", "kid": "a"}),
        "TokenIssuer access": own.access,
        "TokenIssuer refresh": own.refresh,
        "LegacyReader": token(legacy),
    }
    for name, read in READERS.items():
        assert read(rights.get(name, token()))


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", "noNE", "NoNe"])
@pytest.mark.parametrize("signature", ["empty", "mac", "text"])
def test_J01_J02_J03_none(alg, signature):
    head = f"{b64(json.dumps({'alg': alg}))}.{b64(json.dumps({'sub': '1', 'exp': soon()}))}"
    refused(head + {"empty": ".", "mac": "." + b64(tag(head)), "text": ".AAAA"}[signature])
    refused(head)


@pytest.mark.parametrize(
    "alg", ["hs256", "Hs256", "HS256 ", " HS256", "HS256\\u0000", "ＨＳ２５６", "HS-256", "SHA256", "HS2560", ""]
)
def test_J04_names_that_are_not_quite(alg):
    refused(signed('{"alg":"%s"}' % alg))


def test_J04_an_escaped_name_is_that_name():
    text = signed('{"alg":"\\u0048S256"}')
    assert jwt.decode(text, SECRET, algorithms=["HS256"]) == {"sub": "1"}
    assert KEY.decode(text) == {"sub": "1"}


@pytest.mark.parametrize("alg", [..., "null", "1", "1.5", "true", "[]", '["HS256"]', "{}", '{"HS256":1}'])
def test_J05_alg_that_is_no_string(alg):
    refused(signed('{"typ":"JWT"}' if alg is ... else '{"alg":%s}' % alg))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_J06_another_member_of_the_family(algorithm):
    text = token(algorithm=algorithm)
    for read in (KEY.decode, RING.decode, lambda text: jwt.decode(text, SECRET, algorithms=["HS256"])):
        with pytest.raises(jwt.InvalidAlgorithmError):
            read(text)


@pytest.mark.parametrize(
    "value",
    ['"c"', '"../../../dev/null"', '"\' OR 1=1 --"', '"https://evil.example"', '""', '"A"', '"a "', '"\\ufeffa"'],
)
def test_J22_unknown_key_ids(value):
    with pytest.raises(jwt.InvalidTokenError):
        NAMED.decode(signed('{"alg":"HS256","kid":%s}' % value))


@pytest.mark.parametrize("value", ["null", "1", "[]", '["a"]', "{}", "true", '"a\\u0000"', '"%s"' % ("a" * 10_000)])
def test_J22_key_ids_that_are_no_names(value):
    refused(signed('{"alg":"HS256","kid":%s}' % value))


def test_J23_no_key_id_where_keys_have_names():
    with pytest.raises(jwt.InvalidTokenError):
        NAMED.decode(token())
    with pytest.raises(jwt.InvalidTokenError):
        RING.decode(token(header={"alg": "HS256", "kid": "a"}))


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(member, id=f"{row}-{number}")
        for row, members in {
            "J25": ['"jwk":{"kty":"oct","k":"AAAA"}'],
            "J26": ['"jku":"https://127.0.0.1/jwks.json"', '"jku":"file:///etc/passwd"', '"x5u":"https://127.0.0.1/"'],
            "J27": ['"x5c":["MIIB"]', '"x5t":"AAAA"', '"x5t#S256":"AAAA"'],
            "J28": ['"crit":["x"],"x":1'],
            "J29": [
                '"crit":[]',
                '"crit":"exp"',
                '"crit":["alg"]',
                '"crit":["b64"],"b64":true',
                '"crit":["x","x"]',
                '"crit":null',
            ],
            "J30": ['"b64":false', '"b64":false,"crit":["b64"]', '"b64":true'],
            "J31": ['"enc":"A256GCM"', '"zip":"DEF"'],
            "J32": ['"cty":"JWT"', '"cty":"jwt"'],
        }.items()
        for number, member in enumerate(members)
    ],
)
def test_J25_J26_J27_J28_J29_J30_J31_J32_parameters_that_no_verifier_may_ignore(members):
    refused(signed('{"alg":"HS256",%s}' % members))
    with pytest.raises(jwt.InvalidTokenError):
        jwt.get_unverified_header(signed('{"alg":"HS256",%s}' % members))


def test_J30_an_unencoded_payload():
    header = b64('{"alg":"HS256","b64":false,"crit":["b64"]}')
    refused(f"{header}..{b64(tag(f'{header}.payload'))}")
    refused(f"{header}.{'a' * 60_000}.{b64(tag(header))}")


def test_J31_five_segments():
    header = b64('{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2c":2147483648,"p2s":"AAAA"}')
    refused(f"{header}.AAAA.AAAA.AAAA.AAAA")
    refused(f"{header}.AAAA.AAAA")


@pytest.mark.parametrize(
    "text",
    ['{"payload":"","signatures":[]}', '{"protected":"e30","payload":"e30","signature":""}', "[]", '{"a":"b.c.d"}'],
)
def test_J33_json_serialization(text):
    refused(text)


@pytest.mark.parametrize(
    "header", ["[]", '"HS256"', "1", "null", "true", "{}", " ", '["alg","HS256"]', '{"alg":"HS256"', '"alg":"HS256"}']
)
def test_J34_headers_that_are_no_object(header):
    refused(signed(header))


def test_J35_large_headers():
    refused(signed('{"alg":"HS256","x":"%s"}' % ("a" * 2_000)))
    refused(signed('{"alg":"HS256","kid":"%s"}' % ("a" * 1_000_000)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "....",
        "a",
        "a.b",
        ".a.b",
        "a.b.",
        "a..b",
        "a.b.c.d",
        "a.b.c.d.e",
        ".e30.",
        "e30.e30.",
        "null",
        "undefined",
    ],
)
def test_J37_other_than_three_segments(text):
    refused(text)
    refused(text.encode())


@pytest.mark.parametrize(
    "change", [lambda t: "." + t, lambda t: t + ".", lambda t: t.rpartition(".")[0], lambda t: t.replace(".", "")]
)
def test_J37_dots_too_many_or_too_few(change):
    refused(change(token()))


def test_J38_a_text_of_dots():
    refused("." * 10_000_000)
    refused("." * 8_000)


@pytest.mark.parametrize("padding", ["=", "==", "==="])
@pytest.mark.parametrize("segment", [0, 1, 2])
def test_J39_padding(padding, segment):
    parts = token().split(".")
    parts[segment] += padding
    refused(".".join(parts))
    signed_part = ".".join(parts[:2])
    refused(f"{signed_part}.{b64(tag(signed_part))}" if segment < 2 else ".".join(parts))


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_J40_bits_after_the_last_byte(segment):
    # Lengths that leave bits over in every segment.
    parts = token('{"sub":"12"}', '{"alg":"HS256"}').split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(parts[segment]) % 4 in (2, 3, 0)
    if len(parts[segment]) % 4 == 0:
        parts[segment] = b64(base64.urlsafe_b64decode(parts[segment]) + b" ")
    last = alphabet.index(parts[segment][-1])
    parts[segment] = parts[segment][:-1] + alphabet[last ^ 1]
    signed_part = ".".join(parts[:2])
    refused(f"{signed_part}.{b64(tag(signed_part)) if segment < 2 else parts[2]}")


@pytest.mark.parametrize(
    "character", ["+", "/", " ", "\t", "\r", "\n", "\0", "!", "?", "*", "%", "é", "ａ", "\ud800", "\u200b", "\x7f", "~"]
)
def test_J41_J42_J43_J45_characters_outside_the_alphabet(character):
    text = token()
    for index in (0, 1, 5, text.index("."), text.index(".") + 1, 30, text.rindex("."), len(text) - 1, len(text)):
        refused(text[:index] + character + text[index:])
        refused(text[:index] + character + text[index + 1 :])
    if character != "\ud800":
        refused((text + character).encode())


def test_J44_one_character_over():
    for parts in (
        ["A", "e30", "AAAA"],
        ["e30", "A", "AAAA"],
        ["e30", "e30", "A"],
        [b64('{"alg":"HS256"}') + "A", "e30", "AAAA"],
    ):
        signed_part = ".".join(parts[:2])
        refused(".".join(parts))
        refused(f"{signed_part}.{b64(tag(signed_part))}")


@pytest.mark.parametrize(
    "value", [None, 1, 1.5, True, bytearray(b"a.b.c"), memoryview(b"a.b.c"), ["a"], {"a": 1}, object(), str]
)
def test_J46_other_types(value):
    for read in READERS.values():
        with pytest.raises(TypeError):
            read(value)


@pytest.mark.parametrize("length", [0, 1, 16, 31, 33, 64])
def test_J84_signatures_of_another_length(length):
    head, _, _ = token().rpartition(".")
    right = tag(head)
    refused(f"{head}.{b64((right + right)[:length])}")


def test_J85_every_bit_of_the_signature():
    head, _, _ = token().rpartition(".")
    right = tag(head)
    for bit in range(256):
        flipped = bytearray(right)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(jwt.InvalidSignatureError):
            KEY.decode(f"{head}.{b64(bytes(flipped))}")


def test_J85_every_character_of_the_token():
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    for index, character in enumerate(text):
        other = alphabet[(alphabet.index(character) + 7) % len(alphabet)]
        with pytest.raises(jwt.InvalidTokenError):
            KEY.decode(text[:index] + other + text[index + 1 :])


def test_J87_the_received_bytes_are_verified():
    for payload in ('{ "sub" : "1" }', '{"sub":"\\u0031"}', '{"b":1,\r\n "a":2}'):
        assert KEY.decode(token(payload)) == json.loads(payload)
    # The same claims, spelled otherwise under the first spelling's signature.
    head, _, signature = token('{"sub":"1"}').rpartition(".")
    respelled = b64('{ "sub":"1"}')
    refused(f"{head.partition('.')[0]}.{respelled}.{signature}")


def test_J88_J89_one_answer_and_no_echo(caplog):
    bad = [
        token()[:-1] + ("A" if token()[-1] != "A" else "E"),
        token({"exp": 1}),
        token(header={"alg": "HS256", "kid": "secret-kid-name"}),
        token({"iss": "secret-issuer-name", "iat": "secret-date"}),
        "secret-text\r\n\x1b[31m" * 10,
        "x" * 100_000,
    ]
    answers = set()
    for text in bad:
        for read in READERS.values():
            try:
                read(text)
            except jwt.InvalidTokenError as error:
                answers.add((error.status, error.code))
                assert "secret-" not in str(error)
                assert "secret-" not in repr(error)
                assert not set(str(error)) & {"\r", "\n", "\x1b"}
                assert error.__cause__ is None
    assert answers == {(401, "invalid_token")}
    assert not caplog.records
