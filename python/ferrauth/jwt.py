"""JSON Web Tokens in PyJWT's shape: ``from ferrauth import jwt`` in place of ``import jwt``.

What is accepted is a strict subset of what PyJWT accepts. There is no way to skip the signature check here; the
claims of a token that nothing vouches for are to be had from ``ferrauth.hazmat`` alone.
"""

from ferrauth import exceptions
from ferrauth._core import decode, decode_complete, encode, get_unverified_header
from ferrauth.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWTError,
)

__all__ = [
    "DecodeError",
    "ExpiredSignatureError",
    "ImmatureSignatureError",
    "InvalidAlgorithmError",
    "InvalidAudienceError",
    "InvalidIssuedAtError",
    "InvalidIssuerError",
    "InvalidJTIError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "InvalidSubjectError",
    "InvalidTokenError",
    "MissingRequiredClaimError",
    "PyJWTError",
    "decode",
    "decode_complete",
    "encode",
    "exceptions",
    "get_unverified_header",
]
