"""Keys that are refused when they are loaded."""

import base64
import json

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from forge import SECRET, b64, token

from ferrauth import hazmat, jwt
from ferrauth.keys import Key, KeyRing

Public = serialization.PublicFormat


def dresses(pairs):
    """The public key of every family, in every dress that slipped past a detector somewhere."""
    for algorithm in ("RS256", "ES256", "ES384", "EdDSA"):
        pem = pairs.public_pem(algorithm)
        jwk = json.dumps(pairs.key(algorithm).to_jwk())
        ssh = pairs.of(algorithm).public_key().public_bytes(serialization.Encoding.OpenSSH, Public.OpenSSH).decode()
        texts = [
            pem,
            pem.replace("\n", "\r\n"),
            pem.replace("\n", " "),
            ssh,
            jwk,
            f"[{jwk}]",
            json.dumps({"keys": [json.loads(jwk)]}),
        ]
        if algorithm == "RS256":
            texts.append(pairs.public_pem(algorithm, Public.PKCS1))
        yield from texts
        yield from ("\n\t " + text for text in texts)
        yield from ("\ufeff" + text for text in texts)
        yield from (text.encode("utf-16") for text in texts)
        yield pairs.public_der(algorithm)
        if algorithm == "RS256":
            yield pairs.public_der(algorithm, Public.PKCS1)
        for inner in (pem.encode(), pairs.public_der(algorithm), jwk.encode(), ssh.encode()):
            yield base64.b64encode(inner)
            yield base64.encodebytes(inner)
            yield base64.urlsafe_b64encode(inner).rstrip(b"=")


def test_J07_J08_J09_a_public_key_is_no_secret(pairs):
    count = 0
    for dress in dresses(pairs):
        count += 1
        jwk = {"kty": "oct", "alg": "HS256", "k": b64(dress)}
        for use in (
            lambda: Key.from_secret(dress),
            lambda: jwt.encode({}, dress),
            lambda: jwt.decode(token(), dress, algorithms=["HS256"]),
            lambda: Key.from_jwk(jwk),
            lambda: KeyRing.from_secrets([dress]),
        ):
            with pytest.raises(jwt.InvalidKeyError):
                use()
    assert count > 100


def test_J07_what_pyjwt_refuses_as_a_secret_is_refused(pairs):
    hmac = pyjwt.get_algorithm_by_name("HS256")
    for dress in dresses(pairs):
        try:
            hmac.prepare_key(dress)
        except pyjwt.InvalidKeyError:
            with pytest.raises(jwt.InvalidKeyError):
                Key.from_secret(dress)


def test_J07_the_classical_confusion(pairs):
    public = pairs.public_pem("RS256")
    forged = token({"sub": "admin"}, secret=public)
    for algorithms in (["RS256"], ["RS256", "HS256"], ["RS256", "ES256", "EdDSA", "HS256", "HS512"]):
        with pytest.raises(jwt.InvalidAlgorithmError):
            jwt.decode(forged, public, algorithms=algorithms)
    with pytest.raises(jwt.InvalidKeyError):
        jwt.decode(forged, public, algorithms=["HS256"])
    with pytest.raises(jwt.InvalidAlgorithmError):
        Key.from_pem(public, "RS256").decode(forged)


def test_J08_certificates(pairs):
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(pairs.rsa.public_key())
        .serial_number(1)
        .not_valid_before(moment)
        .not_valid_after(moment + datetime.timedelta(days=1))
        .sign(pairs.rsa, hashes.SHA256())
    )
    for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
        text = certificate.public_bytes(encoding)
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_secret(text)
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_secret(base64.b64encode(text))
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_pem(text, "RS256")


def test_J10_empty_secrets():
    for use in (
        lambda: Key.from_secret(""),
        lambda: Key.from_secret(b""),
        lambda: Key.from_jwk({"kty": "oct", "alg": "HS256", "k": ""}),
        lambda: jwt.decode(token(), "", algorithms=["HS256"]),
        lambda: jwt.decode(token(), algorithms=["HS256"]),
        lambda: jwt.encode({}, ""),
    ):
        with pytest.raises(jwt.InvalidKeyError):
            use()
    for nothing in (None, 1, ["secret"], bytearray(64)):
        with pytest.raises(TypeError):
            Key.from_secret(nothing)


