"""The session table."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ferrauth.accounts.sessions import ADDRESS_LENGTH, LABEL_LENGTH, USER_AGENT_LENGTH

__all__ = ["RefreshSession"]

STAMP_LENGTH = 64
"""SHA-256 in hexadecimal."""

REASON_LENGTH = 32
"""Characters of an :class:`~ferrauth.accounts.sessions.EndReason`, with room for longer words."""


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
    label = models.CharField(_("label"), max_length=LABEL_LENGTH, blank=True, default="")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = (
            models.Index(fields=["idle_expires_at"], name="ferrauth_session_idle"),
            # What was revoked lately is read every other second by stateless processes, and what was revoked long
            # ago is pruned; most rows never are.
            models.Index(
                fields=["revoked_at"], name="ferrauth_session_revoked", condition=models.Q(revoked_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return str(self.id)
