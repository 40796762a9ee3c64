"""How a user is found: by its key, by what it logs in with, and with its address; as ``ferrauth.django.users``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, inspect, or_, select, true

from ferrauth.accounts.account_effects import Account
from ferrauth.accounts.emails import canonical_email
from ferrauth.accounts.sessions import ENDED_IN_PEACE, KNOWN_CALLER, NOWHERE, UserRow
from ferrauth.accounts.throttling import canonical_identifier
from ferrauth.fastapi.backend import execute, is_storable

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from ferrauth.accounts.account_effects import LoadAccount
    from ferrauth.accounts.effects import LoadUser
    from ferrauth.fastapi.backend import Backend

__all__ = ["STORED", "Users", "user_row"]

STORED = "ferrauth_stored"
"""The label of the encoding as the database has it: an object that the caller's session already holds may lag."""

MATCHES = 3
"""Users that one identifier may find: one by its address, and by its name, and by the address as its name."""


class Users:
    """The queries for users of one backend, built once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._settings = backend.settings
        users, sessions = backend.users, backend.sessions
        eligible = and_(true(), *backend.user_filter).label("ferrauth_eligible")
        unsuspected = or_(sessions.revoked_at.is_(None), sessions.revoked_reason.in_(ENDED_IN_PEACE))
        known = exists().where(
            sessions.user_id == backend.user_key,
            sessions.network == bindparam("network"),
            sessions.rotated_at > bindparam("lately", type_=sessions.rotated_at.type),
            unsuspected,
        )
        selected = select(users, users.password.label(STORED), eligible)
        self._by_key = self._with_email(selected.add_columns(known.label("ferrauth_known"))).where(
            backend.user_key == bindparam("key", type_=backend.user_key.type)
        )
        self._by_name = (
            self._with_email(selected.add_columns(known.label("ferrauth_known"))).where(self._named()).limit(MATCHES)
        )
        account = self._with_email(selected)
        self._account_by_key = account.where(backend.user_key == bindparam("key", type_=backend.user_key.type))
        self._account_by_email = account.where(self._has_email())

    async def load_user(self, session: AsyncSession, effect: LoadUser) -> UserRow | None:
        """Load a user, with whether ``USER_FILTER`` holds, in one query."""
        # An empty network is nobody's; it is compared like any other, so that every login is the same query.
        values: dict[str, Any] = {"network": effect.network or NOWHERE, "lately": datetime.now(UTC) - KNOWN_CALLER}
        if effect.user_id is not None:
            key = self._backend.key(effect.user_id)
            if key is None:
                return None
            found = (await execute(session, self._by_key, {**values, "key": key})).first()
            return None if found is None else _taken_out(found)
        identifier = effect.identifier or ""
        if not is_storable(identifier):
            return None
        canonical = canonical_email(identifier) or ""
        values |= {"identifier": identifier, "canonical": canonical}
        rows = (await execute(session, self._by_name, values)).all()
        # An address says whose it is, and a name says it only where it is no other user's address.
        by_email = [one for one in rows if canonical and self._email_of(one)["canonical"] == canonical]
        by_name = [one for one in rows if self._is_named(one[0], identifier)]
        for one in [*by_email, *by_name]:
            row = _taken_out(one)
            return replace(row, eligible=row.eligible and self._may_log_in(self._email_of(one)))
        return None

    async def load_account(self, session: AsyncSession, effect: LoadAccount) -> Account | None:
        """Load a user with its address, in one query."""
        if effect.user_id is not None:
            query, values = self._account_by_key, {"key": self._backend.key(effect.user_id)}
        else:
            canonical = effect.canonical or ""
            query, values = self._account_by_email, {"canonical": canonical, "identifier": canonical}
        found = (await execute(session, query, values)).first()
        if found is None:
            return None
        last_login = getattr(found[0], "last_login", None)
        email = self._email_of(found)
        return Account(
            user=user_row(found[0], found[1], eligible=bool(found[2])),
            last_login="" if last_login is None else last_login.isoformat(),
            **{name: email[name] for name in ("address", "canonical", "verified")},
        )

    def _with_email(self, query: Select[Any]) -> Select[Any]:
        if self._settings.email_field is not None:
            return query
        emails = self._backend.emails
        return query.add_columns(emails.address, emails.canonical, emails.verified_at).join(
            emails, emails.user_id == self._backend.user_key, isouter=True
        )

    def _email_of(self, found: Any) -> dict[str, str]:
        """Return the address of a row that was loaded."""
        settings = self._settings
        if settings.email_field is not None:
            address = getattr(found[0], settings.email_field) or ""
            verified = "yes" if getattr(found[0], settings.email_verified_field or "") else ""
            return {"address": address, "canonical": canonical_email(address) or "", "verified": verified}
        address, canonical, verified_at = found[-3:]
        verified = "" if verified_at is None else verified_at.isoformat()
        return {"address": address or "", "canonical": canonical or "", "verified": verified}

    def _may_log_in(self, email: dict[str, str]) -> bool:
        """Tell whether an address lets its user log in: one that is to be verified first does not, and none does."""
        return self._settings.registration != "verify" or not email["canonical"] or bool(email["verified"])

    def _named(self) -> ColumnElement[bool]:
        """Return the condition that an identifier names a user; as many comparisons, whatever it looks like."""
        backend, field = self._backend, self._settings.login_field or "either"
        by_name = bool_of(getattr(backend.users, backend.username_field) == bindparam("identifier"))
        if field == "username":
            return by_name
        if field == "either":
            return or_(self._has_email(), by_name)
        if field != "email":
            return bool_of(getattr(backend.users, field) == bindparam("identifier"))
        # Users that were there before their addresses were imported log in by the one that is their name.
        return or_(self._has_email(), by_name) if backend.username_field == "email" else self._has_email()

    def _has_email(self) -> ColumnElement[bool]:
        backend, own = self._backend, self._settings.email_field
        if own is not None:
            column = getattr(backend.users, own)
            return or_(column == bindparam("canonical"), column == bindparam("identifier"))
        # A scalar subquery is asked once, so an index finds the user by it, also beside an OR.
        emails = backend.emails.__table__
        owner = select(emails.c.user_id).where(emails.c.canonical == bindparam("canonical")).limit(1)
        return bool_of(backend.user_key == owner.scalar_subquery())

    def _is_named(self, user: Any, identifier: str) -> bool:
        """Tell whether a user is whom an identifier names, and not whom the database's collation takes for it.

        MySQL finds ``admin`` for a name with an accent, and each spelling would have a budget of its own
        (CVE-2026-97764).
        """
        field = self._settings.login_field
        name = self._backend.username_field if field in (None, "either", "username") else field
        if field == "email":
            name = self._settings.email_field or self._backend.username_field
        return canonical_identifier(str(getattr(user, str(name)))) == canonical_identifier(identifier)


def user_row(user: Any, stored: str, *, eligible: bool) -> UserRow:
    """Return a user as the flows need it.

    Args:
        user: The object.
        stored: The encoding as the database has it.
        eligible: Whether ``USER_FILTER`` holds.
    """
    (key,) = inspect(user).identity
    return UserRow(id=str(key), password=stored, eligible=eligible, user=user)


def bool_of(expression: Any) -> ColumnElement[bool]:
    """Return a comparison with its type, which that of an attribute named by a text does not have."""
    condition: ColumnElement[bool] = expression
    return condition


def _taken_out(found: Any) -> UserRow:
    user, stored, eligible, known = found[:4]
    return replace(user_row(user, stored, eligible=bool(eligible)), known=bool(known))
