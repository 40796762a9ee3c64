"""A Rust authentication core with a Python face.

Password hashing in Django's formats, constant-time checks and JSON Web Tokens. This package imports no framework;
``ferrauth.django``, ``ferrauth.ninja`` and ``ferrauth.fastapi`` each import their own.
"""

from ferrauth._core import __version__, build_info, constant_time_compare
from ferrauth.exceptions import FerrauthError, HasherBusy
from ferrauth.passwords import (
    acheck_password,
    amake_password,
    averify_and_update,
    check_password,
    check_passwords,
    make_password,
    make_passwords,
    verify_and_update,
)

__all__ = [
    "FerrauthError",
    "HasherBusy",
    "__version__",
    "acheck_password",
    "amake_password",
    "averify_and_update",
    "build_info",
    "check_password",
    "check_passwords",
    "constant_time_compare",
    "make_password",
    "make_passwords",
    "verify_and_update",
]