def test_J13_weak_rsa_keys():
    weak = rsa.generate_private_key(65_537, 1024)
    for key, load in ((weak, "private"), (weak, "public")):
        if load == "private":
            text = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        else:
            text = key.public_key().public_bytes(serialization.Encoding.PEM, Public.SubjectPublicKeyInfo)
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_pem(text, "RS256")
    n = b64((2**2048 - 159).to_bytes(256, "big"))
    for e in ("AQ", "Ag", "AQAA", "AAEAAQ", ""):
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_jwk({"kty": "RSA", "n": n, "e": e}, "RS256")
    with pytest.raises(jwt.InvalidKeyError, match="2048"):
        Key.from_jwk({"kty": "RSA", "n": b64((2**2047 - 1).to_bytes(256, "big")), "e": "AQAB"}, "RS256")
    power = 65_537**128 % 2**2048 if 65_537**128 < 2**2048 else 65_537**127
    assert power.bit_length() >= 2017
    roca = 65_537**130
    with pytest.raises(jwt.InvalidKeyError, match="factored"):
        Key.from_jwk({"kty": "RSA", "n": b64(roca.to_bytes(-(-roca.bit_length() // 8), "big")), "e": "AQAB"}, "RS256")


def test_J14_points_off_the_curve_and_coordinates_of_another_length(pairs):
    jwk = pairs.key("ES256").to_jwk()
    for changes in (
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": 1},
        {"x": jwk["y"], "y": jwk["x"]},
        {"x": b64(b"\0" * 32), "y": b64(b"\0" * 32)},
        {"x": "AA"},
        {"x": b64(b"\0" + base64.urlsafe_b64decode(jwk["x"] + "="))},
        {"x": jwk["x"] + "="},
        {"x": jwk["x"][:-1] + "B"},
        {"alg": "ES384"},
        {"kty": "OKP"},
        {"kty": "oct"},
        {"kty": None},
    ):
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_jwk({**jwk, **changes})
    wrong = ec.generate_private_key(ec.SECP521R1())
    pem = wrong.public_key().public_bytes(serialization.Encoding.PEM, Public.SubjectPublicKeyInfo)
    for algorithm in (None, "ES256", "ES384"):
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_pem(pem, algorithm)


def small_order_points():
    """The points of Ed25519 whose order divides eight, computed from the curve's equation (RFC 8032, section 5.1)."""
    p = 2**255 - 19
    d = -121_665 * pow(121_666, -1, p) % p

    def add(a, b):
        product = d * a[0] * b[0] * a[1] * b[1] % p
        x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, p) % p
        return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, p) % p

    def times(number, point):
        total = (0, 1)
        while number:
            if number & 1:
                total = add(total, point)
            point, number = add(point, point), number >> 1
        return total

    order = 2**252 + 27742317777372353535851937790883648493
    points = set()
    for y in range(2, 40):
        square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        x = pow(square, (p + 3) // 8, p)
        if (x * x - square) % p:
            x = x * pow(2, (p - 1) // 4, p) % p
        if (x * x - square) % p == 0:
            small = multiple = times(order, (x, y))
            for _ in range(8):
                points.add(multiple)
                multiple = add(multiple, small)
    assert len(points) == 8
    return [(y | (x & 1) << 255).to_bytes(32, "little") for x, y in points]


def test_J17_points_of_small_order():
    for point in small_order_points():
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64(point)})
    # A point that is none verifies nothing.
    nowhere = Key.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64(b"\2" + b"\0" * 31)})
    with pytest.raises(jwt.InvalidSignatureError):
        nowhere.decode(f"{b64(json.dumps({'alg': 'EdDSA'}))}.{b64('{}')}.{b64(bytes(64))}")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_private_halves_that_do_not_fit(pairs, algorithm):
    jwk = hazmat.export_private_jwk(pairs.key(algorithm))
    other = hazmat.export_private_jwk(Key.generate(algorithm if algorithm != "RS256" else "RS256"))
    for name in set(jwk) & {"d", "p", "q", "dp", "dq", "qi", "x", "y", "n"}:
        with pytest.raises(jwt.InvalidKeyError):  # CVE-2026-102275
            Key.from_jwk({**jwk, name: other[name]})
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_jwk({**jwk, name: jwk[name][:-4]})
    if algorithm == "RS256":
        for name in ("p", "q", "dp", "dq", "qi"):
            with pytest.raises(jwt.InvalidKeyError):
                Key.from_jwk({key: value for key, value in jwk.items() if key != name})
        with pytest.raises(jwt.InvalidKeyError):
            Key.from_jwk({**jwk, "oth": []})


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": 1},
        {"key_ops": ["encrypt"]},
        {"key_ops": ["sign", "encrypt"]},
        {"key_ops": ["sign", "sign"]},
        {"key_ops": []},
        {"key_ops": "sign"},
        {"key_ops": [1]},
        {"alg": "A128GCM"},
        {"alg": "none"},
        {"alg": None},
        {"kid": 1},
        {"k": 1},
        {"k": "not base64url!"},
        {"k": "AAA="},
        {"kty": "unknown"},
    ],
)
def test_J24_jwks_for_another_use(changes):
    jwk = {"kty": "oct", "alg": "HS256", "k": b64(SECRET)}
    assert (
        Key.from_jwk({**jwk, "use": "sig", "key_ops": ["sign", "verify"], "x5c": ["a"], "ext": True}).algorithm
        == "HS256"
    )
    with pytest.raises(jwt.InvalidKeyError):
        Key.from_jwk({**jwk, **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "{",
        '{"kty":"oct","kty":"oct"}',
        '{"kty":"oct","k":"\\u0000"}',
        "x" * 20_000,
        '{"keys":[]}',
        b"\xff",
    ],
)
def test_J24_texts_that_are_no_jwk(text):
    with pytest.raises(jwt.InvalidKeyError):
        Key.from_jwk(text, "HS256")


