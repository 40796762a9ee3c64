"""What goes over HTTP, the same in both frameworks: requests, answers, errors. Pydantic only.

A request is refused before any row is read for it: unknown fields, NULs (an error in some databases and nothing special
in others), lone surrogates (which are no text) and values of absurd length get one answer, whoever is meant (THREATS
E10). No schema shows a secret in its ``repr``, and no error says what was submitted.

Schemas are called ``Auth...`` since an API's document has one name for each: a project's own ``Error`` or ``Session``
would take the place of ours there, or ours of its.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping  # noqa: TC003 (Pydantic reads annotations at run time.)
from datetime import datetime  # noqa: TC003
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from uuid import UUID  # noqa: TC003

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ferrauth.accounts.errors import ConfigurationError

if TYPE_CHECKING:
    from ferrauth.accounts.sessions import SessionRow
    from ferrauth.tokens import TokenPair

__all__ = [
    "AuthAccessToken",
    "AuthCredentials",
    "AuthEmailChange",
    "AuthError",
    "AuthFieldError",
    "AuthInvalidRequest",
    "AuthKeySet",
    "AuthLogout",
    "AuthMe",
    "AuthPasswordChange",
    "AuthRefresh",
    "AuthRegister",
    "AuthResend",
    "AuthResetConfirm",
    "AuthResetRequest",
    "AuthSession",
    "AuthTokens",
    "AuthVerify",
    "Request",
    "credentials",
    "field_errors",
    "registration",
]

MAX_IDENTIFIER = 254
"""Characters of the longest address that a mail path can carry (RFC 5321, section 4.5.3.1.3, less its brackets); user
names are shorter still (Django's own: 150)."""

MAX_PASSWORD = 4_096
"""Characters, as Django's own forms once had it (the fix of CVE-2013-1443); what a person types is far below."""

MAX_TOKEN = 8 * 1024
"""Characters of the longest token that ferrauth reads."""

NO_NUL = r"^[^\x00]*$"

LOGIN_FIELDS = ("email", "username")
"""Login fields that a request calls by their own name; any other is its ``identifier``."""

EITHER = AliasChoices("identifier", *LOGIN_FIELDS)
"""Where either of them will do, a client may say which it sends."""

UNKNOWN_FIELD = "extra_forbidden"
"""Pydantic's word for a field that the schema does not have; its location is text of the client's."""

# A `str` that pydantic has read is Unicode text throughout; a `SecretStr` can hold a lone surrogate.
Identifier = Annotated[str, Field(min_length=1, max_length=MAX_IDENTIFIER, pattern=NO_NUL)]
Email = Annotated[Identifier, Field(examples=["ada@example.com"])]
Password = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PASSWORD,
        pattern=NO_NUL,
        repr=False,
        examples=["correct horse battery staple"],
        json_schema_extra={"format": "password", "writeOnly": True},
    ),
]
TokenText = Annotated[str, Field(min_length=1, max_length=MAX_TOKEN, pattern=NO_NUL)]
Token = Annotated[TokenText, Field(repr=False)]


class Request(BaseModel):
    """The base of what a client sends: a field that is not known is an error, not a hope."""

    model_config = ConfigDict(extra="forbid")


class AuthCredentials(Request):
    """What someone logs in with.

    An address is not checked further: one that cannot exist is an unknown user's, and gets the same answer.
    """

    identifier: Identifier
    password: Password


class AuthRefresh(Request):
    """The refresh token to exchange."""

    refresh_token: Token


class AuthLogout(Request):
    """The refresh token of the session to end; without it, the access token in the header says which."""

    refresh_token: Annotated[TokenText | None, Field(repr=False)] = None


