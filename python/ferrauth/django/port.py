"""Django's port: carries the effects of every flow, written once, synchronously.

The async driver wraps every effect but a derivation in ``sync_to_async``, since ``transaction.atomic`` has no async
form. No decision is made here: an effect says what to read or to write, and its answer says what was met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.contrib.auth import hashers, password_validation
from django.core.exceptions import ValidationError
from django.core.handlers.asgi import ASGIRequest

from ferrauth.accounts import effects, throttling
from ferrauth.accounts.addresses import client_address, network_of
from ferrauth.accounts.effects import Allowance, Derive, Effect, arun, run
from ferrauth.accounts.errors import InvalidInput
from ferrauth.accounts.ports import METHODS
from ferrauth.accounts.sessions import RequestFacts
from ferrauth.django import drafts, emails, events, outbox, passwords, revocations, rows, users
from ferrauth.django.conf import get_counter_secret, get_settings
from ferrauth.django.counters import get_bad_tokens, get_counters
from ferrauth.django.lockouts import seconds_locked
from ferrauth.django.transactions import apart
from ferrauth.passwords import aadmit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest

    from ferrauth.accounts.effects import Answer, Flow, Result

__all__ = ["DjangoPort", "acarry", "carry", "request_facts"]


class DjangoPort:
    """Carries effects on Django's ORM, hashers and validators. A subclass may replace any of its methods."""

    def perform(self, effect: Effect[Answer]) -> Answer:
        """Carry out one effect."""
        method: Callable[[Effect[Answer]], Answer] = getattr(self, METHODS[type(effect)])
        if getattr(effect, "apart", False):
            return apart(lambda: method(effect))
        return method(effect)

    async def aperform(self, effect: Effect[Answer]) -> Answer:
        """Carry out one effect without blocking the event loop."""
        if isinstance(effect, Derive):
            method: Callable[[Effect[Answer]], Awaitable[Answer]] = getattr(self, f"a{METHODS[type(effect)]}")
            return await method(effect)
        if isinstance(effect, effects.IsRevoked) and revocations.is_known():
            return self.is_revoked(effect)  # type: ignore[return-value]  # A look into memory: no thread.
        if isinstance(effect, effects.CountBadToken):
            return self.count_bad_token(effect)  # type: ignore[return-value]  # Memory, too.
        return await sync_to_async(self.perform)(effect)

    def reserve(self, effect: effects.Reserve) -> Allowance:
        """Count an attempt, committed whatever becomes of the request; and ask whoever else has a say in it."""
        allowance = get_counters().reserve(throttling.counters(get_settings().limits, get_counter_secret(), effect))
        if allowance.allowed and effect.action is effects.Action.LOGIN:
            locked = seconds_locked(effect.facts, effect.identifier)
            return Allowance(allowed=False, retry_after=locked, scope="axes") if locked else allowance
        return allowance

    def count_bad_token(self, effect: effects.CountBadToken) -> Allowance:
        """Count a bad token, in this process."""
        reservation = effects.Reserve(action=effects.Action.TOKEN, facts=effect.facts)
        return get_bad_tokens().reserve(throttling.counters(get_settings().limits, get_counter_secret(), reservation))

    def release(self, effect: effects.Release) -> None:
        """Give back what an attempt was counted in."""
        get_counters().release([allowance.receipt for allowance in effect.allowances])

    def emit(self, effect: effects.Emit) -> None:
        """Put an event on record, and tell whoever listens."""
        events.emit(effect)

    def check_password(self, effect: effects.CheckPassword) -> tuple[bool, str | None]:
        """Check a password against a row of any of ``PASSWORD_HASHERS``; where there is no row, at full cost."""
        found = passwords.verify(effect.password, effect.encoded)
        return found.verified, hashers.make_password(effect.password) if found.renews else None

    async def acheck_password(self, effect: effects.CheckPassword) -> tuple[bool, str | None]:
        """As :meth:`check_password`, holding no thread meanwhile."""
        # One admission for both: to be busy only where the password was right would tell that it was.
        with await aadmit() as admission:
            found = await passwords.averify(effect.password, effect.encoded, admission=admission)
            renewed = await passwords.amake(effect.password, admission=admission) if found.renews else None
            return found.verified, renewed

    def make_password(self, effect: effects.MakePassword) -> str:
        """Encode a password with the first of ``PASSWORD_HASHERS``."""
        return hashers.make_password(effect.password)

    async def amake_password(self, effect: effects.MakePassword) -> str:
        """As :meth:`make_password`, holding no thread meanwhile."""
        return await passwords.amake(effect.password)

    def validate_password(self, effect: effects.ValidatePassword) -> None:
        """Hold a password against ``AUTH_PASSWORD_VALIDATORS``.

        Raises:
            InvalidInput: With the codes of the validators that refuse it.
        """
        try:
            password_validation.validate_password(effect.password, effect.user.user)  # type: ignore[arg-type]
        except ValidationError as error:
            codes = [one.code or "invalid" for one in error.error_list]
            raise InvalidInput(tuple((effect.name, code) for code in codes)) from None

    def is_revoked(self, effect: effects.IsRevoked) -> bool:
        """Ask this process's memory of revocations."""
        return revocations.is_revoked(effect.session_id)

    load_user = staticmethod(users.load_user)
    load_account = staticmethod(users.load_account)
    load_session = staticmethod(rows.load_session)
    load_sessions = staticmethod(rows.load_sessions)
    legacy_token_blocked = staticmethod(rows.legacy_token_blocked)
    open_session = staticmethod(rows.open_session)
    rotate = staticmethod(rows.rotate)
    count_repeat = staticmethod(rows.count_repeat)
    revoke = staticmethod(rows.revoke)
    change_password = staticmethod(rows.change_password)
    draft_user = staticmethod(drafts.draft_user)
    create_account = staticmethod(emails.create_account)
    confirm_address = staticmethod(emails.confirm_address)
    move_address = staticmethod(emails.move_address)
    enqueue = staticmethod(outbox.enqueue)


_port = DjangoPort()


def carry(flow: Flow[Result]) -> Result:
    """Carry a flow to its end, and return its result."""
    return run(flow, _port)


async def acarry(flow: Flow[Result]) -> Result:
    """As :func:`carry`, for async callers."""
    return await arun(flow, _port)


def request_facts(request: HttpRequest | None) -> RequestFacts:
    """Return what a flow may know of a request: its client's address, its user agent, its id.

    The address is the peer's, unless ``TRUSTED_PROXIES`` says whose ``X-Forwarded-For`` to believe.
    """
    if request is None:
        return RequestFacts()
    settings = get_settings()
    peer = request.META.get("REMOTE_ADDR") or ""
    address = client_address(peer, _forwarded_for(request), settings.trusted_proxies)
    return RequestFacts(
        address=address,
        user_agent=request.headers.get("User-Agent", ""),
        network=network_of(address, ipv6_prefix=settings.ipv6_prefix),
        request_id=request.headers.get("X-Request-ID", ""),
        request=request,
    )


def _forwarded_for(request: HttpRequest) -> str:
    """Return the one header of that name, and not what ``X_Forwarded_For`` says (CVE-2026-3902).

    ASGI hands on the names as they were sent. WSGI does not, and there its servers drop names with underscores.
    """
    if isinstance(request, ASGIRequest):
        values = [value for name, value in request.scope["headers"] if name.lower() == b"x-forwarded-for"]
        return b",".join(values).decode("latin-1")
    return str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
