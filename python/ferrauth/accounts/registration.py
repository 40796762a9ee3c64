"""Registering, and whose an e-mail address is: flows that answer the same whatever addresses there are.

What they find out goes into a mail, to whoever reads the address. ``accounts.flows`` is where they are imported from.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ferrauth.accounts import passwords
from ferrauth.accounts.account_effects import (
    ConfirmAddress,
    CreateAccount,
    Creation,
    DraftUser,
    Enqueue,
    LoadAccount,
    Mail,
    Message,
    MoveAddress,
)
from ferrauth.accounts.effects import (
    Action,
    Allowance,
    CheckPassword,
    Emit,
    Event,
    Flow,
    LoadUser,
    MakePassword,
    Release,
    Reserve,
    ValidatePassword,
    ask,
)
from ferrauth.accounts.emails import Email, Link, Purpose, canonical_email, matches, parse_email, read
from ferrauth.accounts.errors import (
    AddressTaken,
    Conflict,
    InvalidInput,
    InvalidLink,
    RegistrationClosed,
    WrongPassword,
)
from ferrauth.accounts.passwords import row_to_verify
from ferrauth.accounts.policy import new_session, opening, reserve, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ferrauth.accounts.account_effects import Account
    from ferrauth.accounts.policy import Policy
    from ferrauth.accounts.sessions import RequestFacts, UserRow
    from ferrauth.tokens import TokenPair

NO_FIELDS: Mapping[str, object] = MappingProxyType({})


def register(
    policy: Policy,
    facts: RequestFacts,
    *,
    email: str,
    password: str,
    fields: Mapping[str, object] = NO_FIELDS,
) -> Flow[TokenPair | None]:
    """Make an account. Every branch derives one key, and inserts one row into the outbox.

    Args:
        policy: What every flow follows.
        facts: The request.
        email: The address.
        password: The password.
        fields: Further fields of the user. A name that is taken is said in the mail, and not here.

    Returns:
        With ``REGISTRATION = "immediate"`` the tokens of a first session; with ``"verify"`` ``None``, also where the
        address is taken.

    Raises:
        RegistrationClosed: Nobody can register.
        Throttled: Too many registrations, from this client or of this address; nothing was loaded or derived.
        InvalidInput: The address, the password or a field is refused; said before anything is looked up (E06).
        AddressTaken: With ``"immediate"`` only: an account has the address.
    """
    settings = policy.settings
    if settings.registration == "closed":
        raise RegistrationClosed
    parsed, _allowance = yield from _reserve_email(Action.REGISTER, facts, email)
    passwords.refuse_unfit("password", password)
    draft = yield from ask(DraftUser(address=parsed.address, canonical=parsed.canonical, fields=fields))
    yield from ask(ValidatePassword(password=password, user=draft, name="password"))
    encoded = yield from ask(MakePassword(password=password))
    created = yield from ask(
        CreateAccount(
            user=draft,
            address=parsed.address,
            canonical=parsed.canonical,
            encoded=encoded,
            messages=MappingProxyType(
                {
                    Creation.CREATED: _message(Mail.VERIFY, parsed),
                    Creation.EMAIL_TAKEN: _message(Mail.TAKEN, parsed),
                    Creation.NAME_TAKEN: _message(Mail.NAME_TAKEN, parsed),
                }
            ),
            now=policy.clock(),
        )
    )
    event = Event.REGISTERED if created.user else Event.REGISTRATION_TAKEN
    user_id = created.user.id if created.user else None
    yield from ask(Emit(event=event, facts=facts, identifier=parsed.canonical, user_id=user_id))
    if settings.registration != "immediate":
        return None
    if created.user is None:
        if created.creation is Creation.NAME_TAKEN:
            raise InvalidInput((("username", "unique"),))
        raise AddressTaken
    return (yield from _first_session(policy, facts, created.user))


def verify_email(policy: Policy, facts: RequestFacts, *, token: str) -> Flow[None]:
    """Verify an address by the token that was mailed to it; also one that an account moves to.

    Raises:
        InvalidLink: The token is no good, whatever the cause.
        Throttled: Too many tokens that were no good.
    """
    link, account, allowance = yield from open_link(policy, facts, token, Purpose.VERIFY, Purpose.CHANGE)
    now = policy.clock()
    if link.purpose is Purpose.VERIFY:
        done = yield from ask(ConfirmAddress(user_id=link.user_id, canonical=account.canonical, now=now))
        event = Event.EMAIL_VERIFIED
    else:
        new = parse_email(link.address)
        notice = Message(mail=Mail.MOVED, address=account.address, canonical=account.canonical)
        done = yield from ask(
            MoveAddress(
                user_id=link.user_id,
                leaves=account.canonical,
                address=new.address,
                canonical=new.canonical,
                # Only where somebody has answered: an address that was never verified may be a stranger's.
                notice=notice if account.verified else None,
                now=now,
            )
        )
        event = Event.EMAIL_CHANGED
    if not done:
        yield from refuse_link(facts)
    yield from ask(Release(allowances=(allowance,)))
    yield from ask(Emit(event=event, facts=facts, user_id=link.user_id))


def resend_verification(policy: Policy, facts: RequestFacts, *, email: str) -> Flow[None]:
    """Send the link that verifies an address again, if there is an account whose address is not verified.

    Raises:
        InvalidInput: It is no address.
        Throttled: Too many of this client, or of this address.
    """
    parsed, _allowance = yield from _reserve_email(Action.VERIFY, facts, email)
    yield from ask(Enqueue(message=_message(Mail.VERIFY, parsed), now=policy.clock()))
    yield from ask(Emit(event=Event.EMAIL_REQUESTED, facts=facts, identifier=parsed.canonical))


def change_email(policy: Policy, facts: RequestFacts, *, user_id: str, password: str, email: str) -> Flow[None]:
    """Send a link to an address that a user wants to move to. Nothing changes until it is followed.

    Raises:
        InvalidInput: It is no address.
        WrongPassword: It is not the user's password, or the user may not log in.
        Throttled: Too many attempts of this user, or mails to this address.
    """
    tried = yield from reserve(Reserve(action=Action.PASSWORD_CHANGE, facts=facts, user_id=user_id))
    parsed, _allowance = yield from _reserve_email(Action.VERIFY, facts, email)
    user = yield from ask(LoadUser(user_id=user_id))
    row = None if user is None else row_to_verify(user.password, may_log_in=user.eligible)
    verified, _upgraded = yield from ask(CheckPassword(password=password, encoded=row))
    if user is None or not verified:
        yield from ask(Emit(event=Event.PASSWORD_REFUSED, facts=facts, user_id=user_id))
        raise WrongPassword
    yield from ask(Enqueue(message=_message(Mail.CHANGE, parsed, user_id=user.id), now=policy.clock()))
    yield from ask(Release(allowances=(tried,)))
    yield from ask(Emit(event=Event.EMAIL_REQUESTED, facts=facts, user_id=user.id, identifier=parsed.canonical))


def open_link(
    policy: Policy, facts: RequestFacts, token: str, *purposes: Purpose
) -> Flow[tuple[Link, Account, Allowance]]:
    """Read a token, and load the account that it is for, which must be as it was when the token was made.

    Raises:
        InvalidLink: The token is no good, whatever the cause.
        Throttled: Too many tokens that were no good.
    """
    allowance = yield from reserve(Reserve(action=Action.TOKEN, facts=facts))
    try:
        link = read(policy, token, *purposes)
    except InvalidLink:
        yield from refuse_link(facts)
        raise
    account = yield from ask(LoadAccount(user_id=link.user_id))
    if account is None or not account.user.eligible or not matches(link, account):
        yield from refuse_link(facts)
        raise InvalidLink
    return link, account, allowance


def refuse_link(facts: RequestFacts) -> Flow[None]:
    """Record that a link was no good, and refuse it.

    Raises:
        InvalidLink: Always.
    """
    yield from ask(Emit(event=Event.LINK_REFUSED, facts=facts))
    raise InvalidLink


def _reserve_email(action: Action, facts: RequestFacts, email: str) -> Flow[tuple[Email, Allowance]]:
    """Count an attempt against the client and, where it names one, the address, before any other work.

    Raises:
        Throttled: There were too many.
        InvalidInput: It is no address.
    """
    allowance = yield from reserve(Reserve(action=action, facts=facts, identifier=canonical_email(email)))
    return parse_email(email), allowance


def _message(mail: Mail, email: Email, *, user_id: str = "") -> Message:
    return Message(mail=mail, address=email.address, canonical=email.canonical, user_id=user_id)


def _first_session(policy: Policy, facts: RequestFacts, user: UserRow) -> Flow[TokenPair]:
    row = new_session(policy, facts, user, None, "")
    opened = yield from ask(opening(policy, row, user, upgraded=None, logged_in=True))
    if not opened.succeeded:
        raise Conflict
    yield from ask(Emit(event=Event.LOGIN_SUCCEEDED, facts=facts, user_id=user.id, session_id=row.id, user=user.user))
    return tokens(policy, row)
