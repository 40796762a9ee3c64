"""How a user is found: by its key, by what it logs in with, and with its e-mail address."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery, Value

from ferrauth.accounts.account_effects import Account, LoadAccount
from ferrauth.accounts.emails import canonical_email
from ferrauth.accounts.sessions import ENDED_IN_PEACE, KNOWN_CALLER, NOWHERE, UserRow
from ferrauth.accounts.throttling import canonical_identifier
from ferrauth.django.conf import get_settings
from ferrauth.django.models import EmailAddress, RefreshSession
from ferrauth.django.transactions import alias

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import QuerySet

    from ferrauth.accounts.effects import LoadUser

__all__ = [
    "all_users",
    "awaits_verification",
    "email_column",
    "first",
    "key",
    "load_account",
    "load_user",
    "networks_of",
    "owner_of",
    "sessions",
    "user_filter",
    "user_row",
]

_ELIGIBLE = "ferrauth_eligible"
_KNOWN = "ferrauth_known"
_EMAIL = {name: f"ferrauth_email_{name}" for name in ("address", "canonical", "verified_at")}
"""The names under which an address's columns come beside a user's."""

MATCHES = 3
"""Users that one identifier may find: one by its address, and by its name, and by the address as its name."""


def load_user(effect: LoadUser) -> UserRow | None:
    """Load a user, with whether ``USER_FILTER`` holds, in one query."""
    known = Exists(_sessions_at(effect.network))
    if effect.user_id is not None:
        user = first(lambda: all_users().filter(pk=effect.user_id).annotate(**_eligible(), **{_KNOWN: known}))
        return None if user is None else _taken_out(user)
    identifier = effect.identifier or ""
    if "\0" in identifier:
        return None  # PostgreSQL's text holds no NUL, and refuses the query.
    canonical = canonical_email(identifier) or ""
    query = _with_email(all_users().filter(_named(identifier, canonical))).annotate(**_eligible(), **{_KNOWN: known})
    found = [(user, _email_of(user)) for user in _rows(lambda: query, MATCHES)]
    # An address says whose it is, and a name says it only where it is no other user's address.
    by_email = [one for one in found if canonical and one[1]["canonical"] == canonical]
    by_name = [one for one in found if _is_named(one[0], identifier)]
    for user, email in [*by_email, *by_name]:
        row = _taken_out(user)
        return replace(row, eligible=row.eligible and _may_log_in(email))
    return None


def load_account(effect: LoadAccount) -> Account | None:
    """Load a user with its address, in one query."""
    lookup = Q(pk=effect.user_id) if effect.user_id is not None else _has_email(effect.canonical or "", "")
    user = first(lambda: _with_email(all_users().filter(lookup)).annotate(**_eligible()))
    if user is None:
        return None
    email = _email_of(user)
    last_login = getattr(user, "last_login", None)
    return Account(
        user=user_row(user, eligible=bool(user.__dict__.pop(_ELIGIBLE))),
        last_login="" if last_login is None else last_login.isoformat(),
        **{name: email[name] for name in ("address", "canonical", "verified")},
    )


def awaits_verification(user: AbstractBaseUser | None, name: str) -> bool:
    """Tell whether a user may not log in before its address is verified; asked alike where there is no user.

    Args:
        user: The user, or ``None``.
        name: What was typed, which stands in for the name of nobody.
    """
    settings = get_settings()
    if settings.registration != "verify":
        return False
    if settings.email_field is not None:
        return user is not None and not getattr(user, str(settings.email_verified_field))
    named = {f"user__{get_user_model().USERNAME_FIELD}": name if user is None else user.get_username()}
    return EmailAddress._base_manager.using(alias()).filter(**named, verified_at__isnull=True).exists()


def email_column() -> str | None:
    """Return the user model's column for an address, whether it is where addresses are kept or a copy."""
    model = get_user_model()
    name = get_settings().email_field or model.get_email_field_name()
    return name if any(field.name == name for field in model._meta.concrete_fields) else None


def owner_of(column: str) -> Any:
    """Return the model that has a column of the user's: through a child of it Django would select, then update."""
    return get_user_model()._meta.get_field(column).model


def all_users() -> QuerySet[AbstractBaseUser]:
    """Return the users that their default manager does not hide."""
    return get_user_model()._default_manager.using(alias()).order_by()


def sessions() -> QuerySet[RefreshSession]:
    """Return all sessions."""
    return RefreshSession._base_manager.using(alias())


def networks_of(user_id: str) -> set[str]:
    """Return the networks of a user's sessions, ended ones too."""
    return set(sessions().filter(user_id=user_id).values_list("network", flat=True).distinct())


def user_filter() -> dict[str, Any]:
    """Return ``USER_FILTER`` without what holds for every user: a plain attribute of the class, which is no column.

    ``AbstractBaseUser.is_active`` is one, in user models that know no inactive users.
    """
    model = get_user_model()
    columns = {field.name for field in model._meta.get_fields()}
    return {
        name: value
        for name, value in get_settings().user_filter.items()
        if name in columns or getattr(model, name, None) != value
    }


