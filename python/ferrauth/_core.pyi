"""Types of the compiled core. Import ``ferrauth``, not this: its names may change between releases."""

from collections.abc import Sequence
from typing import Any, Final

__version__: Final[str]
DEFAULT_ITERATIONS: Final[int]

def build_info() -> dict[str, Any]:
    """Tell what this build is and what it runs on.

    Returns:
        ``version``; ``profile`` (``"release"`` or ``"debug"``); ``kernel``, the code that derives; ``lanes``, how many
        derivations share a core; ``threads``, how many cores derive.
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

def make_password(password: str | bytes, salt: str | bytes | None, iterations: int, /) -> str: ...
def check_password(password: object, encoded: object, preferred: int, /) -> tuple[bool, bool]: ...
def make_passwords(passwords: Sequence[str | bytes], iterations: int, /) -> list[str]: ...
def check_passwords(pairs: Sequence[tuple[object, object]], preferred: int, /) -> list[bool]: ...
