"""A small project that the fault harnesses run: Django, an API of thin shells over the flows, cheap password hashes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

SECRET_KEY = "a secret of the tests, which is long enough for every rule that there is"
ITERATIONS = 1_000
"""Of a password hash: what is measured here is what is committed, not what it costs."""
PASSWORD = "correct horse"

urlpatterns: list[Any] = []

NO_LIMITS = {
    "login": {"account_address": None, "account": None, "address": None},
    "password_change": {"account": None, "address": None},
    "refresh": {"address": None},
    "logout": {"address": None},
    "token": {"address": None},
}
"""For clients that do nothing else, from one address."""


def configure(database: dict[str, object], **ferrauth: Any) -> None:
    """Configure Django, migrate the database and mount the API."""
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        ROOT_URLCONF=__name__,
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "ferrauth.django"],
        PASSWORD_HASHERS=[f"{__name__}.CheapHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        # Races are from one address.
        FERRAUTH={"LIMITS": {"refresh": {"address": None}}, **ferrauth},
        LOGGING={
            "version": 1,
            "handlers": {"none": {"class": "logging.NullHandler"}},
            "root": {"handlers": ["none"]},
        },
    )
    import django

    django.setup()
    _define_hasher()
    _mount()


def migrate() -> None:
    """Apply all migrations."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _define_hasher() -> None:
    from ferrauth.django.hashers import PBKDF2PasswordHasher

    class CheapHasher(PBKDF2PasswordHasher):
        iterations = ITERATIONS

    sys.modules[__name__].CheapHasher = CheapHasher  # type: ignore[attr-defined]


def _mount() -> None:
    from django.urls import path
    from ninja import NinjaAPI

    from ferrauth.accounts import flows
    from ferrauth.django.conf import get_policy
    from ferrauth.django.port import carry, request_facts
    from ferrauth.ninja import JWTAuth, authenticated, register_exception_handlers

    api = NinjaAPI(auth=JWTAuth(), docs_url=None)
    register_exception_handlers(api)

    def tokens(pair: Any) -> dict[str, str]:
        return {"access": pair.access, "refresh": pair.refresh}

    def submitted(request: HttpRequest) -> dict[str, str]:
        data: dict[str, str] = json.loads(request.body)
        return data

    @api.post("/login", auth=None)
    def login(request: HttpRequest) -> dict[str, str]:
        flow = flows.login(get_policy(), request_facts(request), **submitted(request))
        return tokens(carry(flow))

    @api.post("/refresh", auth=None)
    def refresh(request: HttpRequest) -> dict[str, str]:
        return tokens(carry(flows.refresh(get_policy(), request_facts(request), submitted(request)["token"])))

    @api.post("/logout", auth=None)
    def logout(request: HttpRequest) -> dict[str, str]:
        flow = flows.logout(get_policy(), request_facts(request), access=None, refresh=submitted(request)["token"])
        carry(flow)
        return {}

    @api.post("/password")
    def password(request: HttpRequest) -> dict[str, str]:
        found = authenticated(request)
        session_id = found.session.id if found.session else None
        flow = flows.change_password(
            get_policy(), request_facts(request), user_id=found.user.id, session_id=session_id, **submitted(request)
        )
        carry(flow)
        return {}

    @api.get("/me")
    def me(request: HttpRequest) -> dict[str, str]:
        return {"id": str(request.user.pk)}

    stateless: Callable[..., Any] = api.get("/stateless", auth=JWTAuth(stateless=True))

    @stateless
    def principal(request: HttpRequest) -> dict[str, str]:
        return {"id": request.auth.user_id}  # type: ignore[attr-defined]

    urlpatterns.append(path("", api.urls))
