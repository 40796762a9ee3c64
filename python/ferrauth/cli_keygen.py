"""``python -m ferrauth keygen``: a new key, as PEM or as a JWK."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from ferrauth.exceptions import InvalidKeyError
from ferrauth.hazmat import export_private_jwk, export_private_pem
from ferrauth.keys import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

_HMAC = ("HS256", "HS384", "HS512")
_PAIRS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")

_PRIVATE_MODE = 0o600
"""Readable by its owner alone, whatever the umask says (CVE-2026-25674)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a new key, or write it to a file.

    Args:
        arguments: The words after ``keygen``; those of the process by default.

    Returns:
        The exit status: 0, or 1 where the key has no such form or name, or the file is there already or cannot be made.
    """
    options = _parser().parse_args(arguments)
    forms = ("secret", "jwk") if options.algorithm in _HMAC else ("pem", "jwk")
    form = options.format or forms[0]
    if form not in forms:
        print(f"A key for {options.algorithm} is written as {forms[0]} or {forms[1]}.", file=sys.stderr)
        return 1
    try:
        key = Key.generate(options.algorithm, kid=options.kid)
    except InvalidKeyError as error:
        print(error, file=sys.stderr)
        return 1
    text = _text(key, form)
    if options.output is None:
        print(text)
        return 0
    try:
        _write(options.output, text)
    except OSError as error:
        print(f"{options.output}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ferrauth keygen", description="Make a new signing key.")
    parser.add_argument(
        "--algorithm", choices=_HMAC + _PAIRS, default="EdDSA", help="what the key is for (default: EdDSA)"
    )
    parser.add_argument("--kid", help="the key's name in the headers of tokens; in a JWK it is kept")
    parser.add_argument(
        "--format",
        choices=("pem", "jwk", "secret"),
        help="PEM (the default of a key pair), JWK, or the secret in base64url (the default of an HMAC)",
    )
    parser.add_argument("--output", metavar="FILE", help="a new file for the key, readable by its owner alone")
    return parser


def _text(key: Key, form: str) -> str:
    if form == "pem":
        return export_private_pem(key).rstrip("\n")
    jwk = export_private_jwk(key)
    return str(jwk["k"]) if form == "secret" else json.dumps(jwk, indent=2)


def _write(path: str, text: str) -> None:
    # A file that is there already is somebody's key: it is never written over.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, _PRIVATE_MODE)
        file.write(text + "\n")
