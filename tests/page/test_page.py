"""The page, as a person uses it: every flow in a real browser, on a light desktop and a dark phone.

The other two screens differ in colours alone, which ``test_access`` looks at on all four.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from tests.examples.conftest import running_at
from tests.page.conftest import SCREENS, Screen, empty_example
from tests.page.steps import (
    FIRST,
    SECOND,
    SLOW,
    THIRD,
    fill,
    focused,
    is_a_guest,
    is_logged_in,
    log_in,
    mailed,
    page_on,
    refuses,
    says,
    sign_up,
    violations,
)
from tools.play import Play

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

COOKIE = "__Host-refresh_token"


@pytest.mark.parametrize("screen", [SCREENS[0], SCREENS[3]], ids=lambda screen: screen.name)
def test_every_flow(browser: Browser, site: str, pictures: Path, screen: Screen) -> None:
    email = f"{screen.name}@example.com"

    def shoot(name: str) -> None:
        page.screenshot(path=pictures / f"{screen.name}-{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "It scrolls sideways."
        assert violations(page) == []

    with page_on(browser, screen) as (context, page, _):
        page.goto(site)
        is_a_guest(page)
        shoot("1-guest")

        fill(page, "register", email="nobody", password=FIRST)
        refuses(page, "register-email", "no e-mail address")
        fill(page, "register", email=email, password="short")
        refuses(page, "register-password", "too short")
        fill(page, "register", email=email, password=FIRST)
        says(page, "Look into your mail")
        mailed(page, "Confirm", email).click()
        says(page, "The address is verified")
        assert "#" not in page.url

        fill(page, "login", email=email, password=SECOND)
        expect(page.locator("#login-error")).to_contain_text("not right", timeout=SLOW)
        shoot("2-refused")
        log_in(page, email)
        says(page, f"You are logged in as {email}")
        assert focused(page) == "You"
        expect(page.locator("#devices li")).to_have_count(1)
        expect(page.locator("#devices")).to_contain_text("Chrome on")
        expect(page.locator("#life-text")).to_contain_text("seconds left")
        shoot("3-account")

        (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert not re.search(r"eyJ|\.[\w-]{20}", kept), "A script can find a token."

        page.click("#renew")
        expect(page.locator("#renewals")).to_have_text("1", timeout=SLOW)
        page.reload()
        is_logged_in(page, email)

        # A second device, ended from the first.
        with page_on(browser, screen) as (_, other, _console):
            other.goto(site)
            log_in(other, email)
            page.reload()
            expect(page.locator("#devices li")).to_have_count(2, timeout=SLOW)
            shoot("4-two-devices")
            page.locator("#devices button").click()
            says(page, "That device is logged out")
            expect(page.locator("#devices li")).to_have_count(1)
            assert focused(page) == "devices-title"
            other.click("#renew")
            is_a_guest(other)
            says(other, "You are logged out: the session was ended")

            log_in(other, email)
            fill(page, "change", old_password=FIRST, new_password="short")
            refuses(page, "change-new", "too short")
            fill(page, "change", old_password=SECOND, new_password=SECOND)
            refuses(page, "change-old", "not right")
            shoot("5-refused-change")
            fill(page, "change", old_password=FIRST, new_password=SECOND)
            says(page, "The password is changed")
            expect(page.locator("#notice")).to_be_in_viewport()
            other.reload()
            is_a_guest(other)

        page.click("#logout")
        says(page, "You are logged out")
        page.reload()
        is_a_guest(page)
        assert COOKIE not in {cookie["name"] for cookie in context.cookies()}

        fill(page, "forgotten", email=email)
        says(page, "If there is an account")
        mailed(page, "password", email).click()
        expect(page.locator("#reset")).to_be_visible(timeout=SLOW)
        shoot("6-reset")
        fill(page, "reset-form", password="short")
        refuses(page, "reset-password", "too short")
        fill(page, "reset-form", password=THIRD)
        says(page, "The password is set")

        log_in(page, email, THIRD)
        page.click("#logout-all")
        says(page, "here and everywhere")
        is_a_guest(page)


def test_one_can_sign_up_after_the_play_of_the_demo(browser: Browser, tmp_path: Path) -> None:
    """``make demo`` plays first, with the settings that everybody has, and then people come to the page."""
    with running_at(empty_example(tmp_path)) as url:
        for number in range(2):
            with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
                Play(client, color=False).register(f"grace-{number}@example.com")
        with page_on(browser) as (_, page, _console):
            sign_up(page, url, "me@example.com")
            log_in(page, "me@example.com")
            page.click("#logout")
            is_a_guest(page)
            fill(page, "forgotten", email="me@example.com")
            says(page, "If there is an account")


def test_a_link_that_is_no_good_is_said_to_be(browser: Browser, site: str) -> None:
    with page_on(browser) as (_, page, _console):
        page.goto(f"{site}/#verify=nonsense")
        says(page, "This link is no good")
        is_a_guest(page)
        page.goto(f"{site}/#reset=nonsense")
        fill(page, "reset-form", password=FIRST)
        expect(page.locator("#reset-form-error")).to_contain_text("This link is no good", timeout=SLOW)
