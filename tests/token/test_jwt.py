"""``ferrauth.jwt`` in PyJWT's shape."""

import json
import warnings
from datetime import UTC, datetime, timedelta, timezone

import jwt as pyjwt
import pytest
from forge import NOW, SECRET, soon, token

from ferrauth import exceptions, hazmat, jwt
from ferrauth.keys import Key, KeyRing

CLAIMS = {"token_type": "access", "user_id": "7f8c", "jti": "x", "iat": NOW, "exp": NOW + 60}


def decode(text, **arguments):
    return jwt.decode(text, SECRET, algorithms=["HS256"], **arguments)


def test_what_ferrauth_signs_pyjwt_reads_and_the_other_way_round():
    claims = {
        "sub": 'é😀"\\\n\t\x01',
        "exp": soon(),
        "nested": {"list": [1, -1, 0.1, 1e300, True, False, None, [], {}], "tuple": (1, 2)},
        "big": 2**64 - 1,
        "small": -(2**63),
        "": "empty",
    }
    read = {**claims, "nested": {**claims["nested"], "tuple": [1, 2]}}
    assert pyjwt.decode(jwt.encode(claims, SECRET), SECRET, algorithms=["HS256"]) == read
    assert decode(pyjwt.encode(claims, SECRET)) == read


def test_encodes_byte_for_byte_the_header_that_pyjwt_encodes():
    assert jwt.encode(CLAIMS, SECRET) == pyjwt.encode(CLAIMS, SECRET)
    assert jwt.encode(CLAIMS, SECRET, "HS512", {"kid": "a"}) == pyjwt.encode(CLAIMS, SECRET, "HS512", {"kid": "a"})
    assert jwt.encode(CLAIMS, SECRET, headers={"typ": None}) == pyjwt.encode(CLAIMS, SECRET, headers={"typ": None})


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_every_hmac(algorithm):
    text = jwt.encode(CLAIMS, SECRET, algorithm)
    assert text == pyjwt.encode(CLAIMS, SECRET, algorithm)
    assert jwt.decode(text, SECRET, algorithms=[algorithm], now=NOW) == CLAIMS
    assert jwt.decode(text.encode(), SECRET.encode(), algorithms=["HS256", "HS384", "HS512"], now=NOW) == CLAIMS


def test_decode_gives_a_fresh_dict():
    text = jwt.encode(CLAIMS, SECRET)
    first = decode(text, now=NOW)
    first["user_id"] = "changed"
    assert decode(text, now=NOW) == CLAIMS


def test_decode_complete():
    text = jwt.encode(CLAIMS, SECRET, headers={"kid": "k", "x": {"y": [1]}})
    expected = pyjwt.decode_complete(
        text, SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert jwt.decode_complete(text, SECRET, algorithms=["HS256"], now=NOW) == expected
    assert jwt.get_unverified_header(text) == expected["header"]


def test_datetimes_become_whole_seconds():
    moment = datetime(2030, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))
    claims = {"exp": moment, "nbf": moment - timedelta(days=1), "iat": moment - timedelta(days=2)}
    text = jwt.encode(claims, SECRET)
    assert hazmat.decode_unverified(text) == {name: int(value.timestamp()) for name, value in claims.items()}
    assert text == pyjwt.encode(claims, SECRET)
    assert claims["exp"] is moment
    with pytest.raises(ValueError, match="time zone"):
        jwt.encode({"exp": datetime(2030, 1, 1)}, SECRET)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ([], TypeError),
        ("text", TypeError),
        (None, TypeError),
        ({1: 2}, TypeError),
        ({"a": object()}, TypeError),
        ({"a": {1, 2}}, TypeError),
        ({"iss": 1}, TypeError),
        ({"a": float("nan")}, ValueError),
        ({"a": float("inf")}, ValueError),
        ({"a": 2**64}, ValueError),
        ({"a": -(2**63) - 1}, ValueError),
        ({"a": "\ud800"}, ValueError),
        ({"\ud800": 1}, ValueError),
        ({"a": "\0"}, ValueError),
        ({str(n): n for n in range(65)}, ValueError),
        ({"a": "x" * 70_000}, ValueError),
    ],
)
def test_encode_refuses_what_no_verifier_would_read(payload, error):
    with pytest.raises(error):
        jwt.encode(payload, SECRET)


