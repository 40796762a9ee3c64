"""Key pairs: every algorithm, every form of key, and every library that reads and writes them."""

import json

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from forge import NOW, PAIRS, b64, unb64
from joserfc import jwt as jose
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ferrauth import hazmat, jwt
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer

# RFC 9864 renames the algorithm, and joserfc says so at every use of the old name, which is the one in use.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

CLAIMS = {"sub": "é", "iat": NOW, "exp": NOW + 60}
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
"""Of the groups (FIPS 186-5, through NIST SP 800-186, sections 3.2.1.3 and 3.2.1.4)."""
OFF = {"verify_exp": False, "verify_iat": False}

Private = serialization.PrivateFormat
Public = serialization.PublicFormat


def jose_key(algorithm, jwk):
    return {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}[algorithm[:2]].import_key(jwk)


@pytest.mark.parametrize("algorithm", PAIRS)
def test_three_libraries_read_each_other(pairs, algorithm):
    private, public = pairs.private_pem(algorithm), pairs.public_pem(algorithm)
    ours = jwt.encode(CLAIMS, private, algorithm)
    theirs = pyjwt.encode(CLAIMS, private, algorithm)
    josie = jose.encode({"alg": algorithm}, CLAIMS, jose_key(algorithm, private), algorithms=[algorithm])
    for text in (ours, theirs, josie):
        for key in (public, private, Key.from_pem(public, algorithm), Key.from_pem(private, algorithm).public()):
            assert jwt.decode(text, key, algorithms=[algorithm], now=NOW) == CLAIMS
        assert pyjwt.decode(text, public, algorithms=[algorithm], options=OFF) == CLAIMS
        assert jose.decode(text, jose_key(algorithm, public), algorithms=[algorithm]).claims == CLAIMS


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_three_libraries_read_each_other_hmac(algorithm):
    from joserfc.jwk import OctKey

    secret = "s" * 64
    for text in (
        jwt.encode(CLAIMS, secret, algorithm),
        pyjwt.encode(CLAIMS, secret, algorithm),
        jose.encode({"alg": algorithm}, CLAIMS, OctKey.import_key(secret), algorithms=[algorithm]),
    ):
        assert jwt.decode(text, secret, algorithms=[algorithm], now=NOW) == CLAIMS
        assert pyjwt.decode(text, secret, algorithms=[algorithm], options=OFF) == CLAIMS
        assert jose.decode(text, OctKey.import_key(secret), algorithms=[algorithm]).claims == CLAIMS


@pytest.mark.parametrize("algorithm", PAIRS)
def test_forms_of_keys(pairs, algorithm):
    key = pairs.key(algorithm)
    forms = [pairs.private_pem(algorithm), hazmat.export_private_pem(key)]
    if algorithm != "EdDSA":  # PKCS#1 and SEC 1.
        forms.append(pairs.private_pem(algorithm, Private.TraditionalOpenSSL))
    for text in forms:
        loaded = Key.from_pem(text.encode(), algorithm)
        assert loaded.can_sign
        assert loaded.thumbprint() == key.thumbprint()
        assert jwt.decode(loaded.encode(CLAIMS), key, now=NOW) == CLAIMS
    public = [pairs.public_pem(algorithm), key.to_pem()]
    if algorithm[:2] in ("RS", "PS"):
        public.append(pairs.public_pem(algorithm, Public.PKCS1))
    for text in public:
        loaded = Key.from_pem(text, algorithm)
        assert not loaded.can_sign
        assert loaded.thumbprint() == key.thumbprint()
        assert jwt.decode(key.encode(CLAIMS), loaded, now=NOW) == CLAIMS
        with pytest.raises(jwt.InvalidKeyError, match="public half"):
            loaded.encode(CLAIMS)


