"""System checks of the configuration, each with an id and a hint."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import get_hashers
from django.core.checks import CheckMessage, Warning

from ferrauth import build_info
from ferrauth.accounts.checks import crowded_cores, usable_cores

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
    """W002: the server's processes together derive on more threads than the machine has cores."""
    processes, cores = os.environ.get("WEB_CONCURRENCY", ""), usable_cores()
    wrong = crowded_cores(processes, threads=build_info()["threads"], cores=cores)
    if wrong is None:
        return []
    hint = f"Set FERRAUTH_THREADS={max(1, cores // int(processes))}: cores divided by processes."
    return [Warning(wrong, hint=hint, id="ferrauth.W002")]