class AuthRegister(Request):
    """Who wants an account. A project's own fields are added by :func:`registration`."""

    email: Email
    password: Password

    def fields(self) -> Mapping[str, object]:
        """Return the project's own fields, by name."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in AuthRegister.model_fields}


class AuthPasswordChange(Request):
    """The password that is, and the one that shall be."""

    old_password: Password
    new_password: Password


class AuthResetRequest(Request):
    """Where to send the link that sets a new password."""

    email: Email


class AuthResetConfirm(Request):
    """The token of the link, and the new password."""

    token: Token
    password: Password


class AuthVerify(Request):
    """The token of the link that was sent to an address."""

    token: Token


class AuthResend(Request):
    """Where to send the link again."""

    email: Email


class AuthEmailChange(Request):
    """The new address, and the password once more."""

    password: Password
    email: Email


class AuthAccessToken(BaseModel):
    """A token for requests. The refresh token is in a cookie."""

    access_token: Annotated[str, Field(repr=False)]
    token_type: Literal["bearer"] = "bearer"
    expires_in: Annotated[int, Field(description="Seconds until the access token ends.")]

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """Return what a client is given of a pair."""
        return cls(access_token=pair.access, expires_in=pair.expires_in)


class AuthTokens(BaseModel):
    """An access token for requests, and a refresh token for the next access token."""

    access_token: Annotated[str, Field(repr=False)]
    refresh_token: Annotated[str, Field(repr=False)]
    token_type: Literal["bearer"] = "bearer"
    expires_in: Annotated[int, Field(description="Seconds until the access token ends.")]

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """Return what a client is given of a pair."""
        return cls(access_token=pair.access, refresh_token=pair.refresh, expires_in=pair.expires_in)


class AuthSession(BaseModel):
    """One device that is logged in."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    address: str
    user_agent: str
    label: str
    is_current: Annotated[bool, Field(description="Whether this request was made with it.")]

    @classmethod
    def of(cls, row: SessionRow, *, current: UUID | None) -> Self:
        """Return what its owner is shown of a session.

        Args:
            row: The session.
            current: The session that asks, if it is known.
        """
        return cls(
            id=row.id,
            created_at=row.created_at,
            last_used_at=row.rotated_at,
            address=row.address,
            user_agent=row.user_agent,
            label=row.label,
            is_current=row.id == current,
        )


class _Named:
    """A user whose key and address are read by the names that its model gives them."""

    def __init__(self, user: Any, names: Mapping[str, str]) -> None:
        self._user = user
        self._names = names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._user, self._names.get(name, name))


class AuthMe(BaseModel):
    """The user whose token came with the request; made of the framework's own user object."""

    model_config = ConfigDict(from_attributes=True)

    id: Annotated[str, BeforeValidator(str), Field(description="The user's key, as text.")]
    email: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_its_names(cls, user: Any) -> Any:
        """Read a user of Django's by what its model calls its key and its address (``pk``, ``EMAIL_FIELD``)."""
        if not hasattr(user, "get_email_field_name"):
            return user
        return _Named(user, {"id": "pk", "email": user.get_email_field_name()})


class AuthKeySet(BaseModel):
    """The public halves of the keys, as a JWKS; empty where tokens are signed with a secret."""

    keys: list[dict[str, Any]]


class AuthError(BaseModel):
    """What went wrong, for people and for programs."""

    detail: str
    code: str


class AuthFieldError(BaseModel):
    """A field that is not as it should be; never what was in it."""

    field: Annotated[str, Field(description="Empty where the request as a whole, or an unknown field, is meant.")]
    code: str


class AuthInvalidRequest(AuthError):
    """What went wrong, and where."""

    errors: list[AuthFieldError]


def credentials(login_field: str) -> type[AuthCredentials]:
    """Return the schema of a login by a field.

    Args:
        login_field: What the settings say a login identifier is. A request calls ``email`` and ``username`` so,
            ``either`` as it likes, and anything else ``identifier``.
    """
    if login_field not in (*LOGIN_FIELDS, "either"):
        return AuthCredentials
    alias = EITHER if login_field == "either" else login_field
    annotation = Annotated[Identifier, Field(validation_alias=alias)]
    return _derive("AuthCredentials", (AuthCredentials,), AuthCredentials.__doc__, {"identifier": annotation})


def registration(extra: type[BaseModel] | None = None) -> type[AuthRegister]:
    """Return the schema of a registration.

    Args:
        extra: The project's own fields.

    Raises:
        ConfigurationError: One of them is called as one of ours.
    """
    if extra is None:
        return AuthRegister
    if taken := sorted(AuthRegister.model_fields.keys() & extra.model_fields.keys()):
        raise ConfigurationError(f"Registration has fields of these names already: {', '.join(taken)}.")
    return _derive("AuthRegister", (AuthRegister, extra), AuthRegister.__doc__, {})


def field_errors(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> list[AuthFieldError]:
    """Return what a client is told of pydantic's errors: which field and what kind, and no text of its own.

    Pydantic's messages quote the input, and so do the locations of unknown fields and of a mapping's keys. So a field
    is named by the first part of its location, and an unknown one not at all.

    Args:
        errors: As ``ValidationError.errors()`` gives them.
        skip: How many parts of each location say where in the request it is (``body``).
    """
    found: dict[tuple[str, str], None] = {}
    for error in errors:
        code = str(error["type"])
        location = error["loc"][skip:-1] if code == UNKNOWN_FIELD else error["loc"][skip:]
        found[str(location[0]) if location else "", code] = None
    return [AuthFieldError(field=field, code=code) for field, code in found]


def _derive(name: str, bases: tuple[type, ...], doc: str | None, annotations: dict[str, Any]) -> type[Any]:
    namespace = {
        "__module__": __name__,
        "__doc__": doc,
        "__annotations__": annotations,
        "model_config": ConfigDict(extra="forbid"),
    }
    return types.new_class(name, bases, exec_body=lambda body: body.update(namespace))
