"""A session over time and in several tabs: who one is stays true, and what passes logs nobody out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.page.steps import FIRST, SECOND, SLOW, fill, is_a_guest, is_logged_in, log_in, page_on, says, sign_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page, Route

DEAF = "BroadcastChannel.prototype.postMessage = () => {}"
"""What makes tabs hear nothing of each other, as where a message is lost."""

REFRESH = "**/api/auth/refresh"


@pytest.fixture
def accounts(browser: Browser, site: str) -> tuple[str, str]:
    """Return two accounts of this test's own."""
    emails = (f"a-{uuid4().hex[:8]}@example.com", f"b-{uuid4().hex[:8]}@example.com")
    with page_on(browser) as (_, page, _console):
        for email in emails:
            sign_up(page, site, email)
    return emails


class Refusing:
    """Answers in place of the server, and counts how often it was asked."""

    def __init__(self, answer: Callable[[Route], None]) -> None:
        self.asked = 0
        self._answer = answer

    def __call__(self, route: Route) -> None:
        self.asked += 1
        self._answer(route)


def stand_still(page: Page) -> None:
    """Stop the page's clock, which the test then moves: no outcome depends on how fast the machine is."""
    soon = datetime.fromtimestamp(page.evaluate("Date.now()") / 1000, UTC) + timedelta(seconds=5)
    page.clock.pause_at(soon)


def refuse(status: int, **headers: str) -> Callable[[Route], None]:
    code = {401: "not_authenticated", 429: "throttled", 503: "unavailable"}[status]
    body = json.dumps({"detail": "Not now.", "code": code})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda route: route.fulfill(status=status, headers={"Content-Type": "application/json", **named}, body=body)


def abort(route: Route) -> None:
    route.abort()


def test_tabs_log_in_and_out_together(browser: Browser, site: str, accounts: tuple[str, str]) -> None:
    a, b = accounts
    with page_on(browser) as (context, one, _):
        two = context.new_page()
        for tab in (one, two):
            tab.goto(site)
            is_a_guest(tab)
        log_in(one, a)
        is_logged_in(two, a)
        says(two, f"Another tab has logged in as {a}")
        one.click("#logout")
        says(one, "You are logged out.")
        is_a_guest(two)
        says(two, "in another tab")
        log_in(two, b)
        is_logged_in(one, b)


def test_a_tab_is_whose_the_cookie_is_also_where_it_heard_nothing(
    browser: Browser, site: str, accounts: tuple[str, str]
) -> None:
    a, b = accounts
    with page_on(browser) as (context, one, _):
        context.add_init_script(DEAF)
        two = context.new_page()
        for tab in (one, two):
            tab.goto(site)
            is_a_guest(tab)
        log_in(one, a)
        log_in(two, b)
        one.fill("#change-old", FIRST)
        one.click("#renew")
        says(one, f"Another tab has logged in as {b}")
        is_logged_in(one, b)
        expect(one.locator("#change-old")).to_have_value("")


def test_what_one_asked_for_is_not_done_to_the_other(browser: Browser, site: str, accounts: tuple[str, str]) -> None:
    a, b = accounts
    with page_on(browser) as (context, one, _):
        context.add_init_script(DEAF)
        two = context.new_page()
        for tab in (one, two):
            tab.goto(site)
            is_a_guest(tab)
        log_in(one, a)
        log_in(two, b)
        refusing = Refusing(refuse(401))  # As if a's token had just ended.
        one.route("**/api/auth/password/change", refusing)
        fill(one, "change", old_password=FIRST, new_password=SECOND)
        is_logged_in(one, b)
        assert refusing.asked == 1
        two.click("#logout")
        is_a_guest(two)
        log_in(two, b)  # With the password that it had.


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refuse(429, Retry_After="30"), "That was too often. Trying again in 30 seconds."),
        (refuse(503, Retry_After="7"), "The server cannot answer right now. Trying again in 7 seconds."),
        (abort, "The server does not answer. Are you online? Trying again in 2 seconds."),
    ],
    ids=["429", "503", "network"],
)
def test_what_passes_on_load_logs_nobody_out(
    browser: Browser, site: str, accounts: tuple[str, str], answer: Callable[[Route], None], words: str
) -> None:
    email, _ = accounts
    with page_on(browser) as (context, first, _console):
        first.goto(site)
        is_a_guest(first)
        log_in(first, email)
        second = context.new_page()
        second.clock.install()
        second.clock.pause_at("2100-01-01")  # No second try before the test says so.
        second.route(REFRESH, answer)
        second.goto(site)
        expect(second.locator("#waiting-text")).to_have_text(words, timeout=SLOW)
        expect(second.locator("#guest")).to_be_hidden()
        expect(first.locator("#account")).to_be_visible()
        assert [one for one in context.cookies() if one["name"] == "__Host-refresh_token"]
        second.unroute(REFRESH)
        second.clock.run_for(31_000)  # It tries by itself.
        is_logged_in(second, email)
        expect(first.locator("#account")).to_be_visible()


