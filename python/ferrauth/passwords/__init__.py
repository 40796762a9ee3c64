"""Passwords in Django's encoded forms. New ones are ``pbkdf2_sha256$iterations$salt$hash``.

Every row that Django has written reads: ``pbkdf2_sha256``, ``pbkdf2_sha1``, ``argon2``, ``bcrypt_sha256``, ``bcrypt``,
``scrypt``, rows that were wrapped by ``manage.py password_upgrade``, and, where a :class:`Policy` lists it, ``md5``.

Every derivation runs in Rust, detached from the interpreter, so other Python threads go on meanwhile. A check that
fails costs the same whatever it fails on: a wrong password, a row with fewer iterations than new ones have, or a row
that cannot be read at all.

All derivations of a process share one pool of lanes (see ``ferrauth.build_info()``), where those that arrive together
share a core for free; those that cannot be sliced run beside it, as many at once as their memory allows. The
asynchronous functions hold no thread while they wait; where more work waits than they would wait for, they raise
:class:`ferrauth.exceptions.HasherBusy`. The synchronous ones hold their thread anyway: they wait, unless a limit for
them is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth import _core, _futures
from ferrauth._core import Admission, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "DEFAULT_FORMATS",
    "DEFAULT_ITERATIONS",
    "FORMATS",
    "UNUSABLE_PREFIX",
    "UNUSABLE_SUFFIX_LENGTH",
    "Admission",
    "DjangoHasher",
    "Policy",
    "aadmit",
    "acheck_password",
    "admit",
    "amake_password",
    "averify_and_update",
    "check_password",
    "check_passwords",
    "make_password",
    "make_passwords",
    "verify_and_update",
    "wrap_passwords",
]

DEFAULT_ITERATIONS = _core.DEFAULT_ITERATIONS
"""PBKDF2-HMAC-SHA256 iterations of a new password: Django 6.1's default, above OWASP's minimum of 600,000."""

FORMATS = frozenset(_core.formats())
"""Django's names of all formats that can verify."""

DEFAULT_FORMATS = FORMATS - {"md5"}
"""The formats that verify where no :class:`Policy` says otherwise: a salted MD5 is guessed a billion times a second, so
it verifies only where it is listed."""

UNUSABLE_PREFIX = "!"
"""Django's mark of a row that no password opens (``django.contrib.auth.hashers.UNUSABLE_PASSWORD_PREFIX``)."""

UNUSABLE_SUFFIX_LENGTH = 40
"""Random characters behind the mark, so that two such rows differ (Django's constant of this name)."""


def make_password(
    password: str | bytes | None,
    salt: str | None = None,
    *,
    iterations: int | None = None,
    admission: Admission | None = None,
) -> str:
    """Encode a password as Django does.

    Args:
        password: The password; every byte counts, none is normalised. ``None`` makes an unusable password, which no
            password opens.
        salt: Salt to use instead of a fresh one of 22 letters and digits (130 bits).
        iterations: Iterations to use instead of :data:`DEFAULT_ITERATIONS`.
        admission: What :func:`admit` gave.

    Returns:
        ``pbkdf2_sha256$iterations$salt$hash``, which stock Django reads.

    Raises:
        TypeError: The password is neither ``str``, ``bytes`` nor ``None``.
        ValueError: The password holds a lone surrogate, the salt is empty or holds ``$``, or the iterations are not a
            whole number from 1 to the cap (10,000,000).
    """
    if password is None:
        return _unusable()
    return _core.make_password(password, salt, _iterations(iterations), admission)


def check_password(
    password: str | bytes | None,
    encoded: str | None,
    *,
    policy: Policy | None = None,
    admission: Admission | None = None,
) -> bool:
    """Tell whether a password opens a stored row.

    Args:
        password: The password as it was submitted.
        encoded: The row, in one of Django's encoded forms. Anything else is refused at full cost; so is ``None``, which
            stands for a user that is not there.
        policy: What a failure costs and which formats verify; by default :data:`DEFAULT_ITERATIONS` and
            :data:`DEFAULT_FORMATS`.
        admission: What :func:`admit` gave.

    Returns:
        Whether it does. Never raises for any password or row; a lone surrogate, ``None``, a truncated, oversized or
        hostile row (Django raises for many of them) is ``False`` after a derivation at the preferred count.
    """
    return _core.check_password(password, encoded, policy or DEFAULT_ITERATIONS, admission)[0]


