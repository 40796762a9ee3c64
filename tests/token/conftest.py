"""Key pairs of the tests: made once, since RSA keys take long."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ferrauth.keys import Key


class Pairs:
    """A private key of every family, by `cryptography`, and its texts."""

    def __init__(self):
        self.rsa = rsa.generate_private_key(65_537, 2048)
        self.p256 = ec.generate_private_key(ec.SECP256R1())
        self.p384 = ec.generate_private_key(ec.SECP384R1())
        self.ed = ed25519.Ed25519PrivateKey.generate()

    def of(self, algorithm):
        return {"RS": self.rsa, "PS": self.rsa, "Ed": self.ed}.get(algorithm[:2]) or {
            "ES256": self.p256,
            "ES384": self.p384,
        }[algorithm]

    def private_pem(self, algorithm, form=serialization.PrivateFormat.PKCS8):
        key = self.of(algorithm)
        return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def public_pem(self, algorithm, form=serialization.PublicFormat.SubjectPublicKeyInfo):
        return self.of(algorithm).public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def public_der(self, algorithm, form=serialization.PublicFormat.SubjectPublicKeyInfo):
        return self.of(algorithm).public_key().public_bytes(serialization.Encoding.DER, form)

    def key(self, algorithm, **attributes):
        return Key.from_pem(self.private_pem(algorithm), algorithm, **attributes)


@pytest.fixture(scope="session")
def pairs():
    return Pairs()