def test_what_passes_while_the_account_is_asked_for_is_tried_again(
    browser: Browser, site: str, accounts: tuple[str, str]
) -> None:
    email, _ = accounts
    with page_on(browser) as (_context, page, _console):
        page.goto(site)
        is_a_guest(page)
        page.route("**/api/auth/me", refuse(503, Retry_After="60"))
        fill(page, "login", email=email, password=FIRST)
        expect(page.locator("#waiting-text")).to_contain_text("cannot answer right now", timeout=SLOW)
        page.unroute("**/api/auth/me")
        page.click("#retry")
        is_logged_in(page, email)


def test_a_renewal_that_fails_is_said_and_tried_again_ever_more_seldom(
    browser: Browser, site: str, accounts: tuple[str, str]
) -> None:
    email, _ = accounts
    with page_on(browser) as (_context, page, _console):
        page.clock.install()
        page.goto(site)
        is_a_guest(page)
        log_in(page, email)
        stand_still(page)
        page.route(REFRESH, abort)
        # It is due, and then after 2, 4 and 8 seconds.
        for run, wait in ((48_000, 2), (2_000, 4), (4_000, 8)):
            page.clock.run_for(run)
            expect(page.locator("#renewing")).to_contain_text(f"Trying again in {wait} seconds", timeout=SLOW)
        expect(page.locator("#renewing")).to_contain_text("The server does not answer")
        page.unroute(REFRESH)
        page.route(REFRESH, refuse(429, Retry_After="30"))
        page.clock.run_for(8_000)
        expect(page.locator("#renewing")).to_contain_text("Trying again in 30 seconds", timeout=SLOW)
        page.unroute(REFRESH)
        early = Refusing(abort)
        page.route(REFRESH, early)
        page.clock.run_for(29_000)
        assert early.asked == 0
        expect(page.locator("#life-text")).to_have_text("It has run out.")
        page.unroute(REFRESH)
        page.clock.run_for(2_000)
        expect(page.locator("#renewals")).to_have_text("1", timeout=SLOW)
        expect(page.locator("#renewing")).to_have_text("")
        is_logged_in(page, email)


def test_the_access_tokens_life_runs_down_and_it_renews_itself(
    browser: Browser, site: str, accounts: tuple[str, str]
) -> None:
    email, _ = accounts
    with page_on(browser) as (_context, page, _console):
        page.clock.install()
        page.goto(site)
        is_a_guest(page)
        log_in(page, email)
        stand_still(page)

        def left() -> int:
            return int((page.text_content("#life-text") or "").split()[0])

        seen = []
        for _ in range(4):
            page.clock.run_for(8_000)
            seen.append((left(), page.evaluate("document.getElementById('life').value")))
        assert seen == sorted(seen, reverse=True)
        assert len(set(seen)) == len(seen)
        expect(page.locator("#renewals")).to_have_text("0")
        page.clock.run_for(16_000)
        expect(page.locator("#renewals")).to_have_text("1", timeout=SLOW)
        page.clock.run_for(1_000)
        assert left() > seen[-1][0]
