"""The development secret: random, one a checkout, kept in a file so that tokens outlive a restart."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SECRET_BYTES = 64
"""512 bits, above the 256 that HS256 asks of a key (RFC 7518, section 3.2)."""


def development_secret_key(path: Path) -> str:
    """Return the secret in a file, which is made where there is none.

    Workers that start together all return the same one: the file appears whole, under its name, once.

    Args:
        path: The file. Its owner alone can read it.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # Another worker was first, and its secret is the one.
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")