def verify_and_update(
    password: str | bytes | None,
    encoded: str | None,
    *,
    policy: Policy | None = None,
    admission: Admission | None = None,
) -> tuple[bool, str | None]:
    """Check a password, and encode it anew where its row is outdated.

    Args:
        password: The password as it was submitted.
        encoded: As for :func:`check_password`.
        policy: As for :func:`check_password`.
        admission: What :func:`admit` gave.

    Returns:
        Whether the password opens the row; and a new encoding to store where it does and the row has another format,
        fewer iterations or a shorter salt than a new one, else ``None``. A row is never weakened: one with more
        iterations is kept, and so is a memory-hard one (``argon2``, ``scrypt``). Store the new one by compare-and-swap
        on the old encoding, so that a password change at the same moment is not lost.

    Raises:
        ValueError: The policy's new passwords are not ``pbkdf2_sha256``, the only format that is written here.
    """
    return _core.verify_and_update(password, encoded, _renewable(policy), admission)


async def amake_password(
    password: str | bytes | None,
    salt: str | None = None,
    *,
    iterations: int | None = None,
    admission: Admission | None = None,
) -> str:
    """Encode a password as :func:`make_password` does, holding no thread meanwhile.

    Needs a running asyncio event loop; uvloop's and anyio's asyncio backend are such. A cancelled call gives its lane
    back.

    Args:
        password: As for :func:`make_password`.
        salt: As for :func:`make_password`.
        iterations: As for :func:`make_password`.
        admission: What :func:`aadmit` gave.

    Returns:
        What :func:`make_password` returns.

    Raises:
        HasherBusy: More work waits than this call may have to wait for.
        TypeError: As for :func:`make_password`.
        ValueError: As for :func:`make_password`.
    """
    if password is None:
        return _unusable()
    row: str = await _futures.result(_core.start_make, password, salt, _iterations(iterations), admission)
    return row


async def acheck_password(
    password: str | bytes | None,
    encoded: str | None,
    *,
    policy: Policy | None = None,
    admission: Admission | None = None,
) -> bool:
    """Tell whether a password opens a stored row as :func:`check_password` does, holding no thread meanwhile.

    Args:
        password: As for :func:`check_password`.
        encoded: As for :func:`check_password`.
        policy: As for :func:`check_password`.
        admission: What :func:`aadmit` gave.

    Returns:
        What :func:`check_password` returns.

    Raises:
        HasherBusy: More work waits than this call may have to wait for. Decided before the row is looked at.
    """
    verified, _, _ = await _acheck(password, encoded, policy or DEFAULT_ITERATIONS, admission, renew=False)
    return verified


async def averify_and_update(
    password: str | bytes | None,
    encoded: str | None,
    *,
    policy: Policy | None = None,
    admission: Admission | None = None,
) -> tuple[bool, str | None]:
    """Check a password, and encode it anew, as :func:`verify_and_update` does, holding no thread meanwhile.

    Args:
        password: As for :func:`verify_and_update`.
        encoded: As for :func:`verify_and_update`.
        policy: As for :func:`verify_and_update`.
        admission: What :func:`aadmit` gave.

    Returns:
        What :func:`verify_and_update` returns.

    Raises:
        HasherBusy: More work waits than this call may have to wait for. Decided before the row is looked at; once the
            check was taken, the new encoding is made too.
        ValueError: As for :func:`verify_and_update`.
    """
    verified, _, renewed = await _acheck(password, encoded, _renewable(policy), admission, renew=True)
    return verified, renewed


def admit() -> Admission:
    """Reserve a place for a login, before its user is looked up.

    Pass what is returned to every derivation of the login: none of them will be refused, and whether the first was
    depended on nothing but the work that waited. Use it as a context manager, so that a login that ends early gives its
    place back::

        with admit() as admission:
            user = load_user(email)
            verified = check_password(password, user.password if user else "", admission=admission)

    Raises:
        HasherBusy: A limit for synchronous callers is set, and more work waits.
    """
    return _core.admit(False)


async def aadmit() -> Admission:
    """Reserve a place for a login as :func:`admit` does, within the limit for asynchronous callers.

    Never waits: it is a coroutine for the sake of the flows that use it.

    Raises:
        HasherBusy: More work waits than this login may have to wait for.
    """
    return _core.admit(True)


