"""``Auth``: a project's settings, database and rules, and everything an application takes from them."""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sqlalchemy import inspect
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ferrauth.accounts import flows, schemas
from ferrauth.accounts.core import configure_core
from ferrauth.accounts.effects import arun
from ferrauth.accounts.errors import InvalidInput, LoginFailed, Unavailable
from ferrauth.accounts.operations import operations, select
from ferrauth.accounts.passwords import refuse_unfit
from ferrauth.accounts.policy import Policy
from ferrauth.accounts.secrets import audit_secret, counter_secret
from ferrauth.fastapi import checks, dependencies, start_up
from ferrauth.fastapi.accounts import Accounts
from ferrauth.fastapi.backend import Backend
from ferrauth.fastapi.counters import make_counters
from ferrauth.fastapi.logins import Logins
from ferrauth.fastapi.mail import write_mail
from ferrauth.fastapi.models import AuthUser, EmailAddress, RefreshSession
from ferrauth.fastapi.outbox import Outbox
from ferrauth.fastapi.port import AsyncPort, Services
from ferrauth.fastapi.requests import request_facts
from ferrauth.fastapi.revocations import Revocations
from ferrauth.fastapi.router import make_router
from ferrauth.fastapi.rows import Rows
from ferrauth.fastapi.session_kind import refuse_sync
from ferrauth.fastapi.users import Users
from ferrauth.passwords import Policy as PasswordPolicy
from ferrauth.passwords.validators import make_validators, refusals
from ferrauth.tokens import TokenIssuer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence

    from fastapi import APIRouter, FastAPI
    from pydantic import BaseModel
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
    from starlette.requests import HTTPConnection

    from ferrauth.accounts.effects import Flow, Result
    from ferrauth.accounts.legacy import LegacyReader
    from ferrauth.accounts.letters import Letter
    from ferrauth.fastapi.mail import Mailer, OutgoingMail
    from ferrauth.fastapi.settings import AuthSettings
    from ferrauth.keys import KeyRing
    from ferrauth.tokens import Claims, TokenPair

__all__ = ["Auth"]

User = TypeVar("User")

POOL_RETRY = 5
"""Seconds after which it is worth to try again where no connection could be had."""

NOT_ALLOWED = "The user may not log in, so there are no tokens for it."


