"""``make bench``: tokens with ferrauth, PyJWT, joserfc and ryjwt, in interleaved rounds of one run.

Every contender reads the same claims, which is asserted before anything is timed; peers are given keys that are loaded.
A ratio is the median of the rounds' ratios. ferrauth's timed path is the public one: every check, and a new dict or
``Claims`` at each call.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import ssl
import statistics
import subprocess
import sys
import time
import uuid
from importlib.metadata import version
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt as pyjwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwk as jose_jwk
from joserfc import jwt as jose_jwt

import ferrauth
from benches.rounds import Row, Timings, cpu, interleave, print_rows, ratio, spread
from ferrauth import jwt
from ferrauth.hazmat import export_private_pem
from ferrauth.keys import Key, KeyRing
from ferrauth.tokens import TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a secret of exactly as many bytes as its use asks for: sixty-four"
LIFETIME = 3_600
PAIRS = ("RS256", "ES256", "EdDSA")

FAST_CALLS, SLOW_CALLS = 1_000, 50
"""Calls in a round of what takes about a microsecond, and of what takes tens of them."""

HOSTILE_LENGTH = 64 * 1024
"""Bytes of a hostile token: the most that ``max_length`` can allow."""

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Measure, print, and return 0 if every figure is at least what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="interleaved rounds (default 40)")
    rounds: int = parser.parse_args().rounds
    if ferrauth.build_info()["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1
    print(f"\nTokens of five claims, {rounds} interleaved rounds; command: make bench")
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, {ssl.OPENSSL_VERSION};")
    print(f"PyJWT {version('pyjwt')}, joserfc {version('joserfc')}, cryptography {version('cryptography')};")
    print(f"load of the machine before the run: {os.getloadavg()[0]:.1f}\n")

    timings: Timings = {}
    rows = hmac(timings, rounds)
    for algorithm in PAIRS:
        rows += pair(algorithm, timings, rounds)
    rows += hostile(timings, rounds)
    peer = ryjwt(rounds)
    print(f"{'microseconds a call':44}{'minimum':>11}  {'median':>9}  {'maximum':>9}")
    for name, times in timings.items():
        print(f"{name:44}{spread(times, scale=1e6)}")
    if peer is None:
        print("\nryjwt is absent: it needs a Python from 3.12 on, and none with it is installed here.")
    else:
        print(f"\nbeside ryjwt {peer['version']}, Python {peer['python']}")
        for name, times in peer["timings"].items():
            print(f"{name:44}{spread(times, scale=1e6)}")
        reached = ratio(peer["timings"], "decode ferrauth", "decode ryjwt")
        rows.append(Row("HS256 decode, Key, time against ryjwt's", reached, 1.0, 0.8, "of theirs"))
    print_rows(rows)
    return 0 if all(row.is_met for row in rows) else 1


def claims(subject: str = "user_id") -> dict[str, Any]:
    """Return the issue's five claims: kind, user, id, begin and end."""
    now = int(time.time())
    user, token_id = str(uuid.uuid4()), uuid.uuid4().hex
    return {"token_type": "access", subject: user, "jti": token_id, "iat": now, "exp": now + LIFETIME}


def measure(contenders: dict[str, tuple[int, Callable[[], object]]], rounds: int) -> Timings:
    """Return seconds of a call, by name: each contender is called so often in a round."""

    def many(calls: int, call: Callable[[], object]) -> None:
        for _ in repeat(None, calls):
            call()

    batches: dict[str, Callable[[], object]] = {
        name: lambda calls=calls, call=call: many(calls, call)  # type: ignore[misc]
        for name, (calls, call) in contenders.items()
    }
    timings = interleave(batches, rounds)
    return {name: [time / contenders[name][0] for time in times] for name, times in timings.items()}


