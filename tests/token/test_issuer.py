"""First-party tokens."""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from derivation import derived, hkdf, info
from forge import NOW, SECRET, b64, token

from ferrauth import hazmat, jwt
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tokens" / "derive.json").read_text())


def issuer(**arguments):
    return TokenIssuer(keys=arguments.pop("keys", Key.from_secret(SECRET)), **arguments)


def own_claims(**changes):
    claims = {"token_type": "access", "sub": "1", "jti": "A" * 22, "iat": NOW, "exp": NOW + 300, **changes}
    return {name: value for name, value in claims.items() if value is not ...}


def forged(header=None, kind="access", secret=None, **changes):
    header = {"alg": "HS256", "typ": "at+jwt"} if header is None else header
    return token(own_claims(**changes), header, derived(kind) if secret is None else secret)


def test_a_pair_is_read_back():
    user_id = uuid.uuid4()
    tokens = issuer(issuer="https://a.example", audience="api")
    pair = tokens.generate_tokens(user_id, role="staff")
    access = tokens.decode_token(pair.access)
    assert access.sub == access["sub"] == str(user_id)
    assert (access.iss, access.aud, access.token_type) == ("https://a.example", "api", "access")
    assert (access.jti, access.iat, access.exp) == (pair.access_jti, pair.issued_at, pair.access_expires_at)
    assert access.exp - access.iat == pair.expires_in == tokens.access_lifetime == 300
    assert access.get("role") == "staff"
    assert access.get("other", 1) == 1
    assert (access.sid, access.gen) == (None, None)
    assert "role" in access
    assert "other" not in access
    assert set(access) == set(access.to_dict()) == {"token_type", "iss", "aud", "sub", "jti", "iat", "exp", "role"}
    assert len(access) == 8
    refresh = tokens.decode_token(pair.refresh, "refresh")
    assert refresh.exp - refresh.iat == tokens.refresh_lifetime == 14 * 86_400
    assert refresh.jti == pair.refresh_jti != pair.access_jti
    assert jwt.get_unverified_header(pair.access) == {"alg": "HS256", "typ": "at+jwt"}
    assert jwt.get_unverified_header(pair.refresh) == {"alg": "HS256", "typ": "rt+jwt"}


def test_the_texts_of_a_pair_show_nothing():
    tokens = issuer()
    pair = tokens.generate_tokens("1")
    for shown in (repr(pair), repr(tokens), repr(tokens.decode_token(pair.access))):
        assert pair.access not in shown
        assert "secret of exactly" not in shown


@pytest.mark.parametrize("vector", VECTORS["keys"], ids=lambda vector: f"{vector['purpose']}-{vector['algorithm']}")
def test_J12_J92_derived_keys_are_pinned(vector):
    secret = bytes.fromhex(vector["secret"])
    expected = bytes.fromhex(vector["key"])
    assert hkdf(secret, bytes.fromhex(vector["info"]), len(expected)) == expected
    assert info(vector["purpose"], vector["issuer"], vector["algorithm"]).hex() == vector["info"]
    key = KeyRing.from_secrets([secret], vector["algorithm"]).keys[0]
    assert key.kid == vector["kid"]
    text = key.derive(vector["purpose"], issuer=vector["issuer"] or None).encode({"sub": "1"})
    assert jwt.decode(text, expected, algorithms=[vector["algorithm"]]) == {"sub": "1"}


def test_J90_each_kind_has_a_type_a_claim_and_a_key_of_its_own():
    tokens = issuer()
    pair = tokens.generate_tokens("1")
    with pytest.raises(jwt.InvalidTokenError):
        tokens.decode_token(pair.refresh)
    with pytest.raises(jwt.InvalidTokenError):
        tokens.decode_token(pair.access, "refresh")
    assert tokens.decode_token(forged(), now=NOW).sub == "1"
    with pytest.raises(jwt.InvalidSignatureError):  # The other kind's key.
        tokens.decode_token(forged(kind="refresh"), now=NOW)
    with pytest.raises(jwt.InvalidTokenError):  # The other kind's type.
        tokens.decode_token(forged({"alg": "HS256", "typ": "rt+jwt"}), now=NOW)
    with pytest.raises(jwt.InvalidTokenError):  # The other kind's claim.
        tokens.decode_token(forged(token_type="refresh"), now=NOW)
    with pytest.raises(jwt.InvalidSignatureError):  # The secret itself.
        tokens.decode_token(forged(secret=SECRET), now=NOW)


