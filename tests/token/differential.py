"""ferrauth beside PyJWT, token by token: what ferrauth accepts is a strict subset, and the same claims.

A million tokens: ``make differential``.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any, NamedTuple

import jwt as pyjwt
from forge import NOW, SECRET
from mutation import mutated

from ferrauth import jwt
from ferrauth.keys import Key


class Outcome(NamedTuple):
    """How many tokens both accepted, both refused, and PyJWT alone accepted."""

    accepted: int
    refused: int
    stricter: int


def compare(seed: int, count: int) -> Outcome:
    """Hold the verdicts on mutated tokens against each other.

    Args:
        seed: Decides the tokens.
        count: How many.

    Raises:
        AssertionError: ferrauth accepted what PyJWT refused, read other claims, or raised what no token may raise.
    """
    key = Key.from_secret(SECRET)
    dice = random.Random(seed)  # noqa: S311
    accepted = refused = stricter = 0
    for text in mutated(seed, count):
        asked = arguments(dice)
        try:
            theirs = pyjwt.decode(text, SECRET, algorithms=["HS256"], **asked)
        except pyjwt.PyJWTError:
            theirs = None
        try:
            ours = key.decode(text, **asked, now=NOW)
        except jwt.InvalidTokenError:
            ours = None
        if ours is None:
            stricter += theirs is not None
            refused += theirs is None
        elif ours == theirs:
            accepted += 1
        else:
            raise AssertionError(f"ferrauth read {ours!r} and PyJWT {theirs!r} out of {text!r}")
    return Outcome(accepted, refused, stricter)


def arguments(dice: random.Random) -> dict[str, Any]:
    """Return what a caller may ask for: nothing in half of the cases."""
    options: dict[str, Any] = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    asked: dict[str, Any] = {"options": options}
    if dice.random() < 0.5:
        return asked
    if dice.random() < 0.5:
        asked["audience"] = dice.choice(["a", "", "b", ["a"], ["a", "b"], [""], []])
    if dice.random() < 0.3:
        asked["issuer"] = dice.choice(["i", "", ["i"], ["i", "j"], []])
    if dice.random() < 0.2:
        asked["subject"] = dice.choice(["1", "", "é"])
    if dice.random() < 0.3:
        options["strict_aud"] = True
    if dice.random() < 0.3:
        options["require"] = dice.choice([["sub"], ["aud", "iss"], ["exp"], ["nothing"], []])
    for name in ("verify_aud", "verify_iss", "verify_sub", "verify_jti"):
        if dice.random() < 0.2:
            options[name] = dice.random() < 0.5
    return asked


def main() -> int:
    """Compare as many tokens as the command line says."""
    count = int(sys.argv[1])
    start = time.monotonic()
    outcome = compare(seed=time.time_ns(), count=count)
    print(f"{count} mutated tokens in {time.monotonic() - start:.0f} s: {outcome}")
    print("None was accepted by ferrauth and refused by PyJWT.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
