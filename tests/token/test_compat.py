"""Tokens of djangorestframework-simplejwt and django-ninja-jwt, as their documentation and code have them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from forge import NOW, SECRET, token

from ferrauth import jwt
from ferrauth.accounts.legacy import LegacyReader
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer


def reader(**options: Any) -> LegacyReader:
    return LegacyReader(options, secrets=[SECRET])


def legacy(secret: str = SECRET, header: dict[str, object] | None = None, **changes: object) -> str:
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
def test_their_tokens_are_read(user_id: object) -> None:
    claims = reader().decode_token(legacy(user_id=user_id), "access", now=NOW)
    assert (claims.sub, claims.jti, claims.exp) == (str(user_id), uuid.UUID(int=7).hex, NOW + 3_600)
    text = legacy(token_type="refresh", exp=NOW + 86_400, user_id=user_id)
    assert reader().decode_token(text, "refresh", now=NOW).sub == str(user_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": "refresh"},
        {"token_type": "sliding"},
        {"token_type": ...},
        {"exp": NOW},
        {"exp": ...},
        {"exp": str(NOW + 60)},
        {"exp": NOW + 60.5},
        {"exp": True},
        {"jti": ...},
        {"jti": 7},
        {"jti": ""},
        {"jti": "x" * 257},
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
def test_J59_J80_J90_their_claims_are_checked(changes: dict[str, object]) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        reader().decode_token(legacy(**changes), "access", now=NOW)


@pytest.mark.parametrize(
    "header",
    [{"alg": "HS512", "typ": "JWT"}, {"alg": "none", "typ": "JWT"}, {"alg": "HS256"}, {"alg": "HS256", "typ": "jwt"}],
)
def test_J91_their_header_is_exact(header: dict[str, object]) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        reader().decode_token(legacy(header=header), "access", now=NOW)


def test_J90_a_token_of_ours_under_the_raw_secret_is_nobodys() -> None:
    claims = {"token_type": "access", "sub": "1", "user_id": "1", "jti": "A" * 22, "iat": NOW, "exp": NOW + 300}
    text = token(claims, {"alg": "HS256", "typ": "at+jwt"})
    with pytest.raises(jwt.InvalidTokenError):
        reader().decode_token(text, "access", now=NOW)
    with pytest.raises(jwt.InvalidTokenError):
        TokenIssuer(keys=KeyRing.from_secrets([SECRET])).decode_token(text, now=NOW)


def test_J90_neither_reads_the_others() -> None:
    tokens = TokenIssuer(keys=KeyRing.from_secrets([SECRET]))
    with pytest.raises(jwt.InvalidTokenError):
        tokens.decode_token(legacy(), now=NOW)
    with pytest.raises(jwt.InvalidTokenError):
        reader().decode_token(tokens.generate_tokens("7").access, "access")


def test_J110_their_tokens_under_the_secret_before() -> None:
    both = LegacyReader({}, secrets=["n" * 50, SECRET, "o" * 50])
    assert both.decode_token(legacy(), "access", now=NOW).sub == "7"
    assert both.decode_token(legacy("n" * 50), "access", now=NOW).sub == "7"
    with pytest.raises(jwt.InvalidSignatureError):
        both.decode_token(legacy("o" * 50), "access", now=NOW)


def test_J11_a_short_secret_is_none_for_them() -> None:
    with pytest.raises(jwt.InvalidKeyError, match="32 bytes"):
        LegacyReader({}, secrets=["short"])


@pytest.mark.parametrize("options", [{"ALGORITHM": "ES256"}, {"ALGORITHM": "none"}, {"ALGORITHM": "HS1"}])
def test_options_without_a_key_for_their_algorithm(options: dict[str, object]) -> None:
    with pytest.raises(jwt.InvalidKeyError):
        reader(**options)


def test_options_of_theirs() -> None:
    key = Key.generate("ES256")
    other = reader(
        ALGORITHM="ES256", VERIFYING_KEY=key.public().to_pem(), USER_ID_CLAIM="uid", ISSUER="i", AUDIENCE="a"
    )
    claims = {"token_type": "access", "exp": NOW + 300, "iat": NOW, "jti": "x", "uid": 7, "iss": "i", "aud": "a"}
    assert other.decode_token(key.encode(claims), "access", now=NOW).sub == "7"
    for changes in ({"exp": NOW}, {"iss": "j"}, {"aud": "b"}, {"uid": None}):
        with pytest.raises(jwt.InvalidTokenError):
            other.decode_token(key.encode({**claims, **changes}), "access", now=NOW)
    with pytest.raises(jwt.InvalidTokenError):
        other.decode_token(legacy(), "access", now=NOW)