@pytest.mark.parametrize("typ", [..., "JWT", "jwt", "AT+JWT", "application/at+jwt", "rt+jwt", "", None, 1, ["at+jwt"]])
def test_J91_typ_is_exact(typ):
    header = {"alg": "HS256", **({} if typ is ... else {"typ": typ})}
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(forged(header), now=NOW)


def test_J92_another_issuer_of_the_same_secret():
    ours = issuer(issuer="prod", audience="api")
    for other in (issuer(issuer="staging", audience="api"), issuer(issuer="prod", audience="web"), issuer()):
        with pytest.raises(jwt.InvalidTokenError):
            ours.decode_token(other.generate_tokens("1").access)
        with pytest.raises(jwt.InvalidTokenError):
            other.decode_token(ours.generate_tokens("1").access)
    with pytest.raises(jwt.InvalidSignatureError):
        ours.decode_token(issuer(issuer="staging", audience="api").generate_tokens("1").access)


def test_J36_the_header_is_closed():
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(forged({"alg": "HS256", "typ": "at+jwt", "x": 1}), now=NOW)
    assert issuer().decode_token(forged('{ "typ":"at+jwt" , "alg":"HS256" }'), now=NOW).sub == "1"


@pytest.mark.parametrize("name", ["token_type", "sub", "jti", "iat", "exp"])
def test_J59_J65_required_claims(name):
    with pytest.raises(jwt.MissingRequiredClaimError):
        issuer().decode_token(forged(**{name: ...}), now=NOW)


def test_J72_lifetime_is_the_issuers():
    tokens = issuer()
    for changes in ({"exp": NOW + 301}, {"iat": NOW - 1}, {"exp": 253_402_300_799}):
        with pytest.raises(jwt.InvalidTokenError, match="lifetime"):
            tokens.decode_token(forged(**changes), now=NOW)


@pytest.mark.parametrize("sub", [1, 1.0, "", [], None, {"a": 1}])
def test_J80_sub_is_a_string(sub):
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(forged(sub=sub), now=NOW)


@pytest.mark.parametrize("user_id", ["01", "１", " 1", 1, uuid.UUID(int=1), "é", "a" * 256])
def test_J80_a_subject_is_the_exact_string_of_the_primary_key(user_id):
    tokens = issuer()
    assert tokens.decode_token(tokens.generate_tokens(user_id).access).sub == str(user_id)


@pytest.mark.parametrize("user_id", ["", "a\0b", "a" * 257])
def test_J54_a_subject_that_no_database_holds(user_id):
    with pytest.raises(ValueError, match="subject"):
        issuer().generate_tokens(user_id)


@pytest.mark.parametrize("jti", [1, "", "a", "A" * 21, "A" * 23, "A" * 21 + "B", ["A" * 22], "A" * 1_000_000])
def test_J81_token_ids_have_one_form(jti):
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(forged(jti=jti), now=NOW)


def test_J81_token_ids_differ():
    tokens = issuer()
    ids = {
        jti
        for _ in range(1_000)
        for pair in [tokens.generate_tokens("1")]
        for jti in (pair.access_jti, pair.refresh_jti)
    }
    assert len(ids) == 2_000


def test_a_session_repeats_itself_exactly():
    tokens = issuer()
    arguments = {"sid": "s1", "gen": 3, "issued_at": NOW, "expires_by": NOW + 1_000}
    pair = tokens.generate_tokens("1", **arguments)
    again = tokens.generate_tokens("1", **arguments)
    assert (pair.access, pair.refresh) == (again.access, again.refresh)
    refresh = tokens.decode_token(pair.refresh, "refresh", now=NOW)
    assert (refresh.sid, refresh.gen, refresh.exp) == ("s1", 3, NOW + 1_000)
    others = [
        tokens.generate_tokens("1", **{**arguments, "gen": 4}),
        tokens.generate_tokens("1", **{**arguments, "sid": "s2"}),
        issuer(issuer="other").generate_tokens("1", **arguments),
    ]
    ids = {pair.access_jti, pair.refresh_jti} | {
        jti for other in others for jti in (other.access_jti, other.refresh_jti)
    }
    assert len(ids) == 8
    expected = hmac.new(derived("jti"), b"refresh\0" + (3).to_bytes(8, "big") + b"s1", hashlib.sha256).digest()
    assert pair.refresh_jti == b64(expected[:16])


