"""A kind of mail that this release does not know, as a newer one that runs beside it may."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.core import mail

from ferrauth.accounts import flows
from ferrauth.django import outbox
from ferrauth.django.models import OutboxMessage

if TYPE_CHECKING:
    import pytest

    from tests.emails.conftest import Site


def test_E05_a_kind_of_mail_that_is_unknown_here_stops_no_other(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    now = datetime.now(UTC)
    values = {"address": "x@example.com", "canonical": "x@example.com", "created_at": now, "next_attempt_at": now}
    OutboxMessage.objects.create(mail="of_release_9", **values)
    site.carry(flows.register, email="bob@example.com", password="correct horse battery")
    with caplog.at_level(logging.WARNING):
        sent = outbox.send_due()
    assert (sent.sent, sent.failed) == (1, 1)
    assert [one.to for one in mail.outbox] == [["bob@example.com"]]
    row = OutboxMessage.objects.get(mail="of_release_9")
    assert (row.attempts, row.last_error, row.sent_at) == (1, "ValueError", None)
    assert row.next_attempt_at is not None
    assert "of_release_9" in caplog.text
