"""The admin: sessions, events, addresses and mails to read, "revoke" to act, and what a password is stored as.

Everything is read-only but for "revoke": a row that is made or changed by hand would be a session that nobody logged in
to (CVE-2026-87975). No page shows a hash, not even in part (CVE-2026-113733).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth import hashers
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, ngettext

from ferrauth.accounts.effects import Emit, Event, Revoke
from ferrauth.accounts.sessions import EndReason
from ferrauth.django import events
from ferrauth.django.conf import get_policy
from ferrauth.django.models import AuditEvent, EmailAddress, OutboxMessage, RefreshSession
from ferrauth.django.port import DjangoPort, request_facts

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import QuerySet
    from django.http import HttpRequest

__all__ = ["PasswordFormatMixin", "password_format"]

SHOWN = frozenset(
    {
        *("iterations", "work factor", "block size", "parallelism"),
        *("variety", "version", "memory cost", "time cost"),
    }
)
"""What of a hasher's summary is shown: how a password is stored, and what one guess costs. Never salt or hash."""


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Subscriptable in the stubs only.
    """Rows to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False


class OwnedAdmin(ReadOnlyAdmin):
    """Rows to look at that are deleted with their user."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse, but where a user is deleted: Django asks, on that page, whether what belongs to it may go too."""
        options, page = self.opts, request.resolver_match
        own = f"{options.app_label}_{options.model_name}_"
        return obj is not None and page is not None and not (page.url_name or "").startswith(own)


@admin.register(RefreshSession)
class RefreshSessionAdmin(OwnedAdmin):
    """Who is logged in, where."""

    list_display = ("user", "created_at", "rotated_at", "address", "user_agent", "revoked_at", "revoked_reason")
    list_filter = ("revoked_reason",)
    list_select_related = ("user",)
    search_fields = ("=user__pk", "=address")
    date_hierarchy = "created_at"
    actions = ("revoke",)
    exclude = ("password_stamp",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Ask for the permission to change sessions, which nothing else here uses."""
        return request.user.has_perm("ferrauth.change_refreshsession")

    @admin.action(description=gettext_lazy("Revoke selected sessions"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[RefreshSession]) -> None:
        """End sessions, as their users could have done."""
        facts, now, port = request_facts(request), get_policy().clock(), DjangoPort()
        ended = 0
        for session in queryset:
            user_id = str(session.user_id)
            reason = EndReason.ADMINISTRATOR
            if not port.perform(Revoke(user_id=user_id, session_id=session.pk, reason=reason, now=now)).ended:
                continue  # It had ended before.
            ended += 1
            details = {"reason": str(reason), "administrator": str(request.user.pk)}
            events.emit(Emit(event=Event.REVOKED, facts=facts, user_id=user_id, session_id=session.pk, details=details))
        text = ngettext("%d session was revoked.", "%d sessions were revoked.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What happened, where ``AUDIT_TABLE`` keeps it."""

    list_display = ("at", "event", "user_id", "address", "user_agent", "request_id")
    list_filter = ("event",)
    search_fields = ("=user_id", "=identifier_hash", "=address", "=request_id")
    date_hierarchy = "at"


@admin.register(EmailAddress)
class EmailAddressAdmin(OwnedAdmin):
    """Whose an address is. It is changed in the user; where ``EMAIL_FIELD`` is set there are none here."""

    list_display = ("address", "user", "verified_at")
    list_filter = (("verified_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("=user__pk", "canonical", "address")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Mails that wait, that were sent lately, or that were given up."""

    list_display = ("created_at", "mail", "address", "attempts", "next_attempt_at", "sent_at", "last_error")
    list_filter = ("mail", "last_error")
    search_fields = ("=canonical", "=user_id")
    date_hierarchy = "created_at"


class PasswordFormatMixin:
    """For a project's own ``UserAdmin``: shows what a password is stored as, in place of it.

    ::

        @admin.register(User)
        class UserAdmin(PasswordFormatMixin, django.contrib.auth.admin.UserAdmin): ...
    """

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Add the format."""
        return (*super().get_readonly_fields(request, obj), "password_format")  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        """Put the format where the password is, but on the page that adds a user."""
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None:
            return list(fieldsets)
        return [
            (name, {**options, "fields": tuple(_replaced(field) for field in options["fields"])})
            for name, options in fieldsets
        ]

    @admin.display(description=gettext_lazy("password"))
    def password_format(self, user: AbstractBaseUser) -> str:
        """Show how the password is stored."""
        return password_format(user.password)


def password_format(encoded: str) -> str:
    """Return the format and the cost of a stored password, such as ``pbkdf2_sha256, iterations: 1000000``.

    Args:
        encoded: The stored row; anything that is no password is "unusable" or "unknown".
    """
    if not hashers.is_password_usable(encoded):
        return gettext("unusable: the user cannot log in with one")
    try:
        # A hasher's words for its numbers are translated, and are looked up as they are written.
        with translation.override(None):
            summary = hashers.identify_hasher(encoded).safe_summary(encoded)
    except (ValueError, AssertionError, LookupError):
        return gettext("of a format that is not known here")
    words = {str(name): value for name, value in summary.items()}
    algorithm = str(words.pop("algorithm", ""))
    return ", ".join([algorithm, *(f"{name}: {value}" for name, value in words.items() if name in SHOWN)])


def _replaced(field: Any) -> Any:
    if isinstance(field, tuple | list):
        return tuple(_replaced(one) for one in field)
    return "password_format" if field == "password" else field