@pytest.mark.parametrize(
    "arguments",
    [
        {"sid": ""},
        {"sid": "a\0"},
        {"sid": "a" * 257},
        {"gen": 2**53},
        {"gen": -1},
        {"issued_at": -1},
        {"issued_at": datetime(2030, 1, 1)},  # noqa: DTZ001
        {"expires_by": NOW},
        {"issued_at": 253_402_300_799},
    ],
)
def test_a_session_that_no_verifier_would_take(arguments):
    with pytest.raises((ValueError, OverflowError)):
        issuer().generate_tokens("1", **{"sid": "s", "gen": 0, "issued_at": NOW, **arguments})


def test_sid_and_gen_belong_together():
    for arguments in ({"sid": "s"}, {"gen": 0}):
        with pytest.raises(TypeError, match="together"):
            issuer().generate_tokens("1", **arguments)


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "token_type"])
def test_reserved_claims_are_protected(name):
    with pytest.raises(ValueError, match="issuer's"):
        issuer().generate_tokens("1", **{name: "x"})


def test_claims_that_make_a_token_unreadable():
    for claims in ({"a": "x" * 9_000}, {"a": "\0"}, {str(n): n for n in range(65)}):
        with pytest.raises(ValueError, match=r"claim|token"):
            issuer().generate_tokens("1", **claims)


@pytest.mark.parametrize(
    "arguments",
    [
        {"access_lifetime": 0},
        {"access_lifetime": -1},
        {"refresh_lifetime": timedelta()},
        {"leeway": 121},
        {"leeway": -1},
        {"issuer": ""},
        {"audience": ""},
        {"issuer": "a\0"},
        {"access_lifetime": "300"},
        {"access_lifetime": True},
        {"keys": []},
    ],
)
def test_settings_are_validated(arguments):
    with pytest.raises((ValueError, TypeError, jwt.InvalidKeyError)):
        issuer(**arguments)


def test_J75_leeway():
    tokens = issuer(leeway=timedelta(seconds=120))
    text = forged(iat=NOW, exp=NOW + 300)
    assert tokens.decode_token(text, now=NOW + 419)
    with pytest.raises(jwt.ExpiredSignatureError):
        tokens.decode_token(text, now=NOW + 420)
    with pytest.raises(jwt.ExpiredSignatureError):
        issuer().decode_token(text, now=NOW + 300)


def test_keys_may_be_a_key_a_ring_or_several_keys():
    key = Key.from_secret(SECRET)
    for keys in (key, [key], (key,), KeyRing([key]), iter([key])):
        assert TokenIssuer(keys=keys).decode_token(forged(), now=NOW).sub == "1"
    for keys in (SECRET, 1, None, [SECRET]):
        with pytest.raises(TypeError):
            TokenIssuer(keys=keys)


def test_J110_secrets_rotate_with_no_user_logged_out():
    first, second, third = ("1" * 32, "2" * 32, "3" * 32)
    old = TokenIssuer(keys=KeyRing.from_secrets([second]))
    new = TokenIssuer(keys=KeyRing.from_secrets([third, second, first]))
    pair = old.generate_tokens("1")
    assert new.decode_token(pair.access).sub == "1"
    renewed = new.generate_tokens("1")
    assert new.decode_token(renewed.refresh, "refresh").sub == "1"
    with pytest.raises(jwt.InvalidTokenError):
        old.decode_token(renewed.access)
    assert jwt.get_unverified_header(pair.access)["kid"] != jwt.get_unverified_header(renewed.access)["kid"]
    with pytest.raises(jwt.InvalidTokenError):
        TokenIssuer(keys=KeyRing.from_secrets([third])).decode_token(pair.access)


