"""What make_password_vectors.py asks for: releases, formats, passwords and salts."""

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Release:
    """One Django release line: its last release, and libraries and Python of its time."""

    line: str
    django: str
    python: str
    bcrypt: str
    argon2_cffi: str | None = None

    @property
    def version(self) -> tuple[int, ...]:
        return tuple(map(int, self.line.split(".")))

    @property
    def libraries(self) -> dict[str, str]:
        pins = {"argon2-cffi": self.argon2_cffi, "bcrypt": self.bcrypt}
        return {name: pin for name, pin in pins.items() if pin is not None}


RELEASES = (
    Release("1.8", "1.8.19", "2.7", bcrypt="3.1.7"),
    Release("1.11", "1.11.29", "3.6", bcrypt="3.1.7", argon2_cffi="19.2.0"),
    Release("2.2", "2.2.28", "3.7", bcrypt="3.2.2", argon2_cffi="20.1.0"),
    Release("3.2", "3.2.25", "3.8", bcrypt="3.2.2", argon2_cffi="21.3.0"),
    Release("4.2", "4.2.30", "3.10", bcrypt="4.0.1", argon2_cffi="23.1.0"),
    Release("5.2", "5.2.19", "3.11", bcrypt="4.3.0", argon2_cffi="25.1.0"),
    Release("6.0", "6.0.10", "3.12", bcrypt="5.0.0", argon2_cffi="25.1.0"),
    Release("6.1", "6.1.3", "3.13", bcrypt="5.0.0", argon2_cffi="25.1.0"),
)

# What a row is to ferrauth: verified, verified only where its hasher is listed in
# PASSWORD_HASHERS, refused whatever the password (THREATS P15), or unusable (P13).
ACCEPTED, LISTED, REFUSED, UNUSABLE = "accepted", "listed", "refused", "unusable"


@dataclass(frozen=True)
class Algorithm:
    """One of Django's formats and the release lines that can write it."""

    name: str
    hasher: str
    status: str = ACCEPTED
    since: tuple[int, ...] = (1, 8)
    until: tuple[int, ...] = (99,)
    library: str | None = None
    # Cost attributes that make a row cheap to verify; empty where the format has no cost.
    reduced: dict[str, int] = field(default_factory=dict)
    # Passwords that also get a row at the release's own default cost.
    at_default: tuple[str, ...] = ()
    # The release lines that get those rows, where not all do: each one that changed the
    # default, and the newest. The same slow row from every release would prove nothing more.
    default_lines: tuple[str, ...] = ()


ALGORITHMS = (
    Algorithm(
        "pbkdf2_sha256",
        "PBKDF2PasswordHasher",
        reduced={"iterations": 1000},
        at_default=("ascii", "unicode", "bytes_65"),
    ),
    Algorithm(
        "pbkdf2_sha1",
        "PBKDF2SHA1PasswordHasher",
        reduced={"iterations": 1000},
        at_default=("ascii",),
    ),
    Algorithm(
        "argon2",
        "Argon2PasswordHasher",
        since=(1, 10),
        library="argon2-cffi",
        reduced={"memory_cost": 64, "time_cost": 1, "parallelism": 2},
        at_default=("ascii",),
        default_lines=("1.11", "3.2", "6.1"),
    ),
    Algorithm(
        "bcrypt_sha256",
        "BCryptSHA256PasswordHasher",
        library="bcrypt",
        reduced={"rounds": 4},
        at_default=("ascii",),
        default_lines=("1.8", "6.1"),
    ),
    # The same cost attribute as bcrypt_sha256: its default is not paid for twice.
    Algorithm("bcrypt", "BCryptPasswordHasher", library="bcrypt", reduced={"rounds": 4}),
    Algorithm(
        "scrypt",
        "ScryptPasswordHasher",
        since=(4, 0),
        reduced={"work_factor": 1024},
        at_default=("ascii",),
        default_lines=("4.2", "5.2", "6.1"),
    ),
    Algorithm("md5", "MD5PasswordHasher", status=LISTED),
    Algorithm("sha1", "SHA1PasswordHasher", status=REFUSED, until=(5, 0)),
    Algorithm("unsalted_sha1", "UnsaltedSHA1PasswordHasher", status=REFUSED, until=(5, 0)),
    Algorithm("unsalted_md5", "UnsaltedMD5PasswordHasher", status=REFUSED, until=(5, 0)),
    Algorithm("crypt", "CryptPasswordHasher", status=REFUSED, until=(4, 2)),
)

LONG = "The quick brown fox jumps over the lazy dog while 12 wizards mix a potion"
PASSWORDS = {
    "ascii": "correct horse battery staple",
    "unicode": "пароль-密码-café-🔑",
    "spaces": "  spaces around  ",
    # One byte more than HMAC-SHA256's block (RFC 2104 section 2).
    "bytes_65": LONG[:65],
    # bcrypt reads 72 bytes (THREATS P17).
    "bytes_72": LONG[:72],
    "bytes_73": LONG[:73],
    "nul": "before\0after",
    "empty": "",
}

