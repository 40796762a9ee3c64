"""The whole password column: what is in it, and how old rows are lifted without their owners."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hasher, get_hashers
from django.db import connections, router, transaction

from ferrauth import _core
from ferrauth.django.passwords import policy, replace
from ferrauth.passwords import DEFAULT_ITERATIONS, FORMATS, UNUSABLE_PREFIX, wrap_passwords

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

__all__ = ["Group", "Upgrade", "describe", "survey", "wrapped_formats"]

PAGE = 2_000
"""Rows that are read at once."""

UNUSABLE = "unusable"
UNREADABLE = "unreadable"

OLD = {
    "md5": "MD5",
    "sha1": "SHA1",
    "unsalted_md5": "UnsaltedMD5",
    "unsalted_sha1": "UnsaltedSHA1",
    "pbkdf2_sha1": "PBKDF2SHA1",
    "pbkdf2_sha256": "PBKDF2",
    "bcrypt": "BCrypt",
    "bcrypt_sha256": "BCryptSHA256",
}
"""Formats that can be wrapped, and what their wrapped hasher's class is called between its prefix and suffix."""


def describe(row: str) -> tuple[str, str]:
    """Return a row's format and its parameters, in words that show nothing of its salt or hash."""
    if row.startswith(UNUSABLE_PREFIX):
        return UNUSABLE, ""
    name = _legacy_name(row) or row.split("$", 1)[0]
    if name in OLD and name not in FORMATS:
        return name, ""
    if _core.work_of(row) is None:
        # The name of a format that nobody knows may be anything, also half a hash.
        return UNREADABLE, f"of {name}" if name in FORMATS else ""
    fields = row.split("$")
    match name:
        case "argon2":
            return name, ", ".join(part for part in fields[1:4] if "=" in part or part.startswith("argon2"))
        case "scrypt":
            return name, f"N={fields[1]}, r={fields[3]}, p={fields[4]}"
        case "bcrypt" | "bcrypt_sha256":
            return name, f"cost {int(fields[3])}"
        case "md5":
            return name, "salted"
    return name, f"{int(fields[1]):,} iterations"


def _legacy_name(row: str) -> str | None:
    """Tell apart what Django before 5.1 did by shape (``identify_hasher``)."""
    if len(row) == 32 and "$" not in row:
        return "unsalted_md5"
    if row.startswith("md5$$") and len(row) == 37:
        return "unsalted_md5"
    if row.startswith("sha1$$") and len(row) == 46:
        return "unsalted_sha1"
    return None


@dataclass
class Group:
    """Users whose rows have one format and cost."""

    format: str
    parameters: str
    users: int
    work: int
    """PBKDF2-HMAC-SHA256 iterations that take as long as one check; 0 where there is none to make."""
    outdated: bool
    """Whether these rows are renewed at the next login."""
    verifies: bool
    """Whether anybody can log in with such a row under these settings."""


def survey() -> list[Group]:
    """Read every user's row and group them, the largest group first."""
    groups: dict[tuple[str, str, int, bool, bool], int] = Counter()
    current, listed = policy(), {hasher.algorithm for hasher in get_hashers()}
    preferred = get_hasher().algorithm
    for _, row in _rows():
        name, parameters = describe(row)
        if name == UNREADABLE and not parameters and (own := _own_format(row, listed)):
            name = own
        facts = _core.work_of(row)
        verifies = name in listed
        outdated = verifies and (name != preferred or _core.is_outdated(row, current) is True)
        groups[name, parameters, facts[1] if facts else 0, outdated, verifies] += 1
    found = [
        Group(format=name, parameters=parameters, users=users, work=work, outdated=outdated, verifies=verifies)
        for (name, parameters, work, outdated, verifies), users in groups.items()
    ]
    return sorted(found, key=lambda group: (-group.users, group.format, group.parameters))


def _own_format(row: str, listed: Container[str | None]) -> str:
    """Return the format of a row that a hasher of the project's own reads, in whose cost nothing can be told."""
    name = row.split("$", 1)[0]
    return name if "$" in row and name in listed else ""


