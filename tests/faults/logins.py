"""Time 16 logins at once, counted in PostgreSQL and not counted, at the cost that passwords have: a round of each in
turn. As a control, counters inside a transaction that lasts as long as the login, which must be slower.
"""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests import services
from tests.faults import project

LOGINS, ROUNDS = 16, 7
MOST_SLOWDOWN = 1.3
ITERATIONS = 300_000
"""Of a password hash here: some 30 ms of work, less than any that is stored today, so that counting weighs more."""


def main() -> int:
    """Print and judge the figure."""
    project.configure(services.postgres().django(), THROTTLE_BACKEND="database")
    project.migrate()
    from django.contrib.auth import get_user_model
    from django.db import connections, transaction

    from ferrauth import passwords
    from ferrauth.accounts import flows
    from ferrauth.accounts.effects import Allowance
    from ferrauth.accounts.sessions import RequestFacts
    from ferrauth.django import port
    from ferrauth.django.conf import get_policy

    passwords.DEFAULT_ITERATIONS = ITERATIONS
    users = get_user_model()
    users.objects.all().delete()
    encoded = passwords.make_password("right", iterations=ITERATIONS)
    users.objects.bulk_create(users(username=f"user{number}", password=encoded) for number in range(LOGINS))

    class Uncounted(port.DjangoPort):
        def reserve(self, effect: Any) -> Allowance:
            return Allowance()

        def release(self, effect: Any) -> None: ...

    def login(number: int, carrier: Any, inside: bool) -> None:
        from ferrauth.accounts.effects import run

        facts = RequestFacts(address="203.0.113.7", network="203.0.113.7")
        flow = flows.login(get_policy(), facts, identifier=f"user{number}", password="right")
        try:
            if not inside:
                run(flow, carrier)
                return
            with transaction.atomic():
                _count_inside()
                run(flow, carrier)
        finally:
            connections.close_all()

    def round_of(carrier: Any, inside: bool = False) -> float:
        started = time.perf_counter()
        with ThreadPoolExecutor(LOGINS) as pool:
            list(pool.map(lambda number: login(number, carrier, inside), range(LOGINS)))
        return time.perf_counter() - started

    counted, uncounted, inside = [], [], []
    round_of(port.DjangoPort())
    for _ in range(ROUNDS):
        counted.append(round_of(port.DjangoPort()))
        uncounted.append(round_of(Uncounted()))
        inside.append(round_of(Uncounted(), inside=True))
    medians = [statistics.median(times) for times in (counted, uncounted, inside)]
    ratio, control = medians[0] / medians[1], medians[2] / medians[1]
    print(f"  {LOGINS} logins at once: counted {medians[0]:.3f} s, not counted {medians[1]:.3f} s, ratio {ratio:.2f}")
    print(f"  counted inside the request's transaction: {medians[2]:.3f} s, ratio {control:.2f} (must exceed ours)")
    return 0 if ratio <= MOST_SLOWDOWN and control > ratio else 1


def _count_inside() -> None:
    """The control: one counter of the address, held until the login's transaction ends."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ferrauth_attemptcounter AS c (key, count, ends_at) VALUES ('inside', 1, now() + interval '1h')"
            " ON CONFLICT (key) DO UPDATE SET count = c.count + 1"
        )


if __name__ == "__main__":
    sys.exit(main())
