"""What the authentication operations take and give."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations when the application starts)
from typing import Annotated, Literal
from uuid import UUID  # noqa: TC003 (pydantic reads the annotations when the application starts)

from ninja import Schema
from pydantic import ConfigDict, Field

MAX_EMAIL_LENGTH = 254
"""Characters of the longest address that a mail path can carry (RFC 5321, section 4.5.3.1.3, less its brackets)."""


class Credentials(Schema):
    """What someone logs in with.

    The address is not checked further: one that cannot exist is an unknown user's, and gets the same answer.
    """

    model_config = ConfigDict(extra="forbid")

    # A NUL is an error in some databases and nothing special in others: it gets one answer before any is asked.
    email: Annotated[
        str, Field(min_length=1, max_length=MAX_EMAIL_LENGTH, pattern=r"^[^\x00]*$", examples=["ada@example.com"])
    ]
    # A `str` that pydantic has read is Unicode text throughout; a `SecretStr` can hold a lone surrogate, which is none.
    password: Annotated[
        str,
        Field(
            min_length=1,
            repr=False,
            examples=["correct horse battery staple"],
            json_schema_extra={"format": "password", "writeOnly": True},
        ),
    ]


class Tokens(Schema):
    """An access token for requests, and a refresh token for the next access token."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: Annotated[int, Field(description="Seconds until the access token ends.")]


MAX_TOKEN_LENGTH = 8 * 1024
"""Characters of the longest token that ferrauth reads."""


class Refresh(Schema):
    """The refresh token to exchange."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_LENGTH, repr=False)]


class Logout(Schema):
    """The refresh token of the session to end; without it, the access token in the header says which."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str | None, Field(max_length=MAX_TOKEN_LENGTH, repr=False)] = None


class Session(Schema):
    """One device that is logged in."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    address: str
    user_agent: str
    is_current: Annotated[bool, Field(description="Whether this request was made with it.")]


class Me(Schema):
    """The user whose token came with the request."""

    id: UUID
    email: str
    is_email_verified: bool


class Error(Schema):
    """What went wrong, for people and for programs."""

    detail: str
    code: str


class FieldError(Schema):
    """A field that is not as it should be; never what was in it."""

    field: str
    code: str


class InvalidRequest(Error):
    """What went wrong, and where."""

    errors: list[FieldError]