@pytest.mark.parametrize("algorithm", PAIRS)
def test_jwks_are_those_of_other_libraries(pairs, algorithm):
    key = pairs.key(algorithm, kid="k")
    public, private = key.to_jwk(), hazmat.export_private_jwk(key)
    josie = jose_key(algorithm, pairs.private_pem(algorithm))
    assert public == {**josie.as_dict(private=False), "alg": algorithm, "use": "sig", "kid": "k"}
    assert private == {**josie.as_dict(private=True), "alg": algorithm, "use": "sig", "kid": "k"}
    assert key.thumbprint() == josie.thumbprint()
    for jwk in (private, json.dumps(private), json.dumps(private).encode()):
        loaded = Key.from_jwk(jwk)
        assert (loaded.algorithm, loaded.kid, loaded.can_sign) == (algorithm, "k", True)
        assert Key.from_jwk(public).decode(loaded.encode(CLAIMS), now=NOW) == CLAIMS
    assert KeyRing([key]).jwks() == {"keys": [public]}
    assert set(public) & {"d", "p", "q", "dp", "dq", "qi"} == set()


def test_the_thumbprint_of_rfc_7638():
    jwk = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"
        "jBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5"
        "hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert Key.from_jwk(jwk).thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("algorithm", ["HS256", "HS512", "ES256", "ES384", "EdDSA", "PS256"])
def test_generated_keys(algorithm):
    key = Key.generate(algorithm, kid="new")
    assert Key.from_jwk(hazmat.export_private_jwk(key)).decode(key.encode(CLAIMS), now=NOW) == CLAIMS
    assert key.kid == "new"
    if algorithm == "PS256":
        assert len(unb64(key.to_jwk()["n"])) * 8 == 3072
    else:
        assert Key.generate(algorithm).thumbprint() != key.thumbprint()


def test_algorithms_that_a_key_decides(pairs):
    for algorithm in ("ES256", "ES384", "EdDSA"):
        assert Key.from_pem(pairs.private_pem(algorithm)).algorithm == algorithm
        assert Key.from_pem(pairs.public_pem(algorithm)).algorithm == algorithm
        jwk = {name: value for name, value in pairs.key(algorithm).to_jwk().items() if name != "alg"}
        assert Key.from_jwk(jwk).algorithm == algorithm
    assert Key.from_pem(pairs.private_pem("ES384", Private.TraditionalOpenSSL)).algorithm == "ES384"
    jwk = {name: value for name, value in pairs.key("RS256").to_jwk().items() if name != "alg"}
    for load in (lambda: Key.from_pem(pairs.public_pem("RS256")), lambda: Key.from_jwk(jwk)):
        with pytest.raises(jwt.InvalidKeyError, match="Name the algorithm"):
            load()
    assert Key.from_jwk(jwk, "PS384").algorithm == "PS384"


@pytest.mark.parametrize("algorithm", PAIRS)
def test_J06_J14_J21_another_algorithm_of_the_same_or_another_family(pairs, algorithm):
    text = jwt.encode(CLAIMS, pairs.private_pem(algorithm), algorithm)
    for other in PAIRS:
        if other == algorithm:
            continue
        same_key = pairs.of(other) is pairs.of(algorithm)
        if same_key:
            with pytest.raises(jwt.InvalidAlgorithmError):
                jwt.decode(text, pairs.public_pem(algorithm), algorithms=[other], now=NOW)
            with pytest.raises(jwt.InvalidAlgorithmError):
                jwt.decode(text, pairs.key(other), now=NOW)
        else:
            with pytest.raises(jwt.InvalidKeyError):
                Key.from_pem(pairs.private_pem(algorithm), other)
            with pytest.raises(jwt.InvalidKeyError):
                Key.from_jwk(pairs.key(algorithm).to_jwk(), other)
            with pytest.raises(jwt.InvalidKeyError):
                jwt.decode(text, pairs.public_pem(algorithm), algorithms=[other], now=NOW)
    everything = jwt.decode(text, pairs.public_pem(algorithm), algorithms=[*PAIRS, "HS256"], now=NOW)
    assert everything == CLAIMS


