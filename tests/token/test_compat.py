"""Tokens of djangorestframework-simplejwt and django-ninja-jwt, as their documentation and code have them."""

import uuid
from datetime import timedelta

import pytest
from forge import NOW, SECRET, token

from ferrauth import hazmat, jwt
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import Compat, TokenIssuer


def issuer(**arguments):
    return TokenIssuer(
        keys=arguments.pop("keys", KeyRing.from_secrets([SECRET])),
        compat=arguments.pop("compat", "simplejwt"),
        **arguments,
    )


def legacy(secret=SECRET, header=None, **changes):
    claims = {
        "token_type": "access",
        "exp": NOW + 3_600,
        "iat": NOW,
        "jti": uuid.UUID(int=7).hex,
        "user_id": "7",
        **changes,
    }
    return token({name: value for name, value in claims.items() if value is not ...}, header, secret)


@pytest.mark.parametrize("user_id", ["7", 7, str(uuid.UUID(int=7))])
def test_their_tokens_are_read(user_id):
    claims = issuer().decode_token(legacy(user_id=user_id), now=NOW)
    assert claims.sub == str(user_id)
    assert claims["user_id"] == user_id
    assert claims.is_compat
    assert (claims.sid, claims.gen, claims.iss) == (None, None, None)
    refresh = issuer().decode_token(legacy(token_type="refresh", exp=NOW + 86_400, user_id=user_id), "refresh", now=NOW)
    assert refresh.sub == str(user_id)


def test_ours_are_read_beside_them_and_are_what_is_written():
    tokens = issuer(issuer="i", audience="a")
    pair = tokens.generate_tokens("7")
    claims = tokens.decode_token(pair.access)
    assert (claims.sub, claims.is_compat) == ("7", False)
    assert jwt.get_unverified_header(pair.access)["typ"] == "at+jwt"
    assert "user_id" not in hazmat.decode_unverified(pair.access)


def test_theirs_are_refused_where_nobody_asked():
    with pytest.raises(jwt.InvalidTokenError):
        issuer(compat=None).decode_token(legacy(), now=NOW)
    with pytest.raises(ValueError, match="compat"):
        issuer(compat=None).generate_compat_tokens("7")


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": "refresh"},
        {"token_type": "sliding"},
        {"token_type": ...},
        {"exp": NOW},
        {"exp": ...},
        {"exp": str(NOW + 60)},
        {"jti": ...},
        {"jti": 7},
        {"user_id": ...},
        {"user_id": None},
        {"user_id": ""},
        {"user_id": True},
        {"user_id": 7.0},
        {"user_id": ["7"]},
        {"user_id": {"id": 7}},
        {"aud": "a"},
        {"iat": NOW + 1},
    ],
)
def test_J59_J80_J90_their_claims_are_checked(changes):
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(legacy(**changes), now=NOW)


@pytest.mark.parametrize(
    "header",
    [{"alg": "HS512", "typ": "JWT"}, {"alg": "none", "typ": "JWT"}, {"alg": "HS256"}, {"alg": "HS256", "typ": "jwt"}],
)
def test_J91_their_header_is_exact(header):
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(legacy(header=header), now=NOW)


def test_J90_a_token_of_ours_under_the_raw_secret_is_nobodys():
    claims = {"token_type": "access", "sub": "1", "jti": "A" * 22, "iat": NOW, "exp": NOW + 300}
    with pytest.raises(jwt.InvalidTokenError):
        issuer().decode_token(token(claims, {"alg": "HS256", "typ": "at+jwt"}), now=NOW)


def test_J110_their_tokens_under_the_secret_before():
    keys = KeyRing.from_secrets(["n" * 50, SECRET, "o" * 50])
    tokens = issuer(keys=keys)
    assert tokens.decode_token(legacy(), now=NOW).sub == "7"
    assert tokens.decode_token(legacy("n" * 50), now=NOW).sub == "7"
    with pytest.raises(jwt.InvalidSignatureError):
        tokens.decode_token(legacy("o" * 50), now=NOW)


def test_J11_a_short_secret_is_none_for_them():
    with pytest.raises(jwt.InvalidKeyError, match="32 bytes"):
        issuer(keys=KeyRing.from_secrets(["short"]))


def test_settings_of_theirs():
    public = Key.generate("ES256")
    tokens = issuer(
        compat=Compat(
            keys=public.public(),
            user_id_claim="uid",
            issuer="i",
            audience="a",
            access_lifetime=timedelta(minutes=5),
            refresh_lifetime=86_400,
        )
    )
    claims = {"token_type": "access", "exp": NOW + 300, "iat": NOW, "jti": "x", "uid": 7, "iss": "i", "aud": "a"}
    assert tokens.decode_token(public.encode(claims), now=NOW).sub == "7"
    for changes in ({"exp": NOW + 301}, {"iss": "j"}, {"aud": "b"}, {"iat": None}, {"uid": None}):
        with pytest.raises(jwt.InvalidTokenError):
            tokens.decode_token(public.encode({**claims, **changes}), now=NOW)
    with pytest.raises(jwt.InvalidTokenError):
        tokens.decode_token(legacy(), now=NOW)


@pytest.mark.parametrize(
    "compat", ["other", 1, object(), Compat(user_id_claim=""), Compat(user_id_claim="sub"), Compat(keys=1)]
)
def test_settings_of_theirs_that_make_no_sense(compat):
    with pytest.raises((ValueError, TypeError)):
        issuer(compat=compat)


def test_theirs_are_written_when_asked_for():
    tokens = issuer()
    pair = tokens.generate_compat_tokens(7, role="x")
    claims = jwt.decode(pair.access, SECRET, algorithms=["HS256"])
    assert set(claims) == {"token_type", "exp", "iat", "jti", "user_id", "role"}
    assert (claims["user_id"], claims["token_type"], claims["exp"] - claims["iat"]) == ("7", "access", 300)
    assert uuid.UUID(hex=claims["jti"]).hex == claims["jti"] == pair.access_jti
    assert jwt.get_unverified_header(pair.access) == {"alg": "HS256", "typ": "JWT"}
    assert tokens.decode_token(pair.refresh, "refresh").is_compat
