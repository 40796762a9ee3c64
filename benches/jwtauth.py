"""What ``JWTAuth`` costs a request: an empty view with no authentication, with ours, and with django-ninja-jwt's.

``python -m benches.jwtauth`` calls Django's request handlers with no middleware and no network, sync and async, in
interleaved rounds. Every view must answer 200 with a token, and those that authenticate 401 without one, before
anything is timed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

import ferrauth
from benches.rounds import cpu

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

ROUNDS = 40
REQUESTS = 50
"""A round, of each view."""

urlpatterns: list[Any] = []
Timings = dict[tuple[str, str], list[float]]


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="What JWTAuth costs a request.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        configure(Path(directory))
        names, tokens = mount()
        timings = measure(names, tokens, rounds)
    info = ferrauth.build_info()
    print(
        f"\nCPU {cpu()}; Python {sys.version.split()[0]}, Django {django.__version__}, Ninja {version('django-ninja')}"
    )
    print(f"ferrauth {info['version']} ({info['profile']}); SQLite; command: python -m benches.jwtauth")
    print(f"Microseconds a request, median of {rounds} rounds of {REQUESTS}, and what is more than without\n")
    print(f"{'':32}{'sync view':>20}{'async view':>20}")
    for name in names:
        cells = []
        for form in ("sync", "async"):
            median, base = (statistics.median(timings[one, form]) for one in (name, names[0]))
            cells.append(f"{median:9.0f} {median - base:+8.0f}")
        print(f"{name:32}{cells[0]:>20}{cells[1]:>20}")
    return 0


def configure(directory: Path) -> None:
    """Set up Django with a database in a file, since async views ask it from another thread."""
    settings.configure(
        SECRET_KEY="a secret of the benches, which is long enough for every rule that there is",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": directory / "db.sqlite3"}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "ferrauth.django"],
        MIDDLEWARE=[],
        PASSWORD_HASHERS=["ferrauth.django.hashers.PBKDF2PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        NINJA_EXTRA={},
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def mount() -> tuple[list[str], dict[str, str]]:
    """Mount a sync and an async view for each authenticator, and return their names and a token for each."""
    from django.contrib.auth import get_user_model
    from django.urls import path
    from ninja import NinjaAPI

    from ferrauth.django.tokens import generate_tokens
    from ferrauth.ninja import JWTAuth

    user = get_user_model().objects.create(username="ada")
    ours = generate_tokens(user).access
    contenders: dict[str, tuple[Any, Any, str]] = {
        "no authentication": (None, None, ours),
        "JWTAuth": (JWTAuth(), JWTAuth(), ours),
        "JWTAuth(stateless=True)": (JWTAuth(stateless=True), JWTAuth(stateless=True), ours),
    }
    try:
        from ninja_jwt.authentication import AsyncJWTAuth, JWTStatelessUserAuthentication
        from ninja_jwt.authentication import JWTAuth as TheirAuth
        from ninja_jwt.tokens import AccessToken
    except ImportError as error:
        print(f"django-ninja-jwt cannot be imported with this Django and is left out: {error}")
    else:
        theirs = str(AccessToken.for_user(user))
        contenders["ninja-jwt JWTAuth"] = (TheirAuth(), AsyncJWTAuth(), theirs)
        # Theirs has a sync form of it only, which an async view runs in a thread.
        stateless = JWTStatelessUserAuthentication()
        contenders["ninja-jwt stateless"] = (stateless, stateless, theirs)
    api = NinjaAPI(docs_url=None)
    for number, (sync_auth, async_auth, _) in enumerate(contenders.values()):
        api.get(f"/sync/{number}", auth=sync_auth, operation_id=f"sync{number}")(_sync_view)
        api.get(f"/async/{number}", auth=async_auth, operation_id=f"async{number}")(_async_view)
    urlpatterns.append(path("", api.urls))
    return list(contenders), {name: token for name, (_, _, token) in contenders.items()}


def _sync_view(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    return {}


async def _async_view(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    return {}


def measure(names: list[str], tokens: dict[str, str], rounds: int) -> Timings:
    """Return microseconds a request of each round, by authenticator and form."""
    from django.core.handlers.base import BaseHandler
    from django.test import AsyncRequestFactory, RequestFactory

    handler, async_handler = BaseHandler(), BaseHandler()
    handler.load_middleware()
    async_handler.load_middleware(is_async=True)

    def call(path: str, token: str) -> int:
        request = RequestFactory().get(path, headers={"Authorization": f"Bearer {token}"})
        return handler.get_response(request).status_code

    async def acall(path: str, token: str) -> int:
        request = AsyncRequestFactory().get(path, headers={"Authorization": f"Bearer {token}"})
        return (await async_handler.get_response_async(request)).status_code

    async def run() -> Timings:
        timings: Timings = {(name, form): [] for name in names for form in ("sync", "async")}
        for number, name in enumerate(names):
            refused = 401 if number else 200
            assert await acall(f"/async/{number}", tokens[name]) == 200, name
            assert await acall(f"/async/{number}", "bad") == refused, name
        for _ in range(rounds):
            for number, name in enumerate(names):
                started = time.perf_counter()
                for _ in range(REQUESTS):
                    await acall(f"/async/{number}", tokens[name])
                timings[name, "async"].append((time.perf_counter() - started) / REQUESTS * 1e6)
        return timings

    for number, name in enumerate(names):
        refused = 401 if number else 200
        assert call(f"/sync/{number}", tokens[name]) == 200, name
        assert call(f"/sync/{number}", "bad") == refused, name
    timings = asyncio.run(run())
    for _ in range(rounds):
        for number, name in enumerate(names):
            timings[name, "sync"].append(_round(lambda path=f"/sync/{number}", token=tokens[name]: call(path, token)))  # type: ignore[misc]
    return timings


def _round(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(REQUESTS):
        call()
    return (time.perf_counter() - started) / REQUESTS * 1e6


if __name__ == "__main__":
    sys.exit(main())
