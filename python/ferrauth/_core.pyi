"""Types of the compiled core. Import ``ferrauth``, not this: its names may change between releases."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, final

__version__: Final[str]
DEFAULT_ITERATIONS: Final[int]

def build_info() -> dict[str, Any]:
    """Tell what this build is and what it runs on.

    Returns:
        ``version``; ``profile`` (``"release"`` or ``"debug"``); ``kernel``, the code that derives; ``lanes``, how many
        derivations share a core; ``threads``, how many cores derive; ``memory_budget``, bytes that memory-hard
        derivations may take at once.
    """

def constant_time_compare(a: str | bytes, b: str | bytes, /) -> bool:
    """Tell whether two texts are equal, in a time that depends on their lengths alone.

    Args:
        a: Text or bytes; text is compared as its UTF-8.
        b: Text or bytes.

    Raises:
        TypeError: One of them is neither.
    """

def iterations_executed() -> int:
    """Return how many PBKDF2 iterations this process has executed."""

def max_iterations() -> int:
    """Return the highest iteration count that this process accepts."""

def set_max_iterations(value: int, /) -> None:
    """Set the highest iteration count that this process accepts, 10,000,000 at first.

    Raises:
        ValueError: It is not a whole number of at least 1.
    """

def random_text(length: int, /) -> str:
    """Return that many letters and digits from the operating system's generator."""

def pbkdf2_hmac(
    hash_name: str, password: str | bytes, salt: str | bytes, iterations: int, dklen: int | None = None
) -> bytes:
    """Derive a key by PBKDF2-HMAC (RFC 8018, section 5.2), with ``hashlib.pbkdf2_hmac``'s signature.

    Args:
        hash_name: ``"sha1"``, ``"sha256"`` or ``"sha512"``.
        password: The password; text counts as its UTF-8.
        salt: The salt.
        iterations: From 1 to the cap.
        dklen: Bytes of the key; the digest's length by default.

    Raises:
        ValueError: The digest, the iterations or ``dklen`` is not one of these, or a text holds a lone surrogate.
        TypeError: The password or the salt is neither ``str`` nor ``bytes``.
    """

def set_memory_budget(bytes: int | None, /) -> None:
    """Set the memory, in bytes, that argon2 and scrypt derivations together may take at once.

    Args:
        bytes: ``None`` for the default, a quarter of the smaller of the control group's limit and the RAM. One
            derivation may always run.
    """

def formats() -> list[str]:
    """Return Django's names of all formats that can verify."""

def work_of(encoded: object, /) -> tuple[str, int] | None:
    """Return a stored row's format and its work, in PBKDF2-HMAC-SHA256 iterations; ``None`` if it cannot be read."""

def matches(password: str | bytes, encoded: object, /) -> bool:
    """Tell whether a password is a row's, in any format, at the row's own cost: nothing is added for equal work."""

def argon2(
    password: str | bytes,
    salt: str | bytes,
    *,
    variety: str,
    version: int,
    memory_cost: int,
    time_cost: int,
    parallelism: int,
    length: int,
) -> bytes:
    """Derive a key by Argon2 (RFC 9106).

    Args:
        password: The password; text counts as its UTF-8.
        salt: 8 to 64 bytes.
        variety: ``"argon2d"``, ``"argon2i"`` or ``"argon2id"``.
        version: 16 or 19.
        memory_cost: KiB.
        time_cost: Passes.
        parallelism: Lanes.
        length: Bytes of the key, 16 to 64.

    Raises:
        ValueError: The cost is outside the caps, or a text holds a lone surrogate.
    """

def scrypt(password: str | bytes, salt: str, *, n: int, r: int, p: int) -> bytes:
    """Derive a key of 64 bytes by scrypt (RFC 7914).

    Raises:
        ValueError: The cost is outside the caps, or a text holds a lone surrogate.
    """

def bcrypt(password: str | bytes, cost: int, salt: str, /) -> str:
    """Return the 31 characters that bcrypt writes behind a cost and a salt of 22 characters.

    Raises:
        ValueError: The cost is not one from 4 to 15, the salt is none, or the password holds a lone surrogate.
    """

def md5(password: str | bytes, salt: str, /) -> str:
    """Return the MD5 of salt and password, in hexadecimal."""

@final
class Policy:
    """What a password costs here.

    Args:
        iterations: Those of a new ``pbkdf2_sha256`` row, 1,500,000 by default.
        model: In place of ``iterations``: a stored row, whosever, of the format and cost that new ones have.
        formats: Names of the formats that verify, all but ``md5`` by default.
        floor: The least work of a failure, in PBKDF2-HMAC-SHA256 iterations. A failure costs what a new row costs at
            least; where a table holds rows that cost more, or rows of formats that do, set it to the costliest row's
            work (``manage.py password_report`` prints it), and a failure no longer tells such a user from nobody.

    Raises:
        ValueError: A value is outside the caps, a format is unknown, or the model is no row.
    """

    def __new__(
        cls,
        *,
        iterations: int | None = None,
        model: str | None = None,
        formats: Iterable[str] | None = None,
        floor: int = 0,
    ) -> Policy: ...
    @property
    def iterations(self) -> int | None:
        """The iterations of a new ``pbkdf2_sha256`` row; ``None`` where new rows are of another format."""

    @property
    def floor(self) -> int:
        """The work of every failure, in PBKDF2-HMAC-SHA256 iterations."""

def make_password(
    password: str | bytes, salt: str | bytes | None, iterations: int, algorithm: str = "pbkdf2_sha256", /
) -> str: ...
def check_password(password: object, encoded: object, policy: Policy | int, /) -> tuple[bool, bool]: ...
def make_passwords(passwords: Sequence[str | bytes], iterations: int, /) -> list[str]: ...
def wrap_passwords(rows: Sequence[object], iterations: int, /) -> list[str | None]: ...
def check_passwords(pairs: Sequence[tuple[object, object]], policy: Policy | int, /) -> list[bool]: ...
