"""Counters in PostgreSQL: one statement, committed by itself, whatever transaction the request is in.

A counter inside the request's transaction would make logins wait for each other as long as a derivation takes, and be
undone by the exception that refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connections, router

from ferrauth.accounts.counters import seconds_left
from ferrauth.accounts.effects import Allowance
from ferrauth.django.models import AttemptCounter
from ferrauth.django.transactions import apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ferrauth.accounts.throttling import Counter

__all__ = ["DatabaseCounters", "alias"]

TABLE = AttemptCounter._meta.db_table

PRUNED_BY_THE_WAY = 20
"""Counters whose window has ended that a new one deletes at most: more than it makes, and too few to be felt."""

# One row a counter: its key, its limit and its window, sorted by key, so that two statements lock rows in one order.
# Nothing is written where a counter is seen to be at its limit; and where others get there first, that counter alone is
# left as it is. Either way it is not returned.
RESERVE = f"""
WITH given AS (
    SELECT key, span, most, place
    FROM unnest(%s::text[], %s::interval[], %s::int[]) WITH ORDINALITY AS given (key, span, most, place)
)
INSERT INTO {TABLE} AS counter (key, count, ends_at)
SELECT key, 1, statement_timestamp() + span FROM given
WHERE NOT EXISTS (
    SELECT FROM {TABLE} AS full_one JOIN given USING (key)
    WHERE full_one.ends_at > statement_timestamp() AND full_one.count >= given.most
)
ORDER BY place
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN counter.ends_at <= statement_timestamp() THEN 1 ELSE counter.count + 1 END,
    ends_at = CASE WHEN counter.ends_at <= statement_timestamp() THEN excluded.ends_at ELSE counter.ends_at END
WHERE counter.ends_at <= statement_timestamp()
    OR counter.count < (SELECT most FROM given WHERE given.key = counter.key)
RETURNING counter.key, counter.count, counter.ends_at
"""  # noqa: S608 (the table's name is the model's)

# Locked in the order of RESERVE, which Python sorts as collation "C" does: no two statements wait for each other.
RELEASE = f"""
WITH held AS (
    SELECT key, ends_at, count(*) AS times FROM unnest(%s::text[], %s::timestamptz[]) AS given (key, ends_at)
    GROUP BY key, ends_at
), locked AS (
    SELECT counter.key, held.times FROM {TABLE} AS counter JOIN held USING (key, ends_at)
    ORDER BY counter.key COLLATE "C" FOR UPDATE OF counter
)
UPDATE {TABLE} AS counter SET count = greatest(counter.count - locked.times, 0)
FROM locked WHERE counter.key = locked.key
"""  # noqa: S608

REFUSED = f"""
SELECT key, extract(epoch FROM ends_at - clock_timestamp())
FROM {TABLE} AS counter JOIN unnest(%s::text[], %s::int[]) AS given (key, most) USING (key)
WHERE counter.count >= given.most
"""  # noqa: S608

PRUNE = f"""
DELETE FROM {TABLE} WHERE key IN (
    SELECT key FROM {TABLE} WHERE ends_at <= statement_timestamp() LIMIT %s FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608


@dataclass(frozen=True)
class Held:
    """A key that was counted up, and the end of its window, which tells it from later ones."""

    key: str
    ends_at: datetime


class DatabaseCounters:
    """Counts in the table of :class:`~ferrauth.django.models.AttemptCounter`, by the database's clock."""

    def reserve(self, counters: Sequence[Counter]) -> Allowance:
        """Count an attempt in all counters, or in none."""
        return apart(lambda: _reserve(counters), using=alias())

    def release(self, receipt: Any) -> None:
        """Give back what a reservation counted."""
        apart(lambda: _give_back(receipt), using=alias())

    def reset(self, keys: Sequence[str]) -> int:
        """Forget counters, and return how many there were."""
        rows = AttemptCounter._base_manager.using(alias()).filter(key__in=keys)
        return apart(lambda: rows.delete()[0], using=alias())


def alias() -> str:
    """Return the database that attempts are counted in."""
    return router.db_for_write(AttemptCounter)


def _reserve(counters: Sequence[Counter]) -> Allowance:
    ordered = sorted(counters, key=lambda counter: counter.key)
    keys, limits = [counter.key for counter in ordered], [counter.limit for counter in ordered]
    with connections[alias()].cursor() as cursor:
        cursor.execute(RESERVE, [keys, [timedelta(seconds=counter.window) for counter in ordered], limits])
        counted = cursor.fetchall()
        held = tuple(Held(key, ends_at) for key, _count, ends_at in counted)
        if len(held) == len(counters):
            if any(count == 1 for _key, count, _ends_at in counted):
                cursor.execute(PRUNE, [PRUNED_BY_THE_WAY])
            return Allowance(receipt=held)
        if held:
            _give_back(held)
        cursor.execute(REFUSED, [keys, limits])
        left = dict(cursor.fetchall())
    # Where its window ended just now there is none left, and the next attempt may come at once.
    refused = next((counter for counter in counters if counter.key in left), counters[0])
    return Allowance(False, seconds_left(float(left.get(refused.key, 0))), scope=refused.scope)


def _give_back(receipt: Sequence[Held]) -> None:
    with connections[alias()].cursor() as cursor:
        cursor.execute(RELEASE, [[held.key for held in receipt], [held.ends_at for held in receipt]])
