"""ferrauth and ryjwt in interleaved rounds, as JSON. ryjwt needs Python 3.12, so ``benches.tokens`` starts this."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from itertools import repeat

import ryjwt

from benches.rounds import interleave
from ferrauth import jwt
from ferrauth.keys import Key

CALLS = 2_000
"""Calls in a round, which then takes milliseconds."""


def main() -> int:
    secret, claims, rounds = json.loads(sys.stdin.read())
    key, peer = Key.from_secret(secret), ryjwt.SecretKey(secret, algorithms=["HS256"])
    token = peer.encode(claims)
    assert key.decode(token) == peer.decode(token) == jwt.decode(token, secret, algorithms=["HS256"]) == claims
    assert peer.decode(key.encode(claims)) == claims

    def many(call: object, argument: object) -> None:
        for _ in repeat(None, CALLS):
            call(argument)  # type: ignore[operator]

    timings = interleave(
        {
            "decode ferrauth": lambda: many(key.decode, token),
            "decode ryjwt": lambda: many(peer.decode, token),
            "encode ferrauth": lambda: many(key.encode, claims),
            "encode ryjwt": lambda: many(peer.encode, claims),
        },
        rounds,
    )
    each = {name: [time / CALLS for time in times] for name, times in timings.items()}
    version = importlib.metadata.version("ryjwt")
    print(json.dumps({"version": version, "python": platform.python_version(), "timings": each}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
