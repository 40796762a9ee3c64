"""A system check of what the newest rows cost; the rule is ``ferrauth.accounts.costs``'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hashers
from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, router

from ferrauth.accounts.costs import SAMPLE, costliest, reveals
from ferrauth.django.passwords import policy

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_row_costs"]


def check_row_costs(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W003: rows cost more than a failed login, whose time tells which users exist (P40).

    Another server that shares the table has written them, or this one with more iterations once. Asked of a database,
    so only with ``--database``, and at ``migrate``.
    """
    users = get_user_model()
    database = router.db_for_read(users)
    if database not in (databases or ()):
        return []
    newest = users._base_manager.using(database).order_by("-pk").values_list("password", flat=True)
    try:
        work = costliest(newest[:SAMPLE], {str(hasher.algorithm) for hasher in get_hashers()})
    except DatabaseError:
        return []  # There is no such table yet, or it cannot be asked; what is wrong with it others say.
    sentence = reveals(work, policy().floor)
    if sentence is None:
        return []
    hint = f'FERRAUTH["HASHER_FLOOR"] = {work} hides them from that. See docs/checks.md#ferrauthw003.'
    return [Warning(sentence, hint=hint, id="ferrauth.W003")]
