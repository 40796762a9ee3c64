"""The tables: sessions, attempts that are counted in PostgreSQL, security events, e-mail addresses, mails to send."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ferrauth.accounts.addresses import ADDRESS_LENGTH
from ferrauth.accounts.audit import IDENTIFIER_DIGEST_LENGTH
from ferrauth.accounts.emails import MAX_EMAIL
from ferrauth.accounts.sessions import LABEL_LENGTH, NETWORK_LENGTH, REQUEST_ID_LENGTH, USER_AGENT_LENGTH
from ferrauth.accounts.tables import (
    COUNTER_KEY_LENGTH,
    ERROR_LENGTH,
    EVENT_LENGTH,
    LANGUAGE_LENGTH,
    MAIL_LENGTH,
    REASON_LENGTH,
    STAMP_LENGTH,
    USER_KEY_LENGTH,
)

__all__ = ["AttemptCounter", "AuditEvent", "EmailAddress", "OutboxMessage", "RefreshSession"]


class RefreshSession(models.Model):
    """One login. It holds no token: a token names the row and its generation, and its ``jti`` is computed from both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No constraint: adding one would lock the user table of a running project against writers, and a session whose
    # user is gone fails the join anyway.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="ferrauth_sessions",
        related_query_name="ferrauth_session",
        verbose_name=_("user"),
    )
    generation = models.PositiveBigIntegerField(_("generation"), default=0)
    repeats = models.PositiveSmallIntegerField(_("repeats of this generation"), default=0)
    created_at = models.DateTimeField(_("created"))
    rotated_at = models.DateTimeField(_("last refreshed"))
    idle_expires_at = models.DateTimeField(_("ends if unused"))
    absolute_expires_at = models.DateTimeField(_("ends"))
    password_stamp = models.CharField(max_length=STAMP_LENGTH, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True, default="")
    keep_until = models.DateTimeField(null=True, blank=True, editable=False)
    user_agent = models.CharField(_("user agent"), max_length=USER_AGENT_LENGTH, blank=True, default="")
    address = models.CharField(_("address"), max_length=ADDRESS_LENGTH, blank=True, default="")
    network = models.CharField(max_length=NETWORK_LENGTH, blank=True, default="", editable=False)
    label = models.CharField(_("label"), max_length=LABEL_LENGTH, blank=True, default="")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = (
            models.Index(fields=["idle_expires_at"], name="ferrauth_session_idle"),
            # A login reads its user's other sessions that go on. By the index of all of them it would read the ended
            # ones too, which are kept for a day: of an account that logs in all the time, thousands, at every login.
            models.Index(fields=["user"], name="ferrauth_session_live", condition=models.Q(revoked_at__isnull=True)),
            # What was revoked lately is read every other second by stateless processes, and what was revoked long
            # ago is pruned; most rows never are.
            models.Index(
                fields=["revoked_at"], name="ferrauth_session_revoked", condition=models.Q(revoked_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class AttemptCounter(models.Model):
    """One counter of attempts, where PostgreSQL counts them; written by statements of its own, committed apart."""

    key = models.CharField(max_length=COUNTER_KEY_LENGTH, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "ferrauth"
        verbose_name = _("counter of attempts")
        verbose_name_plural = _("counters of attempts")

    def __str__(self) -> str:
        return self.key


class AuditEvent(models.Model):
    """One security event, where ``AUDIT_TABLE`` asks for them. It holds no secret, and nothing a client typed."""

    at = models.DateTimeField(_("time"), db_index=True)
    event = models.CharField(_("event"), max_length=EVENT_LENGTH)
    # No foreign key: what a user did outlives the user.
    user_id = models.CharField(_("user"), max_length=USER_KEY_LENGTH, blank=True, default="", db_index=True)
    identifier_hash = models.CharField(
        _("hash of the identifier"), max_length=IDENTIFIER_DIGEST_LENGTH, blank=True, default=""
    )
    session_id = models.UUIDField(_("session"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=ADDRESS_LENGTH, blank=True, default="")
    user_agent = models.CharField(_("user agent"), max_length=USER_AGENT_LENGTH, blank=True, default="")
    request_id = models.CharField(_("request"), max_length=REQUEST_ID_LENGTH, blank=True, default="")
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        app_label = "ferrauth"
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M:%S}"


class EmailAddress(models.Model):
    """A user's e-mail address. Its canonical form is unique, and that decides which of two at once registers it."""

    # No constraint, as for sessions.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="ferrauth_email",
        related_query_name="ferrauth_email",
        verbose_name=_("user"),
    )
    address = models.CharField(_("address"), max_length=MAX_EMAIL)
    canonical = models.CharField(_("canonical form"), max_length=MAX_EMAIL, unique=True, editable=False)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)

    class Meta:
        app_label = "ferrauth"
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")

    def __str__(self) -> str:
        return self.address


class OutboxMessage(models.Model):
    """A mail that is to be sent, or perhaps none: that is found out then, and its token made then."""

    mail = models.CharField(_("kind"), max_length=MAIL_LENGTH)
    user_id = models.CharField(_("user"), max_length=USER_KEY_LENGTH, blank=True, default="")
    address = models.CharField(_("address"), max_length=MAX_EMAIL)
    canonical = models.CharField(max_length=MAX_EMAIL, editable=False)
    language = models.CharField(_("language"), max_length=LANGUAGE_LENGTH, blank=True, default="")
    created_at = models.DateTimeField(_("created"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=ERROR_LENGTH, blank=True, default="")

    class Meta:
        app_label = "ferrauth"
        verbose_name = _("mail to send")
        verbose_name_plural = _("mails to send")
        indexes = (
            # Most rows have been sent, and are nobody's business but the pruning's.
            models.Index(
                fields=["next_attempt_at"],
                name="ferrauth_outbox_next",
                condition=models.Q(next_attempt_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.mail} {self.created_at:%Y-%m-%d %H:%M:%S}"