def test_encode_bounds_nesting():
    def nested(depth):
        return {"a": nested(depth - 1)} if depth > 1 else {}

    assert decode(jwt.encode(nested(16), SECRET)) == nested(16)
    with pytest.raises(ValueError, match="nested"):
        jwt.encode(nested(17), SECRET)
    circle = {}
    circle["a"] = circle
    with pytest.raises(ValueError, match="nested"):
        jwt.encode(circle, SECRET)


def test_json_encoder():
    class Encoder(json.JSONEncoder):
        def default(self, value):
            return sorted(value)

    text = jwt.encode({"a": {2, 1}}, SECRET, json_encoder=Encoder)
    assert decode(text) == {"a": [1, 2]}
    with pytest.raises(ValueError, match="number"):
        jwt.encode({"a": 10**30}, SECRET, json_encoder=Encoder)


def test_headers_may_not_lie():
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.encode({}, SECRET, headers={"alg": "none"})
    for headers in ({"crit": ["x"]}, {"b64": False}, {"jwk": {}}, {"kid": 1}):
        with pytest.raises(jwt.InvalidTokenError):
            jwt.encode({}, SECRET, headers=headers)
    with pytest.raises(ValueError, match="header"):
        jwt.encode({}, SECRET, headers={"x": "y" * 1024})


def test_algorithms_have_to_be_named():
    text = jwt.encode({}, SECRET)
    for algorithms in (None, [], ()):
        with pytest.raises(jwt.DecodeError, match="algorithms"):
            jwt.decode(text, SECRET, algorithms=algorithms)
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(text, SECRET, algorithms=["none"])
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(text, SECRET, algorithms=["HS512"])
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.encode({}, SECRET, algorithm="none")


def test_a_key_brings_its_algorithm():
    key = Key.from_secret(SECRET, "HS384")
    text = jwt.encode({"sub": "1"}, key)
    assert jwt.decode(text, key) == {"sub": "1"}
    assert jwt.decode(text, KeyRing([key])) == {"sub": "1"}
    for anything in (key, KeyRing([key])):
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(text, anything, algorithms=["HS256"])
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.encode({}, key, algorithm="HS256")


def test_options():
    expired = token({"exp": 1, "tenant": 1})
    assert decode(expired, options={"verify_exp": False})["exp"] == 1
    with pytest.raises(jwt.MissingRequiredClaimError) as caught:
        decode(expired, options={"verify_exp": False, "require": ["exp", "sub"]})
    assert caught.value.claim == "sub"
    assert str(caught.value) == 'Token is missing the "sub" claim'
    with pytest.raises(ValueError, match="hazmat"):
        decode(expired, options={"verify_signature": False})
    assert decode(token(), options={"verify_signature": True}) == {"sub": "1"}
    with pytest.raises(ValueError, match="no option"):
        decode(expired, options={"verify_expp": False})


@pytest.mark.parametrize(
    ("payload", "arguments", "error"),
    [
        ({"exp": NOW}, {}, "ExpiredSignatureError"),
        ({"nbf": NOW + 1}, {}, "ImmatureSignatureError"),
        ({"iat": NOW + 1}, {}, "ImmatureSignatureError"),
        ({"iat": "x"}, {}, "InvalidIssuedAtError"),
        ({"exp": "x"}, {}, "DecodeError"),
        ({"nbf": "x"}, {}, "DecodeError"),
        ({"aud": "a"}, {}, "InvalidAudienceError"),
        ({"aud": "a"}, {"audience": "b"}, "InvalidAudienceError"),
        ({}, {"audience": "b"}, "MissingRequiredClaimError"),
        ({"iss": "a"}, {"issuer": "b"}, "InvalidIssuerError"),
        ({}, {"issuer": "b"}, "MissingRequiredClaimError"),
        ({"sub": 1}, {}, "InvalidSubjectError"),
        ({"sub": "a"}, {"subject": "b"}, "InvalidSubjectError"),
        ({"jti": 1}, {}, "InvalidJTIError"),
    ],
)
def test_raises_what_pyjwt_raises(payload, arguments, error):
    text = token(payload)
    with pytest.raises(getattr(jwt, error)) as caught:
        decode(text, now=NOW, **arguments)
    assert type(caught.value) is getattr(exceptions, error)
    now = datetime.fromtimestamp(NOW, UTC)
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:

        class Frozen(datetime):
            @classmethod
            def now(cls, tz):
                return now.astimezone(tz)

        patch.setattr("jwt.api_jwt.datetime", Frozen)
        with pytest.raises(getattr(pyjwt.exceptions, error)):
            pyjwt.decode(text, SECRET, algorithms=["HS256"], **arguments)


