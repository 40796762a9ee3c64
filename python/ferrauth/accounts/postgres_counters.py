"""Counters in PostgreSQL: one statement an attempt, and what its answer means. Pure: statements out, rows in.

Each statement commits by itself, whatever transaction the request is in: a counter inside it would make logins wait for
each other as long as a derivation takes, and be undone by the exception that refuses.

:func:`reserve` and :func:`release` are generators that yield a :class:`Statement` and are sent its rows, so that the
order of statements exists once for both frameworks. Placeholders are psycopg's named ones; ``text % NAMES`` makes them
SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ferrauth.accounts.counters import seconds_left
from ferrauth.accounts.effects import Allowance

if TYPE_CHECKING:
    from ferrauth.accounts.throttling import Counter

__all__ = ["NAMES", "TABLE", "Held", "Statement", "release", "reserve"]

TABLE = "ferrauth_attemptcounter"
"""The table of ``AttemptCounter``, as Django names it."""

PRUNED_BY_THE_WAY = 20
"""Counters whose window has ended that a new one deletes at most: more than it makes, and too few to be felt."""

NAMES: Mapping[str, str] = MappingProxyType({name: f":{name}" for name in ("keys", "spans", "limits", "ends", "most")})
"""SQLAlchemy's spelling of every placeholder."""

# One row a counter: its key, its limit and its window, sorted by key, so that two statements lock rows in one order.
# Nothing is written where a counter is seen to be at its limit; and where others get there first, that counter alone is
# left as it is. Either way it is not returned.
RESERVE = f"""
WITH given AS (
    SELECT key, span, most, place
    FROM unnest(CAST(%(keys)s AS text[]), CAST(%(spans)s AS interval[]), CAST(%(limits)s AS int[]))
        WITH ORDINALITY AS given (key, span, most, place)
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
"""  # noqa: S608 (the table's name is a constant)

# Locked in the order of RESERVE, which Python sorts as collation "C" does: no two statements wait for each other.
RELEASE = f"""
WITH held AS (
    SELECT key, ends_at, count(*) AS times
    FROM unnest(CAST(%(keys)s AS text[]), CAST(%(ends)s AS timestamptz[])) AS given (key, ends_at)
    GROUP BY key, ends_at
), locked AS (
    SELECT counter.key, held.times FROM {TABLE} AS counter JOIN held USING (key, ends_at)
    ORDER BY counter.key COLLATE "C" FOR UPDATE OF counter
)
UPDATE {TABLE} AS counter SET count = greatest(counter.count - locked.times, 0)
FROM locked WHERE counter.key = locked.key
RETURNING counter.key
"""  # noqa: S608

REFUSED = f"""
SELECT key, extract(epoch FROM ends_at - clock_timestamp())
FROM {TABLE} AS counter
JOIN unnest(CAST(%(keys)s AS text[]), CAST(%(limits)s AS int[])) AS given (key, most) USING (key)
WHERE counter.count >= given.most
"""  # noqa: S608

PRUNE = f"""
DELETE FROM {TABLE} WHERE key IN (
    SELECT key FROM {TABLE} WHERE ends_at <= statement_timestamp() LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
RETURNING key
"""  # noqa: S608


@dataclass(frozen=True)
class Held:
    """A key that was counted up, and the end of its window, which tells it from later ones."""

    key: str
    ends_at: datetime


@dataclass(frozen=True)
class Statement:
    """One statement, to be committed by itself, whose rows are the answer."""

    sql: str
    values: Mapping[str, Any]


Asking = Generator[Statement, Sequence[Any], Allowance]
Telling = Generator[Statement, Sequence[Any], None]


def reserve(counters: Sequence[Counter]) -> Asking:
    """Count an attempt in all counters, or in none."""
    ordered = sorted(counters, key=lambda counter: counter.key)
    keys, limits = [counter.key for counter in ordered], [counter.limit for counter in ordered]
    spans = [timedelta(seconds=counter.window) for counter in ordered]
    counted = yield Statement(RESERVE, {"keys": keys, "spans": spans, "limits": limits})
    held = tuple(Held(key, ends_at) for key, _count, ends_at in counted)
    if len(held) == len(counters):
        if any(count == 1 for _key, count, _ends_at in counted):
            yield Statement(PRUNE, {"most": PRUNED_BY_THE_WAY})
        return Allowance(receipt=held)
    if held:
        yield from release(held)
    refusing = yield Statement(REFUSED, {"keys": keys, "limits": limits})
    left = {key: float(seconds) for key, seconds in refusing}
    # Where its window ended just now there is none left, and the next attempt may come at once.
    refused = next((counter for counter in counters if counter.key in left), counters[0])
    return Allowance(False, seconds_left(left.get(refused.key, 0)), scope=refused.scope)


def release(receipt: Sequence[Held]) -> Telling:
    """Give back what a reservation counted."""
    yield Statement(RELEASE, {"keys": [held.key for held in receipt], "ends": [held.ends_at for held in receipt]})
