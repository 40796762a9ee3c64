"""``AUTHENTICATION_BACKENDS = ["ferrauth.django.backends.FerrauthBackend"]``: safe verification for every login.

Django's login views, the admin and DRF's basic authentication all call ``authenticate()``, and so get it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError
from django.views.decorators.debug import sensitive_variables

from ferrauth.accounts import passwords as rules
from ferrauth.django.conf import get_settings
from ferrauth.django.passwords import amake, averify, replace, verify
from ferrauth.django.users import awaits_verification
from ferrauth.passwords import aadmit, admit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.http import HttpRequest

__all__ = ["FerrauthBackend"]

_NO_SUCH_USER = (ObjectDoesNotExist, ValueError, DataError)
"""What a look-up raises for a name that no user has, or can have: PostgreSQL takes no NUL, no database a lone
surrogate."""


class FerrauthBackend(ModelBackend):
    """Django's ``ModelBackend`` with the password checked by ferrauth.

    A login fails at the same cost whether the user is unknown or inactive, the password wrong or unusable, the row
    malformed, of an unknown format, or of fewer iterations. It never raises for any of them. An outdated row is renewed
    by compare-and-swap, so a password change at the same moment stands. With ``REGISTRATION = "verify"`` a user whose
    address is not verified is as good as inactive.
    """

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 (Django passes it)
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user whose name and password these are.

        Args:
            request: Passed over.
            username: The name; also by the keyword that the user model's ``USERNAME_FIELD`` names.
            password: The password.
            **kwargs: Other credentials.

        Returns:
            The user, or ``None``; without work where a name or a password is missing (P44).

        Raises:
            HasherBusy: A limit for synchronous callers is set, and more work waits.
        """
        model: Any = get_user_model()
        if username is None:
            username = kwargs.get(model.USERNAME_FIELD)
        if username is None or password is None:
            return None
        with admit() as admission:
            user, row = self._look_up(username)
            found = verify(password, row, admission=admission)
            if user is None or row is None or not found.verified:
                return None
            if found.renews:
                replace(user, row, make_password(password))
            return user

    @sensitive_variables("password")
    async def aauthenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 (Django passes it)
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """As :meth:`authenticate`; no derivation runs on the event loop, on any Django.

        Raises:
            HasherBusy: More work waits than a login may have to wait for. Decided before the user is looked up.
        """
        model: Any = get_user_model()
        if username is None:
            username = kwargs.get(model.USERNAME_FIELD)
        if username is None or password is None:
            return None
        with await aadmit() as admission:
            user, row = await sync_to_async(self._look_up)(username)
            found = await averify(password, row, admission=admission)
            if user is None or row is None or not found.verified:
                return None
            if found.renews:
                # The database connection belongs to Django's one thread, the derivation does not.
                await sync_to_async(replace)(user, row, await amake(password, admission=admission))
            return user

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Refuse users that are not active, or whose fields do not meet ``USER_FILTER``."""
        return super().user_can_authenticate(user) and rules.may_log_in(user, get_settings().user_filter)

    def _look_up(self, username: str) -> tuple[User | None, str | None]:
        """Return a user, and the row that its password is checked against; by as many queries if there is none."""
        model: Any = get_user_model()
        user: User | None
        try:
            user = model._default_manager.get_by_natural_key(username)
        except _NO_SUCH_USER:
            user = None
        try:
            waits = awaits_verification(user, username)
        except _NO_SUCH_USER:
            return None, None
        if user is None:
            return None, None
        return user, rules.row_to_verify(user.password, may_log_in=not waits and self.user_can_authenticate(user))