# Django made salts of 12 characters until 3.1, and of 22 (128 bits) since 3.2.
LONG_SALTS_SINCE, SHORT_SALT, LONG_SALT = (3, 2), 12, 22
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
UNUSABLE_SUFFIX_LENGTH = 40
CRYPT_SALT_LENGTH = 2
BCRYPT_SALT_LENGTH = 22
# The last character of bcrypt's salt carries two bits: one of these keeps it canonical.
BCRYPT_SALT_END = "."

ARGON2_VERSION_16, ARGON2_VERSION_19 = 16, 19
ARGON2_HASH_LENGTH = 32
# Rows that Django reads but does not write: (name, variety, version, whether v= is omitted).
ARGON2_VARIANTS = (
    ("argon2i", "I", ARGON2_VERSION_19, False),
    ("argon2d", "D", ARGON2_VERSION_19, False),
    ("argon2id", "ID", ARGON2_VERSION_19, False),
    ("argon2i-v16", "I", ARGON2_VERSION_16, False),
    ("argon2i-unversioned", "I", ARGON2_VERSION_16, True),
)


def fixed_salt(label: str, length: int) -> str:
    """Return `length` alphanumeric characters that depend on `label` alone."""
    stream = hashlib.shake_256(label.encode()).digest(length)
    return "".join(ALPHANUMERIC[byte % len(ALPHANUMERIC)] for byte in stream)


def salt_for(release: Release, algorithm: str, label: str) -> str:
    """Return a fixed salt of the form that the release gives this algorithm."""
    if algorithm.startswith("unsalted_"):
        return ""
    if algorithm == "crypt":
        return fixed_salt(label, CRYPT_SALT_LENGTH)
    if algorithm in ("bcrypt", "bcrypt_sha256"):
        return fixed_salt(label, BCRYPT_SALT_LENGTH - 1) + BCRYPT_SALT_END
    return fixed_salt(label, LONG_SALT if release.version >= LONG_SALTS_SINCE else SHORT_SALT)


def request(release: Release, algorithm: Algorithm, variant: str, password: str, **changes: Any) -> dict[str, Any]:
    """Return one request to password_rows.py, with the facts its row will state."""
    identity = f"django-{release.line}/{algorithm.name}/{variant}"
    values = {
        "id": identity,
        "algorithm": algorithm.name,
        "password": password,
        "salt": salt_for(release, algorithm.name, identity),
        "cost": algorithm.reduced,
        "at_default_cost": False,
        "status": algorithm.status,
        "writer": "django",
        "library": algorithm.library,
        "ident": "2b",
        "note": "",
    }
    return values | changes


def requests_for(release: Release, algorithm: Algorithm) -> list[dict[str, Any]]:
    """Return every request for one algorithm of one release."""
    has_default_rows = not algorithm.default_lines or release.line in algorithm.default_lines
    requests = [
        request(
            release,
            algorithm,
            f"default/{name}",
            PASSWORDS[name],
            cost={},
            at_default_cost=True,
            note="the release's default cost",
        )
        for name in (algorithm.at_default if has_default_rows else ())
    ]
    for name, password in PASSWORDS.items():
        note = ""
        if algorithm.name == "bcrypt" and name == "bytes_73":
            note = "bcrypt reads the first 72 bytes: the row verifies any password that begins so"
        requests.append(request(release, algorithm, name, password, note=note))

    ascii_password = PASSWORDS["ascii"]
    if algorithm.name == "pbkdf2_sha256":
        requests.append(
            request(
                release,
                algorithm,
                "salt-not-ascii",
                ascii_password,
                salt="sält-盐-🧂-sält",
                note="the salt is taken as UTF-8",
            )
        )
    if algorithm.library == "bcrypt":
        for ident in ("2a", "2y"):
            requests.append(
                request(
                    release,
                    algorithm,
                    f"ident-{ident}",
                    ascii_password,
                    ident=ident,
                    note=f"salt given with the identifier ${ident}$",
                )
            )
    if algorithm.name == "unsalted_md5":
        requests.append(
            request(
                release,
                algorithm,
                "prefixed",
                ascii_password,
                prefix="md5$$",
                note="the older spelling that Django reads too",
            )
        )
    if algorithm.name == "argon2":
        requests += [
            request(
                release,
                algorithm,
                f"cffi/{name}",
                ascii_password,
                writer="argon2-cffi",
                variety=variety,
                version=version,
                omit_version=omit,
                hash_len=ARGON2_HASH_LENGTH,
                note="written by argon2-cffi, read by Django",
            )
            for name, variety, version, omit in ARGON2_VARIANTS
        ]
    return requests


def plan_for(release: Release) -> dict[str, Any]:
    """Return the plan that password_rows.py carries out under `release`."""
    algorithms = [a for a in ALGORITHMS if a.since <= release.version <= a.until]
    requests = [r for a in algorithms for r in requests_for(release, a)]
    identity = f"django-{release.line}/unusable"
    unusable = Algorithm("unusable", "", status=UNUSABLE)
    requests.append(
        request(
            release,
            unusable,
            "none",
            "",
            salt=fixed_salt(identity, UNUSABLE_SUFFIX_LENGTH),
            note="make_password(None); its random suffix is replaced by a fixed one",
        )
    )
    return {"hashers": [a.hasher for a in algorithms], "requests": requests}
