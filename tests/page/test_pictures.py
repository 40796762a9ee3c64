"""The pictures that the README shows, taken of the real page.

``PICTURES=docs/images python -m pytest tests/page/test_pictures.py`` renews them. A crowd is logging in when they are
taken, and there is a mail in the outbox. Nothing that they show is made up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from ferrauth import build_info
from tests.examples.conftest import UNLIMITED, running_at
from tests.page.conftest import SCREENS, Screen, empty_example
from tests.page.steps import SLOW, log_in, page_on, sign_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

EMAIL = "ada@example.com"

LARGEST = 250_000
"""Bytes of a picture: what a reader of the README has to load for it."""

README = Screen("page", 1200, 800, "light")
"""The picture of the repository's first page."""

MOST_CROWDS = 20


@pytest.fixture(scope="module")
def fresh_site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the example on a database of its own, with one account, whose mail is in the outbox."""
    with running_at(empty_example(tmp_path_factory.mktemp("pictures"), **UNLIMITED)) as url:
        with page_on(browser) as (_, page, _console):
            sign_up(page, url, EMAIL)
        yield url


def until_all_lanes_are_busy(page: Page) -> None:
    """Let crowds in until a look has found every lane at work, and let that look be the last."""
    lanes = build_info()["threads"] * build_info()["lanes"]
    busy = page.locator("#lanes .busy")
    for _ in range(MOST_CROWDS):
        page.click("#crowd")
        page.wait_for_function(
            "count => document.querySelectorAll('#lanes .busy').length === count"
            " || document.getElementById('crowd-said').textContent.includes('have')",
            arg=lanes,
            timeout=SLOW,
            polling="raf",
        )
        if busy.count() == lanes:
            break
        expect(page.locator("#crowd-said")).to_contain_text("have logged in", timeout=SLOW)
    page.route("**/server/lanes.json", lambda route: route.abort())


@pytest.mark.parametrize("screen", [*SCREENS, README], ids=lambda screen: screen.name)
def test_a_picture_of_an_account_while_a_crowd_logs_in(
    browser: Browser, fresh_site: str, pictures: Path, screen: Screen
) -> None:
    with page_on(browser, screen, sharpness=2 if screen.is_phone else 1) as (_, page, _console):
        with page_on(browser, SCREENS[2]) as (_, other, _other_console):
            other.goto(fresh_site)
            log_in(other, EMAIL)
        page.goto(fresh_site)
        log_in(page, EMAIL)
        page.click("#notice-close")
        page.evaluate("scrollTo(0, 0)")
        expect(page.locator("#messages li").first).to_be_visible(timeout=SLOW)
        until_all_lanes_are_busy(page)
        name = "page.png" if screen is README else f"page-{screen.name}.png"
        page.screenshot(path=pictures / name)
        assert (pictures / name).stat().st_size < LARGEST
        page.unroute("**/server/lanes.json")
        page.click("#logout-all")
        expect(page.locator("#guest")).to_be_visible(timeout=SLOW)
