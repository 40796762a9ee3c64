"""``Depends(auth.current_user)`` and its kin: who is there, for HTTP and for WebSockets alike.

Each is an instance of a security scheme, so FastAPI's docs page shows a padlock and a password form for it. One request
asks the database once, however many of them it depends on.

Annotations are objects here, and no texts: FastAPI cannot look up the names of an instance's.
"""

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from fastapi import HTTPException
from fastapi.openapi.models import HTTPBearer, OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from ferrauth.accounts import flows
from ferrauth.accounts.answers import not_authenticated, refusal
from ferrauth.accounts.errors import ConfigurationError, PermissionDenied
from ferrauth.exceptions import FerrauthError
from ferrauth.fastapi.permissions import PermissionsMixin
from ferrauth.fastapi.requests import bearer_token, request_facts

if TYPE_CHECKING:
    from ferrauth.accounts.answers import Answer
    from ferrauth.accounts.policy import Authenticated, Principal
    from ferrauth.accounts.schemas import AuthError
    from ferrauth.fastapi.auth import Auth

__all__ = ["Authentication", "Claims", "CurrentUser", "OptionalUser", "Refused", "Require"]

User = TypeVar("User")

DESCRIPTION = "The access token of a login."

_SCOPE_KEY = "ferrauth"
"""Of what a connection's scope remembers, so that it is asked once."""


class Refused(HTTPException):
    """A connection that may not go on. Outside ferrauth's router too, it is answered in the one shape's words."""

    def __init__(self, answer: "Answer") -> None:
        body = cast("AuthError", answer.body)
        super().__init__(answer.status, detail=body.detail, headers={**answer.headers, "Cache-Control": "no-store"})
        self.answer = answer


class _Guard(SecurityBase, Generic[User]):
    """The base of the dependencies: a bearer token, and where there is ``POST token`` its password flow."""

    def __init__(self, auth: "Auth[User]") -> None:
        self._auth = auth
        self.scheme_name = "JWTAuth"  # As Django Ninja's document calls it: a generated client serves both.
        self.model: OAuth2 | HTTPBearer = HTTPBearer(bearerFormat="JWT", description=DESCRIPTION)
        if auth.token_url is not None:
            flow = OAuthFlowPassword(tokenUrl=auth.token_url, scopes={})
            self.model = OAuth2(flows=OAuthFlows(password=flow), description=DESCRIPTION)

    async def _find(self, connection: HTTPConnection) -> "Authenticated | None":
        """Return whom a connection's token is good for, asked once a connection."""
        known: dict[int, Authenticated | None] = connection.scope.setdefault(_SCOPE_KEY, {})
        key = id(self._auth)
        if key not in known:
            token = bearer_token(connection)
            known[key] = None
            if token is not None:
                known[key] = await self._carry(flows.authenticate, connection, token)
        return known[key]

    async def _carry(self, flow: Any, connection: HTTPConnection, token: str) -> Any:
        """Carry a flow that says whom a token is for.

        Raises:
            Refused: 429: too many bad tokens of this client; 503: what has to be asked does not answer.
        """
        auth = self._auth
        try:
            return await auth.carry(flow(auth.policy, token, facts=lambda: request_facts(connection, auth.config)))
        except FerrauthError as error:
            raise Refused(refusal(error)) from None


class Authentication(_Guard[User]):
    """Gives the user and the session that a token is good for.

    Raises:
        Refused: 401: there is no token, or none that is good.
    """

    async def __call__(self, connection: HTTPConnection) -> "Authenticated":
        """Return who is there."""
        found = await self._find(connection)
        if found is None:
            raise Refused(not_authenticated())
        return found


class CurrentUser(_Guard[User]):
    """Gives the user that a token is good for.

    Raises:
        Refused: 401: there is no token, or none that is good.
    """

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return who is there."""
        found = await self._find(connection)
        if found is None:
            raise Refused(not_authenticated())
        return cast("User", found.user.user)


class OptionalUser(_Guard[User]):
    """Gives the user that a token is good for, or ``None``."""

    async def __call__(self, connection: HTTPConnection) -> User | None:
        """Return who is there, if anybody."""
        found = await self._find(connection)
        return cast("User", found.user.user) if found else None


class Require(CurrentUser[User]):
    """Gives the user, if it may do what is asked.

    Args:
        auth: Whose users they are.
        permission: A permission that the user must have, such as ``"shop.change_order"``, with Django's meaning.
        staff: Whether the user must be staff.
        superuser: Whether it must be a superuser.

    Raises:
        ConfigurationError: The user model has nothing that could be asked for this.
        Refused: 401 as :class:`CurrentUser`; 403: the user may not.
    """

    def __init__(
        self, auth: "Auth[User]", *, permission: str | None = None, staff: bool = False, superuser: bool = False
    ) -> None:
        super().__init__(auth)
        users = auth.backend.users
        permits = permission is not None
        asked = {
            "is_staff": staff,
            "is_superuser": superuser or (permits and issubclass(users, PermissionsMixin)),
            "has_perm": permits,
        }
        if missing := ", ".join(name for name, is_asked in asked.items() if is_asked and not hasattr(users, name)):
            raise ConfigurationError(f"require: {users.__name__} has no {missing}, as AuthUser has.")
        self._permission = permission
        self._staff = staff
        self._superuser = superuser

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return who is there."""
        user: Any = await super().__call__(connection)
        if (
            (self._staff and not user.is_staff)
            or (self._superuser and not user.is_superuser)
            or (self._permission is not None and not user.has_perm(self._permission))
        ):
            raise Refused(refusal(PermissionDenied()))
        return cast("User", user)


class Claims(_Guard[User]):
    """Gives what a token says, asking no database; a session that was revoked is refused ``REVOCATION_POLL`` later.

    Raises:
        Refused: 401: there is no token, or none that is good. 503: the database has been away for long.
    """

    async def __call__(self, connection: HTTPConnection) -> "Principal":
        """Return whom the token says that it is for."""
        token = bearer_token(connection)
        if token is None:
            raise Refused(not_authenticated())
        principal: Principal | None = await self._carry(flows.authenticate_stateless, connection, token)
        if principal is None:
            raise Refused(not_authenticated())
        return principal
