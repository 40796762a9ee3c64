"""Tokens that are almost right: a stream of them that a seed decides."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from forge import NOW, SECRET, b64, tag, unb64

if TYPE_CHECKING:
    from collections.abc import Iterator

CLAIMS = {
    "token_type": "access",
    "user_id": "7f8c",
    "jti": "é",
    "iat": NOW,
    "exp": NOW + 60,
    "n": [1, -2.5, {"a": None}],
}
MORE: dict[str, tuple[object, ...]] = {
    "aud": ("a", "", "b", ["a"], ["b", "a"], ["a", 1], [""], [], {}, None, 0),
    "iss": ("i", "", "ij", ["i"], None, 1),
    "sub": ("1", "", "é", 1, None, ["1"]),
}
"""Claims that a caller may have expectations of, right and wrong ones."""
HEADERS = ({"alg": "HS256", "typ": "JWT"}, {"typ": "JWT", "alg": "HS256"}, {"alg": "HS256", "kid": "k", "x": [1]})

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"
_FRAGMENTS = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\0", b"\xff", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800",
    b"1e400", b"NaN", b"-0", b"01", b"null", b"true", b'"exp":1,', b'"alg":"none",', b'"crit":["exp"],',
    b'"b64":false,', b"9" * 30, b"[" * 40, b"1.5", b'"exp":"1",', b'"aud":"a",', b'"sub":1,',
    b'"nbf":9999999999,', b'"iat":null,', b'"kid":1,',
)  # fmt: skip


def mutated(seed: int, count: int) -> Iterator[str]:
    """Make tokens by changing right ones: their text, or their JSON under a right MAC.

    Args:
        seed: Decides all of them.
        count: How many.
    """
    chance = random.Random(seed)  # noqa: S311
    for _ in range(count):
        header = json.dumps(chance.choice(HEADERS), separators=(",", ":")).encode()
        more = {name: chance.choice(values) for name, values in MORE.items() if chance.random() < 0.3}
        payload = json.dumps(CLAIMS | more, ensure_ascii=chance.random() < 0.5).encode()
        kind = chance.randrange(5)
        if kind == 0:
            payload = _change_bytes(chance, payload)
        elif kind == 1:
            header = _change_bytes(chance, header)
        signed = f"{b64(header)}.{b64(payload)}"
        if kind == 2:
            signed = _change_text(chance, signed)
        mac = b64(tag(signed, SECRET)) if signed.isascii() else "AAAA"
        if kind == 3:
            mac = chance.choice((_change_text(chance, mac), mac + "=", b64(_change_bytes(chance, unb64(mac)))))
        text = f"{signed}.{mac}"
        yield _change_text(chance, text) if kind == 4 else text


def _change_bytes(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        piece = chance.choice((*_FRAGMENTS, bytes([chance.randrange(256)])))
        data = data[:at] + chance.choice((piece, b"")) + data[at + chance.randrange(3) :]
    return data


def _change_text(chance: random.Random, text: str) -> str:
    for _ in range(chance.randrange(1, 3)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice((chance.choice(_ALPHABET), "")) + text[at + chance.randrange(2) :]
    return text
