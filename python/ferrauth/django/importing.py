"""Addresses of users that there are already, in bulk and without touching the users."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.db.models.functions import Lower

from ferrauth.accounts.emails import Email, parse_email
from ferrauth.accounts.errors import InvalidInput
from ferrauth.django.models import EmailAddress
from ferrauth.django.transactions import alias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

__all__ = ["Importer"]


@dataclass
class Importer:
    """Makes rows of addresses. Of users that share one, none is preferred: all are reported, by their keys."""

    column: str
    """The user model's column."""
    flag: str | None = None
    """The user model's boolean that says whether it is verified."""
    verified: bool = False
    """Whether all are verified, where no flag says it."""
    write: bool = True
    imported: int = 0
    collisions: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    _shared: set[str] = field(default_factory=set)

    def total(self) -> int:
        """Return how many users have no row yet."""
        return int(self._users().count())

    def run(self, *, batch: int) -> Iterator[int]:
        """Import, and yield how many users have been looked at after each batch.

        Args:
            batch: Users a transaction.
        """
        self._shared = self._spelled_alike()
        last, done = None, 0
        names = ("pk", self.column, *([self.flag] if self.flag else []))
        while True:
            users = self._users() if last is None else self._users().filter(pk__gt=last)
            found = list(users.order_by("pk").values_list(*names)[:batch])
            if not found:
                return
            self._import(found)
            last, done = found[-1][0], done + len(found)
            yield done

    def _import(self, found: list[Any]) -> None:
        now = datetime.now(UTC)
        rows: dict[str, EmailAddress] = {}
        for key, text, *flags in found:
            email = self._parse(key, text)
            if email is None:
                continue
            if email.canonical in self._shared or email.canonical in rows:
                self.collisions.append(str(key))
                continue
            verified = bool(flags[0]) if flags else self.verified
            rows[email.canonical] = EmailAddress(
                user_id=key, address=email.address, canonical=email.canonical, verified_at=now if verified else None
            )
        for canonical in self._addresses().filter(canonical__in=list(rows)).values_list("canonical", flat=True):
            self.collisions.append(str(rows.pop(canonical).user_id))
        self._create(list(rows.values()))

    def _parse(self, key: Any, text: str | None) -> Email | None:
        if not text:
            self.empty.append(str(key))
            return None
        try:
            return parse_email(text)
        except InvalidInput:
            self.unfit.append(str(key))
            return None

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

    def _spelled_alike(self) -> set[str]:
        """Return the canonical addresses that several users have, as far as case alone tells them apart.

        What only Unicode tells apart is met by the unique key: there the first of them has it.
        """
        lower = Lower(self.column)
        users = get_user_model()._base_manager.using(alias()).order_by().exclude(**{self.column: ""})
        groups = users.values(ferrauth_lower=lower).annotate(ferrauth_users=Count("pk")).filter(ferrauth_users__gt=1)
        shared = set()
        for text in groups.values_list("ferrauth_lower", flat=True):
            try:
                shared.add(parse_email(text or "").canonical)
            except InvalidInput:
                continue
        return shared

    def _users(self) -> Any:
        """Return the users without a row, also those that their manager hides: an address of theirs stays theirs."""
        return get_user_model()._base_manager.using(alias()).filter(ferrauth_email__isnull=True)

    def _addresses(self) -> QuerySet[EmailAddress]:
        return EmailAddress._base_manager.using(alias())
