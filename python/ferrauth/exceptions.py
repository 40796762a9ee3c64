"""What ferrauth raises beyond ``ValueError`` and ``TypeError``. No message carries a password, a key or a token."""

from typing import ClassVar


class FerrauthError(Exception):
    """The base of every exception of this package."""

    code: ClassVar[str] = "error"
    """A stable word for programs, sent as ``code`` in an HTTP error."""

    status: ClassVar[int] = 500
    """The HTTP status that an HTTP layer answers with."""