@pytest.mark.parametrize(
    ("claims", "arguments", "error"),
    [
        ({}, {"algorithms": []}, jwt.DecodeError),
        ({"aud": "a"}, {"audience": ["a"], "options": {"strict_aud": True}}, jwt.InvalidAudienceError),
        ({"aud": ["a"]}, {"audience": "a", "options": {"strict_aud": True}}, jwt.InvalidAudienceError),
        ({"aud": ""}, {"audience": ""}, jwt.InvalidTokenError),
        ({"aud": ""}, {"audience": [""]}, jwt.InvalidTokenError),
        ({"aud": []}, {"audience": "a"}, jwt.InvalidTokenError),
    ],
)
def test_what_pyjwt_refuses_by_its_arguments_is_refused(claims, arguments, error):
    arguments = {"algorithms": ["HS256"], **arguments}
    with pytest.raises(pyjwt.InvalidTokenError):
        pyjwt.decode(token(claims), SECRET, **arguments)
    with pytest.raises(error):
        jwt.decode(token(claims), SECRET, **arguments)


def test_J06_an_empty_list_of_algorithms_allows_none():
    key = Key.from_secret(SECRET)
    for keys in (key, KeyRing([key])):
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(token(), keys, algorithms=[])


def test_J01_no_algorithm_is_none_and_not_a_default():
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.encode({}, SECRET, algorithm=None)
    assert jwt.encode({}, Key.from_secret(SECRET, "HS512"), algorithm=None) == jwt.encode({}, SECRET, "HS512")


def test_sort_headers_is_pyjwt_s_and_always_on():
    headers = {"kid": "b", "a": "x"}
    sorted_by_both = jwt.encode({}, SECRET, headers=headers, sort_headers=True)
    assert sorted_by_both == pyjwt.encode({}, SECRET, headers=headers, sort_headers=True)
    with pytest.raises(ValueError, match="sort_headers"):
        jwt.encode({}, SECRET, headers=headers, sort_headers=False)


def test_required_claims_are_a_list_each_of_them_once():
    assert decode(token({"foo": 1}), options={"require": ["foo", "foo"]}) == {"foo": 1}
    with pytest.raises(TypeError, match="require"):
        decode(token({"exp": soon()}), options={"require": "exp"})


def test_a_subject_that_is_asked_for_has_to_be_there():
    with pytest.raises(jwt.MissingRequiredClaimError):
        decode(token({"a": 1}), subject="1")


def test_a_header_is_only_that_of_a_token():
    header = token().split(".")[0]
    for text in (f"{header}.A.AA", f"{header}.AA.A", f"{header}.QR.QQ", f"{header}.QQ.QR"):
        with pytest.raises(jwt.DecodeError):
            jwt.get_unverified_header(text)


def test_options_that_change_while_they_are_read():
    class Odd:
        def __bool__(self):
            options["verify_nbf"] = False
            return True

    options = {"verify_exp": Odd()}
    assert decode(token(), options=options) == {"sub": "1"}


def test_J110_a_key_signs_within_its_window_only():
    for window in ({"not_after": NOW - 60_000_000}, {"not_before": NOW + 60_000_000}):
        key = Key.from_secret(SECRET, **window)
        for sign in (key.encode, lambda payload, key=key: jwt.encode(payload, key)):
            with pytest.raises(jwt.InvalidKeyError, match="sign now"):
                sign({})
    assert Key.from_secret(SECRET, not_before=1, not_after=NOW * 2).encode({}) == Key.from_secret(SECRET).encode({})


