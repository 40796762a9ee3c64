"""A password and a row, as Django's ``PASSWORD_HASHERS`` has them: verify at equal work, renew by compare-and-swap."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth import hashers as stock
from django.contrib.auth.hashers import get_hasher, get_hashers, identify_hasher, make_password
from django.db import Error, router, transaction
from django.views.decorators.debug import sensitive_variables

from ferrauth import _core, _futures
from ferrauth.accounts import passwords as rules
from ferrauth.django import hashers
from ferrauth.django.conf import get_settings
from ferrauth.passwords import FORMATS, Policy, amake_password

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.hashers import BasePasswordHasher

    from ferrauth.passwords import Admission

__all__ = ["Verification", "amake", "averify", "is_known", "policy", "replace", "verify"]

logger = logging.getLogger("ferrauth.passwords")

SALT = "s" * 22
"""The salt of a row that only says what new ones cost."""


class Verification(NamedTuple):
    """What a check of a password found."""

    verified: bool
    """Whether the password is the row's."""
    renews: bool
    """Whether the row is to be derived anew."""


@sensitive_variables("password")
def verify(password: str | bytes, row: str | None, *, admission: Admission | None = None) -> Verification:
    """Check a password against a row, at equal work whatever it fails on.

    Formats that the core knows are checked there. A hasher of the project's own is called as it is, and where it fails,
    the work of a new row is done besides.

    Args:
        password: The password as it was submitted.
        row: The row; ``None`` for nobody's.
        admission: What ``ferrauth.passwords.admit`` gave.

    Returns:
        Never raises for any password or row.
    """
    hasher = _hasher(row)
    if row is None or hasher is None or is_known(hasher):
        return _found(hasher, *_core.check_password(password, row, policy(), admission))
    verified, outdated = _ask(hasher, password, row)
    if not verified:
        _core.check_password(password, None, policy(), admission)
    return _found(hasher, verified, outdated)


@sensitive_variables("password")
async def averify(password: str | bytes, row: str | None, *, admission: Admission | None = None) -> Verification:
    """As :func:`verify`, holding no thread meanwhile; but a hasher of the project's own gets one.

    Raises:
        HasherBusy: More work waits than this call may have to wait for, and ``admission`` is ``None``.
    """
    hasher = _hasher(row)
    if row is None or hasher is None or is_known(hasher):
        return _found(hasher, *await _acheck(password, row, admission))
    verified, outdated = await sync_to_async(_ask, thread_sensitive=False)(hasher, password, row)
    if not verified:
        await _acheck(password, None, admission)
    return _found(hasher, verified, outdated)


@sensitive_variables("password")
async def amake(password: str | bytes, *, admission: Admission | None = None) -> str:
    """Encode a password with the first of ``PASSWORD_HASHERS``, off the event loop."""
    preferred: Any = get_hasher()
    if is_known(preferred) and preferred.algorithm == "pbkdf2_sha256":
        return await amake_password(password, iterations=preferred.iterations, admission=admission)
    # Django takes bytes too, though its stubs do not say so.
    encoded: str = await sync_to_async(make_password, thread_sensitive=False)(password)  # type: ignore[arg-type]
    return encoded


async def _acheck(password: str | bytes, row: str | None, admission: Admission | None) -> tuple[bool, bool]:
    verified, outdated, _ = await _futures.result(
        lambda future: _core.start_check(future, password, row, policy(), False, admission)
    )
    return verified, outdated


def _found(hasher: Any, verified: bool, outdated: bool) -> Verification:
    preferred = _name(get_hasher())
    algorithm = preferred if hasher is None else _name(hasher)
    return Verification(
        verified, rules.renews(verified=verified, outdated=outdated, algorithm=algorithm, preferred=preferred)
    )


def policy() -> Policy:
    """Return what ``PASSWORD_HASHERS`` and ``FERRAUTH["HASHER_FLOOR"]`` make a password cost."""
    listed = get_hashers()
    formats = {_name(hasher) for hasher in listed if is_known(hasher)}
    return Policy(model=_model(listed[0]), formats=formats, floor=get_settings().hasher_floor)