class Auth(Generic[User]):
    """Authentication of one application.

    Nothing is connected to and nothing runs before the first request, or :meth:`lifespan`.

    An application may have several, such as one for customers and one for staff. What ``max_iterations``,
    ``hasher_max_wait``, ``hasher_threads`` and ``hasher_memory`` say is the process's: those of the one that was made
    last count.

    Args:
        settings: The settings.
        sessionmaker: Makes the project's sessions. ferrauth's own are made by it too.
        user_model: The users; Django's ``auth_user`` by default.
        session_model: Their sessions, which :func:`~ferrauth.fastapi.models.make_tables` makes for users of one's own.
        email_model: Their e-mail addresses, likewise.
        mailer: Sends mails; without one they wait in the outbox, for ``manage.py send_outbox``.
        write_mail: Gives mails their words.
        password_validators: Rules for new passwords, as Django's ``AUTH_PASSWORD_VALIDATORS`` has them; those of the
            settings by default.
        password_policy: What passwords cost; see :class:`ferrauth.passwords.Policy`. New ones are ``pbkdf2_sha256``.
        legacy: Reads another package's tokens while a project moves in.
        me: What ``GET me`` shows; made of the user object, by its attributes.
        register: The project's own fields of a registration.
        exclude: Names of operations that the router shall not have, such as ``register``.
        token_url: Where the docs page finds ``POST token``, relative to it: the prefix that the router is included
            under, and ``/token``. ``None`` leaves that out, and the form of the docs page takes a token.

    Raises:
        ConfigurationError: A setting makes no sense, or the models do not fit.
    """

    def __init__(
        self,
        settings: AuthSettings,
        sessionmaker: async_sessionmaker[Any],
        *,
        user_model: type[User] = AuthUser,  # type: ignore[assignment]  # Whoever names another has another User.
        session_model: type[Any] = RefreshSession,
        email_model: type[Any] = EmailAddress,
        mailer: Mailer | None = None,
        write_mail: Callable[[Letter], OutgoingMail] = write_mail,
        password_validators: Sequence[Mapping[str, Any]] | None = None,
        password_policy: PasswordPolicy | None = None,
        legacy: LegacyReader | None = None,
        me: type[BaseModel] = schemas.AuthMe,
        register: type[BaseModel] | None = None,
        exclude: Collection[str] = frozenset(),
        token_url: str | None = "auth/token",
    ) -> None:
        self.config = settings.to_settings()
        secrets = settings.secrets()
        derived = checks.derive_keys(secrets)
        if password_validators is None:
            password_validators = settings.auth_password_validators
        self.token_url = None if "login" in exclude else token_url  # It is a login, by a form.
        self.policy = Policy(
            settings=self.config,
            issuer=self._issuer(derived),
            legacy=legacy,
            secrets=derived,
        )
        self.backend = Backend(
            sessionmaker, self.config, user_model=user_model, session_model=session_model, email_model=email_model
        )
        checks.check_parts(self.backend)
        accounts, users = Accounts(self.backend), Users(self.backend)
        rows = Rows(self.backend, accounts)
        self._outbox = Outbox(self.policy, self.backend, users, mailer=mailer, write_mail=write_mail)
        self._secrets, self._mails = secrets, mailer is not None
        self._services = Services(
            backend=self.backend,
            rows=rows,
            users=users,
            accounts=accounts,
            outbox=self._outbox,
            counters=make_counters(self.backend),
            revocations=Revocations(self.backend, rows),
            counter_secret=counter_secret(secrets[0]),
            audit_secret=audit_secret(secrets[0]),
            password_policy=password_policy or PasswordPolicy(floor=self.config.hasher_floor),
            password_validators=make_validators(password_validators),
        )
        self._logins = Logins(users, rows)
        known = operations(self.config, username_field=self.backend.username_field, me=me, register=register)
        self.operations = select(known, frozenset(exclude))
        self.authentication = dependencies.Authentication(self)
        self.current_user = dependencies.CurrentUser(self)
        self.optional_user = dependencies.OptionalUser(self)
        self.claims = dependencies.Claims(self)
        self.router: APIRouter = make_router(self)
        configure_core(self.config)

    def _issuer(self, derived: KeyRing) -> TokenIssuer:
        config = self.config
        return TokenIssuer(
            keys=config.keys or derived,
            access_lifetime=config.access_lifetime,
            refresh_lifetime=config.refresh_idle_lifetime,
            issuer=config.issuer,
            audience=config.audience,
            leeway=config.leeway,
        )

    def require(
        self, *, permission: str | None = None, staff: bool = False, superuser: bool = False
    ) -> dependencies.Require[User]:
        """Return a dependency that gives the user, and answers 403 where it lacks what is asked.

        Args:
            permission: Such as ``"shop.change_order"``, with Django's meaning.
            staff: Whether the user must be staff.
            superuser: Whether it must be a superuser.
        """
        return dependencies.Require(self, permission=permission, staff=staff, superuser=superuser)

    async def carry(
        self,
        flow: Flow[Result],
        *,
        session: AsyncSession | None = None,
        gone: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> Result:
        """Carry a flow of ``ferrauth.accounts.flows`` to its end, and return its result.

        Args:
            flow: The flow.
            session: Whose transaction its rows are written in, but for what must be kept whatever becomes of it, such
                as the end of a session whose token was replayed. On SQLite, which has one writer at a time, that is a
                part of the transaction too, once it has written; so it is elsewhere, where it would wait for a lock of
                the transaction's.
            gone: Returns when the client has gone, so that a derivation gives its lane back.

        Raises:
            TypeError: The session is no asynchronous one.
            Unavailable: Every connection to the database is in use.
        """
        if session is not None:
            refuse_sync(session)
        port = AsyncPort(self._services, session, gone=gone)
        try:
            return await arun(flow, port)
        except PoolTimeout:
            raise Unavailable(POOL_RETRY) from None
        finally:
            port.close()

    async def authenticate_user(self, session: AsyncSession, username: str, password: str) -> User | None:
        """Return the user whose name and password these are, or ``None``; at equal work for every failure.

        It counts no attempts: ``POST login`` does. An outdated row is renewed: in the caller's transaction, if there
        is one. A session that is in none lends no connection while the key is derived.

        Args:
            session: Where the user is loaded.
            username: What a login names a user by.
            password: The password as it was submitted.

        Raises:
            HasherBusy: More work waits than a login may have to wait for.
            TypeError: The session is no asynchronous one.
        """
        policy = self._services.password_policy
        return cast("User | None", await self._logins.authenticate(session, username, password, policy))

    async def generate_tokens(
        self, session: AsyncSession, user: User, *, request: HTTPConnection | None = None, label: str = ""
    ) -> TokenPair:
        """Open a session for a user whom the caller has authenticated, in the caller's transaction.

        Args:
            session: The caller's; the tokens are good once it is committed.
            user: A saved user whose fields meet ``USER_FILTER``.
            request: Whose address and user agent the session keeps.
            label: What the client calls its device.

        Raises:
            TypeError: The session is no asynchronous one.
            ValueError: The user is not saved, or may not log in (CVE-2024-22513: a token for an inactive user).
        """
        facts = request_facts(request, self.config)
        identity = inspect(user).identity
        if identity is None:
            raise ValueError("The user is not saved: it has no primary key.")
        try:
            return await self.carry(
                flows.open_session(self.policy, facts, user_id=str(identity[0]), label=label), session=session
            )
        except LoginFailed:
            raise ValueError(NOT_ALLOWED) from None

    def decode_token(self, token: str | bytes, token_type: Any = "access") -> Claims:
        """Verify a token and return its claims, without a look at its session.

        Args:
            token: The token.
            token_type: ``"access"`` or ``"refresh"``.

        Raises:
            InvalidTokenError: It is no such token, whatever the cause.
        """
        return self.policy.issuer.decode_token(token, token_type)

    def validate_password(self, password: str, user: User | None = None, *, name: str = "password") -> None:
        """Hold a new password against the rules that registration has, for an endpoint of the project's own.

        Args:
            password: The new password.
            user: Whose it shall be; it need not be saved.
            name: What the client calls the field.

        Raises:
            InvalidInput: It breaks rules, which are named; the input is not.
        """
        refuse_unfit(name, password)
        if codes := refusals(self._services.password_validators, password, user):
            raise InvalidInput(tuple((name, code) for code in codes))

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Check the configuration when the application starts, and end what runs when it stops.

        It logs a warning where the costs of passwords tell which users exist, and where the docs page cannot log in.
        What is there by then is hidden from the garbage collector (``gc.freeze``) until the application stops: a full
        collection of all that was imported stops the event loop for up to a tenth of a second, and frees nothing.

        Raises:
            ConfigurationError: Something is not as it must be; the message says what to do.
        """
        await checks.check(self.backend, app=app, secrets=self._secrets, mails=self._mails)
        await start_up.warn_of_costs(self.backend, self._services.password_policy)
        start_up.warn_of_token_url(app, self.token_url)
        gc.freeze()
        try:
            yield
        finally:
            gc.unfreeze()
            await self.close()

    async def close(self) -> None:
        """End what runs beside requests, and close the connections that are ferrauth's own."""
        await self._services.revocations.stop()
        await self._outbox.stop()
        closing = getattr(self._services.counters.place, "close", None)
        if closing is not None:
            await closing()