def hmac(timings: Timings, rounds: int) -> list[Row]:
    """HS256, by every door."""
    payload, key, peer_key = claims(), Key.from_secret(SECRET), jose_jwk.OctKey.import_key(SECRET)
    header = {"alg": "HS256", "typ": "JWT"}
    token = pyjwt.encode(payload, SECRET)
    issuer = TokenIssuer(keys=key, access_lifetime=LIFETIME)
    own = issuer.generate_tokens(uuid.uuid4()).access
    # The issuer's keys are its own: PyJWT reads the same claims under the secret.
    own_claims = issuer.decode_token(own).to_dict()
    assert len(own_claims) == len(payload)
    same = pyjwt.encode(own_claims, SECRET, headers={"typ": "at+jwt"})
    algorithms = ["HS256"]
    for read in (
        key.decode(token),
        jwt.decode(token, SECRET, algorithms=algorithms),
        pyjwt.decode(token, SECRET, algorithms=algorithms),
        jose_jwt.decode(token, peer_key, algorithms=algorithms).claims,
        pyjwt.decode(jwt.encode(payload, SECRET), SECRET, algorithms=algorithms),
        pyjwt.decode(key.encode(payload), SECRET, algorithms=algorithms),
    ):
        assert read == payload
    assert pyjwt.decode(same, SECRET, algorithms=algorithms) == own_claims
    measured = measure(
        {
            "HS256 decode, Key": (FAST_CALLS, lambda: key.decode(token)),
            "HS256 decode, TokenIssuer": (FAST_CALLS, lambda: issuer.decode_token(own)),
            "HS256 decode, jwt.decode": (FAST_CALLS, lambda: jwt.decode(token, SECRET, algorithms=algorithms)),
            "HS256 decode, PyJWT": (SLOW_CALLS, lambda: pyjwt.decode(token, SECRET, algorithms=algorithms)),
            "HS256 decode, PyJWT, the issuer's claims": (
                SLOW_CALLS,
                lambda: pyjwt.decode(same, SECRET, algorithms=algorithms),
            ),
            "HS256 decode, joserfc": (SLOW_CALLS, lambda: jose_jwt.decode(token, peer_key, algorithms=algorithms)),
            "HS256 encode, Key": (FAST_CALLS, lambda: key.encode(payload)),
            "HS256 encode, jwt.encode": (FAST_CALLS, lambda: jwt.encode(payload, SECRET)),
            "HS256 encode, PyJWT": (SLOW_CALLS, lambda: pyjwt.encode(payload, SECRET)),
            "HS256 encode, joserfc": (SLOW_CALLS, lambda: jose_jwt.encode(header, payload, peer_key)),
        },
        rounds,
    )
    timings |= measured
    theirs = "HS256 decode, PyJWT"
    return [
        Row("HS256 decode, Key, against PyJWT", ratio(measured, theirs, "HS256 decode, Key"), 30, 45, "x"),
        Row(
            "HS256 decode, TokenIssuer, against PyJWT",
            ratio(measured, f"{theirs}, the issuer's claims", "HS256 decode, TokenIssuer"),
            30,
            45,
            "x",
        ),
        Row(
            "HS256 decode, jwt.decode, against PyJWT", ratio(measured, theirs, "HS256 decode, jwt.decode"), 20, 35, "x"
        ),
        Row(
            "HS256 encode, jwt.encode, against PyJWT",
            ratio(measured, "HS256 encode, PyJWT", "HS256 encode, jwt.encode"),
            15,
            25,
            "x",
        ),
        Row(
            "HS256 encode, Key, against PyJWT",
            ratio(measured, "HS256 encode, PyJWT", "HS256 encode, Key"),
            15,
            25,
            "x",
        ),
    ]


def pair(algorithm: str, timings: Timings, rounds: int) -> list[Row]:
    """A key pair: a token that was never seen, and one that was.

    The aim of the first is what cryptography's signature check takes alone, of whatever it was given already parsed.
    """
    payload, key = claims(), Key.generate(algorithm)
    private = serialization.load_pem_private_key(export_private_pem(key).encode(), None)
    public: Any = private.public_key()  # type: ignore[union-attr]
    peer_key: Any = {"RS256": jose_jwk.RSAKey, "ES256": jose_jwk.ECKey, "EdDSA": jose_jwk.OKPKey}[algorithm].import_key(
        key.public().to_pem()
    )
    token = key.encode(payload)
    cached = KeyRing([key], cache=16)
    check = signature_check(algorithm, public, token)
    algorithms = [algorithm]
    for read in (
        key.decode(token),
        cached.decode(token),
        cached.decode(token),
        pyjwt.decode(token, public, algorithms=algorithms),
        jose_jwt.decode(token, peer_key, algorithms=algorithms).claims,
        key.decode(pyjwt.encode(payload, private, algorithm=algorithm)),  # type: ignore[arg-type]
    ):
        assert read == payload
    assert cached.cache_info == (1, 16)
    ours, seen, theirs, alone = (
        f"{algorithm} decode, Key",
        f"{algorithm} decode, KeyRing, seen before",
        f"{algorithm} decode, PyJWT",
        f"{algorithm} signature check alone, cryptography",
    )
    measured = measure(
        {
            ours: (SLOW_CALLS, lambda: key.decode(token)),
            seen: (FAST_CALLS, lambda: cached.decode(token)),
            theirs: (SLOW_CALLS, lambda: pyjwt.decode(token, public, algorithms=algorithms)),
            f"{algorithm} decode, joserfc": (
                SLOW_CALLS,
                lambda: jose_jwt.decode(token, peer_key, algorithms=algorithms),
            ),
            alone: (SLOW_CALLS, check),
        },
        rounds,
    )
    timings |= measured
    aim = ratio(measured, theirs, alone)
    return [
        Row(f"{algorithm} decode, first time, against PyJWT", ratio(measured, theirs, ours), 2, aim, "x"),
        Row(f"{algorithm} decode, seen before, against PyJWT", ratio(measured, theirs, seen), 20, 40, "x"),
    ]


