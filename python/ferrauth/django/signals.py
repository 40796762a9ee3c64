"""Signals of security events: Django's own for logins and logouts, and ferrauth's for the rest.

Receivers of ferrauth's signals get ``event``, ``user_id``, ``request`` and ``fields``, which is what the audit has. A
receiver that fails is logged and changes nothing: the answer of a login must not depend on who listens.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal

from ferrauth.accounts.effects import Event
from ferrauth.django.conf import login_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ferrauth.accounts.audit import Fields
    from ferrauth.accounts.effects import Emit

__all__ = [
    "SIGNALS",
    "email_changed",
    "email_requested",
    "email_verified",
    "hash_upgraded",
    "legacy_exchanged",
    "link_refused",
    "password_changed",
    "password_refused",
    "password_reset",
    "refresh_refused",
    "refresh_repeated",
    "refresh_replayed",
    "refreshed",
    "registered",
    "registration_taken",
    "reset_requested",
    "revocation_unmatched",
    "send",
    "session_opened",
    "session_revoked",
    "sessions_displaced",
    "throttled",
]

throttled = Signal()
session_opened = Signal()
hash_upgraded = Signal()
refreshed = Signal()
refresh_repeated = Signal()
refresh_replayed = Signal()
refresh_refused = Signal()
legacy_exchanged = Signal()
session_revoked = Signal()
sessions_displaced = Signal()
revocation_unmatched = Signal()
password_changed = Signal()
password_refused = Signal()
link_refused = Signal()
password_reset = Signal()
reset_requested = Signal()
email_changed = Signal()
email_verified = Signal()
email_requested = Signal()
registration_taken = Signal()
registered = Signal()

SIGNALS: Mapping[Event, Signal] = MappingProxyType(
    {
        Event.THROTTLED: throttled,
        Event.SESSION_OPENED: session_opened,
        Event.HASH_UPGRADED: hash_upgraded,
        Event.REFRESHED: refreshed,
        Event.REFRESH_REPEATED: refresh_repeated,
        Event.REFRESH_REPLAYED: refresh_replayed,
        Event.REFRESH_REFUSED: refresh_refused,
        Event.LEGACY_EXCHANGED: legacy_exchanged,
        Event.REVOKED: session_revoked,
        Event.SESSIONS_DISPLACED: sessions_displaced,
        Event.REVOCATION_UNMATCHED: revocation_unmatched,
        Event.PASSWORD_CHANGED: password_changed,
        Event.PASSWORD_REFUSED: password_refused,
        Event.LINK_REFUSED: link_refused,
        Event.PASSWORD_RESET: password_reset,
        Event.RESET_REQUESTED: reset_requested,
        Event.EMAIL_CHANGED: email_changed,
        Event.EMAIL_VERIFIED: email_verified,
        Event.EMAIL_REQUESTED: email_requested,
        Event.REGISTRATION_TAKEN: registration_taken,
        Event.REGISTERED: registered,
    }
)
"""The signal of each event that Django has none for."""

HIDDEN = "********************"
"""What Django puts in place of a password (``django.contrib.auth._clean_credentials``)."""


def send(emitted: Emit, fields: Fields) -> None:
    """Send an event's signal.

    Args:
        emitted: The event.
        fields: What the audit has of it.
    """
    request: Any = emitted.facts.request
    if emitted.event is Event.LOGIN_SUCCEEDED:
        user_logged_in.send_robust(sender=type(emitted.user), request=request, user=emitted.user)
    elif emitted.event is Event.LOGIN_FAILED:
        name = login_name()
        # "username" is what receivers look for, such as django-axes, whatever the field's name is.
        credentials = {name: emitted.identifier, "username": emitted.identifier, "password": HIDDEN}
        user_login_failed.send_robust(sender=__name__, credentials=credentials, request=request)
    elif emitted.event is Event.LOGGED_OUT:
        if user_logged_out.has_listeners():
            user = get_user_model()._base_manager.filter(pk=emitted.user_id or "").first()
            user_logged_out.send_robust(sender=type(user), request=request, user=user)
    else:
        sender = get_user_model()
        SIGNALS[emitted.event].send_robust(
            sender=sender, event=emitted.event, user_id=emitted.user_id, request=request, fields=fields
        )
