"""Setting a new password by a link in a mail. ``accounts.flows`` is where the flows are imported from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth.accounts import passwords
from ferrauth.accounts.account_effects import Enqueue, Mail, Message
from ferrauth.accounts.effects import (
    Action,
    ChangePassword,
    Emit,
    Event,
    Flow,
    MakePassword,
    Release,
    Reserve,
    ValidatePassword,
    ask,
)
from ferrauth.accounts.emails import Purpose, canonical_email, parse_email
from ferrauth.accounts.policy import reserve
from ferrauth.accounts.registration import open_link, refuse_link

if TYPE_CHECKING:
    from ferrauth.accounts.policy import Policy
    from ferrauth.accounts.sessions import RequestFacts


def request_password_reset(policy: Policy, facts: RequestFacts, *, email: str) -> Flow[None]:
    """Mail a link that sets a new password, if the address is an account's that has a password and may log in.

    Whether it is, is found out when the mail is sent: this does the same for every address.

    Raises:
        InvalidInput: It is no address.
        Throttled: Too many of this client, or of this address.
    """
    yield from reserve(Reserve(action=Action.RESET, facts=facts, identifier=canonical_email(email)))
    parsed = parse_email(email)
    message = Message(mail=Mail.RESET, address=parsed.address, canonical=parsed.canonical)
    yield from ask(Enqueue(message=message, now=policy.clock()))
    yield from ask(Emit(event=Event.RESET_REQUESTED, facts=facts, identifier=parsed.canonical))


def confirm_password_reset(policy: Policy, facts: RequestFacts, *, token: str, password: str) -> Flow[None]:
    """Set a new password by the token that was mailed. All sessions end, and none begins.

    The address is verified by it: who has the token reads its mail.

    Raises:
        InvalidLink: The token is no good, whatever the cause.
        InvalidInput: The password is refused; the token stays good.
        Throttled: Too many tokens that were no good.
    """
    link, account, allowance = yield from open_link(policy, facts, token, Purpose.RESET)
    yield from ask(Release(allowances=(allowance,)))
    passwords.refuse_unfit("password", password)
    yield from ask(ValidatePassword(password=password, user=account.user, name="password"))
    encoded = yield from ask(MakePassword(password=password))
    changed = yield from ask(
        ChangePassword(
            user_id=link.user_id,
            verified=account.user.password,
            encoded=encoded,
            keep=None,
            now=policy.clock(),
            proves=account.canonical,
        )
    )
    if not changed:
        yield from refuse_link(facts)
    yield from ask(Emit(event=Event.PASSWORD_RESET, facts=facts, user_id=link.user_id))
