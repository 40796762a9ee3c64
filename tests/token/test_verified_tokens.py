"""J108: a ring that remembers which signatures it has verified."""

import pytest
from forge import NOW, b64, unb64

from ferrauth import jwt
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer

CLAIMS = {"sub": "1", "iat": NOW, "exp": NOW + 60}


@pytest.fixture
def ring(pairs):
    return KeyRing([pairs.key("ES256", kid="a"), pairs.key("EdDSA", kid="b")], cache=4)


def test_J108_a_hit_reads_everything_anew(ring):
    text = ring.encode(CLAIMS, now=NOW)
    first, second = (ring.decode(text, now=NOW) for _ in range(2))
    assert first == second == CLAIMS
    assert first is not second
    assert ring.cache_info == (1, 4)


def test_J108_an_expired_token_is_refused_though_it_is_remembered(ring):
    text = ring.encode(CLAIMS, now=NOW)
    assert ring.decode(text, now=NOW + 59) == CLAIMS
    with pytest.raises(jwt.ExpiredSignatureError):
        ring.decode(text, now=NOW + 60)


def test_J108_other_expectations_are_held_against_a_remembered_token(ring):
    text = ring.encode({**CLAIMS, "aud": "a", "iss": "i"}, now=NOW)
    assert ring.decode(text, audience="a", issuer="i", now=NOW)
    for expected in ({}, {"audience": "b"}, {"audience": "a", "issuer": "j"}, {"audience": "a", "typ": "at+jwt"}):
        with pytest.raises(jwt.InvalidTokenError):
            ring.decode(text, now=NOW, **expected)
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(text, ring, algorithms=["EdDSA"], audience="a", now=NOW)
    with pytest.raises(jwt.DecodeError):
        ring.decode(text, audience="a", options={"max_length": 100}, now=NOW)


def test_J108_only_the_whole_token_is_remembered(ring):
    text = ring.encode(CLAIMS, now=NOW)
    assert ring.decode(text, now=NOW) == CLAIMS
    header, payload, signature = text.split(".")
    raw = bytearray(unb64(signature))
    raw[0] ^= 1
    for other in (
        f"{header}.{payload}.{b64(bytes(raw))}",
        f"{header}.{b64('{}')}.{signature}",
        ".".join([b64('{"kid":"a","alg":"ES256"}'), payload, signature]),
    ):
        with pytest.raises(jwt.InvalidTokenError):
            ring.decode(other, now=NOW)
    assert ring.cache_info == (1, 4)


def test_J108_a_refused_signature_is_not_remembered(ring):
    head, _, signature = ring.encode(CLAIMS, now=NOW).rpartition(".")
    bad = f"{head}.{'B' + signature[1:] if signature[0] != 'B' else 'C' + signature[1:]}"
    for _ in range(2):
        with pytest.raises(jwt.InvalidSignatureError):
            ring.decode(bad, now=NOW)
    assert ring.cache_info == (0, 4)


def test_J108_bounded(ring):
    texts = [ring.encode({**CLAIMS, "n": n}, now=NOW) for n in range(20)]
    for text in texts + texts:
        assert ring.decode(text, now=NOW)["sub"] == "1"
    assert ring.cache_info == (4, 4)


def test_J108_J110_a_key_out_of_force_verifies_nothing_that_it_verified(pairs):
    ring = KeyRing([pairs.key("EdDSA", not_after=NOW + 10)], cache=4)
    text = ring.encode(CLAIMS, now=NOW)
    assert ring.decode(text, now=NOW) == CLAIMS
    with pytest.raises(jwt.InvalidTokenError, match="force"):
        ring.decode(text, now=NOW + 10)


def test_J108_a_ring_without_the_key_knows_nothing(ring, pairs):
    text = ring.encode(CLAIMS, now=NOW)
    assert ring.decode(text, now=NOW)
    other = KeyRing([Key.generate("ES256", kid="a"), pairs.key("EdDSA", kid="b")], cache=4)
    with pytest.raises(jwt.InvalidSignatureError):
        other.decode(text, now=NOW)


def test_J108_secrets_are_not_remembered():
    ring = KeyRing([Key.generate("HS256")], cache=4)
    assert ring.decode(ring.encode(CLAIMS, now=NOW), now=NOW) == CLAIMS
    assert ring.cache_info == (0, 4)


def test_J108_off_unless_asked_for(pairs):
    ring = KeyRing([pairs.key("EdDSA")])
    ring.decode(ring.encode(CLAIMS, now=NOW), now=NOW)
    assert ring.cache_info == (0, 0)
    for cache in (-1, 100_001, "4", None):
        with pytest.raises((ValueError, TypeError, OverflowError)):
            KeyRing([pairs.key("EdDSA")], cache=cache)


def test_J90_J108_kinds_stay_apart(pairs):
    tokens = TokenIssuer(keys=KeyRing([pairs.key("EdDSA")], cache=8))
    pair = tokens.generate_tokens("1", issued_at=NOW)
    for _ in range(2):
        assert tokens.decode_token(pair.access, now=NOW).sub == "1"
        for text, kind in ((pair.refresh, "access"), (pair.access, "refresh")):
            with pytest.raises(jwt.InvalidTokenError):
                tokens.decode_token(text, kind, now=NOW)