@pytest.mark.parametrize("algorithm", ["ES256", "ES384"])
def test_J15_only_r_and_s_in_full_length(pairs, algorithm):
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    key = pairs.key(algorithm)
    length = 32 if algorithm == "ES256" else 48
    order = ORDERS[algorithm]
    signed, _, signature = key.encode(CLAIMS).rpartition(".")
    raw = unb64(signature)
    r, s = int.from_bytes(raw[:length], "big"), int.from_bytes(raw[length:], "big")

    def fixed(r, s):
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")

    hostile = [raw[:-1], raw + b"\0", b"", b"\0" * 2 * length, encode_dss_signature(r, s), raw[length:] + raw[:length]]
    for number in (0, 1, order - 1, order):
        hostile += [fixed(number, s), fixed(r, number)]
    hostile += [b"\0" + fixed(r, s), raw[:length] + b"\0" + raw[length:]]
    if r + order < 1 << 8 * length:
        hostile.append(fixed(r + order, s))
    for bad in hostile:
        with pytest.raises(jwt.InvalidSignatureError):
            key.decode(f"{signed}.{b64(bad)}" if bad else f"{signed}.AA", now=NOW)


@pytest.mark.parametrize(("algorithm", "order"), ORDERS.items())
def test_J16_a_second_signature_of_the_same_token_is_the_same_token(pairs, algorithm, order):
    key, length = pairs.key(algorithm), len(f"{order:x}") // 2
    text = key.encode({**CLAIMS, "jti": "AAECAwQFBgcICQoLDA0ODw"})
    signed, _, signature = text.rpartition(".")
    r, s = unb64(signature)[:length], int.from_bytes(unb64(signature)[length:], "big")
    other = f"{signed}.{b64(r + (order - s).to_bytes(length, 'big'))}"
    assert other != text
    # The text is nobody's identity, then: what is revoked or remembered goes by claims, which are the same.
    assert key.decode(other, now=NOW) == key.decode(text, now=NOW)
    ring = KeyRing([key], cache=8)
    assert ring.decode(text, now=NOW) == ring.decode(other, now=NOW)
    assert ring.cache_info == (2, 8)


