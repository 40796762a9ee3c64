"""The page, as a person uses it: every flow in a real browser, on a phone and a desktop, light and dark."""

from __future__ import annotations

import re
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import SCREENS, Console, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

FIRST, SECOND, THIRD = "correct horse battery staple", "another horse, another staple", "a third horse has no staple"

SLOW = 20_000
"""Milliseconds: a derivation on a busy machine."""

AXE = files("axe_core_python").joinpath("axe.min.js").read_text()


@contextmanager
def page_on(browser: Browser, screen: Screen) -> Iterator[tuple[BrowserContext, Page, Console]]:
    size = {"width": screen.width, "height": screen.height}
    context = browser.new_context(viewport=size, color_scheme=screen.scheme)  # type: ignore[arg-type]
    context.set_default_timeout(SLOW)
    page = context.new_page()
    console = Console(page)
    yield context, page, console
    context.close()
    assert console.errors == []


def fill(page: Page, form: str, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"#{form} [name={name}]", value)
    page.locator(f"#{form} button").first.click()


def says(page: Page, text: str) -> None:
    expect(page.locator("#notice")).to_contain_text(text, timeout=SLOW)


def is_logged_in(page: Page, email: str) -> None:
    expect(page.locator("#account")).to_be_visible(timeout=SLOW)
    expect(page.locator("#me")).to_have_text(email)


def newest_link(page: Page, subject: str, email: str) -> Any:
    message = page.locator("#messages li", has_text=subject).filter(has_text=email).first
    return message.locator("a").first


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_every_flow(browser: Browser, site: str, pictures: Path, screen: Screen) -> None:
    email = f"{screen.name}@example.com"

    def shoot(name: str) -> None:
        page.screenshot(path=pictures / f"{screen.name}-{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "It scrolls sideways."
        assert violations(page) == []

    with page_on(browser, screen) as (context, page, _):
        page.goto(site)
        expect(page.locator("#guest")).to_be_visible()
        shoot("1-guest")

        fill(page, "register", email=email, password="short")
        expect(page.locator("#register-error")).to_contain_text("too short", timeout=SLOW)
        fill(page, "register", email=email, password=FIRST)
        says(page, "Look into your mail")
        newest_link(page, "Confirm", email).click()
        says(page, "The address is verified")
        assert "#" not in page.url

        fill(page, "login", email=email, password=SECOND)
        expect(page.locator("#login-error")).to_contain_text("not right", timeout=SLOW)
        shoot("2-refused")
        fill(page, "login", email=email, password=FIRST)
        is_logged_in(page, email)
        expect(page.locator("#devices li")).to_have_count(1)
        expect(page.locator("#life-text")).to_contain_text("seconds left")
        shoot("3-account")

        (cookie,) = context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
            "__Host-refresh_token",
            True,
            True,
            "Strict",
        )
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert not re.search(r"eyJ|\.[\w-]{20}", kept), "A script can find a token."

        page.click("#renew")
        expect(page.locator("#renewals")).to_have_text("1", timeout=SLOW)
        page.reload()
        is_logged_in(page, email)

        # A second device, ended from the first.
        with page_on(browser, screen) as (_, other, _console):
            other.goto(site)
            fill(other, "login", email=email, password=FIRST)
            is_logged_in(other, email)
            page.reload()
            expect(page.locator("#devices li")).to_have_count(2, timeout=SLOW)
            page.locator("#devices button").click()
            says(page, "That device is logged out")
            expect(page.locator("#devices li")).to_have_count(1)
            other.click("#renew")
            expect(other.locator("#guest")).to_be_visible(timeout=SLOW)

            fill(other, "login", email=email, password=FIRST)
            is_logged_in(other, email)
            fill(page, "change", old_password=SECOND, new_password=SECOND)
            expect(page.locator("#change-error")).to_contain_text("not right", timeout=SLOW)
            fill(page, "change", old_password=FIRST, new_password=SECOND)
            says(page, "The password is changed")
            other.reload()
            expect(other.locator("#guest")).to_be_visible(timeout=SLOW)

        page.click("#logout")
        says(page, "You are logged out")
        page.reload()
        expect(page.locator("#guest")).to_be_visible(timeout=SLOW)
        assert context.cookies() == []

        fill(page, "forgotten", email=email)
        says(page, "If there is an account")
        newest_link(page, "password", email).click()
        expect(page.locator("#reset")).to_be_visible(timeout=SLOW)
        shoot("4-reset")
        fill(page, "reset-form", password=THIRD)
        says(page, "The password is set")

        fill(page, "login", email=email, password=THIRD)
        is_logged_in(page, email)
        page.click("#logout-all")
        says(page, "here and everywhere")
        expect(page.locator("#guest")).to_be_visible(timeout=SLOW)


def test_the_access_token_renews_itself(browser: Browser, site: str) -> None:
    email = "renewed@example.com"
    with page_on(browser, SCREENS[0]) as (_, page, _console):
        page.goto(site)
        fill(page, "register", email=email, password=FIRST)
        says(page, "Look into your mail")
        newest_link(page, "Confirm", email).click()
        says(page, "The address is verified")
        page.clock.install()
        fill(page, "login", email=email, password=FIRST)
        is_logged_in(page, email)
        page.clock.run_for(50_000)  # Of its sixty seconds.
        expect(page.locator("#renewals")).to_have_text("1", timeout=SLOW)


def test_the_keyboard_is_enough(browser: Browser, site: str) -> None:
    with page_on(browser, SCREENS[0]) as (_, page, _console):
        page.goto(site)
        expect(page.locator("#guest")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("#login-email")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#login-error")).to_contain_text("please fill it in")
        expect(page.locator("#login-email")).to_be_focused()


def test_the_strip_shows_the_lanes(browser: Browser, site: str) -> None:
    with page_on(browser, SCREENS[0]) as (_, page, _console):
        page.goto(site)
        expect(page.locator("#kernel")).not_to_have_text("–")
        assert page.locator("#lanes li").count() >= 1


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, each as its rule and where."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]