def test_J10_J12_roots_derive_and_do_nothing_else():
    secret = "r" * 32
    ring = KeyRing.from_secrets([secret])
    with pytest.raises(jwt.InvalidKeyError):
        ring.encode({})
    with pytest.raises(jwt.InvalidKeyError):
        ring.keys[0].encode({})
    with pytest.raises(jwt.InvalidTokenError):
        ring.decode(token(secret=secret, header={"alg": "HS256", "kid": ring.keys[0].kid}))
    with pytest.raises(jwt.InvalidTokenError):
        ring.keys[0].decode(token(secret=secret))
    for secrets in ([""], [b""], []):
        with pytest.raises(jwt.InvalidKeyError):
            KeyRing.from_secrets(secrets)


def test_J11_a_secret_that_can_be_guessed_derives_nothing():
    for secret in ("short", "s" * 31):
        for algorithm in ("HS256", "HS512"):
            with pytest.raises(jwt.InvalidKeyError, match="at least 32 bytes"):
                KeyRing.from_secrets([SECRET, secret], algorithm)


def test_J92_an_issuer_without_a_name_refuses_the_tokens_of_one_with_a_name():
    for key in (Key.generate("EdDSA"), Key.generate("ES256")):
        nameless, named = TokenIssuer(keys=key), TokenIssuer(keys=key, issuer="https://staging.example.com")
        with pytest.raises(jwt.InvalidIssuerError):
            nameless.decode_token(named.generate_tokens("1").access)
        with pytest.raises(jwt.MissingRequiredClaimError):
            named.decode_token(nameless.generate_tokens("1").access)
        assert nameless.decode_token(nameless.generate_tokens("1").access).sub == "1"


def test_what_is_issued_is_read_again_however_many_claims_are_added():
    tokens = issuer()
    most = {f"claim{number}": number for number in range(54)}
    assert tokens.decode_token(tokens.generate_tokens("1", sid="s", gen=0, **most).access)["claim53"] == 53
    with pytest.raises(ValueError, match="At most 54"):
        tokens.generate_tokens("1", **most, one_more=1)


@pytest.mark.parametrize("user_id", [None, True, 1.0, b"7", [1], (1,), {"id": 1}])
def test_J80_what_is_no_primary_key_is_no_subject(user_id):
    with pytest.raises(TypeError, match="primary key"):
        issuer().generate_tokens(user_id)


def test_J24_J110_rings_are_checked_when_made():
    key = Key.from_secret(SECRET, kid="a")
    with pytest.raises(jwt.InvalidKeyError, match="same kid"):
        KeyRing([key, Key.from_secret(SECRET, "HS512", kid="a")])
    with pytest.raises(jwt.InvalidKeyError, match="without a kid"):
        KeyRing([Key.from_secret(SECRET)] * 3)
    with pytest.raises(jwt.InvalidKeyError, match="not_after"):
        Key.from_secret(SECRET, not_before=2, not_after=2)


def test_J110_a_key_has_a_window():
    moment = datetime.fromtimestamp(NOW, UTC)
    old = Key.from_secret("o" * 32, kid="old", not_after=moment)
    new = Key.from_secret("n" * 32, kid="new", not_before=NOW - 60)
    tokens = TokenIssuer(keys=[old, new], access_lifetime=3_600)
    before = tokens.generate_tokens("1", issued_at=NOW - 1)
    after = tokens.generate_tokens("1", issued_at=NOW)
    assert jwt.get_unverified_header(before.access)["kid"] == "old"
    assert jwt.get_unverified_header(after.access)["kid"] == "new"
    assert tokens.decode_token(before.access, now=NOW - 1).sub == "1"
    with pytest.raises(jwt.InvalidTokenError, match="force"):
        tokens.decode_token(before.access, now=NOW)
    with pytest.raises(jwt.InvalidKeyError):
        tokens.generate_tokens("1", issued_at=NOW - 61) and TokenIssuer(keys=new).generate_tokens(
            "1", issued_at=NOW - 61
        )


def test_unverified_claims_stand_in_hazmat_alone():
    pair = issuer().generate_tokens("1")
    assert hazmat.decode_unverified(pair.access)["sub"] == "1"
    assert not hasattr(issuer(), "decode_unverified")
