"""The statements behind the effects: users and sessions, read and written through Django's ORM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F

from ferrauth.accounts.effects import (
    ChangePassword,
    CountRepeat,
    Ended,
    LegacyTokenBlocked,
    Loaded,
    LoadSession,
    LoadSessions,
    Opened,
    OpenSession,
    Revoke,
    Rotate,
)
from ferrauth.accounts.sessions import EndReason, SessionRow, password_stamp, prunes
from ferrauth.accounts.transactions import is_transient
from ferrauth.django import session_query
from ferrauth.django.emails import prove
from ferrauth.django.pruning import prune_by_the_way
from ferrauth.django.session_query import COLUMNS
from ferrauth.django.transactions import alias, in_transaction, retried
from ferrauth.django.users import key, owner_of, sessions, user_row

if TYPE_CHECKING:
    from collections.abc import Callable

LEGACY_BLACKLIST = "token_blacklist"
"""The label of simplejwt's and of django-ninja-jwt's application that holds ``BlacklistedToken``."""


def load_session(effect: LoadSession) -> Loaded | None:
    """Load a session and its user in one query."""
    found = session_query.read(effect.session_id)
    if found is None:
        return None
    user, columns = found
    return Loaded(SessionRow(user_id=str(user.pk), **columns), user_row(user, eligible=True))


def load_sessions(effect: LoadSessions) -> list[SessionRow]:
    """Load a user's sessions that are not revoked."""
    found = sessions().filter(user_id=effect.user_id, revoked_at__isnull=True)
    return [SessionRow(user_id=str(one.user_id), **{name: getattr(one, name) for name in COLUMNS}) for one in found]


def open_session(effect: OpenSession) -> Opened:
    """Hold the user's row to the verified encoding, insert the session, end what is too many; in one transaction."""
    opened = retried(lambda: _open_session(effect))
    if opened.succeeded and prunes(effect.session.id) and not in_transaction():
        prune_by_the_way(effect.session.created_at)
    return opened


def _open_session(effect: OpenSession) -> Opened:
    row = effect.session
    try:
        with transaction.atomic(using=alias()):
            # The update comes first: a transaction that begins with a read cannot write on a busy SQLite, and the lock
            # on the user's row orders this login and every upgrade or change of the password.
            encoded = effect.verified if effect.upgraded is None else effect.upgraded
            # A login is noted in the row by the receiver that Django's own user_logged_in has.
            if not _swap_password(row.user_id, effect.verified, {"password": encoded}):
                return Opened.STALE
            if effect.upgraded is not None:
                restamp(row.user_id, old=effect.verified, new=effect.upgraded)
            values = {name: getattr(row, name) for name in COLUMNS}
            sessions().create(user_id=key(row.user_id), **values)
            displaced = _end_surplus(effect)
    except IntegrityError:
        return Opened.EXISTS
    return Opened.DISPLACED if displaced else Opened.OPENED


def _end_surplus(effect: OpenSession) -> bool:
    """End the sessions that are too many, and tell whether there were any."""
    row = effect.session
    others = (
        sessions()
        .filter(user_id=row.user_id, revoked_at__isnull=True, idle_expires_at__gt=row.created_at)
        .exclude(pk=row.id)
    )
    surplus = list(others.order_by("-rotated_at").values_list("pk", flat=True)[effect.max_sessions - 1 :])
    if surplus:
        sessions().filter(pk__in=surplus, revoked_at__isnull=True).update(
            revoked_at=row.created_at, revoked_reason=EndReason.TOO_MANY
        )
    return bool(surplus)


def rotate(effect: Rotate) -> bool:
    """Rotate by one conditional update that names columns of its own row only, so that of any number one wins."""
    row = effect.successor
    return _one_wins(
        lambda: (
            sessions()
            .filter(pk=row.id, generation=effect.presented, revoked_at__isnull=True)
            .update(
                generation=row.generation,
                rotated_at=row.rotated_at,
                idle_expires_at=row.idle_expires_at,
                repeats=row.repeats,
                user_agent=row.user_agent,
                address=row.address,
                network=row.network,
            )
        )
    )


