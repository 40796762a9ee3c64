"""The HTTP surface as data: each operation once, for every framework, sync and async.

An operation says its path, what it takes and gives, which flow carries it out, and what becomes of the flow's result. A
framework's shell makes a view of it: it reads the request into a :class:`Call`, carries the flow on its port, and makes
a response of the :class:`~ferrauth.accounts.answers.Answer`. So no shell has a rule of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferrauth.accounts import flows, schemas
from ferrauth.accounts.answers import Answer
from ferrauth.accounts.calls import Call, Operation
from ferrauth.accounts.errors import ConfigurationError
from ferrauth.exceptions import InvalidKeyError

if TYPE_CHECKING:
    import uuid

    from pydantic import BaseModel

    from ferrauth.accounts.effects import Flow
    from ferrauth.accounts.policy import Policy
    from ferrauth.accounts.settings import Settings
    from ferrauth.tokens import TokenPair

__all__ = ["Call", "Operation", "login_field", "operations", "select"]


BODY = (400, 413, 415, 422)
"""What a body can be refused with."""

WORK = (429, 503)
"""What anything that counts attempts or waits for a hash can be refused with."""

TOKEN = (401, 429)
"""What an access token can be refused with."""


def login_field(settings: Settings, username_field: str) -> str:
    """Return what a request calls its login identifier.

    Args:
        settings: ``LOGIN_FIELD``.
        username_field: The user model's own.
    """
    if settings.login_field in (None, "either"):
        return "email" if username_field == "email" else "either"
    return str(settings.login_field)


def operations(
    settings: Settings,
    *,
    username_field: str,
    me: type[BaseModel] = schemas.AuthMe,
    register: type[BaseModel] | None = None,
) -> tuple[Operation, ...]:
    """Return every operation, in the order of the API's document.

    Args:
        settings: ``LOGIN_FIELD``, ``REFRESH_COOKIE``.
        username_field: The user model's own login field.
        me: What a user is shown of itself; made of the framework's user object.
        register: The project's own fields of a registration.

    Raises:
        ConfigurationError: A field of ``register`` is called as one of ours.
    """
    return (
        *_entering(settings, username_field, register),
        *_leaving(settings),
        *_passwords(),
        *_addresses(),
        *_reading(me),
    )


def select(known: tuple[Operation, ...], exclude: frozenset[str]) -> tuple[Operation, ...]:
    """Return the operations without those that a project does not want.

    Raises:
        ConfigurationError: One of them is none.
    """
    if unknown := sorted(exclude - {operation.name for operation in known}):
        names = ", ".join(operation.name for operation in known)
        raise ConfigurationError(f"{', '.join(unknown)}: no such operation. Known: {names}.")
    return tuple(operation for operation in known if operation.name not in exclude)


def _entering(settings: Settings, username_field: str, extra: type[BaseModel] | None) -> tuple[Operation, ...]:
    given = schemas.AuthAccessToken if settings.refresh_cookie else schemas.AuthTokens
    in_cookie = settings.refresh_cookie
    return (
        Operation(
            name="register",
            method="POST",
            path="/register",
            summary="Register",
            description="Ask for an account. With verification, the answer is the same for every address, and a mail "
            "says the rest to whoever reads it.",
            takes=schemas.registration(extra),
            gives={201: given} if settings.registration == "immediate" else {202: None},
            refuses=(*BODY, 403, 409, *WORK),
            is_open=True,
            flow=lambda call: flows.register(
                call.policy, call.facts, email=call.body.email, password=call.body.password, fields=call.body.fields()
            ),
            answer=lambda _, pair: Answer(status=202) if pair is None else _granted(settings, pair, status=201),
        ),
        Operation(
            name="login",
            method="POST",
            path="/login",
            summary="Log in",
            description="Exchange a password for tokens. A wrong password, an unknown user and a locked account get "
            "the same answer after the same work.",
            takes=schemas.credentials(login_field(settings, username_field)),
            gives={200: given},
            refuses=(*BODY, 401, 409, *WORK),
            is_open=True,
            flow=lambda call: flows.login(
                call.policy, call.facts, identifier=call.body.identifier, password=call.body.password
            ),
            answer=lambda _, pair: _granted(settings, pair),
        ),
        Operation(
            name="refresh",
            method="POST",
            path="/refresh",
            summary="Refresh",
            description="Exchange a refresh token for the next tokens. One that was used before ends its session.",
            takes=None if in_cookie else schemas.AuthRefresh,
            gives={200: given},
            refuses=(401, 403, 409, 413, *WORK) if in_cookie else (*BODY, 401, 409, *WORK),
            is_open=True,
            uses_cookie=in_cookie,
            flow=lambda call: flows.refresh(call.policy, call.facts, _presented(settings, call) or ""),
            answer=lambda _, pair: _granted(settings, pair),
        ),
    )


def _leaving(settings: Settings) -> tuple[Operation, ...]:
    in_cookie = settings.refresh_cookie
    gone = Answer(status=204, cookie="" if in_cookie else None)
    return (
        Operation(
            name="logout",
            method="POST",
            path="/logout",
            summary="Log out",
            description="End the session that the access token or the refresh token names. The access token may have "
            "expired, and a session that has ended is no error.",
            takes=None if in_cookie else schemas.AuthLogout,
            takes_nothing=True,
            gives={204: None},
            refuses=(403, 413, *WORK) if in_cookie else (*BODY, *WORK),
            is_open=True,
            uses_cookie=in_cookie,
            flow=lambda call: flows.logout(
                call.policy, call.facts, access=call.access, refresh=_presented(settings, call)
            ),
            answer=lambda _call, _: gone,
        ),
        Operation(
            name="logout_all",
            method="POST",
            path="/logout/all",
            summary="Log out everywhere",
            description="End all sessions of the user.",
            gives={204: None},
            refuses=(401, 413, *WORK),
            flow=lambda call: flows.logout_all(call.policy, call.facts, user_id=call.who.user.id),
            answer=lambda _call, _: gone,
        ),
    )


def _passwords() -> tuple[Operation, ...]:
    return (
        Operation(
            name="change_password",
            method="POST",
            path="/password/change",
            summary="Change the password",
            description="The session that asks goes on; all others end.",
            takes=schemas.AuthPasswordChange,
            gives={204: None},
            refuses=(*BODY, 401, 409, *WORK),
            flow=lambda call: flows.change_password(
                call.policy,
                call.facts,
                user_id=call.who.user.id,
                session_id=_current(call),
                old=call.body.old_password,
                new=call.body.new_password,
            ),
            answer=_nothing,
        ),
        Operation(
            name="request_password_reset",
            method="POST",
            path="/password/reset",
            summary="Ask for a new password",
            description="Send a link to the address, if it is an account's. The answer is the same for every address.",
            takes=schemas.AuthResetRequest,
            gives={202: None},
            refuses=(*BODY, *WORK),
            is_open=True,
            flow=lambda call: flows.request_password_reset(call.policy, call.facts, email=call.body.email),
            answer=_accepted,
        ),
        Operation(
            name="confirm_password_reset",
            method="POST",
            path="/password/reset/confirm",
            summary="Set a new password",
            description="Set a new password with the token of the link, once. All sessions end, and none begins.",
            takes=schemas.AuthResetConfirm,
            gives={204: None},
            refuses=(*BODY, 409, *WORK),
            is_open=True,
            flow=lambda call: flows.confirm_password_reset(
                call.policy, call.facts, token=call.body.token, password=call.body.password
            ),
            answer=_nothing,
        ),
    )


def _addresses() -> tuple[Operation, ...]:
    return (
        Operation(
            name="verify_email",
            method="POST",
            path="/email/verify",
            summary="Verify an address",
            description="Confirm, with the token of the link, that an address is the account's; a changed one too.",
            takes=schemas.AuthVerify,
            gives={204: None},
            refuses=(*BODY, 409, *WORK),
            is_open=True,
            flow=lambda call: flows.verify_email(call.policy, call.facts, token=call.body.token),
            answer=_nothing,
        ),
        Operation(
            name="resend_verification",
            method="POST",
            path="/email/verify/resend",
            summary="Send the link again",
            description="The answer is the same for every address.",
            takes=schemas.AuthResend,
            gives={202: None},
            refuses=(*BODY, *WORK),
            is_open=True,
            flow=lambda call: flows.resend_verification(call.policy, call.facts, email=call.body.email),
            answer=_accepted,
        ),
        Operation(
            name="change_email",
            method="POST",
            path="/email/change",
            summary="Change the address",
            description="Send a link to the new address, which is the account's once the link was followed. The answer "
            "is the same for free and for taken addresses.",
            takes=schemas.AuthEmailChange,
            gives={202: None},
            refuses=(*BODY, 401, 409, *WORK),
            flow=lambda call: flows.change_email(
                call.policy,
                call.facts,
                user_id=call.who.user.id,
                password=call.body.password,
                email=call.body.email,
            ),
            answer=_accepted,
        ),
    )


def _reading(me: type[BaseModel]) -> tuple[Operation, ...]:
    return (
        Operation(
            name="me",
            method="GET",
            path="/me",
            summary="Show me",
            description="Show the user whom the token names.",
            gives={200: me},
            refuses=TOKEN,
            answer=lambda call, _: Answer(body=me.model_validate(call.who.user.user, from_attributes=True)),
            asks_database=me is not schemas.AuthMe,
        ),
        Operation(
            name="sessions",
            method="GET",
            path="/sessions",
            summary="List sessions",
            description="Show where the user is logged in, the most recently used first.",
            gives={200: list[schemas.AuthSession]},
            refuses=TOKEN,
            flow=lambda call: flows.list_sessions(call.policy, user=call.who.user),
            answer=lambda call, rows: Answer(
                body=[schemas.AuthSession.of(row, current=_current(call)) for row in rows],
            ),
        ),
        Operation(
            name="end_session",
            method="DELETE",
            path="/sessions/{session_id}",
            summary="End a session",
            description="Log one device out.",
            gives={204: None},
            refuses=(*TOKEN, 404, 422),
            flow=_end_session,
            answer=_nothing,
        ),
        Operation(
            name="jwks",
            method="GET",
            path="/jwks.json",
            summary="Public keys",
            description="The keys that tokens are verified with, where they are key pairs (RFC 7517).",
            gives={200: schemas.AuthKeySet},
            is_open=True,
            answer=lambda call, _: Answer(body=_key_set(call.policy)),
        ),
    )


def _end_session(call: Call) -> Flow[None]:
    if call.session_id is None:
        raise LookupError("The path names no session.")
    return flows.end_session(call.policy, call.facts, user_id=call.who.user.id, session_id=call.session_id)


def _key_set(policy: Policy) -> schemas.AuthKeySet:
    try:
        return schemas.AuthKeySet(keys=policy.settings.keys.jwks()["keys"] if policy.settings.keys else [])
    except InvalidKeyError:
        return schemas.AuthKeySet(keys=[])  # Keys made of a secret have no public half, and are nobody's business.


def _presented(settings: Settings, call: Call) -> str | None:
    if settings.refresh_cookie:
        return call.cookie
    return call.body.refresh_token if call.body is not None else None


def _granted(settings: Settings, pair: TokenPair, *, status: int = 200) -> Answer:
    if settings.refresh_cookie:
        return Answer(status=status, body=schemas.AuthAccessToken.of(pair), cookie=pair.refresh)
    return Answer(status=status, body=schemas.AuthTokens.of(pair))


def _current(call: Call) -> uuid.UUID | None:
    return call.who.session.id if call.who.session else None


def _accepted(_call: Call, _result: object) -> Answer:
    return Answer(status=202)


def _nothing(_call: Call, _result: object) -> Answer:
    return Answer(status=204)