def test_the_hierarchy_is_that_of_pyjwt():
    for name in jwt.__all__:
        theirs = getattr(pyjwt.exceptions, name, None)
        if isinstance(theirs, type):
            ours = getattr(jwt, name)
            bases = [base.__name__ for base in theirs.__mro__[:-2] if base not in (BaseException, Exception)]
            assert [base.__name__ for base in ours.__mro__][: len(bases)] == bases, name
            assert issubclass(ours, exceptions.FerrauthError)
    assert {jwt.InvalidTokenError.status, jwt.ExpiredSignatureError.status} == {401}
    assert jwt.ExpiredSignatureError.code == jwt.InvalidSignatureError.code == "invalid_token"


@pytest.mark.parametrize(
    "arguments", [{"audience": ["a", "b"]}, {"issuer": ["i", "j"]}, {"audience": ("a",), "issuer": {"i"}}]
)
def test_several_audiences_and_issuers(arguments):
    claims = {"aud": ["a"], "iss": "i"} if "audience" in arguments else {"iss": "i"}
    text = token(claims)
    if "issuer" not in arguments:
        arguments = {**arguments, "issuer": "i"}
    assert decode(text, **arguments) == claims


@pytest.mark.parametrize("leeway", [0, 120, 0.5, timedelta(seconds=120)])
def test_leeway(leeway):
    exp = NOW - int(leeway.total_seconds() if isinstance(leeway, timedelta) else leeway)
    assert decode(token({"exp": exp + 1}), leeway=leeway, now=NOW)
    with pytest.raises(jwt.ExpiredSignatureError):
        decode(token({"exp": exp}), leeway=leeway, now=NOW)


@pytest.mark.parametrize(
    "leeway", [-1, 121, 86_400, timedelta(days=1), timedelta(seconds=-1), float("nan"), float("inf"), True]
)
def test_J75_leeway_is_bounded(leeway):
    with pytest.raises((ValueError, TypeError)):
        decode(token(), leeway=leeway)


def test_hazmat_reads_without_vouching():
    text = token({"exp": 1, "aud": "x"})
    assert hazmat.decode_unverified(text[:-5] + "AAAAA") == {"exp": 1, "aud": "x"}
    with pytest.raises(jwt.DecodeError):
        hazmat.decode_unverified("a.b.c")


@pytest.mark.parametrize("value", [None, 1, bytearray(b"a.b.c"), memoryview(b"a.b.c"), ["a.b.c"], object()])
def test_J46_other_types_are_type_errors(value):
    for read in (decode, jwt.get_unverified_header, hazmat.decode_unverified, Key.from_secret(SECRET).decode):
        with pytest.raises(TypeError):
            read(value)


def test_J46_a_subclass_of_str_is_its_text():
    class Liar(str):
        def encode(self, *arguments):
            return b"x"

        def __str__(self):
            return "y"

    assert decode(Liar(token())) == {"sub": "1"}


@pytest.mark.parametrize(("algorithm", "needed"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_J10_J11_short_secrets(algorithm, needed):
    for length in (0, 1, needed - 1):
        for use in (
            lambda secret: Key.from_secret(secret, algorithm),
            lambda secret: jwt.encode({}, secret, algorithm),
            lambda secret: jwt.decode(token(), secret, algorithms=[algorithm]),
        ):
            with pytest.raises(jwt.InvalidKeyError, match="keygen" if length else "empty"):
                use("s" * length)
    assert Key.from_secret("s" * needed, algorithm).algorithm == algorithm


def test_a_key_shows_nothing():
    key = Key.from_secret(SECRET, kid="k")
    assert repr(key) == "<Key HS256 kid='k'>" or repr(key) == '<Key HS256 kid="k">'
    for text in (repr(key), str(key), repr(KeyRing([key]))):
        assert "secret of exactly" not in text
    with pytest.raises(AttributeError):
        key.secret  # noqa: B018
    with pytest.raises(AttributeError):
        key.kid = "other"
