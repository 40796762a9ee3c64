"""What the page shows of the server: the lanes, the crowd that fills them, the outbox, and the devices' names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from ferrauth import build_info
from tests.page.steps import SLOW, fill, is_a_guest, page_on, says

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WATCH = """() => {
  window.most = 0;
  const look = () => { window.most = Math.max(window.most, document.querySelectorAll("#lanes .busy").length); };
  new MutationObserver(look).observe(document.getElementById("lanes"), { subtree: true, attributes: true });
}"""
"""Counts the most lanes that were ever shown busy."""

MOST_CROWDS = 20
"""Crowds that come until a look has found lanes busy; on a machine of many cores one is quickly over."""


def test_the_strip_shows_each_threads_lanes(browser: Browser, site: str) -> None:
    info = build_info()
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        expect(page.locator("#kernel")).to_have_text(info["kernel"])
        expect(page.locator("#lanes > li")).to_have_count(info["threads"])
        expect(page.locator("#lanes > li:first-child > span")).to_have_count(info["lanes"])
        expect(page.locator("#busy")).to_contain_text(f"of {info['threads'] * info['lanes']}")


def test_a_crowd_is_seen_on_the_lanes(browser: Browser, site: str) -> None:
    lanes = build_info()["threads"] * build_info()["lanes"]
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        expect(page.locator("#kernel")).not_to_have_text("–")
        page.evaluate(WATCH)
        for _ in range(MOST_CROWDS):
            page.click("#crowd")
            expect(page.locator("#crowd-said")).to_contain_text("16 have logged in", timeout=SLOW)
            if page.evaluate("window.most") > min(1, lanes - 1):
                break
        assert page.evaluate("window.most") > min(1, lanes - 1)
        assert float(page.text_content("#logins") or "0") > 0


def test_no_other_site_starts_a_crowd(site: str) -> None:
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as client:
        page = client.get("/")
        assert client.post("/server/crowd").status_code == 403
        assert client.post("/server/crowd", headers={"X-Requested-With": "fetch"}).status_code == 403
        assert client.get("/server/crowd").status_code == 405
        assert "HttpOnly" in page.headers["Set-Cookie"]


def test_the_newest_mail_is_open_and_its_link_has_a_name(browser: Browser, site: str) -> None:
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        is_a_guest(page)
        for email in ("first@example.com", "second@example.com"):
            fill(page, "register", email=email, password="correct horse battery staple")
            says(page, "Look into your mail")
            expect(page.locator("#messages > li").first).to_contain_text(email, timeout=SLOW)
        expect(page.locator("#messages details[open]")).to_have_count(1)
        newest = page.locator("#messages details").first
        expect(newest).to_have_attribute("open", "")
        link = newest.locator("a")
        expect(link).to_have_text("Confirm the address")
        assert (link.get_attribute("href") or "").startswith(f"{site}/#verify=")
        assert link.get_attribute("title") == link.get_attribute("href")


MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
AGENTS = {
    f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36": "Chrome on Linux",
    f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} HeadlessChrome/156.0.0.0 Safari/537.36": "Chrome on Linux",
    f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0": "Edge on Windows",
    f"{MOZILLA} (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
    f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/26.0 Safari/605.1.15": "Safari on a Mac",
    f"{MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {SAFARI} Version/26.0 Mobile/15E148 Safari/604.1": (
        "Safari on an iPhone"
    ),
    f"{MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {SAFARI} CriOS/140.0 Mobile/15E148 Safari/604.1": (
        "Chrome on an iPhone"
    ),
    f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": (
        "Samsung Internet on Android"
    ),
    f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36 OPR/90.0": "Opera on Android",
    "python-httpx/0.28.1": "python-httpx/0.28.1",
    "curl/8.14.1": "curl/8.14.1",
    "": "An unknown program",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_browser_has_a_short_name_and_what_is_unknown_its_own(browser: Browser, site: str, agent: str) -> None:
    with page_on(browser) as (_, page, _console):
        page.goto(site)
        named = "agent => import('/static/web/agents.js').then(module => module.agentName(agent))"
        assert page.evaluate(named, agent) == AGENTS[agent]
