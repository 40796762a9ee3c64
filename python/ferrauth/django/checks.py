"""System checks of the configuration, each with an id and a hint."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import get_hashers
from django.core.checks import CheckMessage, Warning

from ferrauth import build_info

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.apps import AppConfig


def check_password_hashers(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """W001: two entries of ``PASSWORD_HASHERS`` have one algorithm name, so the later one silently verifies."""
    paths = defaultdict(list)
    for hasher in get_hashers():
        kind = type(hasher)
        paths[hasher.algorithm].append(f"{kind.__module__}.{kind.__qualname__}")
    return [
        Warning(
            f"PASSWORD_HASHERS has {len(same)} hashers of the algorithm {algorithm!r}: {same[0]} encodes new "
            f"passwords, but {same[-1]} silently verifies all of them.",
            hint=f"Replace, don't add: keep one of {', '.join(same)}.",
            id="ferrauth.W001",
        )
        for algorithm, same in paths.items()
        if len(same) > 1
    ]


def check_hasher_threads(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """W002: the server's processes together derive on more threads than the machine has cores.

    The number of processes is known only where ``WEB_CONCURRENCY`` says it, which gunicorn and uvicorn both read.
    """
    processes = os.environ.get("WEB_CONCURRENCY", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not processes.isdecimal() or int(processes) <= 1:
        return []
    threads = build_info()["threads"]
    if int(processes) * threads <= max(cores, int(processes)):
        return []
    return [
        Warning(
            f"{processes} server processes derive passwords on {threads} threads each, and there are {cores} cores: "
            "a burst of logins makes them take the cores from each other and from the views.",
            hint=f"Set FERRAUTH_THREADS={max(1, cores // int(processes))}: cores divided by processes.",
            id="ferrauth.W002",
        )
    ]
