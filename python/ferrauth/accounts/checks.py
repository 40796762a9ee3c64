"""What a project must decide before strangers reach it: the rules, each of which both frameworks ask.

A rule returns what is wrong, or ``None``. Which framework asks when, and how it is put right there, is the framework's
to say: ``ferrauth.django.deploy_checks`` and ``ferrauth.fastapi.checks``. The numbers are those of ``docs/checks.md``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ferrauth.accounts.settings import Settings

__all__ = ["crowded_cores", "lonely_counters", "missing_links", "unknown_proxy", "usable_cores", "weak_secret"]

INSECURE_PREFIX = "django-insecure-"
"""How a SECRET_KEY starts that ``startproject`` wrote into a file (``django.core.management.utils``)."""

MIN_SECRET_LENGTH = 32
"""Characters: a key for HS256 has at least the 32 bytes of its hash (RFC 7518, section 3.2)."""

MIN_SECRET_VARIETY = 5
"""Characters that differ (``django.core.checks.security.base``)."""

MAKE_A_SECRET = 'python -c "import secrets; print(secrets.token_urlsafe(64))"'
"""What prints a secret that is one."""


def lonely_counters(settings: Settings, place: str, *, lacking: Sequence[str]) -> str | None:
    """E001: each process counts attempts for itself, so a limit is multiplied by their number (T02, T29).

    Args:
        settings: ``THROTTLE_BACKEND`` may say that this is meant.
        place: Where attempts are counted.
        lacking: What the project does not have, which would count for all.
    """
    if settings.throttle_backend == "local" or place != "local":
        return None
    known = f"{', '.join(lacking[:-1])} and {lacking[-1]}"
    return f"Login attempts would be counted by each process for itself: there is {known}."


def unknown_proxy(settings: Settings, sign: str | None) -> str | None:
    """E007: there is a proxy, and every client has its address: one client's attempts refuse all others.

    Args:
        settings: ``TRUSTED_PROXIES`` says where a client's address is.
        sign: What says that there is a proxy; ``None`` where nothing does.
    """
    if sign is None or settings.trusted_proxies is not None:
        return None
    return f"{sign} says that there is a proxy, and TRUSTED_PROXIES does not: every client has its address."


def weak_secret(settings: Settings, secrets: Collection[str | bytes]) -> str | None:
    """E008: the keys that sign tokens are derived from a secret that can be known or guessed.

    Args:
        settings: ``KEYS`` are used instead, where they are set.
        secrets: Every secret whose tokens are good.
    """
    if settings.keys is not None:
        return None
    for given in secrets:
        secret = given.decode("latin-1") if isinstance(given, bytes) else given
        if secret.startswith(INSECURE_PREFIX):
            return "SECRET_KEY is the one that startproject wrote, and the keys that sign tokens are derived from it."
        if len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < MIN_SECRET_VARIETY:
            return (
                "SECRET_KEY, or one of its fallbacks, can be guessed, and the keys that sign tokens are derived from "
                f"it: it needs {MIN_SECRET_LENGTH} characters, {MIN_SECRET_VARIETY} of them different."
            )
    return None


def missing_links(settings: Settings) -> str | None:
    """E010: mails have no links, or ones that travel without encryption (E09).

    Args:
        settings: ``BASE_URLS`` says where links lead.
    """
    needed = ["reset"] if settings.registration == "closed" else ["verify", "reset"]
    wrong = [name for name in needed if not settings.base_urls.get(name, "").startswith("https:")]
    if not wrong:
        return None
    return (
        f"Mails cannot link to where their tokens are followed ({', '.join(wrong)}): BASE_URLS does not say where, "
        "or not by HTTPS. The request's Host is never used."
    )


def crowded_cores(processes: str, *, threads: int, cores: int) -> str | None:
    """W002: the server's processes together derive on more threads than the machine has cores.

    Args:
        processes: ``WEB_CONCURRENCY``, which gunicorn and uvicorn both read; elsewhere their number is not known.
        threads: Those of each process.
        cores: Those that the process may use.
    """
    if not processes.isdecimal() or int(processes) <= 1 or int(processes) * threads <= max(cores, int(processes)):
        return None
    return (
        f"{processes} server processes derive passwords on {threads} threads each, and there are {cores} cores: "
        "a burst of logins makes them take the cores from each other and from the views."
    )


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