def count_repeat(effect: CountRepeat) -> bool:
    """Count a repeat while the generation is still this one, up to the limit."""
    row = effect.session
    return _one_wins(
        lambda: (
            sessions()
            .filter(pk=row.id, generation=row.generation, revoked_at__isnull=True, repeats__lt=effect.limit)
            .update(repeats=F("repeats") + 1)
        )
    )


def revoke(effect: Revoke) -> Ended:
    """End sessions, and tell whether there were any."""
    found = sessions().filter(user_id=key(effect.user_id))
    if effect.session_id is not None:
        found = found.filter(pk=effect.session_id)
    changes = {"revoked_at": effect.now, "revoked_reason": effect.reason}
    ended = retried(lambda: found.filter(revoked_at__isnull=True).update(**changes))
    return Ended(ended=ended, found=ended > 0 or found.exists())


def change_password(effect: ChangePassword) -> bool:
    """Swap the password, restamp the session that goes on, end the others; in one transaction."""
    return retried(lambda: _change_password(effect))


def _change_password(effect: ChangePassword) -> bool:
    with transaction.atomic(using=alias()):
        if not _swap_password(effect.user_id, effect.verified, {"password": effect.encoded}):
            return False
        live = sessions().filter(user_id=key(effect.user_id), revoked_at__isnull=True)
        if effect.keep is not None:
            live.filter(pk=effect.keep).update(password_stamp=password_stamp(effect.user_id, effect.encoded))
            live = live.exclude(pk=effect.keep)
        live.update(revoked_at=effect.now, revoked_reason=EndReason.PASSWORD_CHANGED)
        if effect.proves:
            prove(effect.user_id, effect.proves, now=effect.now)
    return True


def renew_password(user_id: str, *, old: str, new: str) -> bool:
    """Swap a stored encoding for another of the *same* password, and restamp, in one transaction: no session ends.

    Args:
        user_id: The user's key as text.
        old: The encoding that was verified.
        new: The encoding to store.

    Returns:
        Whether the stored encoding was still ``old``.
    """
    with transaction.atomic(using=alias()):
        if not _swap_password(user_id, old, {"password": new}):
            return False
        restamp(user_id, old=old, new=new)
    return True


def restamp(user_id: str, *, old: str, new: str) -> int:
    """Give sessions that bear the stamp of one encoding that of another, of the same password.

    For whoever upgrades an encoding: in the transaction that swaps it, and only where the password is known to be the
    same. A session that begins with an older password stays ended.
    """
    live = sessions().filter(user_id=key(user_id), revoked_at__isnull=True)
    stamped = live.filter(password_stamp=password_stamp(user_id, old))
    return stamped.update(password_stamp=password_stamp(user_id, new))


def legacy_token_blocked(effect: LegacyTokenBlocked) -> bool:
    """Look a legacy token up in the legacy package's blacklist, where its application is installed."""
    if LEGACY_BLACKLIST not in apps.app_configs:
        return False
    blacklisted = apps.get_model(LEGACY_BLACKLIST, "BlacklistedToken")._base_manager.using(alias())
    blocked: bool = blacklisted.filter(token__jti=effect.token_id).exists()
    return blocked


def _swap_password(user_id: str, verified: str, changes: dict[str, Any]) -> bool:
    """Update a user's row on the condition that its encoding is the one verified."""
    found = owner_of("password")._base_manager.using(alias()).filter(pk=key(user_id), password=verified)
    changed: int = found.update(**changes)
    return changed == 1


def _one_wins(update: Callable[[], int]) -> bool:
    """Run a conditional update, retried once. A second serialization failure means that another request won."""
    try:
        return retried(update) == 1
    except OperationalError as error:
        if in_transaction() or not is_transient(error.__cause__):
            raise
        return False