def test_keys_under_a_password(pairs):
    text = pairs.ed.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(jwt.InvalidKeyError, match="decrypt"):
        Key.from_pem(text, "EdDSA")


@pytest.mark.parametrize("text", ["", "secret", "-----BEGIN PUBLIC KEY-----", b"\xff", "-" * 20_000])
def test_texts_that_are_no_pem(text):
    with pytest.raises(jwt.InvalidKeyError):
        Key.from_pem(text, "RS256")


def test_cut_and_changed_pem_is_refused_and_nothing_else(pairs):
    for algorithm in ("RS256", "ES256", "EdDSA"):
        der = pairs.of(algorithm).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for index in range(0, len(der), 1 + len(der) // 60):
            for changed in (der[:index], der[:index] + bytes([der[index] ^ 0x55]) + der[index + 1 :]):
                body = base64.encodebytes(changed).decode()
                pem = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
                try:
                    Key.from_pem(pem, algorithm)
                except jwt.InvalidKeyError:
                    pass


@pytest.mark.parametrize("kid", ["", "a\0", "a" * 257, "\n", "é" * 129])
def test_J22_key_ids_that_no_header_should_carry(kid):
    with pytest.raises(jwt.InvalidKeyError, match="kid"):
        Key.from_secret(SECRET, kid=kid)


def test_P36_no_message_carries_a_part_of_a_key(pairs):
    private = pairs.private_pem("RS256")
    body = "".join(private.splitlines()[1:-1])
    for text in (private[:-60], private.replace("PRIVATE", "PUBLIC"), body):
        for use in (Key.from_pem, Key.from_jwk):
            with pytest.raises(jwt.InvalidKeyError) as caught:
                use(text, "RS256")
            assert not any(body[index : index + 12] in str(caught.value) for index in range(len(body) - 12))
            assert caught.value.__cause__ is None
