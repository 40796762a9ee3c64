"""What an application is warned of when it starts: it is wrong, or will be, and is no reason not to start."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select
from starlette.routing import Match

from ferrauth.accounts.costs import SAMPLE, costliest, reveals
from ferrauth.fastapi.backend import execute
from ferrauth.passwords import DEFAULT_FORMATS

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ferrauth.fastapi.backend import Backend
    from ferrauth.passwords import Policy

__all__ = ["warn_of_costs", "warn_of_token_url"]

logger = logging.getLogger("ferrauth.fastapi")

DJANGOS_TABLES = ("django_session", "django_admin_log")
"""Where one is, a Django project has the same users: what ``create_all`` makes has neither."""


async def warn_of_costs(backend: Backend, policy: Policy) -> None:
    """Warn where rows cost more than a failed login, or where this server's will cost more than all that are there.

    Args:
        backend: The project's database, whose tables are there.
        policy: What new passwords and failures cost.
    """
    newest = select(backend.users.password).order_by(backend.user_key.desc()).limit(SAMPLE)
    async with backend.single() as session:
        work = costliest((await execute(session, newest)).scalars(), DEFAULT_FORMATS)
        shared = await (await session.connection()).run_sync(_has_django)
    if (sentence := reveals(work, policy.floor)) is not None:
        logger.warning(
            "%s FERRAUTH_HASHER_FLOOR=%d hides them, or Policy(floor=%d) where Auth has a password_policy.",
            sentence,
            work,
            work,
        )
    elif shared and policy.iterations is not None and 0 < work < policy.iterations:
        # Nothing is told yet: a login here will write the first row that is dearer than those of the other server.
        logger.warning(
            "A Django project shares the users. The newest passwords cost %s iterations at most, and new ones here %s: "
            'if Django writes the former, set FERRAUTH = {"HASHER_FLOOR": %d} there, or its time tells who logs in '
            "here. Or give both one cost.",
            f"{work:,}",
            f"{policy.iterations:,}",
            policy.iterations,
        )


def _has_django(connection: Connection) -> bool:
    return any(inspect(connection).has_table(name) for name in DJANGOS_TABLES)


def warn_of_token_url(app: FastAPI, token_url: str | None) -> None:
    """Warn where nothing answers what the docs page sends its form to.

    Args:
        app: The application, with all its routes.
        token_url: What ``Auth`` was told, which cannot know the prefix that its router is included under.
    """
    if token_url is None or "://" in token_url:
        return
    path = f"/{token_url.lstrip('/')}"
    scope = {"type": "http", "method": "POST", "path": path, "root_path": "", "headers": []}
    if not any(route.matches(scope)[0] is Match.FULL for route in app.router.routes):
        logger.warning(
            "The docs page logs in at POST %s, and nothing answers there. Name the prefix that auth.router has: "
            'Auth(..., token_url="prefix/token"), or token_url=None.',
            path,
        )