def replace(user: AbstractBaseUser, old: str, new: str) -> bool:
    """Store a new encoding of the *same* password, unless the row has changed since ``old`` was read.

    This is no password change: no signal is sent, and sessions go on. It writes the one column, of the row as it was
    verified, so a password change at the same moment is never undone (P47).

    Args:
        user: The user; its ``password`` follows where the row was written.
        old: The encoding that was verified.
        new: The encoding to store.

    Returns:
        Whether the row was written. A database that refuses is logged, and is no error: the login goes on (P49).
    """
    try:
        # Where the request has a transaction, this is a savepoint: a refused write must not break what follows.
        with transaction.atomic(using=router.db_for_write(type(user), instance=user)):
            written = _swap(user, old, new)
    except Error:
        logger.warning("An outdated password could not be renewed; the login goes on.", exc_info=True)
        return False
    if written:
        user.password = new
    return written


def _swap(user: AbstractBaseUser, old: str, new: str) -> bool:
    if apps.is_installed("ferrauth.django"):
        from ferrauth.django.rows import renew_password

        return renew_password(str(user.pk), old=old, new=new)
    # Through a child of the model that has the column, Django would select first, then update.
    owner = type(user)._meta.get_field("password").model
    database = router.db_for_write(owner, instance=user)
    written: int = owner._base_manager.using(database).filter(pk=user.pk, password=old).update(password=new)
    return written == 1


def _hasher(row: str | None) -> BasePasswordHasher | None:
    """Return the listed hasher of a row; ``None`` for a row that is nobody's, unusable, or of no listed format."""
    try:
        return None if row is None else identify_hasher(row)
    except (ValueError, AttributeError, TypeError):
        return None


def _name(hasher: Any) -> str:
    name: str = hasher.algorithm
    return name


def is_known(hasher: Any) -> bool:
    """Tell whether a hasher derives what the core derives for its format: Django's class, ours, or a subclass that
    changes costs alone."""
    own = {stock.__name__, hashers.__name__}
    kind = type(hasher)
    return hasher.algorithm in FORMATS and kind.encode.__module__ in own and kind.verify.__module__ in own


@sensitive_variables("password")
def _ask(hasher: BasePasswordHasher, password: str | bytes, row: str) -> tuple[bool, bool]:
    """Ask a hasher of the project's own. A row that makes it raise is refused, as any bad row is."""
    try:
        return hasher.verify(password, row), hasher.must_update(row)  # type: ignore[arg-type]
    except Exception as error:
        logger.warning("%s raised %s for a stored password.", type(hasher).__qualname__, type(error).__name__)
        return False, False


def _model(hasher: Any) -> str:
    """Write a row of the format and cost that a hasher gives new ones. Its key is nobody's."""
    name = _name(hasher)
    if is_known(hasher):
        match name:
            case "argon2":
                cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
                return f"argon2$argon2id$v=19${cost}${_key(22, '')}${_key(32, '')}"
            case "bcrypt" | "bcrypt_sha256":
                return f"{name}$$2b${hasher.rounds:02}${'.' * 53}"
            case "scrypt":
                return f"scrypt${hasher.work_factor}${SALT}${hasher.block_size}${hasher.parallelism}${_key(64)}"
            case "md5":
                return f"md5${SALT}${'0' * 32}"
            case "pbkdf2_sha1":
                return f"{name}${hasher.iterations}${SALT}${_key(20)}"
            case "pbkdf2_sha256":
                return f"{name}${hasher.iterations}${SALT}${_key(32)}"
    # A hasher of the project's own, or a wrapped one: what Django's default costs stands in.
    return f"pbkdf2_sha256${stock.PBKDF2PasswordHasher.iterations}${SALT}${_key(32)}"


def _key(length: int, padding: str = "=") -> str:
    return b64encode(bytes(length)).decode().rstrip("=") + padding * (-length % 3)
