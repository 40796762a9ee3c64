"""Every test of this folder runs on SQLite and on PostgreSQL, and sends its mails itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db.models import F

from ferrauth.accounts import flows
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.django import outbox
from ferrauth.django.conf import get_policy
from ferrauth.django.models import EmailAddress, OutboxMessage
from ferrauth.django.port import carry
from ferrauth.exceptions import FerrauthError
from tests import databases
from tests.mailing import use_backend

PHONE = RequestFacts(address="203.0.113.7", user_agent="phone")
ON_COMMIT = pytest.mark.django_db(transaction=True, databases=list(databases.ALL))
LINK = re.compile(r"https://app\.example\.com/(\S+)\?token=(\S+)")
UNLIMITED = {
    "register": {"account": None, "address": None},
    "verify": {"account": None, "account_address": None, "address": None},
    "reset": {"account": None, "account_address": None, "address": None},
    "login": {"account": None, "account_address": None, "address": None},
    "token": {"address": None},
    "password_change": {"account": None, "address": None},
}
BASE = {"OUTBOX_SENDER": "command", "BASE_URLS": "https://app.example.com", "THROTTLE_BACKEND": "local"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of this folder that have no mark of their own a transaction on every database."""
    for item in items:
        if "tests/emails/" in item.path.as_posix() and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases=list(databases.ALL)))


@pytest.fixture(params=databases.ALL, ids=databases.IDS)
def database(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose the database."""
    monkeypatch.setattr(databases.OneDatabase, "current", request.param)
    settings.DATABASE_ROUTERS = ["tests.databases.OneDatabase"]
    return str(request.param)


@dataclass
class Site:
    """A project, and what its visitors do."""

    settings: Any

    def configure(self, **more: Any) -> None:
        self.settings.FERRAUTH = {**BASE, "LIMITS": UNLIMITED, **more}

    def carry(self, flow: Any, **arguments: Any) -> Any:
        return carry(flow(get_policy(), PHONE, **arguments))

    def register(self, email: str = "Ada@Example.com", password: str = "correct horse", **fields: object) -> Any:
        return self.carry(flows.register, email=email, password=password, fields=fields)

    def login(self, identifier: str = "ada@example.com", password: str = "correct horse") -> str:
        return self.answer(flows.login, identifier=identifier, password=password)

    def answer(self, flow: Any, **arguments: Any) -> str:
        """Carry a flow, and return the answer in a word."""
        try:
            self.carry(flow, **arguments)
        except FerrauthError as refusal:
            return refusal.code
        return "ok"

    def mails(self) -> list[Any]:
        """Send what is due, and return the mails."""
        before = len(mail.outbox)
        outbox.send_due()
        return mail.outbox[before:]

    def token(self) -> str:
        """Send what is due, which is one mail with a link, and return the link's token."""
        [sent] = self.mails()
        found = LINK.search(sent.body)
        assert found is not None, sent.body
        return found[2]

    def member(self, email: str = "Ada@Example.com", password: str = "correct horse", **fields: object) -> Any:
        """Register and verify, and return the user."""
        self.register(email, password, **fields)
        self.carry(flows.verify_email, token=self.token())
        return get_user_model().objects.get(ferrauth_email__address=email.replace("Example", "example"))

    def address(self) -> EmailAddress:
        return EmailAddress.objects.get()


@pytest.fixture
def site(database: str, db: None, settings: Any, cheap: int) -> Site:
    """A project with the defaults, but for limits."""
    site = Site(settings)
    site.configure()
    return site


class Down(EmailBackend):
    """A mail server that is down, and quotes what it was given."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError(f"no mail for {messages[0].to}")


@pytest.fixture
def down(settings: Any) -> None:
    use_backend(settings, f"{__name__}.Down")


def later() -> None:
    """Let the time of the next attempts come."""
    OutboxMessage.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=F("created_at"))
