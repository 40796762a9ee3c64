"""``manage.py password_report``: which formats and costs the user table holds, and how many users each."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from ferrauth.django.passwords import policy
from ferrauth.django.tables import UNREADABLE, UNUSABLE, survey
from ferrauth.passwords import make_password

if TYPE_CHECKING:
    from argparse import ArgumentParser

SAMPLE = 200_000
"""Iterations that the time of one is measured with."""


class Command(BaseCommand):
    """Reads the table; writes nothing, and prints no hash."""

    help = (
        "Show which password formats and costs the user table holds: how many users each, how long one login of theirs "
        "takes on this machine, and which are renewed at their owner's next login. No hash is printed. Rows marked "
        "'outdated' can be lifted without waiting for their owners: see password_upgrade."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--json``."""
        parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:  # noqa: ARG002
        """Print the table, and what follows from it."""
        groups, nanoseconds = survey(), _nanoseconds()
        users = sum(group.users for group in groups)
        outdated = sum(group.users for group in groups if group.outdated)
        floor = max((group.work for group in groups if group.verifies), default=0)
        facts = {
            "users": users,
            "outdated": outdated,
            "outdated_share": outdated / users if users else 0.0,
            "work_of_a_failure": policy().floor,
            "work_of_the_costliest_row": floor,
            "groups": [{**asdict(group), "seconds_of_a_login": group.work * nanoseconds / 1e9} for group in groups],
        }
        if json:
            self.stdout.write(_dumps(facts))
            return
        self.stdout.write(f"{'format':<30}{'parameters':<38}{'users':>10}{'share':>9}{'a login':>11}  ")
        for group in groups:
            share = f"{100 * group.users / users:.1f} %"
            login = f"{group.work * nanoseconds / 1e6:,.0f} ms" if group.work else ""
            mark = "outdated" if group.outdated else "" if group.verifies else _closed(group.format)
            self.stdout.write(
                f"{group.format:<30}{group.parameters:<38}{group.users:>10,}{share:>9}{login:>11}  {mark}".rstrip()
            )
        self.stdout.write(f"\n{users:,} users; {outdated:,} rows are below the policy ({_percent(outdated, users)}).")
        if floor > policy().floor:
            self.stdout.write(
                f"\nA failed login of the costliest rows takes longer than one of nobody's, which tells who is there. "
                f'FERRAUTH = {{"HASHER_FLOOR": {floor}}} hides it, at the cost of every failure.'
            )


def _closed(name: str) -> str:
    return "opens to nobody" if name in {UNUSABLE, UNREADABLE} else "not in PASSWORD_HASHERS"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def _nanoseconds() -> float:
    make_password("", iterations=SAMPLE)
    start = time.perf_counter()
    make_password("", iterations=SAMPLE)
    return (time.perf_counter() - start) * 1e9 / SAMPLE


def _dumps(facts: object) -> str:
    return json.dumps(facts, indent=2)