def wrapped_formats() -> set[str]:
    """Return the old formats whose wrapped hasher ``PASSWORD_HASHERS`` lists."""
    listed = {hasher.algorithm for hasher in get_hashers()}
    return {old for old in OLD if f"pbkdf2_wrapped_{old}" in listed}


@dataclass
class Upgrade:
    """Lifts outdated rows: PBKDF2-HMAC-SHA256 over the hash that is stored.

    Each batch is one transaction in which every row is swapped on the condition that it is still the one that was
    read, so whatever interrupts it leaves every row either old or new, and a row that its owner changed meanwhile is
    left alone. Run again, it goes on with what is still old.
    """

    iterations: int
    batch: int
    wrapped: int = 0
    overtaken: int = 0
    """Rows that their owners, or another machine, changed first."""
    held: int = 0
    """Rows that another transaction held: another machine's, which lifts them, or anybody's, and then they are old."""
    unfit: int = 0
    """Rows that cannot be read, or whose wrapped row would not fit into the column."""

    def candidates(self) -> Counter[str]:
        """Count the rows to lift, by format."""
        return Counter(self._old_format(row) or "" for _, row in _rows() if self._old_format(row))

    def run(self, limit: int | None = None) -> Iterator[int]:
        """Lift rows, and yield how many are done after each batch.

        Args:
            limit: Rows to lift at most.
        """
        waiting: list[Any] = []
        for key, row in _rows():
            if self._old_format(row) is None:
                continue
            waiting.append(key)
            left = None if limit is None else limit - self.wrapped
            if len(waiting) >= (self.batch if left is None else min(self.batch, left)):
                self._lift(waiting)
                waiting = []
                yield self.wrapped
                if limit is not None and self.wrapped >= limit:
                    return
        if waiting:
            self._lift(waiting)
            yield self.wrapped

    def _lift(self, keys: list[Any]) -> None:
        database = _database()
        found = get_user_model()._base_manager.using(database).filter(pk__in=keys).order_by("pk")
        if not connections[database].features.has_select_for_update_skip_locked:
            # Nothing is held while the core works: SQLite locks the whole database for a writer.
            self._swap(database, *self._wrap(found))
            return
        with transaction.atomic(using=database):
            # Several machines share the work: a row that another one holds is its own.
            claimed = list(found.select_for_update(skip_locked=True, of=("self",)))
            self.held += len(keys) - len(claimed)
            self._swap(database, *self._wrap(claimed))

    def _wrap(self, found: Iterable[Any]) -> tuple[list[Any], list[str | None]]:
        users = [user for user in found if self._old_format(user.password)]
        return users, wrap_passwords([user.password for user in users], iterations=self.iterations)

    def _swap(self, database: str, users: list[Any], wrapped: list[str | None]) -> None:
        longest = get_user_model()._meta.get_field("password").max_length
        with transaction.atomic(using=database):
            for user, new in zip(users, wrapped, strict=True):
                if new is None or (longest is not None and len(new) > longest):
                    self.unfit += 1
                elif replace(user, user.password, new):
                    self.wrapped += 1
                else:
                    self.overtaken += 1

    def _old_format(self, row: str) -> str | None:
        """Return the format of a row that is to be lifted, and ``None`` for any other."""
        name = _legacy_name(row) or row.split("$", 1)[0]
        if name not in OLD:
            return None
        if name == "pbkdf2_sha256" and not self._has_fewer(row):
            return None
        return name

    def _has_fewer(self, row: str) -> bool:
        facts = _core.work_of(row)
        return facts is not None and facts[1] < self.iterations


def default_iterations() -> int:
    """Return the iterations that a wrapping has by default: those of a new password, where it is PBKDF2's."""
    iterations: int = getattr(get_hasher(), "iterations", DEFAULT_ITERATIONS)
    return iterations


def _database() -> str:
    return router.db_for_write(get_user_model())


def _rows() -> Iterator[tuple[Any, str]]:
    """Read every user's key and row, in the order of the keys, a page at a time: no query stays open."""
    users = get_user_model()._base_manager.using(_database()).order_by("pk")
    page = list(users.values_list("pk", "password")[:PAGE])
    while page:
        yield from page
        page = list(users.filter(pk__gt=page[-1][0]).values_list("pk", "password")[:PAGE])
