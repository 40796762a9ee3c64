"""One operation of the HTTP surface, and one call of it: what a framework's shell is made of and makes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ferrauth.accounts.answers import Answer, refusal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from ferrauth.accounts.effects import Flow
    from ferrauth.accounts.policy import Authenticated, Policy
    from ferrauth.accounts.sessions import RequestFacts
    from ferrauth.exceptions import FerrauthError

__all__ = ["Call", "Operation"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """What an operation is given of a request."""

    policy: Policy
    facts: RequestFacts
    body: Any = field(default=None, repr=False)
    """What the operation takes, validated."""
    access: str | None = field(default=None, repr=False)
    """The token of the ``Authorization`` header, not verified."""
    cookie: str | None = field(default=None, repr=False)
    """The refresh token of the cookie, not verified."""
    session_id: uuid.UUID | None = None
    """Of the path."""
    found: Authenticated | None = None
    """Who asks, where the operation is for those who are logged in."""

    @property
    def who(self) -> Authenticated:
        """Who asks.

        Raises:
            LookupError: The operation is open.
        """
        if self.found is None:
            raise LookupError("This operation asks nobody to log in.")
        return self.found


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    name: str
    """The operation's id in OpenAPI, and the name of a generated client's method."""
    method: str
    path: str
    summary: str
    description: str
    takes: type[BaseModel] | None = None
    takes_nothing: bool = False
    """Whether the body may be left out."""
    gives: Mapping[int, Any]
    """What the body is, by the status of a success."""
    refuses: tuple[int, ...] = ()
    """Every status of a refusal, for the API's document."""
    is_open: bool = False
    """Whether nobody has to be logged in."""
    uses_cookie: bool = False
    """Whether the refresh token of the cookie is what lets a request in, and so CSRF has to be thought of."""
    flow: Callable[[Call], Flow[Any]] | None = None
    answer: Callable[[Call, Any], Answer]
    asks_database: bool = False
    """Whether making the answer may read from the database, as a project's own schema of its user may."""

    def refused(self, error: FerrauthError) -> Answer:
        """Return the answer to what the flow refuses. A cookie that is no good is taken away.

        Raises:
            FerrauthError: It is none (:func:`~ferrauth.accounts.answers.refusal`).
        """
        answer = refusal(error)
        return replace(answer, cookie="") if self.uses_cookie and answer.status == HTTPStatus.UNAUTHORIZED else answer