def make_passwords(
    passwords: Iterable[str | bytes],
    *,
    iterations: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[str]:
    """Encode many passwords, each with a fresh salt, on every core.

    Logins go first: they take lanes from a batch whenever they need them. Ctrl-C ends a batch at once.

    Args:
        passwords: The passwords. An empty iterable gives an empty list.
        iterations: Iterations to use instead of :data:`DEFAULT_ITERATIONS`.
        progress: Called with the numbers of passwords done and in all, at most ten times a second and once at the end,
            from the calling thread. What it raises ends the batch. Not called for no passwords.

    Returns:
        One encoding a password, in order.

    Raises:
        TypeError: A password is neither ``str`` nor ``bytes``; its index is named and nothing was derived.
        ValueError: A password holds a lone surrogate (its index is named, nothing was derived), or as for
            :func:`make_password`.
    """
    return _core.make_passwords(list(passwords), _iterations(iterations), progress)


def check_passwords(
    pairs: Iterable[tuple[str | bytes | None, str | None]],
    *,
    policy: Policy | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[bool]:
    """Check many passwords, each against its row, on every core.

    Args:
        pairs: ``(password, encoded)`` pairs.
        policy: As for :func:`check_password`.
        progress: As for :func:`make_passwords`.

    Returns:
        What :func:`check_password` says of each pair, in order.
    """
    return _core.check_passwords(list(pairs), policy or DEFAULT_ITERATIONS, progress)


def wrap_passwords(
    rows: Iterable[str],
    *,
    iterations: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[str | None]:
    """Lift old rows without their passwords: PBKDF2-HMAC-SHA256 over each row's hash, on every core.

    Args:
        rows: Rows of the formats ``md5``, ``sha1`` (either also unsalted), ``pbkdf2_sha1``, ``pbkdf2_sha256``,
            ``bcrypt`` and ``bcrypt_sha256``.
        iterations: Iterations of the wrapping; :data:`DEFAULT_ITERATIONS` by default.
        progress: As for :func:`make_passwords`.

    Returns:
        For each row, in order, a row of the format ``pbkdf2_wrapped_<old format>`` that the same password opens;
        ``None`` for a row of another format, or one that cannot be read.

    Raises:
        ValueError: The iterations are not a whole number from 1 to the cap.

    Source:
        Django's guide "Password upgrading without requiring a login" (docs/topics/auth/passwords), whose
        ``pbkdf2_wrapped_md5`` and ``pbkdf2_wrapped_sha1`` rows are the same.
    """
    return _core.wrap_passwords(list(rows), _iterations(iterations), progress)


class DjangoHasher:
    """A hasher of `pwdlib <https://github.com/frankie567/pwdlib>`_ that reads and writes Django's rows.

    ``PasswordHash((DjangoHasher(), Argon2Hasher()))`` reads a table of Django's, and writes what Django reads.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        """Make one.

        Args:
            policy: What new passwords are like and which formats verify, as for :func:`verify_and_update`.

        Raises:
            ValueError: The policy's new passwords are not ``pbkdf2_sha256``, the only format that is written here.
        """
        self._policy = _renewable(policy)
        self._iterations = None if policy is None else policy.iterations

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:
        """Tell whether a row is Django's. An unusable one is: it opens to nobody, but is no unknown hash."""
        row = _text(hash)
        return row.startswith(UNUSABLE_PREFIX) or row.split("$", 1)[0] in FORMATS

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """Encode a password.

        Raises:
            ValueError: As for :func:`make_password`.
        """
        return make_password(password, None if salt is None else salt.decode(), iterations=self._iterations)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        """Tell whether a password opens a row, as :func:`check_password` does."""
        return _core.check_password(password, _text(hash), self._policy)[0]

    def check_needs_rehash(self, hash: str | bytes) -> bool:
        """Tell whether a row is weaker than a new one."""
        return _core.is_outdated(_text(hash), self._policy) is True


def _text(row: str | bytes) -> str:
    return row.decode(errors="replace") if isinstance(row, bytes) else row


async def _acheck(
    password: str | bytes | None,
    encoded: str | None,
    policy: Policy | int,
    admission: Admission | None,
    *,
    renew: bool,
) -> tuple[bool, bool, str | None]:
    outcome: tuple[bool, bool, str | None] = await _futures.result(
        _core.start_check, password, encoded, policy, renew, admission
    )
    return outcome


def _renewable(policy: Policy | None) -> Policy | int:
    if policy is not None and policy.iterations is None:
        raise ValueError("New passwords of this policy are not pbkdf2_sha256: check_password, then encode elsewhere.")
    return policy or DEFAULT_ITERATIONS


def _unusable() -> str:
    return UNUSABLE_PREFIX + _core.random_text(UNUSABLE_SUFFIX_LENGTH)


def _iterations(iterations: int | None) -> int:
    return DEFAULT_ITERATIONS if iterations is None else iterations