@pytest.mark.parametrize("algorithm", ORDERS)
def test_J18_a_nonce_is_never_used_twice(pairs, algorithm):
    # RFC 6979 is one way to that. aws-lc has another: it draws each nonce afresh and mixes the key and the message in,
    # so that a bad generator alone gives nothing away.
    key = pairs.key(algorithm)
    signatures = [unb64(key.encode(CLAIMS).rpartition(".")[2]) for _ in range(64)]
    assert len({signature[: len(signature) // 2] for signature in signatures}) == 64


def test_J17_ed25519_signatures_have_one_spelling(pairs):
    key = pairs.key("EdDSA")
    order = 2**252 + 27742317777372353535851937790883648493
    signed, _, signature = key.encode(CLAIMS).rpartition(".")
    raw = unb64(signature)
    s = int.from_bytes(raw[32:], "little")
    for bad in (
        raw[:32] + (s + order).to_bytes(32, "little"),
        raw[:-1],
        raw + b"\0",
        raw[:32] + b"\0" * 32,
        b"\0" * 32 + raw[32:],
        b"\1" + b"\0" * 63,
    ):
        with pytest.raises(jwt.InvalidSignatureError):
            key.decode(f"{signed}.{b64(bad)}", now=NOW)
    renamed = f"{b64(json.dumps({'alg': 'Ed25519'}))}.{signed.partition('.')[2]}.{signature}"
    with pytest.raises(jwt.InvalidAlgorithmError):
        key.decode(renamed, now=NOW)


def test_J19_rsa_signatures(pairs):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    key, private = pairs.key("RS256"), pairs.rsa
    signed, _, signature = key.encode(CLAIMS).rpartition(".")
    assert unb64(signature) == private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    numbers = private.private_numbers()
    n, d = numbers.public_numbers.n, numbers.d

    def sign(block):
        return pow(int.from_bytes(block, "big"), d, n).to_bytes(256, "big")

    from hashlib import sha256

    digest = sha256(signed.encode()).digest()
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")

    def pad(tail):
        return b"\0\1" + b"\xff" * (253 - len(tail)) + b"\0" + tail

    assert key.decode(f"{signed}.{b64(sign(pad(prefix + digest)))}", now=NOW) == CLAIMS
    without_null = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20"
    long_form = bytes.fromhex("308131300d060960864801650304020105000420")
    for block in (
        pad(without_null + digest),
        pad(long_form + digest),
        pad(prefix + digest + b"\0"),
        b"\0\1" + b"\xff" * 8 + b"\0" + prefix + digest + b"\0" * (256 - 11 - len(prefix) - 32),
        b"\0\2" + pad(prefix + digest)[2:],
        pad(digest),
    ):
        with pytest.raises(jwt.InvalidSignatureError):
            key.decode(f"{signed}.{b64(sign(block))}", now=NOW)
    for bad in (unb64(signature)[:-1], b"\0" + unb64(signature), b"\0" * 256, n.to_bytes(256, "big")):
        with pytest.raises(jwt.InvalidSignatureError):
            key.decode(f"{signed}.{b64(bad)}", now=NOW)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_first_party_tokens_of_a_key_pair(pairs, algorithm):
    tokens = TokenIssuer(keys=pairs.key(algorithm, kid="k"), issuer="i")
    pair = tokens.generate_tokens("1", sid="s", gen=0, issued_at=NOW)
    again = tokens.generate_tokens("1", sid="s", gen=0, issued_at=NOW)
    assert (pair.access_jti, pair.refresh_jti) == (again.access_jti, again.refresh_jti)
    assert pair.access_jti != pair.refresh_jti
    reader = TokenIssuer(keys=pairs.key(algorithm, kid="k").public(), issuer="i")
    for verifier in (tokens, reader):
        assert verifier.decode_token(pair.access, now=NOW).sub == "1"
        assert verifier.decode_token(pair.refresh, "refresh", now=NOW).sid == "s"
        for text, kind in ((pair.refresh, "access"), (pair.access, "refresh")):
            with pytest.raises(jwt.InvalidTokenError):
                verifier.decode_token(text, kind, now=NOW)
    with pytest.raises(jwt.InvalidKeyError):
        reader.generate_tokens("1")


def test_J24_secrets_and_key_pairs_do_not_mix(pairs):
    with pytest.raises(jwt.InvalidKeyError, match="not both"):
        KeyRing([pairs.key("EdDSA", kid="a"), Key.generate("HS256", kid="b")])
    ring = KeyRing([pairs.key("EdDSA", kid="a"), pairs.key("ES256", kid="b")])
    text = pairs.key("ES256", kid="b").encode(CLAIMS)
    assert ring.decode(text, now=NOW) == CLAIMS
    assert jwt.decode(text, ring, algorithms=["ES256"], now=NOW) == CLAIMS
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(text, ring, algorithms=["EdDSA"], now=NOW)


def test_J21_J22_J23_kid_chooses(pairs):
    ring = KeyRing([pairs.key("EdDSA", kid="a"), pairs.key("ES256", kid="b")])
    for headers in ({"kid": "b"}, {"kid": "c"}, {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"}, {}):
        with pytest.raises(jwt.InvalidTokenError):
            ring.decode(jwt.encode(CLAIMS, pairs.private_pem("EdDSA"), "EdDSA", headers), now=NOW)
    # Two keys without a name are tried both, and no more than two may be.
    unnamed = KeyRing([pairs.key("EdDSA"), pairs.key("ES256")])
    for algorithm in ("EdDSA", "ES256"):
        assert unnamed.decode(pairs.key(algorithm).encode(CLAIMS), now=NOW) == CLAIMS
    with pytest.raises(jwt.InvalidAlgorithmError):
        unnamed.decode(pairs.key("ES384").encode(CLAIMS), now=NOW)
    twins = KeyRing([Key.from_secret("a" * 32), Key.from_secret("b" * 32)])
    for secret in ("a" * 32, "b" * 32):
        assert twins.decode(jwt.encode(CLAIMS, secret), now=NOW) == CLAIMS
    with pytest.raises(jwt.InvalidSignatureError):
        twins.decode(jwt.encode(CLAIMS, "c" * 32), now=NOW)
