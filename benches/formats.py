"""``python -m benches.formats``: the other formats against their libraries, and lifting a table, in one run.

Equal output is asserted before anything is timed. The last table says what one unit of each format costs in
PBKDF2-HMAC-SHA256 iterations, which is what ``src/password/{argon2,scrypt,bcrypt}.rs`` count a failure's work with.
"""

from __future__ import annotations

import argparse
import hashlib
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import argon2
import bcrypt
import django
from django.conf import settings

import ferrauth.hazmat
from benches.rounds import cpu, interleave, spread
from ferrauth import _core

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = b"correct horse battery staple"
SALT = "saltsaltsaltsaltsaltsa"
ARGON2 = {"time_cost": 2, "memory_cost": 102_400, "parallelism": 8}
"""``Argon2PasswordHasher`` of Django 3.2 to 6.1."""
SCRYPT = {"n": 2**14, "r": 8, "p": 5}
"""``ScryptPasswordHasher`` of Django 5.1 to 6.1."""
BCRYPT_COST = 10
ITERATIONS = 300_000
MOST = 1.1
"""What a format may take at most, as a multiple of its library's time."""
LEAST = 8.0
"""How many times as many rows a second a table must be lifted, against stock Django in one process."""
STOCK_ROWS = 60
WRAPPED_ITERATIONS = 100_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds (default 15)")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the table that is lifted (default 10,000)")
    options = parser.parse_args()
    info = ferrauth.build_info()
    if info["profile"] != "release":
        print("This is a debug build, whose figures mean nothing. Run: make build", file=sys.stderr)
        return 1
    print(f"CPU {cpu()}; Python {sys.version.split()[0]}, Django {django.__version__}, {ssl.OPENSSL_VERSION}")
    print(f"argon2-cffi {_version('argon2-cffi')}, bcrypt {_version('bcrypt')}; kernels {info['kernel']} and")
    print(f"{info['bulk_kernel']} on {info['threads']} threads; command: python -m benches.formats\n")
    timings = interleave(_contenders(), options.rounds)
    _compare(timings)
    _exchange(timings)
    _lift(options.rows)
    return 0


def _contenders() -> dict[str, Callable[[], object]]:
    setting = bcrypt.gensalt(BCRYPT_COST)
    salt = setting[-22:].decode()
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "argon2": (_argon2, _argon2_cffi),
        "scrypt": (
            lambda: _core.scrypt(PASSWORD, SALT, **SCRYPT),
            lambda: hashlib.scrypt(PASSWORD, salt=SALT.encode(), maxmem=2**26, dklen=64, **SCRYPT),
        ),
        "bcrypt": (
            lambda: _core.bcrypt(PASSWORD, BCRYPT_COST, salt),
            lambda: bcrypt.hashpw(PASSWORD, setting)[-31:].decode(),
        ),
        "pbkdf2_sha1": (
            lambda: ferrauth.hazmat.pbkdf2_hmac("sha1", PASSWORD, SALT, ITERATIONS),
            lambda: hashlib.pbkdf2_hmac("sha1", PASSWORD, SALT.encode(), ITERATIONS),
        ),
    }
    contenders: dict[str, Callable[[], object]] = {
        "iterations": lambda: ferrauth.hazmat.pbkdf2_hmac("sha256", PASSWORD, SALT, ITERATIONS)
    }
    for name, (ours, theirs) in pairs.items():
        assert ours() == theirs(), name
        contenders |= {f"{name} ferrauth": ours, f"{name} library": theirs}
    return contenders


def _argon2() -> bytes:
    return _core.argon2(PASSWORD, SALT, variety="argon2id", version=19, length=32, **ARGON2)


def _argon2_cffi() -> bytes:
    kind = argon2.low_level.Type.ID
    return argon2.low_level.hash_secret_raw(PASSWORD, SALT.encode(), hash_len=32, type=kind, **ARGON2)