def signature_check(algorithm: str, public: Any, token: str) -> Callable[[], None]:
    """Return a call of cryptography's check, with everything decoded beforehand."""
    head, _, segment = token.rpartition(".")
    message, signature = head.encode(), pyjwt.utils.base64url_decode(segment)
    if algorithm == "RS256":
        return lambda: public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    if algorithm == "ES256":
        half = len(signature) // 2
        der = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        return lambda: public.verify(der, message, ec.ECDSA(hashes.SHA256()))
    return lambda: public.verify(signature, message)


def hostile(timings: Timings, rounds: int) -> list[Row]:
    """64 KiB that have to be refused: by default, which is by their length, and by a verifier that was told to look."""
    key = Key.from_secret(SECRET)
    honest = key.encode(claims())
    header, _, signature = honest.split(".")
    room = HOSTILE_LENGTH - len(header) - len(signature) - 2
    bytes_of_json = room // 4 * 3
    forged = {
        "dots": "." * HOSTILE_LENGTH,
        "another token's MAC": f"{header}.{'A' * room}.{signature}",
        "padding at its end": f"{header}.{'A' * room}.{signature[:-1]}=",
    }
    signed_too = {
        "nested": signed('{"a":' + "[" * (bytes_of_json - 16)),
        "many members": signed("{" + ",".join(f'"{n}":0' for n in range(4_500)) + "}"),
        "one string, cut off": signed('{"a":"' + "a" * (bytes_of_json - 16)),
        "all escapes, cut off": signed('{"a":"' + r"\u0061" * (bytes_of_json // 6 - 16)),
    }
    wide = {"max_length": HOSTILE_LENGTH}

    def refuse(token: str, options: dict[str, Any] | None) -> None:
        try:
            key.decode(token, options=options)
        except jwt.InvalidTokenError:
            return
        raise AssertionError("A hostile token was accepted.")

    contenders: dict[str, tuple[int, Callable[[], object]]] = {"honest": (FAST_CALLS, lambda: key.decode(honest))}
    for name, token in (forged | signed_too).items():
        assert len(token) <= HOSTILE_LENGTH
        by_default, allowed = f"64 KiB, {name}", f"64 KiB, max_length, {name}"
        contenders[by_default] = (SLOW_CALLS, lambda token=token: refuse(token, None))  # type: ignore[misc]
        contenders[allowed] = (SLOW_CALLS, lambda token=token: refuse(token, wide))  # type: ignore[misc]
        refuse(token, None)
        refuse(token, wide)
    measured = measure(contenders, rounds)

    def worst(prefix: str, names: dict[str, str]) -> str:
        return max((f"{prefix}{name}" for name in names), key=lambda name: statistics.median(measured[name]))

    by_default, allowed = worst("64 KiB, ", forged | signed_too), worst("64 KiB, max_length, ", forged)
    # Whoever holds the key is no attacker of the verifier: what its worst token costs is printed, not judged.
    for name in (by_default, allowed, worst("64 KiB, max_length, ", signed_too)):
        timings[name] = measured[name]
    return [
        Row("64 KiB, refused, in honest tokens", ratio(measured, by_default, "honest"), 50, 5, "honest"),
        Row("the same, forged, where max_length allows it", ratio(measured, allowed, "honest"), 50, 5, "honest"),
    ]


def signed(json_text: str) -> str:
    """Return a token of that JSON, which no encoder would write, under a right MAC."""
    token = pyjwt.PyJWS().encode(json_text.encode(), SECRET, algorithm="HS256")
    assert len(token) > HOSTILE_LENGTH // 2
    return token


def ryjwt(rounds: int) -> dict[str, Any] | None:
    """Measure beside ryjwt, in this interpreter's like or in that of the tests with Django 6."""
    if importlib.util.find_spec("ryjwt"):
        python = Path(sys.executable)
    else:
        python = ROOT / ".venv-django6" / "bin" / "python"
        if not python.is_file():
            return None
    asked = json.dumps([SECRET, claims(), rounds])
    command = [str(python), "-m", "benches.beside_ryjwt"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=ROOT, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