def first(query: Callable[[], QuerySet[AbstractBaseUser]]) -> AbstractBaseUser | None:
    """Return the one row, or ``None``, also where the value cannot be one of the field's."""
    return next(iter(_rows(query, 1)), None)


def user_row(user: AbstractBaseUser, *, eligible: bool) -> UserRow:
    """Return a user as the flows need it."""
    return UserRow(id=str(user.pk), password=user.password, eligible=eligible, user=user)


def key(user_id: str) -> Any:
    """Return a user's key out of its text."""
    return get_user_model()._meta.pk.to_python(user_id)


def _rows(query: Callable[[], QuerySet[AbstractBaseUser]], most: int) -> list[AbstractBaseUser]:
    try:
        return list(query()[:most])
    except (ValueError, ValidationError, OverflowError):
        return []


def _eligible() -> dict[str, Any]:
    conditions = user_filter()
    met = ExpressionWrapper(Q(**conditions), output_field=BooleanField()) if conditions else Value(value=True)
    return {_ELIGIBLE: met}


def _taken_out(user: AbstractBaseUser) -> UserRow:
    eligible, known = bool(user.__dict__.pop(_ELIGIBLE)), bool(user.__dict__.pop(_KNOWN))
    return replace(user_row(user, eligible=eligible), known=known)


def _with_email(users: QuerySet[AbstractBaseUser]) -> QuerySet[AbstractBaseUser]:
    if get_settings().email_field is not None:
        return users
    return users.annotate(**{alias_: F(f"ferrauth_email__{name}") for name, alias_ in _EMAIL.items()})


def _email_of(user: AbstractBaseUser) -> dict[str, str]:
    """Take the address out of a loaded user."""
    settings = get_settings()
    if settings.email_field is not None:
        address = getattr(user, settings.email_field) or ""
        verified = "yes" if getattr(user, settings.email_verified_field or "") else ""
        return {"address": address, "canonical": canonical_email(address) or "", "verified": verified}
    found = {name: user.__dict__.pop(alias_) for name, alias_ in _EMAIL.items()}
    verified_at = found.pop("verified_at")
    return {name: text or "" for name, text in found.items()} | {
        "verified": "" if verified_at is None else verified_at.isoformat()
    }


def _may_log_in(email: dict[str, str]) -> bool:
    """Tell whether an address lets its user log in: one that is to be verified first does not, and none does."""
    return get_settings().registration != "verify" or not email["canonical"] or bool(email["verified"])


def _named(identifier: str, canonical: str) -> Q:
    """Return the condition that an identifier names a user; as many comparisons, whatever it looks like."""
    model = get_user_model()
    field = get_settings().login_field or "either"
    by_name = Q(**{model.USERNAME_FIELD: identifier})
    if field == "username":
        return by_name
    if field == "either":
        return _has_email(canonical, identifier) | by_name
    if field != "email":
        return Q(**{field: identifier})
    # Users that were there before their addresses were imported log in by the one that is their name.
    named = model.get_email_field_name() == model.USERNAME_FIELD
    return _has_email(canonical, identifier) | by_name if named else _has_email(canonical, identifier)


def _has_email(canonical: str, identifier: str) -> Q:
    own = get_settings().email_field
    if own is not None:
        return Q(**{f"{own}__in": [canonical, identifier or canonical]})
    # A scalar subquery is asked once, so an index finds the user by it, also beside an OR.
    rows = EmailAddress._base_manager.using(alias()).filter(canonical=canonical)
    return Q(pk=Subquery(rows.values("user_id")[:1]))


def _is_named(user: AbstractBaseUser, identifier: str) -> bool:
    """Tell whether a user is whom an identifier names, and not whom the database's collation takes for it.

    MySQL finds ``admin`` for a name with an accent, and each spelling would have a budget of its own (CVE-2026-97764).
    """
    model, field = get_user_model(), get_settings().login_field
    name = model.USERNAME_FIELD if field in (None, "either", "username") else field
    if field == "email":
        name = get_settings().email_field or model.USERNAME_FIELD
    return canonical_identifier(str(getattr(user, str(name)))) == canonical_identifier(identifier)


def _sessions_at(network: str) -> QuerySet[RefreshSession]:
    """Return a user's sessions that make the caller's network known: none that was ended for cause, or of long ago."""
    unsuspected = Q(revoked_at__isnull=True) | Q(revoked_reason__in=ENDED_IN_PEACE)
    lately = datetime.now(UTC) - KNOWN_CALLER
    # An empty network is nobody's; it is compared like any other, so that every login is the same query.
    return sessions().filter(unsuspected, user_id=OuterRef("pk"), network=network or NOWHERE, rotated_at__gt=lately)
