"""``make_router(compat="ninja-jwt")``: four more operations under django-ninja-jwt's paths and field names.

A client that was written for it keeps working: what it sends and what it reads is called the same. What it does not
send is not missed, and what it sends besides is not read, as there. Errors have this package's shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, create_model

from ferrauth.accounts import flows
from ferrauth.accounts.answers import Answer
from ferrauth.accounts.operations import BODY, WORK, Call, Operation
from ferrauth.accounts.schemas import Identifier, Password, Token
from ferrauth.accounts.verification import verify_token

if TYPE_CHECKING:
    from ferrauth.tokens import TokenPair

__all__ = ["NINJA_JWT", "ninja_jwt_operations"]

NINJA_JWT = "ninja-jwt"


class AuthTokenRefresh(BaseModel):
    """The refresh token to exchange or to end."""

    refresh: Token


class AuthTokenVerify(BaseModel):
    """The token to verify, of either kind."""

    token: Token


class AuthTokenPairRefreshed(BaseModel):
    """The next tokens."""

    refresh: Annotated[str, Field(repr=False)]
    access: Annotated[str, Field(repr=False)]


class AuthEmpty(BaseModel):
    """Nothing to say but that it is so."""


def ninja_jwt_operations(username_field: str) -> tuple[Operation, ...]:
    """Return the operations.

    Args:
        username_field: The user model's own, under which that package takes the identifier and gives it back.
    """
    takes = create_model(
        "AuthTokenObtainPair",
        identifier=(Annotated[Identifier, Field(validation_alias=username_field)], ...),
        password=(Password, ...),
    )
    obtained = create_model("AuthTokenPairObtained", __base__=AuthTokenPairRefreshed, **{username_field: (str, ...)})  # type: ignore[call-overload]

    def answer_pair(call: Call, pair: TokenPair) -> Answer:
        fields: dict[str, Any] = {username_field: call.body.identifier}
        return Answer(body=obtained(refresh=pair.refresh, access=pair.access, **fields))

    return (
        Operation(
            name="token_obtain_pair",
            method="POST",
            path="/token/pair",
            summary="Obtain a pair of tokens",
            description="As login, with django-ninja-jwt's field names.",
            takes=takes,
            gives={200: obtained},
            refuses=(*BODY, 401, 409, *WORK),
            is_open=True,
            flow=lambda call: flows.login(
                call.policy, call.facts, identifier=call.body.identifier, password=call.body.password
            ),
            answer=answer_pair,
        ),
        Operation(
            name="token_refresh",
            method="POST",
            path="/token/refresh",
            summary="Refresh a pair of tokens",
            description="As refresh, with django-ninja-jwt's field names.",
            takes=AuthTokenRefresh,
            gives={200: AuthTokenPairRefreshed},
            refuses=(*BODY, 401, 409, *WORK),
            is_open=True,
            flow=lambda call: flows.refresh(call.policy, call.facts, call.body.refresh),
            answer=lambda _, pair: Answer(body=AuthTokenPairRefreshed(refresh=pair.refresh, access=pair.access)),
        ),
        Operation(
            name="token_verify",
            method="POST",
            path="/token/verify",
            summary="Verify a token",
            description="Say whether an access or a refresh token is good.",
            takes=AuthTokenVerify,
            gives={200: AuthEmpty},
            refuses=(*BODY, 401, *WORK),
            is_open=True,
            flow=lambda call: verify_token(call.policy, call.facts, token=call.body.token),
            answer=_empty,
        ),
        Operation(
            name="token_blacklist",
            method="POST",
            path="/token/blacklist",
            summary="End the session of a refresh token",
            description="As logout, with django-ninja-jwt's field name.",
            takes=AuthTokenRefresh,
            gives={200: AuthEmpty},
            refuses=(*BODY, *WORK),
            is_open=True,
            flow=lambda call: flows.logout(call.policy, call.facts, access=None, refresh=call.body.refresh),
            answer=_empty,
        ),
    )


def _empty(_call: Call, _result: object) -> Answer:
    return Answer(body=AuthEmpty())
