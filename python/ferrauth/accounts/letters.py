"""What a row of the outbox leads to: a letter, or none. Decided when it is sent, and its token made then.

The token is in no table; and a request never waits for what is looked up here, so it cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ferrauth.accounts.account_effects import LoadAccount, Mail
from ferrauth.accounts.effects import Flow, ask
from ferrauth.accounts.emails import Purpose, lifetime, mint
from ferrauth.accounts.settings import TOKEN_MARK

if TYPE_CHECKING:
    from ferrauth.accounts.account_effects import Account, Message
    from ferrauth.accounts.policy import Policy

UNUSABLE_PREFIX = "!"
"""Django's mark of a row that no password opens (``django.contrib.auth.hashers.UNUSABLE_PASSWORD_PREFIX``)."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail, but for its words."""

    mail: Mail
    to: str
    account: Account | None = None
    token: str = field(default="", repr=False)
    """Empty where the letter has nothing to follow."""
    link: str = field(default="", repr=False)
    """Empty too where ``BASE_URLS`` does not say where it leads: the words give the token then."""
    lifetime: int = 0
    """Seconds in which the token is good."""


def write_letter(policy: Policy, message: Message) -> Flow[Letter | None]:
    """Say what is sent for a row of the outbox; ``None`` is nothing at all."""
    holder = yield from ask(LoadAccount(canonical=message.canonical))
    mail = message.mail
    if mail is Mail.CHANGE:
        return (yield from _change(policy, message, holder))
    if mail is Mail.MOVED:
        return Letter(mail=mail, to=message.address)
    if mail is Mail.NAME_TAKEN:
        return Letter(mail=mail, to=message.address) if holder is None else None
    if holder is None or not holder.user.eligible:
        return None
    if mail is Mail.TAKEN:
        return _taken(policy, holder)
    if mail is Mail.VERIFY:
        return None if holder.verified else _letter(policy, mail, holder, Purpose.VERIFY, to=holder.address)
    return _letter(policy, mail, holder, Purpose.RESET, to=holder.address) if _has_password(holder) else None


def _change(policy: Policy, message: Message, holder: Account | None) -> Flow[Letter | None]:
    mover = yield from ask(LoadAccount(user_id=message.user_id))
    if mover is None or not mover.user.eligible:
        return None
    if holder is None:
        return _letter(policy, Mail.CHANGE, mover, Purpose.CHANGE, to=message.address)
    same = holder.user.id == mover.user.id
    return _taken(policy, holder) if not same and holder.user.eligible else None


def _taken(policy: Policy, holder: Account) -> Letter:
    """Tell the owner that there is an account, with a way into it where its password can be reset."""
    if _has_password(holder):
        return _letter(policy, Mail.TAKEN, holder, Purpose.RESET, to=holder.address)
    return Letter(mail=Mail.TAKEN, to=holder.address, account=holder)


def _letter(policy: Policy, mail: Mail, account: Account, purpose: Purpose, *, to: str) -> Letter:
    token = mint(policy, purpose, account, address=to)
    url = policy.settings.base_urls.get("reset" if purpose is Purpose.RESET else "verify", "")
    return Letter(
        mail=mail,
        to=to,
        account=account,
        token=token,
        link=url.replace(TOKEN_MARK, token),
        lifetime=lifetime(policy, purpose),
    )


def _has_password(account: Account) -> bool:
    """Tell whether a reset has something to reset, as Django's ``PasswordResetForm`` asks: who logs in by other means
    alone gets no password by mail."""
    return not account.user.password.startswith(UNUSABLE_PREFIX)
