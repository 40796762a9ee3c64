"""PBKDF2 vectors: the published ones, each checked here, and computed edges."""

import hashlib
from typing import Any

# (hash, password, salt, iterations, dklen, derived key in hexadecimal).
# RFC 7914 section 11: PBKDF2-HMAC-SHA256.
RFC_7914 = (
    (
        "sha256",
        "passwd",
        "salt",
        1,
        64,
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    ),
    (
        "sha256",
        "Password",
        "NaCl",
        80_000,
        64,
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
        "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
    ),
)

# RFC 6070 section 2: PBKDF2-HMAC-SHA1.
RFC_6070 = (
    ("sha1", "password", "salt", 1, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
    ("sha1", "password", "salt", 2, 20, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
    ("sha1", "password", "salt", 4096, 20, "4b007901b765489abead49d926f721d065a429c1"),
    ("sha1", "password", "salt", 16_777_216, 20, "eefe3d61cd4da4e4e9945b3d6ba2158c2634e984"),
    (
        "sha1",
        "passwordPASSWORDpassword",
        "saltSALTsaltSALTsaltSALTsaltSALTsalt",
        4096,
        25,
        "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
    ),
    ("sha1", "pass\0word", "sa\0lt", 4096, 16, "56fa6aa75548099dcc37d7f03425e0c3"),
)

# Above this count a vector is marked slow, so that quick runs can leave it out.
SLOW_ITERATIONS = 1_000_000

# Password lengths in bytes around HMAC's block: 64 for SHA-1 and SHA-256, 128 for SHA-512
# (RFC 2104 section 2: a longer key is hashed first).
PASSWORD_LENGTHS = (0, 1, 63, 64, 65, 127, 128, 129, 1000)
# Salt lengths in bytes around the point where salt, block index and padding fill a block.
SALT_LENGTHS = (0, 51, 52, 59, 60, 115, 116, 123, 124, 200)


def _vector(source: str, algorithm: str, password: str, salt: str, iterations: int, dklen: int) -> dict[str, Any]:
    """Return one vector, its key derived by hashlib."""
    derived = hashlib.pbkdf2_hmac(algorithm, password.encode(), salt.encode(), iterations, dklen)
    return {
        "source": source,
        "hash": algorithm,
        "password": password,
        "salt": salt,
        "iterations": iterations,
        "dklen": dklen,
        "derived": derived.hex(),
        "slow": iterations > SLOW_ITERATIONS,
    }


def _letters(length: int) -> str:
    """Return a text of `length` bytes with no short period that could hide an offset error."""
    return "".join(chr(ord("!") + (index * index + index // 7) % 94) for index in range(length))


def pbkdf2_vectors() -> list[dict[str, Any]]:
    """Return the published vectors, then those computed with hashlib.

    Raises:
        ValueError: hashlib disagrees with a published value.
    """
    vectors = []
    for source, published in (("RFC 7914 section 11", RFC_7914), ("RFC 6070 section 2", RFC_6070)):
        for algorithm, password, salt, iterations, dklen, expected in published:
            vector = _vector(source, algorithm, password, salt, iterations, dklen)
            if vector["derived"] != expected:
                raise ValueError(f"hashlib disagrees with {source}: {vector}")
            vectors.append(vector)

    # No RFC gives vectors for SHA-512: the inputs of the two RFCs, derived by hashlib.
    for _, password, salt, iterations, _, _ in RFC_7914 + RFC_6070:
        if iterations <= SLOW_ITERATIONS:
            vectors.append(_vector("hashlib", "sha512", password, salt, iterations, 64))

    digest_size = {"sha256": 32, "sha1": 20, "sha512": 64}
    for algorithm, size in digest_size.items():
        for length in PASSWORD_LENGTHS:
            vectors.append(_vector("hashlib", algorithm, _letters(length), "salt", 3, size))
        for length in SALT_LENGTHS:
            vectors.append(_vector("hashlib", algorithm, "password", _letters(length), 3, size))
        for dklen in (1, size - 1, size + 1, 2 * size, 2 * size + 1):
            vectors.append(_vector("hashlib", algorithm, "password", "salt", 3, dklen))
        vectors.append(_vector("hashlib", algorithm, "pässwörd 🔑", "sält\0", 2, size))
    return vectors
