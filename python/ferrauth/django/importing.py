"""Addresses of users that there are already, in bulk: into the table, or to their one form in the user's column."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from ferrauth.accounts.emails import Email, canonical_email, parse_email
from ferrauth.accounts.errors import InvalidInput
from ferrauth.django.models import EmailAddress
from ferrauth.django.transactions import alias
from ferrauth.django.users import owner_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

__all__ = ["Importer", "Rewriter"]


@dataclass
class _Walk:
    """Goes through users by their keys, a transaction a batch, so that it may be stopped and started again."""

    column: str
    """The user model's column."""
    write: bool = True
    collisions: list[str] = field(default_factory=list)
    """Keys of users that share an address, as all lists here have keys."""
    unfit: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    _shared: set[str] = field(default_factory=set)

    def total(self) -> int:
        """Return how many users there are to look at."""
        return int(self._users().count())

    def run(self, *, batch: int) -> Iterator[int]:
        """Go, and yield how many users have been looked at after each batch.

        Args:
            batch: Users a transaction.
        """
        self._shared = self._find_shared(batch)
        done = 0
        for found in self._pages(batch, *self._columns()):
            self._deal_with(found)
            done += len(found)
            yield done

    def _columns(self) -> tuple[str, ...]:
        return (self.column,)

    def _deal_with(self, found: list[Any]) -> None:
        raise NotImplementedError

    def _parse(self, key: Any, text: str | None) -> Email | None:
        """Read an address, and note whose is none, or is another's too."""
        if not text:
            self.empty.append(str(key))
            return None
        try:
            email = parse_email(text)
        except InvalidInput:
            self.unfit.append(str(key))
            return None
        if email.canonical in self._shared:
            self.collisions.append(str(key))
            return None
        return email

    def _find_shared(self, batch: int) -> set[str]:
        """Return the canonical addresses that several users have. No database folds what Unicode does, so all are read.

        What was seen is kept as hashes of 64 bits, some 80 bytes a user; two that meet by chance are reported as one.
        """
        seen: set[int] = set()
        shared: set[str] = set()
        for found in self._pages(batch, self.column):
            for _key, text in found:
                canonical = canonical_email(text or "")
                if canonical is None:
                    continue
                if hash(canonical) in seen:
                    shared.add(canonical)
                seen.add(hash(canonical))
        return shared

    def _pages(self, batch: int, *columns: str) -> Iterator[list[Any]]:
        last = None
        while True:
            users = self._users() if last is None else self._users().filter(pk__gt=last)
            found = list(users.order_by("pk").values_list("pk", *columns)[:batch])
            if not found:
                return
            last = found[-1][0]
            yield found

    def _users(self) -> Any:
        """Return the users, also those that their manager hides: an address of theirs stays theirs."""
        return get_user_model()._base_manager.using(alias())


@dataclass
class Importer(_Walk):
    """Makes rows of addresses. Of users that share one, none is preferred: all are reported."""

    flag: str | None = None
    """The user model's boolean that says whether it is verified."""
    verified: bool = False
    """Whether all are verified, where no flag says it."""
    imported: int = 0

    def _columns(self) -> tuple[str, ...]:
        return (self.column, *([self.flag] if self.flag else []))

    def _deal_with(self, found: list[Any]) -> None:
        now = datetime.now(UTC)
        rows: dict[str, EmailAddress] = {}
        for key, text, *flags in found:
            email = self._parse(key, text)
            if email is None:
                continue
            verified = bool(flags[0]) if flags else self.verified
            rows[email.canonical] = EmailAddress(
                user_id=key, address=email.address, canonical=email.canonical, verified_at=now if verified else None
            )
        for canonical in self._addresses().filter(canonical__in=list(rows)).values_list("canonical", flat=True):
            self.collisions.append(str(rows.pop(canonical).user_id))
        self._create(list(rows.values()))

    def _create(self, rows: list[EmailAddress]) -> None:
        if not self.write:
            self.imported += len(rows)
            return
        try:
            with transaction.atomic(using=alias()):
                self._addresses().bulk_create(rows)
            self.imported += len(rows)
        except IntegrityError:
            # Somebody registered one of them meanwhile: then each for itself, so that the rest goes on.
            for row in rows:
                self._create_one(row)

    def _create_one(self, row: EmailAddress) -> None:
        try:
            with transaction.atomic(using=alias()):
                row.pk = None
                row.save(force_insert=True, using=alias())
            self.imported += 1
        except IntegrityError:
            self.collisions.append(str(row.user_id))

    def _users(self) -> Any:
        """Return those of the users that have no row yet."""
        return super()._users().filter(ferrauth_email__isnull=True)

    def _addresses(self) -> QuerySet[EmailAddress]:
        return EmailAddress._base_manager.using(alias())


@dataclass
class Rewriter(_Walk):
    """Rewrites addresses in the user model's own column to their canonical form, the one that is found and unique."""

    rewritten: int = 0
    other: list[str] = field(default_factory=list)
    """Users whose address is stored in another form; rewritten where ``write`` says so."""

    def _deal_with(self, found: list[Any]) -> None:
        for key, text in found:
            email = self._parse(key, text)
            if email is None or email.canonical == text:
                continue
            self.other.append(str(key))
            if self.write:
                self._rewrite(key, text, email.canonical)

    def _rewrite(self, key: Any, text: str, canonical: str) -> None:
        """Rewrite one address, unless its user changed it meanwhile, or somebody took the other form."""
        users = owner_of(self.column)._base_manager.using(alias())
        try:
            with transaction.atomic(using=alias()):
                self.rewritten += users.filter(**{"pk": key, self.column: text}).update(**{self.column: canonical})
        except IntegrityError:
            self.collisions.append(str(key))
