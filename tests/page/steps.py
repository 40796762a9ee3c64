"""What a person does on the page, and sees there."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.page.conftest import SCREENS, Console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from tests.page.conftest import Screen

FIRST, SECOND, THIRD = "correct horse battery staple", "another horse, another staple", "a third horse has no staple"

SLOW = 20_000
"""Milliseconds: a derivation on a busy machine."""

DESKTOP = SCREENS[0]
"""For tests of what does not depend on the screen."""

AXE = files("axe_core_python").joinpath("axe.min.js").read_text()


@contextmanager
def page_on(
    browser: Browser, screen: Screen = DESKTOP, *, sharpness: float = 1
) -> Iterator[tuple[BrowserContext, Page, Console]]:
    """Open a browser that knows nothing on a screen; ``sharpness`` is how many dots a pixel has to a side."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme="dark" if screen.scheme == "dark" else "light",
        is_mobile=screen.is_phone,
        has_touch=screen.is_phone,
        device_scale_factor=sharpness,
        locale="en-GB",
    )
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


def refuses(page: Page, field: str, text: str) -> None:
    """Expect a field to be marked, described by words, and gone to."""
    expect(page.locator(f"#{field}-error")).to_contain_text(text, timeout=SLOW)
    expect(page.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#{field}")).to_be_focused()
    described = (page.get_attribute(f"#{field}", "aria-describedby") or "").split()
    assert f"{field}-error" in described


def is_logged_in(page: Page, email: str) -> None:
    expect(page.locator("#account")).to_be_visible(timeout=SLOW)
    expect(page.locator("#me")).to_have_text(email, timeout=SLOW)


def is_a_guest(page: Page) -> None:
    expect(page.locator("#guest")).to_be_visible(timeout=SLOW)


def mailed(page: Page, subject: str, email: str) -> Locator:
    """Return the link of the newest mail of a subject to somebody, which is open."""
    message = page.locator("#messages details", has_text=subject).filter(has_text=email).first
    expect(message).to_be_visible(timeout=SLOW)
    if message.get_attribute("open") is None:
        message.locator("summary").click()
    return message.locator("a").first


def sign_up(page: Page, site: str, email: str) -> None:
    """Register and verify an account, with the first password."""
    page.goto(site)
    is_a_guest(page)
    fill(page, "register", email=email, password=FIRST)
    says(page, "Look into your mail")
    mailed(page, "Confirm", email).click()
    says(page, "The address is verified")


def log_in(page: Page, email: str, password: str = FIRST) -> None:
    fill(page, "login", email=email, password=password)
    is_logged_in(page, email)


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, each as its rule and where."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def focused(page: Page) -> str:
    """Return the id of what has the focus, or the text of a heading without one."""
    found: str = page.evaluate("document.activeElement.id || document.activeElement.textContent")
    return found
