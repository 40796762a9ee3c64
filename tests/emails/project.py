"""A project with one of the user models lives through an account's life.

Run as ``python -m tests.emails.project MODEL``, with the database's settings as JSON on standard input.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from django.conf import settings

from tests.mailing import mail_settings
from tests.sessions.user_models.project import check, expect

OWN = {"EMAIL_FIELD": "email", "EMAIL_VERIFIED_FIELD": "is_email_verified"}


def main() -> None:
    """Run the scenario."""
    model, database = sys.argv[1], json.load(sys.stdin)
    settings.configure(
        SECRET_KEY="a secret of the tests, which is long enough for every rule that there is",
        USE_TZ=True,
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.contenttypes", "ferrauth.django", "tests.sessions.user_models"],
        AUTH_USER_MODEL=f"user_models.{model}",
        PASSWORD_HASHERS=["ferrauth.django.hashers.PBKDF2PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        **mail_settings(),
        FERRAUTH={
            "OUTBOX_SENDER": "command",
            "THROTTLE_BACKEND": "local",
            "LIMITS": {"register": {"address": None}, "token": {"address": None}},
            **(OWN if model == "OwnEmailUser" else {}),
        },
    )
    import django

    django.setup()
    from django.core import mail
    from django.core.management import call_command

    mail.outbox = []
    call_command("migrate", run_syncdb=True, verbosity=0)
    check(play)


def play() -> None:
    """Live through an account's life."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from ferrauth.accounts import flows
    from ferrauth.accounts.sessions import RequestFacts
    from ferrauth.django.conf import get_policy
    from ferrauth.django.port import carry
    from ferrauth.exceptions import FerrauthError

    users, facts = get_user_model(), RequestFacts(user_agent="phone")

    def do(flow: Any, **arguments: Any) -> str:
        try:
            carry(flow(get_policy(), facts, **arguments))
        except FerrauthError as refusal:
            return refusal.code
        return "ok"

    def register(email: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            expect(do(flows.register, email=email, password="correct horse") == "ok", f"{email} is told nothing")
        return len(captured.captured_queries)

    new = register("Ada@example.com")
    taken = register("ADA@example.com")
    expect(new == taken, f"as many statements whether it is new or taken: {new}, {taken}")
    expect(users.objects.count() == 1, "one user")
    first, second = letters()
    expect("Confirm" in first.subject and "already" in second.subject, "the mails say what happened")

    def login(email: str, password: str = "correct horse") -> str:
        return do(flows.login, identifier=email, password=password)

    expect(login("Ada@example.com") == "invalid_credentials", "not before it is verified")
    expect(do(flows.verify_email, token=token(first)) == "ok", "the link verifies")
    expect(do(flows.verify_email, token=token(first)) == "invalid_link", "once")
    expect(do(flows.confirm_password_reset, token=token(second), password="x") == "invalid_link", "all links are void")
    expect(login("ada@EXAMPLE.com") == "ok", "then it logs in, however the address is spelled")

    expect(do(flows.request_password_reset, email="ada@example.com") == "ok", "a reset is asked for")
    [sent] = letters()
    expect(do(flows.confirm_password_reset, token=token(sent), password="better") == "ok", "the reset is done")
    expect(login("ada@example.com", "better") == "ok", "with the new password")

    user = users.objects.get()
    own = users.USERNAME_FIELD == "username"  # The one whose addresses, and their flags, are in columns of its own.
    named: dict[str, Any] = {"username": "root", "is_email_verified": True} if own else {}
    root = users.objects.create(email="Root@Example.com", password=user.password, **named)
    expect(login("root@example.com", "better") == "ok", "whom a shell makes logs in by the address")
    register("ROOT@example.com")
    [sent] = letters()
    expect("already" in sent.subject and users.objects.count() == 2, "and is one account")
    root.delete()
    if users._meta.pk.name == users.USERNAME_FIELD:
        return  # A key that is the address cannot move with it.
    move = {"user_id": str(user.pk), "password": "better", "email": "New@example.com"}
    expect(do(flows.change_email, **move) == "ok", "it asks to move")
    [sent] = letters()
    expect(do(flows.verify_email, token=token(sent)) == "ok", "it moves")
    expect(login("new@example.com", "better") == "ok", "to the new address")
    expect(login("ada@example.com", "better") == "invalid_credentials", "from the old one")
    user.refresh_from_db()
    expect(user.email.lower() == "new@example.com", "the user model's own column too")


def letters() -> list[Any]:
    """Send what is due, and return the mails in the order in which they were asked for."""
    from django.core import mail

    from ferrauth.django.outbox import send_due

    before = len(mail.outbox)
    send_due()
    return mail.outbox[before:]


def token(sent: Any) -> str:
    """Return the token of a mail without a link."""
    found = re.search(r"^ey\S+$", sent.body, re.MULTILINE)
    expect(found is not None, f"there is a token: {sent.body}")
    assert found is not None
    return found[0]


if __name__ == "__main__":
    main()
