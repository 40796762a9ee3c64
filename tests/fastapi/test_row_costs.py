"""Rows that cost more than a failure: each framework says so when it starts (P40)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from ferrauth import passwords
from ferrauth.accounts.costs import costliest, reveals
from ferrauth.django.cost_checks import check_row_costs
from ferrauth.passwords import DEFAULT_FORMATS, Policy
from tests.fastapi.conftest import DRIVERS, make_user

if TYPE_CHECKING:
    from tests.fastapi.application import Client, Site

no_database = pytest.mark.django_db(databases=[])


@no_database
def test_P40_what_a_row_reveals() -> None:
    cheap, dear = (passwords.make_password("x", iterations=iterations) for iterations in (1_000, 3_000))
    assert costliest([cheap, dear, "!unusable", "nonsense", None, ""], DEFAULT_FORMATS) == 3_000
    assert costliest([], DEFAULT_FORMATS) == 0
    assert costliest([dear], {"argon2"}) == 0  # A failure's cost, since nobody can log in with it.
    assert reveals(3_000, 3_000) is None
    assert "3,000" in (reveals(3_000, 2_999) or "")


async def nothing(client: Client) -> None:
    """Start the application, and end it."""


def warnings(site: Site, caplog: pytest.LogCaptureFixture, **options: Any) -> list[str]:
    """Return what an application is warned of when it starts."""
    site.options.update(options)
    caplog.clear()
    with caplog.at_level(logging.WARNING, "ferrauth.fastapi"):
        site.run(nothing)
    return [message for message in caplog.messages if "password" in message]


def test_P40_fastapi_warns_of_rows_that_are_dearer_than_a_failure(
    site: Site, cheap: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert warnings(site, caplog) == []
    make_user("dear", "right", iterations=cheap + 1)
    (message,) = warnings(site, caplog)
    assert f"FERRAUTH_HASHER_FLOOR={cheap + 1}" in message
    assert warnings(site, caplog, password_policy=Policy(iterations=cheap, floor=cheap + 1)) == []


def test_P40_fastapi_warns_before_its_rows_are_dearer_than_djangos(
    site: Site, cheap: int, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = warnings(site, caplog, password_policy=Policy(iterations=cheap + 1))
    assert f'FERRAUTH = {{"HASHER_FLOOR": {cheap + 1}}}' in message
    make_user("as dear as here", "right", iterations=cheap + 1)
    assert warnings(site, caplog) == []


def test_P40_django_warns_of_rows_that_are_dearer_than_a_failure(driver: str, cheap: int, settings: Any) -> None:
    database = DRIVERS[driver]
    make_user("ada", "right")
    assert check_row_costs(databases=[database]) == []
    make_user("fast", "right", iterations=cheap + 1)
    (warning,) = check_row_costs(databases=[database])
    assert (warning.id, f'FERRAUTH["HASHER_FLOOR"] = {cheap + 1}' in (warning.hint or "")) == ("ferrauth.W003", True)
    assert check_row_costs(databases=None) == check_row_costs(databases=["another"]) == []
    settings.FERRAUTH = {"HASHER_FLOOR": cheap + 1}
    assert check_row_costs(databases=[database]) == []
