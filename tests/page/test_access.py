"""The page for those who see little of it, or touch no mouse: keyboard, focus, words, contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.page.conftest import SCREENS, Screen
from tests.page.steps import (
    FIRST,
    SECOND,
    SLOW,
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

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MOST_STOPS = 60
"""Presses of Tab that go through the whole page, and further."""

NEEDED = 3.0
"""Contrast of what marks a control against what is beside it (WCAG 2.2, 1.4.11)."""

CONTRASTS = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (node) => {
    while (node && getComputedStyle(node).backgroundColor === "rgba(0, 0, 0, 0)") node = node.parentElement;
    return getComputedStyle(node).backgroundColor;
  };
  const parts = "input:not(.away):not([type=hidden]), button:not([hidden]), #lanes li";
  return [...document.querySelectorAll(parts)]
    .filter((node) => parseFloat(getComputedStyle(node).borderTopWidth) > 0)
    .map((node) => {
      const edge = getComputedStyle(node).borderTopColor;
      return [node.id || node.textContent, contrast(edge, ground(node.parentElement)), contrast(edge, ground(node))];
    });
}"""
"""Each control's name, and the contrast of its edge with what is around it and in it (WCAG 2.2, "relative luminance").
A button that is filled has the colour of its edge inside."""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something has the focus, by its id or its text."""
    for _ in range(MOST_STOPS):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"The keyboard does not come to {name}.")


def type_into(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        tab_to(page, name.replace("_", "-"))
        page.keyboard.press("Control+A")
        page.keyboard.type(text)


@pytest.fixture
def email() -> str:
    """Return an address of this test's own."""
    return f"{uuid4().hex[:8]}@example.com"


def test_the_keyboard_is_enough(browser: Browser, site: str, email: str) -> None:
    """Sign up, verify, log in, end a device, change the password, log out: without a mouse, and never lost."""
    with page_on(browser) as (_, page, _console), page_on(browser) as (_, other, _other_console):
        page.goto(site)
        is_a_guest(page)
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("#login-email")).to_be_focused()
        page.keyboard.press("Enter")
        refuses(page, "login-email", "Please fill it in.")

        type_into(page, register_email=email, register_password="short")
        page.keyboard.press("Enter")
        refuses(page, "register-password", "too short")
        page.keyboard.press("Control+A")
        page.keyboard.type(FIRST)
        page.keyboard.press("Enter")
        says(page, "Look into your mail")
        assert focused(page) == "register-password"

        mailed(page, "Confirm", email).wait_for()
        tab_to(page, "Confirm the address")
        page.keyboard.press("Enter")
        says(page, "The address is verified")

        type_into(page, login_email=email, login_password=FIRST)
        page.keyboard.press("Enter")
        is_logged_in(page, email)
        assert focused(page) == "You"

        other.goto(site)
        is_a_guest(other)
        log_in(other, email)
        page.reload()
        expect(page.locator("#devices li")).to_have_count(2, timeout=SLOW)
        tab_to(page, "logout")
        page.keyboard.press("Tab")  # To the other device's button.
        page.keyboard.press("Enter")
        says(page, "That device is logged out")
        assert focused(page) == "devices-title"

        type_into(page, change_old=FIRST, change_new=SECOND)
        page.keyboard.press("Enter")
        says(page, "The password is changed")
        assert focused(page) == "change-new"

        page.keyboard.press("Shift+Tab")
        tab_to(page, "logout")
        page.keyboard.press("Enter")
        says(page, "You are logged out.")
        assert focused(page) == "Log in"
        page.keyboard.press("Tab")
        assert focused(page) == "login-email"


def test_a_button_keeps_the_focus(browser: Browser, site: str, email: str) -> None:
    with page_on(browser) as (_, page, _console):
        sign_up(page, site, email)
        page.fill("#login-email", email)
        page.fill("#login-password", SECOND)
        page.focus("#login button")
        page.keyboard.press("Enter")
        expect(page.locator("#login-error")).to_contain_text("not right", timeout=SLOW)
        expect(page.locator("#login button")).to_be_focused()
        log_in(page, email)
        page.focus("#renew")
        page.keyboard.press("Enter")
        expect(page.locator("#renewals")).to_have_text("1", timeout=SLOW)
        expect(page.locator("#renew")).to_be_focused()


def test_what_is_said_is_said_where_a_screen_reader_listens(browser: Browser, site: str) -> None:
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        is_a_guest(page)
        notice = page.locator("#notice")
        expect(notice).to_have_attribute("role", "status")
        assert notice.evaluate("node => getComputedStyle(node).display") != "none"
        assert page.locator("#notice").count() == page.get_by_role("status").and_(notice).count() == 1
        fill(page, "forgotten", email="nobody@example.com")
        says(page, "If there is an account")
        page.click("#notice-close")
        expect(notice).to_have_text("")
        assert focused(page) == "main"


def test_the_skip_link_leaves_a_new_password_alone(browser: Browser, site: str, email: str) -> None:
    with page_on(browser) as (_, page, _console):
        sign_up(page, site, email)
        fill(page, "forgotten", email=email)
        says(page, "If there is an account")
        mailed(page, "password", email).click()
        expect(page.locator("#reset")).to_be_visible()
        page.fill("#reset-password", SECOND)
        page.focus("a.skip")
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        expect(page.locator("#reset")).to_be_visible()
        expect(page.locator("#reset-password")).to_have_value(SECOND)
        page.locator("#reset-form button").first.click()
        says(page, "The password is set")
        log_in(page, email, SECOND)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_edges_of_controls_can_be_seen(browser: Browser, site: str, screen: Screen) -> None:
    with page_on(browser, screen) as (_, page, _console):
        page.goto(site)
        is_a_guest(page)
        for part in ("guest", "reset", "waiting", "account"):
            page.evaluate(f"for (const p of document.querySelectorAll('#parts > *')) p.hidden = p.id !== '{part}'")
            found = page.evaluate(CONTRASTS)
            assert found
            weak = [one for one in found if one[1] < NEEDED or (one[2] < NEEDED and one[2] > 1)]
            assert weak == []
            assert violations(page) == []


def test_every_new_password_has_its_rule_beside_it(browser: Browser, site: str) -> None:
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        fields = page.locator("input[autocomplete=new-password]")
        assert fields.count() == 3
        for field in fields.all():
            described = (field.get_attribute("aria-describedby") or "").split()
            words = " ".join(page.locator(f"#{one}").text_content() or "" for one in described)
            assert "At least 12 characters." in words


def test_an_address_that_is_too_long_is_said_to_be(browser: Browser, site: str) -> None:
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        is_a_guest(page)
        fill(page, "register", email="x" * 300 + "@example.com", password=FIRST)
        refuses(page, "register-email", "too long")