def _compare(timings: dict[str, list[float]]) -> None:
    print(f"{'':26}{'minimum':>11}  {'median':>9}  {'maximum':>9}")
    for name in ("argon2", "scrypt", "bcrypt", "pbkdf2_sha1"):
        ours, theirs = timings[f"{name} ferrauth"], timings[f"{name} library"]
        print(f"{name + ', ms':26}{spread(ours, '', 1e3)}")
        print(f"{'  its library, ms':26}{spread(theirs, '', 1e3)}")
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        judged = "" if name not in {"argon2", "scrypt"} else _judged(ratio <= MOST, f"at most {MOST}")
        print(f"{'  median of the ratios':26}{ratio:9.2f}  {judged}")


def _exchange(timings: dict[str, list[float]]) -> None:
    iteration = min(timings["iterations"]) / ITERATIONS
    units = {
        "argon2, a block pass": min(timings["argon2 ferrauth"]) / (ARGON2["memory_cost"] * ARGON2["time_cost"]),
        "scrypt, a mix": min(timings["scrypt ferrauth"]) / (SCRYPT["n"] * SCRYPT["r"] * SCRYPT["p"]),
        "bcrypt, a round": min(timings["bcrypt ferrauth"]) / 2**BCRYPT_COST,
        "pbkdf2_sha1, an iteration": min(timings["pbkdf2_sha1 ferrauth"]) / ITERATIONS,
    }
    print(f"\nIn PBKDF2-HMAC-SHA256 iterations (of {iteration * 1e9:.0f} ns), by the fastest rounds")
    for name, seconds in units.items():
        print(f"{name:26}{seconds / iteration:9.2f}")


def _lift(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings.configure(
            SECRET_KEY="of a bench",
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(folder) / "db.sqlite3"}},
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "ferrauth.django"],
            PASSWORD_HASHERS=[f"ferrauth.django.hashers.{n}PasswordHasher" for n in ("PBKDF2", "PBKDF2WrappedMD5")],
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        )
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        _race(rows)


def _race(rows: int) -> None:
    from django.contrib.auth.hashers import PBKDF2PasswordHasher as Stock
    from django.contrib.auth.models import User

    from ferrauth.django.tables import Upgrade

    stock, table = Stock(), _table(rows)

    def lift_one(name: str, row: str) -> str:
        """As Django's guide on upgrading without requiring a login does it."""
        _, salt, md5 = row.split("$")
        wrapped = stock.encode(md5, salt, WRAPPED_ITERATIONS).replace("pbkdf2_sha256", "pbkdf2_wrapped_md5", 1)
        User.objects.filter(username=name, password=row).update(password=wrapped)
        return wrapped

    def stock_rate() -> float:
        User.objects.all().delete()
        some = dict(list(table.items())[:STOCK_ROWS])
        User.objects.bulk_create([User(username=name, password=row) for name, row in some.items()])
        start = time.perf_counter()
        for name, row in some.items():
            lift_one(name, row)
        return STOCK_ROWS / (time.perf_counter() - start)

    before = stock_rate()
    User.objects.all().delete()
    User.objects.bulk_create([User(username=name, password=row) for name, row in table.items()])
    start = time.perf_counter()
    for _ in Upgrade(iterations=WRAPPED_ITERATIONS, batch=250).run():
        pass
    ours = rows / (time.perf_counter() - start)
    stored: dict[str, Any] = dict(User.objects.values_list("username", "password"))
    for name in list(table)[:: max(1, rows // 20)]:
        assert stored[name] == lift_one(name, table[name])
    after = stock_rate()
    best = max(before, after)
    print(f"\n{rows:,} rows of md5 to {WRAPPED_ITERATIONS:,} iterations on SQLite, rows a second")
    print(f"{'password_upgrade':26}{ours:9.1f}")
    print(f"{'stock, before and after':26}{before:9.1f}  {after:9.1f}")
    print(f"{'against its faster run':26}{ours / best:9.1f}  {_judged(ours / best >= LEAST, f'at least {LEAST:.0f}')}")


def _table(rows: int) -> dict[str, str]:
    return {f"user-{number}": f"md5${SALT}${_core.md5(f'password-{number}', SALT)}" for number in range(rows)}


def _judged(reached: bool, bound: str) -> str:
    return f"({bound}: {'reached' if reached else 'MISSED'})"


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


if __name__ == "__main__":
    sys.exit(main())
