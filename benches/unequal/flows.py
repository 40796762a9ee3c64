"""Login, registration and reset as they are written by whoever thinks of the answers only, and not of their time."""

from __future__ import annotations

import os
import smtplib
from typing import TYPE_CHECKING, Any

from benches.smtp_sink import HOST
from ferrauth.accounts import flows
from ferrauth.accounts.account_effects import Enqueue, LoadAccount, Mail, Message
from ferrauth.accounts.effects import LoadUser, ask
from ferrauth.accounts.emails import canonical_email
from ferrauth.accounts.errors import LoginFailed

if TYPE_CHECKING:
    from ferrauth.accounts.effects import Flow
    from ferrauth.accounts.policy import Policy
    from ferrauth.accounts.sessions import RequestFacts

_login, _register = flows.login, flows.register


def login(policy: Policy, facts: RequestFacts, *, identifier: str, **more: Any) -> Flow[Any]:
    """Derive no key where there is no user."""
    if (yield from ask(LoadUser(identifier=identifier, network=facts.network))) is None:
        raise LoginFailed
    return (yield from _login(policy, facts, identifier=identifier, **more))


def register(policy: Policy, facts: RequestFacts, *, email: str, **more: Any) -> Flow[Any]:
    """Derive no key where there is an account."""
    canonical = canonical_email(email) or ""
    if (yield from ask(LoadAccount(canonical=canonical))) is None:
        return (yield from _register(policy, facts, email=email, **more))
    message = Message(mail=Mail.TAKEN, address=email, canonical=canonical)
    yield from ask(Enqueue(message=message, now=policy.clock()))
    return None


def request_password_reset(policy: Policy, facts: RequestFacts, *, email: str) -> Flow[None]:  # noqa: ARG001
    """Send the mail at once, where there is somebody to send it to."""
    if (yield from ask(LoadAccount(canonical=canonical_email(email)))) is not None:
        with smtplib.SMTP(HOST, int(os.environ["HTTP_TEST_SMTP_PORT"])) as smtp:
            smtp.sendmail("webmaster@localhost", [email], "Subject: Reset your password\r\n\r\nHere is your link.")


def remove_equal_work() -> None:
    """Make the server of this process one that tells."""
    flows.login = login
    flows.register = register
    flows.request_password_reset = request_password_reset
